/*
 * status_read.c - what the state file, the lock and the log files say, read once.
 *
 * A damaged state file is read as far as it goes: each part by itself, and the first
 * trouble is kept. Memory: the files in sight, by far the most of it.
 *
 * Rates come from the events counted by the minute: the last minute is the one that
 * runs and the one before it, so 60 to 120 seconds.
 */
#include "app/status_internal.h"

#include "app/app.h"
#include "app/room.h"
#include "output/policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MINUTE_SLOTS = 2, /* the one that runs, and the one before it */
	HOUR_SLOTS = 3600 * 1000 / STORE_TALLY_MS,
	DAY_SLOTS = 24 * HOUR_SLOTS
};

/* Bytes that are kept until the end. */
struct status_text {
	struct status_text *next;
	char p[];
};

struct reading {
	struct status *status;
	struct store *store;
	enum { MINUTE, HOUR, DAY } span; /* which counts are read */
	struct err e;
};

static int
no_memory(struct status *s)
{
	return err_set(&s->trouble, -ENOMEM, "no memory");
}

int
status_keep(struct status *s, struct slice *text)
{
	struct status_text *t = malloc(sizeof *t + text->n + 1);

	if (!t)
		return no_memory(s);
	if (text->n > 0)
		memcpy(t->p, text->p, text->n);
	t->p[text->n] = '\0';
	t->next = s->texts;
	s->texts = t;
	text->p = t->p;
	return 0;
}

void *
status_grow(struct status *s, void **array, size_t *n, size_t size)
{
	/* by doubling: at each power of two */
	if ((*n & (*n - 1)) == 0) {
		void *bigger = reallocarray(*array, *n ? *n * 2 : 1, size);
		if (!bigger) {
			(void)no_memory(s);
			return NULL;
		}
		*array = bigger;
	}
	char *entry = (char *)*array + (*n)++ * size;
	memset(entry, 0, size);
	return entry;
}

/* --- sources -------------------------------------------------------------------------
 */

static struct status_source *
source_of(struct status *s, struct slice name)
{
	for (size_t i = 0; i < s->nsources; i++) {
		if (slice_eq(s->source[i].name, name))
			return &s->source[i];
	}
	struct status_source *o = status_grow(
	    s, (void **)&s->source, &s->nsources, sizeof *s->source);
	if (!o || status_keep(s, &name) < 0)
		return NULL;
	o->name = name;
	return o;
}

static int
on_source(void *arg, const struct store_source *stored)
{
	struct reading *r = arg;
	struct status_source *o = source_of(r->status, stored->name);

	if (!o)
		return -ENOMEM;
	/* what points into the store is kept before it is ours */
	struct store_source v = *stored;
	v.name = o->name;
	int rc = status_keep(r->status, &v.bad_reason);
	if (rc == 0)
		rc = status_keep(r->status, &v.bad_file);
	if (rc == 0)
		rc = status_keep(r->status, &v.bad_bytes);
	if (rc == 0)
		o->stored = v;
	return rc;
}

static int
on_tally(void *arg, const struct store_tally *t)
{
	struct reading *r = arg;
	struct status_source *o = source_of(r->status, t->source);

	if (!o)
		return -ENOMEM;
	uint64_t(*counts)[EVENT_CLASS_COUNT] = r->span == MINUTE ? o->minute
					       : r->span == HOUR ? o->hour
								 : o->day;
	counts[event_type_of(t->type)][event_class_of(t->class)] += t->n;
	return 0;
}

/* --- outputs -------------------------------------------------------------------------
 */

static struct status_output *
output_of(struct status *s, struct slice name)
{
	for (size_t i = 0; i < s->noutputs; i++) {
		if (slice_eq(s->output[i].stored.name, name))
			return &s->output[i];
	}
	struct status_output *o = status_grow(
	    s, (void **)&s->output, &s->noutputs, sizeof *s->output);
	if (!o || status_keep(s, &name) < 0)
		return NULL;
	o->stored.name = name;
	o->stored.state = slice_of(output_state_name(OUTPUT_OK));
	return o;
}

static int
on_output(void *arg, const struct store_output *stored)
{
	struct reading *r = arg;
	struct status_output *o = output_of(r->status, stored->name);

	if (!o)
		return -ENOMEM;
	struct store_output v = *stored;
	v.name = o->stored.name;
	int rc = status_keep(r->status, &v.state);
	if (rc == 0)
		rc = status_keep(r->status, &v.error);
	if (rc < 0)
		return rc;
	o->stored = v;
	rc = store_due(r->store, v.name, &o->next_ms, &r->e);
	if (rc == -ENOENT)
		o->next_ms = 0;
	return rc == -ENOENT ? 0 : rc;
}

struct status_apart
status_apart(const struct status_output *o)
{
	const uint64_t *n = o->stored.queue.apart;

	return (struct status_apart){
		.suspects = n[STANDING_SUSPECT] + n[STANDING_WITNESSED],
		.aside = n[STANDING_ASIDE],
		.damaged = n[STANDING_DAMAGED],
	};
}

/* --- all of it -----------------------------------------------------------------------
 */

static int
add_configured(struct status *s, const struct config *c)
{
	for (size_t i = 0; i < c->nsources; i++) {
		struct status_source *o = source_of(s, slice_of(c->source[i].name));
		if (!o)
			return -ENOMEM;
		o->configured = true;
	}
	for (size_t i = 0; i < c->noutputs; i++) {
		struct status_output *o = output_of(s, slice_of(c->output[i].name));
		if (!o)
			return -ENOMEM;
		o->configured = true;
	}
	return 0;
}

/* The first trouble is the one that is told. */
static void
note(struct reading *r, int rc)
{
	struct err *trouble = &r->status->trouble;

	if (rc < 0 && trouble->code == 0)
		*trouble = r->e;
}

/* Events a second, over the slots and as much of the last one as has gone by. */
static double
rate_of(const struct status *s, status_counts counts, int64_t slots)
{
	int64_t ms = (slots - 1) * STORE_TALLY_MS + s->now_ms % STORE_TALLY_MS;
	uint64_t n = 0;

	for (int t = 0; t < EVENT_TYPE_COUNT; t++) {
		for (int c = 0; c < EVENT_CLASS_COUNT; c++)
			n += counts[t][c];
	}
	return (double)n * 1000 / (double)ms;
}

static void
read_tallies(struct reading *r)
{
	static const int64_t slots[] = { MINUTE_SLOTS, HOUR_SLOTS, DAY_SLOTS };
	struct status *s = r->status;
	int64_t now = s->now_ms / STORE_TALLY_MS;

	for (r->span = MINUTE; r->span <= DAY; r->span++)
		note(r, store_tally_each(
			    r->store, now - slots[r->span] + 1, on_tally, r, &r->e));
	for (size_t i = 0; i < s->nsources; i++) {
		struct status_source *o = &s->source[i];
		o->per_second_minute = rate_of(s, o->minute, MINUTE_SLOTS);
		o->per_second_hour = rate_of(s, o->hour, HOUR_SLOTS);
	}
}

/* When the daemon that ran last took the lock. */
static int64_t
started_ms(const struct config *c)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof path, "%s.lock", c->state_path);

	if (n < 0 || (size_t)n >= sizeof path || stat(path, &st) < 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000;
}

static void
read_sources(struct reading *r, const struct config *c)
{
	struct status *s = r->status;
	int rc = store_source_each(r->store, on_source, r, &r->e);

	note(r, rc);
	for (size_t i = 0; rc == 0 && i < c->nsources; i++) {
		/* the configured ones come first, in their order */
		struct status_source *o = &s->source[i];
		note(r, status_read_files(s, r->store, o, &c->source[i],
			    o->stored.name.n > 0, &r->e));
	}
}

static void
read_store(struct reading *r, const struct config *c)
{
	struct status *s = r->status;
	struct store *st = r->store;
	const char *why;

	s->bytes = store_bytes(st);
	s->full = room_left(st, c, &why) ? NULL : why;
	read_sources(r, c);
	read_tallies(r);
	note(r, store_output_each(st, on_output, r, &r->e));
}

void
status_read(struct status *s, const struct config *c)
{
	struct store_options o = { .version = BOUNCEFEED_VERSION };
	struct reading r = { .status = s };
	long holder;

	*s = (struct status){ .config = c, .now_ms = clock_wall_ms() };
	if (add_configured(s, c) < 0)
		return;
	s->pid = store_holder(c->state_path);
	s->started_ms = started_ms(c);
	int rc = store_open(c->state_path, STORE_READ, &o, &r.store, &holder, &r.e);
	if (rc == -ENOENT)
		(void)err_set(&r.e, rc, "no state file yet: %s", c->state_path);
	note(&r, rc);
	if (rc == 0)
		read_store(&r, c);
	store_close(r.store);
}

void
status_free(struct status *s)
{
	struct status_text *t = s->texts;

	for (size_t i = 0; i < s->nsources; i++)
		free(s->source[i].file);
	free(s->source);
	free(s->output);
	while (t) {
		struct status_text *next = t->next;
		free(t);
		t = next;
	}
}
