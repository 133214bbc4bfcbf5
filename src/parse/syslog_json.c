/*
 * syslog_json.c - lines of journalctl -o json and of docker's json-file log driver.
 *
 * A reader of one JSON object that keeps a few of its members and checks the rest only
 * for its form (RFC 8259). It copies nothing but strings with escapes and arrays of
 * byte numbers, which is how the journal writes what is not UTF-8. A field that was
 * logged twice is an array of its values there; the first one counts. Bounded: DEPTH
 * arrays and objects inside one another, the decoded text is never longer than the
 * line. Raw control characters and invalid UTF-8 in strings pass; half of a surrogate
 * pair becomes U+FFFD.
 */
#include "parse/syslog.h"
#include "parse/syslog_internal.h"

enum { DEPTH = 16 };

struct reader {
	const char *p, *end;
	struct buf *text;
};

enum kind { KIND_BROKEN, KIND_STRING, KIND_BYTES, KIND_NUMBER, KIND_NULL, KIND_OTHER };

static void
skip_space(struct reader *r)
{
	while (r->p < r->end &&
	       (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
		r->p++;
}

/* What comes next behind blanks; NUL at the end. */
static char
peek(struct reader *r)
{
	skip_space(r);
	return r->p < r->end ? *r->p : '\0';
}

static inline bool
take(struct reader *r, char c)
{
	if (r->p < r->end && *r->p != c)
		skip_space(r);
	if (r->p >= r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
hex4(const char *p, const char *end, unsigned *out)
{
	unsigned v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = to_lower(p[i]);
		if (!is_digit(c) && (c < 'a' || c > 'f'))
			return false;
		v = v * 16 + (unsigned)(is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	*out = v;
	return true;
}

static void
add_utf8(struct buf *b, unsigned c)
{
	char out[4];
	size_t n = 0;

	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		out[n++] = (char)(0x80 | (c & 0x3f));
	(void)buf_add(b, (struct slice){ out, n });
}

/* "u" and four digits at p, perhaps a pair of them, to `out`; bytes read, or 0. */
static size_t
take_unicode(const char *p, const char *end, struct buf *out)
{
	unsigned c, low;
	size_t n = 5;

	if (!hex4(p + 1, end, &c))
		return 0;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 11 && p[5] == '\\' && p[6] == 'u' &&
	    hex4(p + 7, end, &low) && low >= 0xdc00 && low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		n = 11;
	}
	add_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return n;
}

/* A string without its quotes, escapes undone. */
static bool
unescape(struct slice raw, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p = raw.p, *end = raw.p + raw.n;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		size_t n = 1;
		if (!slash)
			slash = end;
		(void)buf_add(out, (struct slice){ p, (size_t)(slash - p) });
		p = slash + 1;
		if (slash == end)
			break;
		if (p == end)
			return false;
		const char *at = memchr(from, *p, sizeof from - 1);
		if (at)
			(void)buf_addc(out, to[at - from]);
		else if (*p != 'u' || (n = take_unicode(p, end, out)) == 0)
			return false;
		p += n;
	}
	return !out->failed;
}

/* Where the first quote or backslash is, or `end`: eight bytes at a time, as most of a
 * journal's line is text that nobody wants. */
static const char *
plain_end(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;

	for (; end - p >= 8; p += 8) {
		uint64_t w;
		memcpy(&w, p, 8);
		uint64_t quote = w ^ ones * '"', back = w ^ ones * '\\';
		/* a byte of 0 in either */
		if ((((quote - ones) & ~quote) | ((back - ones) & ~back)) & high)
			break;
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* A string; value: what it stands for, NULL: not wanted. */
static bool
take_string(struct reader *r, struct slice *value)
{
	size_t before = r->text->n;
	bool escaped = false;

	if (!take(r, '"'))
		return false;
	const char *start = r->p;
	while ((r->p = plain_end(r->p, r->end)) < r->end && *r->p == '\\') {
		escaped = true;
		if (r->end - r->p < 2)
			return false;
		r->p += 2;
	}
	if (r->p == r->end)
		return false;
	struct slice raw = { start, (size_t)(r->p++ - start) };
	struct slice decoded = raw;
	if (escaped) {
		if (!unescape(raw, r->text))
			return false;
		decoded = (struct slice){ r->text->p + before, r->text->n - before };
	}
	if (value)
		*value = decoded;
	else
		r->text->n = before;
	return true;
}

static bool
take_digits(struct reader *r)
{
	const char *start = r->p;

	while (r->p < r->end && is_digit(*r->p))
		r->p++;
	return r->p > start;
}

static bool
take_one_of(struct reader *r, char a, char b)
{
	if (r->p >= r->end || (*r->p != a && *r->p != b))
		return false;
	r->p++;
	return true;
}

static bool
take_number(struct reader *r, struct slice *value)
{
	const char *start = r->p;

	(void)take_one_of(r, '-', '-');
	if (!take_one_of(r, '0', '0') && !take_digits(r))
		return false;
	if (take_one_of(r, '.', '.') && !take_digits(r))
		return false;
	if (take_one_of(r, 'e', 'E')) {
		(void)take_one_of(r, '+', '-');
		if (!take_digits(r))
			return false;
	}
	if (value)
		*value = (struct slice){ start, (size_t)(r->p - start) };
	return true;
}

static bool
take_literal(struct reader *r, struct slice word)
{
	if (!slice_starts((struct slice){ r->p, (size_t)(r->end - r->p) }, word))
		return false;
	r->p += word.n;
	return true;
}

static enum kind take_value(struct reader *r, struct slice *value, unsigned depth);

static bool
skip_object(struct reader *r, unsigned depth)
{
	if (!take(r, '{'))
		return false;
	if (take(r, '}'))
		return true;
	do {
		if (!take_string(r, NULL) || !take(r, ':') ||
		    take_value(r, NULL, depth + 1) == KIND_BROKEN)
			return false;
	} while (take(r, ','));
	return take(r, '}');
}

/* [80,111,...] is text; of an array of other values the first one counts. */
static enum kind
take_array(struct reader *r, struct slice *value, unsigned depth)
{
	enum kind kind = KIND_OTHER, k;
	size_t before = r->text->n, n = 0;
	struct slice item;
	bool bytes = true;
	uint64_t byte;

	if (!take(r, '['))
		return KIND_BROKEN;
	if (take(r, ']'))
		return KIND_OTHER;
	do {
		k = take_value(r, bytes && value ? &item : NULL, depth + 1);
		if (k == KIND_BROKEN)
			return k;
		bytes = bytes && value && k == KIND_NUMBER && slice_u64(item, &byte) &&
			byte < 256;
		if (bytes) {
			(void)buf_addc(r->text, (char)byte);
		} else if (n == 0 && value) {
			kind = k;
			*value = item;
		}
		n++;
	} while (take(r, ','));
	if (!take(r, ']') || r->text->failed)
		return KIND_BROKEN;
	if (!bytes)
		return kind;
	*value = (struct slice){ r->text->p + before, r->text->n - before };
	return KIND_BYTES;
}

/* value: what a string, byte numbers or a number stand for; NULL: not wanted. */
static enum kind
take_value(struct reader *r, struct slice *value, unsigned depth)
{
	if (depth > DEPTH)
		return KIND_BROKEN;
	switch (peek(r)) {
	case '"':
		return take_string(r, value) ? KIND_STRING : KIND_BROKEN;
	case '[':
		return take_array(r, value, depth);
	case '{':
		return skip_object(r, depth) ? KIND_OTHER : KIND_BROKEN;
	case 'n':
		return take_literal(r, SLICE("null")) ? KIND_NULL : KIND_BROKEN;
	case 't':
		return take_literal(r, SLICE("true")) ? KIND_OTHER : KIND_BROKEN;
	case 'f':
		return take_literal(r, SLICE("false")) ? KIND_OTHER : KIND_BROKEN;
	default:
		return take_number(r, value) ? KIND_NUMBER : KIND_BROKEN;
	}
}

/* --- one line ----------------------------------------------------------------------
 */

/* Where the member of that name goes; NULL: nowhere. */
static struct slice *
wanted(struct syslog_json *out, struct slice key)
{
#define MEMBER(name, field)                                                       \
	{                                                                         \
		{ (name), sizeof(name) - 1 }, offsetof(struct syslog_json, field) \
	}
	static const struct {
		struct slice name;
		size_t at;
	} members[] = {
		MEMBER("MESSAGE", message),
		MEMBER("__REALTIME_TIMESTAMP", microseconds),
		MEMBER("SYSLOG_IDENTIFIER", tag),
		MEMBER("SYSLOG_PID", pid),
		MEMBER("_PID", other_pid),
		MEMBER("_HOSTNAME", host),
		MEMBER("log", log),
		MEMBER("time", time),
	};
#undef MEMBER

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		if (members[i].name.n == key.n &&
		    memcmp(members[i].name.p, key.p, key.n) == 0)
			return (struct slice *)((char *)out + members[i].at);
	}
	return NULL;
}

static bool
take_members(struct reader *r, struct syslog_json *out)
{
	struct slice key;

	if (take(r, '}'))
		return true;
	do {
		size_t before = r->text->n;
		if (!take_string(r, &key) || !take(r, ':'))
			return false;
		struct slice *to = wanted(out, key);
		struct slice value = { 0 };
		r->text->n = before; /* the key is known */
		enum kind k = take_value(r, to ? &value : NULL, 0);
		if (k == KIND_BROKEN)
			return false;
		bool text = k == KIND_STRING || k == KIND_BYTES ||
			    (k == KIND_NUMBER && to != &out->message);
		if (to)
			*to = text ? value : (struct slice){ 0 };
		if (to == &out->message)
			out->message_is = k == KIND_NULL ? SYSLOG_NULL : SYSLOG_THERE;
	} while (take(r, ','));
	return take(r, '}');
}

bool
syslog_read_json(
    struct slice line, struct buf *text, struct syslog_json *out, const char **why)
{
	struct reader r = { line.p, line.p + line.n, text };

	*out = (struct syslog_json){ 0 };
	/* at once: slices point into it */
	if (buf_reserve(text, line.n) < 0) {
		*why = "line too long";
		return false;
	}
	bool whole = take(&r, '{') && take_members(&r, out) && peek(&r) == '\0' &&
		     r.p == r.end;
	bool message = out->message_is != SYSLOG_MISSING;
	bool journal = out->microseconds.p && message;
	if (!whole && (message || out->microseconds.p || out->log.p))
		*why = "JSON not understood";
	else if (journal && out->message_is == SYSLOG_NULL)
		*why = "MESSAGE is null: journalctl shortens fields without --all";
	else if (journal && !out->message.p)
		*why = "MESSAGE not understood";
	return whole && !*why && (journal || out->log.p);
}
