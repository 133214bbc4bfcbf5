/*
 * workload.h - one run of the program as the state file sees it.
 */
#ifndef BOUNCEFEED_POWER_WORKLOAD_H
#define BOUNCEFEED_POWER_WORKLOAD_H

#include "log.h"
#include "model.h"

/* Opens the state file at `path` (or makes it), goes on from the model's last
 * transaction, closes it at the end or leaves it at once, as the seed says. Everything
 * is recorded in the log. Dies where the store fails, unless syncs are to fail (one in
 * fail_sync): then it tries again, as the daemon does. */
struct workload {
	const char *path;
	uint64_t seed;
	unsigned steps;
	unsigned fail_sync; /* 0: none */
};

void workload_run(const struct workload *w, struct model *m, struct log *l);

#endif
