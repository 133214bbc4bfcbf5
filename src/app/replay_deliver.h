/*
 * replay_deliver.h - `replay --deliver`: what the outputs select goes into the spool.
 *
 * Beside a daemon it is spooled and the daemon woken; without one the replay has the
 * lock and delivers itself, whenever it waits. The functions below answer 0; -EINTR
 * where SIGTERM or SIGINT asks for the end; -ECANCELED where the state file or a spool
 * without room ends it, which was told; or another -errno with the text.
 */
#ifndef BOUNCEFEED_REPLAY_DELIVER_H
#define BOUNCEFEED_REPLAY_DELIVER_H

#include "app/config.h"
#include "app/reader.h"
#include "app/replay.h"
#include "app/stream.h"

struct replay_options {
	const char *output; /* --output; NULL: all */
	bool wait;
	bool again;
};

/* Opens the state file. 0 with r->deliver set, or the exit code after telling why. r
 * and c outlive it. */
int replay_deliver_open(
    struct replay *r, const struct config *c, const struct replay_options *o);
void replay_deliver_close(struct replay_deliver *d); /* takes NULL */

int replay_deliver_event(void *arg, const struct event *ev); /* stream_env.on_event */

/* A file begins: its places are looked up. */
int replay_deliver_begin(
    struct replay_deliver *d, struct reader *in, const char *path, struct err *e);
/* Before a read: waits for an input that has nothing to read now. */
int replay_deliver_input(
    struct replay_deliver *d, const struct stream *s, const struct reader *in);
/* Before the stream is told that the file ends. */
void replay_deliver_last(struct replay_deliver *d, const struct stream *s);
/* After a chunk. */
int replay_deliver_turn(struct replay_deliver *d, const struct stream *s);
/* An output can take no more: commits, waits for room. */
int replay_deliver_full(struct replay_deliver *d, const struct stream *s);
/* All that was read of the file is committed. */
int replay_deliver_end(struct replay_deliver *d, const struct stream *s);

/* Says how far it came. */
void replay_deliver_stopped(
    const struct replay_deliver *d, const struct stream *s, const char *path);

/* After the last file: wakes the daemon and waits if asked to, or delivers. The exit
 * code. */
int replay_deliver_finish(struct replay_deliver *d);
void replay_deliver_summary(struct replay_deliver *d);

/* SIGTERM or SIGINT came. */
bool replay_asked_to_stop(void);

#endif
