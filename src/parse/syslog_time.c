/*
 * syslog_time.c - reads the time of a log line; finds the year where it names none.
 *
 * The year, in this order: the one that puts the line soonest after a time that its
 * message names (a queue id's; at most ANCHOR_MAX later: a message may have been on
 * hold for a year); the one nearest to the line before, so that a jump of more than
 * half a year is one over New Year; the last one that is possible. Without the first,
 * never more than a day after `near`. Feb 29 is in a leap year.
 *
 * Most lines are of the same day as the one before, which is remembered as it is
 * written: its year holds as long as all of the above says the same.
 */
#include "parse/syslog.h"
#include "parse/syslog_internal.h"

#include <errno.h>

enum { DAY = 86400, ANCHOR_MAX = 100 * DAY, NEARBY = 150 * DAY, LEAP_GAP = 8 };

bool
syslog_time_is_whole(struct slice t)
{
	if (t.n < 9 || !is_digit(t.p[0]))
		return false;
	if (t.n < 19 || t.p[4] != '-') /* seconds since 1970, or the year first */
		return slice_find(t, ' ') == t.n;
	if (t.n >= 25 && (t.p[t.n - 6] == '+' || t.p[t.n - 6] == '-'))
		return true; /* "+01:00": most are so */
	for (size_t i = 19; i < t.n; i++) {
		char c = t.p[i];
		if (c == 'Z' || c == '+' || c == '-' || c == 'U')
			return true;
	}
	return false;
}

/* A wall clock reading to UTC. On most days no clock is changed: then the day's offset
 * is the reading's. */
static int64_t
to_utc(struct syslog *s, const struct zone *z, int64_t wall)
{
	int64_t day = wall / DAY;

	if (day == s->wall_day && z == s->wall_zone)
		return wall - s->wall_east;
	int64_t first = zone_to_utc(z, day * DAY);
	if (zone_to_utc(z, day * DAY + DAY - 1) - first != DAY - 1)
		return zone_to_utc(z, wall);
	s->wall_day = day;
	s->wall_zone = z;
	s->wall_east = day * DAY - first;
	return wall - s->wall_east;
}

struct date {
	unsigned month, day;
	int64_t clock; /* seconds since midnight */
};

/* The time in that year to *t; false: it has no such day. */
static bool
in_year(const struct date *d, unsigned year, const struct zone *z, int64_t *t)
{
	int64_t days;

	if (!when_days(year, d->month, d->day, &days))
		return false;
	*t = zone_to_utc(z, days * DAY + d->clock);
	return true;
}

static bool
year_by_anchor(
    const struct date *d, const struct zone *z, int64_t anchor, unsigned *out)
{
	unsigned year = when_year(anchor - 2 * DAY); /* zones: a day is enough */
	int64_t t;

	for (unsigned y = year; y <= year + LEAP_GAP + 1; y++) {
		if (!in_year(d, y, z, &t) || t < anchor - DAY)
			continue;
		*out = y;
		return t <= anchor + ANCHOR_MAX;
	}
	return false;
}

/* The year that brings it nearest to `to`, none after `last`. */
static bool
year_near(
    const struct date *d, const struct zone *z, int64_t to, int64_t last, unsigned *out)
{
	unsigned reach = d->month == 2 && d->day == 29 ? LEAP_GAP : 2;
	unsigned year = when_year(to), y = year > reach ? year - reach : 0;
	int64_t best = INT64_MAX, t;

	for (; y <= year + reach; y++) {
		if (!in_year(d, y, z, &t) || t > last)
			continue;
		int64_t distance = t > to ? t - to : to - t;
		if (distance < best) {
			best = distance;
			*out = y;
		}
	}
	return best < INT64_MAX;
}

/* Says what finds the year that t is in the right one? */
static bool
holds(const struct syslog *s, int64_t t, int64_t near, int64_t anchor)
{
	if (anchor != 0)
		return t >= anchor - DAY && t <= anchor + ANCHOR_MAX;
	return s->before != INT64_MIN && t <= near + DAY && t <= s->before + NEARBY &&
	       t >= s->before - NEARBY;
}

/* "Nov  1 ", "Nov 01 ", "Nov 1 " at the start of *in, which moves behind it. */
static bool
take_month_day(struct slice *in, struct date *out)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *p = in->p;

	if (in->n < TIME_3164 - 1 || p[3] != ' ')
		return false;
	size_t n = p[5] == ' ' ? 5 : 6;
	char tens = n == 5 || p[4] == ' ' ? '0' : p[4], ones = p[n - 1];
	out->month = 0;
	for (unsigned m = 0; m < 12; m++) {
		if (memcmp(names + (size_t)m * 3, p, 3) == 0)
			out->month = m + 1;
	}
	if (out->month == 0 || !is_digit(tens) || !is_digit(ones) || p[n] != ' ')
		return false;
	out->day = (unsigned)(tens - '0') * 10 + (unsigned)(ones - '0');
	*in = slice_from(*in, n + 1);
	return true;
}

/* The year of a date that names none. */
static bool
find_year(const struct syslog *s, const struct date *d, const struct zone *z,
    int64_t near, int64_t anchor, unsigned *out)
{
	int64_t last = near + DAY, to = s->before;

	if (to == INT64_MIN || to > last)
		to = last;
	return (anchor != 0 && year_by_anchor(d, z, anchor, out)) ||
	       year_near(d, z, to, last, out);
}

static int
read_3164(struct syslog *s, struct slice in, const struct zone *z, int64_t near,
    int64_t anchor, struct when *out)
{
	struct slice rest = in;
	unsigned year = 0;
	int64_t day = 0;
	struct when t;
	struct date d;
	bool known = in.n >= TIME_3164 &&
		     memcmp(in.p, s->day_text, sizeof s->day_text) == 0;

	if (known)
		rest = slice_from(in, sizeof s->day_text);
	else if (!take_month_day(&rest, &d))
		return -EINVAL;
	if (when_clock(&rest, &t) < 0 || rest.n > 0)
		return -EINVAL;
	d.clock = t.sec;
	if (known) {
		t.sec = to_utc(s, z, s->day * DAY + d.clock);
		if (holds(s, t.sec, near, anchor)) {
			*out = t;
			return 0;
		}
		rest = in;
		(void)take_month_day(&rest, &d);
	}
	if (!find_year(s, &d, z, near, anchor, &year))
		return -EINVAL;
	(void)when_days(year, d.month, d.day, &day);
	if (in.p[6] == ' ') {
		memcpy(s->day_text, in.p, sizeof s->day_text);
		s->day = day;
	}
	t.sec = to_utc(s, z, day * DAY + d.clock);
	*out = t;
	return 0;
}

/* "2013 Jun 16 16:05:06.123" */
static int
read_year_first(
    struct syslog *s, struct slice in, const struct zone *z, struct when *out)
{
	struct slice number = { in.p, 4 }, rest = slice_from(in, 5);
	struct date d;
	uint64_t year;
	int64_t days;

	if (!slice_u64(number, &year) || !take_month_day(&rest, &d) ||
	    !when_days((unsigned)year, d.month, d.day, &days) ||
	    when_clock(&rest, out) < 0 || rest.n > 0)
		return -EINVAL;
	out->sec = to_utc(s, z, days * DAY + out->sec);
	return 0;
}

/* "1795301912.123456" */
static int
read_unix(struct slice in, struct when *out)
{
	size_t dot = slice_find(in, '.');
	struct slice seconds = { in.p, dot };
	struct when t = { 0 };
	int32_t scale = 100000000;
	uint64_t v;

	if (!slice_u64(seconds, &v) || dot > 11 || dot + 1 == in.n)
		return -EINVAL;
	for (size_t i = dot + 1; i < in.n; i++, scale /= 10) {
		if (!is_digit(in.p[i]))
			return -EINVAL;
		t.nsec += (in.p[i] - '0') * scale;
		t.digits += t.digits < 9;
	}
	t.sec = (int64_t)v;
	*out = t;
	return 0;
}

/* A zone behind a blank: " UTC", " +0100", " +03:00", " +03"; to seconds east. */
static bool
read_blank_zone(struct slice in, int64_t *east)
{
	struct slice hours = { slice_from(in, 2).p, 2 }, minutes;
	uint64_t h, m = 0;

	*east = 0;
	if (slice_eq(in, SLICE(" UTC")))
		return true;
	if (in.n < 4 || in.p[0] != ' ' || (in.p[1] != '+' && in.p[1] != '-'))
		return false;
	minutes = slice_from(in, 4 + (in.n > 4 && in.p[4] == ':'));
	if (!slice_u64(hours, &h) || h > 23 ||
	    (in.n > 4 && (minutes.n != 2 || !slice_u64(minutes, &m) || m > 59)))
		return false;
	*east = (int64_t)(h * 3600 + m * 60) * (in.p[1] == '-' ? -1 : 1);
	return true;
}

static int
read_iso(struct syslog *s, struct slice in, const struct zone *z, struct when *out)
{
	struct slice rest = in;
	struct when t;
	int64_t east;

	/* read as of UTC first: to ask a zone takes longer than all else */
	if (when_iso(&rest, NULL, &t) < 0)
		return -EINVAL;
	if (rest.n > 0) {
		if (!read_blank_zone(rest, &east))
			return -EINVAL;
		t.sec -= east;
	} else if (!syslog_time_is_whole(in)) {
		t.sec = to_utc(s, z, t.sec);
	}
	*out = t;
	return 0;
}

int
syslog_time(struct syslog *s, const struct syslog_line *l, const struct zone *z,
    int64_t near, int64_t anchor, struct when *out)
{
	struct slice in = l->time;
	struct when t;
	int rc;

	if (in.n == 0 && l->stamp.digits > 0) {
		t = l->stamp;
		rc = 0;
	} else if (in.n > 0 && is_upper(in.p[0])) {
		rc = read_3164(s, in, z, near, anchor, &t);
	} else if (in.n > 4 && in.p[4] == '-') {
		rc = read_iso(s, in, z, &t);
	} else if (in.n > 4 && in.p[4] == ' ') {
		rc = read_year_first(s, in, z, &t);
	} else {
		rc = read_unix(in, &t);
	}
	if (rc < 0)
		return rc;
	s->before = t.sec;
	*out = t;
	return 0;
}
