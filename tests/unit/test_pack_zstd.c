/*
 * test_pack_zstd.c - batches packed and unpacked in one go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pack/pack.h"
#include "test_layers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum { ROOM = 1 << 20, LINES = 400 };

static struct pack_zstd *z;
static struct buf plain, whole; /* LINES lines, and the same packed */

static void
setup(void)
{
	z = pack_zstd_new();
	buf_init(&plain, ROOM);
	buf_init(&whole, ROOM);
	for (unsigned i = 0; i < LINES; i++)
		buf_printf(&plain, "b,%08x,user%u@example.com,smtp;550 %x\n",
		    i * 2654435761u, i, i * i * 40503u);
	int rc = pack_zstd(z, buf_slice(&plain), &whole);
	ck_assert_msg(rc == 0, "pack: got %d, want 0", rc);
}

static void
teardown(void)
{
	buf_free(&plain);
	buf_free(&whole);
	pack_zstd_free(z);
	pack_zstd_free(NULL);
}

START_TEST(what_is_packed_comes_back)
{
	struct buf packed, back;

	buf_init(&packed, ROOM);
	buf_init(&back, ROOM);
	for (size_t n = 0; n <= plain.n; n = n * 5 + 1) {
		struct slice in = { plain.p, n };

		buf_clear(&packed);
		buf_clear(&back);
		buf_add(&packed, SLICE("before"));
		buf_add(&back, SLICE("before"));
		int rc = pack_zstd(z, in, &packed);
		ck_assert_msg(
		    rc == 0 && slice_starts(buf_slice(&packed), SLICE("before")),
		    "pack %zu: got %d, want 0", n, rc);
		rc = pack_unzstd(slice_from(buf_slice(&packed), 6), &back);
		ck_assert_msg(rc == 0 && back.n == n + 6 &&
				  slice_eq(slice_from(buf_slice(&back), 6), in),
		    "unpack %zu: got %d, %zu bytes, want 0, %zu", n, rc, back.n, n + 6);
	}
	ck_assert_msg(whole.n * 2 < plain.n, "got %zu of %zu bytes, want under half",
	    whole.n, plain.n);
	buf_free(&packed);
	buf_free(&back);
}
END_TEST

START_TEST(a_packed_batch_cut_or_longer_is_damaged)
{
	static const char *const junk[] = { "", "{", "\x28\xb5\x2f\xfd",
		"\x1f\x8b\x08" };
	struct buf out;
	int rc;

	buf_init(&out, 2 * plain.n);
	for (size_t i = 0; i < COUNT(junk); i++) {
		rc = pack_unzstd(slice_of(junk[i]), &out);
		ck_assert_msg(rc == -EBADMSG && out.n == 0, "junk %zu: got %d, want %d",
		    i, rc, -EBADMSG);
	}
	for (size_t n = 0; n < whole.n; n++) {
		rc = pack_unzstd((struct slice){ whole.p, n }, &out);
		ck_assert_msg(rc == -EBADMSG && out.n == 0,
		    "%zu of %zu bytes: got %d, %zu bytes, want %d, 0", n, whole.n, rc,
		    out.n, -EBADMSG);
	}
	buf_add(&whole, SLICE("rest"));
	rc = pack_unzstd(buf_slice(&whole), &out);
	ck_assert_msg(rc == -EBADMSG && out.n == 0, "text after it: got %d, want %d",
	    rc, -EBADMSG);
	buf_free(&out);
}
END_TEST

/* These frames have no checksum of their own (the store keeps one beside them): a
 * flipped bit may go through, but never past the size that the frame tells. */
START_TEST(a_flipped_bit_is_told_or_changes_no_size)
{
	struct buf out;

	buf_init(&out, 2 * plain.n);
	for (size_t bit = 0; bit < whole.n * 8; bit += 3) {
		whole.p[bit / 8] ^= (char)(1 << bit % 8);
		int rc = pack_unzstd(buf_slice(&whole), &out);
		bool told = (rc == -EBADMSG || rc == -E2BIG) && out.n == 0;
		ck_assert_msg(told || (rc == 0 && out.n == plain.n),
		    "bit %zu: got %d, %zu bytes, want %d, 0", bit, rc, out.n, -EBADMSG);
		buf_clear(&out);
		whole.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	buf_free(&out);
}
END_TEST

START_TEST(the_cap_holds)
{
	struct buf out;
	int rc;

	for (size_t less = 0; less < 3; less++) {
		buf_init(&out, plain.n + 6 - less);
		buf_add(&out, SLICE("before"));
		rc = pack_unzstd(buf_slice(&whole), &out);
		ck_assert_msg(rc == (less ? -E2BIG : 0) &&
				  out.n == (less ? 0 : plain.n) + 6 &&
				  slice_starts(buf_slice(&out), SLICE("before")),
		    "%zu bytes too few: got %d, %zu bytes", less, rc, out.n);
		buf_free(&out);
	}
	buf_init(&out, 300);
	rc = pack_zstd(z, buf_slice(&plain), &out);
	ck_assert_msg(rc == -E2BIG && out.n == 0, "pack: got %d, %zu, want %d, 0", rc,
	    out.n, -E2BIG);
	buf_free(&out);
}
END_TEST

void
pack_add_zstd_tests(Suite *s)
{
	TCase *t = tcase_create("zstd");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_packed_comes_back);
	tcase_add_test(t, a_packed_batch_cut_or_longer_is_damaged);
	tcase_add_test(t, a_flipped_bit_is_told_or_changes_no_size);
	tcase_add_test(t, the_cap_holds);
	suite_add_tcase(s, t);
}
