/*
 * import.h - the positions of Logstash, taken over into the state file.
 *
 * A position is that of a file which is on disk now and belongs to a configured source.
 * A source of which one is found is then known to the state file: files that the
 * sincedb does not name are judged here as the first look would judge them, and not
 * again.
 */
#ifndef BOUNCEFEED_IMPORT_H
#define BOUNCEFEED_IMPORT_H

#include "app/follow.h"
#include "app/sincedb.h"

enum import_outcome {
	IMPORT_BAD, /* the line is not understood: import_line.why */
	IMPORT_TAKEN,
	IMPORT_NO_FILE,   /* no file of the sources has this inode */
	IMPORT_TWO_FILES, /* which one cannot be told */
	IMPORT_TWO_LINES, /* another line tells better of the file: import_line.other */
	IMPORT_KNOWN,     /* the state file has the source's own positions */
	IMPORT_PACKED,
	IMPORT_REUSED,   /* the file is younger than the position */
	IMPORT_SHORTER,  /* ... and shorter: it was truncated */
	IMPORT_DOUBTFUL, /* another device, or a line without end; and no line of the
			    file ends at the offset */
	IMPORT_OUTCOMES
};

struct import_line {
	unsigned number; /* from 1 */
	bool unended;    /* without LF: it may have been cut off */
	enum import_outcome is;
	const char *why;
	struct sincedb_entry entry;
	bool other_device; /* the file is found by its inode alone */
	const struct import_file *file;
	unsigned other;
	uint64_t at; /* TAKEN: the beginning of the record in which the offset lies */
};

/* A file of a source that the sincedb does not name, or not usefully. */
enum import_rest {
	IMPORT_REST_NONE,  /* named; or of the archive, and history */
	IMPORT_REST_NEW,   /* is read from its beginning */
	IMPORT_REST_START, /* was there before: as `start` says */
};

struct import_file {
	struct source_file *s;
	size_t source; /* index in the configuration */
	struct import_line *line;
	enum import_rest rest;
};

struct import_source {
	struct follow *follow;
	bool known; /* to the state file, and not forced */
	bool named; /* a file of it is in the sincedb */
};

struct import {
	/* the caller's */
	const struct follow_env *env; /* without spool and tally */
	bool force;                   /* known sources, too */
	struct import_line *line;
	size_t nlines;
	int64_t written_ns; /* when the sincedb was */
	/* made here */
	struct import_source *source; /* as configured */
	struct import_file *file;     /* of all sources, by inode */
	size_t nfiles;
};

/* Reads the lines of a sincedb into line[0..cap): their number. */
size_t import_read(struct slice text, struct import_line *line, size_t cap);

/* Takes over what can be, in one transaction. 0, or -errno with *e: nothing was. */
int import_run(struct import *im, struct err *e);
void import_free(struct import *im); /* what was made here */

#endif
