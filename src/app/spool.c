/*
 * spool.c - from events to sealed batches.
 *
 * Memory: one open batch per output and what was filled since the last commit, at most
 * LIMIT_COMMIT_BATCHES or LIMIT_COMMIT_BYTES and one event more. A failed commit leaves
 * all of it here to be tried again.
 */
#include "app/spool.h"
#include "app/app.h"
#include "app/select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct batch {
	struct buf events;
	uint64_t count;
};

struct spool_output {
	const struct config_output *conf;
	struct select *select;
	struct batch open;
	struct batch full[LIMIT_COMMIT_BATCHES];
	size_t nfull;
};

struct spool {
	struct slice host;
	/* one event, written once for all outputs, and once for those with native: true
	 */
	struct buf json, native;
	struct spool_output *output;
	size_t noutputs;
	size_t nfull;
	uint64_t bytes;   /* of all batches here */
	int64_t deadline; /* when the first linger ends */
};

static bool
set_up_output(struct spool_output *o, const struct config_output *conf)
{
	size_t max = (size_t)conf->batch_max_bytes + LIMIT_EVENT + 1;

	o->conf = conf;
	o->select = select_new(conf);
	buf_init(&o->open.events, max);
	for (size_t i = 0; i < LIMIT_COMMIT_BATCHES; i++)
		buf_init(&o->full[i].events, max);
	return o->select != NULL;
}

struct spool *
spool_new(const struct config *c, struct slice host)
{
	struct spool *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->host = host;
	s->deadline = INT64_MAX;
	buf_init(&s->json, LIMIT_EVENT + 1);
	buf_init(&s->native, LIMIT_EVENT + 1);
	if (!(s->output = calloc(c->noutputs ? c->noutputs : 1, sizeof *s->output))) {
		free(s);
		return NULL;
	}
	s->noutputs = c->noutputs;
	for (size_t i = 0; i < c->noutputs; i++) {
		if (!set_up_output(&s->output[i], &c->output[i])) {
			spool_free(s);
			return NULL;
		}
	}
	return s;
}

void
spool_free(struct spool *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->noutputs; i++) {
		select_free(s->output[i].select);
		buf_free(&s->output[i].open.events);
		for (size_t k = 0; k < LIMIT_COMMIT_BATCHES; k++)
			buf_free(&s->output[i].full[k].events);
	}
	buf_free(&s->json);
	buf_free(&s->native);
	free(s->output);
	free(s);
}

/* The open batch is full: aside with it until the commit. */
static void
close_batch(struct spool *s, struct spool_output *o)
{
	struct batch spare = o->full[o->nfull]; /* its memory is used again */

	o->full[o->nfull++] = o->open;
	s->nfull++;
	buf_clear(&spare.events);
	spare.count = 0;
	o->open = spare;
}

static int
add(struct spool *s, struct spool_output *o, struct slice json, int64_t now_ms)
{
	const struct config_output *c = o->conf;
	int rc;

	if (o->open.count > 0 && o->open.events.n + json.n > c->batch_max_bytes)
		close_batch(s, o);
	if ((rc = buf_add(&o->open.events, json)) < 0)
		return rc;
	o->open.count++;
	s->bytes += json.n;
	if (s->deadline == INT64_MAX || now_ms + (int64_t)c->batch_linger < s->deadline)
		s->deadline = now_ms + (int64_t)c->batch_linger;
	if (o->open.count >= c->batch_max_events)
		close_batch(s, o);
	return 0;
}

/* The event as this output wants it, with a line end; written where it is not yet. */
static int
write_event(struct spool *s, const struct spool_output *o, const struct event *ev,
    struct slice *json)
{
	bool native = o->conf->native && ev->nnative > ev->nextra;
	struct buf *b = native ? &s->native : &s->json;
	int rc = 0;

	if (b->n == 0) {
		rc = native ? event_json_native(ev, b) : event_json(ev, b);
		if (rc == 0)
			rc = buf_addc(b, '\n');
	}
	*json = buf_slice(b);
	return rc;
}

int
spool_event(struct spool *s, const struct event *ev, int64_t now_ms)
{
	struct select_view view;
	struct slice json;
	int rc = 0;

	if (spool_full(s))
		return -EAGAIN;
	select_view(&view, ev);
	buf_clear(&s->json);
	buf_clear(&s->native);
	for (size_t i = 0; rc == 0 && i < s->noutputs; i++) {
		if (!select_wants(s->output[i].select, &view))
			continue;
		if ((rc = write_event(s, &s->output[i], ev, &json)) == 0)
			rc = add(s, &s->output[i], json, now_ms);
	}
	return rc;
}

bool
spool_full(const struct spool *s)
{
	/* one event may close two batches of an output: that many places are kept free
	 */
	return s->nfull + 2 > LIMIT_COMMIT_BATCHES || s->bytes >= LIMIT_COMMIT_BYTES;
}

bool
spool_empty(const struct spool *s)
{
	return s->bytes == 0;
}

bool
spool_due(const struct spool *s, int64_t now_ms, bool dry)
{
	return spool_full(s) || now_ms >= s->deadline || (dry && s->nfull > 0);
}

int64_t
spool_deadline(const struct spool *s)
{
	return s->deadline;
}

void
spool_key(char out[SPOOL_KEY])
{
	uint64_t random[2] = { clock_random(), clock_random() };

	hex_write((const uint8_t *)random, sizeof random, out);
}

static int
put(struct spool *s, struct spool_output *o, const struct batch *b, bool fixed,
    struct store *st, struct err *e)
{
	char key[SPOOL_KEY];
	int64_t id;

	if (b->count == 0)
		return 0;
	spool_key(key);
	struct store_batch sb = {
		.output = slice_of(o->conf->name),
		.key = { key, sizeof key },
		.format = slice_of(o->conf->format),
		.host = s->host,
		.events = buf_slice(&b->events),
		.count = b->count,
		.sealed_ms = clock_wall_ms(),
		.fixed = fixed,
	};
	return store_batch_put(st, &sb, &id, e);
}

int
spool_put(struct spool *s, struct store *st, const bool *waiting, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->noutputs; i++) {
		struct spool_output *o = &s->output[i];
		for (size_t k = 0; rc == 0 && k < o->nfull; k++)
			rc = put(s, o, &o->full[k], true, st, e);
		if (rc == 0)
			rc = put(s, o, &o->open, waiting && !waiting[i], st, e);
	}
	return rc;
}

void
spool_committed(struct spool *s)
{
	for (size_t i = 0; i < s->noutputs; i++) {
		struct spool_output *o = &s->output[i];
		o->nfull = 0;
		buf_clear(&o->open.events);
		o->open.count = 0;
	}
	s->nfull = 0;
	s->bytes = 0;
	s->deadline = INT64_MAX;
}
