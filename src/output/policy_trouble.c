/*
 * policy_trouble.c - again and hold: how long to wait, and which batch stands in the
 * way of the others.
 */
#include "output/policy_internal.h"

bool
policy_stale(const struct output_policy *p, const struct output_tried *t)
{
	return p->state != OUTPUT_OK && t->begun <= p->failed;
}

static uint64_t
wait_of(struct output_policy *p, const struct output_heard *h, uint64_t random)
{
	const struct output_rules *r = &p->rules;

	if (h->verdict == VERDICT_HOLD)
		return r->retry_hold;
	uint64_t wait = output_backoff(r->retry_min, r->retry_max, p->failures, random);
	return h->retry_after_ms > wait ? h->retry_after_ms : wait;
}

/* Nothing of the queue before this. A wave is counted once, however many batches it
 * hits that were under way together, and none of them makes the wait shorter. */
static void
wait_longer(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms, uint64_t random)
{
	bool stale = policy_stale(p, t);

	if (h->verdict != VERDICT_HOLD && (p->failures == 0 || !stale))
		p->failures++;
	int64_t next = now_ms + (int64_t)wait_of(p, h, random);
	if (!stale || next > p->next_ms)
		p->next_ms = next;
	p->failed = p->begun;
	/* everything is refused: that is what there is to tell */
	if (p->witnesses >= POLICY_WITNESSES_MAX || (stale && p->state == OUTPUT_HOLD))
		return;
	p->state = h->verdict == VERDICT_HOLD ? OUTPUT_HOLD : OUTPUT_RETRY;
}

/* --- what stands in the way
 * ------------------------------------------------------------
 */

/* What is behind it is tried next. */
static void
pass(struct output_policy *p, const struct output_tried *t, int64_t at_ms)
{
	struct output_stuck *s = &p->stuck;

	if (!s->passing)
		s->passed = 0;
	s->passing = true;
	s->newest = s->passed >= POLICY_PASSED_MAX;
	s->at_place = t->place;
	s->at_id = t->id;
	s->pass_ms = at_ms;
}

/* Something behind it failed as well: what is behind that, in the pace of the backoff,
 * in the end an event of the newest; then it is the backend. */
static void
pass_on(struct output_policy *p, const struct output_tried *t)
{
	struct output_stuck *s = &p->stuck;

	if (!s->newest) {
		s->passed++;
		pass(p, t, p->next_ms);
		return;
	}
	s->passing = s->failed = s->newest = false;
}

static void
mark_failed(struct output_stuck *s, const struct output_tried *t)
{
	if (s->failed)
		return;
	s->failed = true;
	s->place = t->place;
	s->id = t->id;
	s->single = t->count <= 1;
}

/* A batch of the queue failed: is it the one that holds the others up? */
static void
note_stuck(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms)
{
	struct output_stuck *s = &p->stuck;
	bool part = s->id != 0 && t->place == s->place &&
		    (s->isolating || t->id == s->id);
	bool long_enough = now_ms - s->since_ms >= (int64_t)p->rules.aside_after;

	if (s->passing && !part) {
		pass_on(p, t);
	} else if (!part) {
		*s = (struct output_stuck){
			.place = t->place, .id = t->id, .since_ms = now_ms
		};
	} else if (s->isolating || long_enough) {
		bool told = h->retry_after_ms > 0 && h->verdict != VERDICT_HOLD;
		if (!s->passing)
			s->since_ms = now_ms; /* the next round of asking others */
		mark_failed(s, t);
		pass(p, t, told ? p->next_ms : now_ms);
	}
}

/* While everything is refused the newest event meets trouble: after a time the first of
 * the queue is asked in its place. */
static void
note_mute(struct output_policy *p, const struct output_tried *t, int64_t now_ms)
{
	p->ask_first = false;
	if (!t->newest || p->mute_ms == 0)
		p->mute_ms = now_ms;
	else if (now_ms - p->mute_ms >= (int64_t)p->rules.aside_after)
		p->ask_first = true;
}

enum output_move
policy_trouble(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms, uint64_t random)
{
	bool queued = t->standing == STANDING_QUEUED;

	if (queued || policy_refusing(p))
		wait_longer(p, t, h, now_ms, random);
	else if (h->retry_after_ms > 0 && h->verdict != VERDICT_HOLD)
		p->next_ms = now_ms + (int64_t)h->retry_after_ms;
	if (policy_refusing(p))
		note_mute(p, t, now_ms);
	else if (queued)
		note_stuck(p, t, h, now_ms);
	if (t->standing != STANDING_WITNESSED)
		return MOVE_STAY;
	/* were it tried at once again, it would stand in the way of the queue */
	policy_leave(p, STANDING_WITNESSED);
	p->apart[STANDING_ASIDE]++;
	return MOVE_ASIDE;
}

/* Something of the queue was accepted: what failed beside it is taken apart. */
int64_t
policy_take_apart(struct output_policy *p, const struct output_tried *t, int64_t now_ms)
{
	struct output_stuck *s = &p->stuck;
	bool beside = s->failed && t->id != s->id;

	if (beside && s->single)
		p->apart[STANDING_ASIDE]++;
	s->isolating = beside || (s->isolating && t->place == s->place);
	s->failed = s->passing = s->newest = false;
	s->since_ms = now_ms;
	if (beside)
		return s->id;
	if (t->id == s->id || t->place != s->place)
		s->id = s->isolating ? s->id : 0;
	return 0;
}
