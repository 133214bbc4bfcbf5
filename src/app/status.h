/*
 * status.h - what `bouncefeed status` knows, read once, and the forms that it shows.
 */
#ifndef BOUNCEFEED_STATUS_H
#define BOUNCEFEED_STATUS_H

#include "app/config.h"
#include "event/event.h"
#include "store/store.h"

struct status_file {
	struct slice path;
	uint64_t offset, size;
	uint64_t lag; /* bytes that are not read yet */
};

/* Events by type and class. */
typedef uint64_t status_counts[EVENT_TYPE_COUNT][EVENT_CLASS_COUNT];

struct status_source {
	struct slice name;
	bool configured;
	struct store_source stored; /* zero: the state file has not heard of it */
	struct status_file *file;   /* those that are where they were last seen */
	size_t nfiles;
	uint64_t lag; /* of all files */
	status_counts hour, day;
};

struct status_output {
	bool configured;
	struct store_output stored; /* as above, but always with name and state */
	int64_t next_ms;            /* what is set apart: the next try; 0: none */
};

struct status {
	const struct config *config;
	int64_t now_ms;
	long pid; /* of the daemon; 0: none, -1: there is one, maybe */
	uint64_t bytes;
	const char *full;             /* what bounds it; NULL: there is room */
	struct status_source *source; /* the configured ones first */
	size_t nsources;
	struct status_output *output;
	size_t noutputs;
	struct err trouble; /* code 0: all could be read */
	struct status_text *texts;
};

/* Reads what can be read. What cannot is in s->trouble: -ENOENT no state file yet,
 * -EBADMSG damaged or newer, or another -errno. */
void status_read(struct status *s, const struct config *c);
void status_free(struct status *s);

/* How old the lag is; false: nobody knows. */
bool status_lag_seconds(
    const struct status *s, const struct status_source *o, int64_t *out);

/* What stands apart: events refused alone, events that only fail, batches whose bytes
 * are not what was stored. */
struct status_apart {
	uint64_t suspects, aside, damaged;
};

struct status_apart status_apart(const struct status_output *o);

void status_text(const struct status *s, struct buf *out);
void status_json(const struct status *s, struct buf *out);

/* One line as Nagios plugins have it; answers 0 ok, 1 warning, 2 critical, 3 unknown.
 * notes: of the configuration, one a line. */
int status_check(const struct status *s, struct slice notes, struct buf *out);

#endif
