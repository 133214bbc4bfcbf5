/*
 * stages.c - `stages FORMAT FILE DIR [STAGE]`: CPU time by stage, each one on top of
 * those before; with STAGE (`json`) only up to that one.
 *
 * One line a stage: `NAME lines=N events=N cpu_ns=N`, user and system time of this
 * process over the whole file. The reading is the daemon's (LIMIT_READ at a time), so
 * are batch and commit sizes; DIR takes the state file of the last stage.
 */
#include "classify/classify.h"
#include "frame/frame.h"
#include "output/output.h"
#include "pack/pack.h"
#include "parse/parse.h"
#include "parse/track.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum stage { READ, FRAME, PARSE, CLASSIFY, JSON, BODY, ZSTD, STORE, STAGES };

static const char *const stage_name[STAGES] = { "read", "frame", "parse", "classify+id",
	"json", "body", "zstd", "commit" };

enum { BATCH_EVENTS = 500, COMMIT_BATCHES = 6, TRACK_MESSAGES = 1000000 };

struct bench {
	enum stage upto;
	const struct parse_format *format;
	struct parse_env env;
	void *parser;
	struct frame_csv *csv;
	struct frame_line line;
	struct classifier *classifier;
	struct hash_state *hash;
	struct file_key key;
	struct buf pending, json, body, packed;
	struct pack_zstd *zstd;
	struct store *store;
	uint64_t lines, events, in_batch, batches;
};

static void
stop(const char *what)
{
	(void)fprintf(stderr, "stages: %s\n", what);
	exit(EX_SOFTWARE);
}

static uint64_t
cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void
store_batch(struct bench *b)
{
	struct err e = { 0 };
	int64_t id;
	struct store_batch sb = {
		.output = SLICE("bench"),
		.key = SLICE("0123456789abcdef0123456789abcdef"),
		.format = SLICE("json"),
		.host = SLICE("bench"),
		.events = buf_slice(&b->json),
		.count = b->in_batch,
	};

	if (b->batches % COMMIT_BATCHES == 0 &&
	    store_begin(b->store, STORE_DURABLE, &e) < 0)
		stop(e.text);
	if (store_batch_put(b->store, &sb, &id, &e) < 0)
		stop(e.text);
	if (b->batches % COMMIT_BATCHES == COMMIT_BATCHES - 1) {
		if (store_commit(b->store, &e) < 0)
			stop(e.text);
		store_checkpoint(b->store, false);
	}
}

static void
seal(struct bench *b)
{
	buf_clear(&b->body);
	if (b->upto >= BODY && output_body(OUTPUT_JSON, SLICE("key"), SLICE("bench"),
				   b->in_batch, buf_slice(&b->json), &b->body) < 0)
		stop("body");
	buf_clear(&b->packed);
	if (b->upto == ZSTD && pack_zstd(b->zstd, buf_slice(&b->json), &b->packed) < 0)
		stop("zstd");
	if (b->upto >= STORE)
		store_batch(b);
	b->batches++;
	b->in_batch = 0;
	buf_clear(&b->json);
}

static void
take_event(struct bench *b, const struct record *rec, struct event *ev)
{
	b->events++;
	if (b->upto < CLASSIFY)
		return;
	ev->source.name = SLICE("bench");
	ev->source.file = SLICE("/var/log/bench/file.log");
	ev->source.offset = rec->at.off;
	if (ev->source.host.n == 0)
		ev->source.host = SLICE("bench");
	classify(b->classifier, ev);
	event_id(b->hash, &b->key, rec->at.off, rec->bytes, ev, 0, ev->id);
	if (b->upto < JSON)
		return;
	if (event_json(ev, &b->json) < 0 || buf_addc(&b->json, '\n') < 0)
		stop("json");
	if (++b->in_batch == BATCH_EVENTS)
		seal(b);
}

static void
take_record(struct bench *b, uint64_t at, const struct frame_out *out)
{
	const struct record rec = { out->bytes, { at, at + out->used }, out->field,
		out->nfields };
	struct when undated = { .sec = 1795216712 };
	enum parse_result r;
	struct event ev;
	const char *why;
	bool torn;

	b->lines++;
	if (b->upto < PARSE)
		return;
	do {
		r = b->format->parse(b->parser, &rec, undated, &ev, &why, &torn);
		if (r == PARSE_BAD)
			stop(why);
		if (r != PARSE_EVENT && r != PARSE_MORE)
			return;
		take_event(b, &rec, &ev);
		if (b->format->taken)
			b->format->taken(b->parser);
	} while (r == PARSE_MORE);
}

/* As stream.c does it: what is not whole is kept for the next read. */
static void
take_chunk(struct bench *b, uint64_t begin)
{
	struct slice in = buf_slice(&b->pending);
	size_t at = 0;

	while (b->upto >= FRAME && at < in.n) {
		struct slice rest = slice_from(in, at);
		struct frame_out out;
		enum frame_result r = b->format->framing == PARSE_CSV
					  ? frame_csv_next(b->csv, rest, false, &out)
					  : frame_line_next(
						&b->line, rest, false, &out);
		if (r == FRAME_MORE && out.used == 0)
			break;
		if (r == FRAME_RECORD)
			take_record(b, begin + at, &out);
		at += out.used;
	}
	buf_drop(&b->pending, b->upto >= FRAME ? at : in.n);
}

static void
open_stage(struct bench *b, enum stage upto, const char *dir)
{
	const struct store_options options = { .version = "bench" };
	char path[4096];
	struct err e;
	long holder;

	*b = (struct bench){ .upto = upto, .format = b->format, .env = b->env };
	b->env.track = track_new(TRACK_MESSAGES, 7 * 24 * 3600);
	b->parser = b->format->make(&b->env);
	b->csv = frame_csv_new(1 << 20);
	b->classifier = classify_new();
	b->hash = hash_new();
	b->zstd = pack_zstd_new();
	if (!b->env.track || !b->parser || !b->csv || !b->classifier || !b->hash ||
	    !b->zstd)
		stop("no memory");
	frame_line_init(&b->line, 1 << 20);
	buf_init(&b->pending, 4 << 20);
	buf_init(&b->json, 64 << 20);
	buf_init(&b->body, 64 << 20);
	buf_init(&b->packed, 64 << 20);
	(void)snprintf(path, sizeof path, "%s/stages.db", dir);
	if (upto >= STORE &&
	    store_open(path, STORE_OWN, &options, &b->store, &holder, &e) < 0)
		stop(e.text);
}

static void
close_stage(struct bench *b)
{
	struct err e = { 0 };

	if (b->in_batch > 0)
		seal(b);
	if (b->store && b->batches % COMMIT_BATCHES != 0 &&
	    store_commit(b->store, &e) < 0)
		stop(e.text);
	store_close(b->store);
	pack_zstd_free(b->zstd);
	hash_free(b->hash);
	classify_free(b->classifier);
	frame_csv_free(b->csv);
	b->format->drop(b->parser);
	track_free(b->env.track);
	buf_free(&b->pending);
	buf_free(&b->json);
	buf_free(&b->body);
	buf_free(&b->packed);
}

static void
run_stage(struct bench *b, enum stage upto, const char *file, const char *dir)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	uint64_t begin = 0;
	ssize_t n;

	if (fd < 0)
		stop(file);
	open_stage(b, upto, dir);
	uint64_t started = cpu_ns();
	for (;;) {
		if (buf_reserve(&b->pending, LIMIT_READ) < 0)
			stop("a line is too long");
		n = read(fd, b->pending.p + b->pending.n, LIMIT_READ);
		if (n <= 0)
			break;
		b->pending.n += (size_t)n;
		size_t had = b->pending.n;
		take_chunk(b, begin);
		begin += had - b->pending.n;
	}
	uint64_t took = cpu_ns() - started;
	(void)close(fd);
	(void)printf("%s lines=%llu events=%llu cpu_ns=%llu\n", stage_name[upto],
	    (unsigned long long)b->lines, (unsigned long long)b->events,
	    (unsigned long long)took);
	close_stage(b);
}

int
main(int argc, char **argv)
{
	static struct bench b;

	if (argc < 4 || argc > 5 || !(b.format = parse_format_of(slice_of(argv[1])))) {
		(void)fputs("usage: stages FORMAT FILE DIR [STAGE]\n", stderr);
		return EX_USAGE;
	}
	for (enum stage s = READ; s < STAGES; s++) {
		if (argc == 4 || !strcmp(argv[4], stage_name[s]))
			run_stage(&b, s, argv[2], argv[3]);
	}
	return 0;
}
