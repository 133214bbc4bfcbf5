/*
 * replay_finish.c - the end of `replay --deliver`: until delivered, or given up, and
 * the summary. What is given up on stays in the spool: it is committed.
 */
#include "app/app.h"
#include "app/replay_internal.h"

#include <errno.h>
#include <stdio.h>

enum {
	FIRST_LOOK_MS = 50,
	LOOK_MS = 500,       /* between two looks at how delivery gets on */
	HELD_MS = 10 * 1000, /* so long held: given up */
	STOP_MS = 1500,      /* at the end: for answers on their way */
	BATCH_MAX = 64 << 20,
};

/* --- until delivered -----------------------------------------------------------------
 */

static void
tell_stays(struct replay_deliver *d)
{
	uint64_t events = 0, batches = 0;
	struct store_queue q;
	struct err ignored;

	for (size_t i = 0; i < d->n; i++) {
		struct slice name = slice_of(d->output[i].conf->name);
		if (store_queue_get(d->store, name, &q, &ignored) < 0)
			continue;
		events += q.events;
		batches += q.batches;
	}
	if (batches > 0)
		(void)fprintf(stderr,
		    "bouncefeed replay: %llu events in %llu batches stay in the spool: "
		    "the daemon delivers them\n",
		    (unsigned long long)events, (unsigned long long)batches);
}

static void
finish_own(struct replay_deliver *d)
{
	struct err e = { 0 };
	bool ready[1], given_up = false;

	d->moved_ms = clock_ms();
	while (d->code == 0 && !given_up && !replay_asked_to_stop()) {
		replay_tell_store(d, deliver_turn(d->deliver, clock_ms(), &e), &e);
		if (deliver_idle(d->deliver))
			return;
		given_up = replay_stalled(d);
		if (!given_up)
			(void)replay_step(d, -1, LOOK_MS);
	}
	int64_t now = clock_ms(), end = now + STOP_MS;
	while (deliver_busy(d->deliver) && now < end) {
		(void)output_wait(d->http, NULL, ready, 0, (int)(end - now));
		now = clock_ms();
		replay_tell_store(d, deliver_answers(d->deliver, now, &e), &e);
	}
	if (d->code == 0)
		d->code = !given_up ? EX_TEMPFAIL : d->o.wait ? EX_UNAVAILABLE : 0;
	tell_stays(d);
}

/* Batches that were put before the wait began are in the queue. */
static bool
is_queued(struct replay_deliver *d)
{
	struct store_batch b;
	struct buf events;
	struct err ignored;
	bool any = false;

	buf_init(&events, BATCH_MAX);
	for (size_t i = 0; i < d->n; i++) {
		struct replay_output *o = &d->output[i];
		struct store_wanted w = { .which = STORE_FIRST,
			.output = slice_of(o->conf->name) };
		if (o->last == 0)
			continue;
		int rc = store_batch_find(d->store, &w, &b, &events, &ignored);
		if (rc == -ENOENT || (rc == 0 && b.place > o->last))
			o->last = 0;
		any |= o->last != 0;
	}
	buf_free(&events);
	return any;
}

static void
note_last(struct replay_deliver *d)
{
	struct store_batch b;
	struct buf events;
	struct err ignored;

	buf_init(&events, BATCH_MAX);
	for (size_t i = 0; i < d->n; i++) {
		struct replay_output *o = &d->output[i];
		struct store_wanted w = { .which = STORE_LAST,
			.output = slice_of(o->conf->name) };
		int rc = store_batch_find(d->store, &w, &b, &events, &ignored);
		o->last = rc == 0 ? b.place : rc == -ENOENT ? 0 : INT64_MAX;
	}
	buf_free(&events);
}

static int
note_held(void *arg, const struct store_output *so)
{
	struct replay_deliver *d = arg;

	for (size_t i = 0; i < d->n; i++) {
		if (slice_eq(slice_of(d->output[i].conf->name), so->name))
			d->output[i].held = slice_eq(so->state, SLICE("hold"));
	}
	return 0;
}

/* An output that is waited for, where all such are held and were so for HELD_MS; or
 * NULL. */
static const char *
find_held(struct replay_deliver *d)
{
	const char *name = NULL;
	struct err ignored;
	int64_t now = clock_ms();
	bool held = store_output_each(d->store, note_held, d, &ignored) == 0;

	for (size_t i = 0; i < d->n; i++) {
		if (d->output[i].last == 0)
			continue;
		held &= d->output[i].held;
		name = d->output[i].conf->name;
	}
	if (!held)
		d->held_ms = 0;
	else if (d->held_ms == 0)
		d->held_ms = now;
	return held && now - d->held_ms >= HELD_MS ? name : NULL;
}

/* true, and told: nobody will deliver what is waited for. */
static bool
gives_up(struct replay_deliver *d)
{
	const char *name = find_held(d);

	if (store_holder(d->config.state_path) == 0)
		(void)fputs(
		    "bouncefeed replay: gave up waiting: the daemon is gone\n", stderr);
	else if (name)
		(void)fprintf(stderr,
		    "bouncefeed replay: gave up waiting: output %s is held\n", name);
	else
		return false;
	return true;
}

static void
wait_beside(struct replay_deliver *d)
{
	int64_t ms = FIRST_LOOK_MS;

	note_last(d);
	while (d->code == 0 && is_queued(d)) {
		if (replay_asked_to_stop())
			d->code = EX_TEMPFAIL;
		else if (gives_up(d))
			d->code = EX_UNAVAILABLE;
		else
			(void)replay_pause(d, -1, ms);
		ms = ms * 2 < LOOK_MS ? ms * 2 : LOOK_MS;
	}
	if (d->code != 0)
		tell_stays(d);
}

int
replay_deliver_finish(struct replay_deliver *d)
{
	if (d->code == 0 && replay_asked_to_stop())
		d->code = EX_TEMPFAIL;
	if (d->deliver) {
		finish_own(d);
		return d->code;
	}
	if (d->unwoken)
		replay_wake(d);
	if (d->o.wait && d->code == 0)
		wait_beside(d);
	else if (store_holder(d->config.state_path) == 0)
		tell_stays(d);
	return d->code;
}

/* --- the summary ---------------------------------------------------------------------
 */

static uint64_t
set_apart(struct replay_deliver *d, const struct replay_output *o)
{
	struct store_queue q;
	struct err ignored;
	uint64_t n = 0;

	if (store_queue_get(d->store, slice_of(o->conf->name), &q, &ignored) < 0)
		return 0;
	for (size_t i = 1; i < sizeof q.apart / sizeof q.apart[0]; i++)
		n += q.apart[i];
	return n;
}

void
replay_deliver_summary(struct replay_deliver *d)
{
	const struct replay *r = d->replay;
	uint64_t put = 0, apart = 0;
	struct buf text;

	buf_init(&text, 64 * 1024);
	for (size_t i = 0; i < d->n; i++) {
		const struct replay_output *o = &d->output[i];
		(void)buf_printf(&text, "%s%s %llu", i ? ", " : "", o->conf->name,
		    (unsigned long long)o->put);
		put += o->put;
		apart += set_apart(d, o);
	}
	(void)fprintf(stderr, "%llu files, %llu events", (unsigned long long)r->files,
	    (unsigned long long)put);
	if (put > 0 || d->before == 0)
		(void)fprintf(
		    stderr, " put into the spool (%.*s)", (int)text.n, text.p);
	if (put > 0 && d->before > 0)
		(void)fprintf(
		    stderr, ", %llu replayed before", (unsigned long long)d->before);
	else if (d->before > 0)
		(void)fputs(": replayed before (--again repeats it)", stderr);
	if (apart > 0)
		(void)fprintf(stderr, ", %llu set apart", (unsigned long long)apart);
	(void)fprintf(stderr, ", %llu bad records\n", (unsigned long long)r->bad);
	buf_free(&text);
}
