/*
 * status_source.c - a source's files: what lies under its path and archive now, joined
 * with the places in the state file by device and inode. So it holds without a daemon,
 * too: a file that was rotated meanwhile is found where it is now.
 *
 * A file that is shorter than its place, or whose inode nobody knows, is another one:
 * new under path; in the archive new if it was written after the last scan, else
 * ignored. What a daemon that runs has not taken for its own it will not read: a copy.
 */
#include "app/status_internal.h"

#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FUTURE_MS = 3600 * 1000 };

struct listing {
	struct status *status;
	struct status_source *source;
	const struct config_source *conf;
};

static int
on_found(void *arg, const struct source_found *found)
{
	struct listing *l = arg;
	struct slice path = slice_of(found->path);

	if (status_keep(l->status, &path) < 0)
		return -ENOMEM;
	struct status_file *f = status_grow(l->status, (void **)&l->source->file,
	    &l->source->nfiles, sizeof *l->source->file);
	if (!f)
		return -ENOMEM;
	f->path = path;
	f->dev = found->dev;
	f->ino = found->ino;
	f->size = found->size;
	f->mtime_ms = found->mtime_ns / 1000000;
	f->live = found->live;
	f->packed = found->packed;
	return 0;
}

static int
compare_inode(const void *a, const void *b)
{
	const struct status_file *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int
on_known(void *arg, const struct store_file *v)
{
	struct listing *l = arg;
	struct status_file wanted = { .dev = v->dev, .ino = v->ino }, *f;

	f = l->source->nfiles == 0
		? NULL
		: bsearch(&wanted, l->source->file, l->source->nfiles, sizeof wanted,
		      compare_inode);
	if (!f || f->packed != (v->size >= 0) || (!f->packed && f->size < v->offset))
		return 0;
	f->is = STATUS_FILE_KNOWN;
	f->has_key = v->has_key;
	f->key = v->key;
	f->offset = v->offset;
	f->skip = v->skip;
	f->start_ms = v->start_ms;
	if (f->packed)
		f->size = (uint64_t)v->size;
	/* start: end passes over what was there, and waits for more */
	uint64_t done = f->start_ms == 0 && f->skip > f->offset ? f->skip : f->offset;
	f->lag = f->size > done ? f->size - done : 0;
	f->header = v->header;
	return f->lag > 0 ? status_keep(l->status, &f->header) : 0;
}

/* One that has no place in the state file. */
static void
judge_unknown(const struct listing *l, struct status_file *f, bool known)
{
	int64_t older = (int64_t)l->conf->ignore_older;
	bool from_start = !strcmp(l->conf->start, "beginning");
	int64_t scanned_ms = l->source->stored.scanned_ns / 1000000;
	bool old = older > 0 && (known || from_start) &&
		   l->status->now_ms - f->mtime_ms > older;

	if (old || (!f->live && (!known || f->mtime_ms < scanned_ms))) {
		f->is = STATUS_FILE_IGNORED;
		return;
	}
	/* at the first look `start` says what is read; of the archive a daemon that
	 * runs has read what it wants */
	if (f->live ? known || from_start : l->status->pid == 0)
		f->lag = f->size;
}

/* Does its mtime say when somebody wrote? As follow_silent.c has it. */
static bool
tells_writing(const struct status *s, const struct status_file *f)
{
	return f->size > 0 && !f->packed && (f->is != STATUS_FILE_IGNORED || f->live) &&
	       f->mtime_ms < s->now_ms + FUTURE_MS;
}

static void
judge_silence(struct status *s, struct status_source *o, const struct config_source *c)
{
	for (size_t i = 0; i < o->nfiles; i++) {
		const struct status_file *f = &o->file[i];
		if (tells_writing(s, f) && f->mtime_ms > o->heard_ms)
			o->heard_ms = f->mtime_ms;
	}
	if (o->heard_ms == 0)
		o->heard_ms = o->stored.event_ms;
	int64_t since = o->heard_ms ? o->heard_ms : s->started_ms;
	if (c->silent_after > 0 && since > 0)
		o->silent = s->now_ms - since >= (int64_t)c->silent_after;
}

/* What cannot be read first, then what is behind, what is live, the rest, ignored ones.
 */
static int
rank(const struct status_file *f)
{
	if (f->is == STATUS_FILE_IGNORED)
		return 4;
	if (f->error)
		return 0;
	return f->lag > 0 ? 1 : f->live ? 2 : 3;
}

static int
compare_shown(const void *a, const void *b)
{
	const struct status_file *x = a, *y = b;

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (x->lag != y->lag)
		return x->lag > y->lag ? -1 : 1;
	if (x->mtime_ms != y->mtime_ms)
		return x->mtime_ms > y->mtime_ms ? -1 : 1;
	size_t n = x->path.n < y->path.n ? x->path.n : y->path.n;
	int rc = memcmp(x->path.p, y->path.p, n);
	return rc != 0 ? rc : (int)(x->path.n > y->path.n) - (x->path.n < y->path.n);
}

static void
sum_up(struct status_source *o)
{
	for (size_t i = 0; i < o->nfiles; i++) {
		const struct status_file *f = &o->file[i];
		o->lag += f->lag;
		if (f->waits_ms > o->waits_ms)
			o->waits_ms = f->waits_ms;
		o->nignored += f->is == STATUS_FILE_IGNORED;
		o->nunreadable += f->error != 0;
	}
	if (o->nfiles > 0)
		qsort(o->file, o->nfiles, sizeof *o->file, compare_shown);
}

int
status_read_files(struct status *s, struct store *st, struct status_source *o,
    const struct config_source *c, bool known, struct err *e)
{
	struct listing l = { s, o, c };
	struct source_options options = {
		.path = (const char *const *)c->path.v,
		.npaths = c->path.n,
		.archive = (const char *const *)c->archive.v,
		.narchives = c->archive.n,
		.dated = !strcmp(c->format, "pmta"),
	};
	struct err why;
	int rc = source_find(&options, on_found, &l, &why);

	o->list_error = rc < 0 ? -rc : 0;
	if (o->nfiles > 0)
		qsort(o->file, o->nfiles, sizeof *o->file, compare_inode);
	rc = store_file_each(st, slice_of(c->name), on_known, &l, e);
	for (size_t i = 0; rc == 0 && i < o->nfiles; i++) {
		struct status_file *f = &o->file[i];
		if (f->is == STATUS_FILE_NEW)
			judge_unknown(&l, f, known);
		if (f->is != STATUS_FILE_IGNORED &&
		    faccessat(AT_FDCWD, f->path.p, R_OK, AT_EACCESS) < 0 &&
		    errno != ENOENT)
			f->error = errno;
	}
	if (rc == 0)
		status_read_unread(s, o, c);
	judge_silence(s, o, c);
	sum_up(o);
	return rc;
}
