/*
 * sincedb.h - a line of the file in which Logstash's file input keeps its positions.
 */
#ifndef BOUNCEFEED_SINCEDB_H
#define BOUNCEFEED_SINCEDB_H

#include "base/base.h"

struct sincedb_entry {
	uint64_t inode, major, minor;
	uint64_t offset;   /* all before it was read */
	int64_t at_ms;     /* when the position last moved; 0: the line does not say */
	struct slice path; /* of the line; empty: it does not say */
};

/* One line without its LF. NULL and *out, or what is wrong with it. */
const char *sincedb_read(struct slice line, struct sincedb_entry *out);

/* Are the entry's numbers those of this st_dev? */
bool sincedb_is_on(const struct sincedb_entry *e, uint64_t dev);

#endif
