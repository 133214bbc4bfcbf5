/*
 * replay_wait.c - whenever `replay --deliver` waits: for an input, for room in the
 * spool, for the daemon. Without one every wait is a turn of delivery, too.
 */
#include "app/app.h"
#include "app/replay_internal.h"
#include "app/room.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	REST_MS = 2, /* at least, after a commit beside the daemon, which writes, too */
	REST_MAX_MS = 100,
	WAL_BYTES = 16 << 20, /* from here on the daemon gets time to begin it anew */
	WAKE_MS = 50,         /* between two wakings of it */
	PACE_MS = 5,          /* reading waits so long for our own delivery */
	ROOM_MS = 100,        /* between two looks for room */
	HELD_MS = 2000,       /* held, and nothing accepted: given up */
	NOTHING_MS = 10 * 60 * 1000, /* without anything accepted: given up */
};

/* --- one wait ------------------------------------------------------------------------
 */

void
replay_tell_store(struct replay_deliver *d, int rc, const struct err *e)
{
	if (rc < 0 && !d->told_store)
		(void)fprintf(stderr, "bouncefeed replay: %s\n", e->text);
	d->told_store = rc < 0;
}

bool
replay_step(struct replay_deliver *d, int fd, int64_t ms)
{
	int fds[2] = { fd, d->stop_fd };
	bool ready[2] = { false, false };
	size_t skip = fd < 0, n = replay_asked_to_stop() ? 1 : 2;
	struct err e = { 0 };

	if (d->deliver) {
		int64_t now = clock_ms();
		replay_tell_store(d, deliver_turn(d->deliver, now, &e), &e);
		(void)store_checkpoint(d->store, false);
		int64_t until = deliver_deadline(d->deliver, now);
		if (until - now < ms)
			ms = until > now ? until - now : 0;
	}
	(void)output_wait(d->http, fds + skip, ready + skip, n - skip, (int)ms);
	return ready[0];
}

bool
replay_pause(struct replay_deliver *d, int fd, int64_t ms)
{
	int64_t now = clock_ms(), end = now + ms;
	bool ready;

	do {
		ready = replay_step(d, fd, end - now);
		now = clock_ms();
	} while (!ready && now < end && !replay_asked_to_stop());
	return ready;
}

/* --- after a commit ------------------------------------------------------------------
 */

void
replay_wake(struct replay_deliver *d)
{
	struct err e = { 0 };

	replay_tell_store(d, store_wake(d->config.state_path, &e), &e);
	d->wake_ms = clock_ms();
	d->unwoken = false;
}

/* So that batches leave from memory and need not be read back: as the daemon does. */
static void
pace(struct replay_deliver *d)
{
	int64_t now = clock_ms(), end = now + PACE_MS;

	(void)replay_step(d, -1, 0);
	while (store_fresh(d->store) > LIMIT_COMMIT_BATCHES / 2 &&
	       deliver_busy(d->deliver) && now < end) {
		(void)replay_step(d, -1, end - now);
		now = clock_ms();
	}
}

/*
 * As long as the transaction took: the daemon, which waits for its turn by trying again
 * and again, must not be starved. And a WAL in which two write is only begun anew when
 * one of them is still for a while.
 */
static int64_t
rest_ms(const struct replay_deliver *d, int64_t took_ms)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof path, "%s-wal", d->config.state_path);
	bool large = n > 0 && (size_t)n < sizeof path && stat(path, &st) == 0 &&
		     st.st_size > WAL_BYTES;

	if (large || took_ms > REST_MAX_MS)
		return REST_MAX_MS;
	return took_ms > REST_MS ? took_ms : REST_MS;
}

void
replay_rest(struct replay_deliver *d, int64_t took_ms)
{
	if (d->deliver) {
		deliver_wake(d->deliver);
		pace(d);
		return;
	}
	d->unwoken = true;
	if (clock_ms() - d->wake_ms >= WAKE_MS)
		replay_wake(d);
	(void)replay_pause(d, -1, rest_ms(d, took_ms));
}

/* --- room ----------------------------------------------------------------------------
 */

bool
replay_stalled(struct replay_deliver *d)
{
	uint64_t accepted = deliver_accepted(d->deliver);
	int64_t now = clock_ms();

	if (accepted != d->accepted)
		d->moved_ms = now;
	d->accepted = accepted;
	return now - d->moved_ms >= NOTHING_MS ||
	       (deliver_held(d->deliver) && now - d->moved_ms >= HELD_MS);
}

/* Nobody will make room. */
static bool
is_hopeless(struct replay_deliver *d)
{
	return d->deliver ? replay_stalled(d) : store_holder(d->config.state_path) == 0;
}

int
replay_room(struct replay_deliver *d)
{
	const char *why;

	d->moved_ms = clock_ms();
	while (!room_left(d->store, &d->config, &why)) {
		if (replay_asked_to_stop())
			return -EINTR;
		if (d->unwoken)
			replay_wake(d);
		if (!d->told_full)
			(void)fprintf(stderr,
			    "bouncefeed replay: the spool is full: waiting for "
			    "delivery (%s)\n",
			    why);
		d->told_full = true;
		if (is_hopeless(d))
			return replay_cancel(d, EX_TEMPFAIL,
			    "the spool is full and nothing is delivered: run it again "
			    "to go on");
		(void)replay_pause(d, -1, ROOM_MS);
		if (d->deliver) /* what was delivered is given back at once */
			(void)store_checkpoint(d->store, true);
	}
	return 0;
}
