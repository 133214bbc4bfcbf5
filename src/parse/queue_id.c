/*
 * queue_id.c - when a queue id was made.
 *
 * Postfix (src/global/mail_queue.h): a long id is the second in base 52 (six digits),
 * the microsecond (four), "z", the inode in base 51; base 52 has digits and consonants
 * and ends with "z". sendmail (sendmail/queue.c): year since 1900 modulo 60, month from
 * 0, day, hour, minute, second, one character each in base 60, GMT; two of a sequence;
 * the pid in six digits or more.
 */
#include "parse/syslog.h"

enum {
	SECONDS = 6,
	MICROSECONDS = 4,
	INODE_MAX = 13, /* of 64 bits, in base 51: 12 */
	SENDMAIL_MIN = 14,
	SENDMAIL_MAX = 18, /* a pid has up to ten digits */
	DAY = 86400,
};

static const int64_t YEAR_1990 = 631152000;

/* The value of a digit in base 52, or -1. */
static int
digit52(char c)
{
	static const char alphabet[] =
	    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	const char *at = c ? memchr(alphabet, c, sizeof alphabet - 1) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* All of in as a number in base 52. */
static bool
number52(struct slice in, int64_t *out)
{
	int64_t v = 0;

	for (size_t i = 0; i < in.n; i++) {
		int d = digit52(in.p[i]);
		if (d < 0)
			return false;
		v = v * 52 + d;
	}
	*out = v;
	return true;
}

bool
queue_id_time_postfix(struct slice id, int64_t near, struct when *out)
{
	const size_t time = SECONDS + MICROSECONDS;
	int64_t sec, usec;

	if (id.n < time + 2 || id.n > time + 1 + INODE_MAX || id.p[time] != 'z' ||
	    slice_rfind(id, 'z') != time)
		return false;
	for (size_t i = time + 1; i < id.n; i++) {
		if (digit52(id.p[i]) < 0)
			return false;
	}
	if (!number52((struct slice){ id.p, SECONDS }, &sec) ||
	    !number52((struct slice){ id.p + SECONDS, MICROSECONDS }, &usec) ||
	    usec > 999999 || sec < YEAR_1990 || sec > near + DAY)
		return false;
	*out = (struct when){ .sec = sec, .nsec = (int32_t)usec * 1000, .digits = 6 };
	return true;
}

/* The value of a character in base 62 (base 60, but for what a seed made), or -1. */
static int
digit62(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'z' ? c - 'a' + 36 : -1;
}

bool
queue_id_time_sendmail(struct slice id, int64_t near, struct when *out)
{
	int v[8], year = 1900, latest = (int)when_year(near < 0 ? 0 : near + DAY);
	int64_t days;

	if (id.n < SENDMAIL_MIN || id.n > SENDMAIL_MAX)
		return false;
	for (size_t i = 0; i < 8; i++) {
		v[i] = digit62(id.p[i]);
		if (v[i] < 0)
			return false;
	}
	for (size_t i = 8; i < id.n; i++) {
		if (!is_digit(id.p[i]))
			return false;
	}
	if (v[0] > 59 || v[1] > 11 || v[3] > 23 || v[4] > 59 || v[5] > 60)
		return false;
	for (year += v[0]; year + 60 <= latest; year += 60)
		;
	if (!when_days((unsigned)year, (unsigned)v[1] + 1, (unsigned)v[2], &days))
		return false;
	int64_t t = days * DAY + v[3] * 3600 + v[4] * 60 + (v[5] == 60 ? 59 : v[5]);
	if (t < YEAR_1990 || t > near + DAY)
		return false;
	*out = (struct when){ .sec = t };
	return true;
}
