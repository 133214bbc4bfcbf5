/*
 * test_sendmail_split.c - lines that sendmail cut into parts: joined in any
 * interleaving, a lost part told once, bounded.
 */
#include "test_sendmail.h"

#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define A1                                                                        \
	"@1 6ALN3AaB000101[1]: to=<a@x>,<b@x>, delay=00:00:01, xdelay=00:00:01, " \
	"mailer=esmtp, pri=30000,  ...\n"
#define A2                                                                          \
	"@1 6ALN3AaB000101[2]: relay=mx.x.test. [192.0.2.1], dsn=5.1.1, reply=550 " \
	"5.1.1 no such user  ...\n"
#define A3 "@1 6ALN3AaB000101[3]: here, stat=User unknown\n"
#define B1                                                                  \
	"@2 6ALN3AaB000101[1]: to=<c@x>, delay=00:00:01, xdelay=00:00:01, " \
	"mailer=esmtp, pri=30000, ...\n"
#define B2   "@2 6ALN3AaB000101[2]:  dsn=2.0.0, stat=Sent\n"
#define A    "bounce a@x 5.1.1 (550); bounce b@x 5.1.1 (550)"
#define B    "delivery c@x 2.0.0"
#define LOST "bad: a part of a line that was cut is missing"

static const struct sendmail_case cases[] = {
	{ "in order", A1 A2 A3, A },
	{ "two processes, side by side", A1 B1 A2 B2 A3, B "; " A },
	{ "two processes, one inside the other", A1 A2 B1 B2 A3, B "; " A },
	{ "other lines between them",
	    A1
	    "@1 6ALN3AaB000101: ruleset=x\n" A2
	    "@9 6ALN3AaB000109: to=<d@x>, delay=00:00:01, mailer=esmtp, stat=Sent\n" A3,
	    "delivery d@x; " A },
	{ "another queue id of that process",
	    A1 "@1 6ALN3AaB000109[1]: to=<d@x>, ...\n" A2 A3, A },
	{ "the first part is lost: told once", A2 A3, LOST },
	{ "the second is lost", A1 A3, LOST },
	{ "the last is lost: told by nobody", A1 A2, "" },
	{ "the last is lost, and the same process begins another", A1 A2 A1 A2 A3, A },
	{ "the first twice", A1 A1 A2 A3, A },
	{ "the second twice", A1 A2 A2 A3, LOST },
	{ "twice the same line", A1 A2 A3 A1 A2 A3, A "; " A },
	{ "two parts change places", A1 A3 A2, LOST },
	{ "a part that does not count",
	    "@1 6ALN3AaB000101[1]: ruleset=check_rcpt, ...\n@1 6ALN3AaB000101[2]: "
	    "stat=Sent\n",
	    "" },
	{ "a last part that ends as if more followed",
	    A1 "@1 6ALN3AaB000101[2]: dsn=4.0.0, stat=Deferred: wait ...\n",
	    "deferral a@x 4.0.0; deferral b@x 4.0.0" },
	{ "number 0", "@1 6ALN3AaB000101[0]: to=<a@x>, ...\n", LOST },
	{ "a number too large", "@1 6ALN3AaB000101[1000]: to=<a@x>, ...\n", LOST },
	{ "not in the same file, not from the same host",
	    "Nov 21 23:10:00 h1 sm-mta[1]: 6ALN3AaB000101[1]: to=<a@x>, "
	    "delay=00:00:01, mailer=esmtp, ...\n"
	    "Nov 21 23:10:00 h2 sm-mta[1]: 6ALN3AaB000101[2]: stat=Sent\n",
	    LOST },
	{ "a tag of the user's own",
	    "Nov 21 23:10:00 mx out[1]: 6ALN3AaB000101[1]: to=<a@x>, delay=00:00:01, "
	    "mailer=esmtp, ...\n"
	    "Nov 21 23:10:00 mx out[1]: 6ALN3AaB000101[2]:  stat=Sent\n",
	    "delivery a@x" },
	{ "an address cut in its middle",
	    "@1 6ALN3AaB000101[1]: to=<\"a ...\n@1 6ALN3AaB000101[2]: b\"@x>, "
	    "delay=00:00:01, mailer=esmtp, stat=Sent\n",
	    "delivery \"ab\"@x" },
	{ "a sender's line",
	    "@1 6ALN3AaB000101[1]: from=<s@y>, size=1, class=0, ...\n@1 "
	    "6ALN3AaB000101[2]:  nrcpts=1, relay=h\n" B1 B2,
	    B " from s@y" },
};

START_TEST(test_parts)
{
	sendmail_check(&cases[_i]);
}
END_TEST

/* Many lines in the making: the oldest is given up, and told when it goes on. */
START_TEST(test_bounded)
{
	struct buf log;

	buf_init(&log, 1 << 20);
	(void)buf_printf(&log, "%s", A1);
	for (unsigned i = 0; i < 64; i++)
		(void)buf_printf(
		    &log, "@%u 6ALN3AaB000101[1]: to=<z@x>, ...\n", 100 + i);
	(void)buf_printf(&log, "%s", A2);
	(void)buf_addc(&log, 0);
	const char *got = sendmail_log(log.p);
	ck_assert_msg(strcmp(got, LOST) == 0, "got %s, want %s", got, LOST);
	buf_free(&log);
}
END_TEST

/* A line without end: bad once, and the next one of that process is read. */
START_TEST(test_too_long)
{
	struct buf log;
	char many[901];

	memset(many, 'a', sizeof many - 1);
	many[sizeof many - 1] = 0;
	buf_init(&log, 1 << 20);
	for (unsigned i = 1; i <= 30; i++)
		(void)buf_printf(&log, "@1 6ALN3AaB000101[%u]: %s%s,<%s@x>, ...\n", i,
		    i == 1 ? "to=" : "", i == 1 ? "<a@x>" : "<b@x>", many);
	(void)buf_printf(
	    &log, "@1 6ALN3AaB000101[31]: delay=00:00:01, stat=Sent\n%s", A1 A2 A3);
	(void)buf_addc(&log, 0);
	const char *got = sendmail_log(log.p);
	ck_assert_msg(
	    strcmp(got, LOST "; " A) == 0, "got %s, want %s", got, LOST "; " A);
	buf_free(&log);
}
END_TEST

/* Nobody but a stranger writes such a line: it is not read for each recipient. */
START_TEST(test_long_line)
{
	struct buf log;

	buf_init(&log, 1 << 20);
	(void)buf_printf(&log, "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, "
			       "mailer=esmtp, stat=Sent (");
	for (unsigned i = 0; i < 20000; i++)
		(void)buf_addc(&log, 'a');
	(void)buf_addc(&log, 0);
	const char *got = sendmail_log(log.p),
		   *want = "bad: longer than any line of sendmail's";
	ck_assert_msg(strcmp(got, want) == 0, "got %s, want %s", got, want);
	buf_free(&log);
}
END_TEST

void
sendmail_add_split_tests(TCase *t)
{
	tcase_add_loop_test(t, test_parts, 0, SENDMAIL_COUNT(cases));
	tcase_add_test(t, test_bounded);
	tcase_add_test(t, test_too_long);
	tcase_add_test(t, test_long_line);
}
