/*
 * test_policy.c - (cases OUT9: all codes, OUT10) the answer table of the contract, and
 * the delivery policy step by step. The long runs are in test_policy_sim.c.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "test_policy.h"

Suite *suite_policy(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- what an answer means ----------------------------------------------------------
 */

/* Contract, section 4, "What the answer means", in its order; "anything else" is
 * hold. */
static const struct {
	unsigned low, high;
	enum output_verdict want;
} contract[] = {
	{ 200, 299, VERDICT_ACCEPTED },
	{ 408, 408, VERDICT_AGAIN },
	{ 409, 409, VERDICT_AGAIN },
	{ 421, 421, VERDICT_AGAIN },
	{ 423, 423, VERDICT_AGAIN },
	{ 425, 425, VERDICT_AGAIN },
	{ 429, 429, VERDICT_AGAIN },
	{ 500, 599, VERDICT_AGAIN },
	{ 0, 0, VERDICT_AGAIN },
	{ 413, 413, VERDICT_HALVE },
	{ 400, 400, VERDICT_REFUSED },
	{ 422, 422, VERDICT_REFUSED },
};

static enum output_verdict
contract_says(unsigned code)
{
	for (size_t i = 0; i < COUNT(contract); i++) {
		if (code >= contract[i].low && code <= contract[i].high)
			return contract[i].want;
	}
	return VERDICT_HOLD;
}

static void
check_verdict(unsigned code)
{
	for (int complete = 0; complete < 2; complete++) {
		enum output_verdict got = output_verdict_of(code, complete);
		enum output_verdict want = complete ? contract_says(code)
						    : VERDICT_AGAIN;
		ck_assert_msg(got == want, "%u%s: got %s, want %s", code,
		    complete ? "" : " cut short", output_verdict_name(got),
		    output_verdict_name(want));
	}
}

START_TEST(every_code_means_what_the_contract_says)
{
	check_verdict(0);
	for (unsigned code = 100; code < 600; code++)
		check_verdict(code);
}
END_TEST

/* --- step by step ------------------------------------------------------------------
 */

enum act { ANSWER, PICK, HURRY, ALONE };

struct step {
	enum act act;
	int64_t at;
	/* PICK */
	enum output_pick pick;
	unsigned under_way, choice;
	/* ANSWER: batch `id` at place `id` of 10 events where not said */
	int64_t id, begun;
	uint64_t count, bytes, retry_after;
	enum output_standing standing;
	enum output_verdict verdict;
	bool timed_out;
	enum output_move move;
	bool witness;
	int64_t stuck_id;
	/* ... and after it: the wait is in [low, high] */
	enum output_state state;
	int64_t low, high;
	uint64_t failures; /* not looked at where 0 */
};

struct table {
	const char *name;
	unsigned concurrency; /* 0: 1 */
	uint64_t aside, suspect;
	struct step step[16];
};

static const struct output_rules rules = { .retry_min = 1 * SEC,
	.retry_max = 30 * SEC,
	.retry_hold = 5 * MIN,
	.aside_after = 10 * MIN,
	.concurrency = 1 };

static void
check_answer(
    struct output_policy *p, const struct step *s, uint64_t random, const char *where)
{
	struct output_tried t = { .place = s->id,
		.id = s->id,
		.count = s->count ? s->count : 10,
		.bytes = s->bytes ? s->bytes : 3000,
		.standing = s->standing,
		.begun = (uint64_t)(s->begun ? s->begun : s->at - 1) };
	struct output_heard h = { .verdict = s->verdict,
		.timed_out = s->timed_out,
		.retry_after_ms = s->retry_after };
	p->begun = (uint64_t)s->at; /* the table numbers POSTs by their time */
	struct output_moves m = output_policy_answer(p, &t, &h, s->at, random);
	int64_t wait = p->next_ms - s->at;

	ck_assert_msg(
	    m.move == s->move && m.witness == s->witness && m.stuck_id == s->stuck_id,
	    "%s: got move %d, witness %d, stuck %ld, want %d, %d, %ld", where, m.move,
	    m.witness, (long)m.stuck_id, s->move, s->witness, (long)s->stuck_id);
	ck_assert_msg(p->state == s->state, "%s: got %s, want %s", where,
	    output_state_name(p->state), output_state_name(s->state));
	ck_assert_msg(s->state == OUTPUT_OK || (wait >= s->low && wait <= s->high),
	    "%s: got a wait of %ld ms, want %ld to %ld", where, (long)wait,
	    (long)s->low, (long)s->high);
	ck_assert_msg(s->failures == 0 || p->failures == s->failures,
	    "%s: got %lu failures, want %lu", where, (unsigned long)p->failures,
	    (unsigned long)s->failures);
	for (int i = 0; i < STANDING_COUNT; i++)
		ck_assert_msg(p->apart[i] < 1000, "%s: got %lu %s, want a few", where,
		    (unsigned long)p->apart[i], output_standing_name(i));
}

static void
play(const struct table *t, uint64_t random)
{
	struct output_rules r = rules;
	struct output_policy p;
	char where[128];

	r.concurrency = t->concurrency ? t->concurrency : 1;
	output_policy_init(&p, &r);
	p.apart[STANDING_ASIDE] = t->aside;
	p.apart[STANDING_SUSPECT] = t->suspect;
	if (t->aside + t->suspect > 0)
		p.due_ms = 0;
	for (size_t i = 0; i < COUNT(t->step) && t->step[i].at > 0; i++) {
		const struct step *s = &t->step[i];
		(void)snprintf(where, sizeof where, "%s, step %zu, random %lu", t->name,
		    i + 1, (unsigned long)random);
		if (s->act == HURRY) {
			output_policy_hurry(&p, s->at);
		} else if (s->act == ALONE) {
			output_policy_alone(&p);
		} else if (s->act == ANSWER) {
			check_answer(&p, s, random, where);
		} else {
			enum output_pick got = output_policy_pick(
			    &p, s->at, s->under_way, s->choice);
			ck_assert_msg(got == s->pick, "%s: got pick %d, want %d", where,
			    got, s->pick);
		}
	}
}

#define AGAIN(when, batch, top)                                               \
	.at = when, .id = batch, .verdict = VERDICT_AGAIN, .move = MOVE_STAY, \
	.state = OUTPUT_RETRY, .high = top
#define HELD(when, batch)                                                    \
	.at = when, .id = batch, .verdict = VERDICT_HOLD, .move = MOVE_STAY, \
	.state = OUTPUT_HOLD, .low = 5 * MIN, .high = 5 * MIN

static const struct table tables[] = {
	{ "the backoff doubles to its end",
	    .step = { { AGAIN(1000000, 1, 1000) }, { AGAIN(2000000, 1, 2000) },
		{ AGAIN(3000000, 1, 4000) }, { AGAIN(4000000, 1, 8000) },
		{ AGAIN(5000000, 1, 16000) }, { AGAIN(6000000, 1, 30000) },
		{ AGAIN(7000000, 1, 30000) },
		{ .at = 8000000, .id = 1, .move = MOVE_ACCEPTED },
		{ AGAIN(9000000, 2, 1000) } } },
	{ "Retry-After is the least wait",
	    .step = { { AGAIN(1000, 1, 45000), .retry_after = 45000, .low = 45000 },
		{ PICK, 45999, PICK_NOTHING }, { PICK, 46000, PICK_FIRST } } },
	{ "Retry-After outlasts an answer of the same wave", .concurrency = 4,
	    .step = { { AGAIN(1000, 1, 45000), .retry_after = 45000, .low = 45000 },
		{ AGAIN(1010, 2, 45000), .begun = 900, .low = 44990 } } },
	{ "a wave of failures is counted once", .concurrency = 4,
	    .step = { { AGAIN(1000, 1, 1000), .begun = 900, .failures = 1 },
		{ AGAIN(1010, 2, 1000), .begun = 901, .failures = 1 },
		{ AGAIN(1020, 3, 1000), .begun = 902, .failures = 1 },
		{ AGAIN(1030, 4, 1000), .begun = 999, .failures = 1 },
		{ PICK, 2030, PICK_FIRST }, { PICK, 2030, PICK_NOTHING, 1 },
		{ AGAIN(2100, 1, 2000), .begun = 2030, .failures = 2 } } },
	{ "a hold outlasts an answer of the same wave", .concurrency = 4,
	    .step = { { HELD(1000, 1), .begun = 900 }, { .at = 1010,
							   .id = 2,
							   .begun = 901,
							   .verdict = VERDICT_AGAIN,
							   .move = MOVE_STAY,
							   .state = OUTPUT_HOLD,
							   .low = 5 * MIN - 10,
							   .high = 5 * MIN } } },
	{ "a hold waits",
	    .step = { { HELD(1000, 1) }, { PICK, 1000 + 5 * MIN - 1, PICK_NOTHING },
		{ PICK, 1000 + 5 * MIN, PICK_FIRST }, { HELD(400000, 1) },
		{ .at = 700000, .id = 1, .move = MOVE_ACCEPTED },
		{ PICK, 700000, PICK_FIRST } } },
	{ "a hurry ends a backoff and a hold",
	    .step = { { HELD(1000, 1) }, { PICK, 1001, PICK_NOTHING }, { HURRY, 1002 },
		{ PICK, 1002, PICK_FIRST }, { HELD(1003, 1) }, { HURRY, 1004 },
		{ PICK, 1004, PICK_FIRST },
		{ AGAIN(1005, 1, 90000), .retry_after = 90000, .low = 90000 },
		{ HURRY, 1006 }, { PICK, 1006, PICK_FIRST } } },
	{ "a hurry ends the wait of what is aside", .aside = 1,
	    .step = { { PICK, 1, PICK_DUE }, { HURRY, 2 }, { PICK, 2, PICK_DUE },
		{ PICK, 2, PICK_FIRST, .choice = 1 } } },
	{ "three time-outs running halve",
	    .step = { { AGAIN(31000, 1, 1000), .timed_out = true },
		{ AGAIN(63000, 1, 2000), .timed_out = true },
		{ .at = 95000,
		    .id = 1,
		    .verdict = VERDICT_AGAIN,
		    .timed_out = true,
		    .move = MOVE_HALVED,
		    .state = OUTPUT_RETRY,
		    .low = -95000,
		    .high = 30000 } } },
	{ "three time-outs with another answer between do not halve",
	    .step = { { AGAIN(31000, 1, 1000), .timed_out = true },
		{ AGAIN(63000, 1, 2000), .timed_out = true }, { AGAIN(64000, 1, 4000) },
		{ AGAIN(99000, 1, 8000), .timed_out = true },
		{ AGAIN(140000, 1, 16000), .timed_out = true },
		{ .at = 180000,
		    .id = 1,
		    .verdict = VERDICT_AGAIN,
		    .timed_out = true,
		    .move = MOVE_HALVED,
		    .state = OUTPUT_RETRY,
		    .low = -180000,
		    .high = 30000 } } },
	{ "three time-outs of three batches do not halve", .concurrency = 4,
	    .step = { { AGAIN(31000, 1, 1000), .timed_out = true },
		{ AGAIN(31001, 2, 1000), .timed_out = true, .begun = 1 },
		{ AGAIN(31002, 3, 1000), .timed_out = true, .begun = 1 },
		{ AGAIN(63000, 1, 2000), .timed_out = true } } },
	{ "a refusal is no answer to a waiting backend: halves are tried at once",
	    .step = { { .at = 1000,
			  .id = 1,
			  .verdict = VERDICT_REFUSED,
			  .move = MOVE_HALVED },
		{ PICK, 1000, PICK_FIRST } } },
	{ "what is older than a refusal is no witness of it", .concurrency = 4,
	    .step = { { .at = 1000,
			  .id = 1,
			  .count = 1,
			  .begun = 900,
			  .verdict = VERDICT_REFUSED,
			  .move = MOVE_SUSPECT },
		{ .at = 1010,
		    .id = 2,
		    .begun = 901,
		    .move = MOVE_ACCEPTED,
		    .witness = false },
		{ .at = 1030,
		    .id = 3,
		    .begun = 1011,
		    .move = MOVE_ACCEPTED,
		    .witness = true },
		{ PICK, 1031, PICK_WITNESSED } } },
};

START_TEST(a_step_does_what_the_contract_says)
{
	static const uint64_t random[] = { 0, 1, 999, 1000, 123456789, UINT64_MAX };

	for (size_t i = 0; i < COUNT(random); i++)
		play(&tables[_i], random[i]);
}
END_TEST

/* --- sizes -------------------------------------------------------------------------
 */

START_TEST(a_413_teaches_a_limit_unless_as_much_was_taken)
{
	static const struct {
		const char *name;
		uint64_t taken, refused, limit; /* events of 300 bytes */
	} cases[] = {
		{ "nothing was taken before", 0, 500, 250 },
		{ "less was taken", 100, 500, 250 },
		{ "more than half was taken", 300, 500, 300 },
		{ "as much was taken", 500, 500, 1000000 },
		{ "more was taken", 512, 500, 1000000 },
		{ "one event teaches nothing", 0, 1, 1000000 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t events = 1000000, bytes = UINT64_MAX, n = cases[i].refused;
		struct output_tried t = { .place = 1, .id = 1 };
		struct output_heard h = { .verdict = VERDICT_ACCEPTED };
		struct output_policy p;
		output_policy_init(&p, &rules);
		t.count = cases[i].taken;
		t.bytes = 300 * t.count;
		if (t.count > 0)
			(void)output_policy_answer(&p, &t, &h, 1000, 0);
		t = (struct output_tried){ 2, 2, n, 300 * n };
		h.verdict = VERDICT_HALVE;
		(void)output_policy_answer(&p, &t, &h, 2000, 0);
		output_policy_limits(&p, &events, &bytes);
		ck_assert_msg(events == cases[i].limit, "%s: got %lu events, want %lu",
		    cases[i].name, (unsigned long)events,
		    (unsigned long)cases[i].limit);
	}
}
END_TEST

/* OUT10: 50 instances whose backend fails at the same moment. */
START_TEST(retries_of_many_instances_are_spread)
{
	struct output_tried t = { .place = 1, .id = 1, .count = 10 };
	struct output_heard h = { .verdict = VERDICT_AGAIN };
	unsigned slot[20];

	for (unsigned n = 1; n <= 8; n++) {
		int64_t limit = n < 6 ? 1000 << (n - 1) : 30000;
		memset(slot, 0, sizeof slot);
		for (unsigned i = 0; i < 50; i++) {
			struct output_policy p;
			output_policy_init(&p, &rules);
			sim.random = i * 1000;
			for (unsigned k = 0; k < n; k++) {
				t.begun = p.begun = 1000 * k;
				(void)output_policy_answer(
				    &p, &t, &h, 1000 * k, sim_roll());
			}
			slot[(p.next_ms - 1000 * (n - 1)) * 20 / (limit + 1)]++;
		}
		for (unsigned i = 0; i < 20; i++)
			ck_assert_msg(slot[i] < 10,
			    "retry %u: got %u of 50 in one twentieth of its range, "
			    "want them spread",
			    n, slot[i]);
	}
}
END_TEST

Suite *
suite_policy(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_test(t, every_code_means_what_the_contract_says);
	tcase_add_loop_test(t, a_step_does_what_the_contract_says, 0, COUNT(tables));
	tcase_add_test(t, a_413_teaches_a_limit_unless_as_much_was_taken);
	tcase_add_test(t, retries_of_many_instances_are_spread);
	suite_add_tcase(s, t);
	return s;
}
