/*
 * test_classify.c - class, reason, rule and expired of failures.
 */
#include "test_classify.h"

#include <check.h>

#include <stdio.h>
#include <string.h>

#include "classify/classify.h"

Suite *suite_classify(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define B EVENT_BOUNCE
#define T EVENT_DEFERRAL

static struct classifier *c;

static void
setup(void)
{
	c = classify_new();
	ck_assert_msg(c != NULL, "no memory");
}

static void
teardown(void)
{
	classify_free(c);
}

static struct event
judge(enum event_type type, const char *category, const char *status, const char *diag)
{
	struct event ev = {
		.type = type,
		.category = slice_of(category),
		.status = slice_of(status),
		.diagnostic = slice_of(diag),
	};

	classify(c, &ev);
	return ev;
}

static void
is(const char *name, const struct event *ev, const char *class, const char *reason,
    const char *rule, bool expired)
{
	const char *got = event_class_name(ev->class);
	const char *why = event_reason_name(ev->reason);

	ck_assert_msg(got && why && !strcmp(got, class) && !strcmp(why, reason),
	    "%s: got %s/%s by %.*s, want %s/%s", name, got ? got : "(none)",
	    why ? why : "(none)", (int)ev->rule.n, ev->rule.p, class, reason);
	ck_assert_msg(slice_eq(ev->rule, slice_of(rule)), "%s: rule: got %.*s, want %s",
	    name, (int)ev->rule.n, ev->rule.p, rule);
	ck_assert_msg(ev->expired == expired, "%s: expired: got %d, want %d", name,
	    ev->expired, expired);
}

static void
check_code(const struct classify_test_code *k)
{
	char final[16], retried[16], rule[32];
	bool expiry = !strcmp(k->code, "4.7");

	(void)snprintf(final, sizeof final, "5.%s", k->code);
	(void)snprintf(retried, sizeof retried, "4.%s", k->code);
	(void)snprintf(rule, sizeof rule, k->decides ? "status:%s" : "none", final);
	struct event ev = judge(B, "", final, "");
	is(final, &ev, k->class, k->reason, rule, expiry);
	(void)snprintf(rule, sizeof rule, k->decides ? "status:%s" : "none", retried);
	ev = judge(B, "", retried, "");
	is(retried, &ev, k->retried_class, k->retried_reason, rule, expiry);
	ev = judge(T, "", retried, "");
	is(retried, &ev, k->retried_class, k->retried_reason, rule, false);
}

START_TEST(a_code_alone_means_what_its_row_says)
{
	for (size_t i = 0; i < classify_test_ncodes; i++)
		check_code(&classify_test_codes[i]);
}
END_TEST

START_TEST(every_code_of_the_table_is_there)
{
	ck_assert_msg(classify_test_ncodes == 81 && classify_nstatuses == 81,
	    "got %zu and %zu codes, want 81", classify_test_ncodes, classify_nstatuses);
}
END_TEST

static const struct {
	const char *name;
	enum event_type type;
	const char *category, *status, *diag;
	const char *class, *reason, *rule;
	bool expired;
} cases[] = {
	{ "nothing is known", B, "", "", "", "undetermined", "undetermined", "none" },
	{ "words alone say nothing", B, "", "", "no such user", "undetermined",
	    "undetermined", "none" },
	{ "other says nothing", B, "other", "", "", "undetermined", "undetermined",
	    "none" },
	{ "an unknown category says nothing", B, "our-own", "5.0.0", "", "undetermined",
	    "undetermined", "none" },
	{ "a decisive status", B, "", "5.1.1", "550 5.1.1 x", "hard", "user_unknown",
	    "status:5.1.1" },
	{ "a decisive status before a category", B, "quota-issues", "5.1.1", "", "hard",
	    "user_unknown", "status:5.1.1" },
	{ "a decisive status before other", B, "other", "5.2.2", "", "soft",
	    "mailbox_full", "status:5.2.2" },
	{ "a category that blames the sender before a dead address", B, "spam-related",
	    "5.1.1", "550 5.1.1 blocked", "block", "spam_rejected",
	    "pmta:spam-related" },
	{ "a category that blames the content before a dead domain", B,
	    "content-related", "5.1.2", "", "block", "content_rejected",
	    "pmta:content-related" },
	{ "a full mailbox stays full whatever the category blames", B, "spam-related",
	    "5.2.2", "", "soft", "mailbox_full", "status:5.2.2" },
	{ "a category before a weak status", B, "bad-mailbox", "5.2.1", "", "hard",
	    "user_unknown", "pmta:bad-mailbox" },
	{ "a category before a status that says nothing", B, "bad-mailbox", "5.7.1",
	    "550 5.7.1 x", "hard", "user_unknown", "pmta:bad-mailbox" },
	{ "a weak status before nothing", B, "other", "5.2.1", "", "hard",
	    "mailbox_disabled", "status:5.2.1" },
	{ "the code in the reply where the status says nothing", B, "other", "5.0.0",
	    "550 5.1.1 x", "hard", "user_unknown", "status:5.1.1" },
	{ "the code in the reply where there is no status", B, "", "", "552 5.2.2 x",
	    "soft", "mailbox_full", "status:5.2.2" },
	{ "the code in the reply of a retried failure", B, "", "4.0.0", "550 5.1.1 x",
	    "soft", "user_unknown", "status:5.1.1" },
	{ "expired, and the last attempt proved it", B, "message-expired", "4.4.7",
	    "550 5.1.1 x", "hard", "user_unknown", "status:5.1.1", true },
	{ "expired, and the last attempt was not final", B, "message-expired", "4.4.7",
	    "450 5.1.1 x", "soft", "user_unknown", "status:5.1.1", true },
	{ "a 4xx reply without status is not final", B, "bad-mailbox", "",
	    "450 unavailable", "soft", "user_unknown", "pmta:bad-mailbox" },
	{ "a success code is no evidence", B, "", "2.1.5", "", "undetermined",
	    "undetermined", "none" },
	{ "categories are of any case", B, "BAD-Domain", "", "", "hard",
	    "domain_unknown", "pmta:BAD-Domain" },
	{ "an unregistered detail is its subject", B, "", "5.4.310", "", "soft",
	    "network_error", "status:5.4.310" },
	{ "an unregistered detail kills no address", B, "", "5.1.351", "",
	    "undetermined", "undetermined", "none" },
	{ "an unregistered security code says nothing", B, "", "5.7.509", "",
	    "undetermined", "undetermined", "none" },
	{ "an unregistered subject says nothing", B, "", "5.9.1", "", "undetermined",
	    "undetermined", "none" },
	{ "an expired message", B, "message-expired", "4.4.7", "", "soft", "expired",
	    "pmta:message-expired", true },
	{ "an expired message has the last attempt's reason", B, "message-expired",
	    "4.4.7", "452 4.2.2 full", "soft", "mailbox_full", "status:4.2.2", true },
	{ "an expired message has the last attempt's status", B, "message-expired",
	    "4.2.2", "", "soft", "mailbox_full", "status:4.2.2", true },
	{ "an expired status alone", B, "", "5.4.7", "", "soft", "expired",
	    "status:5.4.7", true },
	{ "an expired status with a category", B, "quota-issues", "4.4.7", "", "soft",
	    "mailbox_full", "pmta:quota-issues", true },
	{ "an expired message whose address looks dead is retried", B,
	    "message-expired", "4.4.7", "450 4.1.1 x", "soft", "user_unknown",
	    "status:4.1.1", true },
	{ "an expired message whose last attempt proves a dead address", B,
	    "message-expired", "5.4.7", "550 5.1.1 x", "hard", "user_unknown",
	    "status:5.1.1", true },
	{ "a deferral does not expire", T, "message-expired", "4.4.7", "", "soft",
	    "expired", "status:4.4.7" },
	{ "a greylisted deferral", T, "", "4.7.1", "451 4.7.1 x", "undetermined",
	    "undetermined", "none" },
	{ "a deferral with a final code", T, "", "5.1.1", "550 5.1.1 x", "soft",
	    "user_unknown", "status:5.1.1" },
	{ "a blocked deferral stays blocked", T, "spam-related", "4.7.0", "", "block",
	    "spam_rejected", "pmta:spam-related" },
};

START_TEST(evidence_is_weighed)
{
	struct event ev = judge(
	    cases[_i].type, cases[_i].category, cases[_i].status, cases[_i].diag);

	is(cases[_i].name, &ev, cases[_i].class, cases[_i].reason, cases[_i].rule,
	    cases[_i].expired);
}
END_TEST

/* PowerMTA's categories with 5.0.0, which says nothing. */
static const struct {
	const char *name, *class, *reason;
} categories[] = {
	{ "bad-mailbox", "hard", "user_unknown" },
	{ "inactive-mailbox", "hard", "mailbox_disabled" },
	{ "bad-domain", "hard", "domain_unknown" },
	{ "quota-issues", "soft", "mailbox_full" },
	{ "no-answer-from-host", "soft", "network_error" },
	{ "bad-connection", "soft", "network_error" },
	{ "routing-errors", "soft", "network_error" },
	{ "message-expired", "soft", "expired" },
	{ "relaying-issues", "block", "relay_denied" },
	{ "bad-configuration", "soft", "system_error" },
	{ "policy-related", "block", "policy_rejected" },
	{ "spam-related", "block", "spam_rejected" },
	{ "content-related", "block", "content_rejected" },
	{ "virus-related", "block", "virus_rejected" },
	{ "invalid-sender", "block", "sender_rejected" },
	{ "protocol-errors", "soft", "protocol_error" },
};

START_TEST(a_category_means_what_the_manual_says)
{
	char rule[64];

	for (size_t i = 0; i < COUNT(categories); i++) {
		const char *name = categories[i].name;
		(void)snprintf(rule, sizeof rule, "pmta:%s", name);
		struct event ev = judge(B, name, "5.0.0", "");
		is(name, &ev, categories[i].class, categories[i].reason, rule,
		    !strcmp(name, "message-expired"));
	}
}
END_TEST

START_TEST(what_is_not_final_is_never_hard)
{
	char status[16];

	for (size_t i = 0; i < classify_test_ncodes; i++) {
		for (size_t k = 0; k <= COUNT(categories); k++) {
			const char *category = k < COUNT(categories)
						   ? categories[k].name
						   : "";
			(void)snprintf(
			    status, sizeof status, "4.%s", classify_test_codes[i].code);
			struct event ev = judge(B, category, status, "550 5.1.1 x");
			/* the last attempt before an expiry may prove it */
			ck_assert_msg(ev.class != EVENT_HARD || ev.expired,
			    "bounce %s %s: got hard, want soft", status, category);
			ev = judge(T, category, status, "450 4.1.1 x");
			ck_assert_msg(ev.class != EVENT_HARD,
			    "deferral %s %s: got hard, want soft", status, category);
			status[0] = '5';
			ev = judge(T, category, status, "550 5.1.1 x");
			ck_assert_msg(ev.class != EVENT_HARD,
			    "deferral %s %s: got hard, want soft", status, category);
		}
	}
}
END_TEST

START_TEST(what_is_no_failure_is_left_alone)
{
	static const enum event_type types[] = { EVENT_DELIVERY, EVENT_COMPLAINT,
		EVENT_RETURNED };

	for (size_t i = 0; i < COUNT(types); i++) {
		struct event ev = judge(
		    types[i], "bad-mailbox", "5.1.1", "550 5.1.1 x");
		ck_assert_msg(ev.class == EVENT_CLASS_NONE &&
				  ev.reason == REASON_NONE && ev.rule.n == 0 &&
				  !ev.expired,
		    "%s: got %.*s, want nothing", event_type_name(types[i]),
		    (int)ev.rule.n, ev.rule.p);
	}
}
END_TEST

START_TEST(class_of_changes_a_reasons_class)
{
	classify_set_class(c, REASON_MAILBOX_FULL, EVENT_HARD);
	classify_set_class(c, REASON_USER_UNKNOWN, EVENT_SOFT);
	struct event ev = judge(B, "", "5.2.2", "");
	is("mailbox_full: hard", &ev, "hard", "mailbox_full", "status:5.2.2", false);
	ev = judge(B, "", "4.2.2", "");
	is("4.2.2 is not final", &ev, "soft", "mailbox_full", "status:4.2.2", false);
	ev = judge(T, "", "5.2.2", "");
	is("a deferral is not final", &ev, "soft", "mailbox_full", "status:5.2.2",
	    false);
	ev = judge(B, "", "5.1.1", "");
	is("user_unknown: soft", &ev, "soft", "user_unknown", "status:5.1.1", false);
	ev = judge(B, "", "5.1.6", "");
	is("other reasons stay", &ev, "hard", "mailbox_moved", "status:5.1.6", false);
}
END_TEST

START_TEST(bounce_cat_names_categories)
{
	char name[] = "Our-Cat";
	int rc = classify_set_category(c, slice_of(name), REASON_SUPPRESSED);

	ck_assert_msg(rc == 0, "classify_set_category: got %d, want 0", rc);
	memset(name, 'x', sizeof name - 1); /* it was copied */
	rc = classify_set_category(c, SLICE("spam-related"), REASON_REPUTATION_BLOCK);
	ck_assert_msg(rc == 0, "classify_set_category: got %d, want 0", rc);
	struct event ev = judge(B, "our-cat", "5.0.0", "");
	is("a new category", &ev, "hard", "suppressed", "pmta:our-cat", false);
	ev = judge(B, "spam-related", "", "");
	is("a known one", &ev, "block", "reputation_block", "pmta:spam-related", false);
	ev = judge(B, "virus-related", "", "");
	is("the others stay", &ev, "block", "virus_rejected", "pmta:virus-related",
	    false);
	for (int i = 0; i < 1000 && rc == 0; i++)
		rc = classify_set_category(c, SLICE("more"), REASON_EXPIRED);
	ck_assert_msg(rc < 0, "a thousand categories: got %d, want a limit", rc);
}
END_TEST

START_TEST(a_long_category_is_cut_in_the_rule)
{
	char name[1000];

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	ck_assert_msg(classify_set_category(c, slice_of(name), REASON_EXPIRED) == 0,
	    "classify_set_category: want 0");
	struct event ev = judge(B, name, "", "");
	ck_assert_msg(ev.rule.n > 5 && ev.rule.n < sizeof name &&
			  !memcmp(ev.rule.p, "pmta:nnn", 8),
	    "got a rule of %zu bytes, want a cut one", ev.rule.n);
}
END_TEST

Suite *
suite_classify(void)
{
	Suite *s = suite_create("classify");
	TCase *t = tcase_create("classify");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_code_alone_means_what_its_row_says);
	tcase_add_test(t, every_code_of_the_table_is_there);
	tcase_add_loop_test(t, evidence_is_weighed, 0, COUNT(cases));
	tcase_add_test(t, a_category_means_what_the_manual_says);
	tcase_add_test(t, what_is_not_final_is_never_hard);
	tcase_add_test(t, what_is_no_failure_is_left_alone);
	tcase_add_test(t, class_of_changes_a_reasons_class);
	tcase_add_test(t, bounce_cat_names_categories);
	tcase_add_test(t, a_long_category_is_cut_in_the_rule);
	suite_add_tcase(s, t);
	return s;
}
