/*
 * test_sendmail.c - sendmail's delivery lines: recipients out of their list, what each
 * stat= comes to, which status and reply are true.
 */
#include "test_sendmail.h"
#include "suites.h"

#include <string.h>

#include "parse/sendmail.h"

/* --- recipients --------------------------------------------------------------------
 */

#define TAIL                                                           \
	", delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30000, " \
	"relay=mx.x.test. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"
#define PROG(stat) \
	", delay=00:00:01, xdelay=00:00:01, mailer=prog, pri=30000, dsn=" stat

static const struct sendmail_case recipients[] = {
	{ "one in brackets", "@1 6ALN3AaB000101: to=<a@x.test>" TAIL,
	    "delivery a@x.test 2.0.0" },
	{ "bare", "@1 6ALN3AaB000101: to=a@x.test" TAIL, "delivery a@x.test 2.0.0" },
	{ "local, without a domain", "@1 6ALN3AaB000101: to=root" TAIL,
	    "delivery root 2.0.0" },
	{ "three, one event each", "@1 6ALN3AaB000101: to=<a@x>,b@x,<c@x>" TAIL,
	    "delivery a@x 2.0.0; delivery b@x 2.0.0; delivery c@x 2.0.0" },
	{ "the same twice: told apart", "@1 6ALN3AaB000101: to=<a@x>,<b@x>,<a@x>" TAIL,
	    "delivery a@x 2.0.0; delivery b@x 2.0.0; delivery a@x #1 2.0.0" },
	{ "a phrase", "@1 6ALN3AaB000101: to=Vasya <v@x>,\"Doe, J.\" <j@x>" TAIL,
	    "delivery v@x 2.0.0; delivery j@x 2.0.0" },
	{ "comments", "@1 6ALN3AaB000101: to=v@x (V, (the) \"P),(w) w@x" TAIL,
	    "delivery v@x 2.0.0; delivery w@x 2.0.0" },
	{ "more follow", "@1 6ALN3AaB000101: to=<a@x>,<b@x>, [more]" TAIL,
	    "delivery a@x 2.0.0; delivery b@x 2.0.0" },
	{ "a quoted local part with commas and brackets",
	    "@1 6ALN3AaB000101: to=<\"a,b>\"@x>,<\"c d\"@x>" TAIL,
	    "delivery \"a,b>\"@x 2.0.0; delivery \"c d\"@x 2.0.0" },
	{ "a quote in quotes: sendmail doubles the backslash",
	    "@1 6ALN3AaB000101: to=<\"a\\\\\"b,\"@x>,<c@x>" TAIL,
	    "delivery \"a\\\"b,\"@x 2.0.0; delivery c@x 2.0.0" },
	{ "a backslash at the end of the quotes",
	    "@1 6ALN3AaB000101: to=<\"a\\\\\\\\\"@x>,<c@x>" TAIL,
	    "delivery \"a\\\\\"@x 2.0.0; delivery c@x 2.0.0" },
	{ "UTF-8 in octal", "@1 6ALN3AaB000101: to=<j\\303\\266rg@x>" TAIL,
	    "delivery j\303\266rg@x 2.0.0" },
	{ "octal that is no UTF-8 stays", "@1 6ALN3AaB000101: to=<j\\366rg@x>" TAIL,
	    "delivery j\\366rg@x 2.0.0" },
	{ "a control character stays escaped",
	    "@1 6ALN3AaB000101: to=<\"a\\tb\"@x>" TAIL, "delivery \"a\\tb\"@x 2.0.0" },
	{ "UTF-8 as it is, where sendmail is built so",
	    "@1 6ALN3AaB000101: to=<\303\266@x>" TAIL, "delivery \303\266@x 2.0.0" },
	{ "a route", "@1 6ALN3AaB000101: to=<@r.test,@s.test:a@x>" TAIL,
	    "delivery @r.test,@s.test:a@x 2.0.0" },
	{ "a user past his aliases", "@1 6ALN3AaB000101: to=\\\\joe" TAIL,
	    "delivery joe 2.0.0" },
	{ "a domain literal", "@1 6ALN3AaB000101: to=<a@[192.0.2.1]>" TAIL,
	    "delivery a@[192.0.2.1] 2.0.0" },
	{ "a program: what its alias was called",
	    "@1 6ALN3AaB000101: to=\"|/bin/take -x a,b\", ctladdr=<list+u=d.test@x> "
	    "(8/0)" PROG("2.0.0, stat=Sent"),
	    "delivery list+u=d.test@x was \"|/bin/take -x a,b\" 2.0.0" },
	{ "a program without quotes",
	    "@1 6ALN3AaB000101: to=|/bin/take, ctladdr=<list@x> (8/0)" PROG(
		"2.0.0, stat=Sent"),
	    "delivery list@x was |/bin/take 2.0.0" },
	{ "a program whose alias was too long to be logged whole",
	    "@1 6ALN3AaB000101: to=\"|/p\", "
	    "ctladdr=<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@x> (8/0)" PROG("2.0.0, stat=Sent"),
	    "delivery \"|/p\" 2.0.0" },
	{ "a file",
	    "@1 6ALN3AaB000101: to=/var/mail/box, ctladdr=box@x (8/0), delay=00:00:00, "
	    "xdelay=00:00:00, mailer=*file*, pri=30000, dsn=2.0.0, stat=Sent",
	    "delivery box@x was /var/mail/box 2.0.0" },
	{ "ctladdr of another mailer is the sender",
	    "@1 6ALN3AaB000101: to=<a@x>, ctladdr=<root@x> (0/0)" TAIL,
	    "delivery a@x 2.0.0" },
	{ "no mailer was called for a user that is none: his alias",
	    "@1 6ALN3AaB000101: to=nosuch, ctladdr=<list@x> (8/0), delay=00:00:00, "
	    "mailer=local, pri=30000, dsn=5.1.1, reply=550 5.1.1 User unknown, "
	    "stat=User unknown",
	    "bounce list@x was nosuch 5.1.1" },
	{ "a local user that is none, without an alias",
	    "@1 6ALN3AaB000101: to=nosuch, delay=00:00:00, mailer=local, pri=30000, "
	    "dsn=5.1.1, stat=User unknown",
	    "bounce nosuch 5.1.1" },
	{ "a local mailer that was called: ctladdr is not used",
	    "@1 6ALN3AaB000101: to=<u@x>, ctladdr=<u@x> (8/0), delay=00:00:00, "
	    "xdelay=00:00:00, mailer=local, pri=30000, dsn=2.0.0, stat=Sent",
	    "delivery u@x 2.0.0" },
	{ "nobody", "@1 6ALN3AaB000101: to=NO-TO-LIST" TAIL, "" },
	{ "an empty recipient", "@1 6ALN3AaB000101: to=<>" TAIL, "bad: no recipient" },
};

/* --- outcomes ----------------------------------------------------------------------
 */

#define LINE(rest)                                                       \
	"@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, xdelay=00:00:01, " \
	"mailer=esmtp, pri=30000, relay=mx.x.test. [192.0.2.1], " rest
#define LOCAL(rest)                                                      \
	"@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, xdelay=00:00:01, " \
	"mailer=local, pri=30000, " rest

static const struct sendmail_case outcomes[] = {
	{ "sent, and no more said", LINE("dsn=2.0.0, stat=Sent"),
	    "delivery a@x 2.0.0" },
	{ "without dsn, as before 8.9", LINE("stat=Sent"), "delivery a@x" },
	{ "deferred, and no more said", LINE("dsn=4.0.0, stat=Deferred"),
	    "deferral a@x 4.0.0" },
	{ "deferred by sendmail itself",
	    LINE("dsn=4.0.0, stat=Deferred: Connection timed out with mx.x.test."),
	    "deferral a@x 4.0.0" },
	{ "deferred by the server", LINE("dsn=4.2.0, stat=Deferred: 450 4.7.1 wait"),
	    "deferral a@x 4.7.1 (450)" },
	{ "deferred by a server without a status: 4.2.0 is made up",
	    LINE("dsn=4.2.0, reply=450 wait, stat=Deferred: 450 wait"),
	    "deferral a@x (450)" },
	{ "it stays in the queue, whatever it is called",
	    LOCAL("dsn=4.0.0, stat=Operating system error"), "deferral a@x 4.0.0" },
	{ "and so", LOCAL("dsn=4.0.0, stat=I/O error: No space left on device"),
	    "deferral a@x 4.0.0" },
	{ "a reply to another recipient tells no code",
	    LINE("dsn=4.4.2, reply=550 5.7.1 go away, stat=Deferred: Connection reset "
		 "by mx.x.test."),
	    "deferral a@x 4.4.2" },
	{ "the server's status",
	    LINE("dsn=5.1.1, reply=550 5.1.1 no such, stat=User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "no status in the reply: 5.1.1 is made up",
	    LINE("dsn=5.1.1, reply=550 relaying denied, stat=User unknown"),
	    "bounce a@x (550)" },
	{ "another status than dsn=: the reply's",
	    LINE("dsn=5.1.1, reply=550 5.7.606 banned, stat=User unknown"),
	    "bounce a@x 5.7.606 (550)" },
	{ "a status of the wrong class is none",
	    LINE("dsn=5.1.1, reply=550 4.2.2 full, stat=User unknown"),
	    "bounce a@x (550)" },
	{ "the first of more lines",
	    LINE("dsn=5.1.1, reply=550-5.1.1 The email account, stat=User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "a code and no more", LINE("dsn=5.1.1, reply=550, stat=User unknown"),
	    "bounce a@x (550)" },
	{ "a code and a blank", LINE("dsn=5.1.1, reply=550 , stat=User unknown"),
	    "bounce a@x (550)" },
	{ "before 8.16.1: no reply, and 5.1.1 may be made up",
	    LINE("dsn=5.1.1, stat=User unknown"), "bounce a@x" },
	{ "before 8.16.1: not made up", LINE("dsn=5.7.1, stat=User unknown"),
	    "bounce a@x 5.7.1" },
	{ "552 is 5.2.2 to sendmail", LINE("dsn=5.2.2, stat=Service unavailable"),
	    "bounce a@x" },
	{ "the machine's own user", LOCAL("dsn=5.1.1, stat=User unknown"),
	    "bounce a@x 5.1.1" },
	{ "a domain that is none is sendmail's own finding",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, xdelay=00:00:00, "
	    "mailer=esmtp, pri=30000, relay=x., dsn=5.1.2, stat=Host unknown (Name "
	    "server: x.: host not found)",
	    "bounce a@x 5.1.2" },
	{ "a text of the configuration's", LINE("dsn=5.7.1, stat=No mail for you"),
	    "bounce a@x 5.7.1" },
	{ "a mailer's exit code", LOCAL("dsn=5.3.0, stat=unknown mailer error 3"),
	    "bounce a@x 5.3.0" },
	{ "no blank behind a comma", LINE("dsn=5.0.0,stat=Service unavailable"),
	    "bounce a@x 5.0.0" },
	{ "more fields than are known",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, xdelay=00:00:01, "
	    "mailer=esmtp, tls_verify=OK, pri=30000, relay=mx.x.test. [192.0.2.1], "
	    "dsn=5.1.1, ntries=3, stage=RCPT, reply=550 5.1.1 no, stat=User unknown",
	    "bounce a@x 5.1.1 (550) x3" },
	{ "queued is no attempt",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:00, mailer=esmtp, pri=30000, "
	    "stat=queued",
	    "" },
	{ "quarantined",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:00, mailer=esmtp, pri=30000, "
	    "quarantine=why, stat=Sent, stat=quarantined",
	    "" },
	{ "discarded",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:00, pri=30000, stat=discarded",
	    "" },
	{ "aborted",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:00, pri=30000, stat=aborted by "
	    "sender",
	    "" },
	{ "refused by a filter while it was handed in",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:00, pri=30000, stat=Please try "
	    "again later",
	    "" },
	{ "a line cut short",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:00, xdelay=00:0",
	    "bad: delivery line without stat=, or a field of it not understood" },
	{ "nothing between the list and its status",
	    "@1 6ALN3AaB000101: to=<a@x>, stat=Sent", "delivery a@x" },
	{ "... which says too little for a failure",
	    "@1 6ALN3AaB000101: to=<a@x>, stat=User unknown",
	    "bad: delay not understood" },
	{ "sent with a 5", LINE("dsn=5.1.1, stat=Sent (ok)"),
	    "bad: sent, and dsn= says another thing" },
};

/* --- what is no outcome ------------------------------------------------------------
 */

static const struct sendmail_case silent[] = {
	{ "a ruleset's reject",
	    "@1 6ALN3AaB000101: ruleset=check_rcpt, arg1=<a@x>, relay=h [192.0.2.1], "
	    "reject=550 5.7.1 <a@x>... Relaying denied",
	    "" },
	{ "an unknown user at RCPT", "@1 6ALN3AaB000101: <a@x>... User unknown", "" },
	{ "a filter", "@1 6ALN3AaB000101: Milter: data, reject=550 5.7.1 no", "" },
	{ "without a queue id",
	    "@1 NOQUEUE: h [192.0.2.1] did not issue MAIL/EXPN/VRFY/ETRN during "
	    "connection to MTA",
	    "" },
	{ "a login that failed",
	    "@1 6ALN3AaB000101: AUTH failure (PLAIN): x, relay=h [192.0.2.1]", "" },
	{ "TLS",
	    "@1 STARTTLS=client, relay=mx.x.test., version=TLSv1.3, verify=FAIL, "
	    "cipher=X, bits=256/256",
	    "" },
	{ "an alias", "@1 6ALN3AaB000101: alias <list@x> => a@x, b@x", "" },
	{ "a notice", "@1 6ALN3AaB000101: 6ALN3CaB000102: DSN: User unknown", "" },
	{ "another mail server's line under sendmail's tag",
	    "@1 4F9D195432C: to=<a@x>, relay=mx[192.0.2.1]:25, delay=1, "
	    "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
	    "bad: delay not understood" },
};

/* Whose line it is, by form where the tag is nobody's. */
static const struct sendmail_case tags[] = {
	{ "its own", "Nov 21 23:10:00 mx sendmail[1]: 6ALN3AaB000101: to=<a@x>" TAIL,
	    "delivery a@x 2.0.0" },
	{ "-L", "Nov 21 23:10:00 mx outbound[1]: 6ALN3AaB000101: to=<a@x>" TAIL,
	    "delivery a@x 2.0.0" },
	{ "-L, a list, and a sender",
	    "Nov 21 23:10:00 mx outbound[1]: 6ALN3AaB000101: from=<s@y>, size=1, "
	    "class=0, nrcpts=2, relay=h [192.0.2.9]\n"
	    "Nov 21 23:10:00 mx outbound[1]: 6ALN3AaB000101: to=<a@x>,b@x, "
	    "ctladdr=<s@y> (8/8)" TAIL,
	    "delivery a@x 2.0.0 from s@y; delivery b@x 2.0.0 from s@y" },
	{ "nobody's",
	    "Nov 21 23:10:00 mx other[1]: 6ALN3AaB000101: to=<a@x>, state=gone", "" },
	{ "Postfix's, with sendmail's form in a quoted address",
	    "Nov 21 23:10:00 mx postfix/smtp[1]: 4F9D195432C: to=<\"x>, "
	    "delay=00:00:01, mailer=esmtp, stat=Sent\"@x>, relay=mx[192.0.2.1]:25, "
	    "delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx[192.0.2.1] "
	    "said: 550 5.1.1 no (in reply to RCPT TO command))",
	    "bounce \"x>, delay=00:00:01, mailer=esmtp, stat=Sent\"@x 5.1.1 (550)" },
	{ "sendmail's, with Postfix's form in the reply",
	    LINE("dsn=5.1.1, reply=550 5.1.1 <b>, relay=mx[1]:25, delay=1, "
		 "delays=0/0/0/1, dsn=2.0.0, status=sent (ok), stat=User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "the same under a tag that is nobody's",
	    "Nov 21 23:10:00 mx out[1]: 6ALN3AaB000101: to=<a@x>, delay=00:00:01, "
	    "xdelay=00:00:01, mailer=esmtp, pri=30000, relay=mx.x.test. [192.0.2.1], "
	    "dsn=5.1.1, reply=550 5.1.1 <b>, relay=mx[1]:25, delay=1, delays=0/0/0/1, "
	    "dsn=2.0.0, status=sent (ok), stat=User unknown",
	    "bounce a@x 5.1.1 (550)" },
};

START_TEST(test_recipients)
{
	sendmail_check(&recipients[_i]);
}
END_TEST

START_TEST(test_outcomes)
{
	sendmail_check(&outcomes[_i]);
}
END_TEST

START_TEST(test_silent)
{
	sendmail_check(&silent[_i]);
}
END_TEST

START_TEST(test_tags)
{
	sendmail_check(&tags[_i]);
}
END_TEST

/* The last event's other values. */
static const struct sendmail_case values[] = {
	{ "a reply",
	    LINE("dsn=5.1.1, reply=550 5.1.1 no such user , stat=User unknown"),
	    "550 5.1.1 no such user|mx.x.test|192.0.2.1|failed|6ALN3AaB000101" },
	{ "none", LINE("dsn=5.1.1, stat=User unknown"),
	    "User unknown|mx.x.test|192.0.2.1|failed|6ALN3AaB000101" },
	{ "sent", LINE("dsn=2.0.0, stat=Sent (2.0.0 Ok: queued as X (Y))"),
	    "2.0.0 Ok: queued as X (Y)|mx.x.test|192.0.2.1|relayed|6ALN3AaB000101" },
	{ "sent here", LOCAL("dsn=2.0.0, stat=Sent"), "|delivered|6ALN3AaB000101" },
	{ "IPv6",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, xdelay=00:00:01, "
	    "mailer=esmtp, pri=30000, relay=mx.x.test. [IPv6:2001:db8::1], dsn=2.0.0, "
	    "stat=Sent",
	    "|mx.x.test|2001:db8::1|relayed|6ALN3AaB000101" },
	{ "a relay's name without its middle is none",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, xdelay=00:00:01, "
	    "mailer=esmtp, pri=30000, relay=mailhost.internet....ny.example.co.uk. "
	    "[192.0.2.1], dsn=2.0.0, stat=Sent",
	    "|192.0.2.1|relayed|6ALN3AaB000101" },
	{ "who was looked for has not answered",
	    "@1 6ALN3AaB000101: to=<a@x>, delay=00:00:01, xdelay=00:00:01, "
	    "mailer=esmtp, pri=30000, relay=x.test., dsn=4.4.3, stat=Deferred: Name "
	    "server: x.test.: host name lookup failure",
	    "Name server: x.test.: host name lookup failure|delayed|6ALN3AaB000101" },
	{ "what others say stays escaped",
	    LINE("dsn=5.1.1, reply=550 5.1.1 n\\303\\251ant \\\\o/#011, stat=User "
		 "unknown"),
	    "550 5.1.1 n\\303\\251ant "
	    "\\\\o/#011|mx.x.test|192.0.2.1|failed|6ALN3AaB000101" },
};

START_TEST(test_values)
{
	const struct sendmail_case *c = &values[_i];
	const char *got = sendmail_last(c->log);

	ck_assert_msg(
	    strcmp(got, c->want) == 0, "%s: got %s, want %s", c->name, got, c->want);
}
END_TEST

START_TEST(test_delay)
{
	static const struct {
		const char *in;
		size_t length;
		int64_t seconds;
	} cases[] = { { "00:00:01, x", 8, 1 }, { "01:02:03", 8, 3723 },
		{ "1+03:11:17, x", 10, 97877 }, { "5+00:00:00", 10, 432000 },
		{ "00:00", 0, 0 }, { "1+", 0, 0 }, { "x", 0, 0 }, { "00:99:00", 0, 0 },
		{ "1.5", 0, 0 }, { "99999999999999999999:00:00", 0, 0 } };

	for (size_t i = 0; i < SENDMAIL_COUNT(cases); i++) {
		int64_t s = 0;
		size_t n = sendmail_duration(slice_of(cases[i].in), &s);
		ck_assert_msg(n == cases[i].length && s == cases[i].seconds,
		    "%s: got %zu, %lld s; want %zu, %lld s", cases[i].in, n,
		    (long long)s, cases[i].length, (long long)cases[i].seconds);
	}
}
END_TEST

Suite *
suite_sendmail(void)
{
	Suite *s = suite_create("sendmail");
	TCase *t = tcase_create("lines");

	tcase_add_loop_test(t, test_recipients, 0, SENDMAIL_COUNT(recipients));
	tcase_add_loop_test(t, test_outcomes, 0, SENDMAIL_COUNT(outcomes));
	tcase_add_loop_test(t, test_silent, 0, SENDMAIL_COUNT(silent));
	tcase_add_loop_test(t, test_tags, 0, SENDMAIL_COUNT(tags));
	tcase_add_loop_test(t, test_values, 0, SENDMAIL_COUNT(values));
	tcase_add_test(t, test_delay);
	sendmail_add_forged_tests(t);
	sendmail_add_split_tests(t);
	sendmail_add_join_tests(t);
	suite_add_tcase(s, t);
	return s;
}
