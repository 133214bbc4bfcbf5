/*
 * unpack.c - a packed file as a stream of plain bytes: gzip by zlib, zstd by libzstd.
 *
 * Several members or frames in a row are one stream, as gzip(1) and zstd(1) have it.
 * Memory: zlib's 32 KiB window, zstd's window at most 128 MiB (its default limit).
 */
#include "pack/pack.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct unpack {
	enum pack_kind kind;
	bool whole; /* the last member or frame has ended */
	z_stream z;
	ZSTD_DStream *zstd;
};

enum pack_kind
pack_probe(struct slice head)
{
	if (slice_starts(head, SLICE("\x1f\x8b")))
		return PACK_GZIP;
	if (slice_starts(head, SLICE("\x28\xb5\x2f\xfd")))
		return PACK_ZSTD;
	return PACK_PLAIN;
}

struct unpack *
unpack_new(enum pack_kind kind)
{
	struct unpack *u = calloc(1, sizeof *u);

	if (!u)
		return NULL;
	u->kind = kind;
	u->whole = true;
	if (kind == PACK_GZIP && inflateInit2(&u->z, 15 + 16) != Z_OK)
		goto fail;
	if (kind == PACK_ZSTD && !(u->zstd = ZSTD_createDStream()))
		goto fail;
	return u;
fail:
	free(u);
	return NULL;
}

void
unpack_free(struct unpack *u)
{
	if (!u)
		return;
	if (u->kind == PACK_GZIP)
		(void)inflateEnd(&u->z);
	if (u->kind == PACK_ZSTD)
		(void)ZSTD_freeDStream(u->zstd);
	free(u);
}

static int
feed_plain(struct slice *in, char *out, size_t cap, size_t *n_out)
{
	size_t n = in->n < cap ? in->n : cap;

	memcpy(out, in->p, n);
	*in = slice_from(*in, n);
	*n_out = n;
	return 0;
}

static int
feed_gzip(struct unpack *u, struct slice *in, char *out, size_t cap, size_t *n_out)
{
	if (u->whole) {
		/* a further member; NUL padding after the last is no error to gzip(1)
		 */
		while (in->n > 0 && in->p[0] == '\0')
			*in = slice_from(*in, 1);
		if (in->n == 0)
			return 0;
		if (inflateReset(&u->z) != Z_OK)
			return -EBADMSG;
		u->whole = false;
	}
	size_t take = in->n < INT_MAX ? in->n : INT_MAX;
	u->z.next_in = (Bytef *)(uintptr_t)in->p; /* zlib does not write there */
	u->z.avail_in = (uInt)take;
	u->z.next_out = (Bytef *)out;
	u->z.avail_out = (uInt)(cap < INT_MAX ? cap : INT_MAX);
	uInt room = u->z.avail_out;
	int rc = inflate(&u->z, Z_NO_FLUSH);
	*n_out = room - u->z.avail_out;
	*in = slice_from(*in, take - u->z.avail_in);
	if (rc == Z_STREAM_END)
		u->whole = true;
	else if (rc != Z_OK && rc != Z_BUF_ERROR)
		return -EBADMSG;
	return 0;
}

static int
feed_zstd(struct unpack *u, struct slice *in, char *out, size_t cap, size_t *n_out)
{
	ZSTD_inBuffer from = { in->p, in->n, 0 };
	ZSTD_outBuffer to = { out, cap, 0 };
	size_t rc = ZSTD_decompressStream(u->zstd, &to, &from);

	if (ZSTD_isError(rc))
		return -EBADMSG;
	u->whole = rc == 0;
	*n_out = to.pos;
	*in = slice_from(*in, from.pos);
	return 0;
}

int
unpack_feed(struct unpack *u, struct slice *in, char *out, size_t cap, size_t *n_out)
{
	*n_out = 0;
	if (in->n == 0 && u->kind == PACK_PLAIN)
		return 0;
	if (in->n == 0 && u->whole)
		return 0;
	if (u->kind == PACK_GZIP)
		return feed_gzip(u, in, out, cap, n_out);
	if (u->kind == PACK_ZSTD)
		return feed_zstd(u, in, out, cap, n_out);
	return feed_plain(in, out, cap, n_out);
}

bool
unpack_complete(const struct unpack *u)
{
	return u->whole;
}
