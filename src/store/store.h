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
	STORE_OWN,    /* the daemon: takes the lock, makes and upgrades the file */
	STORE_BESIDE, /* a command that writes beside the daemon */
	STORE_READ,   /* status: reads beside a daemon */
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

/* Tells the daemon that something was written beside it: touches PATH.wake, which it
 * watches (store_wake_path()). */
int store_wake(const char *path, struct err *e);
int store_wake_path(const char *path, char *out, size_t cap); /* 0 or -ENAMETOOLONG */

/* DURABLE: on disk when the commit returns. LAZY: with the next durable one. */
enum store_sync { STORE_DURABLE, STORE_LAZY };

int store_begin(struct store *s, enum store_sync sync, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* Has another connection written since the last call? */
bool store_changed(struct store *s);

/* Bytes of database and WAL on disk. */
uint64_t store_bytes(const struct store *s);

/* Bytes in use: pages that were freed and not given back yet are room. */
uint64_t store_used(struct store *s);

/* Moves the WAL into the database when it has grown enough; idle: at once, and gives
 * freed pages back, a few thousand at a time. false: there are more of them, or
 * somebody reads and is in the way. */
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
	bool fixed;        /* it may have been tried: nothing is joined to it */
	int64_t standing;  /* 0: in the queue; else set apart, the caller's number */
	int64_t code;      /* the answer's status that set it apart */
	struct slice answer;
	int64_t due_ms; /* set apart: not tried before */
};

/* Within a transaction: adds the batch; its id in *id. */
int store_batch_put(
    struct store *s, const struct store_batch *b, int64_t *id, struct err *e);

enum store_which {
	STORE_FIRST,  /* of the queue */
	STORE_BEHIND, /* the first of the queue behind place, id */
	STORE_LAST,   /* of the queue */
	STORE_APART,  /* of this standing: the one due first, if it is by due_ms */
	STORE_BY_ID,
};

struct store_wanted {
	enum store_which which;
	struct slice output;
	int64_t place, id;
	int64_t standing;
	int64_t due_ms;
	const int64_t *skip; /* ids that are passed over */
	size_t nskip;
};

/* 0 with *out (its events and texts in the buf), -ENOENT none, -EBADMSG a damaged body
 * (out->id says of which; 0: it is the file that is damaged). */
int store_batch_find(struct store *s, const struct store_wanted *w,
    struct store_batch *out, struct buf *events, struct err *e);

/* Batches put lately whose events are still in memory, so that store_batch_find() does
 * not have to read and unpack them; at most LIMIT_COMMIT_BATCHES. */
size_t store_fresh(const struct store *s);

int store_batch_tried(struct store *s, int64_t id, struct err *e); /* tries + 1 */
int store_batch_fix(struct store *s, int64_t id, struct err *e);
/* Accepted, replaced, dropped. -ENOENT: it is not there any more (a command's work). */
int store_batch_delete(struct store *s, int64_t id, struct err *e);

/* Sets standing, code, answer and due_ms of batch b->id. */
int store_batch_set_apart(struct store *s, const struct store_batch *b, struct err *e);
int store_batch_due(struct store *s, int64_t id, int64_t due_ms, struct err *e);
/* When the first of what is set apart and not waiting for its turn is due; -ENOENT. */
int store_due(struct store *s, struct slice output, int64_t *due_ms, struct err *e);
int store_due_now(struct store *s, struct slice output, struct err *e); /* all of it */
/* All of the output that stand so stand otherwise. */
int store_batch_restand(
    struct store *s, struct slice output, int64_t from, int64_t to, struct err *e);

enum { STORE_STANDINGS = 8 }; /* numbers that batch.standing may have */

/* What an output has in the state file. */
struct store_queue {
	uint64_t batches, events;        /* of the queue: standing 0 */
	uint64_t bytes;                  /* packed, all standings */
	int64_t oldest_ms;               /* sealed; 0: none */
	uint64_t apart[STORE_STANDINGS]; /* batches of each standing */
};

int store_queue_get(
    struct store *s, struct slice output, struct store_queue *out, struct err *e);

/* Everything that stands apart, oldest first; id 0: of all outputs where output is
 * empty. The batch's slices die when fn returns. */
typedef int store_batch_fn(void *arg, const struct store_batch *b);
int store_apart_each(
    struct store *s, struct slice output, store_batch_fn *fn, void *arg, struct err *e);

/* Deletes all batches and dead letters of an output. */
int store_output_drop(struct store *s, struct slice output, struct err *e);

/* --- dead letters --------------------------------------------------------------- */

struct store_dead {
	int64_t id;
	struct slice output;
	struct slice event; /* one JSON object */
	int64_t code;       /* the answer's status */
	struct slice answer;
	int64_t at_ms;
};

int store_dead_put(struct store *s, const struct store_dead *d, struct err *e);
int store_dead_delete(struct store *s, int64_t id, struct err *e);

/* The dead letters behind id `after` (0: from the first), by id, of one output or,
 * where it is empty, of all; ends where fn answers not 0 (and answers that). Its slices
 * die when fn returns; nothing may be written while it runs. */
typedef int store_dead_fn(void *arg, const struct store_dead *d);
int store_dead_each(struct store *s, struct slice output, int64_t after,
    store_dead_fn *fn, void *arg, struct err *e);
int store_dead_get(struct store *s, int64_t id, store_dead_fn *fn, void *arg,
    struct err *e); /* -ENOENT */

/* Bytes of all dead letters. */
int store_dead_bytes(struct store *s, uint64_t *bytes, struct err *e);
/* Deletes those that are older, at most `max` of them; their number in *n. */
int store_dead_expire(
    struct store *s, int64_t before_ms, uint64_t max, uint64_t *n, struct err *e);

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
	    skip; /* records that end at or before it make no events (start: end) ... */
	int64_t start_ms; /* ... but those of this time or later do; 0: none does */
	struct hash128 marker;
	struct slice header; /* the header record in force at offset, or empty */
	struct slice path;   /* where it was last seen */
	int64_t seen_ms;     /* when it was last seen */
	int64_t size; /* plain bytes, of a packed file that is whole; -1: not packed */
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

/* --- events counted, for status ---------------------------------------------------
 */

enum { STORE_TALLY_MS = 60 * 1000 }; /* one slot */

struct store_tally {
	struct slice source;
	int64_t slot; /* wall clock / STORE_TALLY_MS */
	struct slice type;
	struct slice class; /* may be empty */
	uint64_t n;
};

/* Adds n; forgets slots older than a day. */
int store_tally_add(struct store *s, const struct store_tally *t, struct err *e);
/* The sums from that slot on, by source, type and class (slot is not set). */
typedef int store_tally_fn(void *arg, const struct store_tally *t);
int store_tally_each(
    struct store *s, int64_t slot, store_tally_fn *fn, void *arg, struct err *e);

/* --- what commands ask of the daemon ------------------------------------------------
 */

int store_request_put(
    struct store *s, struct slice what, struct slice output, struct err *e);
/* Calls fn for each, then deletes them: in a transaction of its own. Their number, or
 * -errno. */
typedef void store_request_fn(void *arg, struct slice what, struct slice output);
int store_requests_take(
    struct store *s, store_request_fn *fn, void *arg, struct err *e);

/* --- how far `replay --deliver` has come: the place in a file, by any 16 bytes that
 * tell file, output and filter ------------------------------------------------------
 */

int store_replay_get(
    struct store *s, struct hash128 what, uint64_t *offset, struct err *e);
int store_replay_put(struct store *s, struct hash128 what, uint64_t offset,
    int64_t at_ms, struct err *e);

/* --- what status shows --------------------------------------------------------------
 */

struct store_output {
	struct slice name;
	struct slice state; /* "ok", "retry", "hold" */
	struct slice error; /* the last one */
	int64_t error_ms;
	uint64_t accepted; /* events, since the state file was made */
	uint64_t dead;
	uint64_t dead_letters; /* out only, from here on */
	struct store_queue queue;
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
	struct slice bad_bytes; /* its first bytes */
	int64_t bad_ms;         /* when it was read */
	int64_t scanned_ns;     /* as store_source_get() */
};

typedef int store_source_fn(void *arg, const struct store_source *o);
int store_source_each(struct store *s, store_source_fn *fn, void *arg, struct err *e);

#endif
