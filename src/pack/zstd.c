/*
 * zstd.c - batches of events packed and unpacked in one go.
 *
 * Level 1: batches of JSON with repeated keys shrink about tenfold, and time counts
 * more than the last tenth of the size. The size of the content is in the frame, so
 * that unpacking allocates once and knows its bound before it starts.
 */
#include "pack/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

enum { LEVEL = 1 };

struct pack_zstd {
	ZSTD_CCtx *ctx;
};

struct pack_zstd *
pack_zstd_new(void)
{
	struct pack_zstd *z = calloc(1, sizeof *z);

	if (z && !(z->ctx = ZSTD_createCCtx())) {
		free(z);
		return NULL;
	}
	return z;
}

void
pack_zstd_free(struct pack_zstd *z)
{
	if (!z)
		return;
	(void)ZSTD_freeCCtx(z->ctx);
	free(z);
}

int
pack_zstd(struct pack_zstd *z, struct slice in, struct buf *out)
{
	size_t bound = ZSTD_compressBound(in.n);
	int rc = buf_reserve(out, bound);

	if (rc < 0)
		return rc;
	size_t n = ZSTD_compressCCtx(z->ctx, out->p + out->n, bound, in.p, in.n, LEVEL);
	if (ZSTD_isError(n))
		return -EIO;
	out->n += n;
	return 0;
}

int
pack_unzstd(struct slice in, struct buf *out)
{
	unsigned long long size = ZSTD_getFrameContentSize(in.p, in.n);
	int rc;

	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
		return -EBADMSG;
	if (size > out->max)
		return -E2BIG;
	if ((rc = buf_reserve(out, size ? (size_t)size : 1)) < 0)
		return rc;
	size_t n = ZSTD_decompress(out->p + out->n, (size_t)size, in.p, in.n);
	if (ZSTD_isError(n) || n != size)
		return -EBADMSG;
	out->n += n;
	return 0;
}
