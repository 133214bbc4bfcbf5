/*
 * deliver_load.c - the next batch out of the state file: joined with its neighbours
 * where nobody has tried them yet, cut where the backend called its like too large, and
 * fixed before its first try.
 *
 * Fixed means durable: after a crash a batch that may have been sent must come back
 * under its key with the same bytes. What was full when it was sealed, or sealed while
 * nothing waited, is fixed from the start, so that the healthy path pays nothing.
 */
#include "app/deliver_internal.h"
#include "app/app.h"
#include "app/spool.h"

#include <errno.h>
#include <stdio.h>

enum { GIVE_UP_MAX = 8 }; /* batches past max_age that one turn gives up */

/* --- finding
 * ---------------------------------------------------------------------------
 */

static int
find_due(struct deliver_output *o, struct store_wanted *w, struct deliver_slot *s,
    struct err *e)
{
	static const enum output_standing standing[] = { STANDING_ASIDE,
		STANDING_SUSPECT };
	int rc = -ENOENT;

	for (size_t i = 0; rc == -ENOENT && i < sizeof standing / sizeof *standing;
	     i++) {
		w->standing = standing[i];
		rc = store_batch_find(o->deliver->store, w, &s->batch, &s->events, e);
	}
	return rc;
}

static int
find(struct deliver_output *o, enum output_pick pick, struct deliver_slot *s,
    struct err *e)
{
	int64_t skip[LIMIT_CONCURRENCY];
	struct store_wanted w = { .output = slice_of(o->conf->name),
		.place = o->policy.stuck.at_place,
		.id = o->policy.stuck.at_id,
		.due_ms = clock_wall_ms(),
		.skip = skip };

	for (size_t i = 0; i < o->nslots; i++) {
		if (o->slot[i].step != STEP_EMPTY)
			skip[w.nskip++] = o->slot[i].batch.id;
	}
	switch (pick) {
	case PICK_BEHIND:
		w.which = STORE_BEHIND;
		break;
	case PICK_NEWEST:
		w.which = STORE_LAST;
		break;
	case PICK_WITNESSED:
		w.which = STORE_APART;
		w.standing = STANDING_WITNESSED;
		w.due_ms = INT64_MAX;
		break;
	case PICK_SUSPECT:
		w.which = STORE_APART;
		w.standing = STANDING_SUSPECT;
		w.due_ms = INT64_MAX;
		break;
	case PICK_DUE:
		w.which = STORE_APART;
		return find_due(o, &w, s, e);
	default:
		w.which = STORE_FIRST;
	}
	return store_batch_find(o->deliver->store, &w, &s->batch, &s->events, e);
}

/* Nothing of a damaged batch is guessed at; it is kept, and stops nobody. */
static int
set_damaged(struct deliver_output *o, const struct store_batch *b, struct err *e)
{
	struct store *st = o->deliver->store;
	struct err why = *e;
	struct store_batch apart = {
		.id = b->id, .standing = STANDING_DAMAGED, .answer = slice_of(why.text)
	};
	int rc = store_begin(st, STORE_DURABLE, e);

	if (rc < 0)
		return rc;
	if ((rc = store_batch_set_apart(st, &apart, e)) < 0) {
		store_rollback(st);
		return rc;
	}
	if ((rc = store_commit(st, e)) == 0)
		log_event(LOG_LEVEL_ERR, "batch-damaged", "output", o->conf->name,
		    "batch", log_number(b->id), "events", log_number((int64_t)b->count),
		    "error", why.text, LOG_END);
	return rc;
}

/* --- fixing
 * ----------------------------------------------------------------------------
 */

static bool
fits_behind(const struct deliver_output *o, const struct store_batch *a, uint64_t count,
    size_t bytes, const struct store_batch *b)
{
	uint64_t max_events = o->conf->batch_max_events,
		 max_bytes = o->conf->batch_max_bytes;

	output_policy_limits(&o->policy, &max_events, &max_bytes);
	return !b->fixed && count + b->count <= max_events &&
	       bytes + b->events.n <= max_bytes && slice_eq(a->format, b->format) &&
	       slice_eq(a->host, b->host);
}

/*
 * Within a transaction: what stands behind batch a in the queue and may be joined with
 * it, while it fits: deleted there, its events behind those of a in `out`. The number
 * of events, or -errno.
 */
static int64_t
take_neighbours(struct deliver_output *o, const struct store_batch *a, struct buf *out,
    struct err *e)
{
	struct store *st = o->deliver->store;
	struct store_wanted w = { .which = STORE_BEHIND,
		.output = slice_of(o->conf->name),
		.place = a->place,
		.id = a->id };
	uint64_t count = a->count;
	struct store_batch b;
	int rc = buf_add(out, a->events);

	while (rc == 0 && (rc = store_batch_find(st, &w, &b, &o->scratch, e)) == 0 &&
	       fits_behind(o, a, count, out->n, &b)) {
		if ((rc = buf_add(out, b.events)) < 0 ||
		    (rc = store_batch_delete(st, b.id, e)) < 0)
			break;
		count += b.count;
		w.place = b.place;
		w.id = b.id;
	}
	/* a damaged neighbour is told when its own turn comes */
	return rc < 0 && rc != -ENOENT && rc != -EBADMSG ? rc : (int64_t)count;
}

/* The batch with its neighbours, under a key of its own, in its place. */
static int
put_joined(struct deliver_slot *s, struct slice events, uint64_t count, struct err *e)
{
	struct store *st = s->output->deliver->store;
	struct store_batch b = s->batch;
	char key[SPOOL_KEY];
	int64_t id;
	int rc;

	spool_key(key);
	b.key = (struct slice){ key, sizeof key };
	b.events = events;
	b.count = count;
	b.fixed = true;
	if ((rc = store_batch_put(st, &b, &id, e)) < 0 ||
	    (rc = store_batch_delete(st, s->batch.id, e)) < 0)
		return rc;
	return 0;
}

/* 1: it had no neighbours, it is fixed as it is; 0: another batch stands in its place.
 */
static int
join(struct deliver_slot *s, bool neighbours, struct err *e)
{
	struct deliver_output *o = s->output;
	struct store *st = o->deliver->store;
	bool alone;
	int64_t count;
	int rc = store_begin(st, STORE_DURABLE, e);

	if (rc < 0)
		return rc;
	buf_clear(&s->body); /* not in use before the batch stands */
	count = neighbours ? take_neighbours(o, &s->batch, &s->body, e)
			   : (int64_t)s->batch.count;
	alone = count == (int64_t)s->batch.count;
	if (count < 0)
		rc = (int)count;
	else if (alone)
		rc = store_batch_fix(st, s->batch.id, e);
	else
		rc = put_joined(s, buf_slice(&s->body), (uint64_t)count, e);
	if (rc < 0) {
		store_rollback(st);
		return rc;
	}
	return (rc = store_commit(st, e)) < 0 ? rc : alone;
}

static int
split(struct deliver_slot *s, uint64_t first, struct err *e)
{
	struct store *st = s->output->deliver->store;
	int rc = store_begin(st, STORE_DURABLE, e);

	if (rc < 0)
		return rc;
	if ((rc = deliver_put_parts(st, &s->batch, first, e)) < 0) {
		store_rollback(st);
		return rc;
	}
	return store_commit(st, e);
}

/* 0: its like was not called too large; else how many events to cut off its front. */
static uint64_t
too_large(const struct deliver_output *o, const struct store_batch *b)
{
	uint64_t max_events = UINT64_MAX, max_bytes = UINT64_MAX;

	output_policy_limits(&o->policy, &max_events, &max_bytes);
	if (b->tries > 0 || b->count <= 1)
		return 0;
	if (b->count > max_events)
		return max_events;
	return b->events.n > max_bytes ? b->count / 2 : 0;
}

static bool
too_old(const struct deliver_output *o, const struct store_batch *b)
{
	uint64_t max = o->conf->max_age;

	return max > 0 && o->policy.state != OUTPUT_OK &&
	       clock_wall_ms() - b->sealed_ms > (int64_t)max;
}

/* --- loading
 * -----------------------------------------------------------------------------
 */

/* What the found batch needs before it may be sent. 1: nothing more; 0: it was
 * replaced, look again; -ENOENT: not now. */
static int
prepare(struct deliver_slot *s, enum output_pick pick, int64_t now_ms, struct err *e)
{
	struct deliver_output *o = s->output;
	const struct store_batch *b = &s->batch;
	uint64_t first;
	int rc;

	if (b->standing != STANDING_QUEUED)
		return 1;
	if (pick != PICK_NEWEST && too_old(o, b)) {
		rc = deliver_give_up(o, b, e);
		if (rc == 0)
			log_event(LOG_LEVEL_WARN, "given-up", "output", o->conf->name,
			    "events", log_number((int64_t)b->count), LOG_END);
		if (rc == -ENOSPC)
			output_policy_hold(&o->policy, now_ms);
		return rc == -ENOSPC ? -ENOENT : rc;
	}
	if (pick == PICK_NEWEST && b->count > 1)
		return split(s, b->count - 1, e);
	if ((first = too_large(o, b)) > 0)
		return split(s, first, e);
	if (b->fixed)
		return 1;
	return join(s, pick != PICK_NEWEST, e);
}

static int
make_body(struct deliver_slot *s, struct err *e)
{
	enum output_format format = OUTPUT_JSON;
	const struct store_batch *b = &s->batch;

	buf_clear(&s->body);
	(void)output_format_of(b->format, &format);
	if (output_body(format, b->key, b->host, b->count, b->events, &s->body) < 0)
		return err_set(e, -ENOMEM, "no memory for a batch");
	return 1;
}

static struct deliver_slot *
free_slot(struct deliver_output *o, size_t *under_way)
{
	struct deliver_slot *out = NULL;

	*under_way = deliver_under_way(o);
	for (size_t i = 0; i < o->nslots; i++) {
		if (o->slot[i].step == STEP_EMPTY)
			out = &o->slot[i];
	}
	return out;
}

/* The choices of the policy, the first for which there is a batch. */
static int
find_any(struct deliver_slot *s, size_t under_way, int64_t now_ms,
    enum output_pick *pick, struct err *e)
{
	struct deliver_output *o = s->output;
	bool looked = false;
	int rc = -ENOENT;

	for (unsigned i = 0; rc == -ENOENT; i++) {
		*pick = output_policy_pick(&o->policy, now_ms, under_way, i);
		if (*pick == PICK_NOTHING)
			break;
		rc = find(o, *pick, s, e);
		if (rc == -ENOENT && *pick == PICK_BEHIND)
			output_policy_alone(&o->policy);
		if (rc == -ENOENT && *pick == PICK_DUE)
			(void)deliver_set_due(o, now_ms, e);
		looked = *pick != PICK_BEHIND;
	}
	if (rc == -ENOENT && looked)
		o->more = false;
	/* what should be due and is not there must not be asked for without end */
	if (rc == -ENOENT && looked && now_ms >= output_policy_due(&o->policy))
		o->policy.share_ms = now_ms + (int64_t)o->conf->retry_min;
	return rc;
}

int
deliver_load(
    struct deliver_output *o, int64_t now_ms, struct deliver_slot **out, struct err *e)
{
	size_t under_way;
	struct deliver_slot *s = free_slot(o, &under_way);
	enum output_pick pick;
	int rc = s ? 0 : -ENOENT;

	for (int i = 0; rc == 0 && i < GIVE_UP_MAX; i++) {
		rc = find_any(s, under_way, now_ms, &pick, e);
		/* without an id it is the state file itself that is damaged */
		if (rc == -EBADMSG && s->batch.id != 0)
			rc = set_damaged(o, &s->batch, e);
		else if (rc == 0)
			rc = prepare(s, pick, now_ms, e);
	}
	if (rc == 1)
		rc = make_body(s, e);
	if (rc == 1) {
		s->newest = pick == PICK_NEWEST;
		*out = s;
	}
	return rc == -ENOENT ? 0 : rc;
}
