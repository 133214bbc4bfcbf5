/*
 * deliver.h - from the queues in the state file to the backends.
 */
#ifndef BOUNCEFEED_DELIVER_H
#define BOUNCEFEED_DELIVER_H

#include "app/config.h"
#include "output/output.h"
#include "store/store.h"

struct deliver;

struct deliver *deliver_new(
    const struct config *c, struct store *st, struct output_http *h, struct err *e);
void deliver_free(struct deliver *d);

/* Takes the answers that have come, starts what may be tried now. 0 or -errno of the
 * state file (it is tried again). */
int deliver_turn(struct deliver *d, int64_t now_ms, struct err *e);
/* The answers alone: nothing new is started. */
int deliver_answers(struct deliver *d, int64_t now_ms, struct err *e);

/* Of the first wait that ends. */
int64_t deliver_deadline(const struct deliver *d, int64_t now_ms);
/* A POST has gone out whose answer may still come. */
bool deliver_awaits(const struct deliver *d);
bool deliver_busy(const struct deliver *d); /* a POST is under way */
bool deliver_idle(const struct deliver *d); /* nothing under way, nothing queued */

/* One of the outputs is held. */
bool deliver_held(const struct deliver *d);
/* Events accepted since the start. */
uint64_t deliver_accepted(const struct deliver *d);

void deliver_wake(struct deliver *d); /* a commit has added batches */
/* Another process wrote: what is counted in memory is counted again. */
int deliver_recount(struct deliver *d, int64_t now_ms, struct err *e);
/* Ends every wait of that output, or of all where name is empty, with the next turn. */
void deliver_hurry(struct deliver *d, struct slice name, int64_t now_ms);

/* Of each output: something is queued or under way (spool_put()). */
const bool *deliver_waiting(struct deliver *d);

#endif
