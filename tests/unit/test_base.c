/*
 * test_base.c - slices, buffers, hashes, hex, times, zones, UTF-8.
 *
 * Known values come from other programs: hashes from Python's xxhash (as xxhsum prints
 * them) and hashlib, times and zones from Python's datetime and zoneinfo.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "test_layers.h"

Suite *suite_base(void);

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define S(s)         (int)(s).n, (s).n ? (s).p : ""

static void
is_slice(const char *name, struct slice got, const char *want)
{
	ck_assert_msg(slice_eq(got, slice_of(want)), "%s: got \"%.*s\", want \"%s\"",
	    name, S(got), want);
}

static void
is_number(const char *name, int64_t got, int64_t want)
{
	ck_assert_msg(got == want, "%s: got %lld, want %lld", name, (long long)got,
	    (long long)want);
}

START_TEST(slices_compare_and_cut)
{
	static const struct slice none = { 0 };
	struct slice s = SLICE("a.b.c");

	is_slice("slice_of(NULL)", slice_of(NULL), "");
	is_number("equal", slice_eq(s, SLICE("a.b.c")), true);
	is_number("a prefix is not equal", slice_eq(s, SLICE("a.b")), false);
	is_number("nothing equals nothing", slice_eq(none, SLICE("")), true);
	is_number("case counts", slice_eq(SLICE("A"), SLICE("a")), false);
	is_number("case folded", slice_ieq(SLICE("Ab[Z"), SLICE("aB[z")), true);
	is_number("only letters fold", slice_ieq(SLICE("["), SLICE("{")), false);
	is_number("only ASCII folds", slice_ieq(SLICE("\xc4"), SLICE("\xe4")), false);
	is_number("longer is not equal", slice_ieq(SLICE("ab"), SLICE("a")), false);
	is_number("starts", slice_starts(s, SLICE("a.")), true);
	is_number("starts with nothing", slice_starts(none, none), true);
	is_number("shorter than the prefix", slice_starts(SLICE("a"), s), false);
	is_number("starts, folded", slice_istarts(SLICE("RCPT TO"), SLICE("rcpt")), 1);
	is_number("not, folded", slice_istarts(SLICE("RC"), SLICE("rcpt")), false);
	is_slice("trim", slice_trim(SLICE(" \t\r\na b\r\n \t")), "a b");
	is_slice("trim of blanks", slice_trim(SLICE(" \t ")), "");
	is_slice("a form feed stays", slice_trim(SLICE("\fa ")), "\fa");
	is_slice("from", slice_from(s, 2), "b.c");
	is_slice("from its end", slice_from(s, 5), "");
	is_slice("from past its end", slice_from(s, SIZE_MAX), "");
	is_number("find", (int64_t)slice_find(s, '.'), 1);
	is_number("find nothing", (int64_t)slice_find(s, '-'), 5);
	is_number("find in nothing", (int64_t)slice_find(none, '.'), 0);
	is_number("rfind", (int64_t)slice_rfind(s, '.'), 3);
	is_number("rfind nothing", (int64_t)slice_rfind(s, '-'), 5);
	is_number("rfind in nothing", (int64_t)slice_rfind(none, '.'), 0);
}
END_TEST

START_TEST(slice_u64_takes_digits_that_fit)
{
	static const struct {
		const char *in;
		bool ok;
		uint64_t want;
	} cases[] = {
		{ "0", true, 0 },
		{ "007", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "184467440737095516150", false, 0 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.5", false, 0 },
		{ "0x1", false, 0 },
		{ "\xd9\xa1", false, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t got = 42, want = cases[i].ok ? cases[i].want : 42;
		bool ok = slice_u64(slice_of(cases[i].in), &got);

		ck_assert_msg(ok == cases[i].ok && got == want,
		    "slice_u64(\"%s\"): got %d, %llu, want %d, %llu", cases[i].in, ok,
		    (unsigned long long)got, cases[i].ok, (unsigned long long)want);
	}
}
END_TEST

/* Caps below, at and above what a buffer takes at first. */
static const size_t caps[] = { 1, 10, 255, 256, 257, 300, 1000, 5000 };

START_TEST(a_buf_takes_its_cap_and_no_byte_more)
{
	char text[5001];
	size_t max = caps[_i];
	struct buf b;

	memset(text, 'x', sizeof text);
	buf_init(&b, max);
	is_number("to the cap", buf_add(&b, (struct slice){ text, max }), 0);
	is_number("not failed", b.failed, false);
	int rc = buf_addc(&b, 'y');
	ck_assert_msg(rc == -E2BIG && b.n == max && b.failed,
	    "one over a cap of %zu: got %d, %zu bytes, failed %d, want %d, %zu, 1", max,
	    rc, b.n, b.failed, -E2BIG, max);
	buf_clear(&b);
	rc = buf_add(&b, (struct slice){ text, max + 1 });
	ck_assert_msg(rc == -E2BIG && b.n == 0 && b.failed,
	    "all at once over a cap of %zu: got %d, %zu bytes, failed %d, want %d, 0, "
	    "1",
	    max, rc, b.n, b.failed, -E2BIG);
	buf_free(&b);
}
END_TEST

START_TEST(a_failed_add_leaves_the_content)
{
	struct buf b;

	buf_init(&b, 1000);
	is_number("add", buf_add(&b, SLICE("abc")), 0);
	is_number("add nothing", buf_add(&b, (struct slice){ 0 }), 0);
	is_number("too much", buf_printf(&b, "%01000d", 7), -E2BIG);
	is_number("huge", buf_reserve(&b, SIZE_MAX), -E2BIG);
	is_number("failed", b.failed, true);
	is_slice("content", buf_slice(&b), "abc");
	is_number("later adds work", buf_printf(&b, "%d%s", -5, "xyz"), 0);
	is_slice("appended", buf_slice(&b), "abc-5xyz");
	is_number("failed stays", b.failed, true);
	buf_drop(&b, 3);
	is_slice("dropped", buf_slice(&b), "-5xyz");
	buf_drop(&b, 99);
	is_slice("all dropped", buf_slice(&b), "");
	buf_clear(&b);
	is_number("clear forgives", b.failed, false);
	buf_free(&b);
	buf_free(&b);
	buf_free(NULL);
	is_number("empty after free", b.p == NULL && b.n == 0 && b.cap == 0, true);
	is_number("usable after free", buf_addc(&b, 'a'), 0);
	buf_free(&b);
}
END_TEST

START_TEST(an_error_text_is_cut_to_fit)
{
	char text[LIMIT_ERR_TEXT + 50];
	struct err e;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	is_number("without an err", err_set(NULL, -ENOENT, "%s", text), -ENOENT);
	is_number("rc", err_set(&e, -EIO, "a %d", 5), -EIO);
	is_number("code", e.code, -EIO);
	is_slice("text", slice_of(e.text), "a 5");
	(void)err_set(&e, -EIO, "%s", text);
	is_number("cut", (int64_t)strlen(e.text), LIMIT_ERR_TEXT - 1);
}
END_TEST

/* python3: xxhash.xxh3_128_hexdigest(s), xxhash.xxh3_64_hexdigest(s) */
START_TEST(hashes_are_those_of_xxhsum)
{
	char x300[300], bytes[1024], got[32];
	struct hash_state *h = hash_new();
	const struct {
		const char *name;
		struct slice in;
		const char *want;
		uint64_t want64;
	} cases[] = {
		{ "nothing", SLICE(""), "99aa06d3014798d86001c324468d497f",
		    0x2d06800538d394c2 },
		{ "a", SLICE("a"), "a96faf705af16834e6c632b61e964e1f",
		    0xe6c632b61e964e1f },
		{ "abc", SLICE("abc"), "06b05ab6733a618578af5f94892f3950",
		    0x78af5f94892f3950 },
		{ "300 x", { x300, sizeof x300 }, "125237ea2ad7bc7aa5d1b4607dc83554",
		    0xa5d1b4607dc83554 },
		{ "0 to 255 four times", { bytes, sizeof bytes },
		    "83885e853bb6640ca870f92984398d22", 0xa870f92984398d22 },
	};

	memset(x300, 'x', sizeof x300);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice in = cases[i].in;
		struct hash128 v = hash_of(in);

		hex_write(v.b, 16, got);
		is_slice(cases[i].name, (struct slice){ got, 32 }, cases[i].want);
		is_number(
		    cases[i].name, (int64_t)hash64_of(in), (int64_t)cases[i].want64);
		hash_reset(h);
		for (size_t k = 0; k < in.n; k++)
			hash_add(h, in.p + k, 1);
		v = hash_end(h);
		hex_write(v.b, 16, got);
		is_slice("a byte at a time", (struct slice){ got, 32 }, cases[i].want);
	}
	hash_free(h);
	hash_free(NULL);
}
END_TEST

/* printf %s%s a b | sha256sum */
START_TEST(a_file_key_is_a_sha256_of_both_parts)
{
	static const struct {
		struct slice a, b;
		const char *want;
	} cases[] = {
		{ { 0 }, { 0 },
		    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"
		    "5" },
		{ { "abc", 3 }, { 0 },
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"
		    "d" },
		{ { "ab", 2 }, { "c", 1 },
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"
		    "d" },
		{ { "type,timeLogged\n", 16 }, { "b,2019", 6 },
		    "7ea5be5a954d7dabfedc4ba8c43c77e74427829eafda9e2f4ddc32d55821def"
		    "2" },
	};
	struct file_key key;
	char got[64];

	for (size_t i = 0; i < COUNT(cases); i++) {
		is_number("rc", hash_file_key(cases[i].a, cases[i].b, &key), 0);
		hex_write(key.b, sizeof key.b, got);
		is_slice("key", (struct slice){ got, 64 }, cases[i].want);
	}
}
END_TEST

START_TEST(hex_is_two_lower_case_digits_a_byte)
{
	static const uint8_t bytes[] = { 0x00, 0x09, 0x0a, 0xa0, 0xff, 0x7e };
	char out[] = "--------------";

	hex_write(bytes, sizeof bytes, out);
	is_slice("hex", slice_of(out), "00090aa0ff7e--");
	hex_write(bytes, 0, out);
	is_slice("no byte", slice_of(out), "00090aa0ff7e--");
}
END_TEST

/* Unicode, table 3-7: well-formed sequences, byte by byte. */
static const struct {
	size_t n;
	unsigned char low[4], high[4];
} well_formed[] = {
	{ 1, { 0x00 }, { 0x7f } },
	{ 2, { 0xc2, 0x80 }, { 0xdf, 0xbf } },
	{ 3, { 0xe0, 0xa0, 0x80 }, { 0xe0, 0xbf, 0xbf } },
	{ 3, { 0xe1, 0x80, 0x80 }, { 0xec, 0xbf, 0xbf } },
	{ 3, { 0xed, 0x80, 0x80 }, { 0xed, 0x9f, 0xbf } },
	{ 3, { 0xee, 0x80, 0x80 }, { 0xef, 0xbf, 0xbf } },
	{ 4, { 0xf0, 0x90, 0x80, 0x80 }, { 0xf0, 0xbf, 0xbf, 0xbf } },
	{ 4, { 0xf1, 0x80, 0x80, 0x80 }, { 0xf3, 0xbf, 0xbf, 0xbf } },
	{ 4, { 0xf4, 0x80, 0x80, 0x80 }, { 0xf4, 0x8f, 0xbf, 0xbf } },
};

/* The longest beginning of s that also begins a row; all of the row: valid. */
static bool
wanted(const unsigned char *s, size_t n, size_t *want)
{
	*want = 1;
	for (size_t r = 0; r < COUNT(well_formed); r++) {
		size_t k = 0;

		while (k < n && k < well_formed[r].n && s[k] >= well_formed[r].low[k] &&
		       s[k] <= well_formed[r].high[k])
			k++;
		*want = k > *want ? k : *want;
		if (k == well_formed[r].n)
			return true;
	}
	return false;
}

/* All sequences of one to four bytes around each bound of the table. */
START_TEST(utf8_next_is_table_3_7)
{
	static const unsigned char edge[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
		0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
		0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff };
	size_t total = COUNT(edge);

	for (size_t length = 1; length <= 4; length++, total *= COUNT(edge)) {
		for (size_t code = 0; code < total; code++) {
			char *s = malloc(length); /* ASan sees a byte too many read */
			size_t want, got = 0, rest = code;

			for (size_t k = 0; k < length; k++, rest /= COUNT(edge))
				s[k] = (char)edge[rest % COUNT(edge)];
			bool valid = wanted((unsigned char *)s, length, &want);
			bool ok = utf8_next((struct slice){ s, length }, &got);
			if (ok != valid || got != want)
				ck_abort_msg("%02x %02x.. of %zu bytes (case %zu): got "
					     "%d, %zu, want %d, %zu",
				    s[0] & 255, length > 1 ? s[1] & 255 : 0, length,
				    code, ok, got, valid, want);
			free(s);
		}
	}
}
END_TEST

Suite *
suite_base(void)
{
	Suite *s = suite_create("base");
	TCase *t = tcase_create("base");

	tcase_add_test(t, slices_compare_and_cut);
	tcase_add_test(t, slice_u64_takes_digits_that_fit);
	tcase_add_loop_test(t, a_buf_takes_its_cap_and_no_byte_more, 0, COUNT(caps));
	tcase_add_test(t, a_failed_add_leaves_the_content);
	tcase_add_test(t, an_error_text_is_cut_to_fit);
	tcase_add_test(t, hashes_are_those_of_xxhsum);
	tcase_add_test(t, a_file_key_is_a_sha256_of_both_parts);
	tcase_add_test(t, hex_is_two_lower_case_digits_a_byte);
	tcase_add_test(t, utf8_next_is_table_3_7);
	base_add_time_tests(t);
	suite_add_tcase(s, t);
	return s;
}
