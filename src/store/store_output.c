/*
 * store_output.c - what status shows of the outputs, and the events counted in slots.
 */
#include "store/store_internal.h"

int
store_output_state(struct store *s, const struct store_output *o, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_OUTPUT_STATE, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, o->name);
	store_bind_text(q, 2, o->state);
	if (o->error.n > 0)
		store_bind_text(q, 3, o->error);
	(void)sqlite3_bind_int64(q, 4, o->error_ms);
	return store_run(s, q, e);
}

int
store_output_count(
    struct store *s, struct slice name, uint64_t accepted, uint64_t dead, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_OUTPUT_COUNT, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, name);
	(void)sqlite3_bind_int64(q, 2, (int64_t)accepted);
	(void)sqlite3_bind_int64(q, 3, (int64_t)dead);
	return store_run(s, q, e);
}

static int
read_output(struct store *s, sqlite3_stmt *q, struct store_output *o, struct err *e)
{
	*o = (struct store_output){
		.name = store_column(q, 0),
		.state = store_column(q, 1),
		.error = store_column(q, 2),
		.error_ms = sqlite3_column_int64(q, 3),
		.accepted = (uint64_t)sqlite3_column_int64(q, 4),
		.dead = (uint64_t)sqlite3_column_int64(q, 5),
		.dead_letters = (uint64_t)sqlite3_column_int64(q, 6),
	};
	return store_queue_get(s, o->name, &o->queue, e);
}

int
store_output_each(struct store *s, store_output_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_OUTPUT_EACH, e);
	struct store_output o;
	int rc = 0, step;

	if (!q)
		return e->code;
	while (rc == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		if ((rc = read_output(s, q, &o, e)) == 0)
			rc = fn(arg, &o);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_fail(s, "read the outputs", e);
	(void)sqlite3_reset(q);
	return rc;
}

/* --- events counted ------------------------------------------------------------------
 */

enum { DAY_SLOTS = 24 * 3600 * 1000 / STORE_TALLY_MS };

int
store_tally_add(struct store *s, const struct store_tally *t, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_TALLY_ADD, e);
	int rc;

	if (!q)
		return e->code;
	store_bind_text(q, 1, t->source);
	(void)sqlite3_bind_int64(q, 2, t->slot);
	store_bind_text(q, 3, t->type);
	store_bind_text(q, 4, t->class);
	(void)sqlite3_bind_int64(q, 5, (int64_t)t->n);
	if ((rc = store_run(s, q, e)) < 0 || t->slot == s->tally_slot)
		return rc;
	s->tally_slot = t->slot;
	return store_by_id(s, SQL_TALLY_TRIM, t->slot - DAY_SLOTS, e);
}

int
store_tally_each(
    struct store *s, int64_t slot, store_tally_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_TALLY_EACH, e);
	int rc = 0, step;

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, slot);
	while (rc == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_tally t = {
			.source = store_column(q, 0),
			.type = store_column(q, 1),
			.class = store_column(q, 2),
			.n = (uint64_t)sqlite3_column_int64(q, 3),
		};
		rc = fn(arg, &t);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_fail(s, "read the counts", e);
	(void)sqlite3_reset(q);
	return rc;
}
