/*
 * test_postfix.c - Postfix's lines: words of status, old and new forms, hops, headers,
 * expiry. Hostile ones: test_hostile.c.
 */
#include <check.h>
#include <string.h>

#include "event/event.h"
#include "suites.h"
#include "test_maillog.h"
#include "test_postfix.h"

void
postfix_rows(const struct row *row, size_t n)
{
	static const struct parse_env env = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct buf got;
		buf_init(&got, 1 << 20);
		maillog_tell(&parse_maillog, &env, slice_of(row[i].lines), false, &got);
		ck_assert_msg(slice_eq(buf_slice(&got), slice_of(row[i].want)),
		    "%s: got\n%.*swant\n%s", row[i].name, (int)got.n,
		    got.p ? got.p : "", row[i].want);
		buf_free(&got);
	}
}

START_TEST(each_word_of_status_has_its_type)
{
	static const struct row rows[] = {
		{ "sent", SMTP "4A1B2: to=<a@d>" RELAY "2.0.0, status=sent (250 ok)\n",
		    "delivery a@d 2.0.0 queue=4A1B2\n" },
		{ "bounced",
		    SMTP "4A1B2: to=<a@d>" RELAY "5.1.1, status=bounced (host mx.d"
			 "[192.0.2.1] said: 550 no (in reply to RCPT TO command))\n",
		    "bounce a@d 5.1.1 queue=4A1B2\n" },
		{ "deferred, twice",
		    SMTP "4A1B2: to=<a@d>" RELAY "4.2.0, status=deferred (x)\n" SMTP
			 "4A1B2: to=<a@d>" RELAY "4.2.0, status=deferred (x)\n",
		    "deferral a@d 4.2.0 queue=4A1B2\n"
		    "deferral a@d 4.2.0 queue=4A1B2 attempts=2\n" },
		{ "soft_bounce stays in the queue",
		    SMTP "4A1B2: to=<a@d>" RELAY "4.1.1, status=SOFTBOUNCE (550 x)\n",
		    "deferral a@d 4.1.1 queue=4A1B2\n" },
		{ "probes are no messages",
		    SMTP "4A1B2: to=<a@d>" RELAY "2.1.5, status=deliverable (x)\n" SMTP
			 "4A1B2: to=<a@d>" RELAY
			 "5.1.1, status=undeliverable (x)\n" SMTP
			 "4A1B2: to=<a@d>" RELAY
			 "5.1.1, status=undeliverable-but-not-cached (x)\n",
		    "" },
		{ "another word",
		    SMTP "4A1B2: to=<a@d>" RELAY "5.1.1, status=lost (x)\n",
		    "bad: unknown status word\n" },
		{ "next MX, bounce's failure, rejects, verbose lines",
		    SMTP
		    "4A1B2: host mx.d[192.0.2.1] said: 450 4.7.1 other (in reply to "
		    "RCPT TO command)\n" SMTP
		    "connect to mx.d[192.0.2.1]:25: Connection refused\n" SMTP
		    "4A1B2: status=deferred (bounce failed)\n" T
		    "smtpd[1]: NOQUEUE: reject: RCPT from h[1.2.3.4]: 550 5.1.2 "
		    "<u@d>: no; from=<s@d> to=<u@d> proto=ESMTP helo=<x>\n" SMTP
		    "> mx.d[192.0.2.1]:25: RCPT TO:<a@d>\n" SMTP
		    "4A1B2: passing <a@d> to transport=local\n" T
		    "bounce[1]: warning: 4A1B2: sender notification failed to "
		    "<a@d>: x\n",
		    "" },
	};

	postfix_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(lines_of_all_ages_are_read)
{
	static const struct row rows[] = {
		{ "3.11: tls= and a key that nobody knows",
		    SMTP "4A1B2: to=<a@d>, relay=mx.d[192.0.2.1]:25, conn_use=3, "
			 "delay=1, delays=0/0/0/1, tls=dane/!requiretls:nocertmatch, "
			 "new_key=x y, dsn=2.0.0, status=sent (250 ok)\n",
		    "delivery a@d 2.0.0 queue=4A1B2\n" },
		{ "before 2.3: no delays, no dsn",
		    SMTP "4A1B2: to=<a@d>, relay=mx.d[192.0.2.1], delay=1, "
			 "status=sent (250 ok)\n",
		    "delivery a@d - queue=4A1B2\n" },
		{ "the same with orig_to",
		    SMTP "4A1B2: to=<a@d>, orig_to=<l@h>, relay=none, delay=1, "
			 "status=bounced (x)\n",
		    "bounce l@h - queue=4A1B2 final=a@d\n" },
		{ "no delay at all",
		    SMTP "4A1B2: to=<a@d>, relay=none, dsn=5.0.0, status=bounced (z)\n",
		    "bounce a@d 5.0.0 queue=4A1B2\n" },
		{ "without <>",
		    SMTP "4A1B2: to=a@d, relay=mx.d[192.0.2.1]:25" TAIL
			 "2.0.0, status=sent (250 ok)\n",
		    "delivery a@d 2.0.0 queue=4A1B2\n" },
		{ "a domain that is none",
		    SMTP
		    "4A1B2: to=<a@gmail,com>, relay=none" TAIL
		    "5.4.4, status=bounced (Host or domain name not found. Name "
		    "service error for name=gmail,com type=AAAA: Host not found)\n" SMTP
		    "4A1B2: to=<a@exam ple.com>, orig_to=<b c>, relay=none" TAIL
		    "5.1.3, status=bounced (bad address syntax)\n",
		    "bounce a@gmail,com 5.4.4 queue=4A1B2\n"
		    "bounce b c 5.1.3 queue=4A1B2 final=a@exam ple.com\n" },
		{ "cut within the text",
		    SMTP "4A1B2: to=<a@d>" RELAY
			 "5.1.1, status=bounced (host mx.d[192.0.2.1] said: 550 n\n",
		    "bounce a@d 5.1.1 queue=4A1B2\n" },
		{ "cut before it",
		    SMTP "4A1B2: to=<a@d>, relay=mx.d[192.0.2.1]:25, delay=1, dela\n",
		    "bad: delivery line not understood\n" },
		{ "long queue ids say when it was queued; tags of all kinds",
		    T
		    "bulk/smtp[1]: 4jX70m1lSqzCt: to=<a@d>" RELAY
		    "2.0.0, status=sent (250 ok)\n"
		    "2026-01-01T00:00:00Z mx1 postfix-239.58.50.50/smtp[1]: 4A1B2: "
		    "to=<a@d>" RELAY "2.0.0, status=sent (250 ok)\n"
		    "2026-01-01T00:00:00Z mx1 out/lmtp[1]: 4A1B2: to=<a@d>" RELAY
		    "2.0.0, status=sent (250 ok)\n"
		    "<22>1 2026-01-01T00:00:00Z mx1 out 772 - -  4A1B2: to=<a@d>" RELAY
		    "2.0.0, status=sent (250 ok)\n",
		    "delivery a@d 2.0.0 queue=4jX70m1lSqzCt\n"
		    "delivery a@d 2.0.0 queue=4A1B2 instance=postfix-239.58.50.50\n"
		    "delivery a@d 2.0.0 queue=4A1B2 instance=out\n"
		    "delivery a@d 2.0.0 queue=4A1B2 instance=out\n" },
		{ "another program's line",
		    "2026-01-01T00:00:00Z mx1 sshd[1]: 4A1B2: to=<a@d>" RELAY
		    "2.0.0, status=sent (250 ok)\n",
		    "" },
	};

	postfix_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(earlier_lines_say_whose_message_it_is)
{
	static const struct row rows[] = {
		{ "sender, message id", BEGIN SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "lines that come late are its own",
		    BEGIN REMOVED SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "a queue id comes again: another client",
		    BEGIN T
		    "smtpd[1]: 4A1B2: client=x[10.0.0.2]\n" SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2\n" },
		{ "... of a notification, which has none",
		    BEGIN REMOVED T
		    "cleanup[1]: 4A1B2: message-id=<n@mx1>\n" SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 mid=n@mx1\n" },
		{ "login, by whom it was sent",
		    T "smtpd[1]: 4A1B2: client=app[10.0.0.1], sasl_method=PLAIN, "
		      "sasl_username=t, 7, sasl_sender=x@y\n" SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 login=t, 7\n" },
		{ "sendmail(1): the queue manager knows the whole sender",
		    T "pickup[1]: 4A1B2: uid=0 from=<root>\n" SENT("4A1B2", "a@d")
			ACTIVE SENT("4A1B2", "b@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=root\n"
		    "delivery b@d 2.0.0 queue=4A1B2 from=s@l\n" },
		{ "message ids of all sorts",
		    T "cleanup[1]: 4A1B2: message-id=<> \n" SENT("4A1B2", "a@d") T
		    "cleanup[1]: 4A1B2: message-id=no brackets\n" SENT("4A1B2", "a@d") T
		    "cleanup[1]: 4A1B2: message-id=<a b@c> (by x)\n" SENT(
			"4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2\n"
		    "delivery a@d 2.0.0 queue=4A1B2 mid=no brackets\n"
		    "delivery a@d 2.0.0 queue=4A1B2 mid=a b@c\n" },
		{ "two instances with one queue id",
		    BEGIN
		    "2026-01-01T00:00:00Z mx1 postfix-b/smtpd[1]: 4A1B2: "
		    "client=x[10.0.0.2], sasl_username=b\n" SENT("4A1B2",
			"a@d") "2026-01-01T00:00:00Z mx1 postfix-b/smtp[1]: 4A1B2: "
			       "to=<a@d>" RELAY "2.0.0, status=sent (250 ok)\n",
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "delivery a@d 2.0.0 queue=4A1B2 login=b instance=postfix-b\n" },
		{ "one service has a name of its own",
		    BEGIN "2026-01-01T00:00:00Z mx1 out/smtp[1]: 4A1B2: to=<a@d>" RELAY
			  "2.0.0, status=sent (250 ok)\n",
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app "
		    "instance=out\n" },
		{ "two hosts",
		    BEGIN
		    "2026-01-01T00:00:00Z mx2 postfix/smtp[1]: 4A1B2: to=<a@d>" RELAY
		    "2.0.0, status=sent (250 ok)\n",
		    "delivery a@d 2.0.0 queue=4A1B2\n" },
		{ "a notification is from nobody",
		    BEGIN T "bounce[1]: 4A1B2: sender non-delivery notification: "
			    "4C3D4\n" SENT("4C3D4", "s@l"),
		    "delivery s@l 2.0.0 queue=4C3D4 from=<>\n" },
	};

	postfix_rows(rows, COUNT(rows));
}
END_TEST

#define HEADER(kind, text) T "cleanup[1]: 4A1B2: " kind ": header " text "\n"
#define PEER               " from app[10.0.0.1]; from=<s@l> to=<a@d> proto=ESMTP helo=<x>"

START_TEST(header_checks_fill_headers)
{
	static const struct row rows[] = {
		{ "info and warning",
		    CLIENT HEADER("info", "X-Campaign-ID: c 12" PEER ": campaign")
			HEADER("warning", "X-Bounce-ID: b-1" PEER) SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 x-campaign-id:c 12 "
		    "x-bounce-id:b-1\n" },
		{ "sendmail(1)",
		    HEADER("info", "X-Id: 7 from local; from=<root>")
			SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 x-id:7\n" },
		{ "the first of a name counts, no others than those two kinds",
		    HEADER("info", "X-Id: 7 from local; from=<r>")
			HEADER("info", "x-id: 8 from local; from=<r>")
			    HEADER("prepend", "X-B: 8 from local; from=<r>")
				HEADER("info", "no colon from local; from=<r>")
				    HEADER("info", "X-C: cut fro") SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 x-id:7\n" },
		{ "a value that poses as the end",
		    HEADER("info",
			"X-Id: 7 from x[1.2.3.4]; from=<v> to=<v> from local; "
			"from=<r>") SENT("4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 x-id:7 from x[1.2.3.4]; from=<v> "
		    "to=<v>\n" },
	};

	postfix_rows(rows, COUNT(rows));
}
END_TEST

Suite *
suite_postfix(void)
{
	Suite *s = suite_create("postfix");
	TCase *t = tcase_create("lines");

	tcase_add_test(t, each_word_of_status_has_its_type);
	tcase_add_test(t, lines_of_all_ages_are_read);
	tcase_add_test(t, earlier_lines_say_whose_message_it_is);
	tcase_add_test(t, header_checks_fill_headers);
	suite_add_tcase(s, t);
	suite_add_tcase(s, tcase_postfix_hops());
	return s;
}
