/*
 * pmta_value.c - cleans what PowerMTA writes into its fields.
 *
 * What does not have the expected shape stays as it is (a diagnostic) or gives nothing
 * (an address); nothing is refused here.
 */
#include "parse/pmta.h"

struct slice
pmta_diagnostic(struct slice in)
{
	size_t semicolon = slice_find(in, ';');

	for (size_t i = 0; i < semicolon && i < in.n; i++) {
		char c = to_lower(in.p[i]);
		if ((c < 'a' || c > 'z') && !is_digit(c) && c != '-')
			return in;
	}
	if (semicolon == in.n)
		return in;
	in = slice_trim(slice_from(in, semicolon + 1));
	for (size_t at = slice_find(in, ';'); at < in.n;) {
		struct slice rest = slice_from(in, at), status;
		if (slice_istarts(rest, SLICE(";smtp;")) &&
		    event_reply_scan(slice_from(rest, 6), &status)) {
			in = slice_from(rest, 6);
			at = 0;
		}
		at += 1 + slice_find(slice_from(in, at + 1), ';');
	}
	return in;
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct slice
pmta_orcpt(struct slice in, char out[LIMIT_TEXT])
{
	struct slice none = { 0 };
	size_t semicolon = slice_find(in, ';'), n = 0;

	if (semicolon < in.n) {
		struct slice type = slice_trim((struct slice){ in.p, semicolon });
		if (!slice_ieq(type, SLICE("rfc822")) &&
		    !slice_ieq(type, SLICE("utf-8")))
			return none;
		in = slice_trim(slice_from(in, semicolon + 1));
	}
	in = parse_address(in);
	if (in.n > LIMIT_TEXT || slice_find(in, '@') == in.n)
		return none;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == '+' && i + 2 < in.n && hex_value(in.p[i + 1]) >= 0 &&
		    hex_value(in.p[i + 2]) >= 0) {
			c = (char)(hex_value(in.p[i + 1]) * 16 +
				   hex_value(in.p[i + 2]));
			i += 2;
		}
		out[n++] = c;
	}
	return (struct slice){ out, n };
}

bool
pmta_nested_next(struct slice *rest, char out[LIMIT_TEXT], struct slice *value)
{
	struct slice in = *rest;
	size_t n = 0, i = 1;

	if (in.n == 0)
		return false;
	if (in.p[0] != '"') {
		size_t comma = slice_find(in, ',');
		*value = slice_trim((struct slice){ in.p, comma });
		*rest = slice_from(in, comma + 1);
		return true;
	}
	for (; i < in.n && (in.p[i] != '"' || (i + 1 < in.n && in.p[i + 1] == '"'));
	     i++) {
		i += in.p[i] == '"';
		if (n < LIMIT_TEXT)
			out[n++] = in.p[i];
	}
	*value = slice_trim((struct slice){ out, n });
	in = slice_from(in, i + 1);
	*rest = slice_from(in, slice_find(in, ',') + 1);
	return true;
}
