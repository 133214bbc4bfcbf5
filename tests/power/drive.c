/*
 * drive.c - a transaction of the model through the store, as the program would do it:
 * batches, dead letters, offsets, then the number of the transaction.
 */
#include "drive.h"
#include "tool.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

static const struct slice SOURCE = { "s", 1 };
static const struct slice OUTPUT = { "o", 1 };

enum { EVENTS_MAX = 64 << 20, REST_TRIES = 100 };

struct drive {
	struct store *store;
	const size_t *at;
	int64_t file[MODEL_FILES];   /* ids of their rows; 0: not stored */
	int64_t put_id[MODEL_FILES]; /* true after the commit */
	struct buf events;
};

static size_t
log_at(const struct drive *d)
{
	return d->at ? *d->at : 0;
}

static int
note_file(void *arg, const struct store_file *f)
{
	struct drive *d = arg;

	if (f->path.n == 1 && f->path.p[0] < '0' + MODEL_FILES)
		d->file[f->path.p[0] - '0'] = f->id;
	return 0;
}

int
drive_open(const char *path, struct drive **out, struct err *e)
{
	const struct store_options o = { .version = "test" };
	struct drive *d = calloc(1, sizeof *d);
	long holder = 0;

	if (!d)
		tool_die("no memory");
	buf_init(&d->events, EVENTS_MAX);
	int rc = store_open(path, STORE_OWN, &o, &d->store, &holder, e);
	if (rc == 0)
		rc = store_file_each(d->store, SOURCE, note_file, d, e);
	if (rc < 0) {
		drive_close(d);
		return rc;
	}
	*out = d;
	return 0;
}

void
drive_close(struct drive *d)
{
	if (!d)
		return;
	store_close(d->store);
	buf_free(&d->events);
	free(d);
}

void
drive_log(struct drive *d, const size_t *at)
{
	d->at = at;
}

static int
put_batch(struct drive *d, struct model *m, size_t item, struct err *e)
{
	struct item *i = &m->item[item];
	char key[MODEL_KEY + 1];
	int64_t parent_place = i->parent == MODEL_NEVER ? 0 : m->item[i->parent].place;

	buf_clear(&d->events);
	model_events(m, i->file, i->first, i->last, &d->events);
	model_key(item, key);
	i->hash = hash64_of(buf_slice(&d->events));
	i->bytes = d->events.n;
	const struct store_batch b = {
		.place = parent_place,
		.output = OUTPUT,
		.key = { key, MODEL_KEY },
		.format = SLICE("json"),
		.host = SLICE("mx1"),
		.events = buf_slice(&d->events),
		.count = i->last - i->first + 1,
		.sealed_ms = 7,
	};
	int rc = store_batch_put(d->store, &b, &i->id, e);
	i->place = parent_place ? parent_place : i->id;
	return rc;
}

static int
put_dead(struct drive *d, struct model *m, size_t item, struct err *e)
{
	const struct item *i = &m->item[item];

	buf_clear(&d->events);
	model_events(m, i->file, i->first, i->last, &d->events);
	const struct store_dead dead = {
		.output = OUTPUT,
		.event = slice_trim(buf_slice(&d->events)),
		.code = 422,
		.answer = SLICE("no"),
		.at_ms = 7,
	};
	return store_dead_put(d->store, &dead, e);
}

static int
put_files(struct drive *d, const struct model *m, size_t t, struct err *e)
{
	static const char names[] = "0123456789";
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < MODEL_FILES; i++) {
		const struct store_file f = {
			.id = d->file[i],
			.source = SOURCE,
			.ino = i,
			.offset = m->tx[t].offset[i],
			.path = { names + i, 1 },
			.seen_ms = 7,
		};
		d->put_id[i] = d->file[i];
		if (t == 0 || d->file[i] == 0 ||
		    m->tx[t].offset[i] != m->tx[t - 1].offset[i])
			rc = store_file_put(d->store, &f, &d->put_id[i], e);
	}
	return rc;
}

static int
put_all(struct drive *d, struct model *m, size_t t, struct err *e)
{
	const struct tx *x = &m->tx[t];
	int rc = 0;

	for (size_t i = x->put; rc == 0 && i < x->end; i++)
		rc = m->item[i].dead ? put_dead(d, m, i, e) : put_batch(d, m, i, e);
	for (size_t i = 0; rc == 0 && i < x->ndel; i++)
		rc = store_batch_delete(d->store, m->item[x->del[i]].id, e);
	if (rc == 0)
		rc = put_files(d, m, t, e);
	if (rc == 0)
		rc = store_source_put(d->store, SOURCE, (int64_t)t, e);
	return rc;
}

int
drive_tx(struct drive *d, struct model *m, size_t t, struct err *e)
{
	struct tx *x = &m->tx[t];
	int rc = store_begin(d->store, x->durable ? STORE_DURABLE : STORE_LAZY, e);

	if (rc < 0)
		return rc;
	if ((rc = put_all(d, m, t, e)) < 0) {
		store_rollback(d->store);
		return rc;
	}
	if (x->committing == MODEL_NEVER) /* tried again: the first may have left it */
		x->committing = log_at(d);
	if ((rc = store_commit(d->store, e)) < 0)
		return rc;
	x->returned = log_at(d);
	memcpy(d->file, d->put_id, sizeof d->file);
	return 0;
}

bool
drive_checkpoint(struct drive *d, bool idle)
{
	return store_checkpoint(d->store, idle);
}

bool
drive_rest(struct drive *d)
{
	for (int i = 0; i < REST_TRIES; i++) {
		if (store_checkpoint(d->store, true))
			return true;
	}
	return false;
}

uint64_t
drive_used(struct drive *d)
{
	return store_used(d->store);
}

int
drive_first(struct drive *d, char key[MODEL_KEY + 1], uint64_t *hash, struct err *e)
{
	const struct store_wanted w = { .which = STORE_FIRST, .output = OUTPUT };
	struct store_batch b;
	int rc = store_batch_find(d->store, &w, &b, &d->events, e);

	if (rc < 0)
		return rc;
	(void)snprintf(key, MODEL_KEY + 1, "%.*s", (int)b.key.n, b.key.p);
	*hash = hash64_of(b.events);
	return 0;
}

int
drive_probe(struct drive *d, struct err *e)
{
	const struct store_batch b = {
		.output = OUTPUT,
		.key = SLICE("ffffffffffffffffffffffffffffffff"),
		.format = SLICE("json"),
		.host = SLICE("mx1"),
		.events = SLICE("{}\n"),
		.count = 1,
		.sealed_ms = 7,
	};
	int64_t id;
	int rc = store_begin(d->store, STORE_DURABLE, e);

	if (rc < 0)
		return rc;
	if ((rc = store_batch_put(d->store, &b, &id, e)) < 0) {
		store_rollback(d->store);
		return rc;
	}
	return store_commit(d->store, e);
}

int64_t
drive_serial(struct drive *d)
{
	struct err ignored;
	int64_t serial = 0;

	(void)store_source_get(d->store, SOURCE, &serial, &ignored);
	return serial;
}
