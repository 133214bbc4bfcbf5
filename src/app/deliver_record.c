/*
 * deliver_record.c - a verdict made true: accepted, halved, set apart, dead, or tried
 * once more. Each in one transaction; one that fails is tried again with the same
 * moves.
 */
#include "app/deliver_internal.h"
#include "app/app.h"
#include "app/spool.h"

#include <errno.h>
#include <stdio.h>

/* --- parts ---------------------------------------------------------------------------
 */

static int
put_part(struct store *st, const struct store_batch *b, struct slice events,
    uint64_t count, struct err *e)
{
	struct store_batch part = *b;
	char key[SPOOL_KEY];
	int64_t id;

	spool_key(key);
	part.key = (struct slice){ key, sizeof key };
	part.events = events;
	part.count = count;
	part.tries = 0;
	part.fixed = true; /* joined again they would be refused again */
	return store_batch_put(st, &part, &id, e);
}

int
deliver_put_parts(
    struct store *st, const struct store_batch *b, uint64_t first, struct err *e)
{
	size_t at = output_events_cut(b->events, first);
	int rc = store_batch_delete(st, b->id, e);

	/* of one place the batch put last is the first of the queue */
	if (rc == 0)
		rc = put_part(st, b, slice_from(b->events, at), b->count - first, e);
	if (rc == 0)
		rc = put_part(st, b, (struct slice){ b->events.p, at }, first, e);
	return rc;
}

/* --- dead letters --------------------------------------------------------------------
 */

static int
put_dead(struct deliver_output *o, unsigned code, struct slice event,
    struct slice answer, struct err *e)
{
	struct slice name = slice_of(o->conf->name);
	struct store_dead dead = {
		.output = name,
		.event = event,
		.code = code,
		.answer = answer,
		.at_ms = clock_wall_ms(),
	};
	int rc = store_dead_put(o->deliver->store, &dead, e);

	return rc < 0 ? rc : store_output_count(o->deliver->store, name, 0, 1, e);
}

static struct slice
next_event(struct slice *events)
{
	struct slice event = { events->p, slice_find(*events, '\n') };

	*events = slice_from(*events, event.n + 1);
	return event;
}

/* The reason that the answer gives for this event; false: it was taken. An event's JSON
 * begins with {"id":"..." (json.c). */
static bool
is_rejected(const struct deliver_slot *s, struct slice event, struct slice *reason)
{
	struct slice rest = buf_slice(&s->rejected);
	struct slice id = { slice_from(event, 7).p, 32 };

	while (rest.n > 0) {
		struct slice line = next_event(&rest);
		if (event.n > 39 && line.n > 32 && line.p[32] == ' ' &&
		    slice_starts(line, id)) {
			*reason = slice_from(line, 33);
			return true;
		}
	}
	return false;
}

static int
record_rejected(struct deliver_slot *s, uint64_t *n, struct err *e)
{
	struct slice events = s->batch.events, reason;
	int rc = 0;

	while (rc == 0 && events.n > 0 && s->nrejected > 0) {
		struct slice event = next_event(&events);
		if (is_rejected(s, event, &reason)) {
			rc = put_dead(s->output, s->code, event, reason, e);
			(*n)++;
		}
	}
	return rc;
}

bool
deliver_dead_room(struct deliver_output *o, uint64_t bytes)
{
	const struct config *c = o->deliver->config;
	uint64_t max = c->state_max_size / 4, used;
	struct err e;

	if (c->dead_max_size < max)
		max = c->dead_max_size;
	return store_dead_bytes(o->deliver->store, &used, &e) == 0 &&
	       used + bytes <= max;
}

/* --- moves
 * -----------------------------------------------------------------------------
 */

static int
record_accepted(struct deliver_slot *s, struct err *e)
{
	struct store *st = s->output->deliver->store;
	uint64_t rejected = 0;
	int rc = store_batch_delete(st, s->batch.id, e);

	if (rc == 0)
		rc = record_rejected(s, &rejected, e);
	if (rc == 0)
		rc = store_output_count(
		    st, s->batch.output, s->batch.count - rejected, 0, e);
	return rc;
}

static int
set_apart(struct deliver_output *o, const struct store_batch *b,
    enum output_standing standing, unsigned code, const char *answer, struct err *e)
{
	struct store_batch apart = {
		.id = b->id,
		.standing = standing,
		.code = code,
		.answer = slice_of(answer),
		.due_ms = clock_wall_ms() + (int64_t)o->conf->retry_hold,
	};

	return store_batch_set_apart(o->deliver->store, &apart, e);
}

/* The batch that only failed while others were accepted. */
static int
record_stuck(struct deliver_output *o, int64_t id, struct err *e)
{
	struct store *st = o->deliver->store;
	struct store_wanted w = { .which = STORE_BY_ID, .id = id };
	struct store_batch b;
	int rc = store_batch_find(st, &w, &b, &o->scratch, e);

	if (rc < 0)
		/* gone, or damaged: its own turn tells */
		return rc == -ENOENT || (rc == -EBADMSG && b.id != 0) ? 0 : rc;
	if (b.count > 1)
		return deliver_put_parts(st, &b, b.count / 2, e);
	return set_apart(o, &b, STANDING_ASIDE, o->code, o->answer, e);
}

static int
record_move(struct deliver_slot *s, struct err *e)
{
	struct deliver_output *o = s->output;
	struct store *st = o->deliver->store;
	const struct store_batch *b = &s->batch;
	int rc = 0;

	switch (s->moves.move) {
	case MOVE_ACCEPTED:
		return record_accepted(s, e);
	case MOVE_HALVED:
		return deliver_put_parts(st, b, b->count / 2, e);
	case MOVE_DEAD:
		rc = store_batch_delete(st, b->id, e);
		return rc < 0 ? rc
			      : put_dead(o, s->code, slice_trim(b->events),
				    slice_of(s->answer), e);
	case MOVE_SUSPECT:
		rc = set_apart(o, b, STANDING_SUSPECT, s->code, s->answer, e);
		break;
	case MOVE_ASIDE:
		rc = set_apart(o, b, STANDING_ASIDE, s->code, s->answer, e);
		break;
	case MOVE_STAY:
		if (b->standing != STANDING_QUEUED)
			rc = set_apart(o, b, (enum output_standing)b->standing, s->code,
			    s->answer, e);
	}
	return rc < 0 ? rc : store_batch_tried(st, b->id, e);
}

int
deliver_record_state(struct deliver_output *o, bool fault, struct err *e)
{
	struct store_output so = {
		.name = slice_of(o->conf->name),
		.state = slice_of(output_state_name(o->policy.state)),
		.error = fault ? slice_of(o->answer) : (struct slice){ 0 },
		.error_ms = fault ? clock_wall_ms() : 0,
	};

	return store_output_state(o->deliver->store, &so, e);
}

/* What must not be undone by a power cut once its consequences are out: new keys, dead
 * letters. All else comes back as it was and is tried under its key. */
static enum store_sync
sync_of(const struct deliver_slot *s)
{
	bool durable = s->moves.move == MOVE_HALVED || s->moves.move == MOVE_DEAD ||
		       s->moves.stuck_id != 0 || s->nrejected > 0;

	return durable ? STORE_DURABLE : STORE_LAZY;
}

static int
record_all(struct deliver_slot *s, struct err *e)
{
	struct deliver_output *o = s->output;
	struct store *st = o->deliver->store;
	int rc = record_move(s, e);

	/* a command has dropped it meanwhile: its answer concerns nobody */
	if (rc == -ENOENT)
		rc = 0;

	if (rc == 0 && s->moves.witness)
		rc = store_batch_restand(st, slice_of(o->conf->name), STANDING_SUSPECT,
		    STANDING_WITNESSED, e);
	if (rc == 0 && s->moves.stuck_id != 0)
		rc = record_stuck(o, s->moves.stuck_id, e);
	/* an error is worth its time stamp each time, being well not */
	bool fault = s->moves.move != MOVE_ACCEPTED;
	if (rc == 0 && (fault || o->policy.state != o->stored || !o->state_stored))
		rc = deliver_record_state(o, fault, e);
	return rc;
}

int
deliver_record(struct deliver_slot *s, struct err *e)
{
	struct deliver_output *o = s->output;
	struct store *st = o->deliver->store;
	int rc = store_begin(st, sync_of(s), e);

	if (rc < 0)
		return rc;
	if ((rc = record_all(s, e)) < 0) {
		store_rollback(st);
		return rc;
	}
	if ((rc = store_commit(st, e)) == 0) {
		o->stored = o->policy.state;
		o->state_stored = true;
	}
	return rc;
}

int
deliver_give_up(struct deliver_output *o, const struct store_batch *b, struct err *e)
{
	struct store *st = o->deliver->store;
	struct slice events = b->events;
	char why[LIMIT_ERR_TEXT + 40];
	int rc;

	if (!deliver_dead_room(o, b->events.n + b->count * sizeof why))
		return -ENOSPC;
	(void)snprintf(
	    why, sizeof why, "not delivered within max_age; last: %s", o->answer);
	if ((rc = store_begin(st, STORE_DURABLE, e)) < 0)
		return rc;
	rc = store_batch_delete(st, b->id, e);
	while (rc == 0 && events.n > 0)
		rc = put_dead(o, o->code, next_event(&events), slice_of(why), e);
	if (rc < 0) {
		store_rollback(st);
		return rc;
	}
	return store_commit(st, e);
}

int
deliver_set_due(struct deliver_output *o, int64_t now_ms, struct err *e)
{
	int64_t due;
	int rc = store_due(o->deliver->store, slice_of(o->conf->name), &due, e);

	if (rc == -ENOENT)
		o->policy.due_ms = INT64_MAX;
	else if (rc == 0)
		o->policy.due_ms = now_ms + (due - clock_wall_ms());
	return rc == -ENOENT ? 0 : rc;
}
