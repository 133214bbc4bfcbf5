/*
 * policy.c - suspects, witnesses, halving, holding, setting aside.
 *
 * What it guards against: a backend that refuses everything for a while must not cost
 * one event, and one event that it will never take must not stop the others. So an
 * event dies only where it was refused alone, something else was accepted after that,
 * and it was refused alone again; and a batch is taken apart for trouble that is not
 * its own word (again, hold) only where others got through meanwhile.
 */
#include "output/policy_internal.h"

enum {
	QUEUE_SHARE = 9,  /* of ten parts of the time, while what is set apart fails */
	TIMEOUTS_MAX = 3, /* in a row: the batch is too large to be taken in time */
};

const char *
output_state_name(enum output_state s)
{
	static const char *const name[] = { "ok", "retry", "hold" };

	return name[s];
}

const char *
output_standing_name(enum output_standing s)
{
	static const char *const name[] = { "queued", "suspect", "witnessed", "aside",
		"damaged" };

	return name[s];
}

void
output_policy_init(struct output_policy *p, const struct output_rules *r)
{
	*p = (struct output_policy){ .rules = *r, .due_ms = INT64_MAX };
}

/* --- what is next ------------------------------------------------------------------
 */

void
policy_leave(struct output_policy *p, enum output_standing standing)
{
	if (standing != STANDING_QUEUED && p->apart[standing] > 0)
		p->apart[standing]--;
}

bool
policy_refusing(const struct output_policy *p)
{
	return p->lone >= POLICY_LONE_MAX;
}

/* One at a time: each answer says what the next try is. */
static bool
careful(const struct output_policy *p)
{
	return p->state != OUTPUT_OK || p->lone > 0 || p->stuck.passing ||
	       p->stuck.isolating;
}

static bool
passing(const struct output_policy *p)
{
	return p->stuck.passing && !policy_refusing(p);
}

/* Something set apart has its turn: it goes alone, the queue makes way for it. */
static bool
apart_waits(const struct output_policy *p, int64_t now_ms)
{
	return p->apart[STANDING_WITNESSED] > 0 || now_ms >= output_policy_due(p);
}

int64_t
output_policy_when(const struct output_policy *p, int64_t now_ms, size_t under_way)
{
	if (under_way >= p->rules.concurrency)
		return INT64_MAX;
	if (under_way > 0 && (careful(p) || apart_waits(p, now_ms)))
		return INT64_MAX;
	return passing(p) ? p->stuck.pass_ms : p->next_ms;
}

enum output_pick
output_policy_pick(
    const struct output_policy *p, int64_t now_ms, size_t under_way, unsigned choice)
{
	enum output_pick list[4] = { PICK_NOTHING };
	unsigned n = 0;

	if (now_ms < output_policy_when(p, now_ms, under_way))
		return PICK_NOTHING;
	if (policy_refusing(p)) {
		list[n++] = p->ask_first ? PICK_FIRST : PICK_NEWEST;
		list[n++] = PICK_SUSPECT;
		/* nobody else is there to ask */
		if (now_ms >= output_policy_due(p))
			list[n++] = PICK_DUE;
	} else if (passing(p)) {
		list[n++] = p->stuck.newest ? PICK_NEWEST : PICK_BEHIND;
	} else {
		if (p->apart[STANDING_WITNESSED] > 0)
			list[n++] = PICK_WITNESSED;
		if (now_ms >= output_policy_due(p))
			list[n++] = PICK_DUE;
		list[n++] = PICK_FIRST;
	}
	return choice < n ? list[choice] : PICK_NOTHING;
}

uint64_t
output_policy_begin(struct output_policy *p)
{
	return ++p->begun;
}

int64_t
output_policy_due(const struct output_policy *p)
{
	return p->due_ms > p->share_ms ? p->due_ms : p->share_ms;
}

void
output_policy_alone(struct output_policy *p)
{
	p->stuck.passing = p->stuck.newest = p->stuck.failed = false;
}

void
output_policy_hold(struct output_policy *p, int64_t now_ms)
{
	p->state = OUTPUT_HOLD;
	p->next_ms = now_ms + (int64_t)p->rules.retry_hold;
}

void
output_policy_hurry(struct output_policy *p, int64_t now_ms)
{
	p->next_ms = now_ms;
	p->share_ms = now_ms;
	p->stuck.pass_ms = now_ms;
	if (p->due_ms != INT64_MAX)
		p->due_ms = now_ms;
}

/* --- a word about the content
 * ---------------------------------------------------------
 */

/* Everything is refused: at most one event is tried, less and less often. */
static void
hold_refusing(struct output_policy *p, int64_t now_ms)
{
	const struct output_rules *r = &p->rules;

	p->hold_ms = p->hold_ms == 0 ? r->retry_min : p->hold_ms * 2;
	if (p->hold_ms > r->retry_hold)
		p->hold_ms = r->retry_hold;
	p->next_ms = now_ms + (int64_t)p->hold_ms;
	if (p->witnesses >= POLICY_WITNESSES_MAX)
		p->state = OUTPUT_HOLD;
}

/* The backend has a word for a witness. */
static void
listened(struct output_policy *p)
{
	p->mute_ms = 0;
	p->ask_first = false;
}

static enum output_move
refused_alone(struct output_policy *p, const struct output_tried *t, int64_t now_ms)
{
	enum output_move move = MOVE_SUSPECT;
	bool asked = policy_refusing(p); /* as a witness */

	p->refused = p->begun;
	listened(p);

	switch (t->standing) {
	case STANDING_WITNESSED:
		policy_leave(p, STANDING_WITNESSED);
		move = MOVE_DEAD;
		break;
	case STANDING_SUSPECT:
		move = MOVE_STAY;
		break;
	case STANDING_ASIDE:
		policy_leave(p, STANDING_ASIDE);
		/* fall through */
	default:
		p->apart[STANDING_SUSPECT]++;
	}
	if (asked)
		p->witnesses++;
	else if (move != MOVE_STAY)
		p->lone++;
	/* where there was nobody else to ask, the suspects are asked: not all at once
	 */
	if (asked && (p->witnesses >= POLICY_WITNESSES_MAX || move == MOVE_STAY))
		hold_refusing(p, now_ms);
	return move;
}

static enum output_move
refused(struct output_policy *p, const struct output_tried *t, int64_t now_ms)
{
	if (t->count <= 1)
		return refused_alone(p, t, now_ms);
	if (!policy_refusing(p))
		return MOVE_HALVED;
	/* asked for want of witnesses, or under way since before: it stays whole */
	listened(p);
	hold_refusing(p, now_ms);
	return MOVE_STAY;
}

/* Something was accepted: the suspects had their witness, nothing is refused as such.
 */
static void
believe(struct output_policy *p)
{
	p->apart[STANDING_WITNESSED] += p->apart[STANDING_SUSPECT];
	p->apart[STANDING_SUSPECT] = 0;
	p->lone = p->witnesses = 0;
	p->hold_ms = 0;
	listened(p);
}

static struct output_moves
accepted(struct output_policy *p, const struct output_tried *t, int64_t now_ms)
{
	struct output_moves m = { .move = MOVE_ACCEPTED };

	policy_leave(p, t->standing);
	policy_fits(p, t);
	/* of before the refusal: it says nothing about what was refused */
	if (p->lone > 0 && t->begun <= p->refused)
		return m;
	m.witness = p->apart[STANDING_SUSPECT] > 0;
	believe(p);
	if (policy_stale(p, t))
		return m;
	p->failures = 0;
	p->state = OUTPUT_OK;
	p->next_ms = now_ms;
	if (t->standing == STANDING_QUEUED)
		m.stuck_id = policy_take_apart(p, t, now_ms);
	return m;
}

struct output_moves
output_policy_answer(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms, uint64_t random)
{
	struct output_moves m = { .move = MOVE_STAY };
	enum output_verdict verdict = h->verdict;

	p->timeouts = !h->timed_out ? 0 : t->id == p->timeout_id ? p->timeouts + 1 : 1;
	p->timeout_id = t->id;
	/* many that take long to fail must not take all the time */
	if (t->standing != STANDING_QUEUED && verdict != VERDICT_ACCEPTED)
		p->share_ms = now_ms + QUEUE_SHARE * (now_ms - t->begun_ms);
	if (p->timeouts >= TIMEOUTS_MAX) {
		p->timeouts = 0;
		verdict = VERDICT_HALVE;
	}
	switch (verdict) {
	case VERDICT_ACCEPTED:
		return accepted(p, t, now_ms);
	case VERDICT_HALVE:
		policy_too_large(p, t, h->timed_out);
		/* fall through */
	case VERDICT_REFUSED:
		m.move = refused(p, t, now_ms);
		break;
	default:
		m.move = policy_trouble(p, t, h, now_ms, random);
	}
	return m;
}
