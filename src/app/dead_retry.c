/*
 * dead_retry.c - `bouncefeed dead retry`: dead letters back into the queue of their
 * output, in batches of its size under new keys; what is set apart is due at once.
 *
 * A letter leaves in the transaction that queues it, so it is never in both places and
 * never in none. --all ends with the letter that was the last when it began: those that
 * are refused again meanwhile are not sent round and round.
 */
#include "app/dead.h"

#include "app/app.h"
#include "app/command.h"
#include "app/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LETTERS, BATCHES, APART, COUNTS };

struct retry {
	const struct dead *d;
	struct dead_ids ids;
	size_t at;
	bool all;
	size_t output; /* --all: where it is */
	int64_t after, last;
	/* the batch that is being filled */
	const struct config_output *conf;
	struct buf events;
	struct buf letters; /* their ids, int64_t */
	uint64_t count;
	uint64_t done[COUNTS];
};

/* --- filling a batch -----------------------------------------------------------------
 */

/* 1: it has no room for this one */
static int
add_letter(void *arg, const struct store_dead *d)
{
	struct retry *r = arg;
	bool full = r->count >= r->conf->batch_max_events ||
		    r->events.n + d->event.n + 1 > r->conf->batch_max_bytes;

	if ((full && r->count > 0) || (r->all && d->id > r->last))
		return 1;
	(void)buf_add(&r->events, d->event);
	(void)buf_addc(&r->events, '\n');
	(void)buf_add(
	    &r->letters, (struct slice){ (const char *)&d->id, sizeof d->id });
	r->count++;
	r->after = d->id;
	return r->events.failed || r->letters.failed ? -ENOMEM : 0;
}

static void
begin_batch(struct retry *r, const struct config_output *conf)
{
	buf_clear(&r->events);
	buf_clear(&r->letters);
	r->count = 0;
	r->conf = conf;
	/* a letter may be larger than what the output wants now */
	r->events.max = (size_t)conf->batch_max_bytes + LIMIT_EVENT * 16;
	r->letters.max = (size_t)(conf->batch_max_events + 1) * sizeof(int64_t);
}

/* Those that were named, which stand by output. A letter that went meanwhile is none.
 */
static int
fill_named(struct retry *r, struct err *e)
{
	const struct dead_id *id = &r->ids.v[r->at];
	size_t output = id->output;
	int rc = 0;

	begin_batch(r, &r->d->config->output[output]);
	for (; rc == 0 && r->at < r->ids.n; r->at++) {
		id = &r->ids.v[r->at];
		if (id->apart || id->output != output)
			break;
		rc = store_dead_get(r->d->store, id->id, add_letter, r, e);
		if (rc == -ENOENT)
			rc = 0;
		else if (rc == 1)
			break;
	}
	return rc < 0 ? rc : 0;
}

static int
fill_all(struct retry *r, struct err *e)
{
	const struct config_output *o = &r->d->config->output[r->output];

	begin_batch(r, o);
	int rc = store_dead_each(
	    r->d->store, slice_of(o->name), r->after, add_letter, r, e);
	if (r->count == 0) { /* on with the next output */
		r->after = 0;
		r->output = r->d->output ? r->d->config->noutputs : r->output + 1;
	}
	return rc < 0 ? rc : 0;
}

static bool
all_filled(const struct retry *r)
{
	if (r->all)
		return r->output == r->d->config->noutputs;
	return r->at == r->ids.n || r->ids.v[r->at].apart;
}

/* --- transactions --------------------------------------------------------------------
 */

static int
put_batch(struct retry *r, struct err *e)
{
	struct store *s = r->d->store;
	char key[SPOOL_KEY];
	int64_t id;

	if (r->count == 0)
		return 0;
	spool_key(key);
	struct store_batch b = {
		.output = slice_of(r->conf->name),
		.key = { key, sizeof key },
		.format = slice_of(r->conf->format),
		.host = slice_of(r->d->config->host),
		.events = buf_slice(&r->events),
		.count = r->count,
		.sealed_ms = clock_wall_ms(),
	};
	int rc = store_batch_put(s, &b, &id, e);
	for (uint64_t i = 0; rc == 0 && i < r->count; i++) {
		memcpy(&id, r->letters.p + i * sizeof id, sizeof id);
		if ((rc = store_dead_delete(s, id, e)) == -ENOENT)
			rc = err_set(e, -EBADMSG, "dead letter %lld is there and not",
			    (long long)id); /* in one transaction: damaged */
	}
	r->done[LETTERS] += r->count;
	r->done[BATCHES]++;
	return rc;
}

static int
step_letters(void *arg, struct err *e)
{
	struct retry *r = arg;

	for (int i = 0; i < LIMIT_COMMIT_BATCHES && !all_filled(r); i++) {
		int rc = r->all ? fill_all(r, e) : fill_named(r, e);
		if (rc < 0 || (rc = put_batch(r, e)) < 0)
			return rc;
	}
	return !all_filled(r);
}

/* What is set apart, all of it in one go: there is little to write. */
static int
step_apart(void *arg, struct err *e)
{
	struct retry *r = arg;
	size_t told = SIZE_MAX; /* the output that was asked for */
	int rc = 0;

	for (; rc == 0 && r->at < r->ids.n; r->at++) {
		const struct dead_id *id = &r->ids.v[r->at];
		if ((rc = store_batch_due(r->d->store, id->id, 0, e)) < 0)
			break;
		r->done[APART]++;
		if (id->output == told)
			continue;
		told = id->output;
		rc = store_request_put(r->d->store, SLICE("due"),
		    slice_of(r->d->config->output[told].name), e);
	}
	return rc;
}

static int
run(struct retry *r, struct err *e)
{
	int rc = dead_work(r->d->store, step_letters, r, r->done, COUNTS, e);

	if (rc < 0 || r->at == r->ids.n)
		return rc;
	return dead_work(r->d->store, step_apart, r, r->done, COUNTS, e);
}

/* --- what is said --------------------------------------------------------------------
 */

static const char *
plural(uint64_t n, const char *one, const char *more)
{
	return n == 1 ? one : more;
}

static int
say(struct retry *r, int rc, const struct err *failure)
{
	const char *path = r->d->config->state_path;
	struct err e;

	uint64_t letters = r->done[LETTERS], batches = r->done[BATCHES];
	(void)printf("%llu dead letter%s queued again, in %llu %s",
	    (unsigned long long)letters, plural(letters, "", "s"),
	    (unsigned long long)batches, plural(batches, "batch", "batches"));
	if (r->done[APART] > 0)
		(void)printf(
		    "; %llu set apart due now", (unsigned long long)r->done[APART]);
	(void)printf("%s\n", store_holder(path) == 0
				 ? "; no daemon runs: all is sent when it starts"
				 : "");
	if (store_wake(path, &e) < 0)
		command_tell(r->d->command, "%s", e.text);
	return rc < 0 ? dead_fail(r->d, rc, failure) : 0;
}

/* Those of outputs that are not configured stay, and it is said. */
static int
say_left(void *arg, const struct store_output *o)
{
	const struct dead *d = arg;

	for (size_t i = 0; i < d->config->noutputs; i++) {
		if (slice_eq(slice_of(d->config->output[i].name), o->name))
			return 0;
	}
	if (o->dead_letters > 0)
		command_tell(d->command,
		    "%llu dead letters of \"%.*s\" stay: it is not configured",
		    (unsigned long long)o->dead_letters, (int)o->name.n, o->name.p);
	return 0;
}

/* 0 or an exit code. */
static int
begin_all(struct retry *r)
{
	const struct dead *d = r->d;
	struct err e = { 0 };
	int rc = dead_last(d->store, &r->last, &e);

	r->all = true;
	if (d->output) {
		const struct config_output *o = command_output(d->config, d->output);
		if (!o) {
			command_tell(d->command,
			    "output \"%s\" is not configured; nothing was done",
			    d->output);
			return EX_USAGE;
		}
		r->output = (size_t)(o - d->config->output);
	} else if (rc == 0) {
		rc = store_output_each(d->store, say_left, (void *)d, &e);
	}
	return rc < 0 ? dead_fail(d, rc, &e) : 0;
}

int
dead_retry(const struct dead *d)
{
	struct retry r = { .d = d };
	struct err e = { 0 };
	int code = d->all ? begin_all(&r) : dead_ids_find(d, true, &r.ids);

	if (code == 0) {
		buf_init(&r.events, 0);
		buf_init(&r.letters, 0);
		int rc = run(&r, &e);
		code = say(&r, rc, &e);
		buf_free(&r.events);
		buf_free(&r.letters);
	}
	free(r.ids.v);
	return code;
}
