/*
 * sendmail_address.c - addresses as sendmail logs them: as the sender or an alias wrote
 * them, with phrases, comments and quotes, and with what does not print escaped.
 *
 * They are scanned as sendmail's own prescan() does: a backslash takes the next
 * character's meaning, quotes hide all else, comments nest and hide quotes, angle
 * brackets hide commas.
 */
#include "parse/sendmail.h"

enum { ESCAPED = 256 }; /* added to a character that a backslash precedes */

/* One character of raw text at in[at], which moves behind it. */
static unsigned
take_char(struct slice in, size_t *at)
{
	const char *p = in.p + *at;
	size_t left = in.n - *at;

	*at += 1;
	if (*p != '\\' || left < 2)
		return (unsigned char)*p;
	if (p[1] == '\\' || p[1] == 't' || p[1] == 'n' || p[1] == 'r') {
		*at += 1;
		return p[1] == '\\'  ? '\\'
		       : p[1] == 't' ? '\t'
		       : p[1] == 'n' ? '\n'
				     : '\r';
	}
	if (left < 4 || p[1] < '0' || p[1] > '3' || p[2] < '0' || p[2] > '7' ||
	    p[3] < '0' || p[3] > '7')
		return '\\'; /* not escaped by sendmail: an old one */
	*at += 3;
	return (unsigned)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
}

/* What may open, close, escape or part something; all else is as it is, everywhere. */
static const bool has_meaning[256] = { ['\\'] = true,
	['"'] = true,
	['('] = true,
	[')'] = true,
	['<'] = true,
	['>'] = true,
	[','] = true };

/* The next byte at or behind `at` that has a meaning, or in.n: most have none. */
static size_t
skip_plain(struct slice in, size_t at)
{
	while (at < in.n && !has_meaning[(unsigned char)in.p[at]])
		at++;
	return at;
}

/* Where in an address a character stands. */
struct scan {
	bool quoted;
	size_t comments, angles; /* how deep */
};

/* The character at in[*at] with what it opens or closes: 0 where that is wrong. ESCAPED
 * is added to one that has no meaning. */
static unsigned
scan_char(struct scan *s, struct slice in, size_t *at)
{
	unsigned c = take_char(in, at);

	if (c == '\\') {
		if (*at >= in.n)
			return 0;
		return ESCAPED + take_char(in, at);
	}
	if (s->quoted) {
		s->quoted = c != '"';
	} else if (c == '(') {
		s->comments++;
	} else if (c == ')') {
		return s->comments-- > 0 ? c : 0;
	} else if (s->comments > 0) {
		return c + ESCAPED;
	} else if (c == '"') {
		s->quoted = true;
	} else if (c == '<') {
		s->angles++;
	} else if (c == '>') {
		return s->angles-- > 0 ? c : 0;
	}
	return c ? c : ESCAPED;
}

bool
sendmail_address_end(struct slice in, size_t *end)
{
	struct scan s = { 0 };
	size_t at = 0;

	while ((at = skip_plain(in, at)) < in.n) {
		if (in.p[at] == ',' && !s.quoted && s.comments == 0 && s.angles == 0)
			break;
		if (scan_char(&s, in, &at) == 0)
			return false;
	}
	*end = at;
	return !s.quoted && s.comments == 0 && s.angles == 0;
}

/* "(note) a@b (note)" without the notes: an address has them at its ends only. */
static struct slice
without_comments(struct slice in)
{
	struct scan s = { 0 };
	size_t from = 0, to = 0;

	for (size_t at = 0; at < in.n;) {
		size_t was = at;
		size_t deep = s.comments;
		(void)scan_char(&s, in, &at);
		if (deep > 0 || s.comments > 0 || in.p[was] == ' ')
			continue;
		if (to == 0)
			from = was;
		to = at;
	}
	return to > from ? (struct slice){ in.p + from, to - from } : in;
}

struct slice
sendmail_address(struct slice in)
{
	struct scan s = { 0 };
	size_t open = 0, at = 0;

	/* the innermost angle brackets, of which the first pair counts */
	while ((at = skip_plain(in, at)) < in.n) {
		bool quoted = s.quoted;
		size_t was = at;
		unsigned c = scan_char(&s, in, &at);
		if (c == 0)
			break;
		if (quoted)
			continue;
		if (c == '<')
			open = at;
		else if (c == '>')
			return slice_trim((struct slice){ in.p + open, was - open });
	}
	return without_comments(slice_trim(in));
}

size_t
sendmail_raw_length(struct slice in, size_t chars)
{
	const size_t most = in.n < chars ? in.n : chars;
	size_t at = 0;

	if (slice_find((struct slice){ in.p, most }, '\\') == most)
		return most;
	for (size_t i = 0; i < chars && at < in.n; i++)
		(void)take_char(in, &at);
	return at;
}

struct slice
sendmail_decode(struct slice in, char *out, size_t max)
{
	struct slice text = { out, 0 };

	if (slice_find(in, '\\') == in.n)
		return in;
	for (size_t at = 0; at < in.n; text.n++) {
		unsigned c = take_char(in, &at);
		if (text.n == max || c < ' ' || c == 127)
			return in;
		out[text.n] = (char)c;
	}
	for (size_t at = 0, n; at < text.n; at += n) {
		if (!utf8_next(slice_from(text, at), &n))
			return in;
	}
	return text;
}
