/*
 * replay_open.c - `replay --deliver` made ready: the outputs that count, the state file
 * beside a daemon or with the lock, the signals.
 */
#include "app/replay_internal.h"
#include "app/app.h"
#include "app/command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { OPEN_TRIES = 5 };

/* --- signals -------------------------------------------------------------------------
 */

static volatile sig_atomic_t stop_asked;
static int stop_event = -1;

static void
on_signal(int number)
{
	static const uint64_t one = 1;

	(void)number;
	stop_asked = 1;
	if (write(stop_event, &one, sizeof one) < 0)
		return; /* it is readable already */
}

bool
replay_asked_to_stop(void)
{
	return stop_asked != 0;
}

int
replay_catch_signals(struct err *e)
{
	/* no SA_RESTART: opening a FIFO that nobody writes to is given up, too */
	struct sigaction act = { .sa_handler = on_signal,
		.sa_flags = (int)SA_RESETHAND };

	(void)sigemptyset(&act.sa_mask);
	stop_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (stop_event < 0 || sigaction(SIGTERM, &act, NULL) < 0 ||
	    sigaction(SIGINT, &act, NULL) < 0)
		return err_set(e, -errno, "signals: %s", strerror(errno));
	return stop_event;
}

/* --- outputs -------------------------------------------------------------------------
 */

/* Replayed events come from no configured source. */
static void
note_select(const struct config_output *o)
{
	if (o->select.source.n > 0)
		(void)fprintf(stderr,
		    "bouncefeed replay: output %s selects by source: it gets nothing, "
		    "events replayed have the source \"replay\"\n",
		    o->name);
}

static int
set_up_outputs(struct replay_deliver *d, const struct config *c, struct err *e)
{
	d->config = *c;
	if (d->o.output) {
		d->config.output = (struct config_output *)command_output(
		    c, d->o.output);
		d->config.noutputs = 1;
	}
	if (!(d->output = calloc(d->config.noutputs + 1, sizeof *d->output)))
		return err_set(e, -ENOMEM, "no memory");
	for (; d->n < d->config.noutputs; d->n++) {
		struct replay_output *o = &d->output[d->n];
		o->conf = &d->config.output[d->n];
		o->config = d->config;
		o->config.output = &d->config.output[d->n];
		o->config.noutputs = 1;
		o->select = select_new(o->conf);
		o->spool = spool_new(&o->config, slice_of(c->host));
		if (!o->select || !o->spool)
			return err_set(e, -ENOMEM, "no memory");
		note_select(o->conf);
	}
	return 0;
}

/* --- the state file ------------------------------------------------------------------
 */

/* With the lock, or beside whoever has it; he may come or go between the look and the
 * opening. */
static int
open_store(struct replay_deliver *d, enum store_mode *mode, struct err *e)
{
	static const struct timespec nap = { .tv_nsec = 100 * 1000 * 1000 };
	const struct config *c = &d->config;
	struct store_options o = { .version = BOUNCEFEED_VERSION,
		.secure_delete = c->state_secure_delete };
	long holder = 0;
	int rc = 0;

	for (int i = 0; i < OPEN_TRIES; i++) {
		*mode = store_holder(c->state_path) > 0 ? STORE_BESIDE : STORE_OWN;
		rc = store_open(c->state_path, *mode, &o, &d->store, &holder, e);
		bool starting = *mode == STORE_BESIDE && rc == -ENOENT;
		if (rc != -EAGAIN && !starting)
			break;
		(void)nanosleep(&nap, NULL);
	}
	return rc;
}

static int
open_all(struct replay_deliver *d, const struct config *c, struct err *e)
{
	enum store_mode mode;
	int rc = set_up_outputs(d, c, e);

	if (rc < 0 || (rc = open_store(d, &mode, e)) < 0)
		return rc;
	if (!(d->http = output_http_new()))
		return err_set(e, -ENOMEM, "no memory");
	if (mode == STORE_OWN &&
	    !(d->deliver = deliver_new(&d->config, d->store, d->http, e)))
		return e->code;
	d->stop_fd = replay_catch_signals(e);
	return d->stop_fd < 0 ? d->stop_fd : 0;
}

int
replay_deliver_open(
    struct replay *r, const struct config *c, const struct replay_options *o)
{
	struct replay_deliver *d;
	struct err e = { 0 };
	int code, rc;

	if (o->output && !command_output(c, o->output)) {
		(void)fprintf(stderr, "bouncefeed replay: there is no output \"%s\"\n",
		    o->output);
		return EX_USAGE;
	}
	if ((code = command_become_owner("replay", c->state_path)) != 0)
		return code;
	if (!(d = calloc(1, sizeof *d)))
		return EX_OSERR;
	d->replay = r;
	d->o = *o;
	d->stop_fd = -1;
	d->record = UINT64_MAX;
	d->commit_ms = d->moved_ms = clock_ms();
	if ((rc = open_all(d, c, &e)) < 0) {
		(void)fprintf(stderr, "bouncefeed replay: %s\n", e.text);
		replay_deliver_close(d);
		return command_exit(rc);
	}
	r->deliver = d;
	return 0;
}

void
replay_deliver_close(struct replay_deliver *d)
{
	if (!d)
		return;
	deliver_free(d->deliver);
	output_http_free(d->http);
	store_close(d->store);
	for (size_t i = 0; d->output && i <= d->n && i < d->config.noutputs; i++) {
		select_free(d->output[i].select);
		spool_free(d->output[i].spool);
	}
	free(d->output);
	free(d); /* stop_fd stays: a late signal writes to it */
}
