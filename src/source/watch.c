/*
 * watch.c - inotify for all sources: directories are watched, not files.
 *
 * An event only marks the sources that it may concern; what is true is read from the
 * disk. A queue that overflowed marks all of them.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	MASK_CHANGED = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB |
		       IN_DELETE_SELF | IN_MOVE_SELF | IN_Q_OVERFLOW | IN_UNMOUNT |
		       IN_IGNORED,
	MASK_WATCHED = IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
		       IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
	DIRS_MAX = 4096,
};

struct watched_dir {
	int wd;
	char *path;
};

struct source_watch {
	int fd;
	struct source *sources;
	struct watched_dir *dir;
	size_t ndirs, cap;
};

struct source_watch *
source_watch_new(struct err *e)
{
	struct source_watch *w = calloc(1, sizeof *w);

	if (!w) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		err_set(e, -errno, "inotify: %s", strerror(errno));
		free(w);
		return NULL;
	}
	return w;
}

void
source_watch_free(struct source_watch *w)
{
	if (!w)
		return;
	close(w->fd);
	for (size_t i = 0; i < w->ndirs; i++)
		free(w->dir[i].path);
	free(w->dir);
	free(w);
}

int
source_watch_fd(const struct source_watch *w)
{
	return w->fd;
}

void
source_watch_join(struct source_watch *w, struct source *s)
{
	s->next = w->sources;
	w->sources = s;
}

void
source_watch_leave(struct source_watch *w, struct source *s)
{
	struct source **at = &w->sources;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
}

static struct watched_dir *
find(struct source_watch *w, int wd)
{
	for (size_t i = 0; i < w->ndirs; i++) {
		if (w->dir[i].wd == wd)
			return &w->dir[i];
	}
	return NULL;
}

static void
forget(struct source_watch *w, struct watched_dir *d)
{
	free(d->path);
	*d = w->dir[--w->ndirs];
}

void
source_watch_dir(struct source_watch *w, const char *path)
{
	/* asked anew at each scan: the same directory gives the same number, another
	 * one under its name (or one that came back) a new one */
	int wd = inotify_add_watch(w->fd, path, MASK_WATCHED);
	struct watched_dir *d = wd < 0 ? NULL : find(w, wd);

	if (wd < 0 || (d && !strcmp(d->path, path)))
		return;
	char *copy = strdup(path);
	if (!copy)
		return;
	if (d) { /* it was renamed */
		free(d->path);
		d->path = copy;
		return;
	}
	if (w->ndirs == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 8;
		struct watched_dir *v = cap <= DIRS_MAX
					    ? realloc(w->dir, cap * sizeof *v)
					    : NULL;
		if (!v) {
			free(copy); /* the safety rescan serves it */
			return;
		}
		w->dir = v;
		w->cap = cap;
	}
	w->dir[w->ndirs].wd = wd;
	w->dir[w->ndirs++].path = copy;
}

/* An open file of that name exists: its size is all that can have changed. One that was
 * replaced may be open still, but is out of sight. */
static bool
is_open(const struct source *s, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	for (const struct source_file *f = s->files; f; f = f->next) {
		if (f->fd >= 0 && f->present && f->path && !strncmp(f->path, dir, n) &&
		    f->path[n] == '/' && !strcmp(f->path + n + 1, name))
			return true;
	}
	return false;
}

static void
mark(struct source_watch *w, const struct inotify_event *ev)
{
	struct watched_dir *d = find(w, ev->wd);

	for (struct source *s = w->sources; s; s = s->next) {
		if (!d || ev->len == 0) {
			s->want_scan = s->renamed =
			    true; /* overflow, or a directory itself */
			continue;
		}
		if (!source_wants(s, d->path, ev->name))
			continue;
		s->renamed |= (ev->mask & IN_MOVED_TO) != 0;
		/* one that is being packed: its end is told by other events */
		if (!(ev->mask & MASK_CHANGED) && source_is_packed(ev->name))
			continue;
		if (!(ev->mask & MASK_CHANGED) && is_open(s, d->path, ev->name))
			s->want_look = true;
		else
			s->want_scan = true;
	}
	if (d && (ev->mask & IN_IGNORED))
		forget(w, d);
}

void
source_watch_take(struct source_watch *w)
{
	char events[16 * 1024]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(w->fd, events, sizeof events)) > 0) {
		for (char *p = events; p < events + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)
			    p;
			mark(w, ev);
			p += sizeof *ev + ev->len;
		}
	}
}
