/*
 * replay_print.c - replayed events as JSON Lines on stdout. A closed pipe there ends
 * the replay quietly.
 */
#include "app/app.h"
#include "app/replay.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { OUT_FLUSH = 128 * 1024 };

void
replay_print_init(struct replay *r)
{
	buf_init(&r->out, OUT_FLUSH + LIMIT_EVENT + 1);
}

int
replay_print_flush(struct replay *r)
{
	struct slice s = buf_slice(&r->out);

	while (s.n > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r->closed = r->ended = true;
			r->code = errno == EPIPE ? 0 : EX_IOERR;
			if (errno != EPIPE)
				(void)fprintf(stderr, "bouncefeed replay: stdout: %s\n",
				    strerror(errno));
			return -EPIPE;
		}
		s = slice_from(s, (size_t)n);
	}
	buf_clear(&r->out);
	return 0;
}

int
replay_print_event(void *arg, const struct event *ev)
{
	struct replay *r = arg;
	int rc;

	if (!filter_takes(&r->filter, ev))
		return 0;
	rc = event_json(ev, &r->out);
	if (rc == -E2BIG) {
		replay_bad(r, ev->source.file, ev->source.offset, (struct slice){ 0 },
		    "event over 64 KiB");
		return 0;
	}
	if (rc < 0 || (rc = buf_addc(&r->out, '\n')) < 0)
		return rc;
	r->events++;
	return r->out.n >= OUT_FLUSH ? replay_print_flush(r) : 0;
}

void
replay_print_summary(const struct replay *r)
{
	(void)fprintf(stderr, "%llu files, %llu events, ", (unsigned long long)r->files,
	    (unsigned long long)r->events);
	if (r->skipped > 0)
		(void)fprintf(stderr, "%llu records without event, ",
		    (unsigned long long)r->skipped);
	(void)fprintf(stderr, "%llu bad records\n", (unsigned long long)r->bad);
}
