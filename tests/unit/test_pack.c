/*
 * test_pack.c - what zstd and zlib packed comes back in any chunks; damage is told.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "pack/pack.h"
#include "test_layers.h"

Suite *suite_pack(void);

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum { ROOM = 1 << 20, LINES = 400, PART_MAX = 40000 };

static struct buf plain, gz, zst;  /* LINES lines, and the same packed in parts */
static struct buf one_gz, one_zst; /* as one member, one frame with a checksum */

static struct buf *const all[] = { &plain, &gz, &zst, &one_gz, &one_zst };

static const struct {
	enum pack_kind kind;
	const struct buf *from;
} whole_streams[] = { { PACK_GZIP, &one_gz }, { PACK_ZSTD, &one_zst } };

static void
gzip(struct slice in, struct buf *out)
{
	z_stream z = { 0 };

	ck_assert_msg(
	    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK,
	    "deflateInit2");
	ck_assert_msg(buf_reserve(out, PART_MAX) == 0, "no room");
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = PART_MAX;
	ck_assert_msg(deflate(&z, Z_FINISH) == Z_STREAM_END, "deflate");
	out->n += z.total_out;
	(void)deflateEnd(&z);
}

/* With a checksum, as zstd(1) writes its files. */
static void
zstd(struct slice in, struct buf *out)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	ck_assert_msg(c && buf_reserve(out, PART_MAX) == 0, "no room");
	(void)ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	size_t n = ZSTD_compress2(c, out->p + out->n, PART_MAX, in.p, in.n);
	ck_assert_msg(!ZSTD_isError(n), "zstd: %s", ZSTD_getErrorName(n));
	out->n += n;
	(void)ZSTD_freeCCtx(c);
}

static void
setup(void)
{
	for (size_t i = 0; i < COUNT(all); i++)
		buf_init(all[i], ROOM);
	for (unsigned i = 0; i < LINES; i++)
		buf_printf(&plain, "b,%08x,user%u@example.com,smtp;550 %x\n",
		    i * 2654435761u, i, i * i * 40503u);
	gzip(buf_slice(&plain), &one_gz);
	zstd(buf_slice(&plain), &one_zst);
	for (size_t at = 0, part = 1; at < plain.n; at += part, part = part * 3 + 1) {
		struct slice s = slice_from(buf_slice(&plain), at);

		s.n = s.n < part ? s.n : part;
		gzip(s, &gz);
		zstd(s, &zst);
	}
	gzip(SLICE(""), &gz); /* an empty member, an empty frame */
	zstd(SLICE(""), &zst);
}

static void
teardown(void)
{
	for (size_t i = 0; i < COUNT(all); i++)
		buf_free(all[i]);
}

/* Unpacks in chunks of `chunk` bytes into pieces of `cap`: rc, and *complete. */
static int
unpack_all(enum pack_kind kind, struct slice in, size_t chunk, size_t cap,
    struct buf *out, bool *complete)
{
	struct unpack *u = unpack_new(kind);
	char *piece = malloc(cap);
	int rc = 0;

	while (in.n > 0 && rc == 0) {
		/* a copy of its own: ASan sees a byte too many read */
		size_t take = in.n < chunk ? in.n : chunk, n = cap;
		char *bytes = malloc(take);
		struct slice now = { bytes, take };

		memcpy(bytes, in.p, take);
		in = slice_from(in, take);
		while (rc == 0 && (now.n > 0 || n == cap)) {
			rc = unpack_feed(u, &now, piece, cap, &n);
			if (rc == 0 && buf_add(out, (struct slice){ piece, n }) < 0)
				rc = -E2BIG;
		}
		free(bytes);
	}
	*complete = unpack_complete(u);
	unpack_free(u);
	free(piece);
	return rc;
}

/* All of the text comes out, and rc after it. */
static void
expect(const char *name, enum pack_kind kind, struct slice in, size_t chunk, size_t cap,
    int want)
{
	struct buf out;
	bool complete;

	buf_init(&out, ROOM);
	int rc = unpack_all(kind, in, chunk, cap, &out, &complete);
	ck_assert_msg(rc == want && (complete || want < 0) &&
			  slice_eq(buf_slice(&out), buf_slice(&plain)),
	    "%s, by %zu into %zu: got %d, complete %d, %zu bytes, want %d, 1, these "
	    "%zu",
	    name, chunk, cap, rc, complete, out.n, want, plain.n);
	buf_free(&out);
}

START_TEST(a_stream_unpacks_in_any_chunks)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 61, 997, 4096, ROOM };
	static const size_t rooms[] = { 1, 5, 333, 65536 };
	const struct {
		const char *name;
		enum pack_kind kind;
		struct slice in;
	} cases[] = {
		{ "plain", PACK_PLAIN, buf_slice(&plain) },
		{ "gzip", PACK_GZIP, buf_slice(&one_gz) },
		{ "gzip, several members", PACK_GZIP, buf_slice(&gz) },
		{ "zstd", PACK_ZSTD, buf_slice(&one_zst) },
		{ "zstd, several frames", PACK_ZSTD, buf_slice(&zst) },
	};

	for (size_t i = 0; i < COUNT(cases) * COUNT(chunks) * COUNT(rooms); i++) {
		size_t k = i % COUNT(cases), c = i / COUNT(cases) % COUNT(chunks);
		size_t room = rooms[i / COUNT(cases) / COUNT(chunks)];

		expect(cases[k].name, cases[k].kind, cases[k].in, chunks[c], room, 0);
	}
}
END_TEST

/* What there is of it comes out, and it is no damage. */
START_TEST(a_cut_stream_is_not_complete)
{
	struct buf out;
	bool complete;

	buf_init(&out, ROOM);
	for (size_t k = 0; k < COUNT(whole_streams); k++) {
		const struct buf *from = whole_streams[k].from;
		enum pack_kind kind = whole_streams[k].kind;

		for (size_t n = 1; n < from->n;
		     n += n < 40 || n + 40 > from->n ? 1 : 7) {
			struct slice in = { from->p, n };

			buf_clear(&out);
			int rc = unpack_all(kind, in, 61, 333, &out, &complete);
			ck_assert_msg(
			    rc == 0 && !complete &&
				slice_starts(buf_slice(&plain), buf_slice(&out)),
			    "kind %d, %zu of %zu bytes: got %d, complete %d, want 0, 0 "
			    "and a beginning of the text",
			    kind, n, from->n, rc, complete);
		}
	}
	buf_free(&out);
}
END_TEST

/* Any bit of data or checksum: -EBADMSG, or an end that does not come. gzip's header
 * has bytes that say nothing (time, system). */
START_TEST(a_damaged_stream_is_told)
{
	struct buf out, bad;
	bool complete;

	buf_init(&out, ROOM);
	buf_init(&bad, ROOM);
	for (size_t k = 0; k < COUNT(whole_streams); k++) {
		const struct buf *from = whole_streams[k].from;
		enum pack_kind kind = whole_streams[k].kind;

		for (size_t at = 10; at < from->n; at += 11) {
			buf_clear(&bad);
			buf_clear(&out);
			buf_add(&bad, buf_slice(from));
			bad.p[at] ^= (char)(1 << at % 8);
			int rc = unpack_all(
			    kind, buf_slice(&bad), 997, 4096, &out, &complete);
			ck_assert_msg(rc == -EBADMSG || (rc == 0 && !complete),
			    "kind %d, byte %zu damaged: got %d, complete %d, want %d",
			    kind, at, rc, complete, -EBADMSG);
		}
	}
	buf_free(&out);
	buf_free(&bad);
}
END_TEST

START_TEST(what_follows_the_last_member)
{
	static const struct {
		const char *name;
		enum pack_kind kind;
		struct slice tail;
		int want;
	} cases[] = {
		{ "NUL padding after gzip", PACK_GZIP, SLICE("\0\0\0\0\0\0\0"), 0 },
		{ "text after gzip", PACK_GZIP, SLICE("text that is not packed"),
		    -EBADMSG },
		{ "text after zstd", PACK_ZSTD, SLICE("text that is not packed"),
		    -EBADMSG },
	};
	static const size_t chunks[] = { 1, 3, ROOM };
	struct buf in;

	buf_init(&in, ROOM);
	for (size_t i = 0; i < COUNT(cases) * COUNT(chunks); i++) {
		size_t k = i % COUNT(cases), chunk = chunks[i / COUNT(cases)];
		bool gzipped = cases[k].kind == PACK_GZIP;

		buf_clear(&in);
		buf_add(&in, buf_slice(gzipped ? &one_gz : &one_zst));
		buf_add(&in, cases[k].tail);
		expect(cases[k].name, cases[k].kind, buf_slice(&in), chunk, 4096,
		    cases[k].want);
	}
	buf_free(&in);
}
END_TEST

/* A reader that looks again before more has come. libzstd takes 16 empty looks in a row
 * for an error, so this asks less often. */
START_TEST(no_new_bytes_are_no_damage)
{
	enum pack_kind kind = whole_streams[_i].kind;
	struct unpack *u = unpack_new(kind);
	char out[4096];
	size_t n = 0;

	for (size_t at = 0; at < 3; at++) {
		struct slice in = { whole_streams[_i].from->p + at * 20, 20 };
		int rc = 0;

		for (int again = 0; again < 8 && rc == 0; again++) {
			rc = unpack_feed(u, &in, out, sizeof out, &n);
			ck_assert_msg(rc == 0,
			    "kind %d, asked %d times: got %d, want 0", kind, again + 1,
			    rc);
		}
		ck_assert_msg(in.n == 0, "kind %d: got %zu left, want 0", kind, in.n);
	}
	unpack_free(u);
	unpack_free(NULL);
}
END_TEST

START_TEST(pack_probe_knows_the_first_bytes)
{
	static const struct {
		struct slice in;
		enum pack_kind want;
	} cases[] = {
		{ SLICE(""), PACK_PLAIN },
		{ SLICE("\x1f"), PACK_PLAIN },
		{ SLICE("\x1f\x8b"), PACK_GZIP },
		{ SLICE("\x1f\x8b\x08\x00"), PACK_GZIP },
		{ SLICE("\x28\xb5\x2f"), PACK_PLAIN },
		{ SLICE("\x28\xb5\x2f\xfd"), PACK_ZSTD },
		{ SLICE("\xfd\x2f\xb5\x28"), PACK_PLAIN },
		{ SLICE("type"), PACK_PLAIN },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		enum pack_kind got = pack_probe(cases[i].in);

		ck_assert_msg(got == cases[i].want, "case %zu: got %d, want %d", i, got,
		    cases[i].want);
	}
}
END_TEST

Suite *
suite_pack(void)
{
	Suite *s = suite_create("pack");
	TCase *t = tcase_create("pack");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_stream_unpacks_in_any_chunks);
	tcase_add_test(t, a_cut_stream_is_not_complete);
	tcase_add_test(t, a_damaged_stream_is_told);
	tcase_add_test(t, what_follows_the_last_member);
	tcase_add_loop_test(t, no_new_bytes_are_no_damage, 0, COUNT(whole_streams));
	tcase_add_test(t, pack_probe_knows_the_first_bytes);
	pack_add_zstd_tests(s);
	suite_add_tcase(s, t);
	return s;
}
