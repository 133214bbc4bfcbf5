/*
 * postfix_address.c - addresses as Postfix logs them: quoted where they need it (the
 * external form, default since 3.5), or as they are (the internal form).
 */
#include "parse/postfix.h"

/* Where a quoted string that begins at in[0] has its closing quote, or in.n. */
static size_t
quote_end(struct slice in)
{
	for (size_t i = 1; i < in.n; i++) {
		if (in.p[i] == '\\')
			i++;
		else if (in.p[i] == '"')
			return i;
	}
	return in.n;
}

/* What may stand neither in a domain nor in a local part without quotes; and no control
 * character or blank. */
static const bool needs_quote[256] = { ['<'] = true,
	['>'] = true,
	['('] = true,
	[')'] = true,
	['['] = true,
	[']'] = true,
	[','] = true,
	[';'] = true,
	[':'] = true,
	['\\'] = true,
	['"'] = true,
	['@'] = true,
	[0x7f] = true };

static bool
is_plain(char c)
{
	return (unsigned char)c > ' ' && !needs_quote[(unsigned char)c];
}

static bool
is_domain(struct slice s)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		return slice_find(s, '>') == s.n && slice_find(s, ' ') == s.n;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_plain(s.p[i]))
			return false;
	}
	return s.n > 0;
}

size_t
postfix_external_address(struct slice in)
{
	size_t at = 0;

	if (in.n > 0 && in.p[0] == '"') {
		at = quote_end(in) + 1;
	} else {
		while (at < in.n && is_plain(in.p[at]))
			at++;
	}
	if (at < in.n && in.p[at] == '>')
		return at; /* a local part alone, or nothing */
	if (at == 0 || at >= in.n || in.p[at] != '@')
		return in.n;
	size_t close = at + slice_find(slice_from(in, at), '>');
	struct slice domain = { in.p + at + 1, close - at - 1 };
	return close < in.n && is_domain(domain) ? close : in.n;
}

bool
postfix_is_unquoted(struct slice s)
{
	size_t at = slice_rfind(s, '@');

	return at < s.n && is_domain(slice_from(s, at + 1));
}

bool
postfix_take_address(struct slice *in, struct slice *out)
{
	size_t n = postfix_external_address(*in);

	if (n == in->n)
		n = slice_find(*in, '>');
	if (n == in->n)
		return false;
	*out = (struct slice){ in->p, n };
	*in = slice_from(*in, n + 1);
	return true;
}

bool
postfix_is_quoted(struct slice in)
{
	struct slice rest = slice_from(in, quote_end(in) + 1);

	return slice_starts(in, SLICE("\"")) &&
	       (rest.n == 0 || rest.p[0] == '@' || rest.p[0] == '>');
}
