/*
 * test_sendmail_read.c - a log through format "maillog", and what it gave as text.
 */
#include "test_sendmail.h"

#include <stdio.h>
#include <string.h>

#include "parse/parse.h"
#include "parse/track.h"

static struct buf said, last;

static void
add_text(struct buf *b, const char *before, struct slice s)
{
	if (s.n > 0)
		(void)buf_printf(b, "%s%.*s", before, (int)s.n, s.p);
}

static void
say_event(const struct event *ev)
{
	(void)buf_printf(
	    &said, "%s%s", said.n > 0 ? "; " : "", event_type_name(ev->type));
	add_text(&said, " ", ev->recipient);
	add_text(&said, " was ", ev->final_recipient);
	if (ev->id_n > 0)
		(void)buf_printf(&said, " #%u", ev->id_n);
	add_text(&said, " ", ev->status);
	if (ev->smtp_code > 0)
		(void)buf_printf(&said, " (%u)", ev->smtp_code);
	if (ev->attempts > 1)
		(void)buf_printf(&said, " x%u", ev->attempts);
	if (ev->expired)
		(void)buf_printf(&said, " expired");
	add_text(&said, " from ", ev->sender);
	buf_clear(&last);
	add_text(&last, "", ev->diagnostic);
	add_text(&last, "|", ev->remote_mta);
	add_text(&last, "|", ev->remote_ip);
	(void)buf_printf(&last, "|%s", event_action_name(ev->action));
	add_text(&last, "|", ev->message_id);
	add_text(&last, "|", ev->queue_id);
	add_text(&last, "|", ev->submitter);
}

/* One record, read twice before each taking: the second reading must say the same. */
static void
read_record(void *parser, struct slice line, uint64_t at)
{
	static const struct when undated = { .sec = 1795300000 }; /* 2026-11-22 */
	struct record rec = { line, { at, at + line.n + 1 }, NULL, 0 };
	const char *why, *again;
	enum parse_result r;
	struct event ev;
	bool torn;

	do {
		(void)parse_maillog.parse(parser, &rec, undated, &ev, &why, &torn);
		r = parse_maillog.parse(parser, &rec, undated, &ev, &again, &torn);
		if (r == PARSE_EVENT || r == PARSE_MORE) {
			say_event(&ev);
			parse_maillog.taken(parser);
		}
	} while (r == PARSE_MORE);
	if (r == PARSE_BAD)
		(void)buf_printf(&said, "%sbad: %s", said.n > 0 ? "; " : "", again);
	ck_assert_msg((why == NULL) == (again == NULL), "%.*s: first %s, then %s",
	    (int)line.n, line.p, why ? why : "good", again ? again : "good");
}

/* "@PID TEXT" as a whole line. */
static void
read_line(void *parser, struct slice line, uint64_t at)
{
	struct buf whole;

	if (line.n == 0)
		return;
	if (line.p[0] != '@') {
		read_record(parser, line, at);
		return;
	}
	size_t blank = slice_find(line, ' ');
	struct slice text = slice_from(line, blank + 1);
	buf_init(&whole, 1 << 20);
	(void)buf_printf(
	    &whole, "Nov 21 23:10:00 mx sm-mta[%.*s]: ", (int)blank - 1, line.p + 1);
	(void)buf_add(&whole, text);
	read_record(parser, buf_slice(&whole), at);
	buf_free(&whole);
}

const char *
sendmail_log(const char *log)
{
	struct track *track = track_new(1000, 1000000);
	struct parse_env env = { .track = track };
	void *parser = parse_maillog.make(&env);
	struct slice in = slice_of(log);

	ck_assert_msg(parser != NULL, "no memory");
	buf_free(&said);
	buf_init(&said, 1 << 20);
	buf_free(&last);
	buf_init(&last, 1 << 16);
	for (size_t at = 0; at < in.n;) {
		struct slice line = slice_from(in, at);
		line.n = slice_find(line, '\n');
		read_line(parser, line, at);
		at += line.n + 1;
	}
	(void)buf_addc(&said, 0);
	(void)buf_addc(&last, 0);
	parse_maillog.drop(parser);
	track_free(track);
	return said.p;
}

const char *
sendmail_last(const char *log)
{
	(void)sendmail_log(log);
	return last.p;
}

void
sendmail_check(const struct sendmail_case *c)
{
	const char *got = sendmail_log(c->log);

	ck_assert_msg(strcmp(got, c->want) == 0, "%s\n%s\n got  %s\n want %s", c->name,
	    c->log, got, c->want);
}
