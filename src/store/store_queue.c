/*
 * store_queue.c - the batches of an output all together: how many, how old, what is set
 * apart.
 */
#include "store/store_internal.h"

#include <errno.h>

int
store_batch_restand(
    struct store *s, struct slice output, int64_t from, int64_t to, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_BATCH_RESTAND, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, output);
	(void)sqlite3_bind_int64(q, 2, from);
	(void)sqlite3_bind_int64(q, 3, to);
	return store_run(s, q, e);
}

static void
add_standing(sqlite3_stmt *q, struct store_queue *out)
{
	int64_t standing = sqlite3_column_int64(q, 0);
	uint64_t batches = (uint64_t)sqlite3_column_int64(q, 1);

	out->bytes += (uint64_t)sqlite3_column_int64(q, 3);
	if (standing > 0 &&
	    standing < (int64_t)(sizeof out->apart / sizeof out->apart[0]))
		out->apart[standing] = batches;
	if (standing != 0)
		return;
	out->batches = batches;
	out->events = (uint64_t)sqlite3_column_int64(q, 2);
	out->oldest_ms = sqlite3_column_int64(q, 4);
}

int
store_queue_get(
    struct store *s, struct slice output, struct store_queue *out, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_QUEUE, e);
	int step, rc = 0;

	*out = (struct store_queue){ 0 };
	if (!q)
		return e->code;
	store_bind_text(q, 1, output);
	while ((step = sqlite3_step(q)) == SQLITE_ROW)
		add_standing(q, out);
	if (step != SQLITE_DONE)
		rc = store_fail(s, "read a queue", e);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_due(struct store *s, struct slice output, int64_t *due_ms, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DUE, e);
	int rc = 0;

	if (!q)
		return e->code;
	store_bind_text(q, 1, output);
	if (sqlite3_step(q) != SQLITE_ROW)
		rc = store_fail(s, "read what is due", e);
	else if (sqlite3_column_type(q, 0) == SQLITE_NULL)
		rc = -ENOENT;
	else
		*due_ms = sqlite3_column_int64(q, 0);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_due_now(struct store *s, struct slice output, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DUE_NOW, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, output);
	return store_run(s, q, e);
}

int
store_apart_each(
    struct store *s, struct slice output, store_batch_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_APART_EACH, e);
	struct store_batch b;
	struct buf events;
	int rc = 0, step;

	if (!q)
		return e->code;
	buf_init(&events, STORE_BODY_MAX);
	store_bind_text(q, 1, output);
	while (rc == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		rc = store_read_batch(s, q, &b, &events, e);
		/* a damaged one is shown without its events and hides none */
		if (rc == 0 || rc == -EBADMSG)
			rc = fn(arg, &b);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_fail(s, "read what is set apart", e);
	(void)sqlite3_reset(q);
	buf_free(&events);
	return rc;
}

int
store_output_drop(struct store *s, struct slice output, struct err *e)
{
	static const enum store_sql sql[] = { SQL_DROP_BATCHES, SQL_DROP_DEAD,
		SQL_DROP_OUTPUT };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof sql / sizeof sql[0]; i++) {
		sqlite3_stmt *q = store_prepare(s, sql[i], e);
		if (!q)
			return e->code;
		store_bind_text(q, 1, output);
		rc = store_run(s, q, e);
	}
	store_forget_fresh(s);
	return rc;
}
