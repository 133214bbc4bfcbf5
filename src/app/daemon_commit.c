/*
 * daemon_commit.c - batches and the places they came from, in one transaction.
 *
 * While it fails (a full disk), nothing more is read, the last good state stays, and it
 * is tried each second.
 */
#include "app/daemon_internal.h"
#include "app/app.h"

#include <errno.h>

enum {
	BUSY_MS = 20,
	BUSY_MAX = 100, /* tries in a row until it is a fault */
};

bool
daemon_dirty(const struct daemon *d)
{
	for (size_t i = 0; i < d->nfollows; i++) {
		if (follow_dirty(d->follow[i]))
			return true;
	}
	return false;
}

static int
put_all(struct daemon *d, struct err *e)
{
	struct store *st = d->env.store;
	int rc = spool_put(d->env.spool, st, deliver_waiting(d->deliver), e);

	if (rc == 0)
		rc = tally_put(d->env.tally, st, e);
	for (size_t i = 0; rc == 0 && i < d->nfollows; i++)
		rc = follow_put(d->follow[i], e);
	for (size_t i = 0; rc == 0 && i < d->config->noutputs; i++)
		rc = store_output_count(
		    st, slice_of(d->config->output[i].name), 0, 0, e);
	return rc;
}

static void
commit_failed(struct daemon *d, int64_t now_ms, int rc, const struct err *e)
{
	/* a command's transaction is over in an instant */
	bool soon = rc == -EBUSY && ++d->busy < BUSY_MAX;

	if (!soon && !d->told_stuck) {
		log_event(LOG_LEVEL_ERR, "commit-failed", "error", e->text, LOG_END);
		d->told_stuck = true;
	}
	d->stuck = true;
	d->retry_ms = now_ms + (soon ? BUSY_MS : DAEMON_RETRY_MS);
}

void
daemon_commit(struct daemon *d, int64_t now_ms)
{
	struct err e = { 0 };
	int rc = store_begin(d->env.store, STORE_DURABLE, &e);

	if (rc == 0 && (rc = put_all(d, &e)) < 0)
		store_rollback(d->env.store);
	if (rc == 0)
		rc = store_commit(d->env.store, &e);
	if (rc < 0) {
		commit_failed(d, now_ms, rc, &e);
		return;
	}
	if (d->told_stuck)
		log_event(LOG_LEVEL_INFO, "commit-works-again", LOG_END);
	d->stuck = d->told_stuck = false;
	d->busy = 0;
	d->dirty_ms = 0;
	if (!spool_empty(d->env.spool))
		deliver_wake(d->deliver);
	spool_committed(d->env.spool);
	tally_committed(d->env.tally);
	for (size_t i = 0; i < d->nfollows; i++)
		follow_committed(d->follow[i]);
}

void
daemon_commit_if_due(struct daemon *d, int64_t now_ms, bool dry)
{
	if (d->stuck && now_ms < d->retry_ms)
		return;
	if (d->dirty_ms == 0 && daemon_dirty(d))
		d->dirty_ms = now_ms;
	bool urgent = false;
	for (size_t i = 0; i < d->nfollows; i++)
		urgent |= follow_urgent(d->follow[i]);
	bool places = d->dirty_ms != 0 && now_ms - d->dirty_ms >= DAEMON_PLACES_MS;
	if (d->stuck || urgent || places || spool_due(d->env.spool, now_ms, dry))
		daemon_commit(d, now_ms);
}
