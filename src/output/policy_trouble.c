/*
 * policy_trouble.c - again and hold: how long to wait, and which batch stands in the
 * way of the others.
 */
#include "output/policy_internal.h"

/* It was under way already when the trouble began: its answer is older news. */
bool
policy_stale(const struct output_policy *p, const struct output_tried *t)
{
	return p->state != OUTPUT_OK && t->begun_ms < p->failed_ms;
}

/* Nothing of the queue before this. A wave is counted once, however many batches it
 * hits that were under way together. */
static void
wait_longer(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms, uint64_t random)
{
	const struct output_rules *r = &p->rules;
	uint64_t wait = r->retry_hold;

	if (h->verdict != VERDICT_HOLD) {
		if (p->failures == 0 || !policy_stale(p, t))
			p->failures++;
		wait = output_backoff(r->retry_min, r->retry_max, p->failures, random);
		if (h->retry_after_ms > wait)
			wait = h->retry_after_ms;
	}
	p->failed_ms = now_ms;
	p->next_ms = now_ms + (int64_t)wait;
}

static void
pass(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms)
{
	p->stuck.passing = true;
	p->stuck.at_place = t->place;
	p->stuck.at_id = t->id;
	p->stuck.pass_ms = h->retry_after_ms > 0 ? p->next_ms : now_ms;
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

	if (s->passing && !part) {
		/* the next one fails as well: it is the backend */
		s->passing = s->failed = false;
		s->since_ms = now_ms;
	} else if (s->isolating && part) {
		mark_failed(s, t);
		pass(p, t, h, now_ms);
	} else if (!part) {
		*s = (struct output_stuck){
			.place = t->place, .id = t->id, .since_ms = now_ms
		};
	} else if (now_ms - s->since_ms >= (int64_t)p->rules.aside_after) {
		mark_failed(s, t);
		pass(p, t, h, now_ms);
	}
}

enum output_move
policy_trouble(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms, uint64_t random)
{
	bool queued = t->standing == STANDING_QUEUED;

	if (queued || policy_refusing(p)) {
		wait_longer(p, t, h, now_ms, random);
		if (p->witnesses < POLICY_WITNESSES_MAX)
			p->state = h->verdict == VERDICT_HOLD ? OUTPUT_HOLD
							      : OUTPUT_RETRY;
	} else if (h->retry_after_ms > 0) {
		p->next_ms = now_ms + (int64_t)h->retry_after_ms;
	}
	if (queued && !policy_refusing(p))
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
	s->failed = s->passing = false;
	s->since_ms = now_ms;
	if (beside)
		return s->id;
	if (t->id == s->id || t->place != s->place)
		s->id = s->isolating ? s->id : 0;
	return 0;
}
