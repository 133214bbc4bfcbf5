/*
 * faulty.h - one run of the store in which calls of one kind fail.
 */
#ifndef BOUNCEFEED_POWER_FAULTY_H
#define BOUNCEFEED_POWER_FAULTY_H

#include "drive.h"
#include "vfs.h"

#include <limits.h>

/* What fails, and how. */
struct fault_kind {
	const char *name;
	enum vfs_op op;
	int code;
	int want;    /* the store's answer */
	size_t part; /* so many bytes are written nonetheless */
};

enum fault_after { AFTER_RETRY, AFTER_RESTART, AFTERS };

struct faulty {
	const struct fault_kind *kind;
	const char *steps;
	unsigned n;  /* the n-th call fails */
	bool sticky; /* and all after it */
	enum fault_after after;
	/* the fault */
	bool armed;
	unsigned calls;
	unsigned fired;
	/* the work */
	char path[PATH_MAX];
	unsigned places;
	struct drive *drive;
	struct model model;
	uint64_t random;
	/* what came of it */
	unsigned told; /* failures that the store's functions told, as they have to */
	bool failed;   /* and printed why */
};

/* Opens the store, and watches its files. */
void faulty_open(struct faulty *r);
/*
 * u, s, m, S: seal batches of one event, a few, more, many; a, A: one or three are
 * accepted; p: one in part; h: halves for one; d: a dead letter; c, C: checkpoint after
 * a commit and at rest; o: close and open; k: killed, goes on with a copy of the files.
 */
void faulty_step(struct faulty *r, char step);
/* Without the fault from here on: all of the model is there, also after a restart. */
void faulty_end(struct faulty *r);

/* The files of a state file that nobody writes to now. */
void faulty_copy(const char *from, const char *to);

#endif
