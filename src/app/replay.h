/*
 * replay.h - what the files of `bouncefeed replay` share: cmd_replay.c (options, all
 * files), replay_read.c (one file to events), replay_print.c (events to stdout), and
 * those of --deliver: replay_deliver.c (events to the spool), replay_place.c (how far a
 * file was replayed), replay_wait.c (until delivered).
 */
#ifndef BOUNCEFEED_REPLAY_H
#define BOUNCEFEED_REPLAY_H

#include "app/filter.h"
#include "app/reader.h"
#include "app/stream.h"

struct replay_deliver;

struct replay {
	struct stream_env env;
	struct filter filter;
	struct buf
	    narrowed; /* the filter's options as text: what tells replays apart */
	const char *since, *until;
	struct reader **ahead; /* inputs opened in advance, nahead of them, or NULL */
	size_t nahead;
	struct replay_deliver *deliver; /* --deliver; NULL: to stdout */
	struct buf out;                 /* for stdout */
	bool closed;                    /* stdout takes no more */
	bool ended;                     /* no further file is read */
	bool strict;
	bool shows_progress;
	uint64_t files, events, skipped, bad;
	int code;
};

/* --- replay_read.c -------------------------------------------------------------------
 */

/* The number i of the files that were asked for. What fails is told, in r->code. */
void replay_read_file(struct replay *r, size_t i, const char *path);

/* Root may read what the owner of the state file may not: opens regular files before
 * root becomes that user. */
void replay_read_ahead(struct replay *r, size_t n, char **paths);

/* Tells of it, and sets r->code where that says nothing yet. */
void replay_fault(struct replay *r, int code, const char *text);

/* What gives no event by its kind: stream_env.on_skip. */
void replay_skip(void *arg);

/* What is no record: stream_env.on_bad. */
void replay_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why);

/* --- replay_print.c ------------------------------------------------------------------
 */

int replay_print_event(void *arg, const struct event *ev); /* stream_env.on_event */
int replay_print_flush(struct replay *r); /* 0; -EPIPE: stdout takes no more */
void replay_print_init(struct replay *r);
void replay_print_summary(const struct replay *r);

#endif
