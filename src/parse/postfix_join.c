/*
 * postfix_join.c - lines that are no outcome and explain later ones: who sent a message
 * and as what, its headers, what became of it.
 *
 * What stands in them may be a stranger's, too (PTR names are checked by Postfix;
 * header values, senders and message ids are not): each is read from the end that
 * Postfix writes.
 */
#include "parse/maillog.h"

/* "<a@b>", "<a@b> (added by c)", "a@b": what the header says between <>, or all of it.
 */
static void
read_message_id(struct maillog *p)
{
	struct slice id = slice_from(p->rest, sizeof "message-id=" - 1);
	size_t open = slice_find(id, '<');
	struct slice inner = slice_from(id, open + 1);
	size_t close = slice_find(inner, '>');
	struct track_message *m;

	if (open < id.n)
		id = (struct slice){ inner.p, close };
	id = slice_trim(id);
	m = track_find(p->env->track, &p->key);
	/* bounces and forwards have no client: their first line is this one */
	if (m && (m->closed || (m->message_id.n > 0 && id.n > 0 &&
				   !slice_eq(track_slice(&m->message_id), id))))
		(void)track_begin(p->env->track, &p->key, p->named);
	m = id.n > 0 ? maillog_message(p) : NULL;
	if (m)
		track_keep(&m->message_id, id, LIMIT_TEXT);
}

/* The value behind `key` up to `end` or the end of the line. */
static struct slice
value_of(struct slice in, struct slice key, struct slice end)
{
	size_t at = slice_search(in, key);
	struct slice value = slice_from(in, at + key.n);

	if (at == in.n)
		return (struct slice){ 0 };
	value.n = slice_search(value, end);
	return value;
}

/* "client=H[IP][, sasl_method=M, sasl_username=U[, sasl_sender=S]][, orig_queue_id=Q,
 * orig_client=C]": the first line of a message. A short queue id comes again, and
 * what is known of it belongs to another message whose end nobody saw. */
static void
read_client(struct maillog *p)
{
	struct track_message *m = track_begin(p->env->track, &p->key, p->named);
	struct slice rest = slice_from(p->rest, 7);
	struct slice who = { rest.p, slice_find(rest, ',') };
	struct postfix_answer client = { 0 };
	struct track_key from = p->key;

	if (!m)
		return;
	postfix_read_relay(who, &client);
	track_keep(&m->client, client.ip, LIMIT_TEXT);
	struct slice login = value_of(
	    rest, SLICE(", sasl_username="), SLICE(", sasl_sender="));
	login.n = slice_search(login, SLICE(", orig_queue_id="));
	track_keep(&m->submitter, login, LIMIT_TEXT);
	if (login.n > 0) /* it may say anything; a filter does not log in */
		return;
	/* a filter on this machine tells whose it was; on another one it tells ids that
	 * are not of this log */
	from.queue_id = value_of(rest, SLICE(", orig_queue_id="), SLICE(","));
	if (from.queue_id.n == 0 || !track_find(p->env->track, &from))
		return;
	p->filters = true;
	(void)track_follow(p->env->track, &from, &p->key, p->named);
}

/* "uid=0 from=<S>" */
static void
read_pickup(struct maillog *p)
{
	struct track_message *m = track_begin(p->env->track, &p->key, p->named);
	struct slice from = value_of(p->rest, SLICE(" from=<"), SLICE("\n"));

	if (m && from.n > 0 && from.p[from.n - 1] == '>')
		track_keep(
		    &m->sender, (struct slice){ from.p, from.n - 1 }, LIMIT_TEXT);
}

/* "from=<S>, size=N, nrcpt=N (queue active)", read from its end. */
static void
read_active(struct maillog *p)
{
	struct slice in = slice_from(p->rest, 6);
	struct slice end = SLICE(" (queue active)");
	size_t at = slice_rfind(in, '>');

	if (in.n < end.n || !slice_eq(slice_from(in, in.n - end.n), end) ||
	    !slice_starts(slice_from(in, at), SLICE(">, size=")))
		return;
	struct track_message *m = maillog_message(p);
	if (!m)
		return;
	track_keep(
	    &m->sender, at > 0 ? (struct slice){ in.p, at } : SLICE("<>"), LIMIT_TEXT);
	struct slice size = slice_from(in, at + sizeof ">, size=" - 1);
	uint64_t bytes;
	size.n = slice_find(size, ',');
	if (slice_u64(size, &bytes))
		postfix_hop_active(p, m, bytes);
}

/* "info: header X-Id: c1 from HOST[IP]; from=<S> ..." and "warning: header ...": what a
 * header check logs. The last such " from " is cleanup's; it has "local" for
 * sendmail(1).
 */
static void
read_header(struct maillog *p)
{
	struct slice in = p->rest, from = SLICE(" from "), end = { 0 };
	char name[64];

	in = slice_from(in, slice_search(in, SLICE(": header ")) + 9);
	for (size_t at = 0, n = slice_search(in, from); at + n < in.n;
	     at += n + 1, n = slice_search(slice_from(in, at), from)) {
		struct slice who = slice_from(in, at + n + from.n);
		size_t stop = slice_find(who, ' ');
		if (stop > 0 && who.n > 0 && who.p[stop - 1] == ';' &&
		    slice_starts(slice_from(who, stop), SLICE(" from=<")))
			end = slice_from(in, at + n);
	}
	size_t colon = slice_find(in, ':');
	if (end.n == 0 || colon == 0 || colon >= sizeof name || colon > in.n - end.n)
		return;
	for (size_t i = 0; i < colon; i++)
		name[i] = to_lower(in.p[i]);
	in.n -= end.n;
	struct slice value = slice_trim(slice_from(in, colon + 1));
	struct track_message *m = value.n > 0 ? maillog_message(p) : NULL;
	if (m)
		track_header(m, (struct slice){ name, colon }, value);
}

/* "sender non-delivery notification: NEWQID" and its like: that message tells what
 * became of this one. Its own lines may have been read already. */
static void
read_notification(struct maillog *p)
{
	struct track_key k = p->key;
	size_t at = slice_rfind(p->rest, ' ');
	struct slice words = { p->rest.p, at };

	k.queue_id = slice_from(p->rest, at + 1);
	if (words.n < 13 ||
	    !slice_eq(slice_from(words, words.n - 13), SLICE("notification:")))
		return;
	struct track_message *m = track_get(p->env->track, &k, p->named);
	if (!m)
		return;
	track_keep(&m->notifies, p->key.queue_id, LIMIT_TEXT);
	track_keep(&m->sender, SLICE("<>"), LIMIT_TEXT);
}

/* "removed", "removed (canceled)"; nothing else that begins so. */
static void
read_removed(struct maillog *p)
{
	struct slice behind = slice_from(p->rest, slice_find(p->rest, ' '));
	struct track_message *m = track_find(p->env->track, &p->key);

	if (m && (behind.n == 0 || slice_starts(behind, SLICE(" ("))))
		track_close(p->env->track, m);
}

static const struct {
	struct slice begins;
	void (*read)(struct maillog *p);
} joining[] = {
	{ { "client=", 7 }, read_client },
	{ { "message-id=", 11 }, read_message_id },
	{ { "from=<", 6 }, read_active },
	{ { "removed", 7 }, read_removed },
	{ { "uid=", 4 }, read_pickup },
	{ { "info: header ", 13 }, read_header },
	{ { "warning: header ", 16 }, read_header },
	{ { "sender ", 7 }, read_notification },
	{ { "postmaster ", 11 }, read_notification },
	{ { "canceled", 8 }, read_removed },
};

enum { JOINING = sizeof joining / sizeof joining[0] };

bool
postfix_joins(struct slice rest, unsigned *which)
{
	for (unsigned i = 0; i < JOINING; i++) {
		if (slice_starts(rest, joining[i].begins)) {
			*which = i;
			return true;
		}
	}
	return false;
}

void
postfix_join(struct maillog *p)
{
	joining[p->is.postfix.joins].read(p);
}
