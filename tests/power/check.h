/*
 * check.h - holds what is in a state file against the model.
 */
#ifndef BOUNCEFEED_POWER_CHECK_H
#define BOUNCEFEED_POWER_CHECK_H

#include "model.h"

enum check_state {
	CHECK_HOLDS,
	CHECK_LOST,    /* what a durable commit promised is not there */
	CHECK_DOUBLED, /* an event is there twice */
	CHECK_BROKEN,  /* does not open, is damaged, or holds what never was a state */
	CHECK_STATES,
};

struct check {
	enum check_state state;
	size_t serial; /* of the last transaction that is in the file */
	char text[256];
};

/*
 * Reads the file with SQL of its own (the store may have it open). It has to be the
 * state after some transaction of low to high: all up to `low` are durable, none after
 * `high` was begun.
 */
void check_file(const char *path, const struct model *m, size_t low, size_t high,
    struct check *out);

/* The bounds for a cut after `at` operations of the log. */
void check_bounds(const struct model *m, size_t at, size_t *low, size_t *high);

#endif
