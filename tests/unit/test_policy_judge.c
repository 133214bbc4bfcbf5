/*
 * test_policy_judge.c - what an answer does to the state file, and what must hold at
 * each step of a run; a failure says the case, got, want and the last POSTs.
 */
#include <stdarg.h>
#include <stdio.h>

#include <check.h>

#include "test_policy.h"

enum { PER_SECOND = 60 };

void
sim_fail(const char *f, ...)
{
	char text[160], all[SIM_TRACE * 128 + 1];
	size_t n = 0;
	va_list ap;

	va_start(ap, f);
	(void)vsnprintf(text, sizeof text, f, ap);
	va_end(ap);
	all[0] = '\0';
	for (unsigned i = sim.traced < SIM_TRACE ? 0 : sim.traced - SIM_TRACE;
	     i < sim.traced; i++)
		n += (size_t)snprintf(
		    all + n, sizeof all - n, "\n  %s", sim.trace[i % SIM_TRACE]);
	ck_abort_msg("%s (batch %u, concurrency %u, restart %u): %s%s", sim.c->name,
	    sim.batch, sim.how->concurrency, sim.how->restart, text, all);
}

void
sim_check_post(const struct sim_post *o)
{
	const struct sim_batch *b = o->b;

	if (sim.second != sim.now / SEC) {
		sim.second = sim.now / SEC;
		sim.second_posts = 0;
	}
	if (++sim.second_posts > PER_SECOND)
		sim_fail("got over %d tries in a second without a 2xx", PER_SECOND);
	for (unsigned i = b->first; i < b->first + b->count; i++) {
		struct sim_event *v = &sim_store.event[i];
		if (v->is != b->standing || (b->standing && b->count != 1))
			sim_fail(
			    "event %u, posted: got %d, want %d", i, v->is, b->standing);
		v->landed = v->landed || !o->rule || o->rule->landed;
	}
}

static void
take_apart(const struct sim_post *o, int64_t id)
{
	struct sim_batch *b = sim_store.queue.next;

	while (b != &sim_store.queue && b->id != id)
		b = b->next;
	if (b == &sim_store.queue || b->under_way)
		sim_fail("stuck_id %ld: got no such batch, want one", (long)id);
	if (b->failed_turn == 0 || o->turn < b->failed_turn)
		sim_fail(
		    "batch %ld is taken apart: got no 2xx since it failed", (long)id);
	if (!b->part && sim.now - b->failed_ms < (int64_t)sim.p.rules.aside_after)
		sim_fail("batch %ld is taken apart: got %ld ms, want aside_after",
		    (long)id, (long)(sim.now - b->failed_ms));
	if (b->count > 1)
		sim_split(b, b->count / 2, false);
	else
		sim_stand(b, STANDING_ASIDE, sim.now + (int64_t)sim.p.rules.retry_hold);
}

/* Nothing dies but what was refused alone twice, with a 2xx between. */
static void
check_death(const struct sim_post *o, enum output_verdict v)
{
	const struct sim_batch *b = o->b;
	const struct sim_event *e = &sim_store.event[b->first];

	if (b->count != 1 || b->standing != STANDING_WITNESSED ||
	    (v != VERDICT_REFUSED && v != VERDICT_HALVE))
		sim_fail("event %u dies: got %s and %s, want witnessed and refused",
		    b->first, output_standing_name(b->standing),
		    output_verdict_name(v));
	if (e->marks == 0)
		sim_fail("event %u dies: got an innocent one", b->first);
	if (e->refused_turn == 0 || o->accepted < e->refused_turn)
		sim_fail(
		    "event %u dies: got no 2xx between two lone refusals", b->first);
}

static void
play_move(const struct sim_post *o, const struct output_moves *m, enum output_verdict v)
{
	int64_t due_ms = sim.now + (int64_t)sim.p.rules.retry_hold;
	struct sim_batch *b = o->b;

	switch (m->move) {
	case MOVE_ACCEPTED:
		sim_leave(b, SIM_ACCEPTED);
		break;
	case MOVE_STAY:
		if (b->standing != STANDING_QUEUED)
			sim_stand(b, o->standing, due_ms);
		break;
	case MOVE_HALVED:
		if (b->count < 2 || b->standing != STANDING_QUEUED)
			sim_fail("got %u events halved, want more", b->count);
		sim_split(b, b->count / 2, false);
		break;
	case MOVE_SUSPECT:
		sim_stand(b, STANDING_SUSPECT, due_ms);
		break;
	case MOVE_ASIDE:
		sim_stand(b, STANDING_ASIDE, due_ms);
		break;
	case MOVE_DEAD:
		check_death(o, v);
		sim_leave(b, SIM_DEAD);
	}
	if (m->stuck_id != 0)
		take_apart(o, m->stuck_id);
	if (m->witness)
		sim_restand(STANDING_SUSPECT, STANDING_WITNESSED);
}

static void
note(const struct sim_post *o, const struct output_moves *m, unsigned code)
{
	static const char *const pick[] = { "nothing", "first", "behind", "newest",
		"witnessed", "due", "suspect" };
	static const char *const moved[] = { "accepted", "stay", "halved", "suspect",
		"aside", "dead" };
	const struct sim_batch *b = o->b;

	(void)snprintf(sim.trace[sim.traced++ % SIM_TRACE], sizeof sim.trace[0],
	    "%ld..%ld %s %ld/%ld events %u+%u: %u %s%s stuck %ld, %s %+ld ms",
	    (long)o->begun_ms, (long)sim.now, pick[o->pick], (long)b->place,
	    (long)b->id, b->first, b->count, code, moved[m->move],
	    m->witness ? " witness" : "", (long)m->stuck_id,
	    output_state_name(sim.p.state), (long)(sim.p.next_ms - sim.now));
}

static void
count_answer(const struct sim_post *o, const struct output_heard *h, bool was_held)
{
	const struct sim_rule *r = &sim.c->rule[0];
	int64_t end_ms = sim.rule_ms[0] + r->for_ms;

	if (h->verdict == VERDICT_ACCEPTED) {
		sim.accepted = sim.turn;
		sim.second_posts = 0;
		if (sim.wake_ms < 0 && sim.rule_ms[0] >= 0 && o->begun_ms >= end_ms)
			sim.wake_ms = sim.now - end_ms;
	}
	if (!was_held && sim.p.state == OUTPUT_HOLD)
		sim.holds++;
	for (int i = STANDING_SUSPECT; i < STANDING_COUNT; i++) {
		if (sim.p.apart[i] != sim_store.is[i])
			sim_fail("apart, %s: got %lu, want %u", output_standing_name(i),
			    (unsigned long)sim.p.apart[i], sim_store.is[i]);
	}
	if (sim_store.is[STANDING_QUEUED] == 0 && sim.drain_ms < 0) {
		sim.drain_ms = sim.now;
		sim.drain_posts = sim.posts;
	} else if (sim_store.is[STANDING_QUEUED] > 0) {
		sim.drain_ms = -1;
	}
}

void
sim_answer(const struct sim_post *o)
{
	const struct sim_rule *r = o->rule;
	struct sim_batch *b = o->b;
	unsigned code = !r ? 200 : r->hang ? 0 : r->code;
	bool held = sim.p.state == OUTPUT_HOLD;
	struct output_heard h = {
		.verdict = output_verdict_of(code, !r || !(r->cut || r->hang)),
		.timed_out = r && r->hang,
		.retry_after_ms = r ? r->retry_after_ms : 0,
	};
	struct output_tried t = { .place = b->place,
		.id = b->id,
		.count = b->count,
		.bytes = sim_bytes(b),
		.standing = (enum output_standing)o->standing,
		.newest = o->pick == PICK_NEWEST,
		.begun = o->begun,
		.begun_ms = o->begun_ms };
	struct output_moves m = output_policy_answer(
	    &sim.p, &t, &h, sim.now, sim_roll());

	b->under_way = false;
	sim.turn++;
	note(o, &m, code);
	if ((m.move == MOVE_ACCEPTED) != (h.verdict == VERDICT_ACCEPTED))
		sim_fail("got move %d for %s", m.move, output_verdict_name(h.verdict));
	if (h.verdict == VERDICT_AGAIN || h.verdict == VERDICT_HOLD) {
		b->failed_ms = b->failed_ms > 0 ? b->failed_ms : sim.now;
		b->failed_turn = sim.turn;
	}
	bool refused = h.verdict == VERDICT_REFUSED || h.verdict == VERDICT_HALVE ||
		       m.move == MOVE_SUSPECT;
	if (refused && b->count == 1 && sim_store.event[b->first].refused_turn == 0)
		sim_store.event[b->first].refused_turn = sim.turn;
	play_move(o, &m, h.verdict);
	count_answer(o, &h, held);
}

void
sim_check_end(bool exact)
{
	const struct sim_case *c = sim.c;
	unsigned *is = sim_store.is, most = c->posts + sim.batches;
	unsigned want[SIM_IS_COUNT] = { [STANDING_QUEUED] = c->queued,
		[STANDING_SUSPECT] = c->suspect,
		[STANDING_WITNESSED] = c->witnessed,
		[STANDING_ASIDE] = c->aside,
		[SIM_DEAD] = c->dead };

	if (sim.trickle > 0) {
		want[SIM_DEAD] += c->suspect + c->witnessed;
		want[STANDING_ASIDE] += c->queued > 0;
		want[STANDING_SUSPECT] = want[STANDING_WITNESSED] = 0;
		want[STANDING_QUEUED] = 0;
	}
	if (c->last) {
		want[SIM_DEAD] -= is[STANDING_SUSPECT];
		want[STANDING_SUSPECT] = is[STANDING_SUSPECT];
	}
	want[SIM_ACCEPTED] = sim.arrived;
	for (int i = 0; i < SIM_ACCEPTED; i++)
		want[SIM_ACCEPTED] -= want[i];
	sim_store_check();
	for (int i = 0; i < SIM_IS_COUNT; i++) {
		if (is[i] != want[i])
			sim_fail("events %s: got %u, want %u",
			    i == SIM_DEAD       ? "dead"
			    : i == SIM_ACCEPTED ? "accepted"
						: output_standing_name(i),
			    is[i], want[i]);
	}
	for (unsigned i = 0; i < sim.arrived; i++) {
		const struct sim_event *v = &sim_store.event[i];
		if (v->is != SIM_ACCEPTED && v->is != STANDING_QUEUED && v->marks == 0)
			sim_fail("event %u: got %d, want it accepted", i, v->is);
		if (v->is == SIM_ACCEPTED && !v->landed)
			sim_fail("event %u: got accepted, but it never landed", i);
	}
	if (!exact)
		return;
	if (c->posts > 0 && sim.drain_posts > most)
		sim_fail("POSTs: got %u, want at most %u", sim.drain_posts, most);
	if (c->queued == 0 && sim.drain_ms > (c->drain_ms ? c->drain_ms : HOUR))
		sim_fail("empty after: got %ld ms, want at most %ld",
		    (long)sim.drain_ms, (long)c->drain_ms);
	if (c->holds != ANY && sim.holds != c->holds)
		sim_fail("holds: got %d, want %d", sim.holds, c->holds);
	if (c->wake_ms > 0 && (sim.wake_ms < 0 || sim.wake_ms > c->wake_ms))
		sim_fail("first 2xx after the trouble: got %ld ms, want at most %ld",
		    (long)sim.wake_ms, (long)c->wake_ms);
}
