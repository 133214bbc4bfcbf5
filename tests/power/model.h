/*
 * model.h - what the state file has to hold: transactions and what each added, removed.
 *
 * Events are numbered per file, from 1. Event n is in some batch, dead or gone exactly
 * where the file's offset is n or more: offsets are stored as numbers of events. The
 * whole of a state is known from the number of its last transaction, and each
 * transaction stores its number.
 */
#ifndef BOUNCEFEED_POWER_MODEL_H
#define BOUNCEFEED_POWER_MODEL_H

#include "base/base.h"

enum { MODEL_FILES = 2, MODEL_DELETES = 8, MODEL_KEY = 32 };

#define MODEL_NEVER SIZE_MAX

/* A batch (events first to last of a file) or a dead letter (one event). */
struct item {
	bool dead;
	unsigned file;
	uint64_t first;
	uint64_t last;
	size_t born;   /* the transaction that added it */
	size_t gone;   /* that removed it, or MODEL_NEVER */
	size_t parent; /* the item that it is a half of, or MODEL_NEVER */
	uint64_t hash; /* of a batch's events, and their bytes */
	uint64_t bytes;
	int64_t id; /* what the store called it */
	int64_t place;
};

struct tx {
	bool durable;
	size_t put; /* items put to end - 1 are added */
	size_t end;
	size_t del[MODEL_DELETES]; /* items removed */
	size_t ndel;
	uint64_t offset[MODEL_FILES]; /* after it */
	/* in the log: where its commit first began and where it had returned without an
	 * error; MODEL_NEVER: it did not come to that */
	size_t committing;
	size_t returned;
};

struct model {
	uint64_t seed;
	struct item *item;
	size_t nitems;
	size_t item_cap;
	struct tx *tx; /* tx[0] is the empty state */
	size_t ntx;
	size_t tx_cap;
};

void model_init(struct model *m, uint64_t seed);
void model_copy(struct model *to, const struct model *from);
void model_free(struct model *m);

/* Back to the state after transaction j, as if the later ones had never been; all that
 * is left was done before the log began. */
void model_cut(struct model *m, size_t j);

/* Adds a transaction with nothing in it: its number. What is added and removed from now
 * on is of it. */
size_t model_tx(struct model *m, bool durable);
struct item *model_put(struct model *m, const struct item *i);
void model_delete(struct model *m, size_t item);

/* true: the item is part of the state after transaction j. */
bool model_holds(const struct model *m, size_t item, size_t j);

/* Items that are there after the last transaction, oldest first: the next one from
 * `from` on, batches only; nitems where there is none. */
size_t model_next(const struct model *m, size_t from);

/* Appends the events first to last, each with its LF: {"id":"F-NNNNNNNN",... */
void model_events(const struct model *m, unsigned file, uint64_t first, uint64_t last,
    struct buf *out);

/* The event that a line is, by its id. */
bool model_parse(struct slice line, unsigned *file, uint64_t *n);

/* A batch's key is its item's number in digits. */
void model_key(size_t item, char out[MODEL_KEY + 1]);

#endif
