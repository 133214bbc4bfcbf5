/*
 * tail.c - the files of a source: known, opened, read, closed.
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
	if (o->open_max == 0 || o->open_max > SOURCE_OPEN_MAX)
		s->o.open_max = SOURCE_OPEN_MAX;
	else if (o->open_max < SOURCE_OPEN_MIN)
		s->o.open_max = SOURCE_OPEN_MIN;
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
	source_past_free(s);
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
	source_rest_end(s, f);
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

void
source_drop_user(struct source *s, struct source_file *f)
{
	if (f->user && s->o.drop_user)
		s->o.drop_user(f->user);
	f->user = NULL;
}

void
source_close(struct source *s, struct source_file *f)
{
	source_drop_user(s, f);
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
	s->want_scan |= s->waiting && !f->present; /* perhaps for that */
}

bool
source_open(struct source *s, struct source_file *f)
{
	struct stat st;

	if (f->resting)
		return false;
	if (f->fd >= 0)
		return true;
	if (s->nopen >= s->o.open_max)
		return !(s->starved = true); /* its turn comes when others are read */
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return !(s->starved = true); /* not the file's fault */
	/* one that has just gone is no fault: the next scan finds where to */
	f->error = fd < 0 && errno != ENOENT ? errno : 0;
	if (fd >= 0 && fstat(fd, &st) < 0) {
		f->error = errno;
		close(fd);
		fd = -1;
	}
	if (f->error)
		source_fail(s, f, s->now_ms);
	if (fd < 0)
		return false;
	if (st.st_dev != f->dev || st.st_ino != f->ino ||
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

void
source_lose(struct source *s, struct source_file *f)
{
	source_close(s, f);
	f->dev = f->ino = 0;
	f->present = f->packed = false;
	f->dirty = true;
}

void
source_asked(struct source *s, int64_t now_ms, bool *scan, bool *look)
{
	*scan = s->want_scan || (s->settle_ms > 0 && now_ms >= s->settle_ms);
	*look = s->want_look;
	s->want_scan = s->want_look = false;
	source_poll_ask(s, now_ms, scan, look);
	if (*scan) /* once: it may be put off, and the loop is not to spin till then */
		s->settle_ms = s->unseen_ms = 0;
}

bool
source_asks(const struct source *s)
{
	return s->want_scan || s->want_look;
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
	if (f->ignored || f->resting || f->size <= f->read)
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
	int stands = n > 0 && !f->packed ? source_tail_stands(f) : 1;
	if (stands < 0)
		return err_set(e, stands, "read %s: %s", f->path, strerror(-stands));
	if (stands == 0)
		return err_set(e, SOURCE_REPLACED, "%s: written anew", f->path);
	if (n == 0) {
		f->size = f->read; /* shorter than stat said: look again */
		s->want_look = true;
	}
	if (!f->packed)
		source_tail_move(f, (struct slice){ out, (size_t)n });
	f->failures = 0;
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
