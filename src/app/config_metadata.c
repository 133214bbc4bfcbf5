/*
 * config_metadata.c - `metadata:` of a source, {NAME: {from: KEY, pattern: PCRE2}}, and
 * the patterns of `bounces.verp`: read, printed, checked.
 *
 * A name without `from` is a fault, as is a pattern that does not compile, or that has
 * groups but none that counts.
 */
#include "app/config_internal.h"
#include "app/metadata.h"
#include "app/pattern.h"
#include "app/verp.h"

#include <stdlib.h>
#include <string.h>

/* A text of one entry. */
static bool
read_part(const struct config_key *k, const struct node *c, char **out,
    struct config_mark *at, struct config_faults *f)
{
	*at = c->at;
	if (c->bad)
		return false;
	if (c->kind != NODE_SCALAR) {
		fault_add(f, c->at, "%s: expected a text for \"%s\"", k->name, c->name);
		return false;
	}
	return node_is_null(c) || !c->text[0] || copy_text(c, c->text, out, f);
}

static bool
read_parts(const struct config_key *k, const struct node *n, struct config_metadata *m,
    struct config_faults *f)
{
	bool ok = true;

	for (const struct node *c = n->first; c; c = c->next) {
		struct nearest near;
		if (strcmp(c->name, "from") == 0) {
			ok = read_part(k, c, &m->from, &m->from_at, f) && ok;
			continue;
		}
		if (strcmp(c->name, "pattern") == 0) {
			ok = read_part(k, c, &m->pattern, &m->pattern_at, f) && ok;
			continue;
		}
		nearest_init(&near, c->name);
		nearest_offer(&near, SLICE("from"));
		nearest_offer(&near, SLICE("pattern"));
		fault_add(f, c->name_at, "%s: unknown key \"%s\"%s", k->name,
		    cut_text(c->name).s, nearest_hint(&near).s);
		ok = false;
	}
	if (ok && !m->from) {
		fault_add(f, n->at, "%s: from is missing", k->name);
		ok = false;
	}
	return ok;
}

static bool
read_entry(const struct config_key *k, const struct node *c,
    struct config_metadata_list *list, struct config_faults *f)
{
	struct config_metadata *m = &list->v[list->n];

	if (c->bad)
		return false;
	if (!config_is_name(c->name)) {
		fault_add(f, c->name_at,
		    "%s: \"%s\" has to be 1 to 64 of A-Z a-z 0-9 . _ -", k->name,
		    cut_text(c->name).s);
		return false;
	}
	if (c->kind != NODE_MAPPING) {
		fault_add(f, c->at,
		    "%s: expected a mapping such as {from: headers.x-campaign-id}",
		    k->name);
		return false;
	}
	m->at = c->name_at;
	if (!copy_text(c, c->name, &m->name, f))
		return false;
	list->n++; /* from here on the list frees it */
	return read_parts(k, c, m, f);
}

void
free_metadata(void *field)
{
	struct config_metadata_list *list = field;

	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].from);
		free(list->v[i].pattern);
	}
	free(list->v);
}

bool
read_metadata(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	struct config_metadata_list list = { calloc(n->n + 1, sizeof *list.v), 0 };
	bool ok = list.v != NULL;

	if (!ok)
		fault_add(f, n->at, "out of memory");
	for (const struct node *c = n->first; list.v && c; c = c->next)
		ok = read_entry(k, c, &list, f) && ok;
	if (ok)
		out->metadata = list;
	else
		free_metadata(&list);
	return ok;
}

void
print_metadata(const struct config_key *k, const void *field, struct buf *out)
{
	const struct config_metadata_list *list = field;

	(void)k;
	buf_addc(out, '{');
	for (size_t i = 0; i < list->n; i++) {
		buf_add(out, i ? SLICE(", ") : SLICE(""));
		print_text(slice_of(list->v[i].name), out);
		buf_add(out, SLICE(": {from: "));
		print_text(slice_of(list->v[i].from), out);
		if (list->v[i].pattern) {
			buf_add(out, SLICE(", pattern: "));
			print_text(slice_of(list->v[i].pattern), out);
		}
		buf_addc(out, '}');
	}
	buf_addc(out, '}');
}

static void
check_from(const struct config_metadata *m, struct config_faults *f)
{
	struct nearest near;

	if (metadata_is_key(m->from))
		return;
	nearest_init(&near, m->from);
	for (size_t i = 0; metadata_key(i); i++)
		nearest_offer(&near, slice_of(metadata_key(i)));
	nearest_offer(&near, SLICE("headers."));
	nearest_offer(&near, SLICE("native."));
	fault_add(f, m->from_at,
	    "metadata: \"%s\" is no key of an event that can be looked at%s",
	    cut_text(m->from).s, nearest_hint(&near).s);
}

void
check_metadata(const struct config_source *s, struct config_faults *f)
{
	for (size_t i = 0; i < s->metadata.n; i++) {
		const struct config_metadata *m = &s->metadata.v[i];
		struct err e = { 0 };
		struct pattern *p = NULL;

		check_from(m, f);
		if (m->pattern && !(p = pattern_new(m->pattern, &e)))
			fault_add(f, m->pattern_at, "metadata: pattern: %s", e.text);
		else if (p && pattern_has_groups(p) && !pattern_has_group(p, m->name))
			fault_add(f, m->pattern_at,
			    "metadata: pattern: none of its groups is called \"%s\"",
			    m->name);
		pattern_free(p);
	}
}

void
check_verp(const struct config_source *s, struct config_faults *f)
{
	for (size_t i = 0; i < s->bounces_verp.n; i++) {
		struct err e = { 0 };
		struct pattern *p = pattern_new(s->bounces_verp.v[i], &e);
		bool any = false;

		for (size_t k = 0; p && verp_group(k); k++)
			any = any || pattern_has_group(p, verp_group(k));
		if (!p)
			fault_add(f, s->bounces_verp.at[i], "bounces.verp: %s", e.text);
		else if (!any)
			fault_add(f, s->bounces_verp.at[i],
			    "bounces.verp: it has none of the groups recipient, list, "
			    "id, as in (?<recipient>.+)");
		pattern_free(p);
	}
}
