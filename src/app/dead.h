/*
 * dead.h - what the files of `bouncefeed dead` share.
 */
#ifndef BOUNCEFEED_DEAD_H
#define BOUNCEFEED_DEAD_H

#include "app/config.h"
#include "store/store.h"

struct dead {
	const char *command; /* "dead list" ..., for messages */
	const struct config *config;
	struct store *store;
	const char *output; /* --output; NULL: all */
	bool all, aside, json;
	char *const *id; /* as they were given */
	size_t nids;
};

/* Each answers an exit code. */
int dead_list(const struct dead *d);
int dead_show(const struct dead *d);
int dead_retry(const struct dead *d);
int dead_drop(const struct dead *d);

/* --- dead_id.c: what is named --------------------------------------------------------
 */

/* A dead letter ("17") or a batch set apart ("a17"). */
struct dead_id {
	int64_t id;
	bool apart;
	size_t output; /* in the configuration; SIZE_MAX: it is not there */
};

bool dead_id_of(const char *text, struct dead_id *out);

/* The batch set apart of this number. 0 with *b (its slices in the buf), -ENOENT: there
 * is none, -EBADMSG: its events are damaged, its numbers are in *b. */
int dead_find_apart(struct store *s, int64_t id, struct store_batch *b,
    struct buf *events, struct err *e);

/* Is there such an output in the state file? *out (may be NULL) without its slices. */
int dead_find_output(
    struct store *s, const char *name, struct store_output *out, struct err *e);

struct dead_ids {
	struct dead_id *v; /* sorted: dead letters first, by output, by id */
	size_t n;
};

/*
 * What was named, each of it looked for. 0, or the exit code after telling which is not
 * there. configured: their outputs have to be.
 */
int dead_ids_find(const struct dead *d, bool configured, struct dead_ids *out);

/* The last id of all dead letters. */
int dead_last(struct store *s, int64_t *last, struct err *e);

/* --- dead_work.c: changes, piece by piece
 * ---------------------------------------------
 */

/* One transaction's worth of work. 1: there is more, 0: all done, or -errno. */
typedef int dead_step_fn(void *arg, struct err *e);

/* Steps until all is done, each in a transaction of its own, with a rest between them:
 * the daemon gets its turn. done, of n, has what step counts; on failure what was
 * committed. */
int dead_work(struct store *s, dead_step_fn *step, void *arg, uint64_t *done, size_t n,
    struct err *e);

/* Tells why; the exit code. */
int dead_fail(const struct dead *d, int rc, const struct err *e);

#endif
