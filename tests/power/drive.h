/*
 * drive.h - the store as these tests use it: all calls of store.h are in drive.c.
 */
#ifndef BOUNCEFEED_POWER_DRIVE_H
#define BOUNCEFEED_POWER_DRIVE_H

#include "model.h"

struct drive;

/* As store_open(STORE_OWN). */
int drive_open(const char *path, struct drive **out, struct err *e);
void drive_close(struct drive *d); /* takes NULL */

/* The place in the log is asked of here; NULL: there is no log. */
void drive_log(struct drive *d, const size_t *at);

/*
 * Does transaction t of the model and stores t with it; 0 or -errno, and rolled back.
 * Notes in the model what the store called the new items and where in the log it was.
 */
int drive_tx(struct drive *d, struct model *m, size_t t, struct err *e);

bool drive_checkpoint(struct drive *d, bool idle);
/* Checkpoints at rest until there is nothing more to give back; false: no end of it. */
bool drive_rest(struct drive *d);
uint64_t drive_used(struct drive *d);

/* The oldest batch of the queue: its key and the hash of its events; -ENOENT: none. */
int drive_first(
    struct drive *d, char key[MODEL_KEY + 1], uint64_t *hash, struct err *e);

/* A batch more, on a state that the model has no part in. */
int drive_probe(struct drive *d, struct err *e);

/* The number of the last transaction, as stored; 0: none yet. */
int64_t drive_serial(struct drive *d);

#endif
