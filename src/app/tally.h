/*
 * tally.h - events counted by source, type and class, for status: also those that no
 * output selects, and records that give none (PowerMTA's receipts), as type "".
 */
#ifndef BOUNCEFEED_TALLY_H
#define BOUNCEFEED_TALLY_H

#include "app/config.h"
#include "event/event.h"
#include "store/store.h"

struct tally;

struct tally *tally_new(const struct config *c); /* NULL: no memory */
void tally_free(struct tally *t);

void tally_event(struct tally *t, const struct event *ev);
void tally_other(struct tally *t, struct slice source); /* a record without event */

/* Within a transaction: adds what was counted since the last commit. */
int tally_put(const struct tally *t, struct store *st, struct err *e);
void tally_committed(struct tally *t);

#endif
