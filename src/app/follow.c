/*
 * follow.c - a configured source at work.
 *
 * For each file with unread bytes: read a chunk, feed its stream, note where that
 * leaves it. What is noted becomes true with the next commit, together with the events.
 */
#include "app/follow_internal.h"
#include "app/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SCAN_RETRY_MS = 1000,    /* after a scan that failed */
	SCAN_REST = 10,          /* times what the last one cost, to the next ... */
	SCAN_REST_MAX_MS = 2000, /* ... at most */
};
static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;

static void
log_scan_fault(struct follow *f, int rc, const struct err *e)
{
	if (rc < 0 && !f->failing)
		log_event(LOG_LEVEL_ERR, "scan-failed", "source", f->conf->name,
		    "error", e->text, LOG_END);
	f->failing = rc < 0;
}

/* A path that is no known file's and cannot be looked at: told once, and once that it
 * is over. */
static void
log_unseen(struct follow *f)
{
	const char *path = "";
	int error = source_unseen(f->source, &path);

	if (!error == !f->unseen)
		return;
	f->unseen = error != 0;
	if (error)
		log_event(LOG_LEVEL_ERR, "unreadable", "source", f->conf->name, "path",
		    path, "error", strerror(error), LOG_END);
	else
		log_event(LOG_LEVEL_INFO, "readable", "source", f->conf->name, LOG_END);
}

static int
scan(struct follow *f, int64_t now_ms)
{
	struct err e;
	int64_t before_us = clock_cpu_us();
	int64_t began = source_scan(f->source, f->scanned_ns, now_ms, &e);
	int64_t rest_ms = (clock_cpu_us() - before_us) * SCAN_REST / 1000;

	f->rested_ms = clock_ms() +
		       (rest_ms < SCAN_REST_MAX_MS ? rest_ms : SCAN_REST_MAX_MS);

	f->next_scan_ms = now_ms + (began < 0 ? SCAN_RETRY_MS : SOURCE_RESCAN_MS);
	log_scan_fault(f, began < 0 ? (int)began : 0, &e);
	if (began < 0)
		return (int)began;
	f->scanned_ns = began;
	log_unseen(f);
	int64_t wall = clock_wall_ms();
	for (struct source_file *s = source_files(f->source); s; s = s->next) {
		if (!s->present || s->ignored)
			continue;
		s->seen_ms = wall;
		/* forgetting counts from the last sighting: a day's precision is enough
		 */
		s->dirty |= wall - s->stored_seen_ms > DAY_MS;
	}
	return 0;
}

int
follow_note_place(struct source_file *s, const struct stream *stream)
{
	struct stream_place p;

	stream_where(stream, &p);
	if (!p.has_key || (p.offset == s->offset && s->has_key))
		return 0;
	s->offset = p.offset;
	s->has_key = p.has_key;
	s->key = p.key;
	s->marker = hash_of(p.tail);
	s->dirty = true;
	if (slice_eq(p.header, buf_slice(&s->header)))
		return 0;
	buf_clear(&s->header);
	return buf_add(&s->header, p.header);
}

/* What is left of a file that nobody writes to any more: a last record without a line
 * end, or good ones behind a torn one. -EAGAIN: a commit must come first. */
static int
finish_file(struct source_file *s)
{
	struct reading *r = s->user;
	struct when undated = clock_of_file(s->mtime_ns / 1000000000);

	/* not the first record: if it goes on after all, its beginning is no key */
	if (!r || !s->over || !s->has_key || stream_next(r->stream) != s->read)
		return 0;
	int rc = stream_feed(
	    r->stream, (struct slice){ 0 }, true, slice_of(s->path), undated);
	r->paused = rc == -EAGAIN;
	int noted = follow_note_place(s, r->stream);
	return rc < 0 ? rc : noted;
}

/* It was read, and not all of it was taken: it must not be closed. */
static bool
is_paused(const struct source_file *s)
{
	const struct reading *r = s->user;

	return r && r->paused && s->fd >= 0 && stream_next(r->stream) == s->read;
}

/* true: at least one was closed */
static bool
close_ended(struct follow *f)
{
	bool closed = false;

	for (struct source_file *s = source_files(f->source); s; s = s->next) {
		if (!s->ended || is_paused(s) || finish_file(s) == -EAGAIN)
			continue;
		source_close(f->source, s);
		closed = true;
	}
	return closed;
}

/* The next look is never put off: a busy loop comes by more often than it is due. */
static void
note_deadline(struct follow *f, int64_t now_ms)
{
	int64_t at = source_deadline(f->source, now_ms);

	if (at < f->next_look_ms)
		f->next_look_ms = at;
}

int
follow_look(struct follow *f, int64_t now_ms)
{
	bool want_scan, want_look;
	int rc = 0;

	source_asked(f->source, now_ms, &want_scan, &want_look);
	bool due = now_ms >= f->next_look_ms;
	/* With thousands of files a scan costs milliseconds, and each rename or write
	 * to a closed one asks for it. The open ones are looked at at once. */
	want_look |= want_scan;
	f->asked |= want_scan || follow_silence_due(f);
	bool scan_now = (f->asked && now_ms >= f->rested_ms) ||
			now_ms >= f->next_scan_ms;
	f->looked |= scan_now || want_look || due;
	if (scan_now) {
		f->asked = false;
		rc = scan(f, now_ms);
	} else if (want_look || due) {
		source_look(f->source, now_ms);
	}
	(void)close_ended(f);
	if (scan_now || want_look || due)
		f->next_look_ms = INT64_MAX;
	note_deadline(f, now_ms);
	return rc;
}

int64_t
follow_deadline(const struct follow *f, int64_t now_ms)
{
	int64_t at = follow_silence_deadline(f, now_ms);

	/* within the turn: by another source's scan, too, which takes all events */
	if (source_asks(f->source) && now_ms + SOURCE_AGAIN_MS < at)
		at = now_ms + SOURCE_AGAIN_MS;
	if (f->asked && f->rested_ms < at)
		at = f->rested_ms;
	if (f->next_look_ms < at)
		at = f->next_look_ms;
	return f->next_scan_ms < at ? f->next_scan_ms : at;
}

/* The stream of a file, standing where the next byte is read. */
static int
stream_of(struct follow *f, struct source_file *s, struct reading **out)
{
	struct reading *r = s->user;
	char tail[LIMIT_MARKER];
	bool agrees;

	if (r && stream_next(r->stream) == s->read) {
		*out = r;
		return 0;
	}
	if (!r) {
		if (!(r = calloc(1, sizeof *r)) ||
		    !(r->stream = stream_new(&f->stream))) {
			free(r);
			return -ENOMEM;
		}
		s->user = r;
	}
	s->read = s->offset;
	r->paused = false;
	struct stream_place p = {
		.offset = s->offset,
		.skip = s->skip,
		.start_ms = s->start_ms,
		.has_key = s->has_key,
		.key = s->key,
		.header = buf_slice(&s->header),
		.tail = source_tail(f->source, s, tail, &agrees),
	};
	if (!agrees) /* truncated and written anew, or unreadable */
		return s->tail_error ? -s->tail_error : SOURCE_REPLACED;
	*out = r;
	return stream_resume(r->stream, &p);
}

static int
read_file(struct follow *f, struct source_file *s, struct err *e)
{
	struct reading *r;
	int rc = source_reach(s);
	ssize_t n = 0;

	if (rc == 0)
		return 0; /* a packed one, still on its way to where we were */
	rc = rc < 0 ? rc : stream_of(f, s, &r);
	if (rc < 0 && s->packed) {
		source_lose(f->source, s);
		return 0;
	}
	if (rc == 0 && !r->paused)
		n = source_read(f->source, s, f->chunk, LIMIT_READ, e);
	if ((rc == SOURCE_REPLACED || n == SOURCE_REPLACED) &&
	    source_restart(f->source, s, f->now_ms))
		return 0;
	if (rc == SOURCE_REPLACED || n == SOURCE_REPLACED)
		rc = -ENOMEM;
	if (rc < 0)
		return err_set(e, rc, "%s: cannot go on at %llu", s->path,
		    (unsigned long long)s->offset);
	if (n < 0)
		return (int)n;
	struct when undated = clock_of_file(s->mtime_ns / 1000000000);
	rc = stream_feed(r->stream, (struct slice){ f->chunk, (size_t)n }, false,
	    slice_of(s->path), undated);
	r->paused = rc == -EAGAIN;
	int noted = follow_note_place(s, r->stream);
	if (rc == 0)
		rc = noted;
	return rc < 0 ? err_set(e, rc, "%s: at %llu: %s", s->path,
			    (unsigned long long)s->offset, strerror(-rc))
		      : 0;
}

static void
take_result(struct follow *f, struct source_file *s, int rc)
{
	s->error = rc < 0 ? -rc : 0;
	if (rc < 0)
		source_fail(f->source, s, f->now_ms);
}

/* Says once what is wrong with a file, and once that it is over. */
static void
log_file_fault(struct follow *f, struct source_file *s)
{
	bool gone = !s->present && s->fd < 0 && s->look_error == 0;
	int error = gone ? 0 : s->error ? s->error : s->look_error;

	if (!error == !s->shown_error)
		return;
	s->shown_error = error;
	if (error)
		log_event(LOG_LEVEL_ERR, "unreadable", "source", f->conf->name, "file",
		    s->path, "error", strerror(error), LOG_END);
	else
		log_event(LOG_LEVEL_INFO, gone ? "gone" : "readable", "source",
		    f->conf->name, "file", s->path, LOG_END);
}

/* The file to read first where order counts: of those that left the path before those
 * that did not, the one written earliest. One that failed in this turn holds up nobody.
 */
static struct source_file *
oldest_unread(struct follow *f)
{
	struct source_file *best = NULL;

	for (struct source_file *s = source_files(f->source); s; s = s->next) {
		bool earlier = !best || s->live < best->live ||
			       (s->live == best->live && s->mtime_ns < best->mtime_ns);
		if (s->failed_turn != f->turn && earlier && source_has_unread(s))
			best = s;
	}
	return best;
}

/* Lines explain later ones in other files: one file is read to its end before the next.
 * 1: there is more, 0: not now, -EAGAIN. */
static int
read_in_order(struct follow *f)
{
	struct source_file *s;
	struct err e = { 0 };

	f->turn++;
	while ((s = oldest_unread(f))) {
		if (!source_open(f->source, s)) {
			s->failed_turn = f->turn;
			continue;
		}
		int rc = read_file(f, s, &e);
		if (rc == -EAGAIN)
			return rc;
		take_result(f, s, rc);
		if (rc < 0)
			s->failed_turn = f->turn;
		else if (s->size > s->read)
			return 1;
	}
	return 0;
}

/* Each file in its turn. Where a commit must come first, the next call goes on with
 * those that were not read yet: else a file with a large backlog, which fills the spool
 * each time, would keep the ones behind it waiting. */
static int
read_side_by_side(struct follow *f)
{
	struct source_file *s, *next;
	struct err e = { 0 };
	int more = 0, rc;

	for (s = source_unread(f->source, NULL); s; s = next) {
		if (s->round != f->round) {
			s->round = f->round;
			rc = read_file(f, s, &e);
			if (rc == -EAGAIN)
				return rc;
			take_result(f, s, rc);
		}
		more |= s->error == 0 && s->size > s->read;
		next = source_unread(f->source, s);
	}
	f->round++;
	return more;
}

int
follow_turn(struct follow *f, int64_t now_ms)
{
	struct source_file *s;
	struct err e = { 0 };
	int rc;

	f->now_ms = now_ms;
	for (s = source_files(f->source); s; s = s->next) {
		if (is_paused(s) && (rc = read_file(f, s, &e)) == -EAGAIN)
			return rc;
	}
	/* auto may turn out to be a mail log, whose lines explain later ones */
	bool ordered = !f->stream.format || f->stream.format->ordered;
	rc = ordered ? read_in_order(f) : read_side_by_side(f);
	if (rc == 0 && source_probe_turn(f->source))
		rc = 1;
	for (s = source_files(f->source); s; s = s->next)
		log_file_fault(f, s);
	if (source_starved(f->source)) {
		source_look(f->source, now_ms);
		if (close_ended(f) && rc == 0)
			rc = 1;
	}
	note_deadline(f, now_ms); /* of those opened now */
	return rc;
}
