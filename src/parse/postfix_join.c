/*
 * postfix_join.c - lines that are no outcome and explain later ones: message id, login
 * name, the end of a message.
 */
#include "parse/maillog.h"

static void
read_message_id(struct maillog *p)
{
	struct slice id = parse_address(slice_from(p->rest, 11));
	struct track_message *m = id.n > 0 ? maillog_message(p) : NULL;

	if (m)
		track_keep(&m->message_id, id, LIMIT_TEXT);
}

/* "client=H[IP], sasl_method=PLAIN, sasl_username=u" */
static void
read_client(struct maillog *p)
{
	static const struct slice key = { ", sasl_username=", 16 };

	for (size_t i = 0; i + key.n < p->rest.n; i++) {
		struct slice rest = slice_from(p->rest, i);
		if (!slice_starts(rest, key))
			continue;
		struct track_message *m = maillog_message(p);
		rest = slice_from(rest, key.n);
		rest.n = slice_find(rest, ',');
		if (m)
			track_keep(&m->submitter, rest, LIMIT_TEXT);
		return;
	}
}

static void
drop_message(struct maillog *p)
{
	struct track_message *m = track_find(p->env->track, &p->key);

	if (m)
		track_drop(p->env->track, m);
}

/* "removed", "removed (canceled)"; nothing else that begins so. */
static void
read_removed(struct maillog *p)
{
	struct slice behind = slice_from(p->rest, 7);

	if (behind.n == 0 || slice_starts(behind, SLICE(" (")))
		drop_message(p);
}

/* The first line of a message: a short queue id comes again, and what is known of it
 * belongs to another message whose end nobody saw. */
static void
read_begin(struct maillog *p)
{
	drop_message(p);
	if (slice_starts(p->rest, SLICE("client=")))
		read_client(p);
}

static const struct {
	struct slice begins;
	void (*read)(struct maillog *p);
} joining[] = {
	{ { "message-id=", 11 }, read_message_id },
	{ { "client=", 7 }, read_begin },
	{ { "uid=", 4 }, read_begin },
	{ { "removed", 7 }, read_removed },
	{ { "canceled", 8 }, drop_message },
};

enum { JOINING = sizeof joining / sizeof joining[0] };

bool
postfix_joins(const struct maillog *p)
{
	for (size_t i = 0; i < JOINING; i++) {
		if (slice_starts(p->rest, joining[i].begins))
			return true;
	}
	return false;
}

void
postfix_join(struct maillog *p)
{
	for (size_t i = 0; i < JOINING; i++) {
		if (slice_starts(p->rest, joining[i].begins))
			joining[i].read(p);
	}
}
