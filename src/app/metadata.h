/*
 * metadata.h - what `metadata:` of a source takes out of its events.
 */
#ifndef BOUNCEFEED_METADATA_H
#define BOUNCEFEED_METADATA_H

#include "app/config.h"
#include "event/event.h"

struct metadata;

/* 0 and *out, NULL where the list is empty; or -errno. Borrows the list's texts. */
int metadata_new(
    const struct config_metadata_list *list, struct metadata **out, struct err *e);
void metadata_free(struct metadata *m); /* takes NULL */

/* Sets ev->metadata: the pairs that have a value, good until the next call. */
void metadata_find(struct metadata *m, struct event *ev);

/* The columns that it looks at by their own names, for the parser. */
const struct slice *metadata_columns(const struct metadata *m, size_t *n);

/* Is `from` a key of events that metadata can look at? The i-th from 0 of those that
 * have fixed names; NULL after the last. */
bool metadata_is_key(const char *from);
const char *metadata_key(size_t i);

#endif
