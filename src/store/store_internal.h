/*
 * store_internal.h - what the files of this folder share: the connection and its
 * prepared statements.
 */
#ifndef BOUNCEFEED_STORE_INTERNAL_H
#define BOUNCEFEED_STORE_INTERNAL_H

#include "pack/pack.h"
#include "store/store.h"

#include <sqlite3.h>

enum store_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_PAGES,
	SQL_BATCH_PUT,
	SQL_BATCH_FIRST,
	SQL_BATCH_BODY,
	SQL_BATCH_TRIED,
	SQL_BATCH_DELETE,
	SQL_DEAD_PUT,
	SQL_FILE_INSERT,
	SQL_FILE_UPDATE,
	SQL_FILE_FORGET,
	SQL_FILE_EACH,
	SQL_SOURCE_GET,
	SQL_SOURCE_PUT,
	SQL_SOURCE_EVENT,
	SQL_SOURCE_EACH,
	SQL_BAD_PUT,
	SQL_BAD_TRIM,
	SQL_BAD_COUNT,
	SQL_OUTPUT_STATE,
	SQL_OUTPUT_COUNT,
	SQL_OUTPUT_EACH,
	SQL_COUNT
};

extern const char *const store_sql_text[SQL_COUNT]; /* schema.c */
extern const char store_schema[];

enum {
	STORE_SCHEMA_VERSION = 1,
	STORE_FRESH = LIMIT_COMMIT_BATCHES, /* batches kept in memory, too */
	STORE_FRESH_BYTES = 1 << 20,        /* ... of at most this size */
	STORE_BODY_MAX = 64 << 20,          /* bytes of one body, packed or not */
};

/* The events of a batch that was put lately: the healthy path does not read them back.
 */
struct store_kept {
	int64_t id; /* 0: none */
	struct buf events;
};

struct store {
	sqlite3 *db;
	char *path;
	int lock_fd;   /* -1: not ours */
	int wal_pages; /* in the WAL, by its hook */
	bool durable;  /* what `synchronous` is set to */
	struct pack_zstd *zstd;
	struct buf packed;
	struct store_kept fresh[STORE_FRESH]; /* a ring */
	size_t nfresh;
	sqlite3_stmt *stmt[SQL_COUNT];
};

/* After a rollback: ids that were given may be given again. */
void store_forget_fresh(struct store *s);

/* Takes the lock or tells who has it: as store_open(). */
int store_lock(struct store *s, long *holder, struct err *e);

/* The statement, reset and without bindings; NULL with *e where it cannot be made. */
sqlite3_stmt *store_prepare(struct store *s, enum store_sql which, struct err *e);

/* Runs a statement that gives no rows, resets it. */
int store_run(struct store *s, sqlite3_stmt *q, struct err *e);

/* The -errno of the connection's last error, told in *e. */
int store_fail(struct store *s, const char *doing, struct err *e);

void store_bind_text(sqlite3_stmt *q, int at, struct slice v);
void store_bind_blob(sqlite3_stmt *q, int at, struct slice v);
struct slice store_column(
    sqlite3_stmt *q, int at); /* text or blob, until the next step */

#endif
