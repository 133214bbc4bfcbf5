/*
 * postfix_head.c - the beginning of a Postfix line: syslog prefix, instance, daemon,
 * queue id.
 *
 * A line counts by its form: the tag begins with "postfix" and has a daemon, and a
 * queue id follows it.
 */
#include "parse/postfix.h"

enum { QUEUE_ID_MIN = 5, QUEUE_ID_MAX = 40 };

/* "postfix/smtp", "postfix-bulk/smtp", "postfix/submission/smtpd": the instance is the
 * first part where it is not "postfix", the daemon the last, where there is one. */
static bool
split_tag(struct slice tag, struct postfix_line *l)
{
	size_t first = slice_find(tag, '/'), last = slice_rfind(tag, '/');

	if (!slice_istarts(tag, SLICE("postfix")))
		return false;
	l->key.instance = (struct slice){ tag.p, first };
	if (slice_eq(l->key.instance, SLICE("postfix")))
		l->key.instance.n = 0;
	l->daemon = slice_from(tag, last + 1);
	return true;
}

/* "4F9D195432C: " or "4jX70m1lSqzCt: "; Postfix's words before a colon are no ids. */
static bool
split_queue_id(struct slice message, struct postfix_line *l)
{
	static const struct slice words[] = { { "warning", 7 }, { "fatal", 5 },
		{ "error", 5 }, { "panic", 5 }, { "NOQUEUE", 7 },
		{ "statistics", 10 } };
	size_t n = 0;

	while (n < message.n && n <= QUEUE_ID_MAX) {
		char c = to_lower(message.p[n]);
		if (!is_digit(c) && (c < 'a' || c > 'z'))
			break;
		n++;
	}
	struct slice id = { message.p, n };
	if (n < QUEUE_ID_MIN || n > QUEUE_ID_MAX ||
	    !slice_starts(slice_from(message, n), SLICE(": ")))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (slice_eq(words[i], id))
			return false;
	}
	l->key.queue_id = id;
	l->rest = slice_from(message, n + 2);
	return true;
}

bool
postfix_split(struct slice bytes, struct postfix_line *l)
{
	*l = (struct postfix_line){ 0 };
	if (!syslog_split(bytes, &l->log) || !split_tag(l->log.tag, l))
		return false;
	l->key.host = l->log.host;
	return split_queue_id(l->log.message, l);
}
