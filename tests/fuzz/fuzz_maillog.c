/*
 * fuzz_maillog.c - mail log lines through the Postfix reader, which carries what it
 * learned of a message from line to line.
 *
 * Input: the track's limit of messages, then lines. A line is read twice before its
 * event counts as taken: both times it gives the same (a pause reads it again). The
 * track keeps its limit; an expiry names each recipient once, so it comes to an end.
 */
#include "fuzz.h"
#include "event_clean.h"
#include "parse/parse.h"
#include "parse/track.h"

struct reading {
	void *parser;
	struct track *track;
	size_t max_messages;
	size_t lines;
	struct buf *first, *second;
};

static enum parse_result
parse_once(struct reading *r, const struct record *rec, struct buf *log)
{
	static const struct when undated = { .sec = 1767225600 };
	const char *why = NULL;
	struct event ev;
	bool torn = true;
	enum parse_result result = parse_maillog.parse(
	    r->parser, rec, undated, &ev, &why, &torn);

	buf_clear(log);
	if (result == PARSE_BAD)
		(void)buf_add(log, slice_of(why));
	if (result == PARSE_EVENT || result == PARSE_MORE) {
		fuzz_check(ev.type != EVENT_TYPE_NONE, "an event of no type");
		event_clean(&ev, log);
	}
	fuzz_check(!torn, "a line has no second line");
	return result;
}

static void
read_line(struct reading *r, struct slice line)
{
	struct record rec = { .bytes = line, .at = { .off = r->lines } };
	enum parse_result result, again;
	size_t events = 0;

	do {
		result = parse_once(r, &rec, r->first);
		again = parse_once(r, &rec, r->second);
		fuzz_check(
		    result == again, "read again: %d, at first %d", again, result);
		fuzz_same("read again, a line gives something else",
		    buf_slice(r->second), buf_slice(r->first));
		if (result == PARSE_EVENT || result == PARSE_MORE)
			parse_maillog.taken(r->parser);
		fuzz_check(++events <= r->lines + 1, "a line with no end of events");
	} while (result == PARSE_MORE);
	fuzz_check(track_count(r->track) <= r->max_messages, "%zu messages of %zu",
	    track_count(r->track), r->max_messages);
}

void
fuzz_maillog(struct slice in)
{
	size_t max = 1 + fuzz_byte(&in) % 8;
	struct reading r = { .track = track_new(max, 86400),
		.max_messages = max,
		.first = fuzz_buf(0),
		.second = fuzz_buf(1) };
	struct parse_env env = { .track = r.track };

	r.parser = parse_maillog.make(&env);
	fuzz_check(r.track && r.parser, "no memory");
	while (in.n > 0) {
		size_t lf = slice_find(in, '\n');
		r.lines++;
		read_line(&r, (struct slice){ in.p, lf });
		in = slice_from(in, lf + 1);
	}
	parse_maillog.drop(r.parser);
	track_free(r.track);
}
