/*
 * pmta_address.c - the one address in a To: header (RFC 5322 section 3.4).
 *
 * Quoted strings, comments, groups, source routes and the encoded words of RFC 2047 are
 * read as such. A bare comma in a name ("Doe, John <j@b>") parts off a word without an
 * address, which is passed over. Two different addresses, or none, give none: to guess
 * would blame a bystander. Where the plain text has no address its encoded words are
 * decoded and looked at once more, since mailers that encode the whole field do exist.
 */
#include "parse/pmta.h"

/* Behind the quoted string that begins at in[at], or the end of in. */
static size_t
quoted_end(struct slice in, size_t at)
{
	for (at++; at < in.n && in.p[at] != '"'; at++)
		at += in.p[at] == '\\';
	return at < in.n ? at + 1 : in.n;
}

/* Behind the comment that begins at in[at]; comments nest. */
static size_t
comment_end(struct slice in, size_t at)
{
	size_t depth = 0;

	for (; at < in.n; at++) {
		if (in.p[at] == '\\')
			at++;
		else if (in.p[at] == '(')
			depth++;
		else if (in.p[at] == ')' && --depth == 0)
			return at + 1;
	}
	return in.n;
}

/* The > that ends what begins at in[at], or the end of in. */
static size_t
angle_end(struct slice in, size_t at)
{
	while (at < in.n && in.p[at] != '>')
		at = in.p[at] == '"' ? quoted_end(in, at) : at + 1;
	return at < in.n ? at : in.n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "@a,@b:x@c" to "x@c": a source route says nothing any more (RFC 5321, F.2). */
static struct slice
without_route(struct slice in)
{
	size_t colon = slice_find(in, ':');

	return in.n > 0 && in.p[0] == '@' && colon < in.n ? slice_from(in, colon + 1)
							  : in;
}

static bool
has_any(struct slice s, const char *these)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f ||
		    strchr(these, s.p[i]))
			return true;
	}
	return false;
}

/* One quoted string and nothing else; one that ends in an escape is given up. */
static bool
is_quoted(struct slice s)
{
	return s.n > 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' &&
	       s.p[s.n - 2] != '\\' && quoted_end(s, 0) == s.n;
}

static bool
is_address(struct slice s)
{
	size_t at = slice_rfind(s, '@');
	struct slice local = { s.p, at }, domain = slice_from(s, at + 1);

	if (at == s.n || local.n == 0 || domain.n == 0 || has_any(domain, "<>(),;\""))
		return false;
	return is_quoted(local) || !has_any(local, "<>(),;:\"");
}

/* One entry of a list. */
struct mailbox {
	size_t start, end; /* of its only word; end 0: none yet */
	bool words;        /* there are more */
	bool has_angle;
	struct slice angle;
};

static void
add_word(struct mailbox *m, size_t start, size_t end)
{
	if (m->end == 0)
		m->start = start;
	else if (m->end != start)
		m->words = true;
	m->end = end;
}

/* The address of the entry at *at, or empty; *at moves behind it and its comma. */
static struct slice
next_address(struct slice in, size_t *at)
{
	struct mailbox m = { 0 };
	struct slice found = { 0 };
	size_t i = *at, next;

	for (; i < in.n && in.p[i] != ',' && in.p[i] != ';'; i = next) {
		next = i + 1;
		if (in.p[i] == '(') {
			next = comment_end(in, i);
		} else if (in.p[i] == '<' && !m.has_angle) {
			next = angle_end(in, i);
			m.has_angle = next < in.n;
			m.angle = (struct slice){ in.p + i + 1, next - i - 1 };
			next += m.has_angle;
		} else if (in.p[i] == ':') {
			m = (struct mailbox){ 0 }; /* it was a group's name */
		} else if (!is_blank(in.p[i])) {
			next = in.p[i] == '"' ? quoted_end(in, i) : next;
			add_word(&m, i, next);
		}
	}
	*at = i + 1;
	if (m.has_angle)
		found = without_route(slice_trim(m.angle));
	else if (!m.words)
		found = (struct slice){ in.p + m.start, m.end - m.start };
	return is_address(found) ? found : (struct slice){ 0 };
}

/* The only address, or empty; *any: there was at least one. */
static struct slice
only_address(struct slice in, bool *any)
{
	struct slice only = { 0 };

	*any = false;
	for (size_t at = 0; at < in.n;) {
		struct slice one = next_address(in, &at);
		if (one.n == 0)
			continue;
		if (*any && !slice_ieq(one, only))
			return (struct slice){ 0 };
		if (!*any)
			only = one;
		*any = true;
	}
	return only;
}

static int
digit_of(char c, bool base64)
{
	if (!base64) {
		c = to_lower(c);
		return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
	}
	if (is_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '/')
		return c == '+' ? 62 : 63;
	return c >= 'a' && c <= 'z'   ? c - 'a' + 26
	       : c >= 'A' && c <= 'Z' ? c - 'A'
				      : -1;
}

/* Both writers give no more bytes than they take. */
static size_t
decode_q(struct slice in, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i] == '_' ? ' ' : in.p[i];
		int high, low;
		if (c == '=' && i + 2 < in.n &&
		    (high = digit_of(in.p[i + 1], false)) >= 0 &&
		    (low = digit_of(in.p[i + 2], false)) >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		}
		out[n++] = c;
	}
	return n;
}

static size_t
decode_b(struct slice in, char *out)
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		int v = digit_of(in.p[i], true);
		if (v < 0)
			continue;
		bits = (bits << 6 | (unsigned)v) & 0xffff;
		if ((have += 6) >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	return n;
}

/* The length of the encoded word at the start of in, or 0; =?charset?B?text?= */
static size_t
encoded_word(struct slice in, char *kind, struct slice *text)
{
	if (!slice_starts(in, SLICE("=?")))
		return 0;
	size_t mark = 2 + slice_find(slice_from(in, 2), '?');
	if (mark + 3 >= in.n || in.p[mark + 2] != '?')
		return 0;
	*kind = to_lower(in.p[mark + 1]);
	struct slice rest = slice_from(in, mark + 3);
	text->p = rest.p;
	text->n = slice_find(rest, '?');
	if (text->n + 1 >= rest.n || rest.p[text->n + 1] != '=' ||
	    (*kind != 'b' && *kind != 'q'))
		return 0;
	return mark + 3 + text->n + 2;
}

/* With its encoded words decoded, to out; whatever their charset, an address in it is
 * ASCII. */
static struct slice
decode_words(struct slice in, char out[LIMIT_TEXT])
{
	size_t n = 0;

	in.n = in.n < LIMIT_TEXT ? in.n : LIMIT_TEXT;
	while (in.n > 0) {
		struct slice text;
		char kind;
		size_t word = encoded_word(in, &kind, &text);
		if (word > 0)
			n += kind == 'b' ? decode_b(text, out + n)
					 : decode_q(text, out + n);
		else
			out[n++] = in.p[0];
		in = slice_from(in, word > 0 ? word : 1);
		/* blanks between two of them are not there */
		size_t gap = 0;
		while (word > 0 && gap < in.n && is_blank(in.p[gap]))
			gap++;
		if (encoded_word(slice_from(in, gap), &kind, &text) > 0)
			in = slice_from(in, gap);
	}
	return (struct slice){ out, n };
}

struct slice
pmta_only_address(struct slice to, char out[LIMIT_TEXT])
{
	bool any;
	struct slice found = only_address(to, &any);

	if (any)
		return found;
	for (size_t i = slice_find(to, '='); i + 1 < to.n; i++) {
		if (to.p[i] == '=' && to.p[i + 1] == '?')
			return only_address(decode_words(to, out), &any);
	}
	return found;
}
