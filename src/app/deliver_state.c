/*
 * deliver_state.c - what the loop asks of delivery: is it busy, until when may it
 * sleep, what has changed.
 */
#include "app/deliver_internal.h"
#include "app/app.h"

static size_t
count_steps(const struct deliver_output *o, enum deliver_step step)
{
	size_t n = 0;

	for (size_t i = 0; i < o->nslots; i++)
		n += o->slot[i].step == step;
	return n;
}

size_t
deliver_under_way(const struct deliver_output *o)
{
	for (size_t i = 0; i < o->nslots; i++) {
		if (o->slot[i].step != STEP_EMPTY &&
		    o->slot[i].batch.standing != STANDING_QUEUED)
			return POLICY_FULL; /* what is set apart goes alone */
	}
	return o->nslots - count_steps(o, STEP_EMPTY);
}

static int64_t
deadline(const struct deliver_output *o, int64_t now_ms)
{
	const struct output_policy *p = &o->policy;
	size_t answered = count_steps(o, STEP_ANSWERED);
	int64_t at = INT64_MAX;

	if (answered > 0)
		return o->store_ms;
	if (o->more || p->due_ms != INT64_MAX)
		at = output_policy_when(p, now_ms, deliver_under_way(o));
	if (!o->more && at < output_policy_due(p))
		at = output_policy_due(p);
	return at < o->store_ms ? o->store_ms : at;
}

int64_t
deliver_deadline(const struct deliver *d, int64_t now_ms)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < d->n; i++) {
		int64_t at = deadline(&d->output[i], now_ms);
		first = at < first ? at : first;
	}
	return first;
}

bool
deliver_awaits(const struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct deliver_output *o = &d->output[i];
		for (size_t k = 0; k < o->nslots; k++) {
			if (o->slot[k].step == STEP_POSTED &&
			    output_sent(o->slot[k].request))
				return true;
		}
	}
	return false;
}

bool
deliver_busy(const struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (count_steps(&d->output[i], STEP_POSTED) > 0)
			return true;
	}
	return false;
}

const bool *
deliver_waiting(struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct deliver_output *o = &d->output[i];
		d->waiting[i] = o->more || count_steps(o, STEP_EMPTY) < o->nslots ||
				o->policy.state != OUTPUT_OK;
	}
	return d->waiting;
}

bool
deliver_idle(const struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct deliver_output *o = &d->output[i];
		if (o->more || count_steps(o, STEP_EMPTY) < o->nslots)
			return false;
	}
	return true;
}

bool
deliver_held(const struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->output[i].policy.state == OUTPUT_HOLD)
			return true;
	}
	return false;
}

uint64_t
deliver_accepted(const struct deliver *d)
{
	return d->accepted;
}

void
deliver_wake(struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++)
		d->output[i].more = true;
}

/* Its answer is judged, and the state file does not say so yet. */
static bool
is_unrecorded(const struct deliver_output *o)
{
	for (size_t i = 0; i < o->nslots; i++) {
		if (o->slot[i].step == STEP_ANSWERED && o->slot[i].judged)
			return true;
	}
	return false;
}

int
deliver_recount_output(struct deliver_output *o, int64_t now_ms, struct err *e)
{
	struct store_queue q;
	int rc;

	o->recount = is_unrecorded(o);
	if (o->recount)
		return 0;
	rc = store_queue_get(o->deliver->store, slice_of(o->conf->name), &q, e);
	if (rc < 0)
		return rc;
	for (size_t k = 0; k < STANDING_COUNT; k++)
		o->policy.apart[k] = q.apart[k];
	o->more = true;
	if (o->no_room && deliver_dead_room(o, LIMIT_EVENT)) {
		o->no_room = false;
		output_policy_hurry(&o->policy, now_ms);
	}
	return deliver_set_due(o, now_ms, e);
}

int
deliver_recount(struct deliver *d, int64_t now_ms, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->n; i++)
		rc = deliver_recount_output(&d->output[i], now_ms, e);
	return rc;
}

void
deliver_hurry(struct deliver *d, struct slice name, int64_t now_ms)
{
	for (size_t i = 0; i < d->n; i++) {
		struct deliver_output *o = &d->output[i];
		if (name.n > 0 && !slice_eq(name, slice_of(o->conf->name)))
			continue;
		output_policy_hurry(&o->policy, now_ms);
		o->store_ms = 0;
		o->more = o->hurried = true;
	}
}
