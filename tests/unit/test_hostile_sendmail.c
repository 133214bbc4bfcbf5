/*
 * test_hostile_sendmail.c - what strangers have written into a log of sendmail:
 * addresses, replies, names of servers.
 */
#include "test_hostile.h"

#include <string.h>

#include "parse/parse.h"
#include "test_maillog.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define SM       "2026-01-01T00:00:00Z mx1 sm-mta[1]: "
#define S_QID    "601000aB000001"
#define S_OTHER  "601000aC000002"
#define LINE(to) SM S_QID ": to=" to ", ctladdr=<s@s.test> (1001/1001), "
#define TRY      "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120345, "
#define S_RELAY  "relay=mx.d.test. [192.0.2.1], "
#define UNKNOWN  TRY S_RELAY "dsn=5.1.1, reply=550 5.1.1 no, stat=User unknown\n"
#define FORGED                                                                 \
	"delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=v.test. " \
	"[192.0.2.9], dsn=2.0.0, stat=Sent (ok)"
#define TO(to) LINE(to) UNKNOWN
#define REPLY(r)           \
	LINE("<a@d.test>") \
	TRY S_RELAY "dsn=5.0.0, reply=" r ", stat=Service unavailable\n"
#define STAT(s) LINE("<a@d.test>") TRY S_RELAY s "\n"

#define S_BOUNCE   "bounce a@d.test 5.0.0"
#define S_DEFERRAL "deferral a@d.test 4.7.1"
#define S_DELIVERY "delivery a@d.test 2.0.0"

static const struct hostile addresses[] = {
	{ "blank", TO("<\"john doe\"@d.test>"), "bounce \"john doe\"@d.test 5.1.1" },
	{ "comma", TO("<\"a,b\"@d.test>"), "bounce \"a,b\"@d.test 5.1.1" },
	{ "comma, blank", TO("<\"a, b\"@d.test>"), "bounce \"a, b\"@d.test 5.1.1" },
	{ "angle bracket", TO("<\"a>b\"@d.test>"), "bounce \"a>b\"@d.test 5.1.1" },
	{ "parentheses", TO("<\"a)b(\"@d.test>"), "bounce \"a)b(\"@d.test 5.1.1" },
	{ "the rest of the line", TO("<\"a>, " FORGED "\"@d.test>"),
	    "bounce \"a>, " FORGED "\"@d.test 5.1.1" },
	{ "two", TO("<a@d.test>,<b@d.test>"),
	    "bounce a@d.test 5.1.1\nbounce b@d.test 5.1.1" },
	{ "two, and a quoted third in one of them",
	    TO("<a@d.test>,<\"x>,<victim@v.test\"@d.test>"),
	    "bounce a@d.test 5.1.1\nbounce \"x>,<victim@v.test\"@d.test 5.1.1" },
	{ "without <>", TO("a@d.test,b@d.test"),
	    "bounce a@d.test 5.1.1\nbounce b@d.test 5.1.1" },
	{ "a sender with the rest of the line",
	    SM S_QID ": to=<a@d.test>, ctladdr=<\"s>, " FORGED
		     "\"@s.test> (1001/1001), " UNKNOWN,
	    "bounce a@d.test 5.1.1" },
	{ "a sender with a recipient",
	    SM S_QID ": to=<a@d.test>, ctladdr=<\"s>, to=<victim@v.test>\"@s.test> "
		     "(1001/1001), " UNKNOWN,
	    "bounce a@d.test 5.1.1" },
};

static const struct hostile texts[] = {
	{ "a stat", REPLY("550 5.0.0 no, stat=Sent (ok)"), S_BOUNCE },
	{ "a code and a stat", REPLY("550 5.0.0 no, dsn=2.0.0, stat=Sent (ok)"),
	    S_BOUNCE },
	{ "a whole line", REPLY("550 5.0.0 to=<victim@v.test>, " FORGED), S_BOUNCE },
	{ "another reply", REPLY("550 5.0.0 no, reply=250 ok, stat=Sent (ok)"),
	    S_BOUNCE },
	{ "quotes and brackets", REPLY("550 5.0.0 \"<([\\"), S_BOUNCE },
	{ "a line of another message",
	    REPLY("550 5.0.0 Jan  1 00:00:00 mx1 sm-mta[1]: " S_OTHER
		  ": to=<victim@v.test>, " FORGED),
	    S_BOUNCE },
	{ "Postfix's words", REPLY("550 5.0.0 to=<victim@v.test>, " V_BOUNCED),
	    S_BOUNCE },
	{ "an expiry",
	    REPLY("550 5.0.0 " S_OTHER ": DSN: Cannot send message for 5 days"),
	    S_BOUNCE },
	{ "more parts", REPLY("550 5.0.0 no [more], delay=00:00:01"), S_BOUNCE },
	{ "bytes", REPLY("550 5.0.0 \xff\xfe\x01\x7f\x1b[2J"), S_BOUNCE },
	{ "a reply of several lines", REPLY("550-5.0.0 The email account"), S_BOUNCE },
	{ "a later stat",
	    STAT("dsn=4.7.1, stat=Deferred: 451 4.7.1 no, stat=Sent (ok)"),
	    S_DEFERRAL },
	{ "a later code",
	    STAT(
		"dsn=4.7.1, stat=Deferred: 451 4.7.1 no, dsn=5.1.1, stat=User unknown"),
	    S_DEFERRAL },
	{ "an expiry as deferral",
	    STAT("dsn=4.7.1, stat=Deferred: 451 4.7.1 " S_OTHER
		 ": DSN: Cannot send message for 5 days"),
	    S_DEFERRAL },
	{ "the same words twice",
	    STAT("dsn=4.7.1, reply=451 4.7.1 no, stat=Sent (ok), stat=Deferred: 451 "
		 "4.7.1 no, stat=Sent (ok)"),
	    "? " S_DEFERRAL },
	{ "a bounce behind a delivery",
	    STAT("dsn=2.0.0, stat=Sent (ok, dsn=5.1.1, stat=User unknown)"),
	    S_DELIVERY },
	{ "a reply behind a delivery",
	    STAT("dsn=2.0.0, stat=Sent (ok, reply=550 no, stat=User unknown)"),
	    S_DELIVERY },
	{ "a line behind a delivery",
	    STAT("dsn=2.0.0, stat=Sent (ok) to=<victim@v.test>, " FORGED ")"),
	    S_DELIVERY },
};

#define S_FROM(qid, s)                                                        \
	SM qid ": from=<" s ">, size=9, class=0, nrcpts=1, msgid=<" qid "@" s \
	       ">, proto=ESMTP, daemon=MTA, relay=app [10.0.0.9]\n"

static const struct hostile others[] = {
	{ "accepted as another one of ours",
	    S_FROM(S_QID, "a@s.test") S_FROM(S_OTHER, "b@s.test")
		STAT("dsn=2.0.0, stat=Sent (" S_OTHER " Message accepted for delivery)")
		    SM S_OTHER ": to=<b@d.test>, " UNKNOWN,
	    S_DELIVERY " queue=" S_QID " from=a@s.test mid=" S_QID
		       "@a@s.test\nbounce b@d.test 5.1.1 queue=" S_OTHER
		       " from=b@s.test mid=" S_OTHER "@b@s.test" },
	{ "a sender that tells what follows it",
	    SM S_QID ": from=<\"x>, size=1, msgid=<evil@v.test>\"@s.test>, size=9, "
		     "class=0, nrcpts=1, msgid=<m@s.test>, relay=app [10.0.0.9]\n" STAT(
			 "dsn=2.0.0, stat=Sent (ok)"),
	    S_DELIVERY
	    " queue=" S_QID
	    " from=\"x>, size=1, msgid=<evil@v.test>\"@s.test mid=m@s.test" },
	{ "rejects and milters",
	    SM S_QID ": ruleset=check_rcpt, arg1=<to=<victim@v.test>, " FORGED
		     ">, relay=x [192.0.2.7], reject=550 5.7.1 <x>... no\n" SM S_QID
		     ": <victim@v.test>... User unknown\n" SM S_QID
		     ": Milter: data, reject=550 5.7.1 to=<victim@v.test>, " FORGED
		     "\n" SM "NOQUEUE: to=<victim@v.test>, " FORGED "\n",
	    "none" },
	{ "a greeting",
	    SM S_QID ": x [192.0.2.7]: EHLO to=<victim@v.test>, " FORGED "\n", "none" },
};

START_TEST(addresses_end_where_sendmail_ends_them)
{
	hostile_check(addresses, COUNT(addresses));
}
END_TEST

START_TEST(servers_say_what_they_like)
{
	hostile_check(texts, COUNT(texts));
}
END_TEST

START_TEST(other_lines_tell_no_outcome)
{
	hostile_check(others, COUNT(others));
}
END_TEST

START_TEST(a_line_that_is_cut_tells_the_same_or_nothing)
{
	for (size_t i = 0; i < COUNT(addresses); i++)
		hostile_cut(&addresses[i], NULL);
	for (size_t i = 0; i < COUNT(texts); i++)
		hostile_cut(
		    &texts[i], texts[i].want + (texts[i].want[0] == '?' ? 2 : 0));
}
END_TEST

/* A byte of many values at each place: the line is a bounce, or none. */
START_TEST(a_strange_byte_anywhere_forges_no_delivery)
{
	static const char line[] = REPLY("550 5.0.0 no, dsn=2.0.0, stat=Sent (ok)");
	static const struct parse_env env = { 0 };
	char text[sizeof line];
	struct buf out;

	buf_init(&out, 1 << 20);
	for (size_t at = 0; at < sizeof line - 2; at++) {
		for (unsigned c = 0; c < 256; c += c < 48 ? 1 : 13) {
			if (c == '\n')
				continue;
			memcpy(text, line, sizeof line);
			text[at] = (char)c;
			buf_clear(&out);
			maillog_tell(&parse_maillog, &env,
			    (struct slice){ text, sizeof line - 1 }, false, &out);
			for (struct slice rest = buf_slice(&out); rest.n > 0;
			     rest = slice_from(rest, slice_find(rest, '\n') + 1))
				ck_assert_msg(slice_starts(rest, SLICE("bad:")) ||
						  slice_starts(rest, SLICE("bounce ")),
				    "byte %u at %zu: got %.*s", c, at, (int)out.n,
				    out.p);
		}
	}
	buf_free(&out);
}
END_TEST

TCase *
tcase_hostile_sendmail(void)
{
	TCase *tc = tcase_create("sendmail");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, addresses_end_where_sendmail_ends_them);
	tcase_add_test(tc, servers_say_what_they_like);
	tcase_add_test(tc, other_lines_tell_no_outcome);
	tcase_add_test(tc, a_line_that_is_cut_tells_the_same_or_nothing);
	tcase_add_test(tc, a_strange_byte_anywhere_forges_no_delivery);
	return tc;
}
