/*
 * poll.c - what is done by the clock: sources that are polled, since they are told to
 * or since inotify does not tell of them, and files that rest after a failure.
 *
 * At each interval the open files are looked at and the directories are listed; a
 * listing that takes long is made less often, so that it takes at most a twentieth of
 * the time.
 */
#include "source/source_internal.h"

#include <time.h>

enum { LIST_SHARE = 20 };

int64_t
source_clock_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool
source_polls(const struct source *s)
{
	return s->o.poll_ms > 0 || !s->watch;
}

int64_t
source_poll_every(const struct source *s)
{
	if (s->o.poll_ms > 0)
		return s->o.poll_ms;
	return s->blind ? SOURCE_POLL_MS : 0;
}

/* Longer each time, from the first to the longest rest. */
int64_t
source_backoff_ms(unsigned failures)
{
	int64_t ms = SOURCE_REST_MIN_MS;

	for (unsigned i = 1; i < failures && ms < SOURCE_REST_MAX_MS; i++)
		ms *= 2;
	return ms < SOURCE_REST_MAX_MS ? ms : SOURCE_REST_MAX_MS;
}

/* Files whose rest is over are tried again; one that is read to its end, too. */
static bool
rested(struct source *s, int64_t now_ms)
{
	bool any = false;

	for (struct source_file *f = s->files; f && s->nresting > 0; f = f->next) {
		if (f->resting && now_ms >= f->retry_ms) {
			source_rest_end(s, f);
			if (source_open(s, f) && f->size <= f->read)
				f->failures = 0;
			any = true;
		}
	}
	return any;
}

void
source_poll_ask(struct source *s, int64_t now_ms, bool *scan, bool *look)
{
	int64_t every = source_poll_every(s);

	s->now_ms = now_ms;
	/* the name may stand for another file by now: looked over, too */
	*scan |= rested(s, now_ms) || (s->unseen_ms > 0 && now_ms >= s->unseen_ms);
	if (every == 0)
		return;
	*scan |= now_ms >= s->poll_scan_ms;
	*look |= now_ms >= s->poll_look_ms;
	if (*scan || *look)
		s->poll_look_ms = now_ms + every;
	if (*scan)
		s->poll_scan_ms = now_ms + (every > LIST_SHARE * s->list_ms
						   ? every
						   : LIST_SHARE * s->list_ms);
}

int64_t
source_poll_deadline(const struct source *s)
{
	int64_t first = source_poll_every(s) > 0 ? s->poll_look_ms : INT64_MAX;

	if (s->unseen_ms > 0 && s->unseen_ms < first)
		first = s->unseen_ms;
	for (const struct source_file *f = s->files; f && s->nresting > 0;
	     f = f->next) {
		if (f->resting && f->retry_ms < first)
			first = f->retry_ms;
	}
	return first;
}

void
source_rest_end(struct source *s, struct source_file *f)
{
	if (f->resting)
		s->nresting--;
	f->resting = false;
}

/* Does its name still lead to it, or is its fd good for nothing? */
static bool
can_close(const struct source_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return true;
	return stat(f->path, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
}

void
source_fail(struct source *s, struct source_file *f, int64_t now_ms)
{
	f->retry_ms = now_ms + source_backoff_ms(++f->failures);
	s->nresting += !f->resting;
	f->resting = true;
	if (f->fd >= 0 && can_close(f)) {
		source_close(s, f);
		f->seen = 0; /* not read to its end: to be opened again */
	}
}
