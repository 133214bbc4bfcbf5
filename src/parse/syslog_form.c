/*
 * syslog_form.c - prefixes that are seen less often, and parts of them.
 *
 * RFC 5424 files; times with the year first, with a fraction, with a blank for the T,
 * in seconds since 1970, behind the day of the week; PRI, docker compose's and
 * Kubernetes' own; facility and level before the tag.
 */
#include "parse/syslog.h"
#include "parse/syslog_internal.h"

enum { SERVICE_MAX = 80 }; /* bytes of a compose service's name, padded */

struct slice
syslog_take_word(struct slice *in)
{
	struct slice word = { in->p, slice_find(*in, ' ') };

	*in = slice_from(*in, word.n + 1);
	return word;
}

static bool
is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* --- times -------------------------------------------------------------------------
 */

/* Bytes of ".123456" at `at`. */
static size_t
fraction_length(struct slice in, size_t at)
{
	size_t n = at;

	if (n < in.n && in.p[n] == '.') {
		for (n++; n < in.n && is_digit(in.p[n]); n++)
			;
	}
	return n - at;
}

/* "+0100", "-03", "+05:30" at the start of a word. */
static bool
is_offset(struct slice word)
{
	if (word.n < 3 || word.n > 6 || (word.p[0] != '+' && word.p[0] != '-'))
		return false;
	return is_digit(word.p[1]) && is_digit(word.p[2]);
}

/* "2026-11-21 22:58:32.123+01:00", or the zone behind another blank; behind the day of
 * the week (journalctl -o short-full) a zone's name stands there, too: only that of UTC
 * says something, others have several meanings. */
static size_t
blank_iso_length(struct slice in, bool named, size_t *skip)
{
	struct slice rest = slice_from(in, 11);
	size_t n = 11 + slice_find(rest, ' ');

	if (in.n < 20 || in.p[4] != '-' || in.p[7] != '-' || in.p[10] != ' ' ||
	    in.p[13] != ':' || in.p[16] != ':' || !is_digit(in.p[0]) || n < 19)
		return 0;
	*skip = n;
	rest = slice_from(in, n + 1);
	struct slice zone = { rest.p, slice_find(rest, ' ') };
	if (is_offset(zone) || (named && slice_eq(zone, SLICE("UTC"))))
		n += 1 + zone.n;
	if (named || n > *skip)
		*skip += 1 + zone.n;
	return n;
}

/* "1795301912.123456", journalctl -o short-unix */
static size_t
unix_length(struct slice in)
{
	size_t n = 0;

	while (n < in.n && n <= 11 && is_digit(in.p[n]))
		n++;
	if (n < 9 || n > 11)
		return 0;
	return n + fraction_length(in, n);
}

/* "Nov  1 02:11:18.123456" at `at`, with one blank before the day, too: "Nov 1 ..." */
static size_t
long_3164_length(struct slice in, size_t at)
{
	const char *p = in.p + at;
	size_t n = at + TIME_3164;

	if (in.n < n)
		return 0;
	if (p[5] == ' ' && p[8] == ':' && p[11] == ':' && is_upper(p[0]) && p[3] == ' ')
		n--;
	else if (!has_shape_3164(p))
		return 0;
	return n + fraction_length(in, n);
}

bool
syslog_rare_time(struct slice *in, struct slice *time)
{
	size_t n = 0, skip = 0, at = 0;

	if (in->n <= 20)
		return false;
	if (is_upper(in->p[0])) {
		if (in->p[3] == ' ' && is_digit(in->p[4]) && is_digit(in->p[5])) {
			at = 4;
			n = blank_iso_length(slice_from(*in, at), true, &skip);
		}
		if (n == 0) {
			at = 0;
			n = long_3164_length(*in, 0);
		}
	} else if (is_digit(in->p[0])) {
		if (in->p[4] == '-')
			n = blank_iso_length(*in, false, &skip);
		else if (in->p[4] == ' ')
			n = long_3164_length(*in, 5);
		else
			n = unix_length(*in);
	}
	if (skip < n)
		skip = n;
	if (n == 0 || at + skip >= in->n || in->p[at + skip] != ' ')
		return false;
	*time = (struct slice){ in->p + at, n };
	*in = slice_from(*in, at + skip + 1);
	return true;
}

/* --- RFC 5424 ----------------------------------------------------------------------
 */

/* Bytes of "<22>" at the start; 0: none. */
static size_t
pri_length(struct slice in)
{
	size_t n = 1;

	if (in.n < 3 || in.p[0] != '<')
		return 0;
	while (n < in.n && n < 4 && is_digit(in.p[n]))
		n++;
	return n > 1 && n < in.n && in.p[n] == '>' ? n + 1 : 0;
}

/* "-" or "[id name="value" ...][...]"; in values \ " ] are escaped by a \. */
static bool
take_sd(struct slice *in)
{
	bool quoted = false;
	size_t n = 0;

	if (in->n > 0 && in->p[0] == '-') {
		n = 1;
	} else {
		while (n < in->n && in->p[n] == '[') {
			for (n++; n < in->n && (quoted || in->p[n] != ']'); n++) {
				if (in->p[n] == '"')
					quoted = !quoted;
				else if (quoted && in->p[n] == '\\')
					n++;
			}
			if (n >= in->n)
				return false;
			n++;
		}
	}
	if (n == 0 || (n < in->n && in->p[n] != ' '))
		return false;
	*in = slice_from(*in, n + 1);
	return true;
}

static struct slice
unless_nil(struct slice word)
{
	if (slice_eq(word, SLICE("-")))
		word.n = 0;
	return word;
}

bool
syslog_take_5424(struct slice *in, struct syslog_line *out)
{
	size_t pri = pri_length(*in);
	struct slice rest = slice_from(*in, pri + 2);

	if (pri == 0 || !slice_starts(slice_from(*in, pri), SLICE("1 ")))
		return false;
	struct slice time = syslog_take_word(&rest);
	struct slice host = unless_nil(syslog_take_word(&rest));
	struct slice tag = unless_nil(syslog_take_word(&rest));
	struct slice pid = unless_nil(syslog_take_word(&rest));
	(void)syslog_take_word(&rest); /* MSGID */
	if (time.n == 0 || !take_sd(&rest))
		return false;
	while (rest.n > 0 && rest.p[0] == ' ')
		rest = slice_from(rest, 1);
	if (slice_starts(rest, SLICE("\xef\xbb\xbf")))
		rest = slice_from(rest, 3);
	*out = (struct syslog_line){ .time = time,
		.host = host,
		.tag = tag,
		.short_tag = true,
		.pid = pid,
		.message = rest };
	*in = rest;
	return true;
}

/* --- what stands before and between ------------------------------------------------
 */

bool
syslog_take_wrapping(struct slice *in)
{
	struct slice head = { in->p, in->n < SERVICE_MAX ? in->n : SERVICE_MAX };
	size_t pri = pri_length(*in), bar = slice_find(head, '|'), n = 0;

	if (pri > 0) {
		*in = slice_from(*in, pri);
		return true;
	}
	if (bar == head.n || bar < 2 || bar + 1 >= in->n || in->p[bar + 1] != ' ')
		return false;
	while (n < bar && (is_letter(in->p[n]) || is_digit(in->p[n]) ||
			      memchr("-_.", in->p[n], 3)))
		n++;
	if (n == 0 || in->p[n] != ' ')
		return false;
	while (n < bar && in->p[n] == ' ')
		n++;
	if (n != bar)
		return false;
	*in = slice_from(*in, bar + 2);
	return true;
}

bool
syslog_take_stream(struct slice *in)
{
	if (!slice_starts(*in, SLICE("stdout F ")) &&
	    !slice_starts(*in, SLICE("stderr F ")))
		return false;
	*in = slice_from(*in, 9);
	return true;
}

bool
syslog_is_host(struct slice word)
{
	size_t colons = 0;

	if (word.n > 0 && word.p[0] == '[')
		return true; /* an address in brackets */
	for (size_t i = 0; i < word.n; i++) {
		char c = to_lower(word.p[i]);
		colons += c == ':';
		if (c != ':' && c != '.' && !is_digit(c) && (c < 'a' || c > 'f'))
			return false;
	}
	return colons >= 2;
}

/* busybox's "mail.info", AIX's "mail:info", FreeBSD's "<mail.info>" */
static bool
is_level(struct slice word)
{
	static const struct slice facilities[] = { { "mail", 4 }, { "local", 5 },
		{ "user", 4 }, { "daemon", 6 } };
	static const struct slice levels[] = { { "emerg", 5 }, { "alert", 5 },
		{ "crit", 4 }, { "err", 3 }, { "error", 5 }, { "warn", 4 },
		{ "warning", 7 }, { "notice", 6 }, { "info", 4 }, { "debug", 5 } };

	if (word.n > 2 && word.p[0] == '<' && word.p[word.n - 1] == '>')
		word = (struct slice){ word.p + 1, word.n - 2 };
	for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++) {
		struct slice rest = slice_from(word, facilities[i].n);
		if (!slice_starts(word, facilities[i]))
			continue;
		if (rest.n > 0 && is_digit(rest.p[0])) /* local0 */
			rest = slice_from(rest, 1);
		if (rest.n == 0 || (rest.p[0] != '.' && rest.p[0] != ':'))
			return false;
		rest = slice_from(rest, 1);
		for (size_t k = 0; k < sizeof levels / sizeof *levels; k++) {
			if (slice_eq(rest, levels[k]))
				return true;
		}
	}
	return false;
}

bool
syslog_take_level(struct slice *in)
{
	struct slice rest = *in, word = syslog_take_word(&rest);

	if (!is_level(word))
		return false;
	*in = rest;
	return true;
}

/* The pid in "[9]" or "[9]:", the word's end. */
static bool
split_pid(struct slice word, struct syslog_line *out)
{
	size_t open = slice_rfind(word, '[');
	bool colon = word.n > 0 && word.p[word.n - 1] == ':';
	uint64_t number;

	word.n -= colon;
	if (open == 0 || open >= word.n || word.p[word.n - 1] != ']')
		return false;
	out->tag = (struct slice){ word.p, open };
	out->pid = (struct slice){ word.p + open + 1, word.n - open - 2 };
	/* without a colon only a number makes it one */
	return colon || slice_u64(out->pid, &number);
}

void
syslog_rare_tag(struct slice in, struct syslog_line *out)
{
	(void)syslog_take_level(&in);
	struct slice rest = in, word = syslog_take_word(&rest);
	const char *glued = word.n > 0 ? memmem(word.p, word.n, "]:", 2) : NULL;

	if (glued) { /* "TAG[PID]:MESSAGE" */
		word.n = (size_t)(glued - word.p) + 2;
		rest = slice_from(in, word.n);
	}
	out->tag = out->pid = (struct slice){ 0 };
	if (word.n > 1 && word.p[word.n - 1] == ':' && word.p[word.n - 2] != ']') {
		out->tag = (struct slice){ word.p, word.n - 1 };
	} else if (!split_pid(word, out)) {
		out->tag = out->pid = (struct slice){ 0 };
		rest = in;
	}
	while (rest.n > 0 && rest.p[0] == ' ')
		rest = slice_from(rest, 1);
	out->message = rest;
}

struct slice
syslog_strip_msgid(struct slice message)
{
	size_t close = slice_find(message, ']');

	if (!slice_starts(message, SLICE("[ID ")) ||
	    !slice_starts(slice_from(message, close), SLICE("] ")))
		return message;
	return slice_from(message, close + 2);
}
