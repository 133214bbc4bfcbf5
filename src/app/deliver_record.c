/*
 * deliver_record.c - a verdict made true: accepted, halved, dead, or tried once more.
 */
#include "app/deliver_internal.h"
#include "app/app.h"
#include "app/spool.h"

static const char *const state_name[] = { "ok", "retry", "hold" };

static int
put_half(struct store *st, const struct store_batch *b, struct slice events,
    uint64_t count, struct err *e)
{
	struct store_batch half = *b;
	char key[SPOOL_KEY];
	int64_t id;

	spool_key(key);
	half.key = (struct slice){ key, sizeof key };
	half.events = events;
	half.count = count;
	return store_batch_put(st, &half, &id, e);
}

static int
record_halves(struct store *st, struct deliver_output *o, struct err *e)
{
	const struct store_batch *b = &o->batch;
	uint64_t first = b->count / 2;
	size_t at = output_events_cut(b->events, first);
	int rc = put_half(st, b, (struct slice){ b->events.p, at }, first, e);

	if (rc == 0)
		rc = put_half(st, b, slice_from(b->events, at), b->count - first, e);
	return rc < 0 ? rc : store_batch_delete(st, b->id, e);
}

static int
put_dead(struct store *st, const struct deliver_output *o, struct slice event,
    struct slice answer, struct err *e)
{
	struct store_dead dead = {
		.output = o->batch.output,
		.event = event,
		.code = o->code,
		.answer = answer,
		.at_ms = clock_wall_ms(),
	};
	int rc = store_dead_put(st, &dead, e);

	return rc < 0 ? rc : store_output_count(st, o->batch.output, 0, 1, e);
}

static int
record_dead(struct store *st, struct deliver_output *o, struct err *e)
{
	int rc = put_dead(st, o, slice_trim(o->batch.events), slice_of(o->answer), e);

	return rc < 0 ? rc : store_batch_delete(st, o->batch.id, e);
}

/* The reason that the answer gives for this event; false: it was taken. An event's JSON
 * begins with {"id":"..." (json.c). */
static bool
is_rejected(const struct deliver_output *o, struct slice event, struct slice *reason)
{
	struct slice rest = buf_slice(&o->rejected);
	struct slice id = { slice_from(event, 7).p, 32 };

	while (rest.n > 0) {
		struct slice line = { rest.p, slice_find(rest, '\n') };
		rest = slice_from(rest, line.n + 1);
		if (event.n > 39 && line.n > 32 && line.p[32] == ' ' &&
		    slice_starts(line, id)) {
			*reason = slice_from(line, 33);
			return true;
		}
	}
	return false;
}

static int
record_rejected(struct store *st, struct deliver_output *o, uint64_t *n, struct err *e)
{
	struct slice events = o->batch.events, reason;
	int rc = 0;

	while (rc == 0 && events.n > 0 && o->nrejected > 0) {
		struct slice event = { events.p, slice_find(events, '\n') };
		events = slice_from(events, event.n + 1);
		if (is_rejected(o, event, &reason)) {
			rc = put_dead(st, o, event, reason, e);
			(*n)++;
		}
	}
	return rc;
}

static int
record_accepted(struct store *st, struct deliver_output *o, struct err *e)
{
	uint64_t rejected = 0;
	int rc = record_rejected(st, o, &rejected, e);

	if (rc == 0)
		rc = store_output_count(
		    st, o->batch.output, o->batch.count - rejected, 0, e);
	return rc < 0 ? rc : store_batch_delete(st, o->batch.id, e);
}

int
deliver_record_state(
    struct store *st, struct deliver_output *o, int state, struct err *e)
{
	bool fault = o->verdict != VERDICT_ACCEPTED;
	struct store_output so = {
		.name = slice_of(o->conf->name),
		.state = slice_of(state_name[state]),
		.error = fault ? slice_of(o->answer) : (struct slice){ 0 },
		.error_ms = fault ? clock_wall_ms() : 0,
	};

	return store_output_state(st, &so, e);
}

static bool
splits(const struct deliver_output *o)
{
	return (o->verdict == VERDICT_HALVE || o->verdict == VERDICT_REFUSED) &&
	       o->batch.count > 1;
}

bool
deliver_dies(const struct deliver_output *o)
{
	return (o->verdict == VERDICT_HALVE || o->verdict == VERDICT_REFUSED) &&
	       o->batch.count <= 1;
}

int
deliver_record(struct store *st, struct deliver_output *o, int state, struct err *e)
{
	bool gone = o->verdict == VERDICT_ACCEPTED;
	/* only an accepted batch may come back after a power cut: it does with its key
	 */
	enum store_sync sync = splits(o) || deliver_dies(o) ? STORE_DURABLE
							    : STORE_LAZY;
	int rc = store_begin(st, sync, e);

	if (rc < 0)
		return rc;
	if (gone)
		rc = record_accepted(st, o, e);
	else if (splits(o))
		rc = record_halves(st, o, e);
	else if (deliver_dies(o))
		rc = record_dead(st, o, e);
	else
		rc = store_batch_tried(st, o->batch.id, e);
	if (rc == 0 && (state != (int)o->state || !gone || !o->state_stored))
		rc = deliver_record_state(st, o, state, e);
	if (rc < 0) {
		store_rollback(st);
		return rc;
	}
	return store_commit(st, e);
}
