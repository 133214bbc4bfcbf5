/*
 * fuzz_stream.c - one file through frame, parse, classify and id: chunks, pauses and
 * restarts give the same events and bad records as the whole (I1, I2, I3), and what
 * goes out is clean (event_clean.c).
 *
 * Input: flags, three chunk sizes, the file. Flags: bits 0 and 1 the format (auto,
 * pmta, maillog, postfix), 2 and 3 the longest record, 4 a zone, 5 on_event asks for
 * pauses, 6 a new stream goes on after each chunk (pmta only: a mail log's place is not
 * all that its reader knows), 7 all columns are wanted, by their own names.
 */
#include "fuzz.h"
#include "event_clean.h"
#include "app/stream.h"

#include <errno.h>
#include <stdlib.h>

enum { PAUSE = 1 << 5, RESTART = 1 << 6, NATIVE = 1 << 7 };

static const struct when undated = { .sec = 1767225600 }; /* 2026-01-01 */

struct run {
	struct stream_env env;
	struct buf *log;
	bool clean; /* look at what goes out; once is enough */
	bool pauses;
	unsigned asked;
};

static int
on_event(void *arg, const struct event *ev)
{
	struct run *r = arg;

	/* every second time the event comes again */
	if (r->pauses && r->asked++ % 2 == 0)
		return -EAGAIN;
	(void)buf_printf(r->log, "%llu ", (unsigned long long)ev->source.offset);
	if (r->clean)
		event_clean(ev, r->log);
	else if (event_json_native(ev, r->log) < 0)
		(void)buf_add(r->log, SLICE("too large"));
	(void)buf_addc(r->log, '\n');
	return 0;
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	struct run *r = arg;

	(void)file;
	fuzz_check(bytes.n <= LIMIT_BAD_SAMPLE, "a sample of %zu bytes", bytes.n);
	(void)buf_printf(r->log, "%llu %s:", (unsigned long long)offset, why);
	(void)buf_add(r->log, bytes);
	(void)buf_addc(r->log, '\n');
}

/* Feeds a chunk and goes on after each pause. */
static void
feed(struct stream *s, struct slice bytes, bool last)
{
	int rc = stream_feed(s, bytes, last, SLICE("f"), undated);

	for (bytes.n = 0; rc == -EAGAIN;)
		rc = stream_feed(s, bytes, last, SLICE("f"), undated);
	fuzz_check(rc == 0, "stream_feed: %d", rc);
}

static struct buf
copy_of(struct slice s)
{
	struct buf b;

	buf_init(&b, FUZZ_BUF_MAX);
	(void)buf_add(&b, s);
	return b;
}

/* A stream that knows nothing but the place. */
static struct stream *
restart(const struct stream_env *env, struct stream *old)
{
	struct stream *s = stream_new(env);
	struct stream_place p;

	fuzz_check(s != NULL, "no memory");
	stream_where(old, &p);
	struct buf header = copy_of(p.header), tail = copy_of(p.tail);
	stream_free(old);
	p.header = buf_slice(&header);
	p.tail = buf_slice(&tail);
	int rc = stream_resume(s, &p);
	fuzz_check(rc == 0, "stream_resume: %d", rc);
	buf_free(&header);
	buf_free(&tail);
	return s;
}

static void
run_file(struct run *r, struct slice file, struct fuzz_chunks c, bool restarts)
{
	r->env.parse.track = track_new(64, 86400);
	struct stream *s = stream_new(&r->env);
	size_t end = 0;

	fuzz_check(s && r->env.parse.track, "no memory");
	fuzz_hide(file);
	while (end < file.n) {
		size_t from = (size_t)stream_next(s);
		size_t step = fuzz_chunk(&c, file.n - end);
		fuzz_show((struct slice){ file.p + end, step });
		end += step;
		struct slice bytes = { file.p + from, end - from };
		feed(s, bytes, end == file.n);
		if (restarts)
			s = restart(&r->env, s);
	}
	stream_free(s);
	track_free(r->env.parse.track);
}

static struct run
run_of(unsigned flags, struct classifier *c, struct hash_state *h, const struct zone *z)
{
	static const struct parse_format *const format[] = { NULL, &parse_pmta,
		&parse_maillog, &parse_sendmail };
	/* as the configuration: not below LIMIT_KEY_TEXT, else a first record that is
	 * too long would give the file a key that depends on the chunks */
	static const size_t max[] = { 1 << 20, 65536, LIMIT_KEY_TEXT + 1,
		LIMIT_KEY_TEXT };
	static const struct slice fbl[] = { { "x-fblid", 7 }, { "x-job", 5 } };
	static const struct slice extra[] = { { "rcpt", 4 }, { "dlvsize", 7 } };
	static const struct event_pair label = { { "k", 1 }, { "v", 1 } };
	struct run r = {
		.env = {
			.parse = { .zone = z, .fbl_headers = fbl, .nfbl_headers = 2,
			    .native = flags & NATIVE, .extra = extra,
			    .nextra = flags & NATIVE ? 1 : 0,
			    .looked_at = extra + 1,
			    .nlooked_at = flags & NATIVE ? 1 : 0 },
			.format = format[flags & 3],
			.classifier = c,
			.hash = h,
			.max_record = max[flags >> 2 & 3],
			.source = SLICE("s"),
			.host = SLICE("mx.example"),
			.labels = &label,
			.nlabels = 1,
			.on_event = on_event,
			.on_bad = on_bad,
		},
	};
	return r;
}

void
fuzz_stream(struct slice in)
{
	static const struct fuzz_chunks at_once = { { 0 }, 0 };
	static struct classifier *classifier;
	static struct hash_state *hash;
	static struct zone *zone;

	if (!hash) {
		classifier = classify_new();
		hash = hash_new();
		(void)zone_load("Europe/Berlin", &zone);
	}
	unsigned flags = fuzz_byte(&in);
	struct fuzz_chunks chunks = fuzz_chunks_take(&in);
	const struct zone *z = flags & 1 << 4 ? zone : NULL;
	struct run whole = run_of(flags, classifier, hash, z), parts = whole;
	bool restarts = flags & RESTART && whole.env.format == &parse_pmta;

	whole.env.arg = &whole;
	parts.env.arg = &parts;
	whole.clean = true;
	whole.log = fuzz_buf(0);
	parts.log = fuzz_buf(1);
	parts.pauses = flags & PAUSE;
	run_file(&whole, in, at_once, false);
	run_file(&parts, in, chunks, restarts);
	fuzz_same("chunks give something else than the whole", buf_slice(parts.log),
	    buf_slice(whole.log));
}
