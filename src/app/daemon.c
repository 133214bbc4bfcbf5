/*
 * daemon.c - one loop: look, read, commit, deliver, wait.
 *
 * Reading and delivering share only the store.
 * With nothing to do the loop sleeps until an event or the safety rescan.
 */
#include "app/daemon_internal.h"
#include "app/app.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <systemd/sd-daemon.h>

enum {
	STOP_MS = 1500,   /* at the end: for answers on their way */
	TIDY_MS = 5000,   /* of rest before the state file is tidied up */
	SQUEEZE_MS = 200, /* between two tries to give room back */
	PACE_MS = 5,      /* reading waits so long for delivery, see pace() */
};

static int
open_signals(struct daemon *d, struct err *e)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	d->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return d->signals < 0 ? err_set(e, -errno, "signalfd: %s", strerror(errno)) : 0;
}

/* As many fds as are allowed: the soft limit is for programs that use select(). */
static void
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int
open_sources(struct daemon *d, struct err *e)
{
	const struct config *c = d->config;

	if (!(d->follow = calloc(c->nsources + 1, sizeof(struct follow *))))
		return err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; i < c->nsources; i++) {
		if (!(d->follow[i] = follow_new(&d->env, &c->source[i], e)))
			return e->code;
		d->nfollows++;
	}
	return 0;
}

static int
open_all(struct daemon *d, struct err *e)
{
	const struct config *c = d->config;
	struct follow_env *v = &d->env;

	v->config = c;
	v->host = slice_of(c->host);
	raise_limit();
	err_set(e, -ENOMEM, "no memory");
	if (!(v->hash = hash_new()) || !(v->classifier = config_classifier(c)) ||
	    !(v->spool = spool_new(c, v->host)) || !(v->tally = tally_new(c)) ||
	    !(d->http = output_http_new()))
		return e->code;
	if (!(v->watch = source_watch_new(e)))
		return e->code;
	if (!(d->deliver = deliver_new(c, v->store, d->http, e)))
		return e->code;
	int rc = daemon_open_wake(d, clock_ms(), e);
	if (rc == 0)
		rc = open_signals(d, e);
	return rc < 0 ? rc : open_sources(d, e);
}

static void
close_all(struct daemon *d)
{
	for (size_t i = 0; i < d->nfollows; i++)
		follow_free(d->follow[i]);
	free(d->follow);
	deliver_free(d->deliver);
	output_http_free(d->http);
	spool_free(d->env.spool);
	tally_free(d->env.tally);
	classify_free(d->env.classifier);
	hash_free(d->env.hash);
	source_watch_free(d->env.watch);
	if (d->signals >= 0)
		close(d->signals);
	if (d->wake >= 0)
		close(d->wake);
}

/* --- the loop ------------------------------------------------------------------------
 */

/* true: there is more to read at once. */
static bool
read_all(struct daemon *d, int64_t now_ms)
{
	bool more = false;

	for (size_t i = 0; i < d->nfollows; i++) {
		(void)follow_look(d->follow[i], now_ms);
		follow_listen(d->follow[i]);
		int rc = d->stuck || d->full ? 0 : follow_turn(d->follow[i], now_ms);
		if (rc == -EAGAIN) {
			daemon_commit(d, now_ms);
			more = true;
		}
		more |= rc == 1;
	}
	return more && !d->stuck;
}

static void
take_signals(struct daemon *d, int64_t now_ms)
{
	struct signalfd_siginfo s;

	while (read(d->signals, &s, sizeof s) == (ssize_t)sizeof s) {
		if (s.ssi_signo != SIGHUP) {
			d->stop = true;
			continue;
		}
		log_event(LOG_LEVEL_WARN, "reload", "error",
		    "re-reading the configuration is not built yet; waits are ended",
		    LOG_END);
		deliver_hurry(d->deliver, (struct slice){ 0 }, now_ms);
	}
}

static void
earlier(int64_t *deadline, int64_t other)
{
	if (other < *deadline)
		*deadline = other;
}

static int
wait_ms(struct daemon *d, int64_t now_ms)
{
	int64_t until = deliver_deadline(d->deliver, now_ms);

	if (d->stuck)
		earlier(&until, d->retry_ms);
	else
		earlier(&until, spool_deadline(d->env.spool));
	if (d->dirty_ms != 0 && !d->stuck)
		earlier(&until, d->dirty_ms + DAEMON_PLACES_MS);
	if (d->full)
		earlier(&until, now_ms + (d->tight ? SQUEEZE_MS : DAEMON_RETRY_MS));
	if (!d->tidy)
		earlier(&until, d->rest_ms + TIDY_MS);
	if (d->wake < 0)
		earlier(&until, d->wake_ms + DAEMON_ASK_MS);
	if (d->wake_pending)
		earlier(&until, d->wake_again_ms);
	for (size_t i = 0; i < d->nfollows; i++)
		earlier(&until, follow_deadline(d->follow[i], now_ms));
	if (until <= now_ms)
		return 0;
	return until - now_ms < SOURCE_RESCAN_MS ? (int)(until - now_ms)
						 : SOURCE_RESCAN_MS;
}

static void
tidy_up(struct daemon *d, int64_t now_ms, bool rest)
{
	/* where max_size is reached, what was delivered is given back; on a full disk
	 * nothing is: it would be gone when it is needed */
	if (d->tight && now_ms - d->squeeze_ms >= SQUEEZE_MS) {
		d->squeeze_ms = now_ms;
		(void)store_checkpoint(d->env.store, true);
	}
	if (!rest) {
		d->rest_ms = now_ms;
		d->tidy = false;
		(void)store_checkpoint(d->env.store, false);
	} else if (!d->tidy && now_ms - d->rest_ms >= TIDY_MS) {
		d->tidy = store_checkpoint(d->env.store, true);
		d->rest_ms = now_ms;
	}
}

/*
 * While there is more to read and the backend answers: lets delivery catch up a little,
 * so that batches leave from memory and need not be read back and unpacked. Bounded: a
 * slow backend costs a chunk of reading no more than PACE_MS.
 */
static void
pace(struct daemon *d)
{
	struct err e;
	bool ready[1];
	int64_t now = clock_ms(), end = now + PACE_MS;

	while (store_fresh(d->env.store) > LIMIT_COMMIT_BATCHES / 2 &&
	       deliver_busy(d->deliver) && now < end) {
		(void)output_wait(d->http, NULL, ready, 0, (int)(end - now));
		now = clock_ms();
		if (deliver_turn(d->deliver, now, &e) < 0)
			return; /* the next turn tells */
	}
}

/* -EAGAIN: the state file was not asked; -EBUSY: a command has it for an instant. */
static void
tell_delivery(struct daemon *d, int rc, const struct err *e)
{
	if (rc == -EAGAIN || rc == -EBUSY)
		return;
	if (rc < 0 && d->delivery_rc == 0)
		log_event(LOG_LEVEL_ERR, "state-file", "error", e->text, LOG_END);
	if (rc == 0 && d->delivery_rc < 0)
		log_event(LOG_LEVEL_INFO, "state-file-works-again", LOG_END);
	d->delivery_rc = rc;
}

static void
turn(struct daemon *d)
{
	struct err e = { 0 };
	int64_t now = clock_ms();
	int fds[] = { source_watch_fd(d->env.watch), d->signals, d->wake };
	bool ready[3];

	daemon_check_room(d, now);
	daemon_take_wake(d, now, false);
	daemon_expire_dead(d, now);
	daemon_try_wake(d, now);
	bool more = read_all(d, now);
	daemon_tell_watch(d);
	daemon_commit_if_due(d, now, !more);
	int rc = deliver_turn(d->deliver, now, &e);
	tell_delivery(d, rc, &e);
	if (more)
		pace(d);
	bool rest = !more && deliver_idle(d->deliver) && spool_empty(d->env.spool);
	tidy_up(d, now, rest);
	(void)output_wait(d->http, fds, ready, 3, more ? 0 : wait_ms(d, now));
	if (ready[0])
		source_watch_take(d->env.watch);
	if (ready[1])
		take_signals(d, clock_ms());
	if (ready[2]) {
		source_wake_take(d->wake);
		daemon_take_wake(d, clock_ms(), true);
	}
}

/* shutdown.drain: what is queued is sent for so long; a second signal ends it. */
static void
drain(struct daemon *d)
{
	struct err e;
	int64_t now = clock_ms(), end = now + (int64_t)d->config->shutdown_drain, until;
	bool ready[1] = { false };

	while (!ready[0] && now < end && !deliver_idle(d->deliver)) {
		(void)deliver_turn(d->deliver, now, &e);
		until = deliver_deadline(d->deliver, now);
		until = until < end ? until : end;
		(void)output_wait(d->http, &d->signals, ready, 1,
		    until > now ? (int)(until - now) : 0);
		now = clock_ms();
	}
}

/* What was read is committed, what was answered is recorded; the rest is in the spool.
 */
static void
finish(struct daemon *d)
{
	struct err e = { 0 };
	int64_t now = clock_ms(), end;
	bool ready[1];

	if (!spool_empty(d->env.spool) || daemon_dirty(d))
		daemon_commit(d, now);
	drain(d);
	end = clock_ms() + STOP_MS;
	while (deliver_awaits(d->deliver) && (now = clock_ms()) < end) {
		(void)output_wait(d->http, NULL, ready, 0, (int)(end - now));
		(void)deliver_answers(d->deliver, clock_ms(), &e);
	}
}

int
daemon_run(const struct config *c, struct store *st, struct err *e)
{
	struct daemon d = { .config = c, .signals = -1, .wake = -1 };
	int rc;

	d.env.store = st;
	if ((rc = open_all(&d, e)) < 0) {
		close_all(&d);
		return rc;
	}
	d.rest_ms = clock_ms();
	log_event(LOG_LEVEL_INFO, "started", "version", BOUNCEFEED_VERSION, "state",
	    c->state_path, LOG_END);
	(void)sd_notify(0, "READY=1");
	while (!d.stop)
		turn(&d);
	(void)sd_notify(0, "STOPPING=1");
	finish(&d);
	log_event(LOG_LEVEL_INFO, "stopped", LOG_END);
	close_all(&d);
	return 0;
}
