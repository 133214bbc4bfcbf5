/*
 * status_internal.h - what the files that read the status share: status_read.c (all of
 * it), status_source.c (a source's files), status_unread.c (how old what is unread is).
 */
#ifndef BOUNCEFEED_STATUS_INTERNAL_H
#define BOUNCEFEED_STATUS_INTERNAL_H

#include "app/status.h"

/* The bytes are kept until status_free(), with a NUL behind them. 0 or -ENOMEM, which
 * is noted. */
int status_keep(struct status *s, struct slice *text);

/* Room for one more, zero, at the end; NULL: no memory. */
void *status_grow(struct status *s, void **array, size_t *n, size_t size);

/* What lies under path and archive, what the state file knows of it, whether it is
 * silent. `known`: the state file knows the source. 0 or the state file's -errno. */
int status_read_files(struct status *s, struct store *st, struct status_source *o,
    const struct config_source *c, bool known, struct err *e);

/* Sets lag, if it is none, and waits_ms of the files that are behind. */
void status_read_unread(
    struct status *s, struct status_source *o, const struct config_source *c);

#endif
