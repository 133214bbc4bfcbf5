/*
 * maillog.c - a line of a mail log: prefix, repetition, queue id, and whose line it is.
 *
 * A line counts by its form: a queue id and something behind it that Postfix or
 * sendmail writes. What earlier lines said of a message is in the track, by host,
 * instance and queue id; a line changes it when its event was taken, so that a record
 * may be parsed again. A line that says that another was repeated gives that one's
 * event so many times, with ids of their own.
 */
#include "parse/maillog.h"

#include <stdlib.h>

static const struct maillog_mta *const mtas[] = { &maillog_postfix, &maillog_sendmail };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
drop(void *parser)
{
	struct maillog *p = parser;

	if (!p)
		return;
	syslog_free(p->syslog);
	repeat_free(p->repeat);
	sendmail_split_free(p->split);
	free(p);
}

static void *
make(const struct parse_env *env, const struct maillog_mta *only)
{
	struct maillog *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->env = env;
	p->only = only;
	p->syslog = syslog_new();
	p->repeat = repeat_new();
	p->split = sendmail_split_new();
	p->repeated_at = UINT64_MAX;
	if (p->syslog && p->repeat && p->split)
		return p;
	drop(p);
	return NULL;
}

static void *
make_both(const struct parse_env *env)
{
	return make(env, NULL);
}

static void *
make_postfix(const struct parse_env *env)
{
	return make(env, &maillog_postfix);
}

static void *
make_sendmail(const struct parse_env *env)
{
	return make(env, &maillog_sendmail);
}

static bool
is_header(const struct record *rec)
{
	(void)rec;
	return false;
}

static bool
probe(struct slice line)
{
	struct syslog *s = syslog_new();
	struct syslog_line l;
	const char *why;
	bool is = s && syslog_split(s, line, &l, &why);

	syslog_free(s);
	return is;
}

struct track_message *
maillog_message(struct maillog *p)
{
	return track_get(p->env->track, &p->key, p->named);
}

/* --- lines -------------------------------------------------------------------------
 */

/* "postfix/smtp", "postfix-bulk/smtp", "postfix/submission/smtpd": the instance is the
 * first part where it is not "postfix", the daemon the last, where there is one. */
static void
split_tag(struct maillog *p)
{
	struct slice tag = p->log.tag;
	size_t first = slice_find(tag, '/');
	size_t last = first < tag.n ? slice_rfind(tag, '/') : first;

	p->key.instance = (struct slice){ tag.p, first };
	if (slice_eq(p->key.instance, SLICE("postfix")))
		p->key.instance.n = 0;
	p->daemon = slice_from(tag, last + 1);
}

/* "warning: ", "fatal: ", "statistics: ": an id has a digit or a capital letter. */
static bool
is_plain_word(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 'a' || s.p[i] > 'z')
			return false;
	}
	return true;
}

static const bool is_id_char[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true
};

size_t
maillog_id_length(struct slice in)
{
	size_t n = 0;

	while (n < in.n && n <= MAILLOG_ID_MAX && is_id_char[(unsigned char)in.p[n]])
		n++;
	return n < MAILLOG_ID_MIN || n > MAILLOG_ID_MAX ? 0 : n;
}

bool
maillog_is_loopback(struct slice ip)
{
	return (slice_starts(ip, SLICE("127.")) && slice_find(ip, ':') == ip.n) ||
	       slice_eq(ip, SLICE("::1")) || slice_eq(ip, SLICE("0:0:0:0:0:0:0:1"));
}

uint64_t
maillog_hash_message(const struct maillog *p, struct slice message_id)
{
	uint64_t h = hash64_of(message_id) + 31 * hash64_of(p->key.host);

	return h ? h : 1;
}

/* "4F9D195432C: ", "4jX70m1lSqzCt: " or "6ALN3D5W000110[1]: "; words before a colon
 * that are no ids are told by what is behind them. */
static bool
split_queue_id(struct maillog *p)
{
	struct slice in = p->log.message;
	size_t n = maillog_id_length(in);

	p->key.queue_id = (struct slice){ in.p, n };
	if (n == 0 || slice_eq(p->key.queue_id, SLICE("NOQUEUE")) ||
	    is_plain_word(p->key.queue_id))
		return false;
	in = slice_from(in, n);
	p->part = (struct slice){ 0 };
	if (in.n > 2 && in.p[0] == '[' && is_digit(in.p[1])) {
		size_t close = slice_find(in, ']');
		p->part = (struct slice){ in.p + 1, close - 1 };
		in = slice_from(in, close + 1);
	}
	p->rest = slice_from(in, 2);
	return slice_starts(in, SLICE(": "));
}

/* Whose line it is; a format of one of them passes over the other's. */
static const struct maillog_mta *
owner(const struct maillog *p)
{
	for (size_t i = 0; i < COUNT(mtas); i++) {
		if (mtas[i]->owns(p))
			return !p->only || p->only == mtas[i] ? mtas[i] : NULL;
	}
	return NULL;
}

/* The year that is not written may stand in the queue id. */
static bool
read_time(struct maillog *p, struct when undated)
{
	p->queued = (struct when){ 0 };
	if (!p->mta->id_time(p->key.queue_id, undated.sec, &p->queued))
		p->queued.sec = 0;
	if (syslog_time(p->syslog, &p->log, p->env->zone, undated.sec, p->queued.sec,
		&p->time) < 0)
		return false;
	/* a clock that was wrong for a moment must not age the track */
	p->named = p->time.sec < undated.sec + 86400 ? p->time.sec
						     : undated.sec + 86400;
	return true;
}

/* One line's message, of which p->log has all parts. */
static enum parse_result
parse_message(
    struct maillog *p, struct when undated, struct event *ev, const char **why)
{
	if (!split_queue_id(p))
		return PARSE_SKIP;
	p->key.host = p->log.host;
	split_tag(p);
	p->mta = owner(p);
	if (!p->mta || !p->mta->concerns(p))
		return PARSE_SKIP;
	if (!read_time(p, undated)) {
		*why = "time not understood";
		return PARSE_BAD;
	}
	return p->mta->parse(p, ev, why);
}

/* A line that says that another one was repeated: that one's events, so many times. */
static enum parse_result
parse_repeated(struct maillog *p, int times, struct when undated, struct event *ev,
    const char **why)
{
	if (times == REPEAT_UNKNOWN) {
		*why = "repeats a line that is not known";
		return PARSE_BAD;
	}
	if (p->repeated_at != p->rec->at.off) {
		p->repeated_at = p->rec->at.off;
		p->repeated = 0;
	}
	const struct syslog_line unfolded = p->log;
	enum parse_result r = parse_message(p, undated, ev, why);
	repeat_note(p->repeat, &unfolded, r == PARSE_EVENT || r == PARSE_MORE);
	if (r == PARSE_EVENT || r == PARSE_MORE)
		ev->id_n = ev->id_n * (uint32_t)times + p->repeated;
	if (r != PARSE_EVENT)
		return r;
	p->repeats = true;
	return p->repeated + 1 < (unsigned)times ? PARSE_MORE : PARSE_EVENT;
}

static enum parse_result
parse(void *parser, const struct record *rec, struct when undated, struct event *ev,
    const char **why, bool *torn)
{
	struct maillog *p = parser;

	*torn = false;
	*why = NULL;
	p->rec = rec;
	p->mta = NULL;
	p->repeats = false;
	if (!syslog_split(p->syslog, rec->bytes, &p->log, why)) {
		repeat_note(p->repeat, NULL, false);
		return *why ? PARSE_BAD : PARSE_SKIP;
	}
	const struct syslog_line as_written = p->log;
	int times = repeat_of(p->repeat, &p->log);
	if (times != 0)
		return parse_repeated(p, times, undated, ev, why);
	enum parse_result r = parse_message(p, undated, ev, why);
	repeat_note(p->repeat, &as_written, r == PARSE_EVENT || r == PARSE_MORE);
	return r;
}

static void
taken(void *parser)
{
	struct maillog *p = parser;

	if (p->mta)
		p->mta->taken(p);
	p->repeated += p->repeats;
}

#define MAILLOG_FORMAT(format, maker)                                          \
	{                                                                      \
		.name = (format), .framing = PARSE_LINES, .ordered = true,     \
		.probe = probe, .make = (maker), .drop = drop, .parse = parse, \
		.taken = taken, .is_header = is_header,                        \
	}

const struct parse_format parse_maillog = MAILLOG_FORMAT("maillog", make_both);
const struct parse_format parse_postfix = MAILLOG_FORMAT("postfix", make_postfix);
const struct parse_format parse_sendmail = MAILLOG_FORMAT("sendmail", make_sendmail);
