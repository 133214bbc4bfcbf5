/*
 * seen.c - what is at a path now, and paths that cannot be looked at: a file that is
 * known is not gone then, and its source is looked over again soon, less often each
 * time.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
source_unseen(const struct source *s, const char **path_out)
{
	if (s->unseen)
		*path_out = s->unseen_at;
	return s->unseen;
}

void
source_list_begin(struct source *s)
{
	for (struct source_file *f = s->files; f && s->nunseen > 0; f = f->next)
		f->look_error = 0;
	s->unseen_scans = s->nunseen > 0 ? s->unseen_scans + 1 : 0;
	s->nunseen = 0;
	s->unseen = 0;
	s->unseen_ms = 0;
	s->list_began_ms = source_clock_ms();
	source_watch_begin(s);
}

void
source_list_end(struct source *s)
{
	source_watch_end(s);
	s->list_ms = source_clock_ms() - s->list_began_ms;
}

void
source_list_unseen(struct source *s, struct source_file *f, const char *path, int error)
{
	s->nunseen++;
	s->unseen_ms = s->now_ms + source_backoff_ms(s->unseen_scans + 1);
	if (f) {
		f->look_error = error;
	} else if (s->unseen == 0) {
		s->unseen = error;
		(void)snprintf(s->unseen_at, sizeof s->unseen_at, "%s", path);
	}
}

/* A link's target is watched before it is looked at. */
static int
look_up(struct source *s, const char *path, struct stat *st)
{
	if (lstat(path, st) < 0)
		return -errno;
	if (!S_ISLNK(st->st_mode))
		return 0;
	source_watch_link(s, path);
	return stat(path, st) < 0 ? -errno : 0;
}

/* A known file that cannot be looked at now (EIO, ESTALE, EACCES) is not gone: it is
 * taken to be as it was. */
static bool
as_known(struct source *s, const char *path, int error, struct stat *st)
{
	struct source_file *f = s->files;

	while (f && (!f->path || strcmp(f->path, path) != 0 || f->ignored))
		f = f->next;
	source_list_unseen(s, f, path, error);
	if (!f || !f->present)
		return false;
	*st = (struct stat){ .st_mode = S_IFREG, .st_size = (off_t)f->on_disk };
	st->st_dev = f->dev;
	st->st_ino = f->ino;
	st->st_mtim.tv_sec = f->mtime_ns / 1000000000;
	st->st_mtim.tv_nsec = f->mtime_ns % 1000000000;
	return true;
}

bool
source_look_up(struct source *s, const char *path, struct stat *st)
{
	int error = -look_up(s, path, st);

	if (error == ENOENT || error == ENOTDIR)
		return false;
	return error == 0 || as_known(s, path, error, st);
}
