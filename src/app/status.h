/*
 * status.h - what `bouncefeed status` knows, read once, and the forms that it shows.
 */
#ifndef BOUNCEFEED_STATUS_H
#define BOUNCEFEED_STATUS_H

#include "app/config.h"
#include "event/event.h"
#include "store/store.h"

enum status_file_is {
	STATUS_FILE_NEW,     /* the daemon has not looked at it yet */
	STATUS_FILE_KNOWN,   /* it has a place in the state file */
	STATUS_FILE_IGNORED, /* history, a copy of a known file, or ignore_older */
};

/* A file that lies under path or archive. */
struct status_file {
	struct slice path;
	enum status_file_is is;
	uint64_t dev, ino;
	bool has_key;
	struct file_key key;
	uint64_t offset,
	    size;         /* plain bytes, but for a packed file that is not known */
	uint64_t lag;     /* bytes that are not read yet and are to be */
	int64_t waits_ms; /* ... how old the first record of them is */
	int64_t mtime_ms;
	bool live; /* under path */
	bool packed;
	int error; /* why it cannot be read: errno */
	/* while it is read */
	uint64_t skip;
	int64_t start_ms;
	struct slice header;
};

enum { STATUS_KEY_BYTES = 8 }; /* of a file key: those that are shown, as hex */

/* Events by type and class. */
typedef uint64_t status_counts[EVENT_TYPE_COUNT][EVENT_CLASS_COUNT];

struct status_source {
	struct slice name;
	bool configured;
	struct store_source stored; /* zero: the state file has not heard of it */
	struct status_file *file;   /* what matters most comes first */
	size_t nfiles, nignored, nunreadable;
	int list_error;   /* why they cannot be listed: errno */
	uint64_t lag;     /* of all files */
	int64_t waits_ms; /* ... the oldest of their unread records */
	int64_t heard_ms; /* when it was last written to; 0: nobody knows */
	bool silent;      /* ... and that is longer ago than silent_after */
	status_counts minute, hour, day;
	double per_second_minute, per_second_hour; /* events */
};

struct status_output {
	bool configured;
	struct store_output stored; /* as above, but always with name and state */
	int64_t next_ms;            /* what is set apart: the next try; 0: none */
};

struct status {
	const struct config *config;
	int64_t now_ms;
	int64_t started_ms; /* of the daemon that ran last; 0: none ever did */
	long pid;           /* of the daemon; 0: none, -1: there is one, maybe */
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
