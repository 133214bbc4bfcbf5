/*
 * plan.h - the transactions of a workload: what the program would do next.
 */
#ifndef BOUNCEFEED_POWER_PLAN_H
#define BOUNCEFEED_POWER_PLAN_H

#include "model.h"

/* Each adds one transaction to the model and is false where there is nothing that it
 * could be done to. */

/* Durable: `batches` new ones of up to `events` events, from either file. */
bool plan_seal(struct model *m, uint64_t *random, unsigned batches, unsigned events);
/* Lazy: the backend took the oldest batches, up to n. */
bool plan_accept(struct model *m, unsigned n);
/* Lazy: it took the oldest one but for one event, which is dead. */
bool plan_accept_part(struct model *m, uint64_t *random);
/* Durable: two halves for a batch. */
bool plan_split(struct model *m, uint64_t *random);
/* Durable: a batch of one event becomes a dead letter. */
bool plan_dead(struct model *m);

/* Bytes of events in batches that are there. */
uint64_t plan_queued(const struct model *m);

#endif
