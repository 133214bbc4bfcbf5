/*
 * when.c - reads the times that mail servers write, writes RFC 3339.
 *
 * Pure: the zone is an argument. Years 1970 to 9999; anything else is -EINVAL.
 */
#include "base/base.h"

#include <errno.h>

static const int64_t TIME_MAX = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */

/* Days since 1970-01-01 of a date of the Gregorian calendar (month 1 to 12). */
static int64_t
days_of(int64_t y, unsigned m, unsigned d)
{
	y -= m <= 2;
	int64_t era = y / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + (int64_t)doe - 719468;
}

static void
date_of(int64_t days, unsigned *y, unsigned *m, unsigned *d)
{
	days += 719468;
	int64_t era = days / 146097;
	unsigned doe = (unsigned)(days - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (unsigned)((int64_t)yoe + era * 400) + (*m <= 2);
}

static bool
leap(unsigned y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Two digits at p as a number, over 99 where they are none. */
static inline unsigned
two(const char *p)
{
	unsigned a = (unsigned char)p[0] - '0', b = (unsigned char)p[1] - '0';

	return a > 9 || b > 9 ? 100 : a * 10 + b;
}

/* Two digits at in->p as a number; takes them off. */
static bool
take_two(struct slice *in, unsigned *out)
{
	if (in->n < 2 || (*out = two(in->p)) > 99)
		return false;
	*in = slice_from(*in, 2);
	return true;
}

static bool
take_char(struct slice *in, char c)
{
	if (in->n == 0 || in->p[0] != c)
		return false;
	*in = slice_from(*in, 1);
	return true;
}

bool
when_days(unsigned y, unsigned m, unsigned d, int64_t *days)
{
	static const unsigned char length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };

	if (y < 1970 || y > 9999 || m < 1 || m > 12 || d < 1)
		return false;
	if (d > length[m - 1] + (unsigned)(m == 2 && leap(y)))
		return false;
	*days = days_of(y, m, d);
	return true;
}

unsigned
when_year(int64_t sec)
{
	unsigned y, m, d;

	date_of(sec < 0 ? 0 : sec / 86400, &y, &m, &d);
	return y;
}

enum { DATE = 10, CLOCK = 8 };

/* YYYY-MM-DD to days. */
static bool
take_date(struct slice *in, int64_t *days)
{
	const char *p = in->p;

	if (in->n < DATE || p[4] != '-' || p[7] != '-')
		return false;
	unsigned century = two(p), year = two(p + 2), m = two(p + 5), d = two(p + 8);
	*in = slice_from(*in, DATE);
	return century < 100 && year < 100 &&
	       when_days(century * 100 + year, m, d, days);
}

/* HH:MM:SS to seconds of the day; a leap second counts as the one before. */
static bool
take_clock(struct slice *in, int64_t *sec)
{
	const char *p = in->p;

	if (in->n < CLOCK || p[2] != ':' || p[5] != ':')
		return false;
	unsigned h = two(p), m = two(p + 3), s = two(p + 6);
	*in = slice_from(*in, CLOCK);
	*sec = (int64_t)h * 3600 + m * 60 + (s == 60 ? 59 : s);
	return h < 24 && m < 60 && s <= 60;
}

/* An optional .digits; more than nine are read and not kept. */
static bool
take_fraction(struct slice *in, struct when *t)
{
	static const int32_t scale[] = { 1000000000, 100000000, 10000000, 1000000,
		100000, 10000, 1000, 100, 10, 1 };
	int32_t v = 0;
	size_t n = 1;

	if (in->n == 0 || in->p[0] != '.')
		return true;
	for (; n < in->n && is_digit(in->p[n]); n++) {
		if (n <= 9)
			v = v * 10 + (in->p[n] - '0');
	}
	t->digits = (uint8_t)(n - 1 < 9 ? n - 1 : 9);
	t->nsec = v * scale[t->digits];
	*in = slice_from(*in, n);
	return n > 1;
}

/* Z, +hhmm or +hh:mm to seconds east of UTC. */
static bool
take_offset(struct slice *in, int64_t *east)
{
	unsigned h, m;
	int sign = 1;

	if (take_char(in, 'Z')) {
		*east = 0;
		return true;
	}
	if (take_char(in, '-'))
		sign = -1;
	else if (!take_char(in, '+'))
		return false;
	if (!take_two(in, &h))
		return false;
	(void)take_char(in, ':');
	if (!take_two(in, &m) || h > 23 || m > 59)
		return false;
	*east = sign * ((int64_t)h * 3600 + m * 60);
	return true;
}

/* A date, a clock, a fraction, then a zone or none (z's). */
static int
take_iso(
    struct slice *in, const struct zone *z, bool blank_before_zone, struct when *out)
{
	struct when t = { 0 };
	int64_t days, clock, east;

	if (!take_date(in, &days) || (!take_char(in, ' ') && !take_char(in, 'T')) ||
	    !take_clock(in, &clock) || !take_fraction(in, &t))
		return -EINVAL;
	t.sec = days * 86400 + clock;
	if (blank_before_zone)
		*in = slice_trim(*in);
	struct slice behind = *in;
	if (take_offset(&behind, &east)) {
		t.sec -= east;
		*in = behind;
	} else {
		t.sec = zone_to_utc(z, t.sec);
	}
	if (t.sec > TIME_MAX)
		return -EINVAL;
	*out = t;
	return 0;
}

int
when_iso(struct slice *in, const struct zone *z, struct when *out)
{
	return take_iso(in, z, false, out);
}

int
when_pmta(struct slice in, const struct zone *z, struct when *out)
{
	struct when t;
	uint64_t v = 0;

	in = slice_trim(in);
	if (in.n <= 12 && slice_u64(in, &v)) {
		if (v > (uint64_t)TIME_MAX)
			return -EINVAL;
		*out = (struct when){ .sec = (int64_t)v };
		return 0;
	}
	if (take_iso(&in, z, true, &t) < 0 || in.n != 0)
		return -EINVAL;
	*out = t;
	return 0;
}

int
when_clock(struct slice *in, struct when *out)
{
	struct when t = { 0 };

	if (!take_clock(in, &t.sec) || !take_fraction(in, &t))
		return -EINVAL;
	*out = t;
	return 0;
}

static char *
put(char *p, unsigned v, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + digits;
}

size_t
when_write(struct when t, char out[WHEN_TEXT_MAX])
{
	int64_t days = t.sec / 86400, rest = t.sec % 86400;
	unsigned y, m, d;
	char *p = out;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	date_of(days, &y, &m, &d);
	p = put(p, y, 4);
	*p++ = '-';
	p = put(p, m, 2);
	*p++ = '-';
	p = put(p, d, 2);
	*p++ = 'T';
	p = put(p, (unsigned)rest / 3600, 2);
	*p++ = ':';
	p = put(p, (unsigned)rest / 60 % 60, 2);
	*p++ = ':';
	p = put(p, (unsigned)rest % 60, 2);
	if (t.digits > 0) {
		unsigned fraction = (unsigned)t.nsec;
		for (unsigned i = t.digits; i < 9; i++)
			fraction /= 10;
		*p++ = '.';
		p = put(p, fraction, t.digits);
	}
	*p++ = 'Z';
	return (size_t)(p - out);
}
