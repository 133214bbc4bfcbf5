/*
 * follow_internal.h - what follow.c (reading), follow_commit.c (storing) and import.c
 * (places from elsewhere) share.
 */
#ifndef BOUNCEFEED_FOLLOW_INTERNAL_H
#define BOUNCEFEED_FOLLOW_INTERNAL_H

#include "app/bad.h"
#include "app/extract.h"
#include "app/follow.h"
#include "app/stream.h"

/* What follow keeps for an open file. */
struct reading {
	struct stream *stream;
	bool paused; /* it has bytes that on_event did not want yet */
};

struct follow {
	const struct follow_env *env;
	const struct config_source *conf;
	struct source *source;
	struct zone *zone;
	struct track *track;
	struct event_pair *labels;
	struct slice *fbl_headers;
	struct extract extract;
	struct stream_env stream;
	struct bad_log bad;
	char *chunk; /* LIMIT_READ bytes */
	int64_t now_ms;
	uint64_t turn;  /* of reading in order, see source_file.failed_turn */
	uint64_t round; /* ... side by side, see source_file.round */
	int64_t scanned_ns, stored_scan_ns;
	int64_t next_scan_ms, next_look_ms;
	bool asked;                        /* for a scan, which is not made ... */
	int64_t rested_ms;                 /* ... before this */
	int64_t event_ms, stored_event_ms; /* wall clock of the last event */
	bool failing; /* the last scan failed, and that was logged */
	/* follow_forget.c */
	int64_t forget_ms; /* when old files are looked for next */
	bool forgetting;   /* the commit under way forgets some */
	bool crowded;      /* ... because there are too many ... */
	bool told_crowded; /* ... and that was logged */
	size_t counted;    /* files that were known when the gone ones were counted */
	/* follow_silent.c; the wall clock */
	int64_t started_ms;
	int64_t heard_ms; /* the last writing, by the files */
	int64_t silent_since_ms;
	bool silent; /* nothing was written for silent_after, and that was logged */
	bool
	    looked; /* the files were looked at since follow_listen() was last called */
	bool unseen; /* a path cannot be looked at, and that was logged */
};

/* What the stream has done with, noted for the next commit. 0 or -ENOMEM. */
int follow_note_place(struct source_file *s, const struct stream *stream);

/* --- follow_silent.c: silent_after. Due: the files are looked at once more, then it is
 * told; INT64_MAX: never. */
bool follow_silence_due(const struct follow *f);
int64_t follow_silence_deadline(const struct follow *f, int64_t now_ms);

/* --- follow_forget.c: within the transaction, and after it */
int follow_forget_put(struct follow *f, struct err *e);
void follow_forgotten(struct follow *f);

#endif
