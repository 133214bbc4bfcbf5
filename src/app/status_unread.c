/*
 * status_unread.c - how old what is unread is: the first record behind the place that
 * makes an event is read, and its time taken. That is how long the reader is behind its
 * writer, whatever either did meanwhile.
 *
 * Where no such record is found in the first CHUNK bytes (a packed file, a mail log's
 * lines without an outcome, a record without its end), it is the time when the file was
 * last written: at least that old. At most PEEK_FILES files are looked into.
 */
#include "app/status_internal.h"

#include "app/app.h"
#include "app/follow.h"
#include "app/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, PEEK_FILES = 2000 };

struct peek {
	struct stream_env env;
	struct zone *zone;
	struct track *track;
	struct slice *fbl_headers;
	char *chunk;
	size_t looked;
	int64_t event_ms; /* of the first event; 0: none */
};

static int
on_event(void *arg, const struct event *ev)
{
	struct peek *k = arg;

	k->event_ms = ev->time.sec * 1000 + ev->time.nsec / 1000000;
	return -ECANCELED; /* one is enough */
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	(void)arg, (void)file, (void)offset, (void)bytes, (void)why;
}

static bool
set_up(struct peek *k, const struct status *s, const struct config_source *c)
{
	*k = (struct peek){ .chunk = malloc(CHUNK) };
	k->env = (struct stream_env){
		.format = parse_format_of(slice_of(c->format)),
		.classifier = config_classifier(s->config),
		.hash = hash_new(),
		.max_record = (size_t)c->max_record,
		.source = slice_of(c->name),
		.on_event = on_event,
		.on_bad = on_bad,
		.arg = k,
	};
	k->fbl_headers = config_fbl_headers(s->config, &k->env.parse.nfbl_headers);
	k->env.parse.fbl_headers = k->fbl_headers;
	if (zone_load(c->timezone, &k->zone) < 0)
		k->zone = NULL;
	k->env.parse.zone = k->zone;
	k->env.parse.track = k->track = track_new(TRACK_MESSAGES, TRACK_SECONDS);
	return k->chunk && k->env.classifier && k->env.hash && k->track;
}

static void
tear_down(struct peek *k)
{
	free(k->chunk);
	free(k->fbl_headers);
	classify_free(k->env.classifier);
	hash_free(k->env.hash);
	track_free(k->track);
	zone_free(k->zone);
}

/* The bytes behind the place, of this very file; their number, or -errno. */
static ssize_t
read_unread(const struct status_file *f, char *out)
{
	struct stat st;
	int fd = open(f->path.p, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = -ESTALE;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino)
		n = pread(fd, out, CHUNK, (off_t)f->offset);
	close(fd);
	return n;
}

/* Where nothing but a CSV header is unread, there is nothing to read: a file without a
 * record has no place yet. */
static bool
is_header_alone(const struct stream *s, const struct status_file *f, struct slice in)
{
	struct stream_place p;

	stream_where(s, &p);
	return !f->has_key && !p.has_key && in.n == f->size && in.n > 0 &&
	       in.p[in.n - 1] == '\n';
}

static void
peek_at(struct peek *k, struct status_file *f)
{
	struct stream *s = stream_new(&k->env);
	struct stream_place p = {
		.offset = f->offset,
		.skip = f->skip,
		.start_ms = f->start_ms,
		.has_key = f->has_key,
		.key = f->key,
		.header = f->header,
	};
	struct when undated = clock_of_file(f->mtime_ms / 1000);
	ssize_t n = s ? read_unread(f, k->chunk) : -1;

	k->event_ms = 0;
	if (n > 0 && stream_resume(s, &p) == 0) {
		struct slice in = { k->chunk, (size_t)n };
		(void)stream_feed(s, in, false, f->path, undated);
		if (is_header_alone(s, f, in))
			f->lag = 0;
	}
	stream_free(s);
}

/* When the first unread record was written, as far as can be told. */
static int64_t
unread_since(struct peek *k, struct status_file *f)
{
	if (f->packed || f->error || k->looked++ >= PEEK_FILES)
		return f->mtime_ms;
	peek_at(k, f);
	/* it was not written later than its file */
	return k->event_ms > 0 && k->event_ms < f->mtime_ms ? k->event_ms : f->mtime_ms;
}

void
status_read_unread(
    struct status *s, struct status_source *o, const struct config_source *c)
{
	struct peek k;
	bool ready = false;

	for (size_t i = 0; i < o->nfiles; i++) {
		struct status_file *f = &o->file[i];
		if (f->lag == 0)
			continue;
		if (!ready && !set_up(&k, s, c)) {
			tear_down(&k);
			return;
		}
		ready = true;
		int64_t at = unread_since(&k, f);
		if (f->lag > 0 && s->now_ms > at)
			f->waits_ms = s->now_ms - at;
	}
	if (ready)
		tear_down(&k);
}
