/*
 * test_maillog.c - lines of a mail log through the reader: what the tables of the
 * Postfix and sendmail tests stand on, and what both share.
 */
#include "test_maillog.h"

#include <check.h>
#include <string.h>

#include "event/event.h"
#include "parse/track.h"
#include "suites.h"

static void
tell_text(struct buf *out, const char *key, struct slice value)
{
	if (value.n > 0)
		(void)buf_printf(out, " %s=%.*s", key, (int)value.n, value.p);
}

static void
tell_event(const struct event *ev, bool times, struct buf *out)
{
	char when[WHEN_TEXT_MAX];

	(void)buf_printf(out, "%s %.*s", event_type_name(ev->type),
	    (int)ev->recipient.n, ev->recipient.n ? ev->recipient.p : "");
	(void)buf_printf(out, " %.*s", ev->status.n ? (int)ev->status.n : 1,
	    ev->status.n ? ev->status.p : "-");
	tell_text(out, "queue", ev->queue_id);
	tell_text(out, "from", ev->sender);
	tell_text(out, "final", ev->final_recipient);
	tell_text(out, "mid", ev->message_id);
	tell_text(out, "login", ev->submitter);
	tell_text(out, "instance", ev->source.instance);
	for (size_t i = 0; i < ev->nheaders; i++)
		(void)buf_printf(out, " %.*s:%.*s", (int)ev->headers[i].name.n,
		    ev->headers[i].name.p, (int)ev->headers[i].value.n,
		    ev->headers[i].value.p);
	if (ev->attempts > 1)
		(void)buf_printf(out, " attempts=%u", ev->attempts);
	if (ev->expired)
		(void)buf_printf(out, " expired");
	if (ev->id_n > 0)
		(void)buf_printf(out, " n=%u", ev->id_n);
	if (times)
		tell_text(
		    out, "time", (struct slice){ when, when_write(ev->time, when) });
	(void)buf_printf(out, "\n");
}

/* One reading of a record; its event or fault to out. */
static enum parse_result
tell_record(const struct parse_format *f, void *parser, const struct record *rec,
    bool times, struct buf *out)
{
	static const struct when undated = { .sec = 1767225600 }; /* 2026-01-01 */
	const char *why = NULL;
	struct event ev;
	bool torn = true;
	enum parse_result r = f->parse(parser, rec, undated, &ev, &why, &torn);

	ck_assert(!torn);
	if (r == PARSE_BAD)
		(void)buf_printf(out, "bad: %s\n", why);
	else if (r != PARSE_SKIP)
		tell_event(&ev, times, out);
	return r;
}

void
maillog_tell(const struct parse_format *f, const struct parse_env *env,
    struct slice lines, bool times, struct buf *out)
{
	struct parse_env own = *env;
	struct buf again;
	const char *start = lines.p;

	buf_init(&again, 8 << 20);
	own.track = track_new(1000, 7 * 86400);
	void *parser = f->make(&own);
	ck_assert(parser && own.track);
	while (lines.n > 0) {
		struct slice line = { lines.p, slice_find(lines, '\n') };
		struct record rec = { .bytes = line,
			.at = { .off = (uint64_t)(lines.p - start) } };
		enum parse_result r;
		do {
			size_t before = out->n;
			r = tell_record(f, parser, &rec, times, out);
			buf_clear(&again);
			ck_assert_int_eq(
			    tell_record(f, parser, &rec, times, &again), r);
			ck_assert_msg(slice_eq(slice_from(buf_slice(out), before),
					  buf_slice(&again)),
			    "parsed again: %.*s", (int)again.n, again.p);
			if (r == PARSE_EVENT || r == PARSE_MORE)
				f->taken(parser);
		} while (r == PARSE_MORE);
		lines = slice_from(lines, line.n + 1);
	}
	f->drop(parser);
	track_free(own.track);
	buf_free(&again);
}
