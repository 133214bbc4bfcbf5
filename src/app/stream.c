/*
 * stream.c - one file's way from bytes to events.
 *
 * Owns the bytes of the record in the making (at most max_record and one read), the
 * framer, the parser and the last LIMIT_MARKER bytes that are done with. Bad input is
 * handed to on_bad and passed over. A file has a key from its first data record on;
 * until then nothing of it counts as done.
 */
#include "app/stream_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct stream *
stream_new(const struct stream_env *env)
{
	struct stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->env = env;
	buf_init(&s->pending, env->max_record + 2 * LIMIT_READ + 4096);
	buf_init(&s->keying.header, LIMIT_KEY_TEXT);
	buf_init(&s->header, env->max_record);
	frame_line_init(&s->line, env->max_record);
	if (!(s->csv = frame_csv_new(env->max_record))) {
		stream_free(s);
		return NULL;
	}
	return s;
}

static void
drop_parser(struct stream *s)
{
	if (s->parser)
		s->format->drop(s->parser);
	s->parser = NULL;
	s->format = NULL;
}

void
stream_free(struct stream *s)
{
	if (!s)
		return;
	drop_parser(s);
	frame_csv_free(s->csv);
	buf_free(&s->pending);
	buf_free(&s->keying.header);
	buf_free(&s->header);
	free(s);
}

static int
set_format(struct stream *s, const struct parse_format *f)
{
	s->format = f;
	s->parser = f->make(&s->env->parse);
	return s->parser ? 0 : -ENOMEM;
}

/*
 * The format by the configuration, else by the first line. false: that is not whole
 * yet. Where no format fits, the lines are framed as such and are bad.
 */
static bool
find_format(const struct stream_env *env, struct slice in, bool last,
    const struct parse_format **out)
{
	size_t lf = slice_find(in, '\n');

	*out = env->format;
	if (*out)
		return true;
	if (lf == in.n && !last && in.n <= env->max_record)
		return false;
	/* no more of a line than is waited for: else chunks would decide */
	*out = parse_probe(
	    (struct slice){ in.p, lf < env->max_record ? lf : env->max_record });
	return true;
}

/* Shows the parser the header in force, as if the file had just begun. */
static int
replay_header(struct stream *s, struct slice header)
{
	struct frame_out out;
	struct event ev;
	const char *why;
	bool torn;
	int rc;

	if (header.n == 0)
		return 0;
	const struct parse_format *f = s->env->format ? s->env->format
						      : parse_probe(header);
	if (!f || frame_csv_next(s->csv, header, true, &out) != FRAME_RECORD)
		return -EBADMSG;
	struct record rec = { out.bytes, { 0, 0 }, out.field, out.nfields };
	if (!s->format && (rc = set_format(s, f)) < 0)
		return rc;
	(void)s->format->parse(s->parser, &rec, s->undated, &ev, &why, &torn);
	return buf_add(&s->header, header);
}

static void
tail_add(struct tail *t, struct slice done)
{
	if (done.n == 0)
		return;
	if (done.n >= LIMIT_MARKER) {
		memcpy(t->p, done.p + done.n - LIMIT_MARKER, LIMIT_MARKER);
		t->n = LIMIT_MARKER;
		return;
	}
	size_t keep = LIMIT_MARKER - done.n < t->n ? LIMIT_MARKER - done.n : t->n;
	memmove(t->p, t->p + t->n - keep, keep);
	memcpy(t->p + keep, done.p, done.n);
	t->n = keep + done.n;
}

int
stream_resume(struct stream *s, const struct stream_place *p)
{
	drop_parser(s);
	frame_csv_reset(s->csv);
	frame_line_init(&s->line, s->env->max_record);
	buf_clear(&s->pending);
	buf_clear(&s->keying.header);
	buf_clear(&s->header);
	s->begin = p->offset;
	s->lead_done = p->offset > 0;
	s->skip = p->skip;
	s->start_ms = p->start_ms;
	s->keying.done = p->has_key;
	s->keying.key = p->key;
	s->tail.n = 0;
	s->held = false;
	tail_add(&s->tail, p->tail);
	return replay_header(s, p->header);
}

uint64_t
stream_next(const struct stream *s)
{
	return s->begin + s->pending.n;
}

const struct parse_format *
stream_format(const struct stream *s)
{
	return s->format;
}

void
stream_where(const struct stream *s, struct stream_place *out)
{
	/* the padding before the first record is no place to go on from */
	bool known = s->keying.done && s->lead_done;

	*out = (struct stream_place){
		.offset = !known    ? 0
			  : s->held ? s->held_at
				    : s->begin,
		.skip = s->skip,
		.start_ms = s->start_ms,
		.has_key = known,
		.key = s->keying.key,
	};
	if (known) {
		out->header = buf_slice(&s->header);
		const struct tail *t = s->held ? &s->held_tail : &s->tail;
		out->tail = (struct slice){ t->p, t->n };
	}
}

static enum frame_result
next_frame(struct stream *s, struct slice in, bool last, struct frame_out *out)
{
	if (s->format && s->format->framing == PARSE_CSV)
		return frame_csv_next(s->csv, in, last, out);
	return frame_line_next(&s->line, in, last, out);
}

/* false: the first line is not whole yet, so that the format cannot be told. */
static bool
have_format(struct stream *s, struct slice in, bool last, int *rc)
{
	const struct parse_format *f;

	if (s->format || s->line.skipping)
		return true;
	if (!find_format(s->env, in, last, &f))
		return false;
	*rc = f ? set_format(s, f) : 0;
	return *rc == 0;
}

static bool
is_skipping(const struct stream *s)
{
	return s->line.skipping || frame_csv_skipping(s->csv);
}

/* An over-long line begins at in[at]: the place stays there until it ends. */
static void
hold(struct stream *s, struct slice in, size_t at, const struct frame_out *out)
{
	size_t n = out->bytes.n < LIMIT_BAD_SAMPLE ? out->bytes.n : LIMIT_BAD_SAMPLE;

	s->held = true;
	s->held_at = s->begin + at;
	s->held_tail = s->tail;
	tail_add(&s->held_tail, (struct slice){ in.p, at });
	memcpy(s->held_sample, out->bytes.p, n);
	s->held_n = n;
	s->held_why = out->why;
}

static void
release(struct stream *s, uint64_t end)
{
	s->held = false;
	stream_bad(s, s->held_at, end, (struct slice){ s->held_sample, s->held_n },
	    s->held_why);
}

static int
take_bad(struct stream *s, struct slice in, size_t at, const struct frame_out *out)
{
	uint64_t off = s->begin + at;

	if (is_skipping(s))
		hold(s, in, at, out);
	else
		stream_bad(s, off, off + out->used, out->bytes, out->why);
	return keying_take(&s->keying, out->bytes, false);
}

/* A hole that a crash left, the size on disk and the bytes not: no record begins with a
 * NUL, what comes behind is one. */
static size_t
hole(const struct stream *s, struct slice in)
{
	size_t n = 0;

	while (n < in.n && in.p[n] == '\0' && !is_skipping(s))
		n++;
	return n;
}

/* Frames what is in `in`; *done: bytes of it that are done with. */
static int
take_all(struct stream *s, struct slice in, bool last, size_t *done)
{
	size_t at = 0;
	int rc = 0;

	if (!s->lead_done) {
		bool more;
		at = frame_lead(in, last, &more);
		s->lead_done = !more;
		if (more)
			goto out;
	}
	while (rc == 0 && at < in.n && !(s->key_only && s->keying.done)) {
		at += hole(s, slice_from(in, at));
		struct slice rest = slice_from(in, at);
		struct frame_out out;
		if (rest.n == 0 || !have_format(s, rest, last, &rc))
			break;
		enum frame_result r = next_frame(s, rest, last, &out);
		if (r == FRAME_MORE && out.used == 0)
			break;
		if (r == FRAME_RECORD)
			rc = stream_take_record(s, rest, s->begin + at, &out);
		if (r == FRAME_BAD)
			rc = take_bad(s, in, at, &out);
		if (rc == 0)
			at += out.used;
		if (s->held && !is_skipping(s))
			release(s, s->begin + at);
	}
	/* the file ends in an over-long line without an end */
	if (rc == 0 && last && s->held && at == in.n) {
		release(s, s->begin + at);
		frame_csv_reset(s->csv);
		frame_line_init(&s->line, s->env->max_record);
	}
out:
	*done = at;
	return rc;
}

int
stream_feed(struct stream *s, struct slice bytes, bool last, struct slice file,
    struct when undated)
{
	size_t done;
	int rc;

	s->file = file;
	s->undated = undated;
	if (s->pending.n > 0) {
		if ((rc = buf_add(&s->pending, bytes)) < 0)
			return rc;
		rc = take_all(s, buf_slice(&s->pending), last, &done);
		tail_add(&s->tail, (struct slice){ s->pending.p, done });
		buf_drop(&s->pending, done);
	} else {
		/* most chunks need no copy but for the record that they end in */
		rc = take_all(s, bytes, last, &done);
		tail_add(&s->tail, (struct slice){ bytes.p, done });
		if (buf_add(&s->pending, slice_from(bytes, done)) < 0)
			return -ENOMEM;
	}
	s->begin += done;
	return rc;
}

int
stream_file_key(void *arg, struct slice head, bool last, struct file_key *out)
{
	struct stream *s = stream_new(arg);
	size_t done;

	if (!s)
		return -ENOMEM;
	/* the same code as for reading, so that it cannot come to another key */
	s->key_only = true;
	int rc = take_all(s, head, last, &done);
	if (rc == 0 && s->keying.done) {
		*out = s->keying.key;
		rc = 1;
	}
	stream_free(s);
	return rc;
}
