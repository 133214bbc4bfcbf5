/*
 * test_stream_place.c - where a stream stands: stored and gone on from at any byte, the
 * records passed over before `skip`, files without a key, over-long lines, file keys.
 */
#include "test_stream.h"

#include <string.h>

START_TEST(a_new_stream_goes_on_from_where_the_old_one_stood)
{
	size_t n = stream_test.file.n;

	for (size_t at = 0; at <= n; at++) {
		struct stream_place p;
		struct stream *s = stream_test_new(NULL), *next;

		stream_test_feed(s, 0, at, n, false);
		stream_where(s, &p);
		ck_assert_msg(p.offset <= at, "after %zu bytes: offset: got %llu", at,
		    (unsigned long long)p.offset);
		ck_assert_msg(p.has_key || p.offset == 0,
		    "after %zu bytes: got offset %llu without a key, want 0", at,
		    (unsigned long long)p.offset);
		if (!p.has_key)
			ck_assert_msg(stream_test.log.text.n == 0,
			    "after %zu bytes: got events without a key", at);
		size_t tail = p.offset < LIMIT_MARKER ? p.offset : LIMIT_MARKER;
		ck_assert_msg(
		    slice_eq(p.tail,
			(struct slice){ stream_test.file.p + p.offset - tail, tail }),
		    "after %zu bytes: got a tail of %zu, want the %zu before %llu", at,
		    p.tail.n, tail, (unsigned long long)p.offset);
		next = stream_test_new(&p);
		stream_test_feed(next, (size_t)p.offset, n, n, true);
		stream_test_same("resumed after", at, buf_slice(&stream_test.want));
		stream_free(s);
		stream_free(next);
	}
}
END_TEST

START_TEST(a_place_survives_many_restarts)
{
	size_t n = stream_test.file.n;

	for (size_t step = 1; step < 300; step += 7) {
		struct stream_place p = { 0 };
		struct stream *s = stream_test_new(NULL);

		for (size_t at = 0; at < n; at = at + step < n ? at + step : n) {
			size_t to = at + step < n ? at + step : n;
			stream_test_feed(s, (size_t)stream_next(s), to, n, to == n);
			stream_where(s, &p);
			struct stream *fresh = stream_test_new(&p);
			stream_free(s);
			s = fresh;
		}
		stream_test_same("restarts every", step, buf_slice(&stream_test.want));
		stream_free(s);
	}
}
END_TEST

START_TEST(records_that_end_at_or_before_skip_make_no_events)
{
	size_t n = stream_test.file.n;

	for (size_t skip = 0; skip <= n; skip++) {
		struct stream_place p = { .skip = skip };
		struct stream *s = stream_test_new(&p);

		/* what was there at the first look comes first, the rest later */
		stream_test_feed(s, 0, skip, n, false);
		ck_assert_msg(stream_test.log.text.n == 0,
		    "skip %zu: got %.*s of what was there", skip,
		    (int)stream_test.log.text.n, stream_test.log.text.p);
		stream_where(s, &p);
		ck_assert_msg(p.skip == skip, "skip: got %llu, want %zu",
		    (unsigned long long)p.skip, skip);
		struct stream *fresh = stream_test_new(&p);
		stream_test_feed(fresh, (size_t)p.offset, n, n, true);
		stream_test_expect(skip, &stream_test.want);
		stream_test_same("skip", skip, buf_slice(&stream_test.want));
		stream_free(s);
		stream_free(fresh);
	}
}
END_TEST

/* Records in no order of time, the last one written behind `skip`. */
static const char start_rows[] = "type,timeLogged,rcpt\n"
				 "b,2026-03-02 08:00:01Z,a1@b.example\n"
				 "b,2026-03-02 08:00:03.5Z,a3@b.example\n"
				 "b,no time,bad@b.example\n"
				 "b,2026-03-02 08:00:02Z,a2@b.example\n"
				 "b,,undated@b.example\n"
				 "b,2026-03-02 08:00:04Z,a4@b.example\n"
				 "b,2026-03-02 08:00:00Z,late@b.example\n";

enum { START_LATE = 38 }; /* bytes of the last row */

static const struct start_case {
	int64_t start_ms; /* behind 2026-03-02T08:00:00Z; -1: none */
	const char *want;
} start_cases[] = {
	{ -1, "late" },
	{ INT64_C(-3600) * 1000, "a1 a3 - a2 a4 late" },
	{ 1000, "a1 a3 - a2 a4 late" },
	{ 1001, "a3 - a2 a4 late" },
	{ 2000, "a3 - a2 a4 late" },
	{ 2001, "a3 - a4 late" },
	{ 3500, "a3 - a4 late" },
	{ 3501, "- a4 late" },
	{ 4000, "- a4 late" },
	{ 4001, "- late" },
	{ INT64_C(3600) * 1000, "- late" },
};

static int
start_event(void *arg, const struct event *ev)
{
	(void)arg;
	return buf_printf(&stream_test.log.text, "%.*s ",
	    (int)slice_find(ev->recipient, '@'), ev->recipient.p);
}

static void
start_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	(void)arg, (void)file, (void)offset, (void)bytes, (void)why;
	(void)buf_add(&stream_test.log.text, SLICE("- "));
}

START_TEST(of_what_was_there_events_from_the_start_time_on_are_made)
{
	const struct start_case *k = &start_cases[_i];
	const int64_t eight = INT64_C(1772438400000);
	size_t n = sizeof start_rows - 1;

	buf_clear(&stream_test.file);
	(void)buf_add(&stream_test.file, SLICE(start_rows));
	stream_test.env.on_event = start_event;
	stream_test.env.on_bad = start_bad;
	/* gone on from any byte: what is stored is enough */
	for (size_t at = 0; at <= n; at++) {
		struct stream_place p = { .skip = n - START_LATE,
			.start_ms = k->start_ms == -1 ? 0 : eight + k->start_ms };
		struct stream *s = stream_test_new(&p), *next;

		stream_test_feed(s, 0, at, n, false);
		stream_where(s, &p);
		next = stream_test_new(&p);
		stream_test_feed(next, (size_t)p.offset, n, n, true);
		struct slice got = slice_trim(buf_slice(&stream_test.log.text));
		ck_assert_msg(slice_eq(got, slice_of(k->want)),
		    "start at %lld ms, resumed after %zu: got \"%.*s\", want \"%s\"",
		    (long long)k->start_ms, at, (int)got.n, got.p, k->want);
		buf_clear(&stream_test.log.text);
		stream_free(s);
		stream_free(next);
	}
}
END_TEST

START_TEST(without_a_data_record_there_is_no_key)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"\xef\xbb\xbf",
		"type,rcpt",
		"type,rcpt\n",
		"\xef\xbb\xbf"
		"type,rcpt\r\n\r\n",
		"type,rcpt\ntype,rcpt,dsnStatus\n\n",
		"type,rcpt\nb,a@b.example",
		"type,rcpt\nb,\"a@b.example\n",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct stream *s = stream_test_new(NULL);
		struct slice in = slice_of(texts[i]);
		struct stream_place p;
		struct file_key key;

		int rc = stream_feed(s, in, false, SLICE("f.csv"), (struct when){ 0 });
		stream_where(s, &p);
		ck_assert_msg(rc == 0 && !p.has_key && p.offset == 0 && p.tail.n == 0 &&
				  p.header.n == 0,
		    "\"%s\": got %d, key %d, offset %llu, want none", texts[i], rc,
		    p.has_key, (unsigned long long)p.offset);
		rc = stream_file_key(&stream_test.env, in, false, &key);
		ck_assert_msg(rc == 0, "\"%s\": key: got %d, want 0", texts[i], rc);
		stream_free(s);
	}
	stream_test.log.text.n = 0;
}
END_TEST

START_TEST(a_key_once_known_stays)
{
	struct stream *s = stream_test_new(NULL);
	struct file_key want = { 0 }, got;
	struct stream_place p;
	size_t n = stream_test.file.n, known = 0;

	stream_test_feed(s, 0, n, n, true);
	stream_where(s, &p);
	for (size_t at = 0; at <= n; at++) {
		struct slice head = { stream_test.file.p, at };
		int rc = stream_file_key(&stream_test.env, head, false, &got);
		ck_assert_msg(rc == 1 || (rc == 0 && known == 0),
		    "%zu bytes: got %d, want %d", at, rc, known > 0);
		if (rc == 1 && known == 0)
			want = got;
		known += rc == 1;
		ck_assert_msg(rc == 0 || memcmp(got.b, want.b, sizeof got.b) == 0,
		    "%zu bytes: got another key", at);
	}
	ck_assert_msg(known > 0 && memcmp(p.key.b, want.b, sizeof want.b) == 0,
	    "got another key than the stream's");
	stream_free(s);
}
END_TEST

/* The key of a text whose first record is "one,two" after the header "type,x". */
START_TEST(a_key_is_of_the_header_and_the_first_record)
{
	static const char *const same[] = {
		"type,x\nb,1\n",
		"type,x\r\nb,1\r\n",
		"\xef\xbb\xbf"
		"type,x\nb,1\nb,2\n",
		"\n\ntype,x\n\nb,1\nlater,on\n",
	};
	static const char *const other[] = { "type,x\nb,2\n", "type,y\nb,1\n",
		"b,1\n" };
	struct file_key want, got;

	ck_assert_msg(hash_file_key(SLICE("type,x"), SLICE("b,1"), &want) == 0, "hash");
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		int rc = stream_file_key(
		    &stream_test.env, slice_of(same[i]), false, &got);
		ck_assert_msg(rc == 1 && !memcmp(got.b, want.b, sizeof got.b),
		    "\"%s\": got %d or another key", same[i], rc);
	}
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		int rc = stream_file_key(
		    &stream_test.env, slice_of(other[i]), false, &got);
		ck_assert_msg(rc == 1 && memcmp(got.b, want.b, sizeof got.b),
		    "\"%s\": got %d or the same key", other[i], rc);
	}
	int rc = stream_file_key(&stream_test.env,
	    (struct slice){ "\0\0\0\xef\xbb\xbftype,x\nb,1\n", 17 }, false, &got);
	ck_assert_msg(rc == 1 && !memcmp(got.b, want.b, sizeof got.b),
	    "NUL padding and BOM: got %d or another key", rc);
	rc = stream_file_key(&stream_test.env, SLICE("type,x\nb,1"), true, &got);
	ck_assert_msg(rc == 1 && !memcmp(got.b, want.b, sizeof got.b),
	    "no line end at the end: got %d or another key", rc);
}
END_TEST

/* A line of max_record and more whose end looks like a record. */
static void
make_long_line(void)
{
	struct buf *file = &stream_test.file;
	char filler[1000];

	memset(filler, 'x', sizeof filler);
	buf_clear(file);
	(void)buf_add(file, SLICE("type,rcpt\nb,a1@b.example\n"));
	for (int i = 0; i < 9; i++)
		(void)buf_add(file, (struct slice){ filler, sizeof filler });
	(void)buf_add(file, SLICE("b,a2@b.example\nb,a3@b.example\n"));
}

START_TEST(an_over_long_line_is_one_bad_record_in_any_chunks)
{
	make_long_line();
	size_t n = stream_test.file.n;
	struct stream *s = stream_test_new(NULL);

	stream_test_feed(s, 0, n, n, true);
	buf_clear(&stream_test.want);
	(void)buf_add(&stream_test.want, buf_slice(&stream_test.log.text));
	ck_assert_msg(
	    stream_test.log.asked == 2, "got %u events, want 2", stream_test.log.asked);
	buf_clear(&stream_test.log.text);
	stream_free(s);
	for (size_t step = 1; step < n; step += step < 40 ? 1 : 997) {
		s = stream_test_new(NULL);
		stream_test_feed(s, 0, n, step, true);
		stream_test_same("chunks of", step, buf_slice(&stream_test.want));
		stream_free(s);
	}
}
END_TEST

START_TEST(the_rest_of_an_over_long_line_is_no_record_after_a_restart)
{
	make_long_line();
	size_t n = stream_test.file.n;
	struct stream *s = stream_test_new(NULL);

	stream_test_feed(s, 0, n, n, true);
	buf_clear(&stream_test.want);
	(void)buf_add(&stream_test.want, buf_slice(&stream_test.log.text));
	buf_clear(&stream_test.log.text);
	stream_free(s);
	for (size_t at = 0; at <= n; at += at < 9000 ? 500 : 1) {
		struct stream_place p;
		s = stream_test_new(NULL);
		stream_test_feed(s, 0, at, n, false);
		stream_where(s, &p);
		struct stream *next = stream_test_new(&p);
		stream_test_feed(next, (size_t)p.offset, n, n, true);
		stream_test_same("resumed after", at, buf_slice(&stream_test.want));
		stream_free(s);
		stream_free(next);
	}
}
END_TEST

START_TEST(a_file_without_its_header_is_bad_and_goes_on)
{
	struct buf *file = &stream_test.file;
	struct stream_place p;
	struct stream *s = stream_test_new(NULL);

	buf_clear(file);
	(void)buf_add(file, SLICE("b,x,a1@b.example,y\ntype,rcpt\nb,a2@b.example\n"));
	stream_test_feed(s, 0, 19, 19, false);
	stream_where(s, &p);
	ck_assert_msg(p.has_key && p.offset == 19, "got offset %llu, want 19 and a key",
	    (unsigned long long)p.offset);
	ck_assert_msg(stream_test.log.asked == 0, "got an event without a header");
	struct stream *next = stream_test_new(&p);
	stream_test_feed(next, 19, file->n, file->n, false);
	ck_assert_msg(stream_test.log.asked == 1,
	    "after a header: got %u events, want 1", stream_test.log.asked);
	stream_free(s);
	stream_free(next);
}
END_TEST

START_TEST(a_record_behind_a_hole_is_a_record)
{
	/* the size of a file is on disk before its bytes: a crash leaves NULs */
	static const char text[] = "type,rcpt\nb,a1@b.example\n\0\0\0b,a2@b.example\n"
				   "\0\0\n\0b,\"a3@b.example\"\n\0\0";
	struct buf *file = &stream_test.file;

	buf_clear(file);
	(void)buf_add(file, (struct slice){ text, sizeof text - 1 });
	for (size_t step = 1; step <= file->n; step++) {
		struct stream_place p;
		struct stream *s = stream_test_new(NULL);
		stream_test.log.asked = 0;
		stream_test.log.text.n = 0;
		stream_test_feed(s, 0, file->n, step, true);
		stream_where(s, &p);
		ck_assert_msg(stream_test.log.asked == 3 && p.offset == file->n,
		    "%zu at a time: got %u events, offset %llu, want 3, %zu", step,
		    stream_test.log.asked, (unsigned long long)p.offset, file->n);
		ck_assert_msg(slice_find(buf_slice(&stream_test.log.text), '-') ==
				  stream_test.log.text.n,
		    "%zu at a time: got a bad record", step);
		stream_free(s);
	}
	stream_test.log.text.n = 0;
}
END_TEST

void
stream_add_place_tests(TCase *t)
{
	tcase_add_test(t, a_new_stream_goes_on_from_where_the_old_one_stood);
	tcase_add_test(t, a_place_survives_many_restarts);
	tcase_add_test(t, records_that_end_at_or_before_skip_make_no_events);
	tcase_add_loop_test(t, of_what_was_there_events_from_the_start_time_on_are_made,
	    0, sizeof start_cases / sizeof *start_cases);
	tcase_add_test(t, without_a_data_record_there_is_no_key);
	tcase_add_test(t, a_key_once_known_stays);
	tcase_add_test(t, a_key_is_of_the_header_and_the_first_record);
	tcase_add_test(t, an_over_long_line_is_one_bad_record_in_any_chunks);
	tcase_add_test(t, the_rest_of_an_over_long_line_is_no_record_after_a_restart);
	tcase_add_test(t, a_file_without_its_header_is_bad_and_goes_on);
	tcase_add_test(t, a_record_behind_a_hole_is_a_record);
}
