/*
 * test_parse_value.c - what PowerMTA writes into its fields: replies, hosts, times,
 * feedback reports; formats by their first line.
 */
#include "test_parse.h"

#include <stdio.h>
#include <string.h>

#include "parse/parse.h"
#include "parse/pmta.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
is_text(const char *in, struct slice got, const char *want)
{
	ck_assert_msg(slice_eq(got, slice_of(want)),
	    "\"%s\": got \"%.*s\", want \"%s\"", in, (int)got.n, got.n ? got.p : "",
	    want);
}

START_TEST(a_diagnostic_is_the_servers_reply)
{
	static const struct {
		const char *in;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "smtp;550 5.1.1 no such user", "550 5.1.1 no such user" },
		{ "Smtp;550 5.1.1 x", "550 5.1.1 x" },
		{ "SMTP; 550 5.1.1 x", "550 5.1.1 x" },
		{ "x-unix;input/output error", "input/output error" },
		{ "smtp;550 a; b; c", "550 a; b; c" },
		{ "smtp;450 4.0.0 (undefined status);smtp;421 Refused", "421 Refused" },
		{ "smtp;450 4.0.0 (undefined status);Smtp;421-4.7.0 x", "421-4.7.0 x" },
		{ "smtp;450 1;smtp;451 2;smtp;452 3", "452 3" },
		{ "smtp;550 see example;smtp;docs", "550 see example;smtp;docs" },
		{ "smtp;550 5.7.1 recipient is in suppression list \"a1\": <f@b>",
		    "550 5.7.1 recipient is in suppression list \"a1\": <f@b>" },
		{ "550 5.1.1 no; try later", "550 5.1.1 no; try later" },
		{ "DNS failure", "DNS failure" },
		{ "smtp;", "" },
		{ ";", "" },
		{ "smtp;450 1;smtp;", "450 1;smtp;" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		is_text(
		    cases[i].in, pmta_diagnostic(slice_of(cases[i].in)), cases[i].want);
}
END_TEST

START_TEST(a_host_has_a_name_and_an_address)
{
	static const struct {
		const char *in;
		const char *host;
		const char *ip;
	} cases[] = {
		{ "", "", "" },
		{ "mx.b.example (192.0.2.1)", "mx.b.example", "192.0.2.1" },
		{ "mx.b.example (2001:db8::1)", "mx.b.example", "2001:db8::1" },
		{ "mx.b.example", "mx.b.example", "" },
		{ "mx.b.example ( 192.0.2.1 )", "mx.b.example", "192.0.2.1" },
		{ "(192.0.2.1)", "", "192.0.2.1" },
		{ "[192.0.2.1] (192.0.2.1)", "[192.0.2.1]", "192.0.2.1" },
		{ "[192.0.2.1]", "[192.0.2.1]", "192.0.2.1" },
		{ "mx ([2001:db8::1])", "mx", "2001:db8::1" },
		{ "mx ([])", "mx", "[]" },
		{ "mx (", "mx (", "" },
		{ "mx ()", "mx", "" },
		{ " mx ", "mx", "" },
		{ ")", ")", "" },
		{ "(", "(", "" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice host, ip;
		parse_host(slice_of(cases[i].in), &host, &ip);
		is_text(cases[i].in, host, cases[i].host);
		is_text(cases[i].in, ip, cases[i].ip);
	}
}
END_TEST

START_TEST(an_address_has_no_brackets)
{
	static const struct {
		const char *in;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "a@b", "a@b" },
		{ "<a@b>", "a@b" },
		{ " <a@b>\r\n", "a@b" },
		{ "<>", "<>" },
		{ "<a@b", "<a@b" },
		{ "a@b>", "a@b>" },
		{ "<", "<" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		is_text(
		    cases[i].in, parse_address(slice_of(cases[i].in)), cases[i].want);
}
END_TEST

START_TEST(an_original_recipient_is_decoded)
{
	static const struct {
		const char *in;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "rfc822;a@b", "a@b" },
		{ "RFC822; a@b", "a@b" },
		{ "utf-8;a@b", "a@b" },
		{ "a@b", "a@b" },
		{ "rfc822;<a@b>", "a@b" },
		{ "rfc822;a+2Bc@b", "a+c@b" },
		{ "rfc822;a+3Dc+20d@b", "a=c d@b" },
		{ "rfc822;a+2bc@b", "a+2bc@b" }, /* RFC 3461: upper case only */
		{ "rfc822;a+@b", "a+@b" },
		{ "rfc822;a@b+2", "a@b+2" },
		{ "rfc822;a@b+2E", "a@b." },
		{ "x400;a@b", "" },
		{ "rfc822;", "" },
		{ "rfc822;nobody", "" },
		{ ";a@b", "" },
	};
	char out[LIMIT_TEXT], text[2 * LIMIT_TEXT];

	for (size_t i = 0; i < COUNT(cases); i++)
		is_text(
		    cases[i].in, pmta_orcpt(slice_of(cases[i].in), out), cases[i].want);
	memset(text, 'a', sizeof text);
	text[0] = '@';
	is_text(
	    "1025 bytes", pmta_orcpt((struct slice){ text, LIMIT_TEXT + 1 }, out), "");
	struct slice got = pmta_orcpt((struct slice){ text, LIMIT_TEXT }, out);
	ck_assert_msg(got.n == LIMIT_TEXT, "1024 bytes: got %zu", got.n);
}
END_TEST

/* One row through the parser without its framing. */
static enum parse_result
row(const char *const *column, const char *const *value, size_t n, struct event *ev,
    void *parser)
{
	struct slice field[8];
	struct record rec = { .field = field, .nfields = n };
	const char *why;
	bool torn;

	for (size_t i = 0; i < n; i++)
		field[i] = slice_of(column[i]);
	(void)parse_pmta.parse(parser, &rec, (struct when){ 0 }, ev, &why, &torn);
	for (size_t i = 0; i < n; i++)
		field[i] = slice_of(value[i]);
	return parse_pmta.parse(
	    parser, &rec, (struct when){ .sec = 77 }, ev, &why, &torn);
}

START_TEST(times_are_read_or_taken_from_what_is_known)
{
	static const char *const column[] = { "type", "rcpt", "timeLogged",
		"timeQueued", "totalSecondsQueued" };
	static const struct {
		const char *logged, *queued, *seconds;
		bool ok;
		int64_t time, delay;
	} cases[] = {
		{ "2019-02-08 21:54:05+0000", "", "", true, 1549662845, -1 },
		{ "2019-02-08 22:54:05+0100", "", "", true, 1549662845, -1 },
		{ "2019-02-08T21:54:05Z", "", "", true, 1549662845, -1 },
		{ "2019-02-08 21:54:05", "", "", true, 1549662845, -1 }, /* zone: UTC */
		{ "1549662845", "1549662800", "", true, 1549662845, 45 },
		{ "1549662845", "1549662800", "7", true, 1549662845, 7 },
		{ "1549662845", "1549662845", "", true, 1549662845, 0 },
		{ "1549662800", "1549662845", "", true, 1549662800, -1 },
		{ "1549662845", "1549662800", "-7", true, 1549662845, 45 },
		{ "1549662845", "", "99999999999", true, 1549662845, -1 },
		{ "", "1549662800", "", true, 1549662800, -1 },
		{ "", "", "", true, 77, -1 },
		{ "soon", "1549662800", "", false, 0, 0 },
		{ "1549662845", "soon", "", false, 0, 0 },
		{ "2019-02-30 00:00:00", "", "", false, 0, 0 },
	};
	static const struct parse_env env = { 0 };
	void *parser = parse_pmta.make(&env);

	ck_assert_msg(parser != NULL, "no memory");
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *value[] = { "b", "a@b", cases[i].logged, cases[i].queued,
			cases[i].seconds };
		struct event ev;
		bool ok = row(column, value, 5, &ev, parser) == PARSE_EVENT;
		ck_assert_msg(ok == cases[i].ok, "\"%s\" \"%s\": got %d, want %d",
		    cases[i].logged, cases[i].queued, ok, cases[i].ok);
		ck_assert_msg(
		    !ok || (ev.time.sec == cases[i].time && ev.delay == cases[i].delay),
		    "\"%s\" \"%s\" \"%s\": got time %lld delay %lld, want %lld %lld",
		    cases[i].logged, cases[i].queued, cases[i].seconds,
		    (long long)ev.time.sec, (long long)ev.delay,
		    (long long)cases[i].time, (long long)cases[i].delay);
	}
	parse_pmta.drop(parser);
}
END_TEST

START_TEST(a_feedback_row_is_a_complaint_unless_its_type_says_otherwise)
{
	static const char *const column[] = { "type", "rcpt", "feedbackType",
		"header_To" };
	static const struct {
		const char *rcpt, *type, *to;
		enum parse_result want;
		const char *recipient;
		const char *kind;
	} cases[] = {
		{ "a@b", "abuse", "", PARSE_EVENT, "a@b", "abuse" },
		{ "a@b", "", "", PARSE_EVENT, "a@b", "abuse" },
		{ "a@b", "opt-out", "", PARSE_EVENT, "a@b", "opt-out" },
		{ "a@b", "not-spam", "", PARSE_SKIP, "", "" },
		{ "a@b", "Auth-Failure", "", PARSE_SKIP, "", "" },
		{ "<a@b>", "abuse", "c@d", PARSE_EVENT, "a@b", "abuse" },
		{ "", "abuse", "N <c@d>", PARSE_EVENT, "c@d", "abuse" },
		{ "", "abuse", "c@d, e@f", PARSE_EVENT, "", "abuse" },
		{ "", "", "", PARSE_EVENT, "", "abuse" },
	};
	static const struct parse_env env = { 0 };
	void *parser = parse_pmta.make(&env);

	ck_assert_msg(parser != NULL, "no memory");
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *value[] = { "f", cases[i].rcpt, cases[i].type,
			cases[i].to };
		struct event ev;
		enum parse_result got = row(column, value, 4, &ev, parser);
		ck_assert_msg(got == cases[i].want, "\"%s\": got %d, want %d",
		    cases[i].type, (int)got, (int)cases[i].want);
		if (got != PARSE_EVENT)
			continue;
		is_text("recipient", ev.recipient, cases[i].recipient);
		is_text("feedback.type", ev.feedback.type, cases[i].kind);
	}
	parse_pmta.drop(parser);
}
END_TEST

START_TEST(formats_are_told_by_their_first_line)
{
	static const struct {
		const char *name;
		const char *in;
		bool want;
	} cases[] = {
		{ "a header", "type,rcpt", true },
		{ "a quoted header", "\"type\",\"rcpt\"", true },
		{ "a header in another case", "Type,rcpt", true },
		{ "a row without its header", "b,1,2,3", true },
		{ "another CSV", "date,from,to,status", false },
		{ "one word", "type", false },
		{ "nothing", "", false },
		{ "a line of a mail log", "Nov 22 04:00:00 mx postfix/smtp[1]: x",
		    false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool got = parse_probe(slice_of(cases[i].in)) == &parse_pmta;
		ck_assert_msg(got == cases[i].want, "%s: got %d, want %d",
		    cases[i].name, got, cases[i].want);
	}
	ck_assert_msg(parse_format_of(SLICE("pmta")) == &parse_pmta &&
			  !parse_format_of(SLICE("PMTA")) &&
			  !parse_format_of(SLICE("")),
	    "parse_format_of: want pmta by its name alone");
}
END_TEST

void
parse_add_value_tests(TCase *t)
{
	tcase_add_test(t, formats_are_told_by_their_first_line);
	tcase_add_test(t, a_diagnostic_is_the_servers_reply);
	tcase_add_test(t, a_host_has_a_name_and_an_address);
	tcase_add_test(t, an_address_has_no_brackets);
	tcase_add_test(t, an_original_recipient_is_decoded);
	tcase_add_test(t, times_are_read_or_taken_from_what_is_known);
	tcase_add_test(t, a_feedback_row_is_a_complaint_unless_its_type_says_otherwise);
}
