/*
 * test_policy_play.c - plays the delivery policy as policy.h says: the state file is
 * sim_store, the backend a table of rules, the clock a number that jumps.
 */
#include "test_policy.h"

enum { STEPS_MAX = 400000 };

struct sim sim;

/* splitmix64 */
uint64_t
sim_roll(void)
{
	uint64_t x = sim.random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* --- the backend --------------------------------------------------------------- */

static bool
hits(const struct sim_rule *r, int64_t *begun_ms, const struct sim_batch *b)
{
	unsigned marks = 0;

	if (r->hit == HIT_NONE || sim.posts < r->from_post || sim.now < r->from_ms)
		return false;
	if (*begun_ms < 0)
		*begun_ms = sim.now;
	if (r->for_ms > 0 && sim.now >= *begun_ms + r->for_ms)
		return false;
	switch (r->hit) {
	case HIT_MARK:
		for (unsigned i = b->first; i < b->first + b->count; i++)
			marks |= sim_store.event[i].marks;
		return (marks & r->arg) != 0;
	case HIT_EVENTS:
		return b->count > r->arg;
	case HIT_BYTES:
		return sim_bytes(b) > r->arg;
	case HIT_RANDOM:
		return sim_roll() % 1000 < r->arg;
	case HIT_TRIES:
		return b->tries <= r->arg;
	default:
		return true;
	}
}

static void
start(struct sim_batch *b, enum output_pick pick)
{
	struct sim_post *o = &sim.post[sim.under_way++];

	b->under_way = true;
	b->tries++;
	sim.posts++;
	*o = (struct sim_post){ .b = b, .standing = b->standing, .pick = pick };
	o->turn = ++sim.turn;
	o->accepted = sim.accepted;
	o->begun_ms = sim.now;
	o->begun = output_policy_begin(&sim.p);
	o->end_ms = sim.now + 1 + (int64_t)(sim_roll() % 5);
	for (int i = 0; i < SIM_RULES && !o->rule; i++) {
		if (hits(&sim.c->rule[i], &sim.rule_ms[i], b))
			o->rule = &sim.c->rule[i];
	}
	if (o->rule && o->rule->hang)
		o->end_ms = sim.now + 30 * SEC;
	sim_check_post(o);
}

/* --- rounds -------------------------------------------------------------------- */

static struct sim_batch *
find(enum output_pick pick)
{
	const struct output_stuck *s = &sim.p.stuck;
	struct sim_batch *b = NULL;

	switch (pick) {
	case PICK_FIRST:
		return sim_first(0, 0);
	case PICK_BEHIND:
		return sim_first(s->at_place, s->at_id);
	case PICK_NEWEST:
		return sim_newest();
	case PICK_WITNESSED:
		return sim_due(STANDING_WITNESSED, INT64_MAX);
	case PICK_DUE:
		b = sim_due(STANDING_ASIDE, sim.now);
		return b ? b : sim_due(STANDING_SUSPECT, sim.now);
	case PICK_SUSPECT:
		return sim_due(STANDING_SUSPECT, INT64_MAX);
	default:
		return NULL;
	}
}

/* No batch larger than the limits is sent for the first time. */
static struct sim_batch *
cut(struct sim_batch *b)
{
	uint64_t max_events = UINT64_MAX, max_bytes = UINT64_MAX;

	output_policy_limits(&sim.p, &max_events, &max_bytes);
	while (b->standing == STANDING_QUEUED && b->tries == 0 && b->count > 1 &&
	       (b->count > max_events || sim_bytes(b) > max_bytes))
		b = sim_split(b, b->count / 2, false);
	return b;
}

static int64_t
first_due(void)
{
	struct sim_batch *a = sim_due(STANDING_ASIDE, INT64_MAX);
	struct sim_batch *b = sim_due(STANDING_SUSPECT, INT64_MAX);
	int64_t at = a ? a->due_ms : INT64_MAX;

	return b && b->due_ms < at ? b->due_ms : at;
}

/* As the policy wants it: what is set apart goes alone. */
static size_t
under_way(void)
{
	for (unsigned i = 0; i < sim.under_way; i++) {
		if (sim.post[i].standing != STANDING_QUEUED)
			return POLICY_FULL;
	}
	return sim.under_way;
}

static bool
start_one(void)
{
	unsigned choice = 0;
	enum output_pick pick;

	sim.p.due_ms = first_due();
	while ((pick = output_policy_pick(&sim.p, sim.now, under_way(), choice)) !=
	       PICK_NOTHING) {
		struct sim_batch *b = find(pick);
		if (b) {
			start(cut(b), pick);
			return true;
		}
		choice++;
		if (pick == PICK_BEHIND) {
			output_policy_alone(&sim.p);
			choice = 0;
		}
		if (choice > PICK_SUSPECT)
			sim_fail("got pick after pick, want nothing");
	}
	return false;
}

static int64_t
drain_ms(void)
{
	return sim.c->drain_ms ? sim.c->drain_ms : HOUR;
}

static int64_t
next_arrival(void)
{
	unsigned n = sim.events + sim.c->late;

	if (sim.arrived < sim.events)
		return sim.c->every_ms * sim.batches;
	if (sim.arrived < n)
		return sim.c->late_ms;
	return sim.arrived < n + sim.trickle
		   ? drain_ms() + (int64_t)(sim.arrived - n + 1) * MIN
		   : INT64_MAX;
}

static void
arrive(void)
{
	for (; next_arrival() <= sim.now; sim.batches++) {
		unsigned count = sim.events - sim.arrived;
		count = count < sim.batch ? count : sim.batch;
		if (sim.arrived >= sim.events)
			count = sim.arrived == sim.events && sim.c->late ? sim.c->late
									 : 1;
		sim_arrive(sim.arrived, count);
		sim.arrived += count;
	}
}

/* --- time ---------------------------------------------------------------------- */

static void
sooner(int64_t at, int64_t *first)
{
	if (at > sim.now && at < *first)
		*first = at;
}

/* INT64_MAX: nothing will ever happen again. */
static int64_t
deadline(void)
{
	int64_t first = next_arrival();

	for (unsigned i = 0; i < sim.under_way; i++)
		sooner(sim.post[i].end_ms, &first);
	sooner(output_policy_when(&sim.p, sim.now, under_way()), &first);
	sim.p.due_ms = first_due();
	sooner(output_policy_due(&sim.p), &first);
	return first;
}

static void
answers(void)
{
	for (unsigned i = 0; i < sim.under_way;) {
		if (sim.post[i].end_ms > sim.now) {
			i++;
			continue;
		}
		struct sim_post o = sim.post[i];
		sim.post[i] = sim.post[--sim.under_way];
		sim_answer(&o);
	}
}

/* The daemon starts: what was under way is not known to have been tried. */
static void
begin(void)
{
	struct output_rules r = { .retry_min = 1 * SEC,
		.retry_max = 30 * SEC,
		.retry_hold = 5 * MIN,
		.aside_after = 10 * MIN,
		.concurrency = sim.how->concurrency };

	while (sim.under_way > 0)
		sim.post[--sim.under_way].b->under_way = false;
	output_policy_init(&sim.p, &r);
	for (int i = STANDING_SUSPECT; i < STANDING_COUNT; i++)
		sim.p.apart[i] = sim_store.is[i];
}

void
sim_run(const struct sim_case *c, const struct sim_how *h, bool exact)
{
	sim = (struct sim){ .c = c, .how = h, .random = h->seed };
	int64_t end_ms = drain_ms() + (exact ? HOUR : 8 * HOUR);
	sim.events = c->events ? c->events : SIM_EVENTS;
	sim.batch = h->batch ? h->batch : c->batch ? c->batch : 500;
	sim.trickle = exact ? 0 : SIM_TRICKLE;
	sim.wake_ms = sim.drain_ms = -1;
	for (int i = 0; i < SIM_RULES; i++)
		sim.rule_ms[i] = -1;
	sim_store_init(c);
	begin();
	for (unsigned step = 0; sim.now < end_ms; step++) {
		if (step > STEPS_MAX)
			sim_fail("got %u steps, want an end", step);
		answers();
		arrive();
		if (!sim.restarted && h->restart > 0 && sim.posts >= h->restart) {
			sim.restarted = true;
			begin();
		}
		while (start_one())
			;
		int64_t next = deadline();
		if (next == INT64_MAX)
			break;
		sim.now = next;
	}
	if (deadline() == INT64_MAX && sim_store.is[STANDING_QUEUED] > c->queued)
		sim_fail("got %u events in the queue and nothing to wait for",
		    sim_store.is[STANDING_QUEUED]);
	sim_check_end(exact);
}
