/*
 * postfix_join.c - lines that are no outcome and explain later ones: message id, login
 * name, the end of a message.
 */
#include "parse/postfix.h"

struct track_message *
postfix_message(struct postfix *p)
{
	return track_get(p->env->track, &p->line.key, p->named);
}

static void
read_message_id(struct postfix *p)
{
	struct slice id = parse_address(slice_from(p->line.rest, 11));
	struct track_message *m = id.n > 0 ? postfix_message(p) : NULL;

	if (m)
		track_keep(&m->message_id, id, LIMIT_TEXT);
}

/* "client=H[IP], sasl_method=PLAIN, sasl_username=u" */
static void
read_client(struct postfix *p)
{
	static const struct slice key = { ", sasl_username=", 16 };

	for (size_t i = 0; i + key.n < p->line.rest.n; i++) {
		struct slice rest = slice_from(p->line.rest, i);
		if (!slice_starts(rest, key))
			continue;
		struct track_message *m = postfix_message(p);
		rest = slice_from(rest, key.n);
		rest.n = slice_find(rest, ',');
		if (m)
			track_keep(&m->submitter, rest, LIMIT_TEXT);
		return;
	}
}

static void
drop_message(struct postfix *p)
{
	struct track_message *m = track_find(p->env->track, &p->line.key);

	if (m)
		track_drop(p->env->track, m);
}

/* "removed", "removed (canceled)"; nothing else that begins so. */
static void
read_removed(struct postfix *p)
{
	struct slice behind = slice_from(p->line.rest, 7);

	if (behind.n == 0 || slice_starts(behind, SLICE(" (")))
		drop_message(p);
}

/* The first line of a message: a short queue id comes again, and what is known of it
 * belongs to another message whose end nobody saw. */
static void
read_begin(struct postfix *p)
{
	drop_message(p);
	if (slice_starts(p->line.rest, SLICE("client=")))
		read_client(p);
}

static const struct {
	struct slice begins;
	void (*read)(struct postfix *p);
} joining[] = {
	{ { "message-id=", 11 }, read_message_id },
	{ { "client=", 7 }, read_begin },
	{ { "uid=", 4 }, read_begin },
	{ { "removed", 7 }, read_removed },
	{ { "canceled", 8 }, drop_message },
};

enum { JOINING = sizeof joining / sizeof joining[0] };

bool
postfix_joins(const struct postfix *p)
{
	for (size_t i = 0; i < JOINING; i++) {
		if (slice_starts(p->line.rest, joining[i].begins))
			return true;
	}
	return false;
}

void
postfix_join(struct postfix *p)
{
	for (size_t i = 0; i < JOINING; i++) {
		if (slice_starts(p->line.rest, joining[i].begins))
			joining[i].read(p);
	}
}
