/*
 * test_select_fault.c - select as it is read: domains in one form, each fault at its
 * place.
 */
#include "test_select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
select_test_read(const char *yaml, struct config_output *o, struct config_faults *f)
{
	struct target t = { &config_output_table, (char *)o, NULL, f };

	config_faults_init(f);
	memset(o, 0, sizeof *o);
	t.mark = calloc(t.table->n, sizeof *t.mark);
	ck_assert_msg(t.mark && table_defaults(t.table, o), "no memory");
	struct node *n = node_parse(slice_of(yaml), "t.yaml", f);
	ck_assert_msg(n != NULL, "%s: got %.*s", yaml, (int)f->text.n, f->text.p);
	(void)table_walk(&t, n);
	node_free(n);
	free(t.mark);
}

void
select_test_good(const char *yaml, struct config_output *o)
{
	struct config_faults f;

	select_test_read(yaml, o, &f);
	ck_assert_msg(f.count == 0, "%s: got %.*s", yaml, (int)f.text.n, f.text.p);
	config_faults_free(&f);
}

START_TEST(domains_are_kept_as_a_labels)
{
	struct config_output o;

	select_test_good("{select: {recipient_domain: [M\xc3\x9cNCHEN.example, "
			 "A.Example.], not: {sender_domain: [X]}}}",
	    &o);
	const struct {
		const char *got, *want;
	} cases[] = {
		{ o.select.recipient_domain.v[0], "xn--mnchen-3ya.example" },
		{ o.select.recipient_domain.v[1], "a.example" },
		{ o.select_not.sender_domain.v[0], "x" },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(strcmp(cases[i].got, cases[i].want) == 0,
		    "got %s, want %s", cases[i].got, cases[i].want);
	ck_assert_msg(o.select.type.n == 2 && o.select_not.type.n == 0,
	    "types: got %zu and %zu, want 2 and 0", o.select.type.n,
	    o.select_not.type.n);
	table_free(&config_output_table, &o);
}
END_TEST

static const struct fault_case {
	const char *yaml;
	const char *want;
} fault_cases[] = {
	{ "select: {sendr: [a]}",
	    "1:10: unknown key \"sendr\", did you mean \"sender\"?" },
	{ "select: {not: {sendr_domain: [a]}}",
	    "1:16: unknown key \"sendr_domain\", did you mean \"sender_domain\"?" },
	{ "select: {not: {not: {type: [bounce]}}}", "1:16: unknown key \"not\"" },
	{ "select: {nots: {type: [bounce]}}",
	    "1:10: unknown key \"nots\", did you mean \"not\"?" },
	{ "select: {not: [a]}", "1:15: select.not: expected a mapping" },
	{ "select: {not: {sender: <>}}", "1:24: select.not.sender: expected a list" },
	{ "select: {vmta: v1}", "1:16: select.vmta: expected a list" },
	{ "select: {job_id: [[a]]}", "1:19: select.job_id: expected a text" },
	{ "select: {not: {submitter: [\"\"]}}",
	    "1:28: select.not.submitter: an empty entry" },
	{ "select: {labels: [a]}", "1:18: select.labels: expected a mapping" },
	{ "select: {not: {labels: {a: [b]}}}",
	    "1:28: select.not.labels: expected a text for \"a\"" },
	{ "select: {not: {type: [bonce]}}",
	    "1:23: select.not.type: \"bonce\" is not an event type, did you mean "
	    "\"bounce\"?" },
	{ "select: {not: {class: [hardly]}}",
	    "1:24: select.not.class: \"hardly\" is not a class, did you mean "
	    "\"hard\"?" },
	{ "select: {not: {reason: [spam]}}",
	    "1:25: select.not.reason: \"spam\" is not a reason" },
	{ "select: {recipient_domain: a.example}",
	    "1:28: select.recipient_domain: expected a list" },
	{ "select: {recipient_domain: [\"@a.example\"]}",
	    "1:29: select.recipient_domain: \"@a.example\" is not a domain" },
	{ "select: {recipient_domain: [b@a.example]}",
	    "1:29: select.recipient_domain: \"b@a.example\" is not a domain" },
	{ "select: {sender_domain: [\"*.a.example\"]}",
	    "1:26: select.sender_domain: \"*.a.example\" is not a domain" },
	{ "select: {sender_domain: [.a.example]}",
	    "1:26: select.sender_domain: \".a.example\" is not a domain" },
	{ "select: {not: {sender_domain: [\"<>\"]}}",
	    "1:32: select.not.sender_domain: \"<>\" is not a domain" },
	{ "select: {not: {sender_domain: [\".\"]}}",
	    "1:32: select.not.sender_domain: \".\" is not a domain" },
};

START_TEST(each_fault_is_told_at_its_place)
{
	const struct fault_case *k = &fault_cases[_i];
	struct config_output o;
	struct config_faults f;
	char want[256];

	(void)snprintf(want, sizeof want, "t.yaml:%s\n", k->want);
	select_test_read(k->yaml, &o, &f);
	ck_assert_msg(slice_eq(buf_slice(&f.text), slice_of(want)),
	    "%s: got %.*s, want %s", k->yaml, (int)f.text.n, f.text.n ? f.text.p : "",
	    want);
	config_faults_free(&f);
	table_free(&config_output_table, &o);
}
END_TEST

void
select_add_fault_tests(TCase *t)
{
	tcase_add_test(t, domains_are_kept_as_a_labels);
	tcase_add_loop_test(t, each_fault_is_told_at_its_place, 0, COUNT(fault_cases));
}
