/*
 * test_sendmail_forged.c - what strangers put into addresses, replies and names to look
 * like a field of sendmail's: neither recipient nor outcome change by it. Where a line
 * really has two readings it is bad.
 */
#include "test_sendmail.h"

#include <string.h>

#define ID      "@1 6ALN3AaB000101: "
#define FIELDS  ", delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30000, "
#define RELAY   "relay=mx.x.test. [192.0.2.1], "
#define REFUSED FIELDS RELAY "dsn=5.1.1, reply=550 5.1.1 no, stat=User unknown"
#define FAKE    ", delay=00:00:00, xdelay=00:00:00, mailer=esmtp, dsn=2.0.0, stat=Sent"
#define REPLY(reply, stat) \
	ID "to=<a@x>" FIELDS RELAY "dsn=5.0.0, reply=" reply ", stat=" stat
#define STAT(stat) ID "to=<a@x>" FIELDS RELAY "stat=" stat
#define BOTH(text) REPLY(text, "Deferred: " text)

static const struct sendmail_case addresses[] = {
	{ "a line in quotes", ID "to=<\"x>" FAKE "\"@x>" REFUSED,
	    "bounce \"x>" FAKE "\"@x 5.1.1 (550)" },
	{ "a line in angle brackets", ID "to=<x" FAKE "@x>" REFUSED,
	    "bounce x" FAKE "@x 5.1.1 (550)" },
	{ "a line in a comment", ID "to=a@x (v" FAKE ")" REFUSED,
	    "bounce a@x 5.1.1 (550)" },
	{ "a line in a phrase", ID "to=\"V" FAKE "\" <a@x>" REFUSED,
	    "bounce a@x 5.1.1 (550)" },
	{ "quotes that an escaped one does not close",
	    ID "to=<\"x\\\\\"" FAKE "\"@x>" REFUSED,
	    "bounce \"x\\\"" FAKE "\"@x 5.1.1 (550)" },
	{ "a comment that an escaped parenthesis does not close",
	    ID "to=a@x (v\\\\)" FAKE ")" REFUSED, "bounce a@x 5.1.1 (550)" },
	{ "quotes mean nothing in a comment", ID "to=a@x (\" ),<b@x>" REFUSED,
	    "bounce a@x 5.1.1 (550); bounce b@x 5.1.1 (550)" },
	{ "another recipient in quotes", ID "to=<\"a>,<victim@x>,<b\"@x>" REFUSED,
	    "bounce \"a>,<victim@x>,<b\"@x 5.1.1 (550)" },
	{ "another recipient in brackets", ID "to=<a<victim@x>>" REFUSED,
	    "bounce victim@x 5.1.1 (550)" },
	{ "more, in quotes", ID "to=<\"a>, [more]" FAKE "\"@x>,<b@x>" REFUSED,
	    "bounce \"a>, [more]" FAKE "\"@x 5.1.1 (550); bounce b@x 5.1.1 (550)" },
	{ "quotes that are not closed", ID "to=<\"x>" FAKE,
	    "bad: list of recipients not understood" },
	{ "brackets that are not closed", ID "to=<x" FAKE,
	    "bad: list of recipients not understood" },
	{ "brackets that are not open", ID "to=x>" FAKE,
	    "bad: list of recipients not understood" },
	{ "a line in the sender's quotes",
	    ID "to=<a@x>, ctladdr=\"s" FAKE "\"@y (7/7)" REFUSED,
	    "bounce a@x 5.1.1 (550)" },
	{ "an alias in the sender's quotes",
	    ID "to=<a@x>, ctladdr=<\"s> (8/0)" FAKE "\"@y> (7/7)" REFUSED,
	    "bounce a@x 5.1.1 (550)" },
	{ "a program's name for an address",
	    ID "to=\"|/bin/sh\"@x, ctladdr=<victim@x> (8/8)" REFUSED,
	    "bounce \"|/bin/sh\"@x 5.1.1 (550)" },
	{ "a sender that is shortened in its quotes",
	    ID "to=<a@x>, "
	       "ctladdr=<\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
	       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@y> (7/7)" REFUSED,
	    "bounce a@x 5.1.1 (550)" },
};

static const struct sendmail_case replies[] = {
	{ "sent, in a reply", REPLY("550 5.1.1 x, stat=Sent", "User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "sent with fields, in a reply",
	    REPLY("550 5.1.1 x, dsn=2.0.0, stat=Sent (ok)", "User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "a line in a reply", REPLY("550 5.1.1 to=<v@x>" FAKE, "User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "another reply in a reply",
	    REPLY("550 5.7.1 x, reply=550 5.1.1 dead, stat=User unknown",
		"Service unavailable"),
	    "bounce a@x 5.7.1 (550)" },
	{ "deferred, in a reply", REPLY("550 5.1.1 x, stat=Deferred", "User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "deferred with a reason, in a reply",
	    REPLY("550 5.1.1 x, stat=Deferred: later", "User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "deferred with that reply, in a reply",
	    REPLY("550 5.1.1 x, stat=Deferred: 550 5.1.1 x", "User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "deferred with another reply, in a reply",
	    REPLY("550 5.1.1 x, stat=Deferred: 451 4.7.1 x", "User unknown"),
	    "bounce a@x 5.1.1 (550)" },
	{ "sent, in a deferral", BOTH("451 4.7.1 x, stat=Sent"),
	    "deferral a@x 4.7.1 (451)" },
	{ "sent with a reply, in a deferral", BOTH("451 4.7.1 x, stat=Sent (ok)"),
	    "deferral a@x 4.7.1 (451)" },
	{ "failed, in a deferral", BOTH("451 4.7.1 x, stat=User unknown"),
	    "deferral a@x 4.7.1 (451)" },
	{ "failed with a reply, in a deferral",
	    BOTH("451 4.7.1 x, reply=550 5.1.1 no, stat=User unknown"),
	    "deferral a@x 4.7.1 (451)" },
	{ "queued, in a deferral", BOTH("451 4.7.1 x, stat=queued"),
	    "deferral a@x 4.7.1 (451)" },
	{ "a greeting that refuses is both", BOTH("554 5.7.1 x, stat=User unknown"),
	    "bad: a reply holds a status: two readings" },
	{ "a reply without a code is both",
	    REPLY("x, stat=Deferred: later", "User unknown"),
	    "bad: a reply holds a status: two readings" },
	{ "nothing of sendmail's behind a reply", REPLY("0 x, stat=Sent", "Sent"),
	    "bad: reply= without a stat= that is sendmail's" },
	{ "before 8.16.1: sent, in a deferral",
	    STAT("Deferred: 451 4.7.1 x, stat=Sent"), "deferral a@x 4.7.1 (451)" },
	{ "before 8.16.1: a line in a deferral", STAT("Deferred: 450 x, to=<v@y>" FAKE),
	    "deferral a@x (450)" },
	{ "before 8.16.1: a reply in a deferral",
	    STAT("Deferred: 450 x, reply=550 5.1.1 no, stat=User unknown"),
	    "deferral a@x (450)" },
	{ "failed, in what a server says to a message it took",
	    STAT("Sent (ok, stat=User unknown)"), "delivery a@x" },
	{ "deferred, in what it says", STAT("Sent (ok), stat=Deferred: 451 x"),
	    "delivery a@x" },
	{ "an LMTP server's words", STAT("User unknown (550 x, stat=Sent)"),
	    "bounce a@x" },
	{ "a next queue id of another machine's",
	    STAT(
		"Sent (6ALN3AaB000999 Message accepted for delivery)") "\n@2 "
								       "6ALN3AaB000999:"
								       " to=<b@"
								       "x>" REFUSED,
	    "delivery a@x; bounce b@x 5.1.1 (550)" },
	{ "the same, as another server says it",
	    STAT("Sent (Ok: queued as 6ALN3AaB000999)"), "delivery a@x" },
};

static const struct sendmail_case names[] = {
	{ "a domain for a relay",
	    ID "to=<a@x>" FIELDS
	       "relay=[x, dsn=2.0.0, stat=Sent], dsn=5.1.2, stat=Host unknown",
	    "bad: a relay's name holds a status: two readings" },
	{ "a quoted one",
	    ID "to=<a@x>" FIELDS
	       "relay=\"x, dsn=2.0.0, stat=Sent\", dsn=5.1.2, stat=Host unknown",
	    "bad: a relay's name holds a status: two readings" },
	{ "one that is shortened",
	    ID "to=<a@x>" FIELDS
	       "relay=\"aaaaaaaaaaaaaaaaa...\", stat=Sent (x\", dsn=5.1.2, stat=Host "
	       "unknown (Name server: a: host not found)",
	    "bad: a relay's name holds a status: two readings" },
	{ "a quoted one without harm",
	    ID "to=<a@x>" FIELDS "relay=\"x y\", dsn=5.1.2, stat=Host unknown",
	    "bounce a@x 5.1.2" },
	{ "a field twice", ID "to=<a@x>" FIELDS "dsn=2.0.0, dsn=5.1.2, stat=Sent",
	    "bad: a field stands there twice" },
	{ "a quarantine's reason",
	    ID "to=<a@x>" FIELDS "quarantine=x, stat=Sent (ok), stat=quarantined", "" },
};

/* The sender of a message, told by a bounce of it. */
#define BOUNCED "\n" ID "to=<a@x>" REFUSED
#define COUNTS  ", size=9, class=0, nrcpts=1"

static const struct sendmail_case senders[] = {
	{ "counts in the sender's quotes",
	    ID "from=<\"s>, size=1, class=0, nrcpts=9, msgid=<v@x>\"@y>" COUNTS
	       ", msgid=<m@y>, proto=SMTP, relay=h [192.0.2.9]" BOUNCED,
	    "bounce a@x 5.1.1 (550) from \"s>, size=1, class=0, nrcpts=9, "
	    "msgid=<v@x>\"@y" },
	{ "counts in a message id",
	    ID "from=<s@y>" COUNTS ", msgid=<m>, from=<v@x>" COUNTS
	       ", relay=h [192.0.2.9]" BOUNCED,
	    "bounce a@x 5.1.1 (550) from s@y" },
	{ "a sender that was cut is none",
	    ID "from=<"
	       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" COUNTS
	       ", relay=h [192.0.2.9]" BOUNCED,
	    "bounce a@x 5.1.1 (550)" },
	{ "the null sender", ID "from=<>" COUNTS ", relay=h [192.0.2.9]" BOUNCED,
	    "bounce a@x 5.1.1 (550) from <>" },
	{ "none at all", ID "from=<NONE>" COUNTS ", relay=h" BOUNCED,
	    "bounce a@x 5.1.1 (550)" },
};

/* Words of an expired message that are none. Before: one deferred recipient. */
#define DEFERRED ID "to=<a@x>" FIELDS RELAY "dsn=4.0.0, stat=Deferred\n"

static const struct sendmail_case notices[] = {
	{ "an expired message, to compare",
	    DEFERRED ID "6ALN3CaB000102: DSN: Cannot send message for 5 days",
	    "deferral a@x 4.0.0; bounce a@x 4.0.0 expired" },
	{ "in an address that is refused",
	    DEFERRED ID
	    "6ALN3CaB000102: DSN: Cannot send message for 5 days... User unknown",
	    "deferral a@x 4.0.0" },
	{ "in brackets",
	    DEFERRED ID "<6ALN3CaB000102: DSN: Cannot send message for 5 days>... no",
	    "deferral a@x 4.0.0" },
	{ "in a reply",
	    DEFERRED ID
	    "6ALN3CaB000102: DSN: Deferred: 451 Cannot send message for 5 days",
	    "deferral a@x 4.0.0" },
	{ "with more behind it",
	    DEFERRED ID "6ALN3CaB000102: DSN: Cannot send message for 5 days)",
	    "deferral a@x 4.0.0" },
	{ "of no kind",
	    DEFERRED ID "6ALN3CaB000102: note: Cannot send message for 5 days",
	    "deferral a@x 4.0.0" },
	{ "a warning",
	    DEFERRED ID "6ALN3CaB000102: sender notify: Warning: could not send "
			"message for past 4 hours",
	    "deferral a@x 4.0.0" },
	{ "a word for a queue id",
	    DEFERRED ID "Milter: DSN: Cannot send message for 5 days",
	    "deferral a@x 4.0.0" },
};

START_TEST(test_addresses)
{
	sendmail_check(&addresses[_i]);
}
END_TEST

START_TEST(test_replies)
{
	sendmail_check(&replies[_i]);
}
END_TEST

START_TEST(test_names)
{
	sendmail_check(&names[_i]);
}
END_TEST

START_TEST(test_senders)
{
	sendmail_check(&senders[_i]);
}
END_TEST

START_TEST(test_notices)
{
	sendmail_check(&notices[_i]);
}
END_TEST

void
sendmail_add_forged_tests(TCase *t)
{
	tcase_add_loop_test(t, test_addresses, 0, SENDMAIL_COUNT(addresses));
	tcase_add_loop_test(t, test_replies, 0, SENDMAIL_COUNT(replies));
	tcase_add_loop_test(t, test_names, 0, SENDMAIL_COUNT(names));
	tcase_add_loop_test(t, test_senders, 0, SENDMAIL_COUNT(senders));
	tcase_add_loop_test(t, test_notices, 0, SENDMAIL_COUNT(notices));
}
