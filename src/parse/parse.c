/*
 * parse.c - the table of formats, and the small things that all formats share.
 */
#include "parse/parse.h"

const struct parse_format *const parse_formats[] = {
	&parse_pmta,
	&parse_maillog, /* what auto says of a mail log: before its special cases */
	&parse_postfix,
	&parse_sendmail,
	NULL,
};

const struct parse_format *
parse_format_of(struct slice name)
{
	for (size_t i = 0; parse_formats[i]; i++) {
		if (slice_eq(slice_of(parse_formats[i]->name), name))
			return parse_formats[i];
	}
	return NULL;
}

const struct parse_format *
parse_probe(struct slice line)
{
	for (size_t i = 0; parse_formats[i]; i++) {
		if (parse_formats[i]->probe(line))
			return parse_formats[i];
	}
	return NULL;
}

struct slice
parse_address(struct slice in)
{
	in = slice_trim(in);
	if (in.n > 2 && in.p[0] == '<' && in.p[in.n - 1] == '>')
		return (struct slice){ in.p + 1, in.n - 2 };
	return in;
}

static bool
in_brackets(struct slice s)
{
	return s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
}

void
parse_host(struct slice in, struct slice *host, struct slice *ip)
{
	in = slice_trim(in);
	*host = in;
	*ip = (struct slice){ 0 };
	size_t open = slice_rfind(in, '(');
	if (open < in.n && in.p[in.n - 1] == ')') {
		*ip = slice_trim((struct slice){ in.p + open + 1, in.n - open - 2 });
		*host = slice_trim((struct slice){ in.p, open });
	}
	if (ip->n == 0 && in_brackets(*host))
		*ip = *host;
	if (in_brackets(*ip))
		*ip = (struct slice){ ip->p + 1, ip->n - 2 };
}
