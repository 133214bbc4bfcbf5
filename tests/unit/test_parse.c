/*
 * test_parse.c - PowerMTA records through the CSV framing and the parser: what becomes
 * an event, what is passed over, what is bad and why, and where each value goes.
 * Wanted fields are written "path=value|path=value" and looked up in the event's JSON;
 * "path=" means that the key is not there.
 */
#include "test_parse.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame/frame.h"
#include "parse/parse.h"
#include "parse/pmta.h"

Suite *suite_parse(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { RECORD_MAX = 64 * 1024 };

static const struct slice fbl_names[] = { { "x-fblid", 7 }, { "x-job", 5 } };
static const struct parse_env env = { .fbl_headers = fbl_names, .nfbl_headers = 2 };
static const struct when undated = { .sec = 1000000000 }; /* 2001-09-09T01:46:40Z */

/* What the last record of a text came to. */
struct outcome {
	enum parse_result result;
	const char *why;
	bool torn;
	json_t *json; /* of an event */
};

static const char *const result_name[] = { [PARSE_EVENT] = "event",
	[PARSE_SKIP] = "skip",
	[PARSE_HEADER] = "header",
	[PARSE_BAD] = "bad" };

static void
take_event(const struct event *ev, struct outcome *o)
{
	struct buf out;

	buf_init(&out, LIMIT_EVENT);
	int rc = event_json(ev, &out);
	ck_assert_msg(rc == 0, "event_json: got %d, want 0", rc);
	o->json = json_loadb(out.p, out.n, 0, NULL);
	ck_assert_msg(
	    o->json != NULL, "event_json: got no JSON: %.*s", (int)out.n, out.p);
	buf_free(&out);
}

static struct outcome
run(const char *text)
{
	struct frame_csv *csv = frame_csv_new(RECORD_MAX);
	void *parser = parse_pmta.make(&env);
	struct slice in = slice_of(text);
	struct outcome o = { .result = PARSE_BAD, .why = "" };
	struct frame_out f;

	ck_assert_msg(csv && parser, "no memory");
	while (in.n > 0) {
		struct event ev;
		enum frame_result r = frame_csv_next(csv, in, true, &f);
		ck_assert_msg(r != FRAME_BAD, "%s: framing got bad: %s", text, f.why);
		if (r == FRAME_RECORD) {
			struct record rec = { f.bytes, { 0, f.used }, f.field,
				f.nfields };
			json_decref(o.json);
			o = (struct outcome){ .why = "" };
			o.result = parse_pmta.parse(
			    parser, &rec, undated, &ev, &o.why, &o.torn);
			if (o.result == PARSE_EVENT)
				take_event(&ev, &o);
		}
		in = slice_from(in, f.used);
	}
	parse_pmta.drop(parser);
	frame_csv_free(csv);
	return o;
}

/* The value at "a.b" as text; "" where it is not there. */
static void
value_at(const json_t *at, struct slice path, char *out, size_t cap)
{
	char key[64];

	while (at && path.n > 0) {
		size_t dot = slice_find(path, '.');
		(void)snprintf(key, sizeof key, "%.*s", (int)dot, path.p);
		at = json_object_get(at, key);
		path = slice_from(path, dot + 1);
	}
	if (json_is_integer(at))
		(void)snprintf(out, cap, "%lld", (long long)json_integer_value(at));
	else
		(void)snprintf(out, cap, "%s", at ? json_string_value(at) : "");
}

static void
check_fields(const char *name, const json_t *json, const char *fields)
{
	char got[LIMIT_DIAGNOSTIC + 1];

	for (struct slice rest = slice_of(fields); rest.n > 0;) {
		size_t bar = slice_find(rest, '|');
		struct slice one = { rest.p, bar };
		size_t is = slice_find(one, '=');
		struct slice want = slice_from(one, is + 1);

		value_at(json, (struct slice){ one.p, is }, got, sizeof got);
		ck_assert_msg(slice_eq(slice_of(got), want),
		    "%s: %.*s: got \"%s\", want \"%.*s\"", name, (int)is, one.p, got,
		    (int)want.n, want.p);
		rest = slice_from(rest, bar + 1);
	}
}

/* type, time, recipient, status, reply, host, category */
#define HEAD "type,timeLogged,rcpt,dsnStatus,dsnDiag,dsnMta,bounceCat\n"
#define ROW                                                                       \
	",2026-11-22 04:00:00+0000,a@b.example,5.1.1 (bad),smtp;550 5.1.1 no,mx " \
	"(192.0.2.1),bad-mailbox\n"

static const struct parse_case {
	const char *name;
	const char *in;
	enum parse_result want;
	const char *rest; /* of an event: fields; of a bad record: why */
} parse_cases[] = {
	{ "a b row is a synchronous bounce", HEAD "b" ROW, PARSE_EVENT,
	    "type=bounce|mode=sync|recipient=a@b.example|recipient_domain=b.example|"
	    "status=5.1.1|smtp_code=550|diagnostic=550 5.1.1 no|remote_mta=mx|"
	    "remote_ip=192.0.2.1|category=bad-mailbox|time=2026-11-22T04:00:00Z|"
	    "source.format=pmta|delay=|final_recipient=|sender=" },
	{ "an rb row is an asynchronous bounce", HEAD "rb" ROW, PARSE_EVENT,
	    "type=bounce|mode=async" },
	{ "a t row is a deferral", HEAD "t" ROW, PARSE_EVENT,
	    "type=deferral|mode=sync" },
	{ "a d row is a delivery", HEAD "d" ROW, PARSE_EVENT, "type=delivery|mode=" },
	{ "an rs row is a delivery", HEAD "rs" ROW, PARSE_EVENT,
	    "type=delivery|mode=" },
	{ "a delayed rs row is a deferral",
	    "type,rcpt,dsnAction\nrs,a@b.example,Delayed\n", PARSE_EVENT,
	    "type=deferral|mode=async|action=delayed" },
	{ "a delayed rb row is a deferral",
	    "type,rcpt,dsnAction\nrb,a@b.example,delayed\n", PARSE_EVENT,
	    "type=deferral|mode=async|action=delayed" },
	{ "an rb row without dsnAction is a bounce",
	    "type,rcpt,dsnAction\nrb,a@b.example,\n", PARSE_EVENT,
	    "type=bounce|mode=async|action=" },
	{ "an f row is a complaint", HEAD "f" ROW, PARSE_EVENT,
	    "type=complaint|mode=|feedback.type=abuse" },
	{ "a tq row is passed over", HEAD "tq,,,,,,\n", PARSE_SKIP, "" },
	{ "an r row is passed over", HEAD "r" ROW, PARSE_SKIP, "" },
	{ "a header is a header", HEAD, PARSE_HEADER, "" },
	{ "an unknown type is bad", HEAD "zz" ROW, PARSE_BAD, "unknown record type" },
	{ "types are of one case", HEAD "B" ROW, PARSE_BAD, "unknown record type" },
	{ "no type is bad", HEAD "" ROW, PARSE_BAD, "unknown record type" },
	{ "a row before the header is bad", "b" ROW, PARSE_BAD,
	    "no header before this record" },
	{ "a row that is too short is bad", HEAD "b,a,b\n", PARSE_BAD,
	    "not as many columns as the header" },
	{ "a row that is too long is bad", "type,rcpt\nb,a@b.example,c\n", PARSE_BAD,
	    "not as many columns as the header" },
	{ "a wrong time is bad", "type,timeLogged,rcpt\nb,yesterday,a@b.example\n",
	    PARSE_BAD, "time not understood" },
	{ "a wrong queue time is bad",
	    "type,timeQueued,rcpt\nb,2026-13-01 00:00:00,a@b.example\n", PARSE_BAD,
	    "time not understood" },
	{ "a bounce without recipient is bad", "type,rcpt\nb,\n", PARSE_BAD,
	    "no recipient" },
	{ "an address is taken as it stands", "type,rcpt\nt,<>\n", PARSE_EVENT,
	    "recipient=<>" },
	{ "a header in mid-file renames the columns",
	    HEAD "b" ROW "type,dsnStatus,rcpt\nb,5.2.2,c@d.example\n", PARSE_EVENT,
	    "recipient=c@d.example|status=5.2.2|category=|remote_mta=" },
	{ "a header in another case renames the columns, too",
	    HEAD "b" ROW "TYPE,dsnStatus,rcpt\nb,5.2.2,c@d.example\n", PARSE_EVENT,
	    "recipient=c@d.example|status=5.2.2" },
	{ "so does one behind a BOM, of a file put behind another",
	    HEAD "b" ROW "\xef\xbb\xbftype,dsnStatus,rcpt\nb,5.2.2,c@d.example\n",
	    PARSE_EVENT, "recipient=c@d.example|status=5.2.2" },
	{ "a narrower header makes the old width wrong", HEAD "type,rcpt\nb" ROW,
	    PARSE_BAD, "not as many columns as the header" },
	{ "an rb row leaves the foreign columns of a union header empty",
	    "type,timeQueued,timeLogged,orig,rcpt,jobId,vmta,header_X-FBLId\n"
	    "b,2026-11-22 03:59:00Z,2026-11-22 "
	    "04:00:00Z,s@x.example,a@b.example,j,v,F1\n"
	    "rb,,2026-11-22 04:00:00Z,s@x.example,c@b.example,,,F2\n",
	    PARSE_EVENT,
	    "mode=async|recipient=c@b.example|queued=|delay=|job_id=|vmta=|fbl_id=F2|"
	    "headers.x-fblid=F2" },
	{ "of a name that occurs twice the first value counts",
	    "type,rcpt,RCPT,header_subject,Header_Subject\n"
	    "b,a@b.example,c@d.example,one,two\n",
	    PARSE_EVENT, "recipient=a@b.example|headers.subject=one" },
	{ "of a name that occurs twice the first value that is not empty counts",
	    "type,rcpt,rcpt,header_subject,Header_Subject\nb, ,c@d.example,,two\n",
	    PARSE_EVENT, "recipient=c@d.example|headers.subject=two" },
	{ "names and values are trimmed",
	    "type, rcpt ,dsnstatus\nb, a@b.example , 5.1.1 \n", PARSE_EVENT,
	    "recipient=a@b.example|status=5.1.1" },
	{ "columns that nobody knows are ignored",
	    "type,future,rcpt,header_\nb,x,a@b.example,y\n", PARSE_EVENT,
	    "recipient=a@b.example|future=|headers=" },
	{ "brackets are taken off", "type,rcpt,orig\nb,<a@b.example>,<s@x.example>\n",
	    PARSE_EVENT, "recipient=a@b.example|sender=s@x.example" },
	{ "the null sender stays", "type,rcpt,orig\nb,a@b.example,<>\n", PARSE_EVENT,
	    "sender=<>" },
	{ "an address is never judged", "type,rcpt\nb,9f86d081\n", PARSE_EVENT,
	    "recipient=9f86d081|recipient_domain=" },
	{ "a domain is lower case and A-labels",
	    "type,rcpt\nb,A@B\xc3\x9c"
	    "cher.Example\n",
	    PARSE_EVENT,
	    "recipient=A@B\xc3\x9c"
	    "cher.Example|"
	    "recipient_domain=xn--bcher-kva.example" },
	{ "a quoted line break stays in its record",
	    "type,rcpt,header_subject\nb,a@b.example,\"one\r\n two\"\n", PARSE_EVENT,
	    "recipient=a@b.example|headers.subject=one  two" },
	{ "the record's CR LF is no value", "type,rcpt,jobId\r\nb,a@b.example,j\r\n",
	    PARSE_EVENT, "job_id=j" },
	{ "a status without parentheses", "type,rcpt,dsnStatus\nb,a@b.example,5.7.26\n",
	    PARSE_EVENT, "status=5.7.26" },
	{ "a status that is none is taken from the reply",
	    "type,rcpt,dsnStatus,dsnDiag\nb,a@b.example,bad,smtp;552 5.2.2 full\n",
	    PARSE_EVENT, "status=5.2.2|smtp_code=552" },
	{ "an original recipient is the recipient",
	    "type,rcpt,orcpt\nb,c@d.example,rfc822;a+2Bx@b.example\n", PARSE_EVENT,
	    "recipient=a+x@b.example|final_recipient=c@d.example|"
	    "recipient_domain=b.example" },
	{ "an original recipient that is the recipient is told once",
	    "type,rcpt,orcpt\nb,a@b.example,RFC822;<A@b.example>\n", PARSE_EVENT,
	    "recipient=A@b.example|final_recipient=" },
	{ "an original recipient of another type is none",
	    "type,rcpt,orcpt\nb,c@d.example,x400;a@b.example\n", PARSE_EVENT,
	    "recipient=c@d.example|final_recipient=" },
	{ "an original recipient alone is enough", "type,rcpt,orcpt\nrb,,a@b.example\n",
	    PARSE_EVENT, "recipient=a@b.example|final_recipient=" },
};

START_TEST(a_row_is_what_it_says)
{
	const struct parse_case *k = &parse_cases[_i];
	struct outcome o = run(k->in);

	ck_assert_msg(o.result == k->want, "%s: got %s (%s), want %s", k->name,
	    result_name[o.result], o.why, result_name[k->want]);
	if (k->want == PARSE_EVENT)
		check_fields(k->name, o.json, k->rest);
	if (k->want == PARSE_BAD)
		ck_assert_msg(strcmp(o.why, k->rest) == 0,
		    "%s: got \"%s\", want \"%s\"", k->name, o.why, k->rest);
	bool wide = k->want == PARSE_BAD && strstr(k->rest, "not as many");
	ck_assert_msg(
	    o.torn == wide, "%s: torn: got %d, want %d", k->name, o.torn, wide);
	json_decref(o.json);
}
END_TEST

/* Every column that is read: where its value goes. */
static const struct column_case {
	const char *type;
	const char *column;
	const char *value;
	const char *want;
} column_cases[] = {
	{ "b", "timeLogged", "1178807903", "time=2007-05-10T14:38:23Z" },
	{ "b", "timeQueued", "1178807903",
	    "queued=2007-05-10T14:38:23Z|time=2007-05-10T14:38:23Z" },
	{ "b", "orig", "s@x.example", "sender=s@x.example" },
	{ "b", "rcpt", "a@b.example", "recipient=a@b.example" },
	{ "b", "orcpt", "rfc822;o@b.example", "recipient=o@b.example" },
	{ "b", "dsnAction", "failed", "action=failed" },
	{ "d", "dsnAction", "relayed", "action=relayed" },
	{ "b", "dsnStatus", "5.1.1 (x)", "status=5.1.1" },
	{ "b", "dsnDiag", "Smtp;550 5.2.1 x", "diagnostic=550 5.2.1 x|status=5.2.1" },
	{ "b", "dsnMta", "mx.b.example (192.0.2.7)",
	    "remote_mta=mx.b.example|remote_ip=192.0.2.7" },
	{ "b", "bounceCat", "Own-Cat", "category=Own-Cat" },
	{ "b", "dlvSourceIp", "192.0.2.2", "local_ip=192.0.2.2" },
	{ "b", "dlvDestinationIp", "192.0.2.3", "remote_ip=192.0.2.3" },
	{ "b", "vmta", "v1", "vmta=v1" },
	{ "b", "vmtaPool", "p1", "pool=p1" },
	{ "b", "jobId", "j1", "job_id=j1" },
	{ "b", "envId", "e1", "envelope_id=e1" },
	{ "b", "queue", "b.example/v1", "queue=b.example/v1" },
	{ "b", "totalSecondsQueued", "61", "delay=61" },
	{ "b", "rcvSmtpUser", "u1", "submitter=u1" },
	{ "f", "repSourceIp", "192.0.2.4", "remote_ip=192.0.2.4" },
	{ "f", "feedbackType", "fraud", "feedback.type=fraud" },
	{ "f", "format", "jmrp", "feedback.format=jmrp" },
	{ "f", "userAgent", "UA/1", "feedback.user_agent=UA/1" },
	{ "f", "reportingMta", "dns;r", "feedback.reporting_mta=dns;r" },
	{ "f", "reportedDomain", "x.example", "feedback.reported_domain=x.example" },
	{ "f", "dlvSourceIp", "192.0.2.5", "feedback.source_ip=192.0.2.5" },
	{ "f", "arf_Feedback-Type", "virus,abuse", "feedback.type=virus" },
	{ "f", "arf_User-Agent", "UA/2", "feedback.user_agent=UA/2" },
	{ "f", "arf_Reported-Domain", "y.example,z.example",
	    "feedback.reported_domain=y.example" },
	{ "f", "arf_Source-IP", "192.0.2.6", "feedback.source_ip=192.0.2.6" },
	{ "f", "arf_Reporting-MTA", "dns;q", "feedback.reporting_mta=dns;q" },
	{ "f", "arf_Original-Envelope-Id", "e2", "envelope_id=e2" },
	{ "f", "arf_Original-Mail-From", "<s@y.example>", "sender=s@y.example" },
	{ "b", "header_X-FBLId", "F", "headers.x-fblid=F|fbl_id=F" },
	{ "b", "header_X-Job", "J", "headers.x-job=J|fbl_id=J" },
	{ "b", "header_Message-Id", "<m@x>",
	    "headers.message-id=<m@x>|message_id=m@x" },
};

static void
check_column(const struct column_case *k, int way)
{
	bool rcpt = !strcmp(k->column, "rcpt");
	char name[64], text[512];

	for (size_t i = 0; i <= strlen(k->column); i++) {
		char c = to_lower(k->column[i]);
		bool up = way == 1 || (way == 2 && i % 2 == 0);
		name[i] = up && c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	(void)snprintf(text, sizeof text, "type,%s,%s\n%s,z@b.example,\"%s\"\n",
	    rcpt ? "x" : "rcpt", name, k->type, k->value);
	struct outcome o = run(text);
	ck_assert_msg(o.result == PARSE_EVENT, "%s: got %s, want event", name,
	    result_name[o.result]);
	check_fields(name, o.json, k->want);
	json_decref(o.json);
}

START_TEST(a_column_is_found_in_any_case)
{
	for (size_t i = 0; i < COUNT(column_cases); i++) {
		for (int way = 0; way < 3; way++)
			check_column(&column_cases[i], way);
	}
}
END_TEST

START_TEST(header_columns_have_a_limit)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	(void)buf_add(&b, SLICE("type,rcpt"));
	for (int i = 0; i < LIMIT_HEADERS + 1; i++)
		(void)buf_printf(&b, ",header_h%d", i);
	(void)buf_add(&b, SLICE(",vmta\nb,a@b.example"));
	for (int i = 0; i < LIMIT_HEADERS + 1; i++)
		(void)buf_printf(&b, ",v%d", i);
	(void)buf_add(&b, SLICE(",v1\n"));
	(void)buf_addc(&b, '\0');
	struct outcome o = run(b.p);
	ck_assert_msg(
	    o.result == PARSE_EVENT, "got %s, want event", result_name[o.result]);
	check_fields(
	    "64 headers", o.json, "headers.h0=v0|headers.h63=v63|headers.h64=|vmta=v1");
	json_decref(o.json);
	buf_free(&b);
}
END_TEST

Suite *
suite_parse(void)
{
	Suite *s = suite_create("parse");
	TCase *t = tcase_create("pmta");

	tcase_add_loop_test(t, a_row_is_what_it_says, 0, COUNT(parse_cases));
	tcase_add_test(t, a_column_is_found_in_any_case);
	tcase_add_test(t, header_columns_have_a_limit);
	parse_add_value_tests(t);
	parse_add_address_tests(t);
	suite_add_tcase(s, t);
	return s;
}
