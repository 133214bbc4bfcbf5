/*
 * test_postfix_hop.c - Postfix's messages that go on as others, and those that expire.
 */
#include "test_postfix.h"

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

	postfix_rows(rows, COUNT(rows));
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
	};

	postfix_rows(rows, COUNT(rows));
}
END_TEST

#define ARRIVES(qid, mid, size)                                                   \
	T "smtpd[2]: " qid ": client=localhost[127.0.0.1]\n" T "cleanup[2]: " qid \
	  ": message-id=<" mid ">\n" T "qmgr[1]: " qid ": from=<s@l>, size=" size \
	  ", nrcpt=1 (queue active)\n"
#define SEEN BEGIN AGAIN HOP("x@d") REMOVED /* a filter at work */
#define FIRST                                                                          \
	T "smtpd[1]: 5A1B2: client=app[10.0.0.1], sasl_username=t7\n" T "cleanup[1]: " \
	  "5A1B2: message-id=<m2@app>\n" T "qmgr[1]: 5A1B2: from=<s@l>, size=900, "    \
	  "nrcpt=1 (queue active)\n"

START_TEST(what_came_back_may_be_told_of_first)
{
	static const struct row rows[] = {
		{ "by its message id",
		    SEEN FIRST ARRIVES("5C3D4", "m2@app", "1100") SENT("5C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=5A1B2 from=s@l mid=m2@app login=t7\n" },
		{ "no filter was seen yet",
		    FIRST ARRIVES("5C3D4", "m2@app", "1100") SENT("5C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=5C3D4 from=s@l mid=m2@app\n" },
		{ "it did not grow: the application's next one of that message id",
		    SEEN FIRST ARRIVES("5C3D4", "m2@app", "910") SENT("5C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=5C3D4 from=s@l mid=m2@app\n" },
		{ "two wait with that message id",
		    SEEN FIRST ARRIVES("5B1B2", "m2@app", "905")
			ARRIVES("5C3D4", "m2@app", "1100") SENT("5C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=5C3D4 from=s@l mid=m2@app\n" },
		{ "the first one has left the queue, or was deferred",
		    SEEN FIRST T "qmgr[1]: 5A1B2: removed\n" ARRIVES(
			"5C3D4", "m2@app", "1100") SENT("5C3D4", "a@d"),
		    "delivery a@d 2.0.0 queue=5C3D4 from=s@l mid=m2@app\n" },
	};

	postfix_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(lists_and_chains)
{
	static const struct row rows[] = {
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

	postfix_rows(rows, COUNT(rows));
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

	postfix_rows(rows, COUNT(rows));
}
END_TEST

TCase *
tcase_postfix_hops(void)
{
	TCase *t = tcase_create("hops");

	tcase_add_test(t, a_hop_is_no_outcome);
	tcase_add_test(t, hops_by_who_answered_and_in_chains);
	tcase_add_test(t, what_came_back_may_be_told_of_first);
	tcase_add_test(t, lists_and_chains);
	tcase_add_test(t, an_expiry_fails_all_who_are_deferred);
	return t;
}
