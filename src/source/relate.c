/*
 * relate.c - what the bytes of a file on disk say of it and a file that is known.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The file may have left its name since the list was made, and another one have taken
 * it (a rotation): nothing that is there now says anything of the candidate, the next
 * scan sorts it out. */
int
source_open_candidate(struct source *s, struct candidate *c)
{
	struct stat st;
	int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		return fd;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == c->st.st_dev &&
	    st.st_ino == c->st.st_ino)
		return fd;
	if (fd >= 0)
		close(fd);
	c->wait = s->want_scan = s->renamed = true;
	return -1;
}

/* What the bytes of the candidate are to those that are known of f, which has a key. */
enum relation
source_relation_of(int fd, const struct candidate *c, const struct file_key *key,
    const struct source_file *f)
{
	if (memcmp(key->b, f->key.b, sizeof key->b) != 0)
		return UNRELATED;
	if ((uint64_t)c->st.st_size < f->offset)
		return SHORTER;
	if (f->offset == 0)
		return CONTINUES;
	int rc = source_marker_agrees(fd, f->offset, &f->marker);
	return rc < 0 ? DARK : rc == 1 ? CONTINUES : UNRELATED;
}

static int
open_known(struct source *s, const struct source_file *f)
{
	struct stat st;
	int fd = f->fd >= 0
		     ? dup(f->fd)
		     : open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		return fd;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == f->dev &&
	    st.st_ino == f->ino)
		return fd;
	if (fd >= 0)
		close(fd);
	s->want_scan = s->renamed = true;
	return -1;
}

enum copy {
	NO_COPY,     /* another file that began with the same record */
	COPY,        /* ... or it was truncated since it was looked at: the next scan
			knows better */
	LONGER_COPY, /* made later, of more */
};

static enum copy
copy_of(
    struct source *s, int fd, const struct candidate *c, const struct source_file *f)
{
	struct stat st;
	int other = f->packed ? -1 : open_known(s, f);
	enum copy is = COPY;

	if (other >= 0 && fstat(other, &st) == 0) {
		bool longer = c->st.st_size > st.st_size;
		off_t n = longer ? st.st_size : c->st.st_size;
		int same = source_same_tail(fd, other, (uint64_t)n);
		if (same == 0 && source_holds(s, other, f))
			is = NO_COPY;
		else if (same == 1 && longer)
			is = LONGER_COPY;
	}
	if (other >= 0)
		close(other);
	return is;
}

enum fit
source_fit_of(
    struct source *s, int fd, const struct candidate *c, const struct source_file *f)
{
	enum relation r = source_relation_of(fd, c, &c->key, f);

	if (r == UNRELATED || (c->live && f->present))
		return OTHER;
	if (!source_in_sight(f))
		return r == CONTINUES            ? GOES_ON
		       : r == SHORTER && c->live ? OTHER
						 : LATER;
	enum copy is = copy_of(s, fd, c, f);
	if (is == LONGER_COPY && r == CONTINUES && f->present && !f->live)
		return GOES_ON;
	return is == NO_COPY ? OTHER : ITS_COPY;
}

/* What was not read yet has no key from reading; a copy of it may be here already, or
 * take its place before it is read. */
void
source_learn_keys(struct source *s)
{
	for (struct source_file *f = s->files; f; f = f->next) {
		if (f->has_key || f->ignored || f->packed || !source_in_sight(f) ||
		    f->size <= f->read || (f->fd < 0 && f->size == f->seen))
			continue;
		int fd = open_known(s, f);
		if (fd < 0)
			continue;
		f->has_key = source_key_of(s, fd, 0, &f->key) == 1;
		f->dirty |= f->has_key;
		close(fd);
	}
}
