/*
 * fuzz_pack.c - packed files and batches, damaged at will.
 *
 * Input: the kind (bits 0 and 1: by its first bytes, plain, gzip, zstd), where and how
 * one byte of a good batch is damaged, three chunk sizes, the bytes.
 */
#include "fuzz.h"
#include "app/sink.h"
#include "pack/pack.h"

#include <errno.h>

enum { OUT_MAX = 1 << 20, STEP = 4096 };

/* Unpacks to out, at most OUT_MAX bytes: 0, or what unpack_feed() answered. */
static int
unpack_all(enum pack_kind kind, struct slice in, struct fuzz_chunks c, struct buf *out)
{
	struct unpack *u = unpack_new(kind);
	char step[STEP];
	int rc = 0;

	fuzz_check(u != NULL, "no memory");
	while (rc == 0 && in.n > 0 && out->n < OUT_MAX) {
		struct slice chunk = { in.p, fuzz_chunk(&c, in.n) };
		size_t n, cap;
		in = slice_from(in, chunk.n);
		do {
			size_t before = chunk.n;
			cap = fuzz_chunk(&c, sizeof step);
			rc = unpack_feed(u, &chunk, step, cap, &n);
			fuzz_check(n <= cap && chunk.n <= before, "past its room");
			fuzz_check(
			    rc < 0 || n == cap || chunk.n < before || chunk.n == 0,
			    "no progress");
			(void)buf_add(out, (struct slice){ step, n });
		} while (rc == 0 && (chunk.n > 0 || n == cap) && out->n < OUT_MAX);
	}
	if (rc == 0 && out->n < OUT_MAX && !unpack_complete(u))
		rc = -ENODATA;
	fuzz_check(rc == 0 || rc == -EBADMSG || rc == -ENODATA, "unpack_feed: %d", rc);
	unpack_free(u);
	return rc;
}

static void
check_stream(unsigned flags, struct slice in, struct fuzz_chunks c)
{
	static const struct fuzz_chunks at_once = { { 0 }, 0 };
	static const enum pack_kind kinds[] = { PACK_PLAIN, PACK_PLAIN, PACK_GZIP,
		PACK_ZSTD };
	enum pack_kind kind = flags & 3 ? kinds[flags & 3] : pack_probe(in);
	struct buf whole, parts;

	buf_init(&whole, OUT_MAX + STEP);
	buf_init(&parts, OUT_MAX + STEP);
	int a = unpack_all(kind, in, at_once, &whole);
	int b = unpack_all(kind, in, c, &parts);
	size_t n = whole.n < parts.n ? whole.n : parts.n;
	bool bounded = whole.n >= OUT_MAX || parts.n >= OUT_MAX;
	/* libzstd compares what a frame says of its length with what came out only
	 * where it has the whole frame at once */
	bool length = kind == PACK_ZSTD && (a == -EBADMSG || b == -EBADMSG);
	fuzz_check(bounded || length || a == b, "whole %d, chunks %d", a, b);
	/* before a fault more or less of what was good may have come out */
	fuzz_check(a || b || bounded || whole.n == parts.n, "%zu and %zu bytes",
	    whole.n, parts.n);
	fuzz_check(slice_eq((struct slice){ whole.p, n }, (struct slice){ parts.p, n }),
	    "chunks unpack to something else");
	buf_clear(&whole);
	int rc = sink_gunzip(in, &whole);
	fuzz_check(rc == 0 || rc == -EBADMSG || rc == -E2BIG, "sink_gunzip: %d", rc);
	buf_free(&whole);
	buf_free(&parts);
}

/* A batch comes back as it was; with one byte damaged it comes back or is refused. */
static void
check_batch(struct slice in, unsigned where, unsigned how)
{
	static struct pack_zstd *z;
	struct buf packed, out;

	if (!z)
		z = pack_zstd_new();
	buf_init(&packed, OUT_MAX);
	buf_init(&out, OUT_MAX);
	int rc = pack_zstd(z, in, &packed);
	fuzz_check(rc == 0, "pack_zstd: %d", rc);
	rc = pack_unzstd(buf_slice(&packed), &out);
	fuzz_check(rc == 0 && slice_eq(buf_slice(&out), in), "pack_unzstd: %d", rc);
	packed.p[where % packed.n] ^= (char)how;
	for (int damaged = 0; damaged < 2; damaged++) {
		buf_clear(&out);
		rc = pack_unzstd(damaged ? buf_slice(&packed) : in, &out);
		fuzz_check(rc == 0 || rc == -EBADMSG || rc == -E2BIG,
		    "pack_unzstd of damaged bytes: %d", rc);
		fuzz_check(rc == 0 || out.n == 0, "refused, but %zu bytes", out.n);
	}
	buf_free(&packed);
	buf_free(&out);
}

void
fuzz_pack(struct slice in)
{
	unsigned flags = fuzz_byte(&in), where = fuzz_byte(&in), how = fuzz_byte(&in);
	struct fuzz_chunks chunks = fuzz_chunks_take(&in);

	check_stream(flags, in, chunks);
	check_batch(in, where, how);
}
