/*
 * extract.h - what a source's configuration takes out of its records: metadata, VERP,
 * further columns.
 */
#ifndef BOUNCEFEED_EXTRACT_H
#define BOUNCEFEED_EXTRACT_H

#include "app/config.h"
#include "app/stream.h"

struct metadata;
struct verp;

struct extract {
	struct metadata *metadata;
	struct verp *verp;
	struct slice *extra;
};

/* Fills in what the stream and its parser are told of it; both have to live as long as
 * env. 0 or -errno; free it in any case. */
int extract_init(struct extract *x, const struct config *c,
    const struct config_source *s, struct stream_env *env, struct err *e);
void extract_free(struct extract *x);

#endif
