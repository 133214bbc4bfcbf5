/*
 * look.c - the open files as they are now: grown, truncated, at rest.
 *
 * A file that became shorter than what was read, or whose bytes are others, is two
 * files: the old one stays known (its copy may turn up in the archive), a new one
 * begins at 0. A file that left the path keeps its fd for a grace time, since its
 * writer may still have it open.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const int64_t GRACE_NS = INT64_C(1000000) * SOURCE_GRACE_MS;

/* What was read of an unfinished record is read again; the marker before it says then
 * whether the rest still is what was taken. */
static bool
back_to_offset(struct source *s, struct source_file *f)
{
	uint64_t was = f->read;

	if (was == f->offset)
		return false;
	f->read = f->offset;
	f->tail_n = 0;
	f->racy = true;
	/* what comes now was not there at the first look */
	if (was >= f->skip && f->skip > f->offset) {
		f->skip = f->offset;
		f->dirty = true;
	}
	source_drop_user(s, f);
	return true;
}

/* The inode was truncated: what is in it now is another file of the same name. */
static bool
split_truncated(
    struct source *s, struct source_file *f, const struct stat *st, int64_t now_ms)
{
	if (!f->has_key) { /* nothing of it was taken: it may as well begin anew */
		(void)back_to_offset(s, f);
		f->skip = 0;
		f->start_ms = 0;
		return true;
	}
	struct source_file *fresh = source_add(s);
	if (!fresh)
		return false;
	fresh->path = f->path ? strdup(f->path) : NULL;
	fresh->dev = f->dev;
	fresh->ino = f->ino;
	fresh->size = (uint64_t)st->st_size;
	fresh->mtime_ns = source_mtime_ns(st);
	fresh->present = f->present;
	fresh->live = f->live;
	source_drop_user(s, f);
	fresh->grown_ms = now_ms;
	fresh->seen_ms = f->seen_ms;
	fresh->fd = f->fd;
	fresh->tail = f->tail;
	fresh->racy = true;
	fresh->dirty = true;
	f->fd = -1; /* the fresh one has it now */
	f->tail = NULL;
	f->read = f->offset;
	f->dev = f->ino = 0;
	f->present = f->live = false;
	f->dirty = true;
	s->want_scan = true; /* a copy of it may lie in the archive */
	return true;
}

bool
source_restart(struct source *s, struct source_file *f, int64_t now_ms)
{
	struct stat st;

	return back_to_offset(s, f) || (f->fd >= 0 && fstat(f->fd, &st) == 0 &&
					   split_truncated(s, f, &st, now_ms));
}

/* Truncated and written anew, at least as long? `thorough`: also where it grew, which
 * is compared when it is read, else. */
static bool
is_replaced(
    struct source *s, const struct source_file *f, const struct stat *st, bool thorough)
{
	uint64_t size = (uint64_t)st->st_size;

	if ((thorough ? size < f->read : size != f->read) ||
	    (!f->racy && f->mtime_ns == source_mtime_ns(st)))
		return false;
	return f->read == f->offset ? !source_holds(s, f->fd, f)
				    : source_tail_stands(f) == 0;
}

static void
look_at(struct source *s, struct source_file *f, bool thorough, int64_t now_ms)
{
	struct stat st;

	if (f->packed)
		return;
	if (fstat(f->fd, &st) < 0) {
		f->error = errno;
		source_fail(s, f, now_ms);
		return;
	}
	uint64_t size = (uint64_t)st.st_size;
	bool replaced = is_replaced(s, f, &st, thorough);
	bool shorter = size < f->read && size >= f->offset;
	if ((replaced || shorter) && back_to_offset(s, f))
		replaced = !source_holds(s, f->fd, f);
	if (size < f->offset || replaced) {
		(void)split_truncated(s, f, &st, now_ms);
		return;
	}
	if (size > f->size)
		f->grown_ms = now_ms;
	f->size = size;
	f->mtime_ns = source_mtime_ns(&st);
	f->racy = source_stamp_ns() - f->mtime_ns < STAMP_TICK_NS;
}

/* The live file that was written last: it stays open. */
static struct source_file *
newest(struct source *s)
{
	struct source_file *best = NULL;

	for (struct source_file *f = s->files; f; f = f->next) {
		if (f->live && (!best || f->mtime_ns > best->mtime_ns))
			best = f;
	}
	return best;
}

/* A later dated file of the same name is there: PowerMTA has gone on to it. */
static bool
is_superseded(const struct source *s, const struct source_file *f)
{
	for (const struct source_file *g = s->files; g; g = g->next) {
		if (g->live && g->path && source_supersedes(s, g->path, f->path))
			return true;
	}
	return false;
}

/* All places are taken: files out of sight that are read to the end of a record give
 * theirs up before their grace time is over, the half of them that rests longest.
 * Answers the grown_ms up to which; INT64_MIN: none. */
static int64_t
evict_up_to(const struct source *s)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	if (s->nopen < s->o.open_max)
		return INT64_MIN;
	for (const struct source_file *f = s->files; f; f = f->next) {
		if (f->fd < 0 || f->present || f->read != f->offset)
			continue;
		first = f->grown_ms < first ? f->grown_ms : first;
		last = f->grown_ms > last ? f->grown_ms : last;
	}
	return last == INT64_MIN ? last : first + (last - first) / 2;
}

/* Where places are short, one of the archive keeps its own until what may be its last
 * record can be taken: it is not opened again for that. */
static void
look(struct source *s, bool thorough, int64_t now_ms)
{
	struct source_file *keep = newest(s), *next;
	int64_t evict_ms = evict_up_to(s);

	for (struct source_file *f = s->files; f; f = next) {
		next = f->next;
		if (f->fd < 0)
			continue;
		look_at(s, f, thorough, now_ms);
		bool still = f->fd >= 0 && f->size <= f->read && f != keep;
		bool rested = f->packed || now_ms - f->grown_ms >= SOURCE_GRACE_MS;
		bool aged = rested || source_stamp_ns() - f->mtime_ns >= GRACE_NS;
		bool gives_way = f->present
				     ? s->nopen > s->o.open_max / 2 &&
					   (f->live || f->read == f->offset || aged)
				     : f->grown_ms <= evict_ms && f->read == f->offset;
		f->ended = still && (gives_way || rested);
		f->over = f->ended && aged && (!f->live || is_superseded(s, f));
	}
}

/* The grace time of what left the path begins now, however long it was still: its
 * writer has yet to write what it had in its buffer. */
void
source_begin_grace(struct source *s, int64_t now_ms)
{
	for (struct source_file *f = s->files; f; f = f->next) {
		if (!f->was_live || f->live)
			continue;
		f->grown_ms = now_ms;
		f->seen = 0;
	}
}

void
source_look(struct source *s, int64_t now_ms)
{
	look(s, false, now_ms);
}

void
source_look_for_scan(struct source *s, int64_t now_ms)
{
	look(s, true, now_ms);
}

int64_t
source_deadline(struct source *s, int64_t now_ms)
{
	const struct source_file *keep = newest(s);
	int64_t first = source_poll_deadline(s);

	if (s->settle_ms > 0 && s->settle_ms < first)
		first = s->settle_ms;

	for (const struct source_file *f = s->files; f; f = f->next) {
		if (f->fd < 0 || f == keep)
			continue;
		int64_t soon = now_ms + SOURCE_DRAIN_MS;
		int64_t rested = f->grown_ms + SOURCE_GRACE_MS;
		/* one out of sight makes no event; the others do until they rest */
		int64_t at = f->live && rested > soon ? rested : soon;
		if (at < first)
			first = at;
	}
	return first;
}
