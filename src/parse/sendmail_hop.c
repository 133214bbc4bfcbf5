/*
 * sendmail_hop.c - messages that go on as others of this machine: from the submission
 * program to the server, from the server to a filter.
 *
 * The submission program says so when the server has taken the message, and by then the
 * server may have delivered it. So the message ids of what programs handed in are kept
 * until it is said, a few at a time: where one of them comes from this machine again,
 * under that sender, and no other has it, it is that one.
 */
#include "parse/maillog.h"

/* The place of the message that the line names; SENDMAIL_RING: none. */
static size_t
find(const struct sendmail_submitted *s, struct slice id)
{
	size_t i = 0;

	while (i < SENDMAIL_RING &&
	       !slice_eq((struct slice){ s->one[i].id, s->one[i].n }, id))
		i++;
	return i;
}

void
sendmail_hop_begin(
    const struct maillog *p, struct slice message_id, struct slice sender)
{
	struct sendmail_submitted *s = sendmail_submitted(p);
	struct slice id = p->key.queue_id;

	if (id.n > sizeof s->one[0].id || find(s, id) < SENDMAIL_RING)
		return;
	size_t at = s->next++ % SENDMAIL_RING;
	memcpy(s->one[at].id, id.p, id.n);
	s->one[at].n = id.n;
	s->one[at].message = maillog_hash_message(p, message_id);
	s->one[at].sender = hash64_of(sender);
}

void
sendmail_hop_end(const struct maillog *p)
{
	struct sendmail_submitted *s = sendmail_submitted(p);
	size_t at = find(s, p->key.queue_id);

	if (at < SENDMAIL_RING)
		s->one[at].message = 0;
}

struct slice
sendmail_hop_from(const struct maillog *p, struct slice message_id, struct slice sender)
{
	const struct sendmail_submitted *s = sendmail_submitted(p);
	uint64_t message = maillog_hash_message(p, message_id),
		 whole = hash64_of(sender);
	/* the program's may have no domain yet */
	uint64_t local = hash64_of(
	    (struct slice){ sender.p, slice_rfind(sender, '@') });
	struct slice found = { 0 };

	for (size_t i = 0; i < SENDMAIL_RING; i++) {
		if (s->one[i].message != message ||
		    (s->one[i].sender != whole && s->one[i].sender != local))
			continue;
		if (found.n > 0)
			return (struct slice){ 0 };
		found = (struct slice){ s->one[i].id, s->one[i].n };
	}
	return found;
}

/* The queue id that begins in, or empty. */
static struct slice
queue_id_at(struct slice in)
{
	return (struct slice){ in.p, maillog_id_length(in) };
}

struct slice
sendmail_next_hop(const struct sendmail_delivery *d, const struct sendmail_answer *a)
{
	static const struct slice queued = { "queued as ", 10 };
	static const struct slice accepted = { " Message accepted for delivery", 30 };
	struct slice text = a->text;

	/* what another machine says is its own affair */
	if (d->outcome != SENDMAIL_SENT || a->local || !maillog_is_loopback(a->ip))
		return (struct slice){ 0 };
	size_t at = slice_search(text, queued);
	if (at < text.n)
		return queue_id_at(slice_from(text, at + queued.n));
	text.n = slice_search(text, accepted);
	if (text.n == a->text.n)
		return (struct slice){ 0 };
	size_t blank = slice_rfind(text, ' ');
	return queue_id_at(slice_from(text, blank < text.n ? blank + 1 : 0));
}
