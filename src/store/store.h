/*
 * store.h - the state file: batches, offsets, dead letters, bad records. SQLite in WAL.
 *
 * One commit makes events and the offsets they came from true together. Everything that
 * writes stands between store_begin() and store_commit(); a failed commit rolls back
 * and leaves the last good state. All of a store_ function's slices in are borrowed;
 * what comes out is owned by the caller where the type is a buf, else valid until the
 * next call.
 */
#ifndef BOUNCEFEED_STORE_H
#define BOUNCEFEED_STORE_H

#include "base/base.h"

struct store;

enum store_mode {
	STORE_OWN,  /* the daemon: takes the lock, makes the file where it is not there
		     */
	STORE_READ, /* status: reads beside a daemon */
};

struct store_options {
	const char *version; /* of the program, told by the file to an older one */
	bool secure_delete;
};

/*
 * 0; -EAGAIN lock held (*holder is its pid, where it says), -EBADMSG damaged or newer
 * than this program, -ENOENT (READ) no such file, -EACCES not ours, or another -errno.
 */
int store_open(const char *path, enum store_mode mode, const struct store_options *o,
    struct store **out, long *holder, struct err *e);
void store_close(struct store *s); /* takes NULL */

/* The pid of the daemon that holds the lock of this state file, 0: none, -1: unknown.
 */
long store_holder(const char *path);

/* DURABLE: on disk when the commit returns. LAZY: with the next durable one. */
enum store_sync { STORE_DURABLE, STORE_LAZY };

int store_begin(struct store *s, enum store_sync sync, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* Bytes of database and WAL on disk. */
uint64_t store_bytes(const struct store *s);

/* Bytes in use: pages that were freed and not given back yet are room. */
uint64_t store_used(struct store *s);

/* Moves the WAL into the database when it has grown enough; idle: at once, and gives
 * freed pages back, a few thousand at a time. false: there are more of them. */
bool store_checkpoint(struct store *s, bool idle);

/* --- batches ------------------------------------------------------------------- */

struct store_batch {
	int64_t id;
	int64_t place; /* in the queue; 0 in store_batch_put(): at its end */
	struct slice output;
	struct slice key; /* 32 hex digits: the Idempotency-Key */
	struct slice
	    format; /* "json" ... : with host, count and events the body's bytes */
	struct slice host;
	struct slice events; /* JSON objects, each with its LF; unpacked */
	uint64_t count;
	uint64_t tries;
	int64_t sealed_ms; /* wall clock */
};

/* Within a transaction: adds the batch; its id in *id. */
int store_batch_put(
    struct store *s, const struct store_batch *b, int64_t *id, struct err *e);

/* The oldest batch of the output; 0 with *out (its events in the buf), -ENOENT none,
 * -EBADMSG a damaged body. */
int store_batch_first(struct store *s, struct slice output, struct store_batch *out,
    struct buf *events, struct err *e);

/* Batches put lately whose events are still in memory, so that store_batch_first() does
 * not have to read and unpack them; at most LIMIT_COMMIT_BATCHES. */
size_t store_fresh(const struct store *s);

int store_batch_tried(struct store *s, int64_t id, struct err *e); /* tries + 1 */
int store_batch_delete(
    struct store *s, int64_t id, struct err *e); /* accepted, replaced */

/* --- dead letters --------------------------------------------------------------- */

struct store_dead {
	struct slice output;
	struct slice event; /* one JSON object */
	int64_t code;       /* the answer's status */
	struct slice answer;
	int64_t at_ms;
};

int store_dead_put(struct store *s, const struct store_dead *d, struct err *e);

/* --- sources and files ----------------------------------------------------------- */

struct store_file {
	int64_t id; /* 0: not stored yet */
	struct slice source;
	uint64_t dev;
	uint64_t ino;
	bool has_key;
	struct file_key key;
	uint64_t offset; /* events of all before it are committed */
	uint64_t
	    skip; /* records that end at or before it make no events (start: end) */
	struct hash128 marker;
	struct slice header; /* the header record in force at offset, or empty */
	struct slice path;   /* where it was last seen */
	int64_t seen_ms;     /* when it was last seen */
};

/* Inserts (id 0) or updates; the id in *id. */
int store_file_put(
    struct store *s, const struct store_file *f, int64_t *id, struct err *e);
int store_file_forget(struct store *s, int64_t id, struct err *e);

typedef int store_file_fn(void *arg, const struct store_file *f);
int store_file_each(
    struct store *s, struct slice source, store_file_fn *fn, void *arg, struct err *e);

/* When the source was last looked over completely (ns of the wall clock); -ENOENT:
 * never heard of it. */
int store_source_get(
    struct store *s, struct slice name, int64_t *scanned_ns, struct err *e);
int store_source_put(
    struct store *s, struct slice name, int64_t scanned_ns, struct err *e);
int store_source_event(
    struct store *s, struct slice name, int64_t at_ms, struct err *e);

struct store_bad {
	struct slice source;
	struct slice reason;
	struct slice file;
	uint64_t offset;
	struct slice bytes; /* the first ones */
	int64_t at_ms;
};

/* Keeps it as a sample, the last LIMIT_BAD_KEPT of the source. */
int store_bad_put(struct store *s, const struct store_bad *b, struct err *e);
int store_bad_count(struct store *s, struct slice source, struct slice reason,
    uint64_t n, struct err *e);

/* --- what status shows --------------------------------------------------------------
 */

struct store_output {
	struct slice name;
	struct slice state; /* "ok", "retry", "hold" */
	struct slice error; /* the last one */
	int64_t error_ms;
	uint64_t accepted; /* events, since the state file was made */
	uint64_t dead;
	uint64_t queued_batches; /* out only, from here on */
	uint64_t queued_events;
	uint64_t queued_bytes;
	uint64_t dead_letters;
	int64_t oldest_ms; /* 0: none */
};

/* Sets state, error, error_ms. */
int store_output_state(struct store *s, const struct store_output *o, struct err *e);
/* Adds to the counters. */
int store_output_count(struct store *s, struct slice name, uint64_t accepted,
    uint64_t dead, struct err *e);

typedef int store_output_fn(void *arg, const struct store_output *o);
int store_output_each(struct store *s, store_output_fn *fn, void *arg, struct err *e);

struct store_source {
	struct slice name;
	int64_t event_ms;        /* the last event's, 0: none yet */
	uint64_t bad;            /* bad records */
	struct slice bad_reason; /* of the last one */
	struct slice bad_file;
	uint64_t bad_offset;
};

typedef int store_source_fn(void *arg, const struct store_source *o);
int store_source_each(struct store *s, store_source_fn *fn, void *arg, struct err *e);

#endif
