/*
 * daemon_room.c - the bounds of the spool, and what commands wrote beside the daemon.
 */
#include "app/daemon_internal.h"
#include "app/app.h"
#include "app/room.h"

#include <errno.h>
#include <string.h>

enum {
	WAKE_BUSY_MS = 20,
	TELL_MS = 10 * 1000, /* between two words about it */
	ROOM_MS = 100,       /* between two looks at the room while there is some */
	DEAD_MS = 60 * 1000, /* between two looks for dead letters past their age */
	DEAD_MAX = 100,      /* of them at a time */
};

void
daemon_check_room(struct daemon *d, int64_t now_ms)
{
	const char *why;

	if (!d->full && now_ms - d->room_ms < ROOM_MS)
		return;
	d->room_ms = now_ms;
	bool full = !room_left(d->env.store, d->config, &why);
	/* filled as fast as it is emptied it goes to and fro: told now and then */
	bool quiet = d->full_ms != 0 && now_ms - d->full_ms < TELL_MS;
	if (full && !d->told_full && !quiet) {
		log_event(LOG_LEVEL_ERR, "spool-full", "limit", why, "state",
		    d->config->state_path, LOG_END);
		d->told_full = true;
		d->full_ms = now_ms;
	} else if (!full && d->told_full) {
		log_event(LOG_LEVEL_INFO, "spool-has-room", "state",
		    d->config->state_path, LOG_END);
		d->told_full = false;
	}
	d->full = full;
	d->tight = full && !strcmp(why, "state.max_size");
}

/* --- what commands ask
 * ------------------------------------------------------------------
 */

static void
on_request(void *arg, struct slice what, struct slice output)
{
	struct daemon *d = arg;

	if (slice_eq(what, SLICE("retry")))
		deliver_hurry(d->deliver, output, clock_ms());
}

void
daemon_take_wake(struct daemon *d, int64_t now_ms, bool hint)
{
	struct err e = { 0 };
	int64_t every = d->wake < 0 ? DAEMON_ASK_MS : SOURCE_RESCAN_MS;

	/* the hint may be lost: the safety rescan looks, too */
	if (hint || (now_ms - d->wake_ms >= every && store_changed(d->env.store)))
		d->wake_pending = true;
	if (now_ms - d->wake_ms >= every)
		d->wake_ms = now_ms;
	if (!d->wake_pending || now_ms < d->wake_again_ms)
		return;
	int rc = store_requests_take(d->env.store, on_request, d, &e);
	if (rc >= 0)
		rc = deliver_recount(d->deliver, now_ms, &e);
	d->wake_pending = rc < 0;
	d->wake_again_ms = rc == -EBUSY ? now_ms + WAKE_BUSY_MS
					: now_ms + DAEMON_RETRY_MS;
	if (rc >= 0)
		d->wake_again_ms = 0;
	else if (rc != -EBUSY)
		log_event(LOG_LEVEL_ERR, "state-file", "error", e.text, LOG_END);
}

/* Dead letters past dead.max_age. */
void
daemon_expire_dead(struct daemon *d, int64_t now_ms)
{
	uint64_t max = d->config->dead_max_age, n = DEAD_MAX;
	struct store *st = d->env.store;
	struct err e;

	if (max == 0 || (d->dead_ms != 0 && now_ms - d->dead_ms < DEAD_MS))
		return;
	d->dead_ms = now_ms;
	while (n == DEAD_MAX && store_begin(st, STORE_LAZY, &e) == 0) {
		if (store_dead_expire(
			st, clock_wall_ms() - (int64_t)max, DEAD_MAX, &n, &e) < 0) {
			store_rollback(st);
			return; /* the next commit tells what is wrong */
		}
		if (store_commit(st, &e) < 0)
			return;
		if (n > 0)
			log_event(LOG_LEVEL_INFO, "dead-letters-expired", "events",
			    log_number((int64_t)n), LOG_END);
	}
}
