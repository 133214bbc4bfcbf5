/*
 * store_dead.c - dead letters: events that an output refused for good.
 *
 * The bytes of all of them are kept as a sum in the row of their output, so that nobody
 * has to count a gigabyte to know whether there is room for one more.
 */
#include "store/store_internal.h"

#include <errno.h>

static int
add_size(struct store *s, struct slice output, int64_t bytes, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DEAD_SIZE, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, output);
	(void)sqlite3_bind_int64(q, 2, bytes);
	return store_run(s, q, e);
}

int
store_dead_put(struct store *s, const struct store_dead *d, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DEAD_PUT, e);
	int rc;

	if (!q)
		return e->code;
	store_bind_text(q, 1, d->output);
	store_bind_blob(q, 2, d->event);
	(void)sqlite3_bind_int64(q, 3, d->code);
	store_bind_blob(q, 4, d->answer);
	(void)sqlite3_bind_int64(q, 5, d->at_ms);
	if ((rc = store_run(s, q, e)) < 0)
		return rc;
	return add_size(s, d->output, (int64_t)(d->event.n + d->answer.n), e);
}

int
store_dead_delete(struct store *s, int64_t id, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DEAD_DELETE, e);
	struct buf output;
	int64_t bytes = 0;
	int rc = -ENOENT, step;

	if (!q)
		return e->code;
	buf_init(&output, LIMIT_TEXT);
	(void)sqlite3_bind_int64(q, 1, id);
	while ((step = sqlite3_step(q)) == SQLITE_ROW) {
		rc = buf_add(&output, store_column(q, 0));
		bytes = sqlite3_column_int64(q, 1);
	}
	if (step != SQLITE_DONE)
		rc = store_fail(s, "delete a dead letter", e);
	(void)sqlite3_reset(q);
	if (rc == 0)
		rc = add_size(s, buf_slice(&output), -bytes, e);
	buf_free(&output);
	return rc;
}

static struct store_dead
read_dead(sqlite3_stmt *q)
{
	return (struct store_dead){
		.id = sqlite3_column_int64(q, 0),
		.output = store_column(q, 1),
		.event = store_column(q, 2),
		.code = sqlite3_column_int64(q, 3),
		.answer = store_column(q, 4),
		.at_ms = sqlite3_column_int64(q, 5),
	};
}

int
store_dead_each(struct store *s, struct slice output, int64_t after, store_dead_fn *fn,
    void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DEAD_EACH, e);
	int rc = 0, step;

	if (!q)
		return e->code;
	store_bind_text(q, 1, output);
	(void)sqlite3_bind_int64(q, 2, after);
	while (rc == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_dead d = read_dead(q);
		rc = fn(arg, &d);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_fail(s, "read the dead letters", e);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_dead_get(struct store *s, int64_t id, store_dead_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DEAD_GET, e);
	int rc = -ENOENT, step;

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, id);
	if ((step = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_dead d = read_dead(q);
		rc = fn(arg, &d);
	} else if (step != SQLITE_DONE) {
		rc = store_fail(s, "read a dead letter", e);
	}
	(void)sqlite3_reset(q);
	return rc;
}

static int
read_number(struct store *s, sqlite3_stmt *q, int64_t *out, struct err *e)
{
	int step = sqlite3_step(q), rc = 0;

	if (step == SQLITE_ROW)
		*out = sqlite3_column_int64(q, 0);
	else
		rc = step == SQLITE_DONE ? -ENOENT : store_fail(s, "read", e);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_dead_bytes(struct store *s, uint64_t *bytes, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DEAD_BYTES, e);
	int64_t sum = 0;
	int rc = q ? read_number(s, q, &sum, e) : e->code;

	*bytes = (uint64_t)sum;
	return rc;
}

int
store_dead_expire(
    struct store *s, int64_t before_ms, uint64_t max, uint64_t *n, struct err *e)
{
	int64_t id = 0;
	int rc = 0;

	for (*n = 0; rc == 0 && *n < max; (*n)++) {
		sqlite3_stmt *q = store_prepare(s, SQL_DEAD_OLD, e);
		if (!q)
			return e->code;
		(void)sqlite3_bind_int64(q, 1, before_ms);
		if ((rc = read_number(s, q, &id, e)) == -ENOENT)
			return 0;
		if (rc == 0)
			rc = store_dead_delete(s, id, e);
	}
	return rc;
}
