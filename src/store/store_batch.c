/*
 * store_batch.c - the queues of the outputs and the dead letters.
 *
 * Bodies are packed and carry a checksum: no integrity check of the whole file is
 * needed at start. A damaged body is -EBADMSG, never a guess.
 */
#include "store/store_internal.h"

#include <errno.h>

/* The body of a batch, unpacked. */
static int
read_body(
    struct store *s, int64_t id, uint64_t bytes, struct buf *events, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_BATCH_BODY, e);
	int rc = 0;

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, id);
	if (sqlite3_step(q) != SQLITE_ROW) {
		rc = store_fail(s, "read a batch", e);
		goto out;
	}
	struct slice body = store_column(q, 1);
	if (hash64_of(body) != (uint64_t)sqlite3_column_int64(q, 0))
		rc = err_set(
		    e, -EBADMSG, "batch %lld: checksum does not agree", (long long)id);
	else if ((rc = pack_unzstd(body, events)) < 0 || events->n != bytes)
		rc = err_set(e, rc < 0 ? rc : -EBADMSG,
		    "batch %lld: cannot be unpacked", (long long)id);
out:
	(void)sqlite3_reset(q);
	return rc;
}

/* The events of a batch put lately, given away. */
static bool
take_fresh(struct store *s, int64_t id, struct buf *events)
{
	for (size_t i = 0; i < STORE_FRESH; i++) {
		struct store_kept *f = &s->fresh[i];
		if (f->id != id)
			continue;
		struct buf given = f->events;
		f->events = *events;
		f->id = 0;
		buf_clear(&f->events);
		*events = given;
		return true;
	}
	return false;
}

static void
keep_fresh(struct store *s, int64_t id, struct slice events)
{
	struct store_kept *f = &s->fresh[s->nfresh % STORE_FRESH];

	if (events.n > STORE_FRESH_BYTES)
		return;
	s->nfresh++;
	buf_clear(&f->events);
	f->id = buf_add(&f->events, events) == 0 ? id : 0;
}

void
store_forget_fresh(struct store *s)
{
	for (size_t i = 0; i < STORE_FRESH; i++)
		s->fresh[i].id = 0;
}

int
store_batch_put(
    struct store *s, const struct store_batch *b, int64_t *id, struct err *e)
{
	int rc;

	buf_clear(&s->packed);
	if ((rc = pack_zstd(s->zstd, b->events, &s->packed)) < 0)
		return err_set(e, rc, "pack a batch of %zu bytes", b->events.n);
	sqlite3_stmt *q = store_prepare(s, SQL_BATCH_PUT, e);
	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, b->place);
	store_bind_text(q, 2, b->output);
	store_bind_text(q, 3, b->key);
	store_bind_text(q, 4, b->format);
	store_bind_text(q, 5, b->host);
	(void)sqlite3_bind_int64(q, 6, (int64_t)b->count);
	(void)sqlite3_bind_int64(q, 7, (int64_t)b->events.n);
	(void)sqlite3_bind_int64(q, 8, b->sealed_ms);
	(void)sqlite3_bind_int64(q, 9, (int64_t)hash64_of(buf_slice(&s->packed)));
	store_bind_blob(q, 10, buf_slice(&s->packed));
	if ((rc = store_run(s, q, e)) == 0) {
		*id = sqlite3_last_insert_rowid(s->db);
		keep_fresh(s, *id, b->events);
	}
	return rc;
}

size_t
store_fresh(const struct store *s)
{
	size_t n = 0;

	for (size_t i = 0; i < STORE_FRESH; i++)
		n += s->fresh[i].id != 0;
	return n;
}

/* The row into out and events. The texts of out point into events, behind the events.
 */
static int
read_batch(struct store *s, sqlite3_stmt *q, struct slice output,
    struct store_batch *out, struct buf *events, struct err *e)
{
	int64_t id = sqlite3_column_int64(q, 0);
	uint64_t bytes = (uint64_t)sqlite3_column_int64(q, 6);
	int rc = 0;

	buf_clear(events);
	if (!take_fresh(s, id, events) && (rc = read_body(s, id, bytes, events, e)) < 0)
		return rc;
	struct slice key = store_column(q, 2), format = store_column(q, 3),
		     host = store_column(q, 4);
	/* reserved first: slices into a buf must not see it move */
	if ((rc = buf_reserve(events, key.n + format.n + host.n)) < 0)
		return err_set(e, rc, "batch %lld: no memory", (long long)id);
	*out = (struct store_batch){
		.id = id,
		.place = sqlite3_column_int64(q, 1),
		.output = output,
		.key = { events->p + bytes, key.n },
		.format = { events->p + bytes + key.n, format.n },
		.host = { events->p + bytes + key.n + format.n, host.n },
		.events = { events->p, bytes },
		.count = (uint64_t)sqlite3_column_int64(q, 5),
		.tries = (uint64_t)sqlite3_column_int64(q, 7),
		.sealed_ms = sqlite3_column_int64(q, 8),
	};
	(void)buf_add(events, key);
	(void)buf_add(events, format);
	(void)buf_add(events, host);
	return 0;
}

int
store_batch_first(struct store *s, struct slice output, struct store_batch *out,
    struct buf *events, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_BATCH_FIRST, e);
	int rc;

	if (!q)
		return e->code;
	store_bind_text(q, 1, output);
	switch (sqlite3_step(q)) {
	case SQLITE_ROW:
		rc = read_batch(s, q, output, out, events, e);
		break;
	case SQLITE_DONE:
		rc = -ENOENT;
		break;
	default:
		rc = store_fail(s, "read a batch", e);
	}
	(void)sqlite3_reset(q);
	return rc;
}

static int
by_id(struct store *s, enum store_sql which, int64_t id, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, which, e);

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, id);
	return store_run(s, q, e);
}

int
store_batch_tried(struct store *s, int64_t id, struct err *e)
{
	return by_id(s, SQL_BATCH_TRIED, id, e);
}

int
store_batch_delete(struct store *s, int64_t id, struct err *e)
{
	return by_id(s, SQL_BATCH_DELETE, id, e);
}

int
store_dead_put(struct store *s, const struct store_dead *d, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_DEAD_PUT, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, d->output);
	store_bind_blob(q, 2, d->event);
	(void)sqlite3_bind_int64(q, 3, d->code);
	store_bind_blob(q, 4, d->answer);
	(void)sqlite3_bind_int64(q, 5, d->at_ms);
	return store_run(s, q, e);
}

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

int
store_output_each(struct store *s, store_output_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_OUTPUT_EACH, e);
	int rc = 0, step;

	if (!q)
		return e->code;
	while (rc == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_output o = {
			.name = store_column(q, 0),
			.state = store_column(q, 1),
			.error = store_column(q, 2),
			.error_ms = sqlite3_column_int64(q, 3),
			.accepted = (uint64_t)sqlite3_column_int64(q, 4),
			.dead = (uint64_t)sqlite3_column_int64(q, 5),
			.queued_batches = (uint64_t)sqlite3_column_int64(q, 6),
			.queued_events = (uint64_t)sqlite3_column_int64(q, 7),
			.queued_bytes = (uint64_t)sqlite3_column_int64(q, 8),
			.oldest_ms = sqlite3_column_int64(q, 9),
			.dead_letters = (uint64_t)sqlite3_column_int64(q, 10),
		};
		rc = fn(arg, &o);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_fail(s, "read the outputs", e);
	(void)sqlite3_reset(q);
	return rc;
}
