/*
 * sendmail_join.c - lines that are no delivery: the message that came, those that it
 * goes on as, those that tell of its fate, its end.
 *
 * A message ends with "done;", which the default log level does not write, else when as
 * many recipients as were announced have a final outcome and none is deferred.
 */
#include "parse/maillog.h"

/* The queue id in a message id of sendmail's own, "YYYYMMDDHHMM.QID@HOST". */
static struct slice
made_by(struct slice message_id)
{
	struct slice id = slice_from(message_id, slice_find(message_id, '.') + 1);

	id.n = slice_find(id, '@');
	return id;
}

/* What a program handed in goes on as another message of this machine, whose outcome
 * may be told before the hop is: the message id, too, says which. */
static void
join_hop(struct maillog *p, const struct sendmail_arrival *a)
{
	struct track_key from = p->key;

	if (a->message_id.n == 0 ||
	    (a->client.n > 0 && !maillog_is_loopback(a->client)))
		return;
	struct slice sender = sendmail_address(a->sender);
	if (a->client.n == 0) {
		sendmail_hop_begin(p, a->message_id, sender);
		return;
	}
	from.queue_id = sendmail_hop_from(p, a->message_id, sender);
	if (slice_eq(a->sender, SLICE("<>"))) {
		/* a notice that the submission program wrote comes without a line of
		 * its own */
		struct track_key notice = p->key;
		notice.queue_id = made_by(a->message_id);
		const struct track_message *m = track_find(p->env->track, &notice);
		if (m && m->notifies.n > 0)
			from.queue_id = notice.queue_id;
	}
	if (from.queue_id.n > 0)
		(void)track_follow(p->env->track, &from, &p->key, p->named);
}

/* "from=<S>, size=N, ...": again at each hop, never for another message of that id. */
static void
read_arrival(struct maillog *p)
{
	struct sendmail_arrival a;
	char text[LIMIT_TEXT];

	if (!sendmail_read_arrival(p->rest, &a))
		return;
	struct track_message *m = maillog_message(p);
	if (!m)
		return;
	struct slice sender = sendmail_address(a.sender);
	/* it names none where none was given */
	if (a.sender.n > 0 && !slice_eq(a.sender, SLICE("<NONE>")))
		track_keep(&m->sender,
		    sender.n > 0 ? sendmail_decode(sender, text, sizeof text)
				 : SLICE("<>"),
		    LIMIT_TEXT);
	track_keep(&m->message_id, sendmail_decode(a.message_id, text, sizeof text),
	    LIMIT_TEXT);
	track_keep(&m->client, a.client, LIMIT_TEXT);
	m->expected = a.recipients;
	join_hop(p, &a);
}

/* "AUTH=server, relay=H [IP], authid=U, mech=M": with a queue id before 8.13 only. The
 * name is a stranger's until the last field. */
static void
read_login(struct maillog *p)
{
	static const struct slice key = { ", authid=", 9 }, end = { ", mech=", 7 };
	struct slice in = slice_from(p->rest, slice_search(p->rest, key) + key.n);
	size_t n = slice_search(in, end);
	struct track_message *m = n < in.n ? maillog_message(p) : NULL;
	char text[LIMIT_TEXT];

	for (size_t more = n; more < in.n;) {
		struct slice rest = slice_from(in, more + end.n);
		n = more;
		more += end.n + slice_search(rest, end);
	}
	if (m)
		track_keep(&m->submitter,
		    sendmail_decode((struct slice){ in.p, n }, text, sizeof text),
		    LIMIT_TEXT);
}

static void
read_done(struct maillog *p)
{
	struct track_message *m = track_find(p->env->track, &p->key);

	if (m)
		track_close(p->env->track, m);
}

/* "NEWQID: KIND": what is said of another message. Empty: it is no such line. */
static struct slice
other_message(struct slice in, struct slice *kind)
{
	struct slice id = { in.p, maillog_id_length(in) };
	bool digit = false;

	for (size_t i = 0; i < id.n; i++)
		digit |= is_digit(id.p[i]);
	*kind = slice_from(in, id.n);
	if (!digit || !slice_starts(*kind, SLICE(": ")))
		return (struct slice){ 0 };
	*kind = slice_from(*kind, 2);
	return id;
}

/* savemail.c, returntosender() */
static const struct slice notices[] = { { "DSN: ", 5 }, { "sender notify: ", 15 },
	{ "return to sender: ", 18 }, { "postmaster notify: ", 19 } };

/* The text of a notice that goes out under the queue id *id; empty: it is none. */
static struct slice
notice(struct slice in, struct slice *id)
{
	struct slice kind;

	*id = other_message(in, &kind);
	for (size_t i = 0; id->n > 0 && i < sizeof notices / sizeof notices[0]; i++) {
		if (slice_starts(kind, notices[i]))
			return slice_from(kind, notices[i].n);
	}
	return (struct slice){ 0 };
}

/* "5 days", "1 week, 2 days", and nothing else: as pintvl() writes it. */
static bool
is_interval(struct slice in)
{
	if (slice_eq(in, SLICE("too long")) || slice_eq(in, SLICE("zero seconds")))
		return true;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != ' ' && c != ',')
			return false;
	}
	return in.n > 0 && is_digit(in.p[0]);
}

bool
sendmail_is_expiry(struct slice in)
{
	static const struct slice begins[] = { { "Cannot send message for ", 24 },
		{ "Cannot send message within ", 27 },
		{ "delivery time expired ", 22 } };
	struct slice id, text = notice(in, &id);

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
		if (slice_starts(text, begins[i]))
			return is_interval(slice_from(text, begins[i].n));
	}
	return false;
}

/* A message of sendmail's own about this one: it has no sender. */
static void
read_notice(struct maillog *p)
{
	struct track_key other = p->key;
	struct slice text = notice(p->rest, &other.queue_id);
	struct track_message *m = text.n > 0
				      ? track_get(p->env->track, &other, p->named)
				      : NULL;

	if (!m)
		return;
	track_keep(&m->notifies, p->key.queue_id, LIMIT_TEXT);
	if (m->sender.n == 0)
		track_keep(&m->sender, SLICE("<>"), LIMIT_TEXT);
}

bool
sendmail_is_told(const struct maillog *p)
{
	struct track_key other = p->key;
	struct slice text = notice(p->rest, &other.queue_id);
	const struct track_message *m = text.n > 0 ? track_find(p->env->track, &other)
						   : NULL;

	return m && slice_eq(track_slice(&m->notifies), p->key.queue_id);
}

/* "NEWQID: clone: owner=X": some of its recipients go on there. */
static bool
is_clone(struct slice in, struct slice *id)
{
	struct slice kind;

	*id = other_message(in, &kind);
	return id->n > 0 && slice_starts(kind, SLICE("clone: owner="));
}

bool
sendmail_joins(const struct maillog *p)
{
	struct slice in = p->rest, id;

	return slice_starts(in, SLICE("from=")) ||
	       slice_starts(in, SLICE("done; delay=")) ||
	       slice_starts(in, SLICE("AUTH=server, relay=")) || is_clone(in, &id) ||
	       notice(in, &id).n > 0;
}

void
sendmail_join(struct maillog *p)
{
	struct track_key other = p->key;

	if (slice_starts(p->rest, SLICE("from=")))
		read_arrival(p);
	else if (slice_starts(p->rest, SLICE("done; ")))
		read_done(p);
	else if (slice_starts(p->rest, SLICE("AUTH=")))
		read_login(p);
	else if (is_clone(p->rest, &other.queue_id))
		(void)track_follow(p->env->track, &p->key, &other, p->named);
	else
		read_notice(p);
}

void
sendmail_settle(struct maillog *p, struct track_message *m)
{
	m->settled++;
	if (m->expected > 0 && m->settled >= m->expected && !track_next_deferred(m))
		track_close(p->env->track, m);
}
