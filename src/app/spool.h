/*
 * spool.h - from events to sealed batches in the state file, together with the offsets.
 *
 * Every output that selects an event gets it into its open batch. A commit seals what
 * is open and stores it with the places that the files have reached: one transaction.
 */
#ifndef BOUNCEFEED_SPOOL_H
#define BOUNCEFEED_SPOOL_H

#include "app/config.h"
#include "event/event.h"
#include "store/store.h"

struct spool;

struct spool *spool_new(
    const struct config *c, struct slice host); /* NULL: no memory */
void spool_free(struct spool *s);

/* An event for all outputs that select it. 0, -EAGAIN where a commit must come first
 * (the event was not taken), or -errno. */
int spool_event(struct spool *s, const struct event *ev, int64_t now_ms);

/* Is a commit due: a batch waited for its linger, or so much is full? dry: nothing is
 * left to read. */
bool spool_due(const struct spool *s, int64_t now_ms, bool dry);
int64_t spool_deadline(
    const struct spool *s);             /* when linger ends; INT64_MAX: nothing */
bool spool_full(const struct spool *s); /* take no more events before a commit */
bool spool_empty(const struct spool *s);

/*
 * Within a transaction: puts all batches, full and open. waiting: of each output, that
 * its queue is not empty, so that an open batch will not be tried at once and may be
 * joined with others when its turn comes; NULL: all wait.
 */
int spool_put(struct spool *s, struct store *st, const bool *waiting, struct err *e);

/* A new batch key: 128 random bits as hex digits. */
enum { SPOOL_KEY = 32 };
void spool_key(char out[SPOOL_KEY]);

/* After the commit: they are the store's. */
void spool_committed(struct spool *s);

#endif
