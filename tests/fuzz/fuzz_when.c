/*
 * fuzz_when.c - the times of logs: what is read is written again by the C library's
 * calendar and is the same.
 *
 * Input: a text. No zone, and one with clock changes.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What when_write() writes is what the C library makes of it, and reads back. */
static void
check_written(struct when t)
{
	char text[WHEN_TEXT_MAX], want[64];
	size_t n = when_write(t, text);
	time_t sec = (time_t)t.sec;
	struct tm tm;
	struct when back;

	fuzz_check(t.digits <= 9 && t.nsec >= 0 && t.nsec < 1000000000,
	    "digits %u, nsec %d", t.digits, t.nsec);
	fuzz_check(gmtime_r(&sec, &tm) != NULL, "no time: %lld", (long long)t.sec);
	size_t whole = strftime(want, sizeof want, "%FT%T", &tm);
	fuzz_check(n > whole && memcmp(text, want, whole) == 0 && text[n - 1] == 'Z',
	    "%lld: got %.*s, want %s", (long long)t.sec, (int)n, text, want);
	if (t.sec < 0)
		return; /* an offset led to 1969; years before 1970 are not read */
	struct slice in = { text, n };
	int rc = when_iso(&in, NULL, &back);
	fuzz_check(rc == 0 && in.n == 0 && back.sec == t.sec && back.nsec == t.nsec &&
		       back.digits == t.digits,
	    "%.*s is read as something else", (int)n, text);
}

static void
check_iso(struct slice in, const struct zone *z)
{
	struct slice rest = in;
	struct when t, pmta;

	if (when_iso(&rest, z, &t) == 0) {
		fuzz_check(rest.n == 0 || rest.p + rest.n == in.p + in.n,
		    "moved out of its text");
		check_written(t);
	}
	if (when_pmta(in, z, &pmta) == 0)
		check_written(pmta);
}

void
fuzz_when(struct slice in)
{
	static struct zone *zone;

	if (!zone)
		(void)zone_load("America/New_York", &zone);
	for (int with_zone = 0; with_zone < 2; with_zone++) {
		check_iso(in, with_zone ? zone : NULL);
	}
}
