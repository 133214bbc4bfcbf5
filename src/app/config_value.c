/*
 * config_value.c - reads one value of the configuration as its row in the table wants
 * it, lists, maps and secrets here, the rest in config_scalar.c; its default; its end.
 *
 * A value that cannot be taken is one fault at its place and leaves the field as it
 * was. A node that is marked bad had its fault already and is refused in silence. No
 * memory is a fault like the others.
 */
#include "app/config_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

/* Whether text is among the words; NULL takes all. */
static bool
is_among(const struct config_key *k, const struct key_words *words, const char *text,
    struct config_mark at, struct config_faults *f)
{
	struct nearest near;
	const char *w;

	if (!words)
		return true;
	nearest_init(&near, text);
	for (size_t i = 0; (w = words->word(i)); i++) {
		if (strcmp(w, text) == 0)
			return true;
		nearest_offer(&near, slice_of(w));
	}
	fault_add(f, at, "%s: \"%s\" is not %s%s", k->name, cut_text(text).s,
	    words->what, nearest_hint(&near).s);
	return false;
}

static bool
is_item(const struct config_key *k, const struct node *n, struct config_faults *f)
{
	if (n->bad)
		return false;
	if (n->kind != NODE_SCALAR)
		fault_add(f, n->at, "%s: expected a text", k->name);
	else if (!n->text[0] || node_is_null(n))
		fault_add(f, n->at, "%s: an empty entry", k->name);
	else
		return is_among(k, k->items, n->text, n->at, f);
	return false;
}

/*
 * A domain as event_domain() makes it of an address, so that the two compare as bytes.
 * Domains below it are not meant: what looks so is refused, else it would never match.
 */
static bool
copy_domain(const struct config_key *k, const struct node *n, char **out,
    struct config_faults *f)
{
	char address[LIMIT_ADDRESS + 2], domain[LIMIT_ADDRESS + 1] = "";
	int length = snprintf(address, sizeof address, "@%s", n->text);

	if (length < (int)sizeof address && !strpbrk(n->text, "@*") &&
	    n->text[0] != '.')
		domain[event_domain(slice_of(address), domain)] = '\0';
	if (domain[0])
		return copy_text(n, domain, out, f);
	fault_add(f, n->at, "%s: \"%s\" is not a domain", k->name, cut_text(n->text).s);
	return false;
}

static bool
copy_item(const struct config_key *k, const struct node *n, char **out,
    struct config_faults *f)
{
	return k->type == KEY_DOMAINS ? copy_domain(k, n, out, f)
				      : copy_text(n, n->text, out, f);
}

static bool
read_list(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	size_t count = n->kind == NODE_SCALAR ? 1 : n->n;
	union config_value tmp = { .list = { NULL, 0, NULL } };
	bool ok = true;

	tmp.list.v = calloc(count + 1, sizeof *tmp.list.v);
	tmp.list.at = calloc(count + 1, sizeof *tmp.list.at);
	if (!tmp.list.v || !tmp.list.at) {
		fault_add(f, n->at, "out of memory");
		ok = false;
		goto out;
	}
	/* every entry is looked at, also after a fault: each has its own line */
	const struct node *c = n->kind == NODE_SCALAR ? n : n->first;
	for (size_t i = 0; i < count; i++, c = c->next) {
		tmp.list.at[tmp.list.n] = c->at;
		if (is_item(k, c, f) && copy_item(k, c, &tmp.list.v[tmp.list.n], f))
			tmp.list.n++;
		else
			ok = false;
	}
out:
	if (ok)
		out->list = tmp.list;
	else
		value_free(KEY_LIST, &tmp.list);
	return ok;
}

/* One pair of a map. False after a fault; a pair without a value is left out. */
static bool
read_pair(const struct config_key *k, const struct node *c, struct config_map *map,
    struct config_faults *f)
{
	struct config_pair *pair = &map->v[map->n];

	if (c->bad || !is_among(k, k->names, c->name, c->name_at, f))
		return false;
	if (node_is_null(c))
		return true;
	if (c->kind != NODE_SCALAR) {
		fault_add(f, c->at, "%s: expected a text for \"%s\"", k->name,
		    cut_text(c->name).s);
		return false;
	}
	if (!is_among(k, k->items, c->text, c->at, f))
		return false;
	pair->at = c->at;
	if (!copy_text(c, c->name, &pair->name, f))
		return false;
	map->n++; /* from here on the map frees it */
	return copy_text(c, c->text, &pair->value, f);
}

static bool
read_map(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	struct config_map map = { calloc(n->n + 1, sizeof *map.v), 0 };
	bool ok = map.v != NULL;

	if (!ok)
		fault_add(f, n->at, "out of memory");
	for (const struct node *c = n->first; map.v && c; c = c->next)
		ok = read_pair(k, c, &map, f) && ok;
	if (ok)
		out->map = map;
	else
		value_free(KEY_MAP, &map);
	return ok;
}

static const char *const secret_words[] = {
	[CONFIG_SECRET_FILE] = "file",
	[CONFIG_SECRET_ENV] = "env",
	[CONFIG_SECRET_CREDENTIAL] = "credential",
};

static enum config_secret_kind
secret_kind(const struct config_key *k, const struct node *c, struct config_faults *f)
{
	struct nearest near;

	nearest_init(&near, c->name);
	for (int i = CONFIG_SECRET_FILE; i <= CONFIG_SECRET_CREDENTIAL; i++) {
		if (strcmp(secret_words[i], c->name) == 0)
			return (enum config_secret_kind)i;
		nearest_offer(&near, slice_of(secret_words[i]));
	}
	fault_add(f, c->name_at, "%s: unknown key \"%s\"%s", k->name,
	    cut_text(c->name).s, nearest_hint(&near).s);
	return CONFIG_SECRET_NONE;
}

/* A text, or a mapping with one of file, env, credential; {file: } is not set. */
static bool
read_secret(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	struct config_secret s = { CONFIG_SECRET_TEXT, NULL, n->at };
	const struct node *c = n;

	if (n->kind == NODE_MAPPING) {
		c = n->first;
		if (n->n != 1) {
			fault_add(f, n->at,
			    "%s: expected exactly one of file, env, credential",
			    k->name);
			return false;
		}
		s.kind = secret_kind(k, c, f);
		if (s.kind == CONFIG_SECRET_NONE || c->bad)
			return false;
		s.at = c->at;
	}
	if (c->kind != NODE_SCALAR) {
		fault_add(f, c->at, "%s: expected a text", k->name);
		return false;
	}
	if (!c->text[0] || node_is_null(c))
		s = (struct config_secret){ .at = n->at };
	else if (!copy_text(c, c->text, &s.text, f))
		return false;
	out->secret = s;
	return true;
}

enum { SCALAR = 1 << NODE_SCALAR, LIST = 1 << NODE_SEQUENCE, MAP = 1 << NODE_MAPPING };

static const struct type {
	unsigned kinds; /* of node */
	size_t size;
	const char *what;
	bool (*read)(const struct config_key *k, const struct node *n,
	    union config_value *out, struct config_faults *f);
} types[KEY_TYPES] = {
	[KEY_TEXT] = { SCALAR, sizeof(char *), "a text", read_text },
	[KEY_WORD] = { SCALAR, sizeof(char *), "a word", read_word },
	[KEY_START] = { SCALAR, sizeof(char *), "a word, a time or an age",
	    read_start },
	[KEY_BOOL] = { SCALAR, sizeof(bool), "true or false", read_bool },
	[KEY_NUMBER] = { SCALAR, sizeof(uint64_t), "a number", read_number },
	[KEY_SIZE] = { SCALAR, sizeof(uint64_t), "a size such as 64KiB", read_number },
	[KEY_DURATION] = { SCALAR, sizeof(uint64_t), "a duration such as 30s",
	    read_number },
	[KEY_LIST] = { LIST, sizeof(struct config_list), "a list", read_list },
	[KEY_PATHS] = { SCALAR | LIST, sizeof(struct config_list), "a text or a list",
	    read_list },
	[KEY_DOMAINS] = { LIST, sizeof(struct config_list), "a list", read_list },
	[KEY_MAP] = { MAP, sizeof(struct config_map), "a mapping", read_map },
	[KEY_METADATA] = { MAP, sizeof(struct config_metadata_list), "a mapping",
	    read_metadata },
	[KEY_SECRET] = { SCALAR | MAP, sizeof(struct config_secret),
	    "a text, or a mapping such as {file: PATH}", read_secret },
};

size_t
value_size(enum key_type type)
{
	return types[type].size;
}

bool
value_read(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	if (n->bad)
		return false;
	if (!(types[k->type].kinds & 1u << n->kind)) {
		fault_add(f, n->at, "%s: expected %s", k->name, types[k->type].what);
		return false;
	}
	return types[k->type].read(k, n, out, f);
}

const char *
value_what(enum key_type type)
{
	return types[type].what;
}

static void
free_list(void *field)
{
	struct config_list *list = field;

	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	free(list->at);
}

static void
free_map(void *field)
{
	struct config_map *map = field;

	for (size_t i = 0; i < map->n; i++) {
		free(map->v[i].name);
		free(map->v[i].value);
	}
	free(map->v);
}

static void
free_text(void *field)
{
	free(*(char **)field);
}

static void
free_secret(void *field)
{
	struct config_secret *s = field;

	if (s->text)
		explicit_bzero(s->text, strlen(s->text));
	free(s->text);
}

void
value_free(enum key_type type, void *field)
{
	static void (*const end[KEY_TYPES])(void *field) = {
		[KEY_TEXT] = free_text,
		[KEY_WORD] = free_text,
		[KEY_START] = free_text,
		[KEY_LIST] = free_list,
		[KEY_PATHS] = free_list,
		[KEY_DOMAINS] = free_list,
		[KEY_MAP] = free_map,
		[KEY_METADATA] = free_metadata,
		[KEY_SECRET] = free_secret,
	};

	if (end[type])
		end[type](field);
	if (types[type].size > 0)
		memset(field, 0, types[type].size);
}

/* The default goes the way of the file's values; it has no mark. */
bool
value_default(const struct config_key *k, union config_value *out)
{
	struct node *n = node_parse(slice_of(k->fallback), NULL, NULL);
	bool ok = n != NULL;

	memset(out, 0, sizeof *out);
	if (ok && !node_is_null(n))
		ok = value_read(k, n, out, NULL);
	node_free(n);
	return ok;
}

/* Equal when they print alike: 1h is 60m, a list is its items. */
static bool
prints_as_default(const struct config_key *k, const struct node *n)
{
	union config_value have, want;
	struct buf a, b;
	bool same = false;

	if (!value_default(k, &want))
		return false;
	buf_init(&a, CONFIG_VALUE);
	buf_init(&b, CONFIG_VALUE);
	if (value_read(k, n, &have, NULL)) {
		print_value(k, &have, &a);
		print_value(k, &want, &b);
		same = !a.failed && !b.failed && slice_eq(buf_slice(&a), buf_slice(&b));
		value_free(k->type, &have);
	}
	value_free(k->type, &want);
	buf_free(&a);
	buf_free(&b);
	return same;
}

bool
value_is_default(const struct config_key *k, const struct node *n)
{
	enum node_kind empty = k->fallback[0] == '{' ? NODE_MAPPING : NODE_SEQUENCE;

	if (node_is_null(n))
		return true;
	if (k->type == KEY_ANY)
		return n->kind == empty && n->n == 0;
	return prints_as_default(k, n);
}
