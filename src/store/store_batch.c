/*
 * store_batch.c - the batches of the outputs, one by one.
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
	(void)sqlite3_bind_int64(q, 11, (int64_t)s->packed.n);
	(void)sqlite3_bind_int64(q, 12, b->fixed);
	(void)sqlite3_bind_int64(q, 13, b->standing);
	(void)sqlite3_bind_int64(q, 14, b->code);
	store_bind_blob(q, 15, b->answer);
	(void)sqlite3_bind_int64(q, 16, b->due_ms);
	(void)sqlite3_bind_int64(q, 17, (int64_t)b->tries);
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

/* The next of the texts that stand behind the events. */
static struct slice
text_behind(struct buf *events, struct slice text)
{
	struct slice out = { events->p + events->n, text.n };

	(void)buf_add(events, text);
	return out;
}

static void
read_numbers(sqlite3_stmt *q, struct store_batch *out)
{
	*out = (struct store_batch){
		.id = sqlite3_column_int64(q, 0),
		.place = sqlite3_column_int64(q, 1),
		.count = (uint64_t)sqlite3_column_int64(q, 6),
		.tries = (uint64_t)sqlite3_column_int64(q, 8),
		.sealed_ms = sqlite3_column_int64(q, 9),
		.fixed = sqlite3_column_int(q, 10) != 0,
		.standing = sqlite3_column_int64(q, 11),
		.code = sqlite3_column_int64(q, 12),
		.due_ms = sqlite3_column_int64(q, 14),
	};
}

/* The row into out and events. The texts of out point into events, behind the events.
 * Of a damaged one (-EBADMSG) everything but the events. */
int
store_read_batch(struct store *s, sqlite3_stmt *q, struct store_batch *out,
    struct buf *events, struct err *e)
{
	uint64_t bytes = (uint64_t)sqlite3_column_int64(q, 7);
	struct slice output = store_column(q, 2), key = store_column(q, 3),
		     format = store_column(q, 4), host = store_column(q, 5),
		     answer = store_column(q, 13);
	int rc = 0;

	read_numbers(q, out);
	buf_clear(events);
	if (!take_fresh(s, out->id, events))
		rc = read_body(s, out->id, bytes, events, e);
	if (rc == -EBADMSG) {
		buf_clear(events);
		bytes = 0;
	} else if (rc < 0) {
		return rc;
	}
	/* reserved first: slices into a buf must not see it move */
	if (buf_reserve(events, output.n + key.n + format.n + host.n + answer.n) < 0)
		return err_set(e, -ENOMEM, "batch %lld: no memory", (long long)out->id);
	out->events = (struct slice){ events->p, bytes };
	out->output = text_behind(events, output);
	out->key = text_behind(events, key);
	out->format = text_behind(events, format);
	out->host = text_behind(events, host);
	out->answer = text_behind(events, answer);
	return rc;
}

static sqlite3_stmt *
prepare_wanted(struct store *s, const struct store_wanted *w, struct err *e)
{
	static const enum store_sql sql[] = {
		[STORE_FIRST] = SQL_BATCH_FIRST,
		[STORE_BEHIND] = SQL_BATCH_BEHIND,
		[STORE_LAST] = SQL_BATCH_LAST,
		[STORE_APART] = SQL_BATCH_APART,
		[STORE_BY_ID] = SQL_BATCH_BY_ID,
	};
	sqlite3_stmt *q = store_prepare(s, sql[w->which], e);

	if (!q)
		return NULL;
	if (w->which == STORE_BY_ID) {
		(void)sqlite3_bind_int64(q, 1, w->id);
		return q;
	}
	store_bind_text(q, 1, w->output);
	if (w->which == STORE_BEHIND) {
		(void)sqlite3_bind_int64(q, 2, w->place);
		(void)sqlite3_bind_int64(q, 3, w->id);
	} else if (w->which == STORE_APART) {
		(void)sqlite3_bind_int64(q, 2, w->standing);
		(void)sqlite3_bind_int64(q, 3, w->due_ms);
	}
	return q;
}

static bool
skipped(const struct store_wanted *w, int64_t id)
{
	for (size_t i = 0; i < w->nskip; i++) {
		if (w->skip[i] == id)
			return true;
	}
	return false;
}

int
store_batch_find(struct store *s, const struct store_wanted *w, struct store_batch *out,
    struct buf *events, struct err *e)
{
	sqlite3_stmt *q = prepare_wanted(s, w, e);
	int rc, step;

	out->id = 0;
	if (!q)
		return e->code;
	do {
		step = sqlite3_step(q);
	} while (step == SQLITE_ROW && skipped(w, sqlite3_column_int64(q, 0)));
	if (step == SQLITE_ROW)
		rc = store_read_batch(s, q, out, events, e);
	else if (step == SQLITE_DONE)
		rc = -ENOENT;
	else
		rc = store_fail(s, "read a batch", e);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_batch_tried(struct store *s, int64_t id, struct err *e)
{
	return store_by_id(s, SQL_BATCH_TRIED, id, e);
}

int
store_batch_fix(struct store *s, int64_t id, struct err *e)
{
	return store_by_id(s, SQL_BATCH_FIX, id, e);
}

int
store_batch_delete(struct store *s, int64_t id, struct err *e)
{
	int rc = store_by_id(s, SQL_BATCH_DELETE, id, e);

	if (rc == 0 && sqlite3_changes(s->db) == 0)
		rc = err_set(e, -ENOENT, "batch %lld: not there", (long long)id);
	return rc;
}

int
store_batch_set_apart(struct store *s, const struct store_batch *b, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_BATCH_SET_APART, e);

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, b->id);
	(void)sqlite3_bind_int64(q, 2, b->standing);
	(void)sqlite3_bind_int64(q, 3, b->code);
	store_bind_blob(q, 4, b->answer);
	(void)sqlite3_bind_int64(q, 5, b->due_ms);
	return store_run(s, q, e);
}

int
store_batch_due(struct store *s, int64_t id, int64_t due_ms, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_BATCH_DUE, e);

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, id);
	(void)sqlite3_bind_int64(q, 2, due_ms);
	return store_run(s, q, e);
}
