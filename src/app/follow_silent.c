/*
 * follow_silent.c - silent_after: says once that nothing is written to a source any
 * more, and once that something is again.
 *
 * What counts is when a file of the source was last written, by its mtime; so a restart
 * changes nothing. Where no file tells, it is when the last event was read, as the
 * state file has it, else when we started. An mtime of an hour and more in the future
 * says nothing; an empty file (a rotation made it) and a packed one neither. Reading is
 * no writing: a backlog may be old.
 */
#include "app/follow_internal.h"
#include "app/app.h"

enum { FUTURE_MS = 3600 * 1000 };

static bool
counts(const struct source_file *s, int64_t wall_ms)
{
	if (!s->present && s->fd < 0)
		return false; /* it was counted while it was there */
	if (s->size == 0 || s->packed || (s->ignored && !s->live))
		return false;
	return s->mtime_ns / 1000000 < wall_ms + FUTURE_MS;
}

/* The wall clock's time of the last writing that is known of. */
static int64_t
heard_ms(const struct follow *f, int64_t wall_ms)
{
	return f->heard_ms < wall_ms ? f->heard_ms : wall_ms; /* it was set back */
}

static int64_t
left_ms(const struct follow *f, int64_t wall_ms)
{
	return heard_ms(f, wall_ms) + (int64_t)f->conf->silent_after - wall_ms;
}

bool
follow_silence_due(const struct follow *f)
{
	return f->conf->silent_after > 0 && !f->silent && f->heard_ms > 0 &&
	       left_ms(f, clock_wall_ms()) <= 0;
}

int64_t
follow_silence_deadline(const struct follow *f, int64_t now_ms)
{
	if (f->conf->silent_after == 0 || f->silent || f->heard_ms == 0)
		return INT64_MAX;
	int64_t left = left_ms(f, clock_wall_ms());
	return now_ms + (left > 0 ? left : 0);
}

static void
tell(const struct follow *f, const char *event, int64_t since_ms, int64_t for_ms)
{
	char since[WHEN_TEXT_MAX];
	size_t n = when_write((struct when){ .sec = since_ms / 1000 }, since);

	log_event(f->silent ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, event, "source",
	    f->conf->name, "since", log_slice((struct slice){ since, n }), "seconds",
	    log_number(for_ms / 1000), LOG_END);
}

/* After a look at the files. */
static void
note_writings(struct follow *f, int64_t wall_ms)
{
	for (struct source_file *s = source_files(f->source); s; s = s->next) {
		if (counts(s, wall_ms) && s->mtime_ns / 1000000 > f->heard_ms)
			f->heard_ms = s->mtime_ns / 1000000;
	}
	if (f->heard_ms == 0)
		f->heard_ms = f->event_ms ? f->event_ms : f->started_ms;
}

void
follow_listen(struct follow *f)
{
	int64_t wall = clock_wall_ms();

	if (f->conf->silent_after == 0 || !f->looked)
		return;
	f->looked = false;
	note_writings(f, wall);
	int64_t heard = heard_ms(f, wall);
	if (f->silent && heard > f->silent_since_ms) {
		f->silent = false;
		tell(f, "heard", f->silent_since_ms, heard - f->silent_since_ms);
	}
	if (follow_silence_due(f)) {
		f->silent = true;
		f->silent_since_ms = heard;
		tell(f, "silent", heard, wall - heard);
	}
}
