/*
 * tally.c - a few counters in memory between two commits, a few rows per commit.
 */
#include "app/tally.h"
#include "app/app.h"

#include <stdlib.h>
#include <string.h>

struct counts {
	struct slice source;
	uint64_t n[EVENT_TYPE_COUNT][EVENT_CLASS_COUNT];
	bool any;
};

struct tally {
	size_t n;
	struct counts source[];
};

struct tally *
tally_new(const struct config *c)
{
	struct tally *t = calloc(1, sizeof *t + c->nsources * sizeof t->source[0]);

	for (size_t i = 0; t && i < c->nsources; i++)
		t->source[i].source = slice_of(c->source[i].name);
	if (t)
		t->n = c->nsources;
	return t;
}

void
tally_free(struct tally *t)
{
	free(t);
}

static void
count(
    struct tally *t, struct slice source, enum event_type type, enum event_class class)
{
	for (size_t i = 0; i < t->n; i++) {
		struct counts *c = &t->source[i];
		if (!slice_eq(c->source, source))
			continue;
		c->n[type][class]++;
		c->any = true;
		return;
	}
}

void
tally_event(struct tally *t, const struct event *ev)
{
	count(t, ev->source.name, ev->type, ev->class);
}

void
tally_other(struct tally *t, struct slice source)
{
	count(t, source, EVENT_TYPE_NONE, EVENT_CLASS_NONE);
}

static int
put_source(const struct counts *c, struct store *st, struct err *e)
{
	struct store_tally row = { .source = c->source,
		.slot = clock_wall_ms() / STORE_TALLY_MS };
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < EVENT_TYPE_COUNT * EVENT_CLASS_COUNT; i++) {
		enum event_type type = (enum event_type)(i / EVENT_CLASS_COUNT);
		enum event_class class = (enum event_class)(i % EVENT_CLASS_COUNT);
		if ((row.n = c->n[type][class]) == 0)
			continue;
		row.type = slice_of(event_type_name(type));
		row.class = slice_of(class == 0 ? "" : event_class_name(class));
		rc = store_tally_add(st, &row, e);
	}
	return rc;
}

int
tally_put(const struct tally *t, struct store *st, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		if (t->source[i].any)
			rc = put_source(&t->source[i], st, e);
	}
	return rc;
}

void
tally_committed(struct tally *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!t->source[i].any)
			continue;
		memset(t->source[i].n, 0, sizeof t->source[i].n);
		t->source[i].any = false;
	}
}
