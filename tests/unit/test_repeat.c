/*
 * test_repeat.c - what a line says was repeated, and what it does not know.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/repeat.h"
#include "suites.h"
#include "test_layers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define QID          "4F9D195432C: to=<a@b.example>, status=sent (ok)"
#define OTHER        "4F9D195432D: to=<c@d.example>, status=sent (ok)"
#define REPEATED     "message repeated 3 times: [ " QID "]"

static struct syslog_line
line(const char *host, const char *tag, const char *message)
{
	return (struct syslog_line){ .host = slice_of(host),
		.tag = slice_of(tag),
		.pid = tag ? SLICE("9") : (struct slice){ 0 },
		.message = slice_of(message) };
}

/* --- the form with brackets --------------------------------------------------------
 */

static const struct {
	const char *in, *message;
	int want;
} bracket_cases[] = {
	{ REPEATED, QID, 3 }, { "message repeated 1 time: [ " QID "]", QID, 1 },
	{ "message repeated 10000 times: [ " QID "]", QID, 10000 },
	{ "message repeated 3 times: [" QID "]", QID, 3 },
	{ "message repeated 3 times: [ " QID, QID, 3 }, /* cut */
	{ "message repeated 3 times: [ a[1]]", "a[1]", 3 },
	{ "message repeated 3 times: [ " QID "#015]", QID, 3 },
	{ "message repeated 3 times: [ ]", "", 3 },
	{ "message repeated 10001 times: [ " QID "]", NULL, REPEAT_UNKNOWN },
	{ "message repeated 99999999999999999999999 times: [ " QID "]", NULL,
	    REPEAT_UNKNOWN },
	{ "message repeated 0 times: [ " QID "]", NULL, REPEAT_UNKNOWN },
	{ "message repeated -3 times: [ " QID "]", NULL, REPEAT_UNKNOWN },
	{ "message repeated x times: [ " QID "]", NULL, REPEAT_UNKNOWN },
	{ "message repeated 3 times", NULL, REPEAT_UNKNOWN },
	{ "message repeated 3 times: " QID, NULL, REPEAT_UNKNOWN },
	{ "message repeated 3", NULL, REPEAT_UNKNOWN },
	{ "message repeated ", NULL, REPEAT_UNKNOWN },
	{ "message repeated 3 times: [ " REPEATED "]", NULL, REPEAT_UNKNOWN },
	{ "message repeated 3 times: [ last message repeated 2 times]", NULL,
	    REPEAT_UNKNOWN },
	/* other messages, a stranger's words among them */
	{ QID, NULL, 0 }, { "", NULL, 0 },
	{ "Message repeated 3 times: [ " QID "]", NULL, 0 },
	{ "message repeated", NULL, 0 },
	{ "4F9D195432C: to=<a@b>, status=bounced (host said: 550 " REPEATED ")", NULL,
	    0 },
	{ "last message repeated 3 times", NULL, 0 }, /* under a tag of its own */
};

START_TEST(a_bracket_is_unfolded_as_its_table_says)
{
	struct repeat *r = repeat_new();

	for (size_t i = 0; i < COUNT(bracket_cases); i++) {
		const char *want = bracket_cases[i].message;
		struct syslog_line l = line("mx1", "postfix/smtp", bracket_cases[i].in);
		int got = repeat_of(r, &l);

		if (!want)
			want = bracket_cases[i].in;
		if (got != bracket_cases[i].want ||
		    !slice_eq(l.message, slice_of(want)) ||
		    !slice_eq(l.tag, SLICE("postfix/smtp")) || l.pid.n != 1)
			row_failed("\"%s\": got %d, \"%.*s\", want %d, \"%s\"",
			    bracket_cases[i].in, got, (int)l.message.n, l.message.p,
			    bracket_cases[i].want, want);
	}
	repeat_free(r);
	rows_end(COUNT(bracket_cases));
}
END_TEST

/* Every length, each in a block of its own size. */
START_TEST(a_repetition_that_is_cut_is_not_read_past_its_end)
{
	static const char *const lines[] = { REPEATED,
		"last message repeated 3 times" };
	struct repeat *r = repeat_new();
	struct syslog_line kept = line("mx1", "postfix/smtp", QID);

	repeat_note(r, &kept, true);
	for (size_t i = 0; i < COUNT(lines); i++) {
		for (size_t n = 0; n <= strlen(lines[i]); n++) {
			char *p = malloc(n ? n : 1);
			struct syslog_line l = line("mx1", NULL, NULL);

			memcpy(p, lines[i], n);
			l.message = (struct slice){ p, n };
			(void)repeat_of(r, &l);
			free(p);
		}
	}
	repeat_free(r);
}
END_TEST

/* --- the form of old syslogds ------------------------------------------------------
 */

/* The lines of a file in their order; a message with "to=" gave an event. */
static const struct {
	const char *host, *tag, *in;
	int want;
	const char *message; /* of what is repeated */
} file[] = {
	{ "mx1", NULL, "last message repeated 3 times", REPEAT_UNKNOWN, NULL },
	{ "mx1", "postfix/smtp", QID, 0, NULL },
	{ "mx1", NULL, "last message repeated 3 times", 3, QID },
	{ "mx1", NULL, "last message repeated 10 times", 10, QID },
	{ "mx1", "syslogd", "last message repeated 1 time", 1, QID },
	{ "mx2", NULL, "last message repeated 3 times", REPEAT_UNKNOWN, NULL },
	{ "mx2", "postfix/smtp", OTHER, 0, NULL },
	{ "mx1", NULL, "last message repeated 2 times", 2, QID },
	{ "mx2", NULL, "last message repeated 2 times", 2, OTHER },
	{ "mx1", NULL, "last message repeated 0 times", REPEAT_UNKNOWN, NULL },
	{ "mx1", NULL, "last message repeated 2 times or so", REPEAT_UNKNOWN, NULL },
	{ "mx1", NULL, "last message repeated 99999999999999999999 times",
	    REPEAT_UNKNOWN, NULL },
	{ "mx1", "kernel", "eth0: link is up", 0, NULL },
	{ "mx1", NULL, "last message repeated 2 times", 1, "" },
	{ "mx1", NULL, "last message repeated 2 times", 1, "" },
	{ "mx2", NULL, "last message repeated 2 times", 2, OTHER },
	{ "mx2", NULL, "a line without a tag", 0, NULL },
	{ "mx2", NULL, "last message repeated 2 times", 1, "" },
	{ "mx2", "postfix/smtp", REPEATED, 3, QID },
	{ "mx2", NULL, "last message repeated 2 times", 2, QID },
	{ "", "postfix/smtp", QID, 0, NULL },
	{ "", NULL, "last message repeated 2 times", 2, QID },
};

START_TEST(an_old_repetition_is_of_the_line_before_of_that_host)
{
	struct repeat *r = repeat_new();

	for (size_t i = 0; i < COUNT(file); i++) {
		struct syslog_line l = line(file[i].host, file[i].tag, file[i].in);
		int got = repeat_of(r, &l);
		bool outcome = l.message.n > 0 &&
			       memmem(l.message.p, l.message.n, "to=", 3) != NULL;

		if (got != file[i].want)
			row_failed("line %zu: got %d, want %d", i, got, file[i].want);
		if (got > 0 && !slice_eq(l.message, slice_of(file[i].message)))
			row_failed("line %zu: got \"%.*s\", want \"%s\"", i,
			    (int)l.message.n, l.message.p, file[i].message);
		if (got > 0 && outcome &&
		    (!slice_eq(l.tag, SLICE("postfix/smtp")) ||
			!slice_eq(l.pid, SLICE("9"))))
			row_failed("line %zu: tag \"%.*s\", pid \"%.*s\"", i,
			    (int)l.tag.n, l.tag.p, (int)l.pid.n, l.pid.p);
		if (got >= 0)
			repeat_note(r, &l, outcome);
	}
	repeat_free(r);
	rows_end(COUNT(file));
}
END_TEST

static int
ask_last(struct repeat *r, const char *host)
{
	struct syslog_line l = line(host, NULL, "last message repeated 2 times");

	return repeat_of(r, &l);
}

START_TEST(what_is_kept_is_bounded)
{
	static char longest[8192 + 1], host[300];
	struct repeat *r = repeat_new();
	struct syslog_line l;
	int known = 0;

	for (int i = 0; i < 200; i++) {
		(void)snprintf(host, sizeof host, "mx%d", i);
		l = line(host, "postfix/smtp", QID);
		repeat_note(r, &l, true);
		l = line("mx0", "postfix/smtp", QID);
		repeat_note(r, &l, true);
	}
	for (int i = 0; i < 200; i++) {
		(void)snprintf(host, sizeof host, "mx%d", i);
		known += ask_last(r, host) == 2;
	}
	ck_assert_msg(known == 64, "got %d hosts kept, want 64", known);
	ck_assert_msg(
	    ask_last(r, "mx0") == 2, "the host that writes most was forgotten");

	memset(longest, 'x', sizeof longest - 1);
	l = line("mx0", "p", longest); /* 8192 and tag and pid */
	repeat_note(r, &l, true);
	ck_assert_msg(ask_last(r, "mx0") == REPEAT_UNKNOWN, "a line too long was kept");
	l = line("mx0", "p", longest + 2);
	repeat_note(r, &l, true);
	ck_assert_msg(ask_last(r, "mx0") == 2, "a line of the limit was not kept");

	repeat_note(r, NULL, false);
	ck_assert_msg(ask_last(r, "mx0") == REPEAT_UNKNOWN,
	    "a line of nobody knows who left the host's last line known");
	l = line("mx0", "postfix/smtp", QID);
	repeat_note(r, &l, true);
	memset(host, 'h', sizeof host - 1);
	l = line(host, "postfix/smtp", QID);
	repeat_note(r, &l, true);
	ck_assert_msg(ask_last(r, host) == REPEAT_UNKNOWN, "a host too long was kept");
	repeat_free(r);
}
END_TEST

Suite *
suite_repeat(void)
{
	Suite *s = suite_create("repeat");
	TCase *t = tcase_create("repeat");

	tcase_add_test(t, a_bracket_is_unfolded_as_its_table_says);
	tcase_add_test(t, a_repetition_that_is_cut_is_not_read_past_its_end);
	tcase_add_test(t, an_old_repetition_is_of_the_line_before_of_that_host);
	tcase_add_test(t, what_is_kept_is_bounded);
	suite_add_tcase(s, t);
	return s;
}
