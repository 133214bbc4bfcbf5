/*
 * test_syslog_time.c - the times of log lines, the year that they do not name, the
 * times in queue ids.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_layers.h"
#include "test_syslog.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static int64_t
seconds(const char *text)
{
	struct slice in = slice_of(text);
	struct when t = { 0 };

	if (when_iso(&in, NULL, &t) < 0 || in.n > 0)
		ck_abort_msg("the test's own time: %s", text);
	return t.sec;
}

static int
ask(struct syslog *s, const char *time, const struct zone *z, int64_t near,
    int64_t anchor, struct when *out)
{
	struct syslog_line l = { .time = exact_copy(slice_of(time)) };
	int rc = syslog_time(s, &l, z, near, anchor, out);

	free((char *)l.time.p);
	return rc;
}

static void
told(const char *what, int rc, struct when got, const char *want)
{
	char text[WHEN_TEXT_MAX];
	struct slice is = { text, rc < 0 ? 0 : when_write(got, text) };

	if (rc != (want ? 0 : -EINVAL) || !slice_eq(is, slice_of(want)))
		row_failed("%s: got %d, \"%.*s\", want %s", what, rc, (int)is.n, is.p,
		    want ? want : "none");
}

/* --- what is written ---------------------------------------------------------------
 */

static const struct {
	const char *in, *utc, *berlin; /* NULL: refused; berlin NULL: as utc */
} read_cases[] = {
	{ "Nov  1 02:11:18", "2026-11-01T02:11:18Z", "2026-11-01T01:11:18Z" },
	{ "Nov 01 02:11:18", "2026-11-01T02:11:18Z", "2026-11-01T01:11:18Z" },
	{ "Nov 1 02:11:18", "2026-11-01T02:11:18Z", "2026-11-01T01:11:18Z" },
	{ "Nov 01 02:11:18.123456", "2026-11-01T02:11:18.123456Z",
	    "2026-11-01T01:11:18.123456Z" },
	{ "Jul 15 12:00:00", "2026-07-15T12:00:00Z", "2026-07-15T10:00:00Z" },
	{ "Oct 25 02:30:00", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z" },
	{ "Mar 29 02:30:00", "2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z" },
	{ "Oct 25 12:00:00", "2026-10-25T12:00:00Z", "2026-10-25T11:00:00Z" },
	{ "Mar 29 12:00:00", "2026-03-29T12:00:00Z", "2026-03-29T10:00:00Z" },
	{ "Nov  1 23:59:60", "2026-11-01T23:59:59Z", "2026-11-01T22:59:59Z" },
	{ "2026-11-21T22:58:32.053127+00:00", "2026-11-21T22:58:32.053127Z", NULL },
	{ "2026-11-21T22:58:32+0530", "2026-11-21T17:28:32Z", NULL },
	{ "2026-11-21T22:58:32Z", "2026-11-21T22:58:32Z", NULL },
	{ "2026-11-21T22:58:32.5", "2026-11-21T22:58:32.5Z", "2026-11-21T21:58:32.5Z" },
	{ "2026-11-21 22:58:32", "2026-11-21T22:58:32Z", "2026-11-21T21:58:32Z" },
	{ "2026-11-21 22:58:32.123-01:00", "2026-11-21T23:58:32.123Z", NULL },
	{ "2026-11-21 22:58:32 +0100", "2026-11-21T21:58:32Z", NULL },
	{ "2026-11-21 22:58:32 -01:30", "2026-11-22T00:28:32Z", NULL },
	{ "2026-11-21 22:58:32 +03", "2026-11-21T19:58:32Z", NULL },
	{ "2026-11-21 22:58:32 UTC", "2026-11-21T22:58:32Z", NULL },
	{ "2013 Jun 16 16:05:06.123", "2013-06-16T16:05:06.123Z",
	    "2013-06-16T14:05:06.123Z" },
	{ "2013 Jun 6 16:05:06", "2013-06-06T16:05:06Z", "2013-06-06T14:05:06Z" },
	{ "1795301912.123456", "2026-11-21T22:58:32.123456Z", NULL },
	{ "1795301912", "2026-11-21T22:58:32Z", NULL },
};

static const char *const no_times[] = { "", "-", "Nov", "Nov  1 02:11:1",
	"Nov  1 02:11:18 ", "Nov  1 02:11:18x", "Nov  1 02:11:18.", "Nov  0 02:11:18",
	"Nov 31 02:11:18", "Feb 30 02:11:18", "Nov x1 02:11:18", "Nov 1x 02:11:18",
	"Nov  1 24:11:18", "Nov  1 02:60:18", "Nov  1 02:11:61", "Nov  1-02:11:18",
	"Nov   1 02:11:18", "nov  1 02:11:18", "Nob  1 02:11:18", "NOV  1 02:11:18",
	"2026-11-21T22:58", "2026-11-31T22:58:32Z", "2026-11-21T22:58:32X",
	"2026-11-21T22:58:32 CET", "2026-11-21 22:58:32 +3", "2026-11-21 22:58:32 +24",
	"2026-11-21 22:58:32 +03:60", "2026-11-21 22:58:32 +03:5",
	"1969 Jun 16 16:05:06", "2013 Jun 31 16:05:06", "2013  Jun 16 16:05:06",
	"1795301912.", "1795301912.x", "179530191212", "179530191x" };

START_TEST(a_time_is_read_as_its_table_says)
{
	int64_t near = seconds("2026-11-21T12:00:00Z");
	struct zone *berlin = NULL;
	struct when t = { 0 };

	ck_assert_msg(
	    zone_load("Europe/Berlin", &berlin) == 0, "no zone Europe/Berlin");
	for (size_t i = 0; i < COUNT(read_cases); i++) {
		const char *in = read_cases[i].in, *want = read_cases[i].utc;
		struct syslog *s = syslog_new();

		told(in, ask(s, in, NULL, near, 0, &t), t, want);
		told(in, ask(s, in, NULL, near, 0, &t), t, want);
		want = read_cases[i].berlin ? read_cases[i].berlin : want;
		told(in, ask(s, in, berlin, near, 0, &t), t, want);
		told(in, ask(s, in, berlin, near, 0, &t), t, want);
		syslog_free(s);
	}
	for (size_t i = 0; i < COUNT(no_times); i++) {
		struct syslog *s = syslog_new();

		told(no_times[i], ask(s, no_times[i], NULL, near, 0, &t), t, NULL);
		(void)ask(s, "Nov  1 02:11:18", NULL, near, 0, &t);
		told(no_times[i], ask(s, no_times[i], NULL, near, 0, &t), t, NULL);
		syslog_free(s);
	}
	zone_free(berlin);
	rows_end(COUNT(read_cases) + COUNT(no_times));
}
END_TEST

START_TEST(a_journal_s_stamp_is_the_time_where_none_is_written)
{
	struct syslog_line l = { .stamp = { 1795301912, 123000, 6 } };
	struct syslog *s = syslog_new();
	struct when t = { 0 };

	told("stamp", syslog_time(s, &l, NULL, 0, 0, &t), t,
	    "2026-11-21T22:58:32.000123Z");
	syslog_free(s);
	rows_end(1);
}
END_TEST

/* --- the year ----------------------------------------------------------------------
 */

static const struct year_case {
	const char *name, *before, *near, *anchor, *in, *want;
} year_cases[] = {
	{ "this year", NULL, "2026-11-21T12:00:00Z", NULL, "Nov 20 12:00:00",
	    "2026-11-20T12:00:00Z" },
	{ "a day ahead at most", NULL, "2026-11-21T12:00:00Z", NULL, "Nov 22 12:00:00",
	    "2026-11-22T12:00:00Z" },
	{ "more than a day ahead was last year", NULL, "2026-11-21T12:00:00Z", NULL,
	    "Nov 22 12:00:01", "2025-11-22T12:00:01Z" },
	{ "read after New Year", NULL, "2026-01-01T00:00:01Z", NULL, "Dec 31 23:59:59",
	    "2025-12-31T23:59:59Z" },
	{ "a clock ahead over New Year", NULL, "2025-12-31T23:59:59Z", NULL,
	    "Jan  1 00:00:01", "2026-01-01T00:00:01Z" },
	{ "a leap day is in a leap year", NULL, "2026-11-21T12:00:00Z", NULL,
	    "Feb 29 12:00:00", "2024-02-29T12:00:00Z" },
	{ "2100 is no leap year", NULL, "2103-11-21T12:00:00Z", NULL, "Feb 29 12:00:00",
	    "2096-02-29T12:00:00Z" },
	{ "no time before 1970", NULL, "1970-01-01T00:00:00Z", NULL, "Feb 29 12:00:00",
	    NULL },
	/* the line before */
	{ "goes on over New Year", "2024-12-31T23:59:59Z", "2026-11-21T12:00:00Z", NULL,
	    "Jan  1 00:00:01", "2025-01-01T00:00:01Z" },
	{ "a small step back is none", "2025-01-01T00:00:01Z", "2026-11-21T12:00:00Z",
	    NULL, "Dec 31 23:59:59", "2024-12-31T23:59:59Z" },
	{ "back by months, same year", "2024-09-01T00:00:00Z", "2026-11-21T12:00:00Z",
	    NULL, "May  1 00:00:00", "2024-05-01T00:00:00Z" },
	{ "back by more than half a year", "2024-11-01T00:00:00Z",
	    "2026-11-21T12:00:00Z", NULL, "Mar  1 00:00:00", "2025-03-01T00:00:00Z" },
	{ "forward by more than half a year", "2024-02-01T00:00:00Z",
	    "2026-11-21T12:00:00Z", NULL, "Oct  1 00:00:00", "2023-10-01T00:00:00Z" },
	{ "never more than a day after near", "2026-11-20T00:00:00Z",
	    "2026-11-21T12:00:00Z", NULL, "Jan  1 00:00:00", "2026-01-01T00:00:00Z" },
	{ "a leap day near the line before", "2025-03-01T00:00:00Z",
	    "2026-11-21T12:00:00Z", NULL, "Feb 29 00:00:00", "2024-02-29T00:00:00Z" },
	{ "a leap day ahead of it", "2027-12-01T00:00:00Z", "2030-01-01T00:00:00Z",
	    NULL, "Feb 29 00:00:00", "2028-02-29T00:00:00Z" },
	{ "a line before that is later than near", "2030-01-01T00:00:00Z",
	    "2026-11-21T12:00:00Z", NULL, "Nov 20 12:00:00", "2026-11-20T12:00:00Z" },
	/* the message's own time */
	{ "an id says the year", NULL, "2026-11-21T12:00:00Z", "2019-06-01T00:00:00Z",
	    "Jun  1 00:00:05", "2019-06-01T00:00:05Z" },
	{ "weeks in the queue, over New Year", NULL, "2026-11-21T12:00:00Z",
	    "2019-12-15T00:00:00Z", "Jan 20 00:00:00", "2020-01-20T00:00:00Z" },
	{ "an id says more than the line before", "2025-06-01T00:00:00Z",
	    "2026-11-21T12:00:00Z", "2019-06-01T00:00:00Z", "Jun  1 00:00:05",
	    "2019-06-01T00:00:05Z" },
	{ "a day before the id: zones", NULL, "2026-11-21T12:00:00Z",
	    "2019-06-02T00:00:00Z", "Jun  1 00:00:00", "2019-06-01T00:00:00Z" },
	{ "more than a day before the id is no answer", NULL, "2026-11-21T12:00:00Z",
	    "2019-06-02T00:00:01Z", "Jun  1 00:00:00", "2026-06-01T00:00:00Z" },
	{ "a leap day after the id", NULL, "2026-11-21T12:00:00Z",
	    "2016-02-28T00:00:00Z", "Feb 29 00:00:00", "2016-02-29T00:00:00Z" },
	{ "a year on hold", "2026-11-20T00:00:00Z", "2026-11-21T12:00:00Z",
	    "2025-06-01T00:00:00Z", "Nov 21 00:00:00", "2026-11-21T00:00:00Z" },
};

START_TEST(the_year_is_found_as_its_table_says)
{
	for (size_t i = 0; i < COUNT(year_cases); i++) {
		const struct year_case *c = &year_cases[i];
		int64_t near = seconds(c->near);
		int64_t anchor = c->anchor ? seconds(c->anchor) : 0;
		struct syslog *s = syslog_new();
		struct when t = { 0 };

		if (c->before)
			(void)ask(s, c->before, NULL, near, 0, &t);
		told(c->name, ask(s, c->in, NULL, near, anchor, &t), t, c->want);
		told(c->name, ask(s, c->in, NULL, near, anchor, &t), t, c->want);
		syslog_free(s);
	}
	rows_end(COUNT(year_cases));
}
END_TEST

/* A file of three years, read long after it was written: once an id has said the year,
 * the lines go on from there. */
START_TEST(the_years_of_a_long_file_follow_one_another)
{
	static const char *const lines[][2] = {
		{ "Mar  1 00:00:00", "2021-03-01T00:00:00Z" },
		{ "Aug  1 00:00:00", "2021-08-01T00:00:00Z" },
		{ "Dec 31 23:59:59", "2021-12-31T23:59:59Z" },
		{ "Jan  1 00:00:00", "2022-01-01T00:00:00Z" },
		{ "Dec 31 23:59:58", "2021-12-31T23:59:58Z" },
		{ "Jan  1 00:00:01", "2022-01-01T00:00:01Z" },
		{ "Jun  1 00:00:00", "2022-06-01T00:00:00Z" },
		{ "Nov 30 00:00:00", "2022-11-30T00:00:00Z" },
		{ "Feb  1 00:00:00", "2023-02-01T00:00:00Z" },
	};
	int64_t near = seconds("2026-11-21T12:00:00Z");
	struct syslog *s = syslog_new();
	struct when t = { 0 };

	for (size_t i = 0; i < COUNT(lines); i++) {
		int64_t anchor = i == 0 ? seconds("2021-02-27T00:00:00Z") : 0;
		told(lines[i][0], ask(s, lines[i][0], NULL, near, anchor, &t), t,
		    lines[i][1]);
	}
	syslog_free(s);
	rows_end(COUNT(lines));
}
END_TEST

/* --- what is remembered changes no answer ------------------------------------------
 */

enum { LINES = 20000 };

static uint32_t seed;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * n) >> 32);
}

/* The next line's time as written: mostly soon after the last, sometimes anywhere. */
static void
write_time(int64_t *at, char out[48])
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const int steps[] = { 2, 600, 40000, 8640000, 86400000 };
	char text[WHEN_TEXT_MAX];
	uint32_t kind = random_below(8);

	*at += (int64_t)random_below((uint32_t)steps[random_below(5)]) -
	       (kind == 0 ? 86400 : 0);
	if (*at > INT64_C(4000000000) || *at < INT64_C(100000000))
		*at = INT64_C(1000000000);
	size_t n = when_write((struct when){ .sec = *at }, text);
	if (kind < 2) /* without a zone, with one */
		(void)snprintf(out, 48, "%.*s", (int)n - (kind == 1), text);
	else
		(void)snprintf(out, 48, "%.3s %c%c %.8s",
		    names + 3 * ((text[5] - '0') * 10 + text[6] - '1'),
		    text[8] == '0' ? ' ' : text[8], text[9], text + 11);
}

START_TEST(a_fresh_reader_gives_the_same_times)
{
	static const char *const zone_names[] = { "Europe/Berlin", "America/New_York",
		"Pacific/Auckland" };
	struct syslog *s = syslog_new();
	struct zone *zones[4] = { NULL };
	int64_t at = INT64_C(1700000000), before = 0;

	seed = 3164;
	for (size_t i = 0; i < 3; i++)
		ck_assert(zone_load(zone_names[i], &zones[i]) == 0);
	for (int i = 0; i < LINES; i++) {
		const struct zone *z = zones[random_below(200) ? 0 : random_below(4)];
		int64_t near = random_below(10) ? INT64_C(4000000000) : at;
		int64_t anchor = random_below(3) ? 0 : at - random_below(9000000);
		struct syslog *fresh = syslog_new();
		struct when got = { 0 }, want = { 0 };
		char text[48];

		write_time(&at, text);
		if (before != 0) {
			struct syslog_line l = { .stamp = { before, 0, 6 } };
			(void)syslog_time(fresh, &l, NULL, 0, 0, &want);
		}
		int rc = ask(s, text, z, near, anchor, &got);
		int want_rc = ask(fresh, text, z, near, anchor, &want);
		syslog_free(fresh);
		if (rc != want_rc || (rc == 0 && got.sec != want.sec))
			ck_abort_msg("line %d, \"%s\": got %d, %lld, fresh %d, %lld", i,
			    text, rc, (long long)got.sec, want_rc, (long long)want.sec);
		if (rc == 0)
			before = got.sec;
	}
	for (size_t i = 0; i < 3; i++)
		zone_free(zones[i]);
	syslog_free(s);
}
END_TEST

/* --- queue ids ---------------------------------------------------------------------
 */

static const struct id_case {
	const char *id;
	bool sendmail;
	const char *want; /* NULL: says nothing */
} id_cases[] = {
	{ "4jX70m1lSqzCt", false, "2026-11-21T22:58:32.247355Z" },
	{ "3mPVKl0Mhjz7sXv", false, "2015-07-05T12:52:11.053285Z" },
	{ "4jX70m1lSqz", false, NULL },   /* no inode */
	{ "4jX70m1lSqzzt", false, NULL }, /* z is no digit of the inode */
	{ "4jX70m1lSz1Ct", false, NULL }, /* one digit less */
	{ "4jX70mzzzzzCt", false, NULL }, /* too many microseconds */
	{ "4jX70m1lSqzC-", false, NULL },
	{ "4jA70m1lSqzCt", false, NULL }, /* a vowel */
	{ "zzzzzz1lSqzCt", false, NULL }, /* in the year 2596 */
	{ "0000001lSqzCt", false, NULL },
	{ "4F9D195432C", false, NULL },
	{ "A283D193", false, NULL },
	{ "", false, NULL },
	{ "4jX70m1lSqzCCCCCCCCCCCCCCC", false, NULL },
	{ "6ALN3D5W000110", true, "2026-11-21T23:03:13Z" },
	{ "u31FFPtp032300", true, "2016-04-01T15:15:25Z" },
	{ "6ALN3D5W1000110", true, "2026-11-21T23:03:13Z" },
	{ "6ALN3D5W00011", true, NULL }, /* before 8.12 */
	{ "e6KDWRO24933", true, NULL },
	{ "6ALN3D5W00011x", true, NULL },
	{ "6CLN3D5W000110", true, NULL }, /* a 13th month */
	{ "61UN3D5W000110", true, NULL }, /* Feb 30 */
	{ "6AL03D5-000110", true, NULL },
	{ "6ALO3D5W000110", true, NULL }, /* hour 24 */
	{ "6ALNy D5W00110", true, NULL },
	{ "7ALN3D5W000110", true, NULL },    /* 2027, or 1967 */
	{ "6ANN3D5W000110", true, NULL },    /* more than a day ahead */
	{ "00001000000000003", true, NULL }, /* OpenEMM's own mailer */
	{ "6ALN3D5W00000000110", true, NULL },
};

START_TEST(a_queue_id_says_when_it_was_made)
{
	int64_t near = seconds("2026-11-21T23:00:00Z");

	for (size_t i = 0; i < COUNT(id_cases); i++) {
		const struct id_case *c = &id_cases[i];
		struct slice id = exact_copy(slice_of(c->id));
		struct when t = { 0 };
		bool is = c->sendmail ? queue_id_time_sendmail(id, near, &t)
				      : queue_id_time_postfix(id, near, &t);

		told(c->id, is ? 0 : -EINVAL, t, c->want);
		for (size_t n = 0; n < id.n; n++) {
			struct slice cut = exact_copy((struct slice){ id.p, n });
			(void)queue_id_time_postfix(cut, near, &t);
			(void)queue_id_time_sendmail(cut, near, &t);
			free((char *)cut.p);
		}
		free((char *)id.p);
	}
	rows_end(COUNT(id_cases));
}
END_TEST

void
syslog_add_time_tests(TCase *t)
{
	tcase_add_test(t, a_time_is_read_as_its_table_says);
	tcase_add_test(t, a_journal_s_stamp_is_the_time_where_none_is_written);
	tcase_add_test(t, the_year_is_found_as_its_table_says);
	tcase_add_test(t, the_years_of_a_long_file_follow_one_another);
	tcase_add_test(t, a_fresh_reader_gives_the_same_times);
	tcase_add_test(t, a_queue_id_says_when_it_was_made);
}
