/*
 * tail.c - the files of a source: opened, read, looked at, closed.
 *
 * A file that left the path keeps its fd for a grace time, since its writer may still
 * have it open. A file that became shorter than what was read is two files: the old one
 * stays known (its copy may turn up in the archive), a new one begins at 0.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	REACH_CHUNKS = 8
}; /* of a packed file, unpacked in one turn to get to a place */

struct source *
source_new(struct source_watch *w, const struct source_options *o)
{
	struct source *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->watch = w;
	s->o = *o;
	s->want_scan = true;
	source_watch_join(w, s);
	return s;
}

void
source_free(struct source *s)
{
	if (!s)
		return;
	while (s->files)
		source_forget(s, s->files);
	source_probe_sweep(s, true);
	source_watch_leave(s->watch, s);
	free(s);
}

struct source_file *
source_add(struct source *s)
{
	struct source_file *f = s->nfiles < LIMIT_FILES ? calloc(1, sizeof *f) : NULL;

	if (!f)
		return NULL;
	f->fd = -1;
	buf_init(&f->header, LIMIT_CONFIG);
	f->next = s->files;
	s->files = f;
	s->nfiles++;
	return f;
}

void
source_forget(struct source *s, struct source_file *f)
{
	struct source_file **at = &s->files;

	while (*at && *at != f)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = f->next;
	s->nfiles--;
	source_close(s, f);
	buf_free(&f->header);
	free(f->path);
	free(f);
}

int64_t
source_stamp_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
source_mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static void
drop_user(struct source *s, struct source_file *f)
{
	if (f->user && s->o.drop_user)
		s->o.drop_user(f->user);
	f->user = NULL;
}

void
source_close(struct source *s, struct source_file *f)
{
	drop_user(s, f);
	f->ended = f->over = false;
	if (f->fd < 0)
		return;
	close(f->fd);
	f->fd = -1;
	free(f->tail);
	f->tail = NULL;
	source_packed_free(f->unpack);
	f->unpack = NULL;
	/* read to here without an end of its last record: opened again when it changes
	 */
	f->seen = f->read;
	f->read = f->offset; /* bytes of an unfinished record are read again */
	s->nopen--;
}

bool
source_open(struct source *s, struct source_file *f)
{
	struct stat st;

	if (f->fd >= 0)
		return true;
	if (s->nopen >= SOURCE_OPEN_MAX)
		return !(s->starved = true); /* its turn comes when others are read */
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	/* one that has just gone is no fault: the next scan finds where to */
	f->error = fd < 0 && errno != ENOENT ? errno : 0;
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || st.st_dev != f->dev || st.st_ino != f->ino ||
	    !(f->tail = malloc(LIMIT_MARKER))) {
		close(fd); /* another one took the name: the next scan sorts it out */
		return false;
	}
	f->tail_n = 0;
	f->fd = fd;
	f->read = f->offset;
	s->nopen++;
	return true;
}

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
	drop_user(s, f);
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
	drop_user(s, f);
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

void
source_lose(struct source *s, struct source_file *f)
{
	source_close(s, f);
	f->dev = f->ino = 0;
	f->present = f->packed = false;
	f->dirty = true;
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
				    : !source_tail_stands(f);
}

static void
look_at(struct source *s, struct source_file *f, bool thorough, int64_t now_ms)
{
	struct stat st;

	if (f->packed || fstat(f->fd, &st) < 0)
		return;
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

	if (s->nopen < SOURCE_OPEN_MAX)
		return INT64_MIN;
	for (const struct source_file *f = s->files; f; f = f->next) {
		if (f->fd < 0 || f->present || f->read != f->offset)
			continue;
		first = f->grown_ms < first ? f->grown_ms : first;
		last = f->grown_ms > last ? f->grown_ms : last;
	}
	return last == INT64_MIN ? last : first + (last - first) / 2;
}

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
		bool crowded = f->present
				   ? s->nopen > SOURCE_OPEN_MAX / 2
				   : f->grown_ms <= evict_ms && f->read == f->offset;
		f->ended = still && (crowded || rested);
		f->over = f->ended && rested && (!f->live || is_superseded(s, f));
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

void
source_asked(struct source *s, int64_t now_ms, bool *scan, bool *look)
{
	*scan = s->want_scan || (s->settle_ms > 0 && now_ms >= s->settle_ms);
	*look = s->want_look;
	s->want_scan = s->want_look = false;
	if (*scan)
		s->settle_ms = 0;
}

bool
source_starved(struct source *s)
{
	bool starved = s->starved;

	s->starved = false;
	return starved;
}

struct source_file *
source_files(struct source *s)
{
	return s->files;
}

bool
source_has_unread(const struct source_file *f)
{
	if (f->ignored || f->size <= f->read)
		return false;
	return f->fd >= 0 || (f->present && f->size != f->seen);
}

struct source_file *
source_unread(struct source *s, struct source_file *f)
{
	for (f = f ? f->next : s->files; f; f = f->next) {
		if (source_has_unread(f) && source_open(s, f))
			return f;
	}
	return NULL;
}

ssize_t
source_read(
    struct source *s, struct source_file *f, char *out, size_t cap, struct err *e)
{
	ssize_t n;

	if (f->packed && (!f->unpack || source_packed_at(f->unpack) != f->read))
		return err_set(e, -ESTALE, "%s: unpacked to another place", f->path);
	do {
		n = f->packed ? source_packed_read(f->unpack, out, cap)
			      : pread(f->fd, out, cap, (off_t)f->read);
	} while (n < 0 && (f->packed ? n : -errno) == -EINTR);
	if (n < 0 && f->packed)
		return err_set(e, (int)n, "unpack %s", f->path);
	if (n < 0)
		return err_set(e, -errno, "read %s: %s", f->path, strerror(errno));
	/* after reading: what was truncated and written anew before or meanwhile is
	 * another file from its beginning on */
	if (n > 0 && !f->packed && !source_tail_stands(f))
		return err_set(e, -ESTALE, "%s: truncated and written anew", f->path);
	if (n == 0) {
		f->size = f->read; /* shorter than stat said: look again */
		s->want_look = true;
	}
	if (!f->packed)
		source_tail_move(f, (struct slice){ out, (size_t)n });
	f->read += (uint64_t)n;
	if (f->size < f->read)
		f->size = f->read;
	return n;
}

int
source_reach(struct source_file *f)
{
	static char chunk[LIMIT_READ];
	ssize_t n = 1;

	if (!f->packed || (f->unpack && source_packed_at(f->unpack) == f->read))
		return 1;
	if (!f->unpack || source_packed_at(f->unpack) > f->offset) {
		source_packed_free(f->unpack);
		if (!(f->unpack = source_packed_new(f->fd)))
			return -ENOMEM;
	}
	f->read = f->offset;
	for (int i = 0; i < REACH_CHUNKS && n > 0; i++) {
		uint64_t left = f->offset - source_packed_at(f->unpack);
		if (left == 0)
			return 1;
		n = source_packed_read(f->unpack, chunk,
		    left < sizeof chunk ? (size_t)left : sizeof chunk);
	}
	/* shorter than it was when it was probed: the next scan tells what it is */
	return n > 0 ? 0 : n < 0 ? (int)n : -ESTALE;
}

int64_t
source_deadline(struct source *s, int64_t now_ms)
{
	const struct source_file *keep = newest(s);
	int64_t first = s->settle_ms > 0 ? s->settle_ms : INT64_MAX;

	if (s->want_scan)
		return now_ms + SOURCE_AGAIN_MS;

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
