/*
 * verp.c - variable envelope return paths by the user's own patterns, with the groups
 * recipient, list and id.
 *
 * A recipient without an @ has it where its last = stands: "anna=example.net".
 */
#include "app/verp.h"
#include "app/pattern.h"
#include "parse/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCHEME_TEXT = 32 };

struct verp {
	size_t n;
	struct pattern **pattern;
	char recipient[LIMIT_TEXT];
	char scheme[SCHEME_TEXT];
};

static const char *const group[] = { "recipient", "list", "id", NULL };

const char *
verp_group(size_t i)
{
	return group[i];
}

int
verp_new(const struct config_list *patterns, struct verp **out, struct err *e)
{
	struct verp *v;

	*out = NULL;
	if (patterns->n == 0)
		return 0;
	if (!(v = calloc(1, sizeof *v)) ||
	    !(v->pattern = calloc(patterns->n, sizeof *v->pattern))) {
		free(v);
		return err_set(e, -ENOMEM, "no memory");
	}
	for (; v->n < patterns->n; v->n++) {
		if (!(v->pattern[v->n] = pattern_new(patterns->v[v->n], e))) {
			verp_free(v);
			return e->code;
		}
	}
	*out = v;
	return 0;
}

void
verp_free(struct verp *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++)
		pattern_free(v->pattern[i]);
	free(v->pattern);
	free(v);
}

static struct slice
with_at(struct verp *v, struct slice in)
{
	size_t equals = slice_rfind(in, '=');

	if (slice_find(in, '@') < in.n || equals == in.n || in.n > sizeof v->recipient)
		return in;
	memcpy(v->recipient, in.p, in.n);
	v->recipient[equals] = '@';
	return (struct slice){ v->recipient, in.n };
}

bool
verp_decode(void *arg, struct slice address, struct event_verp *out)
{
	struct verp *v = arg;

	for (size_t i = 0; i < v->n; i++) {
		if (!pattern_match(v->pattern[i], address))
			continue;
		int n = snprintf(v->scheme, sizeof v->scheme, "user:%zu", i + 1);
		*out = (struct event_verp){
			.scheme = { v->scheme, (size_t)n },
			.recipient = with_at(
			    v, parse_address(pattern_group(v->pattern[i], group[0]))),
			.list = pattern_group(v->pattern[i], group[1]),
			.id = pattern_group(v->pattern[i], group[2]),
		};
		return true;
	}
	return false;
}
