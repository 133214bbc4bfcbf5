/*
 * wake.h - the daemon hears that a command wrote into the state file.
 */
#ifndef BOUNCEFEED_WAKE_H
#define BOUNCEFEED_WAKE_H

#include "base/base.h"

/* An fd that can be read when somebody called store_wake(); -errno. */
int wake_open(const char *state_path, struct err *e);

/* Takes what there is to read. */
void wake_take(int fd);

#endif
