/*
 * config_walk.c - reads one mapping of the tree into a struct as a table of
 * config_table.c says: the root, a source or an output.
 *
 * Unknown keys, values that cannot be taken and keys of a later version are faults at
 * their place; what is read stays, what is not keeps its default.
 */
#include "app/config_internal.h"

#include <stdio.h>
#include <string.h>

void
table_free(const struct config_table *t, void *base)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->key[i].built)
			value_free(t->key[i].type, (char *)base + t->key[i].offset);
}

bool
table_defaults(const struct config_table *t, void *base)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct config_key *k = &t->key[i];
		union config_value v;

		if (!k->built || value_size(k->type) == 0)
			continue;
		if (!value_default(k, &v))
			return false;
		memcpy((char *)base + k->offset, &v, value_size(k->type));
	}
	return true;
}

static void
read_key(struct target *t, size_t row, const struct node *n)
{
	const struct config_key *k = &t->table->key[row];
	union config_value v;

	t->mark[row] = n->at;
	t->faulty = t->faulty || n->bad;
	if (n->bad || (k->built && value_size(k->type) == 0))
		return; /* sources, outputs, include: not here */
	if (!k->built && !value_is_default(k, n)) {
		fault_add(t->faults, n->at,
		    "%s: not built yet in this version (only the default %s is taken)",
		    k->name, k->fallback[0] ? k->fallback : "\"\"");
		return;
	}
	/* an empty text, as ${NAME:-} may give, is not set either */
	if (!k->built || node_is_null(n) || (n->kind == NODE_SCALAR && !n->text[0])) {
		t->mark[row].line = 0;
		return;
	}
	if (!value_read(k, n, &v, t->faults)) {
		t->faulty = true;
		return;
	}
	value_free(k->type, t->base + k->offset);
	memcpy(t->base + k->offset, &v, value_size(k->type));
}

/* Offers the keys that may stand there; prefix ends in a dot or is empty. */
static void
say_unknown(struct target *t, const struct node *n, const char *prefix)
{
	struct nearest near;
	size_t skip = strlen(prefix);

	nearest_init(&near, n->name);
	for (size_t i = 0; i < t->table->n; i++) {
		struct slice key = slice_of(t->table->key[i].name);

		if (!slice_starts(key, slice_of(prefix)))
			continue;
		key = slice_from(key, skip);
		key.n = slice_find(key, '.');
		nearest_offer(&near, key);
	}
	fault_add(t->faults, n->name_at, "unknown key \"%s\"%s", cut_text(n->name).s,
	    nearest_hint(&near).s);
}

bool
table_has_section(const struct config_table *t, const char *prefix)
{
	for (size_t i = 0; i < t->n; i++)
		if (slice_starts(slice_of(t->key[i].name), slice_of(prefix)))
			return true;
	return false;
}

static void walk_keys(struct target *t, const struct node *map, const char *prefix);

static void
walk_section(struct target *t, const struct node *n, const char *prefix)
{
	t->faulty = t->faulty || n->bad;
	if (n->bad || node_is_null(n))
		return;
	if (n->kind == NODE_MAPPING)
		walk_keys(t, n, prefix);
	else
		fault_add(t->faults, n->at, "%.*s: expected a mapping",
		    (int)strlen(prefix) - 1, prefix);
}

/* Every key of the mapping: a row, a section of rows, or unknown. Deep as the table. */
static void
walk_keys(struct target *t, const struct node *map, const char *prefix)
{
	for (const struct node *n = map->first; n; n = n->next) {
		char name[CONFIG_KEY];
		int length = snprintf(name, sizeof name, "%s%s.", prefix, n->name);
		size_t row;

		if (length >= (int)sizeof name || strchr(n->name, '.')) {
			say_unknown(t, n, prefix);
			continue;
		}
		if (n->name[0] && table_has_section(t->table, name)) {
			walk_section(t, n, name);
			continue;
		}
		name[length - 1] = '\0';
		row = config_key_find(t->table, name);
		if (row < t->table->n)
			read_key(t, row, n);
		else
			say_unknown(t, n, prefix);
	}
}

bool
table_walk(struct target *t, const struct node *map)
{
	size_t before = t->faults->count;

	walk_keys(t, map, "");
	return !t->faulty && t->faults->count == before;
}
