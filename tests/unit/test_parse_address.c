/*
 * test_parse_address.c - the one address of a To: header, and CSV nested in one field.
 */
#include "test_parse.h"

#include <string.h>

#include "parse/pmta.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
is_text(const char *in, struct slice got, const char *want)
{
	ck_assert_msg(slice_eq(got, slice_of(want)),
	    "\"%s\": got \"%.*s\", want \"%s\"", in, (int)got.n, got.n ? got.p : "",
	    want);
}

START_TEST(a_to_header_names_one_address_or_none)
{
	static const struct {
		const char *in;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "a@b", "a@b" },
		{ "<a@b>", "a@b" },
		{ "Name <a@b>", "a@b" },
		{ "\"Doe, John\" <a@b>", "a@b" },
		{ "Doe, John <a@b>", "a@b" },
		{ "\"A \\\"x@y\\\" <c@d>\" <a@b>", "a@b" },
		{ "\"<c@d>\" <a@b>", "a@b" },
		{ "\"c@d\" <a@b>", "a@b" },
		{ "\"a b\"@c", "\"a b\"@c" },
		{ "<\"a>b\"@c>", "\"a>b\"@c" },
		{ "a@b (comment)", "a@b" },
		{ "(x@y (nested \\) <c@d>)) a@b", "a@b" },
		{ "Name\r\n <a@b>", "a@b" },
		{ "Team: a@b;", "a@b" },
		{ "Team: A <a@b>;, C <c@d>", "" },
		{ "<@x,@y:a@b>", "a@b" },
		{ "a@b, A@B", "a@b" },
		{ "a@b,", "a@b" },
		{ "<a@[192.0.2.1]>", "a@[192.0.2.1]" },
		{ "a@b\xc3\xbc.example", "a@b\xc3\xbc.example" },
		{ "=?utf-8?q?J=C3=B6rg=2C_X?= <a@b>", "a@b" },
		{ "=?utf-8?q?c=40d?= <a@b>", "a@b" },
		{ "=?utf-8?Q?J=C3=B6rg_=3Ca=40b=3E?=", "a@b" },
		{ "=?UTF-8?B?PGFAYj4=?=", "a@b" },
		{ "=?utf-8*en?b?PGF?=\r\n =?us-ascii?q?=40b>?=", "a@b" },
		{ "=?utf-8?q?<a@b>,_<c@d>?=", "" },
		{ "=?utf-8?x?a@b?=", "=?utf-8?x?a@b?=" },
		{ "=?utf-8?q?", "" },
		{ "=?", "" },
		{ "a@b, c@d", "" },
		{ "a@b,c@d", "" },
		{ "<a@b>, <c@d>", "" },
		{ "A <a@b>, C <c@d>", "" },
		{ "a@b <c@d>, e@f", "" },
		{ "undisclosed-recipients:;", "" },
		{ "Name", "" },
		{ "<a@b", "" },
		{ "\"a@b", "" },
		{ "(a@b", "" },
		{ "a b@c", "" },
		{ "@b", "" },
		{ "a@", "" },
		{ "a@b@", "" },
		{ "<>", "" },
	};
	char out[LIMIT_TEXT];

	for (size_t i = 0; i < COUNT(cases); i++)
		is_text(cases[i].in, pmta_only_address(slice_of(cases[i].in), out),
		    cases[i].want);
}
END_TEST

START_TEST(a_long_to_header_is_decoded_within_its_room)
{
	char out[LIMIT_TEXT], text[2 * LIMIT_TEXT];

	memset(text, '_', sizeof text);
	memcpy(text, "=?a?q?", 6);
	(void)pmta_only_address((struct slice){ text, sizeof text }, out);
	memcpy(text + LIMIT_TEXT - 2, "?=", 2);
	(void)pmta_only_address((struct slice){ text, sizeof text }, out);
}
END_TEST

START_TEST(values_nested_in_one_field_come_one_by_one)
{
	static const struct {
		const char *in;
		const char *want;
	} cases[] = {
		{ "", "" },
		{ "a", "[a]" },
		{ "a,b", "[a][b]" },
		{ " a , b ", "[a][b]" },
		{ "\"a,b\",c", "[a,b][c]" },
		{ "\"a \"\"b\"\"\",c", "[a \"b\"][c]" },
		{ "\"a\" x,b", "[a][b]" },
		{ "\"a", "[a]" },
		{ "\"a\"\"", "[a\"]" },
		{ "\"\",\"\"", "[][]" },
		{ "a,,b", "[a][][b]" },
		{ "a,", "[a]" },
	};
	char out[LIMIT_TEXT], text[LIMIT_TEXT + 9];
	struct slice value = { 0 };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct slice rest = slice_of(cases[i].in);
		struct buf got;

		buf_init(&got, 256);
		while (pmta_nested_next(&rest, out, &value))
			(void)buf_printf(&got, "[%.*s]", (int)value.n, value.p);
		is_text(cases[i].in, buf_slice(&got), cases[i].want);
		buf_free(&got);
	}
	memset(text, '"', 1);
	memset(text + 1, 'a', sizeof text - 1);
	struct slice rest = { text, sizeof text };
	(void)pmta_nested_next(&rest, out, &value);
	ck_assert_msg(
	    value.n == LIMIT_TEXT && rest.n == 0, "too long: got %zu bytes", value.n);
}
END_TEST

void
parse_add_address_tests(TCase *t)
{
	tcase_add_test(t, a_to_header_names_one_address_or_none);
	tcase_add_test(t, a_long_to_header_is_decoded_within_its_room);
	tcase_add_test(t, values_nested_in_one_field_come_one_by_one);
}
