/*
 * test_postfix.c - Postfix's lines: words of status, old and new forms, hops, headers,
 * expiry. Hostile ones: test_hostile.c.
 */
#include <check.h>
#include <string.h>

#include "event/event.h"
#include "suites.h"
#include "test_maillog.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Lines stand without prefix: "DAEMON QID: ..." */
#define T    "2026-01-01T00:00:00Z mx1 postfix/"
#define SMTP T "smtp[1]: "
#define TAIL ", delay=1, delays=0/0/0/1, dsn="

struct row {
	const char *name;
	const char *lines;
	const char *want;
};

static void
check_rows(const struct row *row, size_t n)
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

#define RELAY ", relay=mx.d[192.0.2.1]:25" TAIL

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

	check_rows(rows, COUNT(rows));
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

	check_rows(rows, COUNT(rows));
}
END_TEST

#define CLIENT        T "smtpd[1]: 4A1B2: client=app[10.0.0.1]\n"
#define MID           T "cleanup[1]: 4A1B2: message-id=<m1@app>\n"
#define ACTIVE        T "qmgr[1]: 4A1B2: from=<s@l>, size=9, nrcpt=2 (queue active)\n"
#define BEGIN         CLIENT MID ACTIVE
#define REMOVED       T "qmgr[1]: 4A1B2: removed\n"
#define SENT(qid, to) SMTP qid ": to=<" to ">" RELAY "2.0.0, status=sent (250 ok)\n"

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

	check_rows(rows, COUNT(rows));
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

	check_rows(rows, COUNT(rows));
}
END_TEST

#define FILTER ", relay=127.0.0.1[127.0.0.1]:10024" TAIL
#define HOP(to)                                                                 \
	SMTP "4A1B2: to=<" to ">" FILTER                                        \
	     "2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): " \
	     "250 2.0.0 Ok: queued as 4C3D4)\n"
#define AGAIN T "smtpd[2]: 4C3D4: client=localhost[127.0.0.1]\n"
#define LOCAL SMTP "4A1B2: to=<a@d>, relay=local" TAIL

START_TEST(a_hop_is_no_outcome)
{
	static const struct row rows[] = {
		{ "a filter: the last hop speaks for the first message",
		    BEGIN AGAIN HOP("a@d") REMOVED SENT("4C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "... that rewrote the sender",
		    BEGIN AGAIN T "cleanup[2]: 4C3D4: message-id=<m1@app>\n" T
				  "qmgr[1]: 4C3D4: from=<o@x>, size=9, nrcpt=1 (queue "
				  "active)\n" HOP("a@d") SENT("4C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "the name that the list had for it",
		    BEGIN AGAIN HOP("a@d>, orig_to=<l@h") SENT("4C3D4", "a@d"),
		    "delivery l@h 2.0.0 queue=4A1B2 from=s@l final=a@d mid=m1@app\n" },
		{ "... and both queues deferred it: attempts are of the last one",
		    BEGIN AGAIN HOP("a@d>, orig_to=<l@h") SMTP
		    "4C3D4: to=<a@d>" RELAY "4.2.0, status=deferred (x)\n" T
		    "qmgr[1]: 4C3D4: from=<s@l>, status=expired, returned to sender\n",
		    "deferral l@h 4.2.0 queue=4A1B2 from=s@l final=a@d mid=m1@app\n"
		    "bounce l@h 4.2.0 queue=4A1B2 from=s@l final=a@d mid=m1@app "
		    "expired\n" },
		{ "a filter that tells the first queue id (XFORWARD)",
		    BEGIN T "smtpd[2]: 4C3D4: client=localhost[127.0.0.1], "
			    "orig_queue_id=4A1B2, orig_client=app[10.0.0.1]\n" SENT(
				"4C3D4", "a@d") HOP("a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "an id of another machine's queue is not ours",
		    T "smtpd[2]: 4C3D4: client=f[10.0.0.1], orig_queue_id=9Z9Z9, "
		      "orig_client=x[1.2.3.4]\n" SENT("4C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=4C3D4\n" },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(hops_by_who_answered_and_in_chains)
{
	static const struct row rows[] = {
		{ "a remote server's queue id is its own",
		    BEGIN AGAIN SMTP
		    "4A1B2: to=<a@d>" RELAY
		    "2.0.0, status=sent (250 Ok: queued as 4C3D4)\n" SENT(
			"4C3D4", "b@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "delivery b@d 2.0.0 queue=4C3D4\n" },
		{ "... and where it says that it forwarded, too",
		    BEGIN SMTP "4A1B2: to=<a@d>" RELAY
			       "2.0.0, status=sent (forwarded as 4C3D4)\n",
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "a filter on another machine of the net, from which it came back",
		    BEGIN T "smtpd[2]: 4C3D4: client=f[10.0.0.5]\n" SMTP
			    "4A1B2: to=<a@d>, relay=f[10.0.0.5]:10024" TAIL
			    "2.0.0, status=sent (250 Ok: queued as 4C3D4)\n" SENT(
				"4C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "an alias that forwards",
		    BEGIN T "cleanup[1]: 4C3D4: message-id=<m1@app>\n" LOCAL
			    "2.0.0, status=sent (forwarded as 4C3D4)\n" SMTP
			    "4C3D4: to=<f@x>, orig_to=<a@d>" RELAY
			    "5.1.1, status=bounced (x)\n",
		    "bounce a@d 5.1.1 queue=4A1B2 from=s@l final=f@x mid=m1@app\n" },
		{ "a list with an owner: no orig_to, another sender",
		    BEGIN T "cleanup[1]: 4C3D4: message-id=<m1@app>\n" T
			    "qmgr[1]: 4C3D4: from=<owner-a@d>, size=9, nrcpt=2 (queue "
			    "active)\n" LOCAL
			    "2.0.0, status=sent (forwarded as 4C3D4)\n" SMTP
			    "4C3D4: to=<f@x>" RELAY "5.1.1, status=bounced (x)\n" SMTP
			    "4C3D4: to=<a@d>" RELAY "5.1.1, status=bounced (x)\n",
		    "bounce a@d 5.1.1 queue=4A1B2 from=s@l final=f@x mid=m1@app\n"
		    "bounce a@d 5.1.1 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "two hops",
		    BEGIN AGAIN HOP("a@d") T
		    "smtpd[2]: 4E5F6: client=localhost[127.0.0.1]\n" SMTP
		    "4C3D4: to=<a@d>" FILTER
		    "2.0.0, status=sent (250 Ok: queued as 4E5F6)\n" SENT(
			"4E5F6", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "two that name each other, and one that names itself",
		    BEGIN AGAIN HOP("a@d") SMTP
		    "4C3D4: to=<a@d>" FILTER
		    "2.0.0, status=sent (250 Ok: queued as 4A1B2)\n" SMTP
		    "4A1B2: to=<a@d>" FILTER
		    "2.0.0, status=sent (250 Ok: queued as 4A1B2)\n" SENT(
			"4A1B2", "a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "a server on this machine with ids of its own is the end of the way",
		    BEGIN HOP("a@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n" },
		{ "... that names another message of this queue",
		    BEGIN AGAIN T "cleanup[1]: 4C3D4: message-id=<m2@app>\n" HOP("a@d")
			SENT("4C3D4", "b@d"),
		    "delivery a@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "delivery b@d 2.0.0 queue=4C3D4 mid=m2@app\n" },
	};

	check_rows(rows, COUNT(rows));
}
END_TEST

#define DEFER(to) SMTP "4A1B2: to=<" to ">" RELAY "4.2.0, status=deferred (x)\n"
#define EXPIRED   T "qmgr[1]: 4A1B2: from=<s@l>, status=expired, returned to sender\n"

START_TEST(an_expiry_fails_all_who_are_deferred)
{
	static const struct row rows[] = {
		{ "each once, in order; not those who got it",
		    BEGIN DEFER("a@d") DEFER("b@d") DEFER("c@d") SENT("4A1B2", "b@d")
			EXPIRED EXPIRED,
		    "deferral a@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "deferral b@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "deferral c@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "delivery b@d 2.0.0 queue=4A1B2 from=s@l mid=m1@app attempts=2\n"
		    "bounce a@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app expired\n"
		    "bounce c@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app expired\n" },
		{ "forced",
		    BEGIN DEFER("a@d") T
		    "qmgr[1]: 4A1B2: from=<s@l>, status=force-expired, returned to "
		    "sender\n",
		    "deferral a@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "bounce a@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app expired\n" },
		{ "a sender that says so",
		    BEGIN DEFER("a@d") T
		    "qmgr[1]: 4A1B2: from=<x>, status=expired, returned to sender@l>, "
		    "size=9, nrcpt=1 (queue active)\n" SENT("4A1B2", "b@d"),
		    "deferral a@d 4.2.0 queue=4A1B2 from=s@l mid=m1@app\n"
		    "delivery b@d 2.0.0 queue=4A1B2 from=x>, status=expired, returned "
		    "to sender@l mid=m1@app\n" },
		{ "nobody known", EXPIRED,
		    "bad: expired, and its recipients are not known\n" },
	};

	check_rows(rows, COUNT(rows));
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
	tcase_add_test(t, a_hop_is_no_outcome);
	tcase_add_test(t, hops_by_who_answered_and_in_chains);
	tcase_add_test(t, an_expiry_fails_all_who_are_deferred);
	suite_add_tcase(s, t);
	return s;
}
