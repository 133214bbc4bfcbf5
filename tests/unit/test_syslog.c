/*
 * test_syslog.c - prefixes are split from messages, in every form and cut anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "test_layers.h"
#include "test_syslog.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ISO          "2026-11-21T22:58:32.053127+00:00"
#define NANO         "2026-11-21T22:58:32.053127123Z"
#define T3164        "Nov  1 02:11:18"
#define QID          "4F9D195432C: to=<a@b.example>"
#define LINE         T3164 " mx1 postfix/smtp[9]: " QID

/* time is NULL: no line */
static const struct split_case {
	const char *in, *time, *host, *tag, *pid, *message;
} split_cases[] = {
	/* RFC 3164: blank or zero before the day, journalctl's fraction, one blank */
	{ LINE, T3164, "mx1", "postfix/smtp", "9", QID },
	{ "Nov 01 02:11:18 mx1 postfix-file/master[916]: x", "Nov 01 02:11:18", "mx1",
	    "postfix-file/master", "916", "x" },
	{ "Nov 01 02:11:18.123456 mx1 p[1]: x", "Nov 01 02:11:18.123456", "mx1", "p",
	    "1", "x" },
	{ "Mar 7 02:09:33 mx1 p[1]: x", "Mar 7 02:09:33", "mx1", "p", "1", "x" },
	{ "2013 Jun 16 16:05:06.123 mx1 p[1]: x", "2013 Jun 16 16:05:06.123", "mx1",
	    "p", "1", "x" },
	/* ISO 8601 */
	{ ISO " mx1 p[1]: x", ISO, "mx1", "p", "1", "x" },
	{ "2026-11-21T22:58:32Z mx1 p[1]: x", "2026-11-21T22:58:32Z", "mx1", "p", "1",
	    "x" },
	{ "2026-11-21T22:58:32+0000 mx1 p[1]: x", "2026-11-21T22:58:32+0000", "mx1",
	    "p", "1", "x" },
	{ "2026-11-21T22:58:32 mx1 p[1]: x", "2026-11-21T22:58:32", "mx1", "p", "1",
	    "x" },
	{ "2026-11-21 22:58:32.1+01:00 mx1 p[1]: x", "2026-11-21 22:58:32.1+01:00",
	    "mx1", "p", "1", "x" },
	{ "2026-11-21 22:58:32 mx1 p[1]: x", "2026-11-21 22:58:32", "mx1", "p", "1",
	    "x" },
	{ "2026-11-21 22:58:32 +0100 mx1 p[1]: x", "2026-11-21 22:58:32 +0100", "mx1",
	    "p", "1", "x" },
	/* journalctl -o short-full, short-unix */
	{ "Sat 2026-11-21 22:58:32 UTC mx1 p[1]: x", "2026-11-21 22:58:32 UTC", "mx1",
	    "p", "1", "x" },
	{ "Sat 2026-11-21 22:58:32 CET mx1 p[1]: x", "2026-11-21 22:58:32", "mx1", "p",
	    "1", "x" },
	{ "Sat 2026-11-21 22:58:32 +03 mx1 p[1]: x", "2026-11-21 22:58:32 +03", "mx1",
	    "p", "1", "x" },
	{ "1795301912.123456 mx1 p[1]: x", "1795301912.123456", "mx1", "p", "1", "x" },
	/* RFC 5424: two blanks, nil, elements with what is escaped, a BOM */
	{ "<22>1 " ISO " mx1 postfix 772 - -  " QID, ISO, "mx1", "postfix", "772",
	    QID },
	{ "<22>1 " ISO " mx1 postfix/smtp 77 - - x", ISO, "mx1", "postfix/smtp", "77",
	    "x" },
	{ "<22>1 " ISO " mx1 p 1 ID7 [a@1 b=\"]\\\"\\]\" c=\"\\\\\"][d] x", ISO, "mx1",
	    "p", "1", "x" },
	{ "<22>1 - - - - - - x", "-", "", "", "", "x" },
	{ "<22>1 " ISO " mx1 p 1 - - \xef\xbb\xbfx", ISO, "mx1", "p", "1", "x" },
	{ "<22>1 " ISO " mx1 p 1 - -", ISO, "mx1", "p", "1", "" },
	{ "<22>1 " ISO " mx1 p 1 - [a b=\"] x", NULL, NULL, NULL, NULL, NULL },
	{ "<22>1 " ISO " mx1 p 1 - x", NULL, NULL, NULL, NULL, NULL },
	{ "<22>1 " ISO " mx1 p 1 -", NULL, NULL, NULL, NULL, NULL },
	/* PRI alone */
	{ "<22>" LINE, T3164, "mx1", "postfix/smtp", "9", QID },
	{ "<2222>" LINE, NULL, NULL, NULL, NULL, NULL },
	{ "<>" LINE, NULL, NULL, NULL, NULL, NULL },
	/* hosts */
	{ ISO " mx1.example.com p[1]: x", ISO, "mx1.example.com", "p", "1", "x" },
	{ ISO " 192.0.2.1 p[1]: x", ISO, "192.0.2.1", "p", "1", "x" },
	{ ISO " 2001:db8::1 p[1]: x", ISO, "2001:db8::1", "p", "1", "x" },
	{ ISO " 2001:db8:: p[1]: x", ISO, "2001:db8::", "p", "1", "x" },
	{ ISO " [2001:db8::] p[1]: x", ISO, "[2001:db8::]", "p", "1", "x" },
	{ ISO " p[1]: x", ISO, "", "p", "1", "x" },
	{ T3164 " p[1]: x", T3164, "", "p", "1", "x" },
	{ T3164 "  p[1]: x", T3164, "", "p", "1", "x" },
	{ T3164 " post: xy", T3164, "", "post", "", "xy" },
	{ T3164 " postfix/smtp[77] BBBB0003: x", T3164, "", "postfix/smtp", "77",
	    "BBBB0003: x" },
	/* tags */
	{ T3164 " mx1 postfix/smtp[77] BBBB0003: x", T3164, "mx1", "postfix/smtp", "77",
	    "BBBB0003: x" },
	{ T3164 " mx1 postfix: x", T3164, "mx1", "postfix", "", "x" },
	{ T3164 " mx1 p[1]:x", T3164, "mx1", "p", "1", "x" },
	{ T3164 " mx1 p[1]:" QID, T3164, "mx1", "p", "1", QID },
	{ T3164 " mx1 p[1]:", T3164, "mx1", "p", "1", "" },
	{ T3164 " mx1 p[x-1]: x", T3164, "mx1", "p", "x-1", "x" },
	{ T3164 " mx1 postfix-239.58.50.50/smtp[1]: x", T3164, "mx1",
	    "postfix-239.58.50.50/smtp", "1", "x" },
	{ T3164 " mx1 a-syslog-name-that-is-over-thirty-two-bytes/smtp[123]: x", T3164,
	    "mx1", "a-syslog-name-that-is-over-thirty-two-bytes/smtp", "123", "x" },
	{ T3164 " mx1 p[1]:   x", T3164, "mx1", "p", "1", "x" },
	/* no tag: another line all the same, for what repeats it */
	{ T3164 " mx1 last message repeated 3 times", T3164, "mx1", "", "",
	    "last message repeated 3 times" },
	{ T3164 " mx1 -- MARK --", T3164, "mx1", "", "", "-- MARK --" },
	{ T3164 " mx1 []: x", T3164, "mx1", "", "", "[]: x" },
	{ T3164 " mx1 [1]: x", T3164, "mx1", "", "", "[1]: x" },
	{ T3164 " mx1 p[x] y", T3164, "mx1", "", "", "p[x] y" },
	/* facility and level: busybox, AIX, FreeBSD; Solaris' message id */
	{ T3164 " mx1 mail.info p[1]: x", T3164, "mx1", "p", "1", "x" },
	{ T3164 " mx1 mail:info p[1]: x", T3164, "mx1", "p", "1", "x" },
	{ T3164 " mx1 local0.warn p[1]: x", T3164, "mx1", "p", "1", "x" },
	{ T3164 " <mail.info> mx1 p[1]: x", T3164, "mx1", "p", "1", "x" },
	{ T3164 " sun sendmail[15824]: [ID 801593 mail.info] r5R9: x", T3164, "sun",
	    "sendmail", "15824", "r5R9: x" },
	{ T3164 " sun p[1]: [ID 801593", T3164, "sun", "p", "1", "[ID 801593" },
	/* one behind the other: the inner host and tag, the time with year and zone */
	{ "mail-1  | " LINE, T3164, "mx1", "postfix/smtp", "9", QID },
	{ "mail_1 | " LINE, T3164, "mx1", "postfix/smtp", "9", QID },
	{ NANO " " LINE, NANO, "mx1", "postfix/smtp", "9", QID },
	{ "mail-1  | " NANO " " LINE, NANO, "mx1", "postfix/smtp", "9", QID },
	{ NANO " stdout F " LINE, NANO, "mx1", "postfix/smtp", "9", QID },
	{ NANO " 2026-11-21T23:58:30+01:00 mx1 p[1]: x", "2026-11-21T23:58:30+01:00",
	    "mx1", "p", "1", "x" },
	{ NANO " 2026-11-21T23:58:30 mx1 p[1]: x", NANO, "mx1", "p", "1", "x" },
	{ NANO " 2013 Jun 16 16:05:06.123 mx1 p[1]: x", NANO, "mx1", "p", "1", "x" },
	{ NANO " p[1]: x", NANO, "", "p", "1", "x" },
	{ "Nov 21 23:00:00 docker 3f2a9c8b1d2e[7]: " LINE, T3164, "mx1", "postfix/smtp",
	    "9", QID },
	{ ISO " docker 3f2a9c8b1d2e[7]: " LINE, ISO, "mx1", "postfix/smtp", "9", QID },
	{ "<30>1 " ISO " docker 3f2a9c8b1d2e 7 3f2a9c8b1d2e - " LINE, ISO, "mx1",
	    "postfix/smtp", "9", QID },
	/* ... but for a container's, what poses as a line is text */
	{ T3164 " mx1 app[1]: " LINE, T3164, "mx1", "app", "1", LINE },
	{ T3164 " mx1 3f2a9c8b1d2[1]: " LINE, T3164, "mx1", "3f2a9c8b1d2", "1", LINE },
	/* a message that only begins like a line is one */
	{ T3164 " mx1 app[1]: Nov 21 22:58:32 was when", T3164, "mx1", "app", "1",
	    "Nov 21 22:58:32 was when" },
	{ T3164 " mx1 app[1]: " ISO, T3164, "mx1", "app", "1", ISO },
	/* line ends that a syslog daemon made visible */
	{ LINE "#015", T3164, "mx1", "postfix/smtp", "9", QID },
	{ LINE "\r#015#012", T3164, "mx1", "postfix/smtp", "9", QID },
	{ LINE " #011", T3164, "mx1", "postfix/smtp", "9", QID " #011" },
	{ LINE " #01", T3164, "mx1", "postfix/smtp", "9", QID " #01" },
	/* any bytes */
	{ LINE "\xff\xfe \x7f", T3164, "mx1", "postfix/smtp", "9",
	    QID "\xff\xfe \x7f" },
	/* no lines */
	{ "", NULL, NULL, NULL, NULL, NULL },
	{ " ", NULL, NULL, NULL, NULL, NULL },
	{ T3164, NULL, NULL, NULL, NULL, NULL },
	{ T3164 " mx1", NULL, NULL, NULL, NULL, NULL },
	{ ISO, NULL, NULL, NULL, NULL, NULL },
	{ QID, NULL, NULL, NULL, NULL, NULL },
	{ "mx1 p[1]: x", NULL, NULL, NULL, NULL, NULL },
	{ "mail-1  | x", NULL, NULL, NULL, NULL, NULL },
	{ "mail 1  | " LINE, NULL, NULL, NULL, NULL, NULL },
	{ "[12345.678901] mx1 p[1]: x", NULL, NULL, NULL, NULL, NULL },
	{ "2026-11-21T22:58:32.0000000000000000000000000000 mx1 p[1]: x", NULL, NULL,
	    NULL, NULL, NULL },
	{ "192.0.2.1 - - [21/Nov/2026:22:58:32 +0000] \"GET / HTTP/1.1\"", NULL, NULL,
	    NULL, NULL, NULL },
};

struct slice
exact_copy(struct slice s)
{
	char *p = malloc(s.n ? s.n : 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

static void
same(const struct split_case *c, const char *what, struct slice got, const char *want)
{
	if (!slice_eq(got, slice_of(want)))
		row_failed("\"%s\": %s: got \"%.*s\", want \"%s\"", c->in, what,
		    (int)got.n, got.p, want);
}

START_TEST(a_line_is_split_as_its_table_says)
{
	struct syslog *s = syslog_new();
	struct syslog_line l;
	const char *why;

	for (size_t i = 0; i < COUNT(split_cases); i++) {
		const struct split_case *c = &split_cases[i];
		struct slice in = exact_copy(slice_of(c->in));
		bool is = syslog_split(s, in, &l, &why);

		if (is != (c->time != NULL) || why)
			row_failed("\"%s\": got %d, want %d (%s)", c->in, is,
			    c->time != NULL, why ? why : "");
		if (is && c->time) {
			same(c, "time", l.time, c->time);
			same(c, "host", l.host, c->host);
			same(c, "tag", l.tag, c->tag);
			same(c, "pid", l.pid, c->pid);
			same(c, "message", l.message, c->message);
		}
		free((char *)in.p);
	}
	syslog_free(s);
	rows_end(COUNT(split_cases));
}
END_TEST

static void
within(struct slice part, struct slice line, const char *what)
{
	ck_assert_msg(
	    part.n == 0 || (part.p >= line.p && part.p + part.n <= line.p + line.n),
	    "%s is outside of its line: \"%.*s\"", what, (int)line.n, line.p);
}

/* Cut at every length: no read past the end, all parts within. */
START_TEST(a_line_that_is_cut_is_split_or_none)
{
	struct syslog *s = syslog_new();
	struct syslog_line l;
	struct when t;
	const char *why;

	for (size_t i = 0; i < COUNT(split_cases); i++) {
		struct slice whole = slice_of(split_cases[i].in);

		for (size_t n = 0; n <= whole.n; n++) {
			struct slice in = exact_copy((struct slice){ whole.p, n });

			if (syslog_split(s, in, &l, &why)) {
				within(l.time, in, "time");
				within(l.host, in, "host");
				within(l.tag, in, "tag");
				within(l.pid, in, "pid");
				within(l.message, in, "message");
				(void)syslog_time(s, &l, NULL, 1795305600, 0, &t);
			}
			free((char *)in.p);
		}
	}
	syslog_free(s);
}
END_TEST

START_TEST(a_nul_is_a_byte_as_others)
{
	static const char text[] = T3164 " mx1 p[1]: a\0b";
	struct slice in = { text, sizeof text - 1 };
	struct syslog *s = syslog_new();
	struct syslog_line l;
	const char *why;

	ck_assert_msg(syslog_split(s, in, &l, &why) && l.message.n == 3 &&
			  memcmp(l.message.p, "a\0b", 3) == 0,
	    "got %zu bytes, want \"a\\0b\"", l.message.n);
	syslog_free(s);
}
END_TEST

Suite *
suite_syslog(void)
{
	Suite *s = suite_create("syslog");
	TCase *t = tcase_create("syslog");

	tcase_add_test(t, a_line_is_split_as_its_table_says);
	tcase_add_test(t, a_line_that_is_cut_is_split_or_none);
	tcase_add_test(t, a_nul_is_a_byte_as_others);
	syslog_add_time_tests(t);
	syslog_add_json_tests(t);
	suite_add_tcase(s, t);
	return s;
}
