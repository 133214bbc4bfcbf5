/*
 * sendmail_split.c - lines that sendmail cut into parts, and joined again.
 *
 * sendmail/conf.c, sm_syslog(): a message that is too long is cut behind a comma or
 * blank, each part but the last ends with " ...". Parts of one host, queue id and
 * process belong together; others may stand between them. Bounded in lines at a time,
 * parts and bytes: a line over that is a lost one. A record that is given again changes
 * nothing.
 */
#include "parse/maillog.h"

#include <stdlib.h>

enum {
	OPEN_MAX = 64,         /* lines in the making; the oldest goes first */
	WHOLE_MAX = 16 * 1024, /* bytes of a line */
	KEY_MAX_BYTES = 256 + 2 * MAILLOG_ID_MAX
};

struct line {
	uint64_t used;  /* when it was touched; 0: free */
	struct buf key; /* host, queue id, pid */
	struct buf text;
	unsigned parts;        /* that are in it */
	uint64_t part_at;      /* record of the last one */
	size_t before;         /* length of the text without it */
	size_t first;          /* length of the first part */
	bool complete, broken; /* broken: a part is missing, or it is too long */
	bool skipped;          /* its beginning says that it does not count */
};

struct sendmail_split {
	struct sendmail_progress progress;
	struct sendmail_submitted submitted;
	uint64_t clock;
	struct line line[OPEN_MAX];
	struct line *taken; /* whose text was given out */
};

struct sendmail_split *
sendmail_split_new(void)
{
	struct sendmail_split *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->progress.at = UINT64_MAX;
	for (size_t i = 0; i < OPEN_MAX; i++) {
		buf_init(&s->line[i].key, KEY_MAX_BYTES);
		buf_init(&s->line[i].text, WHOLE_MAX);
	}
	return s;
}

static void
end_line(struct line *l)
{
	l->used = 0;
	buf_free(&l->text);
	buf_init(&l->text, WHOLE_MAX);
}

void
sendmail_split_free(struct sendmail_split *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < OPEN_MAX; i++) {
		buf_free(&s->line[i].key);
		buf_free(&s->line[i].text);
	}
	free(s);
}

struct sendmail_progress *
sendmail_progress(const struct maillog *p)
{
	struct sendmail_progress *g = &p->split->progress;

	if (g->at != p->rec->at.off)
		*g = (struct sendmail_progress){ .at = p->rec->at.off };
	return g;
}

struct sendmail_submitted *
sendmail_submitted(const struct maillog *p)
{
	return &p->split->submitted;
}

/* "host QID pid" */
static bool
make_key(const struct maillog *p, struct buf *out)
{
	buf_clear(out);
	(void)buf_add(out, p->key.host);
	(void)buf_addc(out, ' ');
	(void)buf_add(out, p->key.queue_id);
	(void)buf_addc(out, ' ');
	(void)buf_add(out, p->log.pid);
	bool ok = !out->failed;
	out->failed = false;
	return ok;
}

static struct line *
find(const struct maillog *p)
{
	struct sendmail_split *s = p->split;
	struct buf key;
	struct line *l = NULL;

	buf_init(&key, KEY_MAX_BYTES);
	if (make_key(p, &key)) {
		for (size_t i = 0; i < OPEN_MAX && !l; i++) {
			if (s->line[i].used != 0 &&
			    slice_eq(buf_slice(&s->line[i].key), buf_slice(&key)))
				l = &s->line[i];
		}
	}
	buf_free(&key);
	return l;
}

bool
sendmail_split_open(const struct maillog *p)
{
	const struct line *l = find(p);

	return l && (!l->complete || l->part_at == p->rec->at.off);
}

/* A line of its own for the key, for which there is none, or one that is over. */
static struct line *
begin(const struct maillog *p, struct line *l)
{
	struct sendmail_split *s = p->split;

	if (!l) {
		l = &s->line[0];
		for (size_t i = 1; i < OPEN_MAX; i++) {
			if (s->line[i].used < l->used)
				l = &s->line[i];
		}
	}
	if (!make_key(p, &l->key))
		return NULL;
	buf_clear(&l->text);
	l->parts = 0;
	l->first = l->before = 0;
	l->part_at = UINT64_MAX;
	l->complete = l->broken = l->skipped = false;
	return l;
}

/* Does the line count that begins so? */
static bool
counts(struct slice in)
{
	return slice_starts(in, SLICE("to=")) || slice_starts(in, SLICE("from="));
}

/* Without the " ..." that says that more follows. A last part may end so by itself: it
 * is short then, for a cut one is nearly as long as the first. */
static bool
is_cut(const struct line *l, struct slice *part)
{
	static const struct slice dots = { " ...", 4 };

	if (part->n < dots.n || !slice_eq(slice_from(*part, part->n - dots.n), dots) ||
	    part->n < l->first / 2)
		return false;
	part->n -= dots.n;
	return true;
}

static enum sendmail_part
add(const struct maillog *p, struct line *l, unsigned number, struct slice *whole)
{
	struct slice part = p->rest;

	if (number != l->parts + 1 || l->broken) {
		bool told = l->broken && l->part_at != p->rec->at.off;
		if (!l->broken)
			l->part_at = p->rec->at.off;
		l->broken = true;
		return told || l->skipped ? SENDMAIL_PART_KEPT : SENDMAIL_PART_LOST;
	}
	l->before = l->text.n;
	l->part_at = p->rec->at.off;
	l->parts = number;
	if (number == 1) {
		l->first = part.n;
		l->skipped = !counts(part);
	}
	l->complete = !is_cut(l, &part);
	if (!l->skipped && buf_add(&l->text, part) < 0) {
		l->text.failed = false;
		l->broken = true;
		return SENDMAIL_PART_LOST;
	}
	*whole = buf_slice(&l->text);
	return l->complete && !l->skipped ? SENDMAIL_PART_LAST : SENDMAIL_PART_KEPT;
}

enum sendmail_part
sendmail_split_take(const struct maillog *p, struct slice *whole)
{
	struct sendmail_split *s = p->split;
	uint64_t number;
	struct line *l = find(p);

	if (s->taken && s->taken->complete && s->taken->part_at != p->rec->at.off)
		end_line(s->taken);
	s->taken = NULL;
	if (!slice_u64(p->part, &number) || number == 0 || number > 999)
		return SENDMAIL_PART_LOST;
	if (l && l->used != 0 && l->part_at == p->rec->at.off && !l->broken) {
		/* the same record again */
		l->text.n = l->before;
		l->parts = (unsigned)number - 1;
	} else if (!l || l->used == 0 || number == 1) {
		l = begin(p, l && l->used != 0 ? l : NULL);
	}
	if (!l)
		return SENDMAIL_PART_LOST;
	l->used = ++s->clock;
	s->taken = l;
	return add(p, l, (unsigned)number, whole);
}
