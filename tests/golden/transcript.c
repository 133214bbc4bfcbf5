/*
 * transcript.c - prints what a sample gives, for people to read in a diff: `>> ` and
 * the record, under it its event, `skip` (a header, too) or `bad: reason`.
 *
 * It goes through the program's own stream, so that what stands in the golden files is
 * what `run` and `replay` make. Host and source are fixed; local time is UTC, or that
 * of the zone in the file's name: NAME@Europe-Berlin.csv.
 */
#include "app/app.h"
#include "app/follow.h"
#include "app/reader.h"
#include "app/stream.h"
#include "frame/frame.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct transcript {
	const char *data; /* the whole file, unpacked */
	size_t n;
	uint64_t shown; /* up to here the file is printed */
};

static void
print_shown(struct slice s)
{
	struct buf text;

	buf_init(&text, 8 << 20);
	text_shown(&text, s);
	(void)printf("%.*s", (int)text.n, text.p ? text.p : "");
	buf_free(&text);
}

/* The bytes of the file from what was shown last to `end`, line by line. */
static void
show_until(struct transcript *t, uint64_t end)
{
	while (t->shown < end && t->shown < t->n) {
		uint64_t stop = end < t->n ? end : t->n;
		struct slice rest = { t->data + t->shown, (size_t)(stop - t->shown) };
		size_t lf = slice_find(rest, '\n');
		struct slice line = { rest.p, lf };
		bool cut = line.n > 400;
		if (cut)
			line.n = 400;
		(void)printf(">> ");
		print_shown(line);
		(void)printf(cut ? " ... %zu bytes\n" : "\n", lf);
		t->shown += lf + 1;
	}
}

/* What was passed over before this record: headers, skipped records, blank lines. */
static void
show_quiet(struct transcript *t, uint64_t off)
{
	if (t->shown < off) {
		show_until(t, off);
		(void)printf("skip\n");
	}
}

/* Where the record at `from` ends, by the program's own framing of it. */
static uint64_t
record_end(const struct transcript *t, uint64_t from)
{
	struct slice rest = { t->data + from, t->n - (size_t)from };
	struct frame_csv *f = frame_csv_new(1 << 20);
	struct frame_out out = { 0 };

	if (f)
		(void)frame_csv_next(f, rest, true, &out);
	frame_csv_free(f);
	return from + out.used;
}

static int
on_event(void *arg, const struct event *ev)
{
	struct transcript *t = arg;
	struct buf json;

	show_quiet(t, ev->source.offset);
	show_until(t, record_end(t, ev->source.offset));
	buf_init(&json, LIMIT_EVENT);
	if (event_json(ev, &json) < 0)
		(void)printf("event too large\n");
	else
		(void)printf("%.*s\n", (int)json.n, json.p);
	buf_free(&json);
	return 0;
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	struct transcript *t = arg;

	(void)file;
	(void)bytes;
	show_quiet(t, offset);
	/* of a bad stretch that is its first line */
	struct slice rest = { t->data + offset, t->n - (size_t)offset };
	show_until(t, offset + slice_find(rest, '\n') + 1);
	(void)printf("bad: %s\n", why);
}

static int
read_whole(const char *path, struct buf *out)
{
	static char chunk[LIMIT_READ];
	struct err e;
	struct reader *r = reader_open(path, &e);
	ssize_t n = -1;

	while (r && (n = reader_read(r, chunk, sizeof chunk, &e)) > 0)
		(void)buf_add(out, (struct slice){ chunk, (size_t)n });
	reader_close(r);
	return n < 0 || out->failed ? -1 : 0;
}

/* The zone that the name of the sample asks for; NULL: none. */
static struct zone *
zone_of(const char *name)
{
	const char *at = strchr(name, '@');
	struct zone *z = NULL;
	char zone[64];

	if (!at)
		return NULL;
	(void)snprintf(zone, sizeof zone, "%.*s", (int)strcspn(at + 1, "."), at + 1);
	for (char *p = zone; (p = strchr(p, '-')); p++)
		*p = '/';
	if (zone_load(zone, &z) < 0) {
		(void)fprintf(stderr, "no zone %s\n", zone);
		exit(1);
	}
	return z;
}

static int
transcribe(const char *path, struct buf *data)
{
	static const struct slice fbl[] = { { "x-fblid", 7 }, { "x-job", 5 } };
	struct transcript t = { .data = data->p, .n = data->n };
	struct stream_env env = {
		.parse = { .fbl_headers = fbl,
		    .nfbl_headers = 2,
		    .track = track_new(TRACK_MESSAGES, TRACK_SECONDS) },
		.classifier = classify_new(),
		.hash = hash_new(),
		.max_record = 1 << 20,
		.source = SLICE("golden"),
		.host = SLICE("mx.example"),
		.on_event = on_event,
		.on_bad = on_bad,
		.arg = &t,
	};
	struct stream *s = stream_new(&env);
	struct when undated = { .sec = 1767225600 }; /* 2026-01-01 */
	char copy[4096];

	(void)snprintf(copy, sizeof copy, "%s", path);
	const char *name = basename(copy);
	struct zone *zone = zone_of(name);
	env.parse.zone = zone;
	int rc = !s || stream_feed(s, buf_slice(data), true, slice_of(name), undated);
	show_quiet(&t, data->n);
	stream_free(s);
	zone_free(zone);
	track_free(env.parse.track);
	classify_free(env.classifier);
	hash_free(env.hash);
	return rc;
}

int
main(int argc, char **argv)
{
	struct buf data;

	buf_init(&data, 64 << 20);
	if (argc != 2 || read_whole(argv[1], &data) < 0) {
		(void)fprintf(stderr, "usage: transcript FILE\n");
		return 2;
	}
	int rc = transcribe(argv[1], &data);
	buf_free(&data);
	return rc != 0;
}
