/*
 * daemon.h - the loop that reads, commits and delivers.
 */
#ifndef BOUNCEFEED_DAEMON_H
#define BOUNCEFEED_DAEMON_H

#include "app/config.h"
#include "store/store.h"

/* Runs until SIGTERM or SIGINT. The store stays the caller's. An exit code; *e says why
 * it is not 0. */
int daemon_run(const struct config *c, struct store *st, struct err *e);

#endif
