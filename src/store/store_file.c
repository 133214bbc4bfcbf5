/*
 * store_file.c - what is known of the sources and their files, and their bad records.
 *
 * Paths and record bytes are blobs: they are bytes, not text.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <string.h>

int
store_file_put(struct store *s, const struct store_file *f, int64_t *id, struct err *e)
{
	enum store_sql which = f->id ? SQL_FILE_UPDATE : SQL_FILE_INSERT;
	sqlite3_stmt *q = store_prepare(s, which, e);
	int rc;

	if (!q)
		return e->code;
	store_bind_text(q, 1, f->source);
	(void)sqlite3_bind_int64(q, 2, (int64_t)f->dev);
	(void)sqlite3_bind_int64(q, 3, (int64_t)f->ino);
	if (f->has_key)
		store_bind_blob(
		    q, 4, (struct slice){ (const char *)f->key.b, sizeof f->key.b });
	(void)sqlite3_bind_int64(q, 5, (int64_t)f->offset);
	(void)sqlite3_bind_int64(q, 6, (int64_t)f->skip);
	store_bind_blob(
	    q, 7, (struct slice){ (const char *)f->marker.b, sizeof f->marker.b });
	store_bind_blob(q, 8, f->header);
	store_bind_blob(q, 9, f->path);
	(void)sqlite3_bind_int64(q, 10, f->seen_ms);
	(void)sqlite3_bind_int64(q, 11, f->size);
	(void)sqlite3_bind_int64(q, 12, f->start_ms);
	if (f->id)
		(void)sqlite3_bind_int64(q, 13, f->id);
	if ((rc = store_run(s, q, e)) == 0)
		*id = f->id ? f->id : sqlite3_last_insert_rowid(s->db);
	return rc;
}

int
store_file_forget(struct store *s, int64_t id, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_FILE_FORGET, e);

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, id);
	return store_run(s, q, e);
}

int
store_file_each(
    struct store *s, struct slice source, store_file_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_FILE_EACH, e);
	int rc = 0, step;

	if (!q)
		return e->code;
	store_bind_text(q, 1, source);
	while (rc == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		struct slice key = store_column(q, 3), marker = store_column(q, 6);
		struct store_file f = {
			.id = sqlite3_column_int64(q, 0),
			.source = source,
			.dev = (uint64_t)sqlite3_column_int64(q, 1),
			.ino = (uint64_t)sqlite3_column_int64(q, 2),
			.has_key = key.n == sizeof f.key.b,
			.offset = (uint64_t)sqlite3_column_int64(q, 4),
			.skip = (uint64_t)sqlite3_column_int64(q, 5),
			.header = store_column(q, 7),
			.path = store_column(q, 8),
			.seen_ms = sqlite3_column_int64(q, 9),
			.size = sqlite3_column_int64(q, 10),
			.start_ms = sqlite3_column_int64(q, 11),
		};
		if (f.has_key)
			memcpy(f.key.b, key.p, sizeof f.key.b);
		if (marker.n == sizeof f.marker.b)
			memcpy(f.marker.b, marker.p, sizeof f.marker.b);
		rc = fn(arg, &f);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_fail(s, "read the files", e);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_source_get(struct store *s, struct slice name, int64_t *scanned_ns, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_SOURCE_GET, e);
	int rc = 0;

	if (!q)
		return e->code;
	store_bind_text(q, 1, name);
	switch (sqlite3_step(q)) {
	case SQLITE_ROW:
		*scanned_ns = sqlite3_column_int64(q, 0);
		break;
	case SQLITE_DONE:
		rc = -ENOENT;
		break;
	default:
		rc = store_fail(s, "read a source", e);
	}
	(void)sqlite3_reset(q);
	return rc;
}

static int
source_number(
    struct store *s, enum store_sql which, struct slice name, int64_t v, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, which, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, name);
	(void)sqlite3_bind_int64(q, 2, v);
	return store_run(s, q, e);
}

int
store_source_put(struct store *s, struct slice name, int64_t scanned_ns, struct err *e)
{
	return source_number(s, SQL_SOURCE_PUT, name, scanned_ns, e);
}

int
store_source_event(struct store *s, struct slice name, int64_t at_ms, struct err *e)
{
	return source_number(s, SQL_SOURCE_EVENT, name, at_ms, e);
}

int
store_bad_put(struct store *s, const struct store_bad *b, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_BAD_PUT, e);
	int rc;

	if (!q)
		return e->code;
	store_bind_text(q, 1, b->source);
	store_bind_text(q, 2, b->reason);
	store_bind_blob(q, 3, b->file);
	(void)sqlite3_bind_int64(q, 4, (int64_t)b->offset);
	store_bind_blob(q, 5, b->bytes);
	(void)sqlite3_bind_int64(q, 6, b->at_ms);
	if ((rc = store_run(s, q, e)) < 0)
		return rc;
	return source_number(s, SQL_BAD_TRIM, b->source, LIMIT_BAD_KEPT, e);
}

int
store_bad_count(struct store *s, struct slice source, struct slice reason, uint64_t n,
    struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_BAD_COUNT, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, source);
	store_bind_text(q, 2, reason);
	(void)sqlite3_bind_int64(q, 3, (int64_t)n);
	return store_run(s, q, e);
}

int
store_source_each(struct store *s, store_source_fn *fn, void *arg, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_SOURCE_EACH, e);
	int rc = 0, step;

	if (!q)
		return e->code;
	while (rc == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_source o = {
			.name = store_column(q, 0),
			.event_ms = sqlite3_column_int64(q, 1),
			.bad = (uint64_t)sqlite3_column_int64(q, 2),
			.bad_reason = store_column(q, 3),
			.bad_file = store_column(q, 4),
			.bad_offset = (uint64_t)sqlite3_column_int64(q, 5),
			.bad_bytes = store_column(q, 6),
			.bad_ms = sqlite3_column_int64(q, 7),
			.scanned_ns = sqlite3_column_int64(q, 8),
		};
		rc = fn(arg, &o);
	}
	if (rc == 0 && step != SQLITE_DONE)
		rc = store_fail(s, "read the sources", e);
	(void)sqlite3_reset(q);
	return rc;
}
