/*
 * test_sendmail_join.c - what earlier lines explain: sender and ids, attempts, hops,
 * clones, notices, expired messages, the end of a message.
 */
#include "test_sendmail.h"

#include <string.h>

#define Q "@1 6ALN3AaB000101: "
#define R "@2 6ALN3AaC000102: "
#define FROM                                                                \
	"from=<s@y>, size=9, class=0, nrcpts=1, msgid=<m@y>, proto=ESMTP, " \
	"daemon=MTA, relay=h [192.0.2.9]\n"
#define FIELDS(pri)                                                 \
	", delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=" pri \
	", relay=mx.x.test. [192.0.2.1], "
#define LATER(pri) \
	FIELDS(pri) "dsn=4.7.1, reply=451 4.7.1 wait, stat=Deferred: 451 4.7.1 wait\n"
#define SENT(pri) FIELDS(pri) "dsn=2.0.0, stat=Sent (ok)\n"
#define GONE(pri) FIELDS(pri) "dsn=5.1.1, reply=550 5.1.1 no, stat=User unknown\n"
#define HOP                                                                            \
	", delay=00:00:00, xdelay=00:00:00, mailer=relay, pri=30000, "                 \
	"relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (6ALN3AaC000102 Message " \
	"accepted for delivery)\n"
#define OVER "6ALN3CaB000199: DSN: Cannot send message for 5 days\n"

static const struct sendmail_case cases[] = {
	{ "the sender", Q FROM Q "to=<a@x>" SENT("30000"),
	    "delivery a@x 2.0.0 from s@y" },
	{ "each attempt has its priority",
	    Q "to=<a@x>" LATER("30000") Q "to=<a@x>" LATER("120000") Q
	    "to=<a@x>" SENT("210000"),
	    "deferral a@x 4.7.1 (451); deferral a@x 4.7.1 (451) x2; delivery a@x 2.0.0 "
	    "x3" },
	{ "two hosts of one attempt",
	    Q "to=<a@x>" LATER("30000") Q "to=<a@x>" LATER("30000") Q
	    "to=<a@x>" SENT("30000"),
	    "deferral a@x 4.7.1 (451); deferral a@x 4.7.1 (451); delivery a@x 2.0.0" },
	{ "a hop: the first message's sender",
	    Q "from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=u@localhost\n" R
	      "from=<u@mx>, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=localhost "
	      "[127.0.0.1]\n" Q "to=a@x, ctladdr=u (1/1)" HOP R
	      "to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from u" },
	{ "a hop that is told before the next message comes",
	    Q FROM Q "to=a@x" HOP R "to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from s@y" },
	{ "an outcome that is told before the hop is: by message id",
	    Q "from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=u@localhost\n" R
	      "from=<u@mx>, size=9, class=0, nrcpts=1, msgid=<m@y>, proto=ESMTP, "
	      "daemon=MTA, relay=localhost [127.0.0.1]\n" R "to=<a@x>" GONE("30000") Q
	    "to=a@x, ctladdr=u (1/1)" HOP,
	    "bounce a@x 5.1.1 (550) from u" },
	{ "two that wait have that message id: neither",
	    Q "from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=u@localhost\n"
	      "@1 6ALN3AaB000177: from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, "
	      "relay=u@localhost\n" R "from=<u@mx>, size=9, class=0, nrcpts=1, "
	      "msgid=<m@y>, relay=localhost [127.0.0.1]\n" R "to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from u@mx" },
	{ "two that wait have that message id: the sender says which",
	    Q "from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=u@localhost\n"
	      "@1 6ALN3AaB000177: from=<v@z>, size=9, class=0, nrcpts=1, msgid=<m@y>, "
	      "relay=v@localhost\n" R "from=<u@mx>, size=9, class=0, nrcpts=1, "
	      "msgid=<m@y>, relay=localhost [127.0.0.1]\n" R "to=<a@x>" GONE(
		  "30000") "@1 6ALN3AaC000178: from=<v@z>, size=9, class=0, nrcpts=1, "
			   "msgid=<m@y>, relay=localhost [127.0.0.1]\n"
			   "@1 6ALN3AaC000178: to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from u; bounce a@x 5.1.1 (550) from v@z" },
	{ "another sender used that message id: it is not the one that waits",
	    Q "from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=u@localhost\n" R
	      "from=<v@mx>, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=localhost "
	      "[127.0.0.1]\n" R "to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from v@mx" },
	{ "one has gone on: another message of that message id is not it",
	    Q "from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=u@localhost\n" Q
	      "to=a@x, ctladdr=u (1/1)" HOP
	      "@1 6ALN3AaB000177: from=<list@mx>, size=9, class=0, nrcpts=1, "
	      "msgid=<m@y>, relay=localhost [127.0.0.1]\n"
	      "@1 6ALN3AaB000177: to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from list@mx" },
	{ "a message id from another machine is no hop",
	    Q "from=u, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=u@localhost\n" R
	      "from=<u@mx>, size=9, class=0, nrcpts=1, msgid=<m@y>, relay=h "
	      "[192.0.2.9]\n" R "to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from u@mx" },
	{ "a hop of a hop",
	    Q FROM Q "to=a@x" HOP "@3 4F9D195432C: from=<s@y>, size=9, class=0, "
		     "nrcpts=1, relay=localhost [127.0.0.1]\n" R
		     "to=a@x, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, "
		     "relay=localhost [127.0.0.1], dsn=2.0.0, stat=Sent (2.0.0 Ok: "
		     "queued as 4F9D195432C)\n"
		     "@3 4F9D195432C: to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from s@y" },
	{ "an alias before a hop",
	    Q FROM Q "to=\"|/filter\", ctladdr=<list@x> (8/0), delay=00:00:00, "
		     "xdelay=00:00:00, mailer=prog, pri=1, dsn=2.0.0, stat=Sent\n",
	    "delivery list@x was \"|/filter\" 2.0.0 from s@y" },
	{ "this machine without another queue id is where it ends",
	    Q FROM Q
	    "to=a@x, delay=00:00:00, xdelay=00:00:00, mailer=dovecot, pri=1, "
	    "relay=localhost [127.0.0.1], dsn=2.0.0, stat=Sent (<a@x> Saved)\n",
	    "delivery a@x 2.0.0 from s@y" },
	{ "a clone",
	    Q FROM Q "6ALN3AaC000102: clone: owner=<owner-list@x>\n" R
		     "to=<a@x>" GONE("30000"),
	    "bounce a@x 5.1.1 (550) from s@y" },
	{ "expired: all that are deferred",
	    Q FROM Q "to=<a@x>" LATER("30000") Q "to=<b@x>" LATER("30000") Q
	    "to=<c@x>" SENT("30000") Q "to=<b@x>" SENT("90000") Q OVER,
	    "deferral a@x 4.7.1 (451) from s@y; deferral b@x 4.7.1 (451) from s@y; "
	    "delivery c@x 2.0.0 from s@y; delivery b@x 2.0.0 x2 from s@y; "
	    "bounce a@x 4.7.1 (451) expired from s@y" },
	{ "expired, told to the postmaster, too",
	    Q "to=<a@x>" LATER("30000") Q OVER Q
	    "6ALN3CaB000200: postmaster notify: Cannot send message for 5 days\n",
	    "deferral a@x 4.7.1 (451); bounce a@x 4.7.1 (451) expired" },
	{ "expired, in the words before 8.10, of a message of two",
	    Q "to=<a@x>,<b@x>" LATER("30000") Q
	    "6ALN3CaB000200: return to sender: Cannot send message within 5 days\n",
	    "deferral a@x 4.7.1 (451); deferral b@x 4.7.1 (451); bounce a@x 4.7.1 "
	    "(451) expired; bounce b@x 4.7.1 (451) expired" },
	{ "expired after a week and a day",
	    Q "to=<a@x>" LATER("30000") Q
	    "6ALN3CaB000200: sender notify: Cannot send message for 1 week, 1 day\n",
	    "deferral a@x 4.7.1 (451); bounce a@x 4.7.1 (451) expired" },
	{ "deliver-by",
	    Q "to=<a@x>" LATER("30000") Q
	    "6ALN3CaB000200: DSN: delivery time expired 3600s\n",
	    "deferral a@x 4.7.1 (451); bounce a@x 4.7.1 (451) expired" },
	{ "expired: an address of two aliases",
	    Q "to=\"|/p\", ctladdr=<l@x> (8/0), delay=00:00:01, xdelay=00:00:01, "
	      "mailer=prog, pri=1, dsn=4.0.0, stat=Deferred\n" Q
	      "to=\"|/p\", ctladdr=<m@x> (8/0), delay=00:00:01, xdelay=00:00:01, "
	      "mailer=prog, pri=1, dsn=4.0.0, stat=Deferred\n" Q OVER,
	    "deferral l@x was \"|/p\" 4.0.0; deferral m@x was \"|/p\" 4.0.0; "
	    "bounce l@x was \"|/p\" 4.0.0 expired; bounce m@x was \"|/p\" #1 4.0.0 "
	    "expired" },
	{ "expired, and nothing was ever tried",
	    Q FROM Q
	    "to=<a@x>,<b@x>, delay=00:00:00, mailer=esmtp, pri=1, stat=queued\n" Q OVER,
	    "bounce a@x 4.4.7 expired from s@y; bounce b@x 4.4.7 expired from s@y" },
	{ "queued, then sent, then expired for the other",
	    Q FROM Q
	    "to=<a@x>,<b@x>, delay=00:00:00, mailer=esmtp, pri=1, stat=queued\n" Q
	    "to=<a@x>" SENT("2") Q OVER,
	    "delivery a@x 2.0.0 from s@y; bounce b@x 4.4.7 expired from s@y" },
	{ "queued for a name that could not be looked up",
	    Q
	    "to=<a@x>, delay=00:00:00, mailer=esmtp, pri=1, dsn=4.4.3, stat=queued\n" Q
		OVER,
	    "deferral a@x 4.4.3; bounce a@x 4.4.3 expired" },
	{ "expired, and nothing was read before", Q OVER,
	    "bad: expired, and its recipients are not known" },
	{ "expired after all had failed",
	    Q "to=<a@x>" LATER("30000") Q "to=<a@x>" GONE("90000") Q OVER,
	    "deferral a@x 4.7.1 (451); bounce a@x 5.1.1 (550) x2" },
	{ "a notice of sendmail's own has no sender",
	    Q FROM Q "to=<a@x>" GONE("30000") Q "6ALN3AaC000102: DSN: User unknown\n" R
						"to=<s@y>" SENT("30000"),
	    "bounce a@x 5.1.1 (550) from s@y; delivery s@y 2.0.0 from <>" },
	{ "lines after the end still find the sender",
	    Q FROM Q "to=<a@x>" SENT("30000") Q "done; delay=00:00:01, ntries=1\n" Q
						"to=<b@x>" SENT("30000"),
	    "delivery a@x 2.0.0 from s@y; delivery b@x 2.0.0 from s@y" },
	{ "an alias has more recipients than were announced",
	    Q FROM Q "to=<a@x>" SENT("30000") Q "to=<b@x>" LATER("30000") Q OVER,
	    "delivery a@x 2.0.0 from s@y; deferral b@x 4.7.1 (451) from s@y; bounce "
	    "b@x 4.7.1 (451) expired from s@y" },
	{ "another host's message of that queue id",
	    Q FROM
	    "Nov 21 23:10:00 other sm-mta[1]: 6ALN3AaB000101: to=<a@x>" SENT("30000"),
	    "delivery a@x 2.0.0" },
	{ "all programs of a machine name the same message",
	    "Nov 21 23:10:00 mx sendmail[1]: 6ALN3AaB000101: " FROM
	    "Nov 21 23:10:00 mx sm-msp-queue[7]: 6ALN3AaB000101: to=<a@x>" SENT(
		"30000"),
	    "delivery a@x 2.0.0 from s@y" },
};

START_TEST(test_joins)
{
	sendmail_check(&cases[_i]);
}
END_TEST

static const struct sendmail_case values[] = {
	{ "message id", Q FROM Q "to=<a@x>" SENT("1"),
	    "ok|mx.x.test|192.0.2.1|relayed|m@y|6ALN3AaB000101" },
	{ "login name",
	    Q FROM Q
	    "AUTH=server, relay=h [192.0.2.9], authid=u@y, mech=PLAIN, bits=0\n" Q
	    "to=<a@x>" SENT("1"),
	    "ok|mx.x.test|192.0.2.1|relayed|m@y|6ALN3AaB000101|u@y" },
	{ "a login name with a field in it",
	    Q FROM Q
	    "AUTH=server, relay=h [192.0.2.9], authid=u, mech=x, mech=PLAIN, bits=0\n" Q
	    "to=<a@x>" SENT("1"),
	    "ok|mx.x.test|192.0.2.1|relayed|m@y|6ALN3AaB000101|u, mech=x" },
	{ "a hop's queue id and message id",
	    Q FROM Q "to=a@x" HOP R "to=<a@x>" SENT("1"),
	    "ok|mx.x.test|192.0.2.1|relayed|m@y|6ALN3AaB000101" },
	{ "a notice of the submission program's",
	    Q "6ALN3AaC000133: DSN: User unknown\n" R
	      "from=<>, size=9, class=0, nrcpts=1, "
	      "msgid=<202611212310.6ALN3AaC000133@mx>, relay=localhost [127.0.0.1]\n" R
	      "to=<a@x>" SENT("1"),
	    "ok|mx.x.test|192.0.2.1|relayed|202611212310.6ALN3AaC000133@mx|"
	    "6ALN3AaC000133" },
	{ "an expired message's last reply", Q "to=<a@x>" LATER("1") Q OVER,
	    "451 4.7.1 wait|mx.x.test|192.0.2.1|failed|6ALN3AaB000101" },
	{ "a message id that was cut is none",
	    Q "from=<s@y>, size=9, class=0, nrcpts=1, "
	      "msgid=<"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaa, relay=h [192.0.2.9]\n" Q
	      "to=<a@x>" SENT("1"),
	    "ok|mx.x.test|192.0.2.1|relayed|6ALN3AaB000101" },
	{ "a message id without brackets",
	    Q "from=<s@y>, size=9, class=0, nrcpts=1, msgid=m.y, bodytype=8BITMIME, "
	      "relay=h [192.0.2.9]\n" Q "to=<a@x>" SENT("1"),
	    "ok|mx.x.test|192.0.2.1|relayed|m.y|6ALN3AaB000101" },
};

START_TEST(test_values)
{
	const struct sendmail_case *c = &values[_i];
	const char *got = sendmail_last(c->log);

	ck_assert_msg(
	    strcmp(got, c->want) == 0, "%s: got %s, want %s", c->name, got, c->want);
}
END_TEST

void
sendmail_add_join_tests(TCase *t)
{
	tcase_add_loop_test(t, test_joins, 0, SENDMAIL_COUNT(cases));
	tcase_add_loop_test(t, test_values, 0, SENDMAIL_COUNT(values));
}
