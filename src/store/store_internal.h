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
	SQL_DATA_VERSION,
	SQL_BATCH_PUT,
	SQL_BATCH_FIRST,
	SQL_BATCH_BEHIND,
	SQL_BATCH_LAST,
	SQL_BATCH_APART,
	SQL_BATCH_BY_ID,
	SQL_BATCH_BODY,
	SQL_BATCH_TRIED,
	SQL_BATCH_FIX,
	SQL_BATCH_DELETE,
	SQL_BATCH_SET_APART,
	SQL_BATCH_DUE,
	SQL_BATCH_RESTAND,
	SQL_APART_EACH,
	SQL_QUEUE,
	SQL_DUE,
	SQL_DUE_NOW,
	SQL_DROP_BATCHES,
	SQL_DROP_DEAD,
	SQL_DROP_OUTPUT,
	SQL_DEAD_PUT,
	SQL_DEAD_SIZE,
	SQL_DEAD_EACH,
	SQL_DEAD_GET,
	SQL_DEAD_OLD,
	SQL_DEAD_DELETE,
	SQL_DEAD_BYTES,
	SQL_TALLY_ADD,
	SQL_TALLY_TRIM,
	SQL_TALLY_EACH,
	SQL_REQUEST_PUT,
	SQL_REQUESTS_TAKE,
	SQL_REPLAY_GET,
	SQL_REPLAY_PUT,
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

enum {
	STORE_LAYOUTS = 2,                  /* user_version of the newest */
	STORE_FRESH = LIMIT_COMMIT_BATCHES, /* batches kept in memory, too */
	STORE_FRESH_BYTES = 1 << 20,        /* ... of at most this size */
	STORE_BODY_MAX = 64 << 20,          /* bytes of one body, packed or not */
};

extern const char *const store_layout[STORE_LAYOUTS]; /* schema.c */

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
	bool doubt;    /* a sync failed: what is in the WAL may not be on disk */
	bool durable;  /* what `synchronous` is set to */
	struct pack_zstd *zstd;
	struct buf packed;
	struct store_kept fresh[STORE_FRESH]; /* a ring */
	size_t nfresh;
	int64_t data_version; /* changes when another connection writes */
	int64_t tally_slot;   /* older ones were forgotten then */
	sqlite3_stmt *stmt[SQL_COUNT];
};

/* After a rollback: ids that were given may be given again. */
void store_forget_fresh(struct store *s);

/* Sets the connection up, makes or upgrades the tables (store_open.c). */
int store_set_up(struct store *s, enum store_mode mode, const struct store_options *o,
    struct err *e);

/* The row of a BATCH_COLUMNS query; as store_batch_find(). */
int store_read_batch(struct store *s, sqlite3_stmt *q, struct store_batch *out,
    struct buf *events, struct err *e);

/* Takes the lock or tells who has it: as store_open(). */
int store_lock(struct store *s, long *holder, struct err *e);

/* The statement, reset and without bindings; NULL with *e where it cannot be made. */
sqlite3_stmt *store_prepare(struct store *s, enum store_sql which, struct err *e);

/* Runs a statement that gives no rows, resets it. */
int store_run(struct store *s, sqlite3_stmt *q, struct err *e);

/* One statement with an id and up to one number. */
int store_by_id(struct store *s, enum store_sql which, int64_t id, struct err *e);

/* The -errno of the connection's last error, told in *e. */
int store_fail(struct store *s, const char *doing, struct err *e);

void store_bind_text(sqlite3_stmt *q, int at, struct slice v);
void store_bind_blob(sqlite3_stmt *q, int at, struct slice v);
struct slice store_column(
    sqlite3_stmt *q, int at); /* text or blob, until the next step */

#endif
