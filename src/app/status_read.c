/*
 * status_read.c - what the state file, the lock and the log files say, read once.
 *
 * A damaged state file is read as far as it goes: each part by itself, and the first
 * trouble is kept. Memory: the files in sight, by far the most of it.
 */
#include "app/status.h"

#include "app/app.h"
#include "app/room.h"
#include "output/policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HOUR_SLOTS = 3600 * 1000 / STORE_TALLY_MS, DAY_SLOTS = 24 * HOUR_SLOTS };

/* Bytes that are kept until the end. */
struct status_text {
	struct status_text *next;
	char p[];
};

struct reading {
	struct status *status;
	struct store *store;
	struct status_source *source; /* whose files are read */
	bool day;                     /* which counts are read */
	struct err e;
};

static int
no_memory(struct status *s)
{
	return err_set(&s->trouble, -ENOMEM, "no memory");
}

static int
keep(struct status *s, struct slice *text)
{
	struct status_text *t = malloc(sizeof *t + text->n);

	if (!t)
		return no_memory(s);
	if (text->n > 0)
		memcpy(t->p, text->p, text->n);
	t->next = s->texts;
	s->texts = t;
	text->p = t->p;
	return 0;
}

/* Room for one more, zero, at the end. */
static void *
grow(struct status *s, void **array, size_t *n, size_t size)
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
	struct status_source *o = grow(
	    s, (void **)&s->source, &s->nsources, sizeof *s->source);
	if (!o || keep(s, &name) < 0)
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
	int rc = keep(r->status, &v.bad_reason);
	if (rc == 0)
		rc = keep(r->status, &v.bad_file);
	if (rc == 0)
		o->stored = v;
	return rc;
}

/* False: the file is not where it was: known, and gone, of no interest to people. */
static bool
size_of(const struct store_file *f, uint64_t *size)
{
	char path[PATH_MAX];
	struct stat st;

	if (f->path.n >= sizeof path)
		return false;
	(void)snprintf(path, sizeof path, "%.*s", (int)f->path.n, f->path.p);
	if (stat(path, &st) < 0 || st.st_dev != f->dev || st.st_ino != f->ino)
		return false;
	*size = (uint64_t)st.st_size;
	return true;
}

static int
on_file(void *arg, const struct store_file *stored)
{
	struct reading *r = arg;
	struct status_source *o = r->source;
	uint64_t size;

	if (!size_of(stored, &size))
		return 0;
	struct slice path = stored->path;
	if (keep(r->status, &path) < 0)
		return -ENOMEM;
	struct status_file *f = grow(
	    r->status, (void **)&o->file, &o->nfiles, sizeof *o->file);
	if (!f)
		return -ENOMEM;
	f->path = path;
	f->offset = stored->offset;
	f->size = size;
	f->lag = size > f->offset ? size - f->offset : 0;
	if (stored->offset < stored->skip && stored->start_ms == 0)
		f->lag = 0; /* start: end passes over it, and waits for more */
	o->lag += f->lag;
	return 0;
}

static int
on_tally(void *arg, const struct store_tally *t)
{
	struct reading *r = arg;
	struct status_source *o = source_of(r->status, t->source);

	if (!o)
		return -ENOMEM;
	uint64_t(*counts)[EVENT_CLASS_COUNT] = r->day ? o->day : o->hour;
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
	struct status_output *o = grow(
	    s, (void **)&s->output, &s->noutputs, sizeof *s->output);
	if (!o || keep(s, &name) < 0)
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
	int rc = keep(r->status, &v.state);
	if (rc == 0)
		rc = keep(r->status, &v.error);
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

static void
read_store(struct reading *r, const struct config *c)
{
	struct status *s = r->status;
	struct store *st = r->store;
	int64_t slot = s->now_ms / STORE_TALLY_MS;
	const char *why;

	s->bytes = store_bytes(st);
	s->full = room_left(st, c, &why) ? NULL : why;
	note(r, store_source_each(st, on_source, r, &r->e));
	for (size_t i = 0; i < s->nsources; i++) {
		r->source = &s->source[i];
		note(r, store_file_each(st, r->source->name, on_file, r, &r->e));
	}
	note(r, store_tally_each(st, slot - HOUR_SLOTS + 1, on_tally, r, &r->e));
	r->day = true;
	note(r, store_tally_each(st, slot - DAY_SLOTS + 1, on_tally, r, &r->e));
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

bool
status_lag_seconds(const struct status *s, const struct status_source *o, int64_t *out)
{
	int64_t ms = s->now_ms - o->stored.event_ms;

	if (o->lag > 0 && o->stored.event_ms == 0)
		return false;
	*out = o->lag == 0 || ms < 0 ? 0 : ms / 1000;
	return true;
}
