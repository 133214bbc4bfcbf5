/*
 * deliver.c - one batch at a time and output, until the backend has a word for it.
 *
 * A batch leaves the state file only by a verdict: accepted, replaced by its halves, or
 * made a dead letter; each in one transaction. A transaction that fails is tried again
 * with the same verdict: an accepted batch is not posted twice because a disk was full.
 */
#include "app/deliver_internal.h"
#include "app/app.h"
#include "app/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STORE_RETRY_MS = 1000,
	TELL_MS = 10 * 1000,
	BATCH_MAX = 64 << 20, /* bytes of one batch's events */
};

struct deliver {
	struct store *store;
	struct output_http *http;
	struct deliver_output *output;
	size_t n;
};

struct deliver *
deliver_new(
    const struct config *c, struct store *st, struct output_http *h, struct err *e)
{
	struct deliver *d = calloc(1, sizeof *d);

	if (!d || !(d->output = calloc(c->noutputs + 1, sizeof *d->output))) {
		err_set(e, -ENOMEM, "no memory");
		goto fail;
	}
	d->store = st;
	d->http = h;
	d->n = c->noutputs;
	for (size_t i = 0; i < d->n; i++) {
		struct deliver_output *o = &d->output[i];
		o->conf = &c->output[i];
		o->more = true;
		buf_init(&o->events, BATCH_MAX);
		buf_init(&o->body, 2 * BATCH_MAX);
		buf_init(&o->rejected, LIMIT_ANSWER);
		if (!(o->request = post_request(h, o->conf, o, e)))
			goto fail;
	}
	return d;
fail:
	deliver_free(d);
	return NULL;
}

void
deliver_free(struct deliver *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++) {
		output_request_free(d->output[i].request);
		buf_free(&d->output[i].events);
		buf_free(&d->output[i].body);
		buf_free(&d->output[i].rejected);
	}
	free(d->output);
	free(d);
}

/* --- what is said --------------------------------------------------------------------
 */

/* A backend that fails now and then must not fill the log: at most one line in ten
 * seconds says that it is tried again. A hold is always told, once. */
static void
log_state(struct deliver_output *o, int state, int64_t now_ms)
{
	const char *name = o->conf->name;

	if (deliver_dies(o))
		log_event(LOG_LEVEL_WARN, "dead-letter", "output", name, "code",
		    log_number(o->code), "answer", o->answer, LOG_END);
	if (o->verdict == VERDICT_ACCEPTED && o->nrejected > 0)
		log_event(LOG_LEVEL_WARN, "dead-letter", "output", name, "code",
		    log_number(o->code), "events", log_number((int64_t)o->nrejected),
		    LOG_END);
	if (state == (int)o->state)
		return;
	if (state == OUTPUT_OK && o->told) {
		log_event(LOG_LEVEL_INFO, "delivering", "output", name, LOG_END);
		o->told = false;
	}
	bool quiet = state == OUTPUT_RETRY && o->told_ms != 0 &&
		     now_ms - o->told_ms < TELL_MS;
	if (state == OUTPUT_OK || quiet)
		return;
	log_event(LOG_LEVEL_WARN, state == OUTPUT_HOLD ? "held" : "retrying", "output",
	    name, "code", log_number(o->code), "answer", o->answer, LOG_END);
	o->told = true;
	if (state == OUTPUT_RETRY)
		o->told_ms = now_ms;
}

static int
state_after(const struct deliver_output *o)
{
	switch (o->verdict) {
	case VERDICT_AGAIN:
		return o->state == OUTPUT_HOLD ? OUTPUT_HOLD : OUTPUT_RETRY;
	case VERDICT_HOLD:
		return OUTPUT_HOLD;
	case VERDICT_ACCEPTED:
		return OUTPUT_OK;
	default:
		return (int)o->state;
	}
}

/* When the same batch, or what replaces it, may be tried. */
static void
set_wait(struct deliver_output *o, int64_t now_ms)
{
	const struct config_output *c = o->conf;

	o->next_ms = now_ms;
	if (o->verdict == VERDICT_ACCEPTED) {
		o->failures = 0;
	} else if (o->verdict == VERDICT_AGAIN) {
		o->failures++;
		o->next_ms += (int64_t)output_backoff(
		    c->retry_min, c->retry_max, o->failures, clock_random());
	} else if (o->verdict == VERDICT_HOLD) {
		o->next_ms += (int64_t)c->retry_hold;
	}
}

static int
settle(struct deliver *d, struct deliver_output *o, int64_t now_ms, struct err *e)
{
	bool waits = o->verdict == VERDICT_AGAIN || o->verdict == VERDICT_HOLD;
	int state = state_after(o);
	int rc = deliver_record(d->store, o, state, e);

	o->state_stored = rc == 0;
	if (rc < 0 && !waits) {
		o->next_ms = now_ms +
			     STORE_RETRY_MS; /* the step stays: recorded later */
		return rc;
	}
	/* that a batch waits is true without a record of it: a full disk stops no
	 * delivery */
	log_state(o, state, now_ms);
	o->state = state;
	set_wait(o, now_ms);
	if (waits) {
		o->batch.tries++;
		o->step = STEP_WAITING;
	} else {
		o->step = STEP_EMPTY;
		o->more = true;
	}
	return rc;
}

/* --- trying
 * ---------------------------------------------------------------------------- */

int
deliver_answers(struct deliver *d, int64_t now_ms, struct err *e)
{
	struct output_answer a;
	struct deliver_output *o;
	int rc = 0;

	while ((o = output_next(d->http, &a)))
		deliver_take(o, &a);
	for (size_t i = 0; i < d->n; i++) {
		o = &d->output[i];
		if (o->step == STEP_ANSWERED && now_ms >= o->next_ms) {
			int settled = settle(d, o, now_ms, e);
			rc = settled < 0 ? settled : rc;
		}
	}
	return rc;
}

/* The next batch of the queue, ready to go. 1: there is one. */
static int
load(struct deliver *d, struct deliver_output *o, struct err *e)
{
	enum output_format format = OUTPUT_JSON;
	int rc = store_batch_first(
	    d->store, slice_of(o->conf->name), &o->batch, &o->events, e);

	if (rc == -ENOENT) {
		o->more = false;
		return 0;
	}
	if (rc < 0)
		return rc;
	buf_clear(&o->body);
	(void)output_format_of(o->batch.format, &format);
	if (output_body(format, o->batch.key, o->batch.host, o->batch.count,
		o->batch.events, &o->body) < 0)
		return err_set(e, -ENOMEM, "no memory for a batch");
	o->step = STEP_WAITING;
	return 1;
}

static void
start(struct deliver_output *o, int64_t now_ms)
{
	struct err e;

	if (post_send(o->request, o->conf, &o->batch, buf_slice(&o->body), &e) == 0) {
		o->step = STEP_POSTED;
		return;
	}
	/* a secret that cannot be read, say: nothing was sent */
	struct output_answer none = { .error = e.text };
	deliver_take(o, &none);
	o->verdict = VERDICT_HOLD;
	o->next_ms = now_ms;
}

/* The oldest batch is damaged: nothing of it is guessed at, and nothing passes it. */
static void
hold_damaged(
    struct deliver *d, struct deliver_output *o, int64_t now_ms, const struct err *e)
{
	struct err ignored;
	int rc;

	(void)snprintf(o->answer, sizeof o->answer, "%s", e->text);
	o->code = 0;
	o->verdict = VERDICT_HOLD;
	o->next_ms = now_ms + (int64_t)o->conf->retry_hold;
	log_state(o, OUTPUT_HOLD, now_ms);
	o->state = OUTPUT_HOLD;
	if ((rc = store_begin(d->store, STORE_LAZY, &ignored)) == 0)
		rc = deliver_record_state(d->store, o, OUTPUT_HOLD, &ignored);
	if (rc == 0)
		(void)store_commit(d->store, &ignored);
	else
		store_rollback(d->store);
}

static int
turn_output(struct deliver *d, struct deliver_output *o, int64_t now_ms, struct err *e)
{
	int rc = 0;

	if (now_ms < o->next_ms)
		return 0;
	if (o->step == STEP_EMPTY && o->more && (rc = load(d, o, e)) < 0) {
		o->next_ms = now_ms + STORE_RETRY_MS;
		if (rc == -EBADMSG) {
			hold_damaged(d, o, now_ms, e);
			rc = 0;
		}
	}
	if (o->step == STEP_WAITING)
		start(o, now_ms);
	return rc < 0 ? rc : 0;
}

int
deliver_turn(struct deliver *d, int64_t now_ms, struct err *e)
{
	int rc = deliver_answers(d, now_ms, e);

	for (size_t i = 0; i < d->n; i++) {
		int turned = turn_output(d, &d->output[i], now_ms, e);
		rc = turned < 0 ? turned : rc;
	}
	return rc;
}

int64_t
deliver_deadline(const struct deliver *d)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < d->n; i++) {
		const struct deliver_output *o = &d->output[i];
		bool waits = o->step == STEP_WAITING || o->step == STEP_ANSWERED ||
			     (o->step == STEP_EMPTY && o->more);
		if (waits && o->next_ms < first)
			first = o->next_ms;
	}
	return first;
}

bool
deliver_busy(const struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->output[i].step == STEP_POSTED)
			return true;
	}
	return false;
}

bool
deliver_idle(const struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->output[i].step != STEP_EMPTY || d->output[i].more)
			return false;
	}
	return true;
}

void
deliver_wake(struct deliver *d)
{
	for (size_t i = 0; i < d->n; i++)
		d->output[i].more = true;
}

void
deliver_hurry(struct deliver *d, int64_t now_ms)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->output[i].next_ms > now_ms)
			d->output[i].next_ms = now_ms;
	}
}
