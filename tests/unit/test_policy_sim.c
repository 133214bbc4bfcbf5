/*
 * test_policy_sim.c - (cases OUT1 to OUT4, OUT8, OUT11) the delivery policy against
 * backends that refuse, fail, hold and hang: 10,000 events in batches of 500, to the
 * end.
 */
#include <check.h>

#include "test_policy.h"

Suite *suite_policy_sim(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* 2 * log2(500) + 2, rounded down; 512 has as much */
enum { ONE_POISON = 19 };

/* events that the backend refuses, its own word */
static const struct sim_case refused[] = {
	{ "all well", .posts = 0 },
	{ "one poison", .mark = { { 4321, 1, 1 } }, .rule = { { HIT_MARK, 1, 400 } },
	    .dead = 1, .posts = ONE_POISON, .drain_ms = 1 * SEC },
	{ "one poison, the first event", .mark = { { 0, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 1, .posts = ONE_POISON,
	    .drain_ms = 1 * SEC },
	{ "one poison, 422", .mark = { { 77, 1, 1 } }, .rule = { { HIT_MARK, 1, 422 } },
	    .dead = 1, .posts = ONE_POISON, .drain_ms = 1 * SEC },
	{ "two poisons of two batches", .mark = { { 700, 2, 600 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 2, .posts = 2 * ONE_POISON,
	    .drain_ms = 1 * SEC },
	{ "40 adjacent poisons", .mark = { { 1230, 40, 1 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 40, .posts = 40 * ONE_POISON,
	    .drain_ms = 5 * SEC },
	{ "40 adjacent poisons in two batches", .mark = { { 1480, 40, 1 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 40, .posts = 40 * ONE_POISON,
	    .drain_ms = 5 * SEC },
	{ "a whole batch of poison", .mark = { { 1000, 500, 1 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 500, .posts = 500 * 4,
	    .drain_ms = 60 * SEC },
	{ "poison, 1 % scattered", .mark = { { 37, 100, 97 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 100, .posts = 100 * ONE_POISON,
	    .drain_ms = 60 * SEC },
	{ "every other event is poison", .mark = { { 0, 5000, 2 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 5000, .posts = 5000 * 5,
	    .drain_ms = 5 * MIN },
	{ "a poison at the very end stays a suspect", .mark = { { 9999, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .suspect = 1, .posts = ONE_POISON },
	{ "a poison at the very end, and one more event in an hour", .events = 9999,
	    .late = 1, .late_ms = HOUR, .mark = { { 9998, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 1, .posts = ONE_POISON + 24,
	    .drain_ms = HOUR + SEC },
	{ "4 poisons, then one good event", .events = 4, .late = 1, .late_ms = HOUR,
	    .mark = { { 0, 4, 1 } }, .rule = { { HIT_MARK, 1, 400 } }, .dead = 4,
	    .holds = ANY, .drain_ms = HOUR + 6 * MIN },
	{ "40 poisons, then one good event", .events = 40, .late = 1, .late_ms = HOUR,
	    .mark = { { 0, 40, 1 } }, .rule = { { HIT_MARK, 1, 400 } }, .suspect = 13,
	    .witnessed = 23, .dead = 4, .holds = ANY, .drain_ms = 3 * HOUR },
	{ "40 poisons, then 40 good events every hour", .events = 400, .batch = 40,
	    .every_ms = HOUR, .mark = { { 0, 40, 1 } },
	    .rule = { { HIT_MARK, 1, 400 } }, .dead = 40, .holds = ANY,
	    .drain_ms = 9 * HOUR + 6 * MIN },
	{ "an event an hour, one of them poison", .events = 20, .batch = 1,
	    .every_ms = HOUR, .mark = { { 5, 1, 1 } }, .rule = { { HIT_MARK, 1, 400 } },
	    .dead = 1, .drain_ms = 20 * HOUR },
	{ "an event an hour, six of them poison", .events = 20, .batch = 1,
	    .every_ms = HOUR, .mark = { { 5, 6, 1 } }, .rule = { { HIT_MARK, 1, 400 } },
	    .dead = 6, .holds = ANY, .drain_ms = 20 * HOUR },
	{ "poison while every third answer is 503", .events = 9980, .late = 20,
	    .late_ms = 2 * HOUR, .mark = { { 37, 20, 97 } },
	    .rule = { { HIT_RANDOM, 300, 503, .for_ms = HOUR }, { HIT_MARK, 1, 400 } },
	    .dead = 20, .last = true, .holds = ANY, .drain_ms = 2 * HOUR + 10 * MIN },
	{ "413 for what one event says, not for its size", .mark = { { 4321, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 413 } }, .dead = 1, .posts = ONE_POISON },
	{ "413 for what the first event of all says", .mark = { { 0, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 413 } }, .dead = 1, .posts = 3 * ONE_POISON },
	{ "one event of 2 MB is too large", .mark = { { 4321, 1, 1, 2000000 } },
	    .rule = { { HIT_BYTES, 1000000, 413 } }, .dead = 1, .posts = ONE_POISON,
	    .drain_ms = 1 * SEC },
	{ "the first event of all is too large", .mark = { { 0, 1, 1, 2000000 } },
	    .rule = { { HIT_BYTES, 1000000, 413 } }, .dead = 1, .posts = 3 * ONE_POISON,
	    .drain_ms = 2 * SEC },
};

/* the whole backend has a word or none, for a while */
static const struct sim_case outage[] = {
	{ "400 for everything for 4 s",
	    .rule = { { HIT_ALL, 0, 400, .for_ms = 4 * SEC } }, .holds = 1, .posts = 60,
	    .drain_ms = 20 * SEC, .wake_ms = 8 * SEC },
	{ "400 for everything for an hour",
	    .rule = { { HIT_ALL, 0, 400, .for_ms = HOUR } }, .holds = 1, .posts = 80,
	    .drain_ms = HOUR + 6 * MIN, .wake_ms = 5 * MIN + SEC },
	{ "400 for everything begins while a batch is halved",
	    .mark = { { 700, 1, 1 } },
	    .rule = { { HIT_ALL, 0, 400, .from_post = 7, .for_ms = 4 * SEC },
		{ HIT_MARK, 1, 400 } },
	    .dead = 1, .holds = 1, .posts = 80, .drain_ms = 20 * SEC },
	{ "400 for everything begins as a suspect has its witness",
	    .mark = { { 0, 1, 1 } },
	    .rule = { { HIT_ALL, 0, 400, .from_post = 12, .for_ms = MIN },
		{ HIT_MARK, 1, 400 } },
	    .dead = 1, .holds = ANY, .posts = 90, .drain_ms = 3 * MIN },
	{ "401 for 60 s", .rule = { { HIT_ALL, 0, 401, .for_ms = 60 * SEC } },
	    .holds = 1, .posts = 1, .drain_ms = 6 * MIN, .wake_ms = 5 * MIN },
	{ "401 begins in the middle",
	    .rule = { { HIT_ALL, 0, 401, .from_post = 9, .for_ms = 60 * SEC } },
	    .holds = 1, .posts = 1, .drain_ms = 6 * MIN, .wake_ms = 5 * MIN },
	{ "409 once for each batch", .rule = { { HIT_TRIES, 1, 409 } }, .posts = 20,
	    .drain_ms = MIN },
	{ "200 cut short, twice for each batch",
	    .rule = { { HIT_TRIES, 2, 200, .cut = true, .landed = true } }, .posts = 40,
	    .drain_ms = 2 * MIN },
	{ "400 cut short for 4 s",
	    .rule = { { HIT_ALL, 0, 400, .cut = true, .for_ms = 4 * SEC } },
	    .posts = 25, .drain_ms = MIN },
	{ "503 for 10 minutes", .rule = { { HIT_ALL, 0, 503, .for_ms = 10 * MIN } },
	    .posts = 10 * 4 + 20, .drain_ms = 11 * MIN, .wake_ms = 31 * SEC },
	{ "503 for a night", .rule = { { HIT_ALL, 0, 503, .for_ms = 10 * HOUR } },
	    .posts = 10 * 60 * 4 + 100, .drain_ms = 10 * HOUR + MIN,
	    .wake_ms = 31 * SEC },
	{ "no answer at all for 10 minutes",
	    .rule = { { HIT_ALL, 0, 0, .for_ms = 10 * MIN } }, .posts = 10 * 4 + 20,
	    .drain_ms = 11 * MIN, .wake_ms = 31 * SEC },
	{ "503 and Retry-After 45 s for 4 minutes",
	    .rule = { { HIT_ALL, 0, 503, .for_ms = 4 * MIN,
		.retry_after_ms = 45 * SEC } },
	    .posts = 6, .drain_ms = 5 * MIN, .wake_ms = 46 * SEC },
	{ "every third answer is 503", .rule = { { HIT_RANDOM, 300, 503 } },
	    .posts = 60, .drain_ms = 2 * MIN },
	{ "time-outs that landed, twice for each batch",
	    .rule = { { HIT_TRIES, 2, 0, .hang = true, .landed = true } }, .posts = 40,
	    .drain_ms = HOUR },
	{ "time-outs for 20 minutes",
	    .rule = { { HIT_ALL, 0, 0, .hang = true, .for_ms = 20 * MIN } },
	    .holds = ANY, .posts = 2000, .drain_ms = HOUR, .wake_ms = 61 * SEC },
	{ "more than 300 events are not taken in time",
	    .rule = { { HIT_EVENTS, 300, 0, .hang = true } }, .posts = 100,
	    .drain_ms = 30 * MIN },
	{ "413 above 100 events", .rule = { { HIT_EVENTS, 100, 413 } }, .posts = 240,
	    .drain_ms = 3 * SEC },
	{ "413 above 40,000 bytes", .rule = { { HIT_BYTES, 40000, 413 } }, .posts = 160,
	    .drain_ms = 3 * SEC },
};

/* single events for which the backend fails */
static const struct sim_case stuck[] = {
	{ "500 for ever for one event", .mark = { { 4321, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 500 } }, .aside = 1, .posts = 120,
	    .drain_ms = 12 * MIN },
	{ "500 for ever for the first event", .mark = { { 0, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 500 } }, .aside = 1, .posts = 120,
	    .drain_ms = 12 * MIN },
	{ "500 for ever for two events of a batch", .mark = { { 4321, 2, 77 } },
	    .rule = { { HIT_MARK, 1, 500 } }, .aside = 2, .posts = 180,
	    .drain_ms = 24 * MIN },
	{ "500 for ever for two adjacent events", .mark = { { 4321, 2, 1 } },
	    .rule = { { HIT_MARK, 1, 500 } }, .aside = 2, .posts = 180,
	    .drain_ms = 24 * MIN },
	{ "500 for ever for two events of neighbouring batches",
	    .mark = { { 4321, 2, 500 } }, .rule = { { HIT_MARK, 1, 500 } }, .aside = 2,
	    .posts = 240, .drain_ms = 36 * MIN },
	{ "500 for ever for two events of distant batches",
	    .mark = { { 2321, 2, 3000 } }, .rule = { { HIT_MARK, 1, 500 } }, .aside = 2,
	    .posts = 240, .drain_ms = 24 * MIN },
	{ "500 for ever for the last event of a batch", .mark = { { 4499, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 500 } }, .aside = 1, .posts = 120,
	    .drain_ms = 12 * MIN },
	{ "500 for ever for one event of the last batch", .mark = { { 9700, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 500 } }, .queued = 500, .posts = 120 },
	{ "500 for ever for one event, 403 by a firewall", .mark = { { 4321, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 403 } }, .aside = 1, .holds = ANY, .posts = 60,
	    .drain_ms = 16 * MIN },
	{ "time-outs for ever for one event", .mark = { { 4321, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 0, .hang = true } }, .suspect = 1, .once = true,
	    .posts = 200, .drain_ms = HOUR },
	{ "500 for ever for one event, an outage while it is isolated",
	    .mark = { { 1321, 1, 1 } },
	    .rule = { { HIT_ALL, 0, 503, .from_ms = 10 * MIN + 4 * SEC,
			  .for_ms = 10 * MIN },
		{ HIT_MARK, 1, 500 } },
	    .aside = 1, .posts = 240, .drain_ms = 40 * MIN, .wake_ms = 31 * SEC },
	{ "500 for ever for one event, an outage before that",
	    .mark = { { 1321, 1, 1 } },
	    .rule = { { HIT_ALL, 0, 503, .for_ms = 20 * MIN }, { HIT_MARK, 1, 500 } },
	    .aside = 1, .posts = 240, .drain_ms = 40 * MIN, .wake_ms = 31 * SEC },
	{ "500 for ever for one event, poison beside it",
	    .mark = { { 1321, 1, 1 }, { 1322, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 500 }, { HIT_MARK, 2, 400 } }, .aside = 1,
	    .dead = 1, .posts = 200, .drain_ms = 24 * MIN },
	{ "500 for ever for one event, every third answer is 503",
	    .mark = { { 1321, 1, 1 } },
	    .rule = { { HIT_RANDOM, 300, 503 }, { HIT_MARK, 1, 500 } }, .aside = 1,
	    .posts = 300, .drain_ms = HOUR },
	{ "four poisons, and the newest event has 500 for ever",
	    .mark = { { 100, 4, 1 }, { 9999, 1, 1 } },
	    .rule = { { HIT_MARK, 1, 400 }, { HIT_MARK, 2, 500 } }, .queued = 1,
	    .dead = 4, .holds = ANY, .drain_ms = HOUR },
	{ "an event an hour, one of them has 500 for ever", .events = 20, .batch = 1,
	    .every_ms = HOUR, .mark = { { 5, 1, 1 } }, .rule = { { HIT_MARK, 1, 500 } },
	    .aside = 1, .drain_ms = 20 * HOUR },
};

static const struct {
	const struct sim_case *c;
	size_t n;
} all[] = { { refused, COUNT(refused) }, { outage, COUNT(outage) },
	{ stuck, COUNT(stuck) } };

enum { CASES = COUNT(refused) + COUNT(outage) + COUNT(stuck) };

static const struct sim_case *
case_of(int i)
{
	size_t k = 0, at = (size_t)i;

	for (; at >= all[k].n; k++)
		at -= all[k].n;
	return &all[k].c[at];
}

START_TEST(the_numbers_are_what_was_promised)
{
	struct sim_how h = { .concurrency = 1, .seed = 1 };

	sim_run(case_of(_i), &h, true);
}
END_TEST

/* Its answer comes when the suspect is one no longer. */
START_TEST(a_suspect_may_be_under_way_when_others_are_accepted)
{
	static const struct sim_case c = { "a suspect hangs while another is accepted",
		.events = 1, .late = 1, .late_ms = 5 * MIN + 10 * SEC,
		.mark = { { 0, 1, 1 } },
		.rule = { { HIT_MARK, 1, 0, .hang = true, .from_post = 2,
			      .for_ms = MIN },
		    { HIT_MARK, 1, 400 } },
		.dead = 1 };
	struct sim_how h = { .concurrency = 4, .restart = 1, .seed = 1 };

	sim_run(&c, &h, false);
}
END_TEST

/* 7 does not divide 500, 1 needs no halving, 512 halves evenly. */
START_TEST(the_same_comes_of_other_sizes_and_more_at_once)
{
	static const unsigned batch[] = { 0, 1, 7, 512 };
	static const unsigned restart[] = { 0, 5, 13, 27 };

	for (size_t i = 0; i < COUNT(batch); i++) {
		for (size_t k = 0; k < COUNT(restart); k++) {
			const struct sim_case *c = case_of(_i);
			bool tries = c->rule[0].hit == HIT_TRIES;
			if (c->once || (i > 0 && (tries || c->every_ms > 0)))
				continue;
			struct sim_how h = { .batch = batch[i],
				.concurrency = k == 1 ? 1 : 4,
				.restart = restart[k],
				.seed = 7 + k };
			sim_run(c, &h, false);
		}
	}
}
END_TEST

Suite *
suite_policy_sim(void)
{
	Suite *s = suite_create("policy_sim");
	TCase *t = tcase_create("policy_sim");

	tcase_add_loop_test(t, the_numbers_are_what_was_promised, 0, CASES);
	tcase_add_loop_test(
	    t, the_same_comes_of_other_sizes_and_more_at_once, 0, CASES);
	tcase_add_test(t, a_suspect_may_be_under_way_when_others_are_accepted);
	suite_add_tcase(s, t);
	return s;
}
