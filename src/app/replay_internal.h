/*
 * replay_internal.h - what the files of `replay --deliver` share: replay_open.c (made
 * ready), replay_deliver.c (events and commits), replay_wait.c (room, delivery,
 * --wait).
 */
#ifndef BOUNCEFEED_REPLAY_INTERNAL_H
#define BOUNCEFEED_REPLAY_INTERNAL_H

#include "app/deliver.h"
#include "app/replay_deliver.h"
#include "app/replay_place.h"
#include "app/select.h"
#include "app/spool.h"

/* Each output has a spool of its own: places of the same file may differ, and a
 * transaction takes the batches of one output with its place. */
struct replay_output {
	const struct config_output *conf;
	struct config config; /* as configured, but this is the only output */
	struct spool *spool;
	struct select *select;
	struct replay_place place;  /* in the file at hand: committed up to here */
	struct replay_place stored; /* what the state file said last */
	uint64_t open;              /* events in spool */
	uint64_t put;               /* events committed */
	int64_t last; /* --wait: the last batch's place in the queue; 0: delivered */
	bool held;    /* as stored, at the last look */
};

struct replay_deliver {
	struct replay *replay;
	struct config config; /* as configured, but only with the outputs that count */
	struct replay_options o;
	struct replay_output *output;
	size_t n;
	struct store *store;
	struct output_http *http;
	struct deliver *deliver; /* NULL: beside a daemon, which does it */
	int stop_fd;             /* can be read when the end was asked for */
	/* the file at hand */
	bool placed; /* it has places */
	struct file_key key;
	uint64_t record; /* where the record at hand begins */
	uint64_t taken;  /* events of it that were taken */
	bool at_end;     /* its last record is fed, which may lack a line end */
	bool beyond;     /* ... and was more than one */
	struct replay_place rest; /* where that begins */
	uint64_t before;          /* events that were replayed before, of all files */
	int64_t commit_ms;
	int64_t wake_ms;
	bool unwoken; /* the daemon has not heard of the last commit */
	bool told_full;
	bool told_store;
	/* for giving up: since when nothing moves, all that is left is held */
	uint64_t accepted;
	int64_t moved_ms, held_ms;
	int code;
};

/* --- replay_open.c -------------------------------------------------------------------
 */

/* SIGTERM and SIGINT make the fd readable; a second one kills. -errno. */
int replay_catch_signals(struct err *e);

/* --- replay_deliver.c ----------------------------------------------------------------
 */

/* Tells, notes the exit code: -ECANCELED. */
int replay_cancel(struct replay_deliver *d, int code, const char *text);

/* --- replay_wait.c -------------------------------------------------------------------
 */

/* Waits, and delivers while it does where that is ours. true: the fd (-1: none) can be
 * read. */
bool replay_pause(struct replay_deliver *d, int fd, int64_t ms);

/* A turn of delivery where that is ours, and one wait that anything ends. true: the fd
 * can be read. */
bool replay_step(struct replay_deliver *d, int fd, int64_t ms);

/* What goes wrong with the state file while there is nothing to lose: told once, and
 * again when it has worked in between. */
void replay_tell_store(struct replay_deliver *d, int rc, const struct err *e);

/* After a commit that took so long: the daemon hears of it and gets its turn, or our
 * own delivery goes on. */
void replay_rest(struct replay_deliver *d, int64_t took_ms);

void replay_wake(struct replay_deliver *d); /* the daemon, now */

/* Our own delivery gets nowhere, since d->moved_ms. */
bool replay_stalled(struct replay_deliver *d);

/* Until the spool has room: 0, -EINTR, -ECANCELED. */
int replay_room(struct replay_deliver *d);

#endif
