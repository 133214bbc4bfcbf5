/*
 * parked.h - the WAL while somebody reads and does not end.
 */
#ifndef BOUNCEFEED_POWER_PARKED_H
#define BOUNCEFEED_POWER_PARKED_H

#include <stdbool.h>

/* Tells what it measured; false with what is wrong. */
bool parked_reader(void);

#endif
