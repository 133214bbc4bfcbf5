/*
 * postfix_hop.c - messages of Postfix's that go on as others of this machine: to a
 * content filter and back, or forwarded by an alias.
 *
 * Such a line is no outcome: that is the next message's, which goes on with what this
 * one brought. Only what came back counts; what a server says that it did is its own
 * affair.
 *
 * Postfix logs the hop when the filter has answered, and by then what came back may
 * have been delivered. So, where a filter was seen at work, a message that this machine
 * hands in is known by its message id, too: if just one waits that began earlier with
 * the same one, and this one has grown by a Received header.
 */
#include "parse/maillog.h"

/* 10/8, 192.168/16, 172.16/12, fd00::/8 */
static bool
is_private(struct slice ip)
{
	uint64_t second = 0;
	struct slice part = slice_from(ip, 4);

	part.n = slice_find(part, '.');
	return slice_starts(ip, SLICE("10.")) || slice_starts(ip, SLICE("192.168.")) ||
	       (slice_starts(ip, SLICE("172.")) && slice_u64(part, &second) &&
		   second >= 16 && second < 32) ||
	       slice_istarts(ip, SLICE("fd"));
}

/*
 * Did the message come back under that queue id? From a filter on this machine, or on
 * its net, that handed it in after it had come here first, with the same message id. A
 * server that only says so, and be it on this machine, is the end of the way.
 */
static bool
came_back(struct maillog *p, const struct postfix_answer *a, struct slice queue_id)
{
	struct track_key k = p->key;

	k.queue_id = queue_id;
	const struct track_message *m = track_find(p->env->track, &p->key);
	const struct track_message *again = track_find(p->env->track, &k);
	if (!again || again == m || (m && again->serial < m->serial) ||
	    (m && m->message_id.n > 0 && again->message_id.n > 0 &&
		!slice_eq(
		    track_slice(&m->message_id), track_slice(&again->message_id))))
		return false;
	struct slice client = track_slice(&again->client);
	if (maillog_is_loopback(a->ip) || slice_find(a->path, '/') < a->path.n)
		return maillog_is_loopback(client);
	return is_private(a->ip) && slice_eq(client, a->ip);
}

static const struct slice forwarded_as = { "forwarded as ", 13 };

struct slice
postfix_next_hop(struct maillog *p)
{
	const struct postfix_delivery *d = &p->is.postfix.delivery;
	struct postfix_answer a = { 0 };

	if (!slice_eq(d->word, SLICE("sent")))
		return (struct slice){ 0 };
	if (slice_starts(d->text, forwarded_as) &&
	    slice_find(d->relay, '[') == d->relay.n)
		return slice_from(d->text, forwarded_as.n);
	struct slice id = postfix_queued_as(d->text);
	id.n = maillog_id_length(id);
	if (id.n == 0)
		return id;
	postfix_read_relay(d->relay, &a);
	return came_back(p, &a, id) ? id : (struct slice){ 0 };
}

/* The only message that m may be again, by what is known before a hop's line; NULL:
 * none, or more than one. */
static const struct postfix_active *
waiting(const struct maillog *p, const struct track_message *m, uint64_t size)
{
	enum { RECEIVED_MIN = 40 }; /* bytes of a Received header at least */
	const struct postfix_active *found = NULL;
	uint64_t hash = maillog_hash_message(p, track_slice(&m->message_id));

	for (size_t i = 0; i < POSTFIX_ACTIVE; i++) {
		const struct postfix_active *a = &p->active[i];
		if (a->message != hash || a->serial >= m->serial)
			continue;
		if (found || a->size + RECEIVED_MIN > size)
			return NULL;
		found = a;
	}
	return found;
}

void
postfix_hop_active(struct maillog *p, struct track_message *m, uint64_t size)
{
	const struct postfix_active *a;
	struct track_key from = p->key;

	if (m->active || m->message_id.n == 0 ||
	    p->key.queue_id.n > sizeof p->active[0].id)
		return;
	m->active = true;
	if (p->filters && m->first_id.n == 0 && m->submitter.n == 0 &&
	    maillog_is_loopback(track_slice(&m->client)) && (a = waiting(p, m, size))) {
		from.queue_id = (struct slice){ a->id, a->n };
		const struct track_message *first = track_find(p->env->track, &from);
		if (first && first->serial == a->serial && !first->closed &&
		    !first->recipients)
			m = track_follow(p->env->track, &from, &p->key, p->named);
	}
	struct postfix_active *mine = &p->active[p->next_active++ % POSTFIX_ACTIVE];
	*mine = (struct postfix_active){ .size = size, .n = p->key.queue_id.n };
	if (m) {
		mine->message = maillog_hash_message(p, track_slice(&m->message_id));
		mine->serial = m->serial;
	}
	memcpy(mine->id, p->key.queue_id.p, mine->n);
}

void
postfix_go_on(struct maillog *p, struct slice queue_id, struct track_recipient *r)
{
	const struct postfix *x = &p->is.postfix;
	struct track_key to = p->key;
	char text[LIMIT_TEXT];
	struct slice original = x->original;

	/* what begins may put this message out, and with it what it was called */
	if (original.n > sizeof text)
		original.n = sizeof text;
	if (original.n > 0)
		memcpy(text, original.p, original.n);
	original.p = text;
	if (r)
		r->deferred = false;
	to.queue_id = queue_id;
	struct track_message *m = track_follow(p->env->track, &p->key, &to, p->named);
	if (!m)
		return;
	/* local(8) makes a message for each that it forwards: all in it were sent to as
	 * this one, with orig_to= or without (owner-) */
	if (slice_starts(x->delivery.text, forwarded_as))
		track_keep(&m->first_to, original.n > 0 ? original : x->delivery.to,
		    LIMIT_TEXT);
	else if (original.n > 0)
		track_name(m, x->delivery.to, original);
	p->filters |= !slice_starts(x->delivery.text, forwarded_as);
}
