/*
 * fuzz_when.c - the times of logs: what is read is written again by the C library's
 * calendar and is the same.
 *
 * Input: a text. No zone, and one with clock changes; then the year of RFC 3164 times
 * is looked for near three points in time.
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

static void
check_rfc3164(struct slice in, const struct zone *z, int64_t near)
{
	struct slice rest = in;
	char want[32];
	struct when t;
	struct tm tm;

	if (when_rfc3164(&rest, z, near, &t) < 0)
		return;
	size_t used = in.n - rest.n;
	fuzz_check(used == 15, "%zu bytes of a time", used);
	fuzz_check(t.sec <= near + 86400, "later than a day from now");
	check_written(t);
	time_t sec = (time_t)t.sec;
	(void)gmtime_r(&sec, &tm);
	size_t n = strftime(want, sizeof want, "%b %d %H:%M:%S", &tm);
	/* " 1" and "01" are both written; a leap second is the one before it; Feb 30 is
	 * not refused */
	bool same = memcmp(in.p, want, 3) == 0 &&
		    memcmp(in.p + 7, want + 7, n - 9) == 0;
	fuzz_check(z || same || in.p[4] == '3' || memcmp(in.p, "Feb", 3) == 0,
	    "got %s, want %.15s", want, in.p);
}

void
fuzz_when(struct slice in)
{
	static const int64_t near[] = { 0, 951782400, 1795305600 };
	static struct zone *zone;

	if (!zone)
		(void)zone_load("America/New_York", &zone);
	for (int with_zone = 0; with_zone < 2; with_zone++) {
		const struct zone *z = with_zone ? zone : NULL;
		check_iso(in, z);
		for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
			check_rfc3164(in, z, near[i]);
	}
}
