/*
 * replay_read.c - one file of a replay, from its bytes to on_event.
 *
 * An input that cannot be opened or read is told, and the others are still read.
 */
#include "app/replay.h"
#include "app/app.h"
#include "app/replay_deliver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BAD_SHOWN = 10, BAD_BYTES = 60, AHEAD_MAX = 512 };

void
replay_fault(struct replay *r, int code, const char *text)
{
	(void)fprintf(stderr, "bouncefeed replay: %s\n", text);
	if (r->code == 0)
		r->code = code;
}

void
replay_skip(void *arg)
{
	struct replay *r = arg;

	r->skipped++;
}

void
replay_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	struct replay *r = arg;
	struct buf text;

	if (++r->bad > BAD_SHOWN)
		return;
	buf_init(&text, 16 * 1024);
	if (bytes.n > BAD_BYTES)
		bytes.n = BAD_BYTES;
	text_shown(&text, file);
	(void)buf_printf(&text, ": at %llu: %s: \"", (unsigned long long)offset, why);
	text_shown(&text, bytes);
	(void)buf_addc(&text, '"');
	(void)fprintf(stderr, "%.*s\n", (int)text.n, text.p);
	buf_free(&text);
}

void
replay_read_ahead(struct replay *r, size_t n, char **paths)
{
	struct err ignored;
	struct stat st;

	if (n > AHEAD_MAX)
		n = AHEAD_MAX;
	if (!(r->ahead = calloc(n, sizeof(struct reader *))))
		return;
	r->nahead = n;
	for (size_t i = 0; i < n; i++) {
		/* what fails here is told when its turn comes */
		if (stat(paths[i], &st) == 0 && S_ISREG(st.st_mode))
			r->ahead[i] = reader_open(paths[i], &ignored);
	}
}

static struct reader *
open_input(struct replay *r, size_t i, const char *path, struct err *e)
{
	struct reader *in = i < r->nahead ? r->ahead[i] : NULL;

	if (!in)
		return reader_open(path, e);
	r->ahead[i] = NULL;
	return in;
}

static void
show_progress(struct replay *r, const struct reader *in, const char *path, int *shown)
{
	int now = reader_progress(in);

	if (!r->shows_progress || now == *shown)
		return;
	*shown = now;
	(void)fprintf(stderr, "\r%s: %d%%", path, now);
}

/* A chunk to its events. -EAGAIN of on_event: the spool wants a commit first. */
static int
feed(struct replay *r, struct stream *s, struct slice chunk, const char *path,
    struct when undated)
{
	bool last = chunk.n == 0;

	if (last && r->deliver)
		replay_deliver_last(r->deliver, s);
	int rc = stream_feed(s, chunk, last, slice_of(path), undated);
	while (rc == -EAGAIN && r->deliver &&
	       (rc = replay_deliver_full(r->deliver, s)) == 0)
		rc = stream_feed(s, (struct slice){ 0 }, last, slice_of(path), undated);
	if (rc < 0)
		return rc;
	if (r->deliver)
		return replay_deliver_turn(r->deliver, s);
	/* a slow writer's events are not kept waiting */
	return r->out.n > 0 && chunk.n < LIMIT_READ ? replay_print_flush(r) : 0;
}

static int
feed_file(struct replay *r, struct reader *in, struct stream *s, const char *path,
    struct err *e)
{
	static char chunk[LIMIT_READ];
	struct when undated = reader_time(in);
	ssize_t n;
	int rc = 0, shown = -1;

	if (r->deliver && (rc = replay_deliver_begin(r->deliver, in, path, e)) < 0)
		return rc;
	do {
		if (r->deliver && (rc = replay_deliver_input(r->deliver, s, in)) < 0)
			break;
		if ((n = reader_read(in, chunk, sizeof chunk, e)) < 0)
			rc = (int)n;
		else
			rc = feed(
			    r, s, (struct slice){ chunk, (size_t)n }, path, undated);
		show_progress(r, in, path, &shown);
	} while (rc == 0 && n > 0);
	if (r->shows_progress)
		(void)fprintf(stderr, "\r\033[K");
	return rc < 0 && e->code == 0 ? err_set(e, rc, "%s: %s", path, strerror(-rc))
				      : rc;
}

/* The end of a file, however it came: what was read is committed. */
static void
end_file(struct replay *r, struct stream *s, const char *path, int rc)
{
	if (!r->deliver)
		return;
	if (rc != -ECANCELED && replay_deliver_end(r->deliver, s) == 0 && rc == -EINTR)
		replay_deliver_stopped(r->deliver, s, path);
	if (rc == -ECANCELED || rc == -EINTR)
		r->ended = true;
}

void
replay_read_file(struct replay *r, size_t i, const char *path)
{
	struct err e = { 0 };
	struct stream *s = stream_new(&r->env);
	struct reader *in = s ? open_input(r, i, path, &e) : NULL;
	int rc;

	if (!in && r->deliver && replay_asked_to_stop()) {
		r->ended = true; /* while a FIFO waited for its writer */
	} else if (!in) {
		replay_fault(r, EX_NOINPUT, s ? e.text : "no memory");
	} else {
		rc = feed_file(r, in, s, path, &e);
		/* those two were told */
		if (rc < 0 && rc != -ECANCELED && rc != -EINTR && !r->closed)
			replay_fault(r, EX_IOERR, e.text);
		end_file(r, s, path, rc);
	}
	r->files += in != NULL;
	reader_close(in);
	stream_free(s);
}
