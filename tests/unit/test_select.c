/*
 * test_select.c - which events an output wants: every key of select and of its not, as
 * the configuration says them.
 *
 * Outputs are read from YAML by their table, so the defaults and what becomes of
 * domains count, too. How they are read is in test_select_fault.c.
 */
#include <stdio.h>
#include <string.h>

#include "app/select.h"

#include "suites.h"
#include "test_select.h"

static struct select *
make_select(const char *keys, struct config_output *o)
{
	char yaml[1024];

	ck_assert_msg(
	    snprintf(yaml, sizeof yaml, "{select: %s}", keys) < (int)sizeof yaml,
	    "%s: too long", keys);
	select_test_good(yaml, o);
	struct select *s = select_new(o);
	ck_assert_msg(s != NULL, "%s: select_new: got NULL", keys);
	return s;
}

static bool
wants(const struct select *s, const struct event *ev)
{
	struct select_view v;

	select_view(&v, ev);
	return select_wants(s, &v);
}

#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const struct event_pair gold[] = { { TEXT("cluster"), TEXT("eu1") },
	{ TEXT("tier"), TEXT("gold") } };
static const struct event_pair plain[] = { { TEXT("cluster"), TEXT("eu1") },
	{ TEXT("tier"), TEXT("") } };

/* 0: has everything. 1: from the null sender. 2: has next to nothing. 3: IDN. 4: like 0
 * but for case and subdomains. 5: a sender without a domain. */
static const struct event events[] = {
	{ .type = EVENT_BOUNCE,
	    .class = EVENT_HARD,
	    .reason = REASON_USER_UNKNOWN,
	    .source.name = TEXT("s1"),
	    .recipient_domain = TEXT("example.com"),
	    .sender = TEXT("News@Shop.Example"),
	    .vmta = TEXT("v1"),
	    .job_id = TEXT("j1"),
	    .submitter = TEXT("u1"),
	    .labels = gold,
	    .nlabels = COUNT(gold) },
	{ .type = EVENT_BOUNCE,
	    .class = EVENT_SOFT,
	    .reason = REASON_MAILBOX_FULL,
	    .source.name = TEXT("s2"),
	    .recipient_domain = TEXT("example.com"),
	    .sender = TEXT("<>"),
	    .job_id = TEXT("j2"),
	    .labels = plain,
	    .nlabels = COUNT(plain) },
	{ .type = EVENT_COMPLAINT, .source.name = TEXT("s1") },
	{ .type = EVENT_DELIVERY,
	    .source.name = TEXT("s1"),
	    .recipient_domain = TEXT("xn--mnchen-3ya.example"),
	    .sender = TEXT("\"a@b\"@M\xc3\xbcnchen.Example"),
	    .vmta = TEXT("v2"),
	    .labels = plain,
	    .nlabels = 1 },
	{ .type = EVENT_DEFERRAL,
	    .class = EVENT_SOFT,
	    .reason = REASON_RATE_LIMITED,
	    .source.name = TEXT("S1"),
	    .recipient_domain = TEXT("mx.example.com"),
	    .sender = TEXT("news@shop.example.com"),
	    .vmta = TEXT("V1"),
	    .job_id = TEXT("j1 "),
	    .submitter = TEXT("U1") },
	{ .type = EVENT_RETURNED, .source.name = TEXT("s2"), .sender = TEXT("root") },
};

/* Event by event: y or n. */
static const struct select_case {
	const char *select;
	const char *want;
} select_cases[] = {
	{ "{}", "yyynnn" },
	{ "~", "yyynnn" },
	{ "{type: []}", "yyyyyy" },
	{ "{type: [], not: {}}", "yyyyyy" },
	{ "{type: [delivery, returned]}", "nnnyny" },
	{ "{type: [], class: [hard]}", "ynnnnn" },
	{ "{type: [], class: [hard, soft]}", "yynnyn" },
	{ "{type: [], reason: [mailbox_full, rate_limited]}", "nynnyn" },
	{ "{type: [], source: [s1]}", "ynyynn" },
	{ "{type: [], source: [S1, s2]}", "nynnyy" },
	{ "{type: [], recipient_domain: [example.com]}", "yynnnn" },
	{ "{type: [], recipient_domain: [EXAMPLE.com.]}", "yynnnn" },
	{ "{type: [], recipient_domain: [com]}", "nnnnnn" },
	{ "{type: [], recipient_domain: [m\xc3\xbcnchen.example]}", "nnnynn" },
	{ "{type: [], recipient_domain: [XN--Mnchen-3YA.example]}", "nnnynn" },
	{ "{type: [], sender_domain: [shop.example]}", "ynnnnn" },
	{ "{type: [], sender_domain: [Shop.Example, shop.example.com]}", "ynnnyn" },
	{ "{type: [], sender_domain: [M\xc3\x9cNCHEN.example]}", "nnnynn" },
	{ "{type: [], sender_domain: [xn--mnchen-3ya.example]}", "nnnynn" },
	{ "{type: [], sender_domain: [root]}", "nnnnnn" },
	{ "{type: [], sender: [news@shop.example]}", "ynnnnn" },
	{ "{type: [], sender: [NEWS@SHOP.EXAMPLE, ROOT]}", "ynnnny" },
	{ "{type: [], sender: [\"<>\"]}", "nynnnn" },
	{ "{type: [], sender: [\"<>\", root]}", "nynnny" },
	{ "{type: [], vmta: [v1]}", "ynnnnn" },
	{ "{type: [], vmta: [v1, v2]}", "ynnynn" },
	{ "{type: [], job_id: [j1]}", "ynnnnn" },
	{ "{type: [], job_id: [\"j1 \", j2]}", "nynnyn" },
	{ "{type: [], job_id: [J1]}", "nnnnnn" },
	{ "{type: [], submitter: [u1]}", "ynnnnn" },
	{ "{type: [], labels: {}}", "yyyyyy" },
	{ "{type: [], labels: {cluster: eu1}}", "yynynn" },
	{ "{type: [], labels: {cluster: eu1, tier: gold}}", "ynnnnn" },
	{ "{type: [], labels: {tier: \"\"}}", "nynnnn" },
	{ "{type: [], labels: {cluster: EU1}}", "nnnnnn" },
	{ "{type: [], labels: {Cluster: eu1}}", "nnnnnn" },
	{ "{source: [s1], vmta: [v1], sender: [news@shop.example], class: [hard]}",
	    "ynnnnn" },
	{ "{source: [s1], vmta: [v2]}", "nnnnnn" },
	{ "{type: [], not: {type: [bounce]}}", "nnyyyy" },
	{ "{not: {type: [bounce]}}", "nnynnn" },
	{ "{type: [], not: {class: [hard, block]}}", "nyyyyy" },
	{ "{type: [], not: {reason: [mailbox_full]}}", "ynyyyy" },
	{ "{type: [], not: {source: [s2]}}", "ynyyyn" },
	{ "{type: [], not: {recipient_domain: [Example.Com]}}", "nnyyyy" },
	{ "{type: [], not: {recipient_domain: [m\xc3\xbcnchen.example]}}", "yyynyy" },
	{ "{type: [], not: {sender_domain: [m\xc3\xbcnchen.example]}}", "yyynyy" },
	{ "{type: [], not: {sender: [\"<>\"]}}", "ynyyyy" },
	{ "{type: [], not: {sender: [news@SHOP.example]}}", "nyyyyy" },
	{ "{type: [], not: {vmta: [v1]}}", "nyyyyy" },
	{ "{type: [], not: {job_id: [j2]}}", "ynyyyy" },
	{ "{type: [], not: {submitter: [u1, U1]}}", "nyyyny" },
	{ "{type: [], not: {labels: {cluster: eu1}}}", "nnynyy" },
	{ "{type: [], not: {labels: {cluster: us1, tier: gold}}}", "nyyyyy" },
	{ "{type: [], not: {vmta: [v2], sender: [\"<>\"], labels: {tier: gold}}}",
	    "nnynyy" },
	{ "{type: [], source: [s1], not: {source: [s1]}}", "nnnnnn" },
	{ "{class: [hard, soft], not: {class: [soft], vmta: [v2]}}", "ynnnnn" },
};

START_TEST(an_event_fits_every_list_and_none_of_not)
{
	const struct select_case *k = &select_cases[_i];
	struct config_output o;
	struct select *s = make_select(k->select, &o);
	char got[COUNT(events) + 1] = "";

	for (size_t i = 0; i < COUNT(events); i++)
		got[i] = wants(s, &events[i]) ? 'y' : 'n';
	ck_assert_msg(
	    strcmp(got, k->want) == 0, "%s: got %s, want %s", k->select, got, k->want);
	select_free(s);
	table_free(&config_output_table, &o);
}
END_TEST

START_TEST(every_entry_of_a_long_list_is_found)
{
	enum { ENTRIES = 1000 };
	struct config_output o;
	struct buf yaml;

	buf_init(&yaml, LIMIT_CONFIG);
	buf_printf(&yaml, "{select: {type: [], job_id: [");
	for (int i = 0; i < ENTRIES; i++)
		buf_printf(&yaml, "job%d, ", i * 7919 % ENTRIES * 2);
	buf_add(&yaml, SLICE("]}}"));
	buf_addc(&yaml, '\0');
	select_test_good(yaml.p, &o);
	struct select *s = select_new(&o);
	for (int i = 0; i < 2 * ENTRIES; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "job%d", i);
		struct event ev = { .job_id = { text, (size_t)n } };
		bool got = wants(s, &ev);
		ck_assert_msg(got == (i % 2 == 0), "%s: got %d", text, got);
	}
	select_free(s);
	table_free(&config_output_table, &o);
	buf_free(&yaml);
}
END_TEST

START_TEST(a_sender_of_any_bytes_is_no_fault)
{
	static char at[1000];
	static const struct slice senders[] = { TEXT("@"), TEXT("a@"), TEXT("a@@"),
		TEXT("\0@\0"), TEXT("a@\xff\xfe"), TEXT("a@b c"), { at, sizeof at } };
	struct config_output o;
	struct select *s = make_select(
	    "{type: [], sender_domain: [a], sender: [a]}", &o);

	memset(at, 'a', sizeof at);
	at[1] = '@';
	for (size_t i = 0; i < COUNT(senders); i++) {
		struct event ev = { .sender = senders[i] };
		ck_assert_msg(!wants(s, &ev), "sender %zu: got it selected", i);
	}
	select_free(s);
	table_free(&config_output_table, &o);
}
END_TEST

START_TEST(a_senders_domain_is_worked_out_at_most_once)
{
	struct config_output o, p;
	struct select *none = make_select("{type: [], sender: [root]}", &o);
	struct select *some = make_select("{type: [], sender_domain: [a, b]}", &p);
	struct event ev = { .sender = SLICE("x@a") };
	struct select_view v;

	select_view(&v, &ev);
	ck_assert_msg(!select_wants(none, &v) && !v.looked,
	    "no list of domains: got the domain looked for");
	ck_assert_msg(select_wants(some, &v) && v.looked, "x@a: want it selected");
	const char *before = v.sender_domain.p;
	v.domain[0] = 'b'; /* would be an a again */
	ck_assert_msg(
	    select_wants(some, &v) && v.domain[0] == 'b' && v.sender_domain.p == before,
	    "got the domain worked out again");
	ev.sender = SLICE("x@c");
	select_view(&v, &ev);
	ck_assert_msg(!select_wants(some, &v), "the next event: got x@c selected");
	select_free(none);
	select_free(some);
	table_free(&config_output_table, &o);
	table_free(&config_output_table, &p);
}
END_TEST

/* As the spool does it: every event past all outputs, with one view. */
START_TEST(each_output_gets_what_it_selects)
{
	static const struct select_case cases[] = {
		{ "{not: {sender: [\"<>\"]}}", "ynynnn" },
		{ "{type: [], sender_domain: [m\xc3\xbcnchen.example]}", "nnnynn" },
		{ "{vmta: [none]}", "nnnnnn" },
		{ "{type: [], not: {sender_domain: [shop.example], "
		  "labels: {tier: \"\"}}}",
		    "nnyyyy" },
		{ "{type: [], sender_domain: [shop.example, shop.example.com]}",
		    "ynnnyn" },
		{ "{type: []}", "yyyyyy" },
	};
	struct config_output output[COUNT(cases)];
	struct select *select[COUNT(cases)];
	struct select_view v;

	for (size_t i = 0; i < COUNT(cases); i++)
		select[i] = make_select(cases[i].select, &output[i]);
	for (size_t k = 0; k < COUNT(events); k++) {
		select_view(&v, &events[k]);
		for (size_t i = 0; i < COUNT(cases); i++) {
			bool got = select_wants(select[i], &v);
			ck_assert_msg(got == (cases[i].want[k] == 'y'),
			    "%s: event %zu: got %d, want %c", cases[i].select, k, got,
			    cases[i].want[k]);
		}
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		select_free(select[i]);
		table_free(&config_output_table, &output[i]);
	}
}
END_TEST

Suite *
suite_select(void)
{
	Suite *s = suite_create("select");
	TCase *t = tcase_create("select");

	tcase_add_loop_test(
	    t, an_event_fits_every_list_and_none_of_not, 0, COUNT(select_cases));
	tcase_add_test(t, every_entry_of_a_long_list_is_found);
	tcase_add_test(t, a_sender_of_any_bytes_is_no_fault);
	tcase_add_test(t, a_senders_domain_is_worked_out_at_most_once);
	tcase_add_test(t, each_output_gets_what_it_selects);
	select_add_fault_tests(t);
	suite_add_tcase(s, t);
	return s;
}
