/*
 * packed.c - a rotated file that was packed (.gz, .zst), read as the plain file that it
 * was: from its front only, so that a place is reached by unpacking all before it.
 *
 * Owns the unpacker and the last LIMIT_MARKER plain bytes that it gave. The fd is
 * borrowed. Damaged or cut data ends it: `whole` tells.
 */
#include "source/source_internal.h"
#include "pack/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_BYTES = 64 * 1024, HEAD_BYTES = 4 };

struct packed {
	int fd;
	struct unpack *unpack; /* NULL: not probed yet */
	struct slice rest;     /* of in, not unpacked yet */
	uint64_t taken;        /* bytes read from fd */
	uint64_t at;           /* plain bytes given */
	bool eof;              /* of fd */
	bool damaged;
	char tail[LIMIT_MARKER]; /* the plain bytes before `at` */
	size_t ntail;
	char in[IN_BYTES];
};

struct packed *
source_packed_new(int fd)
{
	struct packed *p = calloc(1, sizeof *p);

	if (p)
		p->fd = fd;
	return p;
}

void
source_packed_free(struct packed *p)
{
	if (!p)
		return;
	unpack_free(p->unpack);
	free(p);
}

uint64_t
source_packed_at(const struct packed *p)
{
	return p->at;
}

bool
source_packed_whole(const struct packed *p)
{
	return p->eof && !p->damaged && p->unpack && p->rest.n == 0 &&
	       unpack_complete(p->unpack);
}

struct slice
source_packed_tail(const struct packed *p)
{
	return (struct slice){ p->tail, p->ntail };
}

static int
fill(struct packed *p)
{
	ssize_t n;

	if (p->rest.n > 0 && p->rest.p != p->in)
		memmove(p->in, p->rest.p, p->rest.n);
	p->rest.p = p->in;
	do {
		n = pread(p->fd, p->in + p->rest.n, sizeof p->in - p->rest.n,
		    (off_t)p->taken);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	p->eof = n == 0;
	p->rest.n += (size_t)n;
	p->taken += (uint64_t)n;
	return 0;
}

/* The unpacker by the first bytes; a file that is not packed in spite of its name is
 * damaged. */
static int
begin(struct packed *p)
{
	int rc = 0;

	while (rc == 0 && p->rest.n < HEAD_BYTES && !p->eof)
		rc = fill(p);
	if (rc < 0)
		return rc;
	enum pack_kind kind = pack_probe(p->rest);
	p->damaged = kind == PACK_PLAIN;
	p->unpack = unpack_new(kind);
	return p->unpack ? 0 : -ENOMEM;
}

static void
keep_tail(struct packed *p, const char *bytes, size_t n)
{
	size_t keep = n < LIMIT_MARKER ? LIMIT_MARKER - n : 0;

	if (keep > p->ntail)
		keep = p->ntail;
	if (n > LIMIT_MARKER) {
		bytes += n - LIMIT_MARKER;
		n = LIMIT_MARKER;
	}
	memmove(p->tail, p->tail + p->ntail - keep, keep);
	memcpy(p->tail + keep, bytes, n);
	p->ntail = keep + n;
}

ssize_t
source_packed_read(struct packed *p, char *out, size_t cap)
{
	size_t n = 0;
	int rc;

	if (!p->unpack && (rc = begin(p)) < 0)
		return rc;
	while (n == 0 && !p->damaged) {
		if (unpack_feed(p->unpack, &p->rest, out, cap, &n) < 0) {
			p->damaged = true; /* what came before is good */
			break;
		}
		if (n > 0 || (p->eof && p->rest.n == 0))
			break;
		if ((rc = fill(p)) < 0)
			return rc;
		/* the end came in mid-stream: the unpacker wants more than there is */
		if (p->eof && !unpack_complete(p->unpack) && p->rest.n == 0)
			break;
	}
	p->at += n;
	keep_tail(p, out, n);
	return (ssize_t)n;
}
