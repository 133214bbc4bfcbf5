/*
 * test_frame_edge.c - framing beside the table: random input in random pieces, bounded
 * memory, reset, refusal by the caller, what leads a file.
 */
#include "test_frame.h"

#include <string.h>

#include "test_layers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum { ROOM = 1 << 16, ROUNDS = 20000, LENGTH = 40, PIECES = 8, SHORT = 12 };

static uint32_t seed;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * n) >> 32);
}

/* Any text of the bytes that matter: pieces give what the whole gives. */
START_TEST(random_input_in_random_pieces)
{
	static const char letters[] = "aa,,\"\"\"\n\n\r";
	const size_t all[] = { ROOM, 0 };
	size_t piece[PIECES + 1] = { 0 };
	struct buf want, got;
	char text[LENGTH];

	seed = 20240601;
	buf_init(&want, ROOM);
	buf_init(&got, ROOM);
	for (int i = 0; i < ROUNDS; i++) {
		struct slice in = { text, random_below(LENGTH) };

		for (size_t k = 0; k < in.n; k++)
			text[k] = letters[random_below(sizeof letters - 1)];
		for (size_t k = 0; k < PIECES; k++)
			piece[k] = 1 + random_below(LENGTH / 4);
		buf_clear(&want);
		buf_clear(&got);
		struct frame_feed how = { SHORT, all, false };
		frame_test_feed(&how, in, &want);
		how = (struct frame_feed){ SHORT, piece, i % 2 == 1 };
		frame_test_feed(&how, in, &got);
		if (!slice_eq(buf_slice(&got), buf_slice(&want)))
			ck_abort_msg(
			    "round %d, \"%s\", pieces of %zu, %zu, %zu ..: got "
			    "%.*s, want %.*s",
			    i, frame_test_show(in), piece[0], piece[1], piece[2],
			    (int)got.n, got.p, (int)want.n, want.p);
	}
	buf_free(&want);
	buf_free(&got);
}
END_TEST

/* What a reader has to keep: the limit, a line end, and what it read last. */
START_TEST(memory_is_bounded)
{
	static const struct {
		const char *name;
		const char *first;
		const char *more;
	} cases[] = {
		{ "a line without end", "a", "aaaaaaaaaa" },
		{ "a quote without end", "\"", "aaaaaaaaaa" },
		{ "a quote over lines", "a,\"", "aaaa\nbbbb\n" },
		{ "quotes and blanks", "\"", "\" \" \" \" \" " },
		{ "commas", ",", ",,,,,,,,,," },
		{ "blank lines", "\n", "\n\n\n\n\n\r\n\r\n\n" },
		{ "carriage returns", "\r", "\r\r\r\r\r\r\r\r\r\r" },
	};
	struct frame_out o;
	char text[4096];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frame_csv *f = frame_csv_new(64);
		size_t n = strlen(cases[i].first);

		memcpy(text, cases[i].first, n);
		for (int turn = 0; turn < 5000; turn++) {
			memcpy(text + n, cases[i].more, 10);
			n += 10;
			do {
				(void)frame_csv_next(
				    f, (struct slice){ text, n }, false, &o);
				memmove(text, text + o.used, n - o.used);
				n -= o.used;
			} while (o.used > 0 && n > 0);
			if (n > 64 + 2)
				ck_abort_msg("%s, turn %d: got %zu bytes to keep, want "
					     "at most 66",
				    cases[i].name, turn, n);
		}
		frame_csv_free(f);
	}
	frame_csv_free(NULL);
}
END_TEST

static void
is_record(const char *name, struct frame_csv *f, struct slice in, const char *field)
{
	struct frame_out o;
	enum frame_result r = frame_csv_next(f, in, false, &o);

	ck_assert_msg(r == FRAME_RECORD && o.nfields == 1 &&
			  slice_eq(o.field[0], slice_of(field)),
	    "%s: got %d, %zu fields, want %d, [%s]", name, r, o.nfields, FRAME_RECORD,
	    field);
}

START_TEST(reset_forgets_the_record_in_progress)
{
	static const char *const torn[] = { "\"a,\"\"b\nc", "a,b,c", "\"a\"", "\"a\"\r",
		"aaaaaaaaaaaaaaaaaaaaaaaaa" };

	for (size_t i = 0; i < COUNT(torn); i++) {
		struct frame_csv *f = frame_csv_new(16);
		struct frame_out o;

		(void)frame_csv_next(f, slice_of(torn[i]), false, &o);
		frame_csv_reset(f);
		is_record(torn[i], f, SLICE("x\n"), "x");
		is_record("and on", f, SLICE("\"y\"\n"), "y");
		frame_csv_free(f);
	}
}
END_TEST

START_TEST(the_caller_refuses_a_first_line)
{
	static const struct {
		struct slice in;
		size_t bytes, used;
	} cases[] = {
		{ SLICE("a,b\nc\n"), 3, 4 },
		{ SLICE("a,b\r\nc\n"), 3, 5 },
		{ SLICE("\"a\nb\"\n"), 2, 3 },
		{ SLICE("a,b"), 3, 3 },
		{ SLICE("a\rb\n"), 3, 4 },
	};
	static const char why[] = "wrong width";

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frame_csv *f = frame_csv_new(64);
		struct slice in = cases[i].in;
		struct frame_out o;
		enum frame_result r = frame_csv_next(f, in, true, &o);

		ck_assert_msg(
		    r == FRAME_RECORD, "case %zu: got %d, want a record", i, r);
		frame_csv_refuse(in, why, &o);
		ck_assert_msg(o.bytes.p == in.p && o.bytes.n == cases[i].bytes &&
				  o.used == cases[i].used && o.why == why &&
				  o.nfields == 0,
		    "case %zu: got %zu bytes, %zu used, want %zu, %zu", i, o.bytes.n,
		    o.used, cases[i].bytes, cases[i].used);
		in = slice_from(in, o.used);
		(void)frame_csv_next(f, in, true, &o);
		ck_assert_msg(o.used == in.n,
		    "case %zu: got %zu used after it, want %zu", i, o.used, in.n);
		frame_csv_free(f);
	}
}
END_TEST

START_TEST(padding_and_bom_lead_a_file)
{
	static const struct {
		struct slice in;
		bool last;
		size_t want;
		bool more;
	} cases[] = {
		{ SLICE(""), false, 0, true },
		{ SLICE(""), true, 0, false },
		{ SLICE("a"), false, 0, false },
		{ SLICE("\xef\xbb\xbf"), false, 3, false },
		{ SLICE("\xef\xbb\xbf"
			"a"),
		    false, 3, false },
		{ SLICE("\xef"), false, 0, true },
		{ SLICE("\xef\xbb"), false, 0, true },
		{ SLICE("\xef\xbb"), true, 0, false },
		{ SLICE("\xef\xbb\xbe"), false, 0, false },
		{ SLICE("\xef"
			"a"),
		    false, 0, false },
		{ SLICE("\0"), false, 1, true },
		{ SLICE("\0\0\0"), true, 3, false },
		{ SLICE("\0\0a\0"), false, 2, false },
		{ SLICE("\0\xef\xbb\xbf"
			"a"),
		    false, 4, false },
		{ SLICE("\0\0\xef\xbb"), false, 2, true },
		{ SLICE("\0\0\xef\xbb"), true, 2, false },
		{ SLICE("\n"), false, 0, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool more = !cases[i].more;
		size_t got = frame_lead(cases[i].in, cases[i].last, &more);

		ck_assert_msg(got == cases[i].want && more == cases[i].more,
		    "case %zu: got %zu, more %d, want %zu, more %d", i, got, more,
		    cases[i].want, cases[i].more);
	}
}
END_TEST

void
frame_add_edge_tests(TCase *t)
{
	tcase_add_test(t, random_input_in_random_pieces);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_test(t, reset_forgets_the_record_in_progress);
	tcase_add_test(t, the_caller_refuses_a_first_line);
	tcase_add_test(t, padding_and_bom_lead_a_file);
}
