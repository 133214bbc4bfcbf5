/*
 * stream_record.c - a framed record to its events: parse, classify, id.
 *
 * A record is parsed again after each event that it gave with PARSE_MORE; what it
 * changes in the track is changed when the event was taken, so that -EAGAIN loses and
 * doubles nothing.
 */
#include "app/metadata.h"
#include "app/stream_internal.h"

void
stream_bad(struct stream *s, uint64_t offset, uint64_t end, struct slice bytes,
    const char *why)
{
	/* it has no time: where some events are wanted, it is told */
	if ((end <= s->skip && s->start_ms == 0) || s->key_only)
		return;
	if (bytes.n > LIMIT_BAD_SAMPLE)
		bytes.n = LIMIT_BAD_SAMPLE;
	s->env->on_bad(s->env->arg, s->file, offset, bytes, why);
}

/* Was it there at the first look, and is it of before `start`? */
static bool
is_passed_over(const struct stream *s, const struct record *rec, const struct event *ev)
{
	int64_t ms = ev->time.sec * 1000 + ev->time.nsec / 1000000;

	return rec->at.end <= s->skip && (s->start_ms == 0 || ms < s->start_ms);
}

static int
emit(struct stream *s, const struct record *rec, struct event *ev)
{
	const struct stream_env *env = s->env;

	if (is_passed_over(s, rec, ev))
		return 0;
	ev->source.name = env->source;
	ev->source.file = s->file;
	ev->source.offset = rec->at.off;
	if (ev->source.host.n == 0)
		ev->source.host = env->host;
	ev->labels = env->labels;
	ev->nlabels = env->nlabels;
	classify(env->classifier, ev);
	if (env->types != 0 && !(env->types >> ev->type & 1))
		return env->on_event(env->arg, ev);
	if (env->metadata)
		metadata_find(env->metadata, ev);
	event_id(
	    env->hash, &s->keying.key, rec->at.off, rec->bytes, ev, ev->id_n, ev->id);
	return env->on_event(env->arg, ev);
}

/* What the record is, to the parser; its events out. */
static int
parse_record(struct stream *s, const struct record *rec, enum parse_result *result,
    const char **why, bool *torn)
{
	const struct parse_format *f = s->format;
	struct event ev;
	int rc;

	do {
		*result = f->parse(s->parser, rec, s->undated, &ev, why, torn);
		if (*result != PARSE_EVENT && *result != PARSE_MORE)
			return 0;
		if ((rc = emit(s, rec, &ev)) < 0)
			return rc;
		if (f->taken)
			f->taken(s->parser);
	} while (*result == PARSE_MORE);
	return 0;
}

int
stream_take_record(
    struct stream *s, struct slice in, uint64_t at, struct frame_out *out)
{
	const struct stream_env *env = s->env;
	struct record rec = { out->bytes, { at, at + out->used }, out->field,
		out->nfields };
	enum parse_result r = PARSE_BAD;
	const char *why = "format not recognised";
	bool torn = false;
	bool header = s->format && s->format->is_header(&rec);
	int rc = keying_take(&s->keying, rec.bytes, header);

	if (rc < 0 || s->key_only)
		return rc;
	if (s->format && (rc = parse_record(s, &rec, &r, &why, &torn)) < 0)
		return rc;
	if (r == PARSE_HEADER) {
		buf_clear(&s->header);
		return buf_add(&s->header, rec.bytes);
	}
	if (r == PARSE_SKIP && env->on_skip && s->format->tells_skipped &&
	    (rec.at.end > s->skip || s->start_ms != 0))
		env->on_skip(env->arg);
	if (r == PARSE_BAD) {
		if (torn)
			frame_csv_refuse(in, why, out);
		stream_bad(s, at, at + out->used, out->bytes, why);
	}
	return 0;
}
