/*
 * test_hostile_text.c - what servers answer, and what else strangers have written into
 * a log of Postfix: replies, logins, header values, senders, message ids.
 */
#include "test_hostile.h"

#include <stdlib.h>
#include <string.h>

#include "parse/parse.h"
#include "parse/track.h"
#include "test_maillog.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- replies -----------------------------------------------------------------------
 */

#define SAID(reply)                                                                   \
	SMTP "to=<a@d.test>, " D_RELAY "5.0.0, status=bounced (" D_SAID reply TO_RCPT \
	     ")\n"
#define OK(reply) SMTP "to=<a@d.test>, " D_RELAY "2.0.0, status=sent (" reply ")\n"

#define A_BOUNCE   "bounce a@d.test 5.0.0"
#define A_DELIVERY "delivery a@d.test 2.0.0"

static const struct hostile replies[] = {
	{ "a status", SAID("550 5.1.0 no) dsn=2.0.0, status=sent (fake"), A_BOUNCE },
	{ "a status behind a comma", SAID("550 no), status=sent (250 ok"), A_BOUNCE },
	{ "keys", SAID("550 , relay=none, delay=0, dsn=2.0.0, status=sent (250 ok"),
	    A_BOUNCE },
	{ "a whole line", SAID("550 to=<victim@v.test>, " NONE_SENT), A_BOUNCE },
	{ "a whole bounce", SAID("550 to=<victim@v.test>, " V_BOUNCED), "bad" },
	{ "a tail, but no address before it", SAID("550 x>, " V_SENT), A_BOUNCE },
	{ "an address and a delivery to nobody", SAID("550 x@v.test>, " NONE_SENT),
	    A_BOUNCE },
	{ "an address and a bounce that nobody said",
	    SAID("550 x@v.test>, " V_RELAY "5.1.1, status=bounced (550 5.1.1 no"),
	    A_BOUNCE },
	/* an address without quotes may be as long as this */
	{ "an address and a delivery",
	    SAID("550 x@v.test>, " V_RELAY "2.0.0, status=sent (250 ok"), "bad" },
	{ "an address and a bounce",
	    SAID("550 x@v.test>, " V_RELAY "5.1.1, status=bounced (" V_SAID
		 "550 5.1.1 no"),
	    "bad" },
	{ "an orig_to", SAID("550 x@v.test>, orig_to=<victim@v.test>, " NONE_SENT),
	    A_BOUNCE },
	{ "another command", SAID("550 no (in reply to MAIL FROM command)"), A_BOUNCE },
	{ "a half command", SAID("550 no (in reply to"), A_BOUNCE },
	{ "parentheses that close nothing", SAID("550 no))) )"), A_BOUNCE },
	{ "parentheses that open", SAID("550 no ((( ("), A_BOUNCE },
	{ "brackets and angles", SAID("550 <<>>[[]]>, >, ["), A_BOUNCE },
	{ "quotes and backslashes", SAID("550 \"\\\"\\\\\" \\"), A_BOUNCE },
	{ "nothing",
	    SMTP "to=<a@d.test>, " D_RELAY "5.0.0, status=bounced (" D_SAID TO_RCPT
		 ")\n",
	    A_BOUNCE },
	{ "a line of another message",
	    SAID("550 #012Jan  1 00:00:00 mx1 postfix/smtp[1]: " OTHER
		 ": to=<victim@v.test>, " V_BOUNCED),
	    "bad" },
	{ "a prefix of RFC 5424",
	    SAID("<22>1 2026-01-01T00:00:00Z mx1 postfix 9 - -  " OTHER
		 ": to=<victim@v.test>, " V_BOUNCED),
	    "bad" },
	{ "a repetition",
	    SAID("550 message repeated 5 times: [ " OTHER
		 ": to=<victim@v.test>, " V_BOUNCED "]"),
	    "bad" },
	{ "the old repetition", SAID("550 last message repeated 3 times"), A_BOUNCE },
	{ "an expiry", SAID("550 from=<s@s.test>, status=expired, returned to sender"),
	    A_BOUNCE },
	{ "the end of a message", SAID("550 " QID ": removed"), A_BOUNCE },
	{ "bytes of no character set",
	    SAID("550 \xff\xfe\xc3(\xe2\x82 \x01\x7f\x1b[2J"), A_BOUNCE },
	{ "a status behind a delivery",
	    OK("250 ok, dsn=5.1.1, status=bounced (550 5.1.1 no"), A_DELIVERY },
	{ "a bounce behind a delivery", OK("250 ok>, " V_BOUNCED), A_DELIVERY },
	{ "an address and half a bounce behind a delivery",
	    OK("250 ok@v.test>, " V_RELAY "5.1.1, status=bounced (" V_SAID
	       "550 5.1.1 no" TO_RCPT),
	    "bad" },
	{ "an address and a bounce behind a delivery", OK("250 ok@v.test>, " V_BOUNCED),
	    A_DELIVERY },
	{ "the words of a time-out behind a delivery",
	    OK("250 ok (in reply to RCPT TO command)"), A_DELIVERY },
	{ "an answer of nothing", OK(""), A_DELIVERY },
	{ "delivery is suspended",
	    SMTP "to=<a@d.test>, relay=none" TIMES
		 "4.2.0, status=deferred (delivery temporarily suspended: " D_SAID
		 "450 4.2.0 to=<victim@v.test>, " NONE_SENT TO_RCPT ")\n",
	    "deferral a@d.test 4.2.0" },
	{ "another server's words are no outcome",
	    SMTP D_SAID "450 to=<victim@v.test>, " V_BOUNCED TO_RCPT "\n" SMTP
			"status=deferred (bounce failed)\n" PF
			"smtp[1]: connect to mx.d.test[192.0.2.1]:25: "
			"to=<victim@v.test>, " V_BOUNCED "\n",
	    "" },
};

START_TEST(replies_say_what_they_like)
{
	hostile_check(replies, COUNT(replies));
}
END_TEST

START_TEST(a_line_that_is_cut_tells_the_same_or_nothing)
{
	static const char bounced[] = SMTP "to=<a@d.test>, " D_RELAY "5",
			  sent[] = SMTP "to=<a@d.test>, " D_RELAY "2";

	for (size_t i = 0; i < COUNT(replies); i++) {
		const char *meant = NULL;
		if (!strncmp(replies[i].lines, bounced, sizeof bounced - 1))
			meant = A_BOUNCE;
		if (!strncmp(replies[i].lines, sent, sizeof sent - 1))
			meant = A_DELIVERY;
		hostile_cut(&replies[i], meant);
	}
}
END_TEST

/* --- hops that are none -------------------------------------------------------------
 */

#define B_CLIENT(ip) PF "smtpd[1]: " OTHER ": client=app[" ip "]\n"
#define FROM(qid, s) \
	PF "qmgr[1]: " qid ": from=<" s ">, size=9, nrcpt=1 (queue active)\n"
#define B_BOUNCE PF "smtp[1]: " OTHER ": to=<b@v.test>, " V_BOUNCED "\n"
#define BOTH     B_CLIENT("10.0.0.9") FROM(QID, "a@s.test") FROM(OTHER, "b@s.test")
#define TWO_EVENTS                                              \
	"delivery a@d.test 2.0.0 queue=" QID " from=a@s.test\n" \
	"bounce b@v.test 5.1.1 queue=" OTHER " from=b@s.test"

static const struct hostile hops[] = {
	{ "queued as another one of ours",
	    BOTH OK("250 2.0.0 Ok: queued as " OTHER) B_BOUNCE, TWO_EVENTS },
	{ "queued as itself", BOTH OK("250 2.0.0 Ok: queued as " QID) B_BOUNCE,
	    TWO_EVENTS },
	{ "forwarded as another one", BOTH OK("250 2.0.0 forwarded as " OTHER) B_BOUNCE,
	    TWO_EVENTS },
	{ "forwarded as, first", BOTH OK("forwarded as " OTHER) B_BOUNCE, TWO_EVENTS },
	{ "a filter's words",
	    BOTH OK("250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued "
		    "as " OTHER) B_BOUNCE,
	    TWO_EVENTS },
	{ "a name that is not ours",
	    BOTH SMTP "to=<a@d.test>, relay=localhost[203.0.113.7]:10024" TIMES
		      "2.0.0, status=sent (250 2.0.0 Ok: queued as " OTHER
		      ")\n" B_BOUNCE,
	    TWO_EVENTS },
	{ "a server that sends to us, too",
	    B_CLIENT("192.0.2.1") FROM(QID, "a@s.test") FROM(OTHER, "b@s.test")
		OK("250 2.0.0 Ok: queued as " OTHER) B_BOUNCE,
	    TWO_EVENTS },
	{ "... whose address begins as private ones do",
	    B_CLIENT("172.217.0.9") FROM(QID, "a@s.test") FROM(OTHER, "b@s.test") SMTP
	    "to=<a@d.test>, relay=mx.d.test[172.217.0.9]:25" TIMES
	    "2.0.0, status=sent (250 2.0.0 Ok: queued as " OTHER ")\n" B_BOUNCE,
	    TWO_EVENTS },
	{ "a bounce that is forwarded",
	    BOTH SAID("550 5.0.0 queued as " OTHER) B_BOUNCE,
	    "bounce a@d.test 5.0.0 queue=" QID
	    " from=a@s.test\nbounce b@v.test 5.1.1 queue=" OTHER " from=b@s.test" },
	{ "a login that names a queue id",
	    FROM(OTHER, "b@s.test") PF
	    "smtpd[1]: " QID ": client=app[10.0.0.9], sasl_method=PLAIN, "
	    "sasl_username=u, orig_queue_id=" OTHER
	    ", orig_client=x[10.0.0.9]\n" FROM(QID, "a@s.test") OK("250 ok"),
	    "delivery a@d.test 2.0.0 queue=" QID " from=a@s.test login=u" },
};

START_TEST(a_remote_server_binds_no_messages)
{
	hostile_check(hops, COUNT(hops));
}
END_TEST

/* --- lines that join ----------------------------------------------------------------
 */

#define CLIENT(rest) PF "smtpd[1]: " QID ": client=app.s.test[10.0.0.9]" rest "\n"
#define MID(id)      PF "cleanup[1]: " QID ": message-id=" id "\n"
#define ACTIVE(s)    PF "qmgr[1]: " QID ": from=<" s ">, size=9, nrcpt=1 (queue active)\n"
#define TOLD         A_DELIVERY " queue=" QID
#define LATE         SMTP "to=<a@d.test>, " LATER "\n"
#define LATE_TOLD    "deferral a@d.test 4.4.1 queue=" QID
#define EXPIRED(s) \
	PF "qmgr[1]: " QID ": from=<" s ">, status=expired, returned to sender\n"
#define HEADER(v)                                                            \
	PF "cleanup[1]: " QID ": info: header X-Id: " v                      \
	   " from app[10.0.0.9]; from=<s@s.test> to=<a@d.test> proto=ESMTP " \
	   "helo=<app>\n"

static const struct hostile joins[] = {
	{ "a login with a login in it",
	    CLIENT(", sasl_method=PLAIN, sasl_username=u, sasl_username=victim")
		OK("250 ok"),
	    TOLD " login=u, sasl_username=victim" },
	{ "the sender of a login",
	    CLIENT(", sasl_method=PLAIN, sasl_username=u, sasl_sender=x, "
		   "sasl_username=victim") OK("250 ok"),
	    TOLD " login=u" },
	{ "no login in a client's name",
	    PF "smtpd[1]: " QID
	       ": client=sasl_username=victim[10.0.0.9]\n" OK("250 ok"),
	    TOLD },
	{ "a sender with the end of the line in it",
	    ACTIVE("x>, size=1, nrcpt=1 (queue active)") OK("250 ok"),
	    TOLD " from=x>, size=1, nrcpt=1 (queue active)" },
	{ "a quoted sender", ACTIVE("\"x>, size=1\"@s.test") OK("250 ok"),
	    TOLD " from=\"x>, size=1\"@s.test" },
	{ "a sender that says it is expired",
	    LATE ACTIVE("a>, status=expired, returned to sender")
		ACTIVE("a, status=expired, returned to sender@s.test"),
	    LATE_TOLD },
	{ "an expiry of such a sender",
	    LATE EXPIRED("\"a>, status=expired, returned to sender\"@s.test"),
	    LATE_TOLD "\nbounce a@d.test 4.4.1 queue=" QID " expired" },
	{ "an expiry of a sender that says it is active",
	    LATE EXPIRED("a>, size=1, nrcpt=1 (queue active)"),
	    LATE_TOLD "\nbounce a@d.test 4.4.1 queue=" QID " expired" },
	{ "a message id with a delivery",
	    MID("<x@s.test>, to=<victim@v.test>, " V_BOUNCED) OK("250 ok"),
	    TOLD " mid=x@s.test" },
	{ "a message id with a login",
	    MID("<x@s.test>, sasl_username=victim") OK("250 ok"),
	    TOLD " mid=x@s.test" },
	{ "a message id that ends nowhere", MID("<x@s.test to=<") OK("250 ok"),
	    TOLD " mid=x@s.test to=<" },
	{ "a header that says whence it came",
	    HEADER("c1 from x[192.0.2.7]; from=<v@v.test> to=<w@w.test>") OK("250 ok"),
	    TOLD " x-id:c1 from x[192.0.2.7]; from=<v@v.test> to=<w@w.test>" },
	{ "a header that says what header it is",
	    HEADER("x: header X-Campaign: c2") OK("250 ok"),
	    TOLD " x-id:x: header X-Campaign: c2" },
	{ "a header with a delivery",
	    HEADER("to=<victim@v.test>, " V_BOUNCED) OK("250 ok"),
	    TOLD " x-id:to=<victim@v.test>, " V_BOUNCED },
	{ "a greeting with a delivery",
	    PF
	    "smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <x>: "
	    "no; from=<> to=<v@v.test> proto=ESMTP helo=<to=<victim@v.test>, " V_BOUNCED
	    ">\n" PF "smtpd[1]: NOQUEUE: to=<victim@v.test>, " V_BOUNCED "\n",
	    "none" },
	{ "words before a colon",
	    PF "smtp[1]: warning: to=<victim@v.test>, " V_BOUNCED "\n", "none" },
	{ "... fatal", PF "smtp[1]: fatal: to=<victim@v.test>, " V_BOUNCED "\n",
	    "none" },
	{ "... error", PF "smtp[1]: error: to=<victim@v.test>, " V_BOUNCED "\n",
	    "none" },
	{ "... panic", PF "smtp[1]: panic: to=<victim@v.test>, " V_BOUNCED "\n",
	    "none" },
	{ "... statistics",
	    PF "smtp[1]: statistics: to=<victim@v.test>, " V_BOUNCED "\n", "none" },
	{ "... timeout", PF "smtp[1]: timeout: to=<victim@v.test>, " V_BOUNCED "\n",
	    "none" },
	{ "... disconnect",
	    PF "smtp[1]: disconnect: to=<victim@v.test>, " V_BOUNCED "\n", "none" },
	{ "a warning about a message",
	    PF "smtp[1]: warning: " QID ": to=<victim@v.test>, " V_BOUNCED "\n",
	    "none" },
	{ "a milter's words",
	    PF "cleanup[1]: " QID ": milter-reject: END-OF-MESSAGE from x[192.0.2.7]: "
	       "5.7.1 to=<victim@v.test>, " V_BOUNCED "; from=<s> to=<v>\n",
	    "none" },
	{ "another program's line",
	    "2026-01-01T00:00:00Z mx1 app[1]: " QID ": to=<victim@v.test>, " V_BOUNCED
	    "\n",
	    "none" },
	{ "a repetition of a repetition",
	    PF "smtp[1]: message repeated 2 times: [ message repeated 3 times: [ " QID
	       ": to=<a@d.test>, " D_BOUNCED "]]\n",
	    "none" },
	{ "a repetition without number",
	    PF "smtp[1]: message repeated 99999999999999999999 times: [ " QID
	       ": to=<a@d.test>, " D_BOUNCED "]\n",
	    "none" },
};

START_TEST(other_lines_are_read_from_the_end_that_postfix_writes)
{
	hostile_check(joins, COUNT(joins));
}
END_TEST

/* --- bytes --------------------------------------------------------------------------
 */

/* The text with `fill` at `at`, n times; the caller frees it. */
static char *
blown_up(const char *text, size_t at, char fill, size_t n)
{
	size_t len = strlen(text);
	char *out = malloc(len + n + 1);

	ck_assert(out != NULL);
	memcpy(out, text, at);
	memset(out + at, fill, n);
	memcpy(out + at + n, text + at, len - at + 1);
	return out;
}

START_TEST(a_megabyte_anywhere_costs_no_sense)
{
	static const char line[] = SAID("550 no");
	const struct hostile whole = { "whole", line, A_BOUNCE };

	hostile_check(&whole, 1);
	for (size_t at = 0; at < sizeof line - 1; at += 7) {
		char *blown = blown_up(line, at, "x ,>(\""[at % 6], 1 << 20);
		struct buf out;

		buf_init(&out, 8 << 20);
		static const struct parse_env env = { 0 };
		maillog_tell(&parse_maillog, &env, slice_of(blown), false, &out);
		/* the recipient is a@d.test, or what it was blown up to, or none */
		ck_assert_msg(slice_find(buf_slice(&out), '\n') + 1 >= out.n,
		    "blown up at %zu: two events", at);
		ck_assert_msg(out.n == 0 || !strncmp(out.p, "bad:", 4) ||
				  !strncmp(out.p, "bounce ", 7),
		    "blown up at %zu: got %.80s", at, out.p);
		buf_free(&out);
		free(blown);
	}
}
END_TEST

/* A byte of each value at each place: the line is a bounce, or none. */
START_TEST(a_strange_byte_anywhere_forges_no_delivery)
{
	static const char line[] = SAID("550 no) dsn=2.0.0, status=sent (250 ok");
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
			ck_assert_msg(out.n == 0 || !strncmp(out.p, "bad:", 4) ||
					  !strncmp(out.p, "bounce ", 7),
			    "byte %u at %zu: got %.*s", c, at, (int)out.n, out.p);
		}
	}
	buf_free(&out);
}
END_TEST

TCase *
tcase_hostile_text(void)
{
	TCase *tc = tcase_create("text");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, replies_say_what_they_like);
	tcase_add_test(tc, a_line_that_is_cut_tells_the_same_or_nothing);
	tcase_add_test(tc, a_remote_server_binds_no_messages);
	tcase_add_test(tc, other_lines_are_read_from_the_end_that_postfix_writes);
	tcase_add_test(tc, a_megabyte_anywhere_costs_no_sense);
	tcase_add_test(tc, a_strange_byte_anywhere_forges_no_delivery);
	return tc;
}
