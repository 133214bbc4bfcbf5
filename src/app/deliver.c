/*
 * deliver.c - the turns of delivery: answers in, verdicts made true, what may be tried
 * sent.
 *
 * The rules are output/policy.c's; here they meet the state file and the backend. A
 * batch leaves the state file only by a verdict, each in one transaction. A transaction
 * that fails is tried again with the same verdict: an accepted batch is not posted
 * twice because a disk was full.
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
	STORE_BUSY_MS = 20,
	TELL_MS = 10 * 1000,
	BATCH_MAX = 64 << 20, /* bytes of one batch's events */
};

static int
init_slots(struct deliver_output *o, struct output_http *h, struct err *e)
{
	o->nslots = o->conf->concurrency;
	if (!(o->slot = calloc(o->nslots, sizeof *o->slot)))
		return err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; i < o->nslots; i++) {
		struct deliver_slot *s = &o->slot[i];
		s->output = o;
		buf_init(&s->events, BATCH_MAX);
		buf_init(&s->body, 2 * BATCH_MAX);
		buf_init(&s->rejected, LIMIT_ANSWER);
		if (!(s->request = post_request(h, o->conf, s, e)))
			return e->code;
	}
	return 0;
}

static int
init_output(struct deliver *d, struct deliver_output *o, const struct config_output *c,
    struct err *e)
{
	struct output_rules rules = {
		.retry_min = c->retry_min,
		.retry_max = c->retry_max,
		.retry_hold = c->retry_hold,
		.aside_after = c->retry_aside_after,
		.concurrency = c->concurrency,
	};

	o->conf = c;
	o->deliver = d;
	o->more = true;
	buf_init(&o->scratch, BATCH_MAX);
	output_policy_init(&o->policy, &rules);
	return init_slots(o, d->http, e);
}

struct deliver *
deliver_new(
    const struct config *c, struct store *st, struct output_http *h, struct err *e)
{
	struct deliver *d = calloc(1, sizeof *d);

	if (!d || !(d->output = calloc(c->noutputs + 1, sizeof *d->output)) ||
	    !(d->waiting = calloc(c->noutputs + 1, sizeof *d->waiting))) {
		err_set(e, -ENOMEM, "no memory");
		goto fail;
	}
	d->config = c;
	d->store = st;
	d->http = h;
	d->n = c->noutputs;
	for (size_t i = 0; i < d->n; i++) {
		if (init_output(d, &d->output[i], &c->output[i], e) < 0)
			goto fail;
	}
	if (deliver_recount(d, clock_ms(), e) < 0)
		goto fail;
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
	for (size_t i = 0; d->output && i < d->n; i++) {
		struct deliver_output *o = &d->output[i];
		for (size_t k = 0; o->slot && k < o->nslots; k++) {
			output_request_free(o->slot[k].request);
			buf_free(&o->slot[k].events);
			buf_free(&o->slot[k].body);
			buf_free(&o->slot[k].rejected);
		}
		free(o->slot);
		buf_free(&o->scratch);
	}
	free(d->output);
	free(d->waiting);
	free(d);
}

/* --- what is said --------------------------------------------------------------------
 */

/* A dead letter costs an event: it is told, by the batch where a 2xx names several. */
static void
log_dead(const struct deliver_slot *s)
{
	const char *name = s->output->conf->name;

	if (s->moves.move == MOVE_DEAD)
		log_event(LOG_LEVEL_WARN, "dead-letter", "output", name, "code",
		    log_number(s->code), "answer", s->output->answer, LOG_END);
	else if (s->moves.move == MOVE_ACCEPTED && s->nrejected > 0)
		log_event(LOG_LEVEL_WARN, "dead-letter", "output", name, "code",
		    log_number(s->code), "events", log_number((int64_t)s->nrejected),
		    LOG_END);
	else if (s->moves.move == MOVE_ASIDE ||
		 (s->moves.stuck_id != 0 && s->output->policy.stuck.single))
		log_event(LOG_LEVEL_WARN, "set-aside", "output", name, "code",
		    log_number(s->output->code), "answer", s->output->answer, LOG_END);
}

/* A backend that fails now and then must not fill the log: at most one line in ten
 * seconds says that it is tried again. A hold is told once. */
static void
log_state(struct deliver_output *o, int64_t now_ms)
{
	enum output_state state = o->policy.state;
	const char *name = o->conf->name;

	if (state == o->told || (state == OUTPUT_RETRY && o->told == OUTPUT_HOLD))
		return;
	if (state == OUTPUT_OK) {
		log_event(LOG_LEVEL_INFO, "delivering", "output", name, LOG_END);
		o->told = OUTPUT_OK;
		return;
	}
	if (state == OUTPUT_RETRY && o->told_ms != 0 && now_ms - o->told_ms < TELL_MS)
		return;
	log_event(LOG_LEVEL_WARN, state == OUTPUT_HOLD ? "held" : "retrying", "output",
	    name, "code", log_number(o->code), "answer", o->answer, LOG_END);
	o->told = state;
	if (state == OUTPUT_RETRY)
		o->told_ms = now_ms;
}

/* --- answers
 * ---------------------------------------------------------------------------
 */

/* What the answer does; without room for a dead letter it may not die. */
static void
judge(struct deliver_slot *s, int64_t now_ms)
{
	struct deliver_output *o = s->output;
	const struct store_batch *b = &s->batch;
	struct output_tried t = { .place = b->place,
		.id = b->id,
		.count = b->count,
		.bytes = b->events.n,
		.standing = (enum output_standing)b->standing,
		.newest = s->newest,
		.begun = s->begun,
		.begun_ms = s->begun_ms };
	bool dies = s->nrejected > 0 || (b->standing == STANDING_WITNESSED &&
					    (s->heard.verdict == VERDICT_REFUSED ||
						s->heard.verdict == VERDICT_HALVE));

	o->no_room = dies && !deliver_dead_room(o, b->events.n);
	if (o->no_room) {
		(void)snprintf(s->answer, sizeof s->answer,
		    "no room for a dead letter: see bouncefeed dead list");
		s->moves = (struct output_moves){ .move = MOVE_STAY };
		output_policy_hold(&o->policy, now_ms);
	} else {
		s->moves = output_policy_answer(
		    &o->policy, &t, &s->heard, now_ms, clock_random());
	}
	if (s->heard.verdict != VERDICT_ACCEPTED || s->moves.move == MOVE_STAY) {
		o->code = s->code;
		deliver_mask(s->answer, o->answer, sizeof o->answer);
	}
	s->judged = true;
	log_dead(s);
	log_state(o, now_ms);
}

/* A command's transaction is over soon; other faults are not. */
static int64_t
retry_of(int rc)
{
	return rc == -EBUSY ? STORE_BUSY_MS : STORE_RETRY_MS;
}

static int
settle(struct deliver_slot *s, int64_t now_ms, struct err *e)
{
	struct deliver_output *o = s->output;
	bool apart = o->policy.due_ms != INT64_MAX;
	int rc;

	if (!s->judged)
		judge(s, now_ms);
	rc = deliver_record(s, e);
	/* that a batch of the queue waits is true without a record of it: a full disk
	 * stops no delivery */
	bool waits = s->moves.move == MOVE_STAY && s->batch.standing == STANDING_QUEUED;
	if (rc < 0 && !waits) {
		o->store_ms = now_ms + retry_of(rc); /* the step stays */
		return rc;
	}
	if (s->moves.move == MOVE_ACCEPTED)
		o->deliver->accepted += s->batch.count;
	s->step = STEP_EMPTY;
	o->more = true;
	if (o->recount)
		(void)deliver_recount_output(o, now_ms, e);
	if (apart || s->moves.move == MOVE_SUSPECT || s->moves.move == MOVE_ASIDE ||
	    s->moves.stuck_id != 0)
		(void)deliver_set_due(o, now_ms, e);
	return rc;
}

int
deliver_answers(struct deliver *d, int64_t now_ms, struct err *e)
{
	struct output_answer a;
	struct deliver_slot *s;
	int rc = 0;

	while ((s = output_next(d->http, &a)))
		deliver_take(s, &a);
	for (size_t i = 0; i < d->n; i++) {
		struct deliver_output *o = &d->output[i];
		for (size_t k = 0; k < o->nslots; k++) {
			if (o->slot[k].step != STEP_ANSWERED || now_ms < o->store_ms)
				continue;
			int settled = settle(&o->slot[k], now_ms, e);
			rc = settled < 0 ? settled : rc;
		}
	}
	return rc;
}

/* --- trying
 * ------------------------------------------------------------------------------
 */

static void
start(struct deliver_slot *s, int64_t now_ms)
{
	struct err e;

	s->begun_ms = now_ms;

	s->begun = output_policy_begin(&s->output->policy);
	s->judged = false;
	if (post_send(
		s->request, s->output->conf, &s->batch, buf_slice(&s->body), &e) == 0) {
		s->step = STEP_POSTED;
		return;
	}
	/* a secret that cannot be read, say: nothing was sent */
	struct output_answer none = { .error = e.text };
	deliver_take(s, &none);
	s->heard.verdict = VERDICT_HOLD;
}

static int
make_due(struct deliver_output *o, struct err *e)
{
	struct store *st = o->deliver->store;
	int rc = store_begin(st, STORE_LAZY, e);

	if (rc < 0)
		return rc;
	if ((rc = store_due_now(st, slice_of(o->conf->name), e)) < 0) {
		store_rollback(st);
		return rc;
	}
	return store_commit(st, e);
}

static int
turn_output(struct deliver_output *o, int64_t now_ms, struct err *e)
{
	struct deliver_slot *s;
	int rc = 1;

	if (o->hurried && o->policy.due_ms != INT64_MAX)
		(void)make_due(o, e); /* else it is tried when it is due */
	o->hurried = false;

	while (rc == 1 && now_ms >= o->store_ms &&
	       (o->more || now_ms >= output_policy_due(&o->policy))) {
		if ((rc = deliver_load(o, now_ms, &s, e)) < 0)
			o->store_ms = now_ms + retry_of(rc);
		else if (rc == 1)
			start(s, now_ms);
	}
	log_state(o, now_ms);
	return rc < 0 ? rc : 0;
}

int
deliver_turn(struct deliver *d, int64_t now_ms, struct err *e)
{
	int rc = deliver_answers(d, now_ms, e);

	for (size_t i = 0; i < d->n; i++) {
		int turned = turn_output(&d->output[i], now_ms, e);
		rc = turned < 0 ? turned : rc;
		if (rc == 0 && now_ms < d->output[i].store_ms)
			rc = -EAGAIN; /* it has not been asked again */
	}
	return rc;
}
