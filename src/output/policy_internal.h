/*
 * policy_internal.h - what the files of the policy share: policy.c (what is next, what
 * an answer does), policy_trouble.c (again, hold), policy_size.c (too large).
 */
#ifndef BOUNCEFEED_POLICY_INTERNAL_H
#define BOUNCEFEED_POLICY_INTERNAL_H

#include "output/policy.h"

enum {
	POLICY_LONE_MAX =
	    4, /* refused alone without a 2xx between: is it the backend? */
	POLICY_WITNESSES_MAX = 4, /* single events from the newest end, asked then */
	POLICY_PASSED_MAX = 4,    /* batches tried behind one that is stuck */
};

/* One less that stands so (a command may have dropped it meanwhile). */
void policy_leave(struct output_policy *p, enum output_standing standing);

/* Everything seems to be refused: single events are asked, nothing is halved. */
bool policy_refusing(const struct output_policy *p);

/* It was under way already when the trouble began that there is now: older news. */
bool policy_stale(const struct output_policy *p, const struct output_tried *t);

/* Again or hold: the wait, the state, the batch that holds the others up. */
enum output_move policy_trouble(struct output_policy *p, const struct output_tried *t,
    const struct output_heard *h, int64_t now_ms, uint64_t random);

/* Something of the queue was accepted: the id of the batch that failed beside it and
 * is taken apart now, or 0. */
int64_t policy_take_apart(
    struct output_policy *p, const struct output_tried *t, int64_t now_ms);

void policy_too_large(
    struct output_policy *p, const struct output_tried *t, bool timed_out);
void policy_fits(struct output_policy *p, const struct output_tried *t);

#endif
