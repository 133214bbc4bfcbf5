/*
 * watch_event.c - what inotify tells.
 *
 * An event only marks the sources that it may concern; what is true is read from the
 * disk. A queue that overflowed marks all of them.
 */
#include "source/watch_internal.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MASK_CHANGED = MASK_FILES & ~(unsigned)IN_MODIFY, /* more than its size */
	MASK_GONE = IN_IGNORED | IN_UNMOUNT,
};

/* An open file of that path: its size is all that can have changed. One that was
 * replaced may be open still, but is out of sight; one that rests is left alone. */
static bool
is_open(const struct source *s, const char *path)
{
	for (const struct source_file *f = s->files; f; f = f->next) {
		if ((f->fd >= 0 || f->resting) && f->present && f->path &&
		    !strcmp(f->path, path))
			return true;
	}
	return false;
}

/* Its mode may have changed: what could not be read is tried again at once. */
static void
try_again(struct source *s, const char *path)
{
	for (struct source_file *f = s->files; f && s->nresting > 0; f = f->next) {
		if (f->resting && f->path && !strcmp(f->path, path))
			source_rest_end(s, f);
	}
}

static void
tell(struct watched *r, const struct inotify_event *ev)
{
	struct source *s = r->source;
	char path[PATH_MAX];
	bool root = !strcmp(r->dir, "/");

	if (ev->len == 0 || (ev->mask & MASK_GONE)) {
		bool itself = ev->mask & (r->mask | MASK_GONE);
		s->want_scan |= itself;
		s->renamed |= itself;
		return; /* the directory itself */
	}
	if (!(ev->mask & r->mask))
		return;
	if (r->name && strcmp(r->name, ev->name) != 0 &&
	    fnmatch(r->name, ev->name, 0) != 0)
		return;
	if (!r->name && !source_wants(s, root ? "" : r->dir, ev->name))
		return;
	s->renamed |= (ev->mask & IN_MOVED_TO) != 0;
	bool changed = ev->mask & MASK_CHANGED;
	/* one that is being packed: its end is told by other events */
	if (!changed && source_is_packed(ev->name))
		return;
	int n = r->as ? snprintf(path, sizeof path, "%s", r->as)
		      : snprintf(
			    path, sizeof path, "%s/%s", root ? "" : r->dir, ev->name);
	bool cut = n < 0 || n >= (int)sizeof path;
	if (!cut && (ev->mask & IN_ATTRIB))
		try_again(s, path);
	if (!changed && !cut && is_open(s, path))
		s->want_look = true;
	else
		s->want_scan = true;
}

static void
mark(struct source_watch *w, const struct inotify_event *ev)
{
	if (ev->mask & IN_Q_OVERFLOW) { /* nobody knows what was lost */
		for (struct source *s = w->sources; s; s = s->next)
			s->want_scan = s->renamed = true;
		return;
	}
	for (size_t i = 0; i < w->nrows; i++) {
		if (w->row[i].wd == ev->wd)
			tell(&w->row[i], ev);
	}
	/* it has another name now, or none: the scan asks for what has its old one */
	if (ev->len == 0 && (ev->mask & (IN_IGNORED | IN_MOVE_SELF))) {
		for (size_t i = w->nrows; i > 0; i--) {
			if (w->row[i - 1].wd == ev->wd)
				source_watch_drop(w, i - 1);
		}
		if (ev->mask & IN_MOVE_SELF)
			(void)inotify_rm_watch(w->fd, ev->wd);
	}
}

void
source_watch_take(struct source_watch *w)
{
	char events[16 * 1024]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while (w->fd >= 0 && (n = read(w->fd, events, sizeof events)) > 0) {
		for (char *p = events; p < events + n;) {
			const struct inotify_event *ev = (const struct inotify_event *)
			    p;
			mark(w, ev);
			p += sizeof *ev + ev->len;
		}
	}
}
