/*
 * identity.c - is this the file that we know? Its key from the first bytes, its marker
 * from the bytes before the offset.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEAD_FIRST = 16 * 1024
}; /* bytes tried first: two records are shorter as a rule */

/* Up to cap bytes from `at` on; short only at the end of the file. */
static ssize_t
read_at(int fd, char *p, size_t cap, uint64_t at)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = pread(fd, p + n, cap - n, (off_t)(at + n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

int
source_key_of(struct source *s, int fd, uint64_t taken, struct file_key *out)
{
	int rc = 0;

	for (size_t cap = HEAD_FIRST; cap <= SOURCE_HEAD_MAX && rc == 0; cap *= 16) {
		char *p = malloc(cap);
		if (!p)
			return -ENOMEM;
		/* a last record without a line end may have been taken, too */
		bool last = taken > 0 && taken <= cap;
		ssize_t n = read_at(fd, p, last ? (size_t)taken : cap, 0);
		rc = n < 0 ? (int)n
			   : s->o.key(s->o.key_arg, (struct slice){ p, (size_t)n },
				 last && (uint64_t)n == taken, out);
		free(p);
		if (n >= 0 && (size_t)n < cap)
			break; /* that was all of it */
	}
	return rc;
}

/* The bytes before the offset that the marker is made of: 1, 0: not that many, -errno.
 */
static int
read_tail(int fd, uint64_t offset, char p[LIMIT_MARKER], size_t *n)
{
	*n = offset < LIMIT_MARKER ? (size_t)offset : LIMIT_MARKER;
	ssize_t got = read_at(fd, p, *n, offset - *n);
	return got < 0 ? (int)got : got == (ssize_t)*n;
}

static bool
has_marker(struct slice tail, const struct hash128 *marker)
{
	struct hash128 h = hash_of(tail);

	return !memcmp(h.b, marker->b, sizeof h.b);
}

int
source_marker_agrees(int fd, uint64_t offset, const struct hash128 *marker)
{
	char p[LIMIT_MARKER];
	size_t n;
	int rc = read_tail(fd, offset, p, &n);

	return rc == 1 ? has_marker((struct slice){ p, n }, marker) : rc;
}

int
source_same_tail(int fd, int other, uint64_t offset)
{
	char p[LIMIT_MARKER], q[LIMIT_MARKER];
	size_t n, m;
	int rc = read_tail(fd, offset, p, &n);

	if (rc == 1)
		rc = read_tail(other, offset, q, &m);
	return rc == 1 ? n == m && !memcmp(p, q, n) : rc;
}

void
source_tail_move(struct source_file *f, struct slice bytes)
{
	if (bytes.n > LIMIT_MARKER)
		bytes = slice_from(bytes, bytes.n - LIMIT_MARKER);
	size_t keep = LIMIT_MARKER - bytes.n < f->tail_n ? LIMIT_MARKER - bytes.n
							 : f->tail_n;
	memmove(f->tail, f->tail + f->tail_n - keep, keep);
	memcpy(f->tail + keep, bytes.p, bytes.n);
	f->tail_n = keep + bytes.n;
}

int
source_tail_stands(const struct source_file *f)
{
	char p[LIMIT_MARKER];
	ssize_t n = read_at(f->fd, p, f->tail_n, f->read - f->tail_n);

	if (n < 0)
		return (int)n;
	return (size_t)n == f->tail_n && !memcmp(p, f->tail, f->tail_n);
}

bool
source_holds(struct source *s, int fd, const struct source_file *f)
{
	struct file_key key;

	if (f->offset > 0)
		return source_marker_agrees(fd, f->offset, &f->marker) != 0;
	if (!f->has_key)
		return true;
	/* not read yet, but the scan may have learnt its key */
	int rc = source_key_of(s, fd, 0, &key);
	return rc < 0 || (rc == 1 && !memcmp(key.b, f->key.b, sizeof key.b));
}

struct slice
source_tail(
    struct source *s, struct source_file *f, char out[LIMIT_MARKER], bool *agrees)
{
	struct slice tail = { out, 0 };

	f->tail_error = 0;
	if (f->packed) {
		tail = source_packed_tail(f->unpack);
		*agrees = f->offset == 0 || has_marker(tail, &f->marker);
		return tail;
	}
	int rc = read_tail(f->fd, f->offset, out, &tail.n);
	f->tail_error = rc < 0 ? -rc : 0;
	*agrees = rc == 1 && (f->offset > 0 ? has_marker(tail, &f->marker)
					    : source_holds(s, f->fd, f));
	f->tail_n = 0;
	if (*agrees)
		source_tail_move(f, tail);
	return tail;
}
