/*
 * watch.c - inotify for all sources: directories are watched, not files.
 *
 * Which directories are watched is
 * asked anew at each scan (watch_path.c); what no scan asks for any more is given back.
 * Where the kernel has no watch left for a source, that source is polled (poll.c), and
 * inotify is asked again now and then. At most WATCH_ROWS_MAX rows.
 */
#include "source/watch_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static void
open_instance(struct source_watch *w)
{
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->error = w->fd < 0 ? errno : 0;
	w->again_ms = source_clock_ms() + SOURCE_WATCH_AGAIN_MS;
}

struct source_watch *
source_watch_new(struct err *e)
{
	struct source_watch *w = calloc(1, sizeof *w);

	if (!w) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	open_instance(w);
	return w;
}

static void
free_row(struct watched *r)
{
	free(r->dir);
	free(r->name);
	free(r->as);
}

void
source_watch_free(struct source_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	for (size_t i = 0; i < w->nrows; i++)
		free_row(&w->row[i]);
	free(w->row);
	free(w);
}

int
source_watch_fd(const struct source_watch *w)
{
	return w->fd;
}

int
source_watch_trouble(const struct source *s, const char **what_out)
{
	if (s->blind)
		*what_out = s->blind_at;
	return s->blind;
}

void
source_watch_join(struct source_watch *w, struct source *s)
{
	s->next = w->sources;
	w->sources = s;
}

/* --- rows ---------------------------------------------------------------------------
 */

/* What the rows of a watch want together; 0: there are none. */
static uint32_t
mask_of(const struct source_watch *w, int wd, const char **dir_out)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < w->nrows; i++) {
		if (w->row[i].wd == wd) {
			mask |= w->row[i].mask;
			*dir_out = w->row[i].dir;
		}
	}
	return mask;
}

/* A row of the watch is gone: less is watched than before, or nothing. */
static void
release(struct source_watch *w, int wd)
{
	const char *dir = NULL;
	uint32_t mask = mask_of(w, wd, &dir);

	if (mask == 0) {
		(void)inotify_rm_watch(w->fd, wd);
		return;
	}
	int got = inotify_add_watch(w->fd, dir, mask | IN_ONLYDIR);
	if (got < 0 || got == wd)
		return;
	/* another directory has the name by now: the next scan finds it */
	mask = mask_of(w, got, &dir);
	if (mask == 0)
		(void)inotify_rm_watch(w->fd, got);
	else
		(void)inotify_add_watch(w->fd, dir, mask | IN_ONLYDIR | IN_MASK_ADD);
}

void
source_watch_drop(struct source_watch *w, size_t i)
{
	free_row(&w->row[i]);
	memmove(w->row + i, w->row + i + 1, (w->nrows - i - 1) * sizeof *w->row);
	w->nrows--;
}

void
source_watch_leave(struct source_watch *w, struct source *s)
{
	struct source **at = &w->sources;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	source_watch_begin(s);
	source_watch_end(s);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static struct watched *
find(struct source_watch *w, const struct watched *key)
{
	for (size_t n = 0; n < w->nrows; n++) {
		size_t i = (w->cursor + n) % w->nrows;
		struct watched *r = &w->row[i];
		if (r->source == key->source && r->mask == key->mask &&
		    !strcmp(r->dir, key->dir) && is_same(r->name, key->name) &&
		    is_same(r->as, key->as)) {
			w->cursor = i + 1;
			return r;
		}
	}
	return NULL;
}

static int
add_row(struct source_watch *w, const struct watched *key)
{
	if (w->nrows == WATCH_ROWS_MAX)
		return -E2BIG;
	if (w->nrows == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 8;
		struct watched *v = realloc(w->row, cap * sizeof *v);
		if (!v)
			return -ENOMEM;
		w->row = v;
		w->cap = cap;
	}
	struct watched r = *key;
	r.dir = strdup(key->dir);
	r.name = key->name ? strdup(key->name) : NULL;
	r.as = key->as ? strdup(key->as) : NULL;
	if (!r.dir || (key->name && !r.name) || (key->as && !r.as)) {
		free_row(&r);
		return -ENOMEM;
	}
	w->row[w->nrows++] = r;
	w->cursor = w->nrows;
	return 0;
}

void
source_watch_begin(struct source *s)
{
	struct source_watch *w = s->watch;

	s->blinded = 0;
	if (!w)
		return;
	if (w->fd < 0 && source_clock_ms() >= w->again_ms)
		open_instance(w);
	w->cursor = 0;
	for (size_t i = 0; i < w->nrows; i++) {
		if (w->row[i].source == s)
			w->row[i].wanted = false;
	}
}

void
source_watch_end(struct source *s)
{
	struct source_watch *w = s->watch;

	for (size_t i = w ? w->nrows : 0; i > 0; i--) {
		struct watched *r = &w->row[i - 1];
		int wd = r->wd;
		if (r->source != s || r->wanted)
			continue;
		source_watch_drop(w, i - 1);
		release(w, wd);
	}
	s->blind = s->blinded;
}

void
source_watch_blind(struct source *s, int error, const char *at)
{
	if (s->blinded)
		return;
	s->blinded = error;
	(void)snprintf(s->blind_at, sizeof s->blind_at, "%s", at);
}

/* The kernel's number for the directory. Asked anew at each scan: the same directory
 * gives the same number, another one under its name (or one that came back) a new one.
 * New ones are not asked for while there was no room for one. */
static int
ask(struct source_watch *w, const char *dir, uint32_t mask, bool known)
{
	if (w->fd < 0)
		return -w->error;
	if (!known && source_clock_ms() < w->full_until_ms)
		return -ENOSPC;
	int wd = inotify_add_watch(w->fd, dir, mask | IN_ONLYDIR | IN_MASK_ADD);
	if (wd >= 0)
		return wd;
	int error = errno;
	if (error == ENOSPC)
		w->full_until_ms = source_clock_ms() + SOURCE_WATCH_AGAIN_MS;
	return -error;
}

int
source_watch_dir(struct source *s, const char *dir, enum watch_kind kind,
    const char *name, const char *as)
{
	static const uint32_t masks[] = { [WATCH_FILES] = MASK_FILES,
		[WATCH_NAMES] = MASK_NAMES,
		[WATCH_LEAVES] = MASK_LEAVES,
		[WATCH_SELF] = MASK_SELF };
	struct source_watch *w = s->watch;
	struct watched key = { .source = s,
		.mask = masks[kind],
		.wanted = true,
		.dir = (char *)(uintptr_t)dir,
		.name = (char *)(uintptr_t)name,
		.as = (char *)(uintptr_t)as };
	struct watched *r = find(w, &key);

	if (r && r->wanted)
		return 1;
	key.wd = ask(w, dir, key.mask, r != NULL);
	if (key.wd < 0)
		return key.wd; /* a row that there was goes at the end of the scan */
	if (!r) {
		int rc = add_row(w, &key);
		if (rc < 0)
			release(w, key.wd);
		return rc;
	}
	int old = r->wd;
	r->wanted = true;
	r->wd = key.wd;
	if (old != key.wd)
		release(w, old);
	return 0;
}
