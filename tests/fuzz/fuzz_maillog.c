/*
 * fuzz_maillog.c - mail log lines through Postfix's and sendmail's readers, which carry
 * what they learned of a message from line to line.
 *
 * Input: the track's limit of messages and the format, then lines. A line is read twice
 * before its event counts as taken: both times it gives the same (a pause reads it
 * again). The track keeps its limit; an event has a recipient, and no other one of its
 * line has its id; a line comes to an end.
 */
#include "fuzz.h"
#include "event_clean.h"
#include "parse/parse.h"
#include "parse/track.h"

enum {
	REPEATED_READ = 40, /* events of a repeated line that are looked at */
	IDS_MAX = 256,      /* of a line that are compared */
};

struct reading {
	const struct parse_format *format;
	void *parser;
	struct track *track;
	size_t max_messages;
	size_t lines;
	struct buf *first, *second;
	uint64_t id[IDS_MAX]; /* of the line's events */
	size_t nids;
};

/* What makes an event's id differ from those of the same record. */
static void
note_id(struct reading *r, const struct event *ev)
{
	uint64_t id = hash64_of(ev->id_recipient) + 31 * (unsigned)ev->type +
		      UINT64_C(0x9e3779b97f4a7c15) * ev->id_n;

	for (size_t i = 0; i < r->nids; i++)
		fuzz_check(r->id[i] != id, "two events of a line with one id: %.*s, %u",
		    (int)ev->id_recipient.n, ev->id_recipient.p, ev->id_n);
	if (r->nids < IDS_MAX)
		r->id[r->nids++] = id;
}

static enum parse_result
parse_once(struct reading *r, const struct record *rec, bool again, struct buf *log)
{
	static const struct when undated = { .sec = 1767225600 };
	const char *why = NULL;
	struct event ev;
	bool torn = true;
	enum parse_result result = r->format->parse(
	    r->parser, rec, undated, &ev, &why, &torn);

	buf_clear(log);
	if (result == PARSE_BAD)
		(void)buf_add(log, slice_of(why));
	if (result == PARSE_EVENT || result == PARSE_MORE) {
		fuzz_check(ev.type != EVENT_TYPE_NONE, "an event of no type");
		fuzz_check(ev.recipient.n > 0, "an event without recipient");
		event_clean(&ev, log);
		if (!again)
			note_id(r, &ev);
	}
	fuzz_check(!torn, "a line has no second line");
	return result;
}

/* "repeated N times" may be thousands of events. */
static bool
is_repetition(struct slice line)
{
	return slice_search(line, SLICE(" repeated ")) < line.n;
}

static void
read_line(struct reading *r, struct slice line)
{
	struct record rec = { .bytes = line, .at = { .off = r->lines } };
	size_t limit = r->lines + line.n + 1, events = 0;
	enum parse_result result, again;

	r->nids = 0;
	do {
		result = parse_once(r, &rec, false, r->first);
		/* a record is read again where its event could not be taken yet; after
		 * one that gave none it never is */
		if (result != PARSE_EVENT && result != PARSE_MORE)
			break;
		again = parse_once(r, &rec, true, r->second);
		fuzz_check(
		    result == again, "read again: %d, at first %d", again, result);
		fuzz_same("read again, a line gives something else",
		    buf_slice(r->second), buf_slice(r->first));
		r->format->taken(r->parser);
		if (++events == REPEATED_READ && is_repetition(line))
			break; /* as if the daemon had ended here */
		fuzz_check(events <= limit, "a line with no end of events");
	} while (result == PARSE_MORE);
	fuzz_check(track_count(r->track) <= r->max_messages, "%zu messages of %zu",
	    track_count(r->track), r->max_messages);
}

void
fuzz_maillog(struct slice in)
{
	static const struct parse_format *const formats[] = { &parse_maillog,
		&parse_maillog, &parse_postfix, &parse_sendmail };
	unsigned control = fuzz_byte(&in);
	size_t max = 1 + control % 8;
	struct reading r = { .format = formats[control / 8 % 4],
		.track = track_new(max, 86400),
		.max_messages = max,
		.first = fuzz_buf(0),
		.second = fuzz_buf(1) };
	struct parse_env env = { .track = r.track };

	r.parser = r.format->make(&env);
	fuzz_check(r.track && r.parser, "no memory");
	while (in.n > 0) {
		size_t lf = slice_find(in, '\n');
		r.lines++;
		read_line(&r, (struct slice){ in.p, lf });
		in = slice_from(in, lf + 1);
	}
	r.format->drop(r.parser);
	track_free(r.track);
}
