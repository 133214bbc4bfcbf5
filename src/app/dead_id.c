/*
 * dead_id.c - what the commands on dead letters name: `17` a dead letter, `a17` an
 * event that is set apart, in a batch of its own.
 */
#include "app/dead.h"

#include "app/app.h"
#include "app/command.h"

#include <errno.h>
#include <stdlib.h>

enum { EVENTS_MAX = 64 << 20 };

bool
dead_id_of(const char *text, struct dead_id *out)
{
	struct slice s = slice_of(text);
	bool apart = s.n > 0 && s.p[0] == 'a';
	uint64_t id;

	if (!slice_u64(slice_from(s, apart), &id) || id == 0 || id > INT64_MAX)
		return false;
	*out = (struct dead_id){ .id = (int64_t)id, .apart = apart };
	return true;
}

int
dead_find_apart(struct store *s, int64_t id, struct store_batch *b, struct buf *events,
    struct err *e)
{
	struct store_wanted w = { .which = STORE_BY_ID, .id = id };

	*b = (struct store_batch){ 0 };
	int rc = store_batch_find(s, &w, b, events, e);
	/* in the queue it is none of ours, whole or damaged */
	return (rc == 0 || rc == -EBADMSG) && b->id == id && b->standing == 0 ? -ENOENT
									      : rc;
}

struct wanted_output {
	struct slice name;
	struct store_output *out;
	bool found;
};

static int
match_output(void *arg, const struct store_output *o)
{
	struct wanted_output *w = arg;

	if (!slice_eq(o->name, w->name))
		return 0;
	w->found = true;
	if (w->out) {
		*w->out = *o;
		w->out->name = w->out->state = w->out->error = (struct slice){ 0 };
	}
	return 1;
}

int
dead_find_output(
    struct store *s, const char *name, struct store_output *out, struct err *e)
{
	struct wanted_output w = { slice_of(name), out, false };
	int rc = store_output_each(s, match_output, &w, e);

	return rc < 0 ? rc : w.found ? 0 : -ENOENT;
}

/* --- those that are named ------------------------------------------------------------
 */

static size_t
output_index(const struct config *c, struct slice name)
{
	for (size_t i = 0; i < c->noutputs; i++) {
		if (slice_eq(slice_of(c->output[i].name), name))
			return i;
	}
	return SIZE_MAX;
}

struct looked_for {
	const struct config *config;
	struct dead_id *id;
};

static int
take_output(void *arg, const struct store_dead *d)
{
	struct looked_for *l = arg;

	l->id->output = output_index(l->config, d->output);
	return 0;
}

static int
look_for(const struct dead *d, struct dead_id *id, struct err *e)
{
	struct looked_for l = { d->config, id };
	struct store_batch b;
	struct buf events;

	if (!id->apart)
		return store_dead_get(d->store, id->id, take_output, &l, e);
	buf_init(&events, EVENTS_MAX);
	int rc = dead_find_apart(d->store, id->id, &b, &events, e);
	id->output = output_index(d->config, b.output);
	buf_free(&events);
	return rc;
}

/* 0 or an exit code. */
static int
check_id(const struct dead *d, const char *text, bool configured, struct dead_id *out)
{
	struct err e = { 0 };

	if (!dead_id_of(text, out)) {
		command_tell(d->command, "\"%s\" is no id, such as 17 or a17", text);
		return EX_USAGE;
	}
	int rc = look_for(d, out, &e);
	if (rc == -ENOENT) {
		command_tell(d->command, "there is no %s", text);
		return EX_USAGE;
	}
	if (rc == -EBADMSG && out->apart && !configured)
		return 0; /* what is damaged may be dropped */
	if (rc < 0)
		return dead_fail(d, rc, &e);
	if (configured && out->output == SIZE_MAX) {
		command_tell(d->command, "the output of %s is not configured", text);
		return EX_USAGE;
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct dead_id *x = a, *y = b;

	if (x->apart != y->apart)
		return x->apart ? 1 : -1;
	if (x->output != y->output)
		return x->output < y->output ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

int
dead_ids_find(const struct dead *d, bool configured, struct dead_ids *out)
{
	struct dead_id *v = calloc(d->nids + 1, sizeof *v);
	size_t n = 0;
	int code = v ? 0 : EX_OSERR;

	for (size_t i = 0; code == 0 && i < d->nids; i++)
		code = check_id(d, d->id[i], configured, &v[i]);
	if (code != 0) {
		free(v);
		command_tell(d->command, "nothing was done");
		return code;
	}
	qsort(v, d->nids, sizeof *v, compare);
	for (size_t i = 0; i < d->nids; i++) {
		if (n == 0 || compare(&v[n - 1], &v[i]) != 0)
			v[n++] = v[i];
	}
	*out = (struct dead_ids){ v, n };
	return 0;
}

static int
stop(void *arg, const struct store_dead *d)
{
	(void)arg;
	(void)d;
	return 1;
}

/* Bit by bit from the top: is there one at or behind it? Nothing has to be read
 * through.
 */
int
dead_last(struct store *s, int64_t *last, struct err *e)
{
	*last = 0;
	for (int64_t bit = (int64_t)1 << 62; bit > 0; bit >>= 1) {
		int rc = store_dead_each(
		    s, (struct slice){ 0 }, (*last | bit) - 1, stop, NULL, e);
		if (rc < 0)
			return rc;
		if (rc == 1)
			*last |= bit;
	}
	return 0;
}
