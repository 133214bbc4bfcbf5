/*
 * test_frame_libcsv.c - frame_csv and libcsv split the same well-formed files alike.
 *
 * A seeded generator writes RFC 4180 records and, beside them, the fields it meant.
 * Left out is what libcsv treats its own way: blanks around unquoted fields (it strips
 * them), a record that is one empty unquoted field (an empty line to both), bare CR
 * outside quotes (a line end to it).
 */
#include <check.h>
#include <csv.h>
#include <stdio.h>
#include <string.h>

#include "frame/frame.h"

Suite *suite_frame_libcsv(void);

enum {
	RECORDS = 20000,
	FIELDS_MAX = 12,
	PIECES_MAX = 40,
	ROOM = 64 << 20,
	MAX_RECORD = 1 << 20,
	LONG_PIECES = 20000,
	END_OF_FIELD = 0x1f,
	END_OF_RECORD = 0x1e,
	SEEDS = 3
};

static uint32_t seed;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * n) >> 32);
}

static const char *const plain_piece[] = { "a", "bc", "x@example.com", "5.1.1", "0",
	"smtp;550", "-", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", ";", "'" };
static const char *const quoted_piece[] = { "a", "b c", " ", "\t", ",", ",,", "\n",
	"\r\n", "\r", "\n\n", "\"", "\"\"", "\xc3\xbc", "\xe2\x82\xac", "x@example.com",
	"550 5.1.1 <a@b>: \"User\" unknown", "'", "\\", "\xef\xbb\xbf" };

/* One field: as it stands in the file, and what it means. */
static void
write_field(struct buf *file, struct buf *want, bool alone)
{
	bool quoted = random_below(2) == 0;
	uint32_t pieces = random_below(random_below(40) ? 4 : PIECES_MAX);

	if (random_below(20000) == 0)
		pieces = LONG_PIECES; /* 64 KB and more */
	if (alone && pieces == 0)
		quoted = true;
	if (quoted)
		buf_addc(file, '"');
	for (uint32_t i = 0; i < pieces; i++) {
		const char
		    *text = quoted ? quoted_piece[random_below(
					 sizeof quoted_piece / sizeof *quoted_piece)]
				   : plain_piece[random_below(
					 sizeof plain_piece / sizeof *plain_piece)];

		buf_add(want, slice_of(text));
		for (; *text; text++) {
			if (*text == '"')
				buf_addc(file, '"');
			buf_addc(file, *text);
		}
	}
	if (quoted)
		buf_addc(file, '"');
	buf_addc(want, END_OF_FIELD);
}

static void
write_file(struct buf *file, struct buf *want)
{
	for (int i = 0; i < RECORDS; i++) {
		uint32_t n = 1 + random_below(FIELDS_MAX);

		for (uint32_t k = 0; k < n; k++) {
			if (k > 0)
				buf_addc(file, ',');
			write_field(file, want, n == 1);
		}
		buf_addc(want, END_OF_RECORD);
		if (i + 1 < RECORDS || random_below(2))
			buf_add(file, random_below(2) ? SLICE("\r\n") : SLICE("\n"));
		if (random_below(50) == 0 && i + 1 < RECORDS)
			buf_add(file, SLICE("\n")); /* an empty line is no record */
	}
}

static size_t
next_piece(size_t left)
{
	size_t n = 1 + random_below(random_below(3) ? 20 : 5000);

	return n < left ? n : left;
}

static void
split_by_frame(struct slice file, struct buf *got)
{
	struct frame_csv *f = frame_csv_new(MAX_RECORD);
	struct frame_out o;
	size_t off = 0, end = 0;

	do {
		end += next_piece(file.n - end);
		do {
			struct slice in = { file.p + off, end - off };
			enum frame_result r = frame_csv_next(f, in, end == file.n, &o);

			if (r == FRAME_BAD)
				ck_abort_msg(
				    "at %zu: got bad: %s (%.*s), want a record", off,
				    o.why, (int)o.bytes.n, o.bytes.p);
			for (size_t i = 0; i < o.nfields; i++) {
				buf_add(got, o.field[i]);
				buf_addc(got, END_OF_FIELD);
			}
			if (r == FRAME_RECORD)
				buf_addc(got, END_OF_RECORD);
			off += o.used;
		} while (o.used > 0);
	} while (end < file.n);
	ck_assert_msg(off == file.n, "got %zu bytes used, want %zu", off, file.n);
	frame_csv_free(f);
}

static void
on_field(void *p, size_t n, void *got)
{
	buf_add(got, (struct slice){ p, n });
	buf_addc(got, END_OF_FIELD);
}

static void
on_record(int c, void *got)
{
	(void)c;
	buf_addc(got, END_OF_RECORD);
}

static void
split_by_libcsv(struct slice file, struct buf *got)
{
	struct csv_parser p;
	size_t off = 0;

	ck_assert_msg(csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) == 0, "csv_init");
	while (off < file.n) {
		size_t n = next_piece(file.n - off);
		size_t took = csv_parse(&p, file.p + off, n, on_field, on_record, got);

		ck_assert_msg(took == n, "libcsv at %zu: %s", off + took,
		    csv_strerror(csv_error(&p)));
		off += n;
	}
	ck_assert_msg(csv_fini(&p, on_field, on_record, got) == 0, "csv_fini: %s",
	    csv_strerror(csv_error(&p)));
	csv_free(&p);
}

static size_t
records_of(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == END_OF_RECORD;
	return n;
}

static void
is_same(const char *name, const struct buf *got, const struct buf *want)
{
	size_t i = 0;

	ck_assert_msg(!got->failed && !want->failed, "%s: no room", name);
	while (i < got->n && i < want->n && got->p[i] == want->p[i])
		i++;
	if (i == got->n && i == want->n)
		return;
	size_t from = i < 40 ? 0 : i - 40;
	struct slice g = slice_from(buf_slice(got), from);
	struct slice w = slice_from(buf_slice(want), from);
	ck_abort_msg("%s, record %zu: got ..%.*s.., want ..%.*s..", name,
	    records_of((struct slice){ want->p, i }), (int)(g.n < 60 ? g.n : 60), g.p,
	    (int)(w.n < 60 ? w.n : 60), w.p);
}

START_TEST(frame_csv_and_libcsv_agree)
{
	struct buf file, want, frame, libcsv;

	seed = 4180 + (uint32_t)_i;
	buf_init(&file, ROOM);
	buf_init(&want, ROOM);
	buf_init(&frame, ROOM);
	buf_init(&libcsv, ROOM);
	write_file(&file, &want);
	size_t n = records_of(buf_slice(&want));
	ck_assert_msg(n == RECORDS, "got %zu records written, want %d", n, RECORDS);
	split_by_frame(buf_slice(&file), &frame);
	split_by_libcsv(buf_slice(&file), &libcsv);
	is_same("frame_csv against what was meant", &frame, &want);
	is_same("libcsv against what was meant", &libcsv, &want);
	is_same("frame_csv against libcsv", &frame, &libcsv);
	buf_free(&file);
	buf_free(&want);
	buf_free(&frame);
	buf_free(&libcsv);
}
END_TEST

Suite *
suite_frame_libcsv(void)
{
	Suite *s = suite_create("frame and libcsv");
	TCase *t = tcase_create("frame and libcsv");

	tcase_add_loop_test(t, frame_csv_and_libcsv_agree, 0, SEEDS);
	suite_add_tcase(s, t);
	return s;
}
