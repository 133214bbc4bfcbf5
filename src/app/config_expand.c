/*
 * config_expand.c - the environment in values: ${NAME}, ${NAME:-default}, $${ for a
 * literal
 * ${. A $ before anything else is itself.
 *
 * As in a shell, :- also stands in for a variable that is empty. Keys are not expanded,
 * and what was put in is not looked at again. A value that cannot be expanded is a
 * fault at its place and makes its node bad, so that nobody complains of it twice.
 */
#include "app/config_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = to_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && c != '_' && (i == 0 || !is_digit(c)))
			return false;
	}
	return s.n > 0;
}

/* What stands between ${ and }. */
static int
add_variable(struct slice inner, struct buf *out, struct err *e)
{
	size_t colon = slice_find(inner, ':');
	struct slice name = { inner.p, colon };
	struct slice rest = slice_from(inner, colon);
	bool has_default = slice_starts(rest, SLICE(":-"));
	char text[CONFIG_KEY + 1];

	if (!is_name(name) || name.n >= sizeof text || (rest.n > 0 && !has_default))
		return err_set(
		    e, -EINVAL, "${...} has to be ${NAME} or ${NAME:-default}");
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	const char *value = getenv(text);
	if (has_default && (!value || !*value))
		return buf_add(out, slice_from(rest, 2));
	if (!value)
		return err_set(e, -ENOENT,
		    "the environment variable %s is not set (${%s:-default} helps)",
		    text, text);
	return buf_add(out, slice_of(value));
}

static bool
is_utf8(struct slice s)
{
	size_t n;

	for (; s.n > 0; s = slice_from(s, n))
		if (!utf8_next(s, &n))
			return false;
	return true;
}

bool
expand_text(const char *text, struct buf *out, struct err *e)
{
	struct slice s = slice_of(text);
	size_t before = out->n;

	while (s.n > 0) {
		size_t n = slice_find(s, '$');
		int rc = 0;

		if (n > 0) {
			buf_add(out, (struct slice){ s.p, n });
		} else if (slice_starts(s, SLICE("$${"))) {
			n = 3;
			buf_add(out, SLICE("${"));
		} else if (slice_starts(s, SLICE("${"))) {
			n = slice_find(s, '}');
			if (n == s.n)
				rc = err_set(e, -EINVAL, "${ without }");
			else
				rc = add_variable(
				    (struct slice){ s.p + 2, n - 2 }, out, e);
			n++;
		} else {
			n = 1;
			buf_addc(out, '$');
		}
		if (out->failed)
			rc = err_set(e, -E2BIG, "the value is too long (limit 64 KiB)");
		if (rc < 0)
			return false;
		s = slice_from(s, n);
	}
	if (!is_utf8(slice_from(buf_slice(out), before))) {
		err_set(e, -EILSEQ, "what the environment holds is not UTF-8");
		return false;
	}
	return true;
}

static void
expand_node(struct node *n, struct config_faults *f)
{
	struct err e = { 0 };
	struct buf out;

	if (!strchr(n->text, '$'))
		return;
	buf_init(&out, CONFIG_VALUE);
	char *text = expand_text(n->text, &out, &e) ? strndup(out.n ? out.p : "", out.n)
						    : NULL;
	if (text) {
		free(n->text);
		n->text = text;
	} else {
		fault_add(f, n->at, "%s", e.code ? e.text : "out of memory");
		n->bad = true;
	}
	buf_free(&out);
}

void
expand_tree(struct node *n, struct config_faults *f)
{
	if (n->kind == NODE_SCALAR && !n->bad)
		expand_node(n, f);
	for (struct node *c = n->first; c; c = c->next)
		expand_tree(c, f); /* as deep as NODE_DEPTH */
}
