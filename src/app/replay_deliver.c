/*
 * replay_deliver.c - replayed events into the spool, with the places they come from.
 *
 * As in the daemon one transaction has the batches and the place that they end at, so
 * that a replay that was broken off, however that happened, goes on without a gap or a
 * repetition. A file is always read from its beginning, since the lines of a mail log
 * explain later ones; what stands before an output's place is not put again.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/replay_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	COMMIT_MS = 1000,     /* so much work may be lost to a kill -9 */
	BUSY_MS = 100,        /* between two tries while somebody else writes */
	INPUT_MS = 60 * 1000, /* a wait for input, where nothing else ends it */
	BUSY_MAX_MS = 30 * 1000,
	HEAD_BYTES = 5 << 20,
};

int
replay_cancel(struct replay_deliver *d, int code, const char *text)
{
	(void)fprintf(stderr, "bouncefeed replay: %s\n", text);
	d->code = code;
	return -ECANCELED;
}

/* --- events --------------------------------------------------------------------------
 */

/* The event at hand was committed before. */
static bool
is_before(const struct replay_deliver *d, const struct replay_place *p)
{
	return d->record < p->offset ||
	       (d->record == p->offset && d->taken < p->events);
}

static int
take(struct replay_deliver *d, struct replay_output *o, const struct event *ev,
    struct select_view *view, int64_t now_ms)
{
	int rc;

	if (!select_wants(o->select, view))
		return 0;
	if (is_before(d, &o->place)) {
		d->before++;
		return 0;
	}
	if ((rc = spool_event(o->spool, ev, now_ms)) == 0)
		o->open++;
	return rc;
}

int
replay_deliver_event(void *arg, const struct event *ev)
{
	struct replay *r = arg;
	struct replay_deliver *d = r->deliver;
	struct select_view view;
	int64_t now = clock_ms();
	int rc = 0;

	/* an event goes to all outputs or to none yet */
	for (size_t i = 0; i < d->n; i++) {
		if (spool_full(d->output[i].spool))
			return -EAGAIN;
	}
	if (ev->source.offset != d->record) {
		d->record = ev->source.offset;
		d->taken = 0;
		d->beyond |= d->at_end && d->record != d->rest.offset;
	}
	select_view(&view, ev);
	for (size_t i = 0; i < d->n && rc == 0 && filter_takes(&r->filter, ev); i++)
		rc = take(d, &d->output[i], ev, &view, now);
	if (rc == -E2BIG)
		replay_bad(r, ev->source.file, ev->source.offset, (struct slice){ 0 },
		    "event over 64 KiB");
	else if (rc < 0) /* one output may have it: nothing more is committed */
		return replay_cancel(d, EX_OSERR, "no memory");
	d->taken++;
	return 0;
}

/* --- commits -------------------------------------------------------------------------
 */

static struct replay_of
place_of(const struct replay_deliver *d, const struct replay_output *o)
{
	return (struct replay_of){ .key = d->key,
		.output = slice_of(o->conf->name),
		.narrowed = buf_slice(&d->replay->narrowed) };
}

/*
 * Where the stream stands: in a record whose events are not all taken, too. A last
 * record without a line end may be half of one: the place stays before it, with the
 * events that it gave.
 */
static struct replay_place
place_now(const struct replay_deliver *d, const struct stream *s)
{
	struct stream_place w;

	stream_where(s, &w);
	struct replay_place p = { .offset = w.offset, .marker = hash64_of(w.tail) };
	if (d->at_end && !d->beyond && w.has_key)
		p = d->rest;
	p.events = p.offset == d->record ? d->taken : 0;
	return p;
}

static int
put(struct replay_deliver *d, struct replay_output *o, const struct replay_place *p,
    struct err *e)
{
	struct replay_of of = place_of(d, o);
	struct replay_place there;
	int rc = d->placed ? replay_place_get(d->store, &of, &there, e) : 0;

	/* within the transaction: two runs of one file would put everything twice */
	if (rc == 0 && d->placed && memcmp(&there, &o->stored, sizeof there) != 0)
		rc = err_set(e, -EAGAIN, "another replay of this file is under way");
	if (rc == 0)
		rc = spool_put(o->spool, d->store, NULL, e);
	if (rc == 0) /* status shows outputs from their first batch on */
		rc = store_output_count(d->store, of.output, 0, 0, e);
	if (rc == 0 && d->placed && replay_place_after(p, &o->place))
		rc = replay_place_put(d->store, &of, p, e);
	return rc;
}

static int
try_commit(struct replay_deliver *d, struct replay_output *o,
    const struct replay_place *p, struct err *e)
{
	int rc = store_begin(d->store, STORE_DURABLE, e);

	if (rc < 0)
		return rc;
	if ((rc = put(d, o, p, e)) < 0) {
		store_rollback(d->store);
		return rc;
	}
	return store_commit(d->store, e);
}

static int
commit_output(struct replay_deliver *d, struct replay_output *o, const struct stream *s)
{
	struct replay_place p = place_now(d, s);
	bool moves = d->placed && replay_place_after(&p, &o->place);
	struct err e = { 0 };
	int64_t began = clock_ms();
	int rc;

	if (spool_empty(o->spool) && !moves)
		return 0;
	while ((rc = try_commit(d, o, &p, &e)) == -EBUSY &&
	       clock_ms() - began < BUSY_MAX_MS)
		(void)replay_pause(d, -1, BUSY_MS);
	if (rc < 0)
		return replay_cancel(d, command_exit(rc), e.text);
	bool fresh = !spool_empty(o->spool);
	spool_committed(o->spool);
	o->put += o->open;
	o->open = 0;
	if (moves)
		o->place = o->stored = p;
	if (fresh)
		replay_rest(d, clock_ms() - began);
	return 0;
}

static int
commit_all(struct replay_deliver *d, const struct stream *s)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->n; i++)
		rc = commit_output(d, &d->output[i], s);
	d->commit_ms = clock_ms();
	return rc;
}

/* --- a file --------------------------------------------------------------------------
 */

/* The places of the file at hand, those that are to be believed. */
static int
find_places(
    struct replay_deliver *d, struct reader *in, struct slice head, struct err *e)
{
	struct replay_place **p = calloc(d->n + 1, sizeof(struct replay_place *));
	int rc = p ? 0 : err_set(e, -ENOMEM, "no memory");

	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		struct replay_of of = place_of(d, &d->output[i]);
		p[i] = &d->output[i].place;
		rc = replay_place_get(d->store, &of, &d->output[i].stored, e);
		if (!d->o.again)
			*p[i] = d->output[i].stored;
	}
	if (rc == 0 && !d->o.again)
		rc = replay_place_check(in, head, p, d->n, e);
	free(p);
	return rc;
}

int
replay_deliver_begin(
    struct replay_deliver *d, struct reader *in, const char *path, struct err *e)
{
	struct buf head;
	int rc;

	for (size_t i = 0; i < d->n; i++)
		d->output[i].place = (struct replay_place){ 0 };
	d->placed = d->at_end = d->beyond = false;
	d->record = UINT64_MAX;
	d->taken = 0;
	if ((rc = replay_room(d)) < 0 || !strcmp(path, "-") || !reader_is_file(in))
		return rc;
	buf_init(&head, HEAD_BYTES);
	rc = replay_place_key(in, &d->replay->env, &head, &d->key, e);
	if (rc == 1) {
		d->placed = true;
		rc = find_places(d, in, buf_slice(&head), e);
	}
	buf_free(&head);
	if (rc < 0 && rc != -EBADMSG)
		return rc;
	*e = (struct err){ 0 }; /* what is damaged is replayed up to there */
	return reader_rewind(in, e);
}

int
replay_deliver_input(
    struct replay_deliver *d, const struct stream *s, const struct reader *in)
{
	int fd = reader_fd(in), rc = 0;

	while (rc == 0 && fd >= 0 && !replay_asked_to_stop()) {
		int64_t now = clock_ms(), until = now + INPUT_MS;
		for (size_t i = 0; i < d->n; i++) {
			int64_t at = spool_deadline(d->output[i].spool);
			until = at < until ? at : until;
		}
		if (replay_pause(d, fd, until - now))
			return 0;
		if (clock_ms() >= until)
			rc = commit_all(d, s);
	}
	return rc == 0 && replay_asked_to_stop() ? -EINTR : rc;
}

void
replay_deliver_last(struct replay_deliver *d, const struct stream *s)
{
	d->rest = place_now(d, s);
	d->at_end = true;
}

int
replay_deliver_turn(struct replay_deliver *d, const struct stream *s)
{
	int rc = 0;

	if (clock_ms() - d->commit_ms >= COMMIT_MS && (rc = commit_all(d, s)) == 0)
		rc = replay_room(d);
	if (d->deliver)
		(void)replay_pause(d, -1, 0);
	return rc == 0 && replay_asked_to_stop() ? -EINTR : rc;
}

int
replay_deliver_full(struct replay_deliver *d, const struct stream *s)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		if (spool_full(d->output[i].spool))
			rc = commit_output(d, &d->output[i], s);
	}
	if (rc == 0)
		rc = replay_room(d);
	return rc == 0 && replay_asked_to_stop() ? -EINTR : rc;
}

int
replay_deliver_end(struct replay_deliver *d, const struct stream *s)
{
	return commit_all(d, s);
}

void
replay_deliver_stopped(
    const struct replay_deliver *d, const struct stream *s, const char *path)
{
	struct replay_place p = place_now(d, s);
	struct buf text;

	buf_init(&text, 16 * 1024);
	text_shown(&text, slice_of(path));
	(void)fprintf(stderr, "bouncefeed replay: stopped in %.*s at byte %llu%s\n",
	    (int)text.n, text.p, (unsigned long long)p.offset,
	    d->placed ? ": run it again to go on" : "");
	buf_free(&text);
}
