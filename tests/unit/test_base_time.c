/*
 * test_base_time.c - times read and written, zones.
 *
 * Wanted seconds are Python's: datetime.fromisoformat(...).timestamp(), with zoneinfo
 * and fold=0 for the zones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "test_layers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define BAD          INT64_MIN
#define DAY          INT64_C(1549662845) /* 2019-02-08T21:54:05Z */

/* sec is BAD: refused. Without a zone in the text it is UTC here. */
static const struct when_case {
	const char *in;
	int64_t sec;
	int32_t nsec;
	uint8_t digits;
} when_cases[] = {
	{ "2019-02-08 21:54:05+0000", DAY, 0, 0 },
	{ "2019-02-08 21:54:05-0000", DAY, 0, 0 },
	{ "2019-02-08 21:54:05", DAY, 0, 0 },
	{ "2019-02-08T21:54:05Z", DAY, 0, 0 },
	{ "2019-02-08T21:54:05", DAY, 0, 0 },
	{ "  2019-02-08 21:54:05+0000\t", DAY, 0, 0 },
	{ "2019-02-08 21:54:05 +0000", DAY, 0, 0 },
	{ "2019-02-08 22:54:05+0100", DAY, 0, 0 },
	{ "2019-02-08 22:54:05+01:00", DAY, 0, 0 },
	{ "2019-02-09 03:24:05+0530", DAY, 0, 0 },
	{ "2019-02-08 16:54:05-0500", DAY, 0, 0 },
	{ "2019-02-08 21:54:05.5+0000", DAY, 500000000, 1 },
	{ "2019-02-08 21:54:05.000", DAY, 0, 3 },
	{ "2019-02-08 21:54:05.123456", DAY, 123456000, 6 },
	{ "2019-02-08T21:54:05.987654321Z", DAY, 987654321, 9 },
	{ "2019-02-08T21:54:05.1234567899Z", DAY, 123456789, 9 },
	{ "2016-12-31 23:59:60+0000", INT64_C(1483228799), 0, 0 },
	{ "1970-01-01 00:00:00+0000", 0, 0, 0 },
	{ "2000-02-29 00:00:00Z", INT64_C(951782400), 0, 0 },
	{ "2024-02-29 12:00:00Z", INT64_C(1709208000), 0, 0 },
	{ "2038-01-19 03:14:08Z", INT64_C(2147483648), 0, 0 },
	{ "9999-12-31 23:59:59Z", INT64_C(253402300799), 0, 0 },
	{ "1178807903", INT64_C(1178807903), 0, 0 },
	{ " 1178807903 ", INT64_C(1178807903), 0, 0 },
	{ "253402300799", INT64_C(253402300799), 0, 0 },
	{ "253402300800", BAD, 0, 0 },
	{ "1549662845000", BAD, 0, 0 },
	{ "1178807903.5", BAD, 0, 0 },
	{ "-1178807903", BAD, 0, 0 },
	{ "", BAD, 0, 0 },
	{ "  ", BAD, 0, 0 },
	{ "never", BAD, 0, 0 },
	{ "2019-02-08", BAD, 0, 0 },
	{ "2019-02-08 21:54", BAD, 0, 0 },
	{ "2019-02-08 21:54:5", BAD, 0, 0 },
	{ "2019-2-8 21:54:05", BAD, 0, 0 },
	{ "19-02-08 21:54:05", BAD, 0, 0 },
	{ "02/08/2019 21:54:05", BAD, 0, 0 },
	{ "2019-02-0821:54:05", BAD, 0, 0 },
	{ "2019-02-08t21:54:05Z", BAD, 0, 0 },
	{ "2019-02-08  21:54:05", BAD, 0, 0 },
	{ "2019-02-29 00:00:00Z", BAD, 0, 0 },
	{ "1900-02-29 00:00:00Z", BAD, 0, 0 },
	{ "2100-02-29 00:00:00Z", BAD, 0, 0 },
	{ "2019-04-31 00:00:00Z", BAD, 0, 0 },
	{ "2019-00-08 21:54:05", BAD, 0, 0 },
	{ "2019-13-08 21:54:05", BAD, 0, 0 },
	{ "2019-02-00 21:54:05", BAD, 0, 0 },
	{ "1969-12-31 23:59:59Z", BAD, 0, 0 },
	{ "0000-01-01 00:00:00Z", BAD, 0, 0 },
	{ "9999-12-31 23:59:59-0100", BAD, 0, 0 }, /* the year 10000 in UTC */
	{ "2019-02-08 24:00:00", BAD, 0, 0 },
	{ "2019-02-08 21:60:05", BAD, 0, 0 },
	{ "2019-02-08 21:54:61", BAD, 0, 0 },
	{ "2019-02-08 21:54:05.", BAD, 0, 0 },
	{ "2019-02-08 21:54:05.Z", BAD, 0, 0 },
	{ "2019-02-08 21:54:05,5", BAD, 0, 0 },
	{ "2019-02-08 21:54:05+01", BAD, 0, 0 },
	{ "2019-02-08 21:54:05+1:00", BAD, 0, 0 },
	{ "2019-02-08 21:54:05+2400", BAD, 0, 0 },
	{ "2019-02-08 21:54:05+0060", BAD, 0, 0 },
	{ "2019-02-08 21:54:05+00000", BAD, 0, 0 },
	{ "2019-02-08 21:54:05 UTC", BAD, 0, 0 },
	{ "2019-02-08 21:54:05z", BAD, 0, 0 },
	{ "2019-02-08 21:54:05Z0", BAD, 0, 0 },
	{ "+019-02-08 21:54:05", BAD, 0, 0 },
	{ "\xd9\xa2\xd9\xa0-02-08 21:54:05", BAD, 0, 0 },
};

static void
when_row(const struct when_case *c)
{
	const struct when before = { .sec = 77, .nsec = 7, .digits = 7 };
	size_t n = strlen(c->in);
	char *copy = malloc(n + 1); /* without a NUL: ASan sees a byte too many read */
	struct when got = before;

	memcpy(copy, c->in, n);
	char *exact = realloc(copy, n ? n : 1);
	int rc = when_pmta((struct slice){ exact, n }, NULL, &got);
	struct when want = c->sec == BAD ? before
					 : (struct when){ c->sec, c->nsec, c->digits };
	if (!(rc == (c->sec == BAD ? -EINVAL : 0) && got.sec == want.sec &&
		got.nsec == want.nsec && got.digits == want.digits))
		row_failed("when_pmta(\"%s\"): got %d, %lld.%09d (%d), want %d, "
			   "%lld.%09d (%d)",
		    c->in, rc, (long long)got.sec, got.nsec, got.digits,
		    c->sec == BAD ? -EINVAL : 0, (long long)want.sec, want.nsec,
		    want.digits);
	free(exact);
}

START_TEST(when_pmta_reads_its_table)
{
	for (size_t i = 0; i < COUNT(when_cases); i++)
		when_row(&when_cases[i]);
	rows_end(COUNT(when_cases));
}
END_TEST

START_TEST(a_zone_counts_where_the_text_has_none)
{
	static const struct {
		const char *in;
		int64_t want;
	} cases[] = {
		{ "2019-02-08 22:54:05", DAY },
		{ "2019-02-08 21:54:05+0000", DAY },
		{ "2019-02-08T21:54:05Z", DAY },
		{ "2024-07-15T12:00:00", INT64_C(1721037600) },
		{ "1178807903", INT64_C(1178807903) },
	};
	struct zone *z = NULL;
	struct when got;

	int rc = zone_load("Europe/Berlin", &z);
	ck_assert_msg(rc == 0, "zone_load: got %d, want 0", rc);
	for (size_t i = 0; i < COUNT(cases); i++) {
		rc = when_pmta(slice_of(cases[i].in), z, &got);
		ck_assert_msg(rc == 0 && got.sec == cases[i].want,
		    "\"%s\" in Berlin: got %d, %lld, want 0, %lld", cases[i].in, rc,
		    (long long)got.sec, (long long)cases[i].want);
	}
	zone_free(z);
}
END_TEST

START_TEST(when_write_is_rfc_3339)
{
	static const struct {
		struct when in;
		const char *want;
	} cases[] = {
		{ { 0, 0, 0 }, "1970-01-01T00:00:00Z" },
		{ { DAY, 0, 0 }, "2019-02-08T21:54:05Z" },
		{ { DAY, 999999999, 0 }, "2019-02-08T21:54:05Z" },
		{ { DAY, 0, 3 }, "2019-02-08T21:54:05.000Z" },
		{ { DAY, 500000000, 1 }, "2019-02-08T21:54:05.5Z" },
		{ { DAY, 1000000, 3 }, "2019-02-08T21:54:05.001Z" },
		{ { DAY, 123456000, 6 }, "2019-02-08T21:54:05.123456Z" },
		{ { DAY, 987654321, 9 }, "2019-02-08T21:54:05.987654321Z" },
		{ { INT64_C(951782399), 0, 0 }, "2000-02-28T23:59:59Z" },
		{ { INT64_C(951782400), 0, 0 }, "2000-02-29T00:00:00Z" },
		{ { INT64_C(951868800), 0, 0 }, "2000-03-01T00:00:00Z" },
		{ { INT64_C(4107542400), 0, 0 }, "2100-03-01T00:00:00Z" },
		{ { INT64_C(1735689599), 0, 0 }, "2024-12-31T23:59:59Z" },
		{ { INT64_C(253402300799), 0, 0 }, "9999-12-31T23:59:59Z" },
		{ { -1, 0, 0 }, "1969-12-31T23:59:59Z" },
		{ { -86400, 0, 0 }, "1969-12-31T00:00:00Z" },
	};
	char out[WHEN_TEXT_MAX];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice got = { out, when_write(cases[i].in, out) };

		ck_assert_msg(slice_eq(got, slice_of(cases[i].want)),
		    "when_write(%lld): got \"%.*s\", want \"%s\"",
		    (long long)cases[i].in.sec, (int)got.n, got.p, cases[i].want);
	}
}
END_TEST

/* Every day from 1970 to 9999: what is written reads back. */
START_TEST(each_day_reads_back)
{
	char out[WHEN_TEXT_MAX];
	struct when got;

	for (int64_t day = 0; day < INT64_C(2932897); day++) {
		struct when t = { .sec = day * 86400 + day % 86400 };
		struct slice text = { out, when_write(t, out) };
		int rc = when_pmta(text, NULL, &got);

		if (rc != 0 || got.sec != t.sec)
			ck_abort_msg("\"%.*s\": got %d, %lld, want 0, %lld",
			    (int)text.n, text.p, rc, (long long)got.sec,
			    (long long)t.sec);
	}
}
END_TEST

static const struct zone_case {
	const char *zone;
	const char *wall;
	int64_t east; /* of UTC, in seconds */
} zone_cases[] = {
	{ "Europe/Berlin", "2024-01-15 12:00:00", 3600 },
	{ "Europe/Berlin", "2024-07-15 12:00:00", 7200 },
	{ "Europe/Berlin", "2024-03-31 01:59:59", 3600 },
	{ "Europe/Berlin", "2024-03-31 02:00:00", 3600 }, /* the gap */
	{ "Europe/Berlin", "2024-03-31 02:30:00", 3600 },
	{ "Europe/Berlin", "2024-03-31 02:59:59", 3600 },
	{ "Europe/Berlin", "2024-03-31 03:00:00", 7200 },
	{ "Europe/Berlin", "2024-10-27 01:59:59", 7200 },
	{ "Europe/Berlin", "2024-10-27 02:00:00", 7200 }, /* the fold: summer first */
	{ "Europe/Berlin", "2024-10-27 02:30:00", 7200 },
	{ "Europe/Berlin", "2024-10-27 02:59:59", 7200 },
	{ "Europe/Berlin", "2024-10-27 03:00:00", 3600 },
	{ "Europe/Berlin", "1970-01-01 01:00:00", 3600 },
	{ "Europe/Berlin", "1970-06-01 00:00:00", 3600 },
	{ "Europe/Berlin", "2050-07-01 12:00:00", 7200 },
	{ "Europe/Berlin", "2099-12-31 12:00:00", 3600 },
	{ "America/New_York", "2024-01-15 12:00:00", -18000 },
	{ "America/New_York", "2024-07-15 12:00:00", -14400 },
	{ "America/New_York", "2024-03-10 01:59:59", -18000 },
	{ "America/New_York", "2024-03-10 02:30:00", -18000 },
	{ "America/New_York", "2024-03-10 03:00:00", -14400 },
	{ "America/New_York", "2024-11-03 01:00:00", -14400 },
	{ "America/New_York", "2024-11-03 01:30:00", -14400 },
	{ "America/New_York", "2024-11-03 02:00:00", -18000 },
	{ "America/New_York", "1974-01-06 03:00:00", -14400 },
	{ "Asia/Kolkata", "2024-01-15 12:00:00", 19800 },
	{ "Asia/Kolkata", "1970-01-01 05:30:00", 19800 },
	{ "Australia/Lord_Howe", "2024-04-07 01:45:00", 39600 },
	{ "Australia/Lord_Howe", "2024-10-06 02:15:00", 37800 },
	{ "UTC", "2024-03-31 02:30:00", 0 },
};

START_TEST(zone_to_utc_knows_clock_changes)
{
	struct zone *z = NULL;

	for (size_t i = 0; i < COUNT(zone_cases); i++) {
		const struct zone_case *c = &zone_cases[i];
		struct when wall = { 0 };

		if (i == 0 || strcmp(c->zone, zone_cases[i - 1].zone) != 0) {
			zone_free(z);
			z = NULL;
			int rc = zone_load(c->zone, &z);
			ck_assert_msg(rc == 0, "%s: got %d, want 0", c->zone, rc);
		}
		(void)when_pmta(slice_of(c->wall), NULL, &wall);
		int64_t got = wall.sec - zone_to_utc(z, wall.sec);
		ck_assert_msg(got == c->east,
		    "%s, %s: got %lld s east, want %lld s east", c->zone, c->wall,
		    (long long)got, (long long)c->east);
	}
	zone_free(z);
	zone_free(NULL);
	ck_assert_msg(zone_to_utc(NULL, 12345) == 12345, "NULL is not UTC");
}
END_TEST

START_TEST(zone_load_leaves_the_environment)
{
	static const char *const unknown[] = { "", "Europe/Atlantis", "CEST-2",
		"../etc/passwd", "/usr/share/zoneinfo/UTC", "Europe/../UTC" };
	struct zone *z = NULL;

	(void)setenv("TZ", "Asia/Kolkata", 1);
	int rc = zone_load("local", &z);
	int64_t got = rc == 0 ? zone_to_utc(z, INT64_C(1705320000)) : 0;
	ck_assert_msg(rc == 0 && got == INT64_C(1705300200),
	    "local: got %d, %lld, want 0, 1705300200", rc, (long long)got);
	zone_free(z);
	rc = zone_load("America/New_York", &z);
	ck_assert_msg(rc == 0 && strcmp(getenv("TZ"), "Asia/Kolkata") == 0,
	    "TZ: got %s, want Asia/Kolkata", getenv("TZ"));
	zone_free(z);
	(void)unsetenv("TZ");
	rc = zone_load("America/New_York", &z);
	ck_assert_msg(rc == 0 && !getenv("TZ"), "TZ: got one, want none");
	zone_free(z);
	for (size_t i = 0; i < COUNT(unknown); i++) {
		z = NULL;
		rc = zone_load(unknown[i], &z);
		ck_assert_msg(rc == -ENOENT && !z, "zone \"%s\": got %d, want %d",
		    unknown[i], rc, -ENOENT);
	}
}
END_TEST

void
base_add_time_tests(TCase *t)
{
	tcase_add_test(t, when_pmta_reads_its_table);
	tcase_add_test(t, a_zone_counts_where_the_text_has_none);
	tcase_add_test(t, when_write_is_rfc_3339);
	tcase_add_test(t, each_day_reads_back);
	tcase_add_test(t, zone_to_utc_knows_clock_changes);
	tcase_add_test(t, zone_load_leaves_the_environment);
}
