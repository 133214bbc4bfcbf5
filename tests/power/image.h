/*
 * image.h - the disk as a power cut could leave it.
 */
#ifndef BOUNCEFEED_POWER_IMAGE_H
#define BOUNCEFEED_POWER_IMAGE_H

#include "log.h"

/* What is on the disk for sure at a place of the log, and what may be. */
struct disk;

struct disk *disk_new(const struct log *l); /* before the first operation */
void disk_free(struct disk *d);

/* To the moment when the operations before `at` are done; never back. */
void disk_advance(struct disk *d, size_t at);

/* Writes one of the disks that a cut at this moment could leave: which one depends on
 * the seed. `path` is where its database goes, in an empty directory. */
void disk_image(const struct disk *d, uint64_t seed, const char *path);

#endif
