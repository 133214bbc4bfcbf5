/*
 * verp.h - what an envelope sender or bounce address says, by the user's own patterns.
 */
#ifndef BOUNCEFEED_VERP_H
#define BOUNCEFEED_VERP_H

#include "app/config.h"
#include "event/event.h"

struct verp;

/* 0 and *out, NULL where the list is empty; or -errno. */
int verp_new(const struct config_list *patterns, struct verp **out, struct err *e);
void verp_free(struct verp *v); /* takes NULL */

/* parse_env.verp; arg: a struct verp. The first pattern that fits counts. */
bool verp_decode(void *arg, struct slice address, struct event_verp *out);

/* The groups that a pattern may have; NULL after the last. */
const char *verp_group(size_t i);

#endif
