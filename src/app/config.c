/*
 * config.c - loads a configuration: defaults, the file, what it includes, the cross
 * checks.
 *
 * The tree of a file is walked against the tables (config_walk.c). Every fault is
 * told; the configuration comes out only when there is none. Included files give
 * sources and outputs and nothing else. The trees are gone when it is loaded; their
 * places live on as marks, whose file names the configuration owns.
 */
#include "app/config_internal.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct load {
	struct config *c;
	struct config_faults *faults;
	struct config_faults *notes;
	bool unsure; /* a fault may be why there are no sources or outputs */
};

const char *
config_path(const char *option)
{
	const char *env = getenv("BOUNCEFEED_CONFIG");

	if (option)
		return option;
	return env && *env ? env : "/etc/bouncefeed/bouncefeed.yaml";
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nsources; i++) {
		table_free(&config_source_table, &c->source[i]);
		free(c->source[i].mark);
	}
	for (size_t i = 0; i < c->noutputs; i++) {
		table_free(&config_output_table, &c->output[i]);
		free(c->output[i].mark);
	}
	table_free(&config_root_table, c);
	value_free(KEY_LIST, &c->files);
	free(c->source);
	free(c->output);
	free(c->mark);
	free(c->file);
	free(c);
}

/* The array with room for one more, which is zero; NULL without memory. */
static void *
grow(void *array, size_t n, size_t size)
{
	char *bigger = reallocarray(array, n + 1, size);

	if (bigger)
		memset(bigger + n * size, 0, size);
	return bigger;
}

/* Fills an entry that is zero. False: something is wrong with it. */
static bool
read_entry(struct load *l, struct target *t, const struct node *n)
{
	t->faults = l->faults;
	if (!t->mark || !table_defaults(t->table, t->base))
		fault_add(l->faults, n->at, "out of memory");
	else if (n->kind != NODE_MAPPING)
		fault_add(
		    l->faults, n->at, "expected a mapping such as {name: X, ...}");
	else
		return table_walk(t, n);
	return false;
}

static void
add_source(struct load *l, const struct node *n)
{
	struct config *c = l->c;
	const struct config_table *table = &config_source_table;

	struct config_source *s = grow(c->source, c->nsources, sizeof *s);

	if (!s) {
		fault_add(l->faults, n->at, "out of memory");
		return;
	}
	c->source = s;
	s += c->nsources++;
	s->at = n->at;
	s->mark = calloc(table->n, sizeof *s->mark);
	struct target t = { table, (char *)s, s->mark };
	s->faulty = !read_entry(l, &t, n);
}

static void
add_output(struct load *l, const struct node *n)
{
	struct config *c = l->c;
	const struct config_table *table = &config_output_table;

	struct config_output *o = grow(c->output, c->noutputs, sizeof *o);

	if (!o) {
		fault_add(l->faults, n->at, "out of memory");
		return;
	}
	c->output = o;
	o += c->noutputs++;
	o->at = n->at;
	o->mark = calloc(table->n, sizeof *o->mark);
	struct target t = { table, (char *)o, o->mark };
	o->faulty = !read_entry(l, &t, n);
}

static void
add_entries(struct load *l, const struct node *root, const char *key,
    void (*add)(struct load *l, const struct node *n), const size_t *have)
{
	const struct node *list = node_get(root, key);

	if (!list || node_is_null(list))
		return;
	l->unsure = l->unsure || list->bad;
	if (list->bad)
		return;
	if (list->kind != NODE_SEQUENCE) {
		fault_add(l->faults, list->at, "%s: expected a list", key);
		l->unsure = true;
		return;
	}
	for (const struct node *n = list->first; n; n = n->next) {
		l->unsure = l->unsure || n->bad;
		if (n->bad)
			continue;
		if (*have == CONFIG_ENTRIES) {
			fault_add(
			    l->faults, n->at, "%s: more than %d", key, CONFIG_ENTRIES);
			return;
		}
		add(l, n);
	}
}

static void
add_lists(struct load *l, const struct node *root)
{
	add_entries(l, root, "sources", add_source, &l->c->nsources);
	add_entries(l, root, "outputs", add_output, &l->c->noutputs);
}

/* The name lives as long as the configuration, for the marks. NULL without memory. */
static const char *
keep_name(struct config *c, const char *file)
{
	struct config_list *f = &c->files;
	char **v = grow(f->v, f->n, sizeof *v);

	if (!v)
		return NULL;
	f->v = v;
	f->v[f->n] = strdup(file);
	return f->v[f->n] ? f->v[f->n++] : NULL;
}

static void
say_not_included(struct load *l, const struct node *n)
{
	struct nearest near;

	l->unsure = true;
	if (config_key_find(&config_root_table, n->name) < config_root_table.n ||
	    table_has_section(&config_root_table, n->name)) {
		fault_add(l->faults, n->name_at,
		    "\"%s\" cannot stand in an included file, only sources and outputs",
		    n->name);
		return;
	}
	nearest_init(&near, n->name);
	nearest_offer(&near, SLICE("sources"));
	nearest_offer(&near, SLICE("outputs"));
	fault_add(l->faults, n->name_at, "unknown key \"%s\"%s", cut_text(n->name).s,
	    nearest_hint(&near).s);
}

static void
include_file(struct load *l, const char *path)
{
	const char *file = keep_name(l->c, path);
	struct node *root = NULL;

	if (!file || node_load(file, &root, l->faults) < 0) {
		l->unsure = true;
		return;
	}
	expand_tree(root, l->faults);
	if (root->kind != NODE_MAPPING && !node_is_null(root) && !root->bad)
		fault_add(l->faults, root->at, "expected sources or outputs");
	for (const struct node *n = root->first; n && root->kind == NODE_MAPPING;
	     n = n->next)
		if (strcmp(n->name, "sources") != 0 && strcmp(n->name, "outputs") != 0)
			say_not_included(l, n);
	add_lists(l, root);
	node_free(root);
}

/* Patterns are relative to the directory of the file that has them. */
static void
include_pattern(struct load *l, const char *pattern, struct config_mark at)
{
	struct buf path;
	glob_t found = { 0 };
	size_t dir = slice_rfind(slice_of(at.file), '/');

	buf_init(&path, CONFIG_VALUE);
	if (pattern[0] != '/' && at.file[dir])
		buf_add(&path, (struct slice){ at.file, dir + 1 });
	buf_add(&path, slice_of(pattern));
	buf_addc(&path, '\0');
	int rc = path.failed ? GLOB_NOSPACE : glob(path.p, 0, NULL, &found);
	if (rc == GLOB_NOMATCH)
		fault_add(l->notes, at, "include: \"%s\" matches nothing",
		    cut_text(pattern).s);
	else if (rc != 0)
		fault_add(l->faults, at, "include: \"%s\" cannot be looked up",
		    cut_text(pattern).s);
	for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
		include_file(l, found.gl_pathv[i]);
	globfree(&found);
	buf_free(&path);
}

static void
include_all(struct load *l, const struct node *root)
{
	static const struct config_key key = { "include", KEY_PATHS };
	const struct node *n = node_get(root, "include");
	union config_value v;

	if (!n || node_is_null(n))
		return;
	if (!value_read(&key, n, &v, l->faults)) {
		l->unsure = true;
		return;
	}
	for (size_t i = 0; i < v.list.n; i++)
		include_pattern(l, v.list.v[i], v.list.at[i]);
	value_free(KEY_PATHS, &v.list);
}

static void
read_root(struct load *l, const struct node *root)
{
	struct config *c = l->c;
	struct config_mark top = { c->file, 1, 1 };
	struct target t = { &config_root_table, (char *)c, c->mark, l->faults };

	if (root->kind == NODE_MAPPING) {
		l->unsure = !table_walk(&t, root);
	} else if (!node_is_null(root) || root->bad) {
		if (!root->bad)
			fault_add(l->faults, root->at, "expected a mapping of keys");
		l->unsure = true;
	}
	add_lists(l, root);
	include_all(l, root);
	if (c->nsources == 0 && !l->unsure)
		fault_add(l->faults, top, "no sources");
	if (c->noutputs == 0 && !l->unsure)
		fault_add(l->faults, top, "no outputs");
}

static int
read_main(struct load *l, const char *file)
{
	struct node *root = NULL;
	int rc;

	if (!(l->c->file = strdup(file))) {
		fault_add(
		    l->faults, (struct config_mark){ file, 1, 1 }, "out of memory");
		return -ENOMEM;
	}
	rc = node_load(l->c->file, &root, l->faults);
	if (rc < 0)
		return rc;
	expand_tree(root, l->faults);
	read_root(l, root);
	node_free(root);
	return 0;
}

/* The machine's own name where the file has none. */
static bool
default_host(struct config *c)
{
	char host[256];

	if (c->host)
		return true;
	if (gethostname(host, sizeof host) < 0)
		(void)snprintf(host, sizeof host, "localhost");
	host[sizeof host - 1] = '\0';
	c->host = strdup(host);
	return c->host != NULL;
}

int
config_load(const char *file, bool offline, struct config **out,
    struct config_faults *faults, struct config_faults *notes)
{
	struct load l = { calloc(1, sizeof *l.c), faults, notes, false };
	size_t before = faults->count;
	int rc = -ENOMEM;

	if (!l.c || !table_defaults(&config_root_table, l.c) ||
	    !(l.c->mark = calloc(config_root_table.n, sizeof *l.c->mark))) {
		fault_add(faults, (struct config_mark){ file, 1, 1 }, "out of memory");
		goto out;
	}
	if (file && (rc = read_main(&l, file)) < 0)
		goto out;
	if (file)
		config_check(l.c, offline, faults, notes);
	if (!default_host(l.c)) {
		rc = -ENOMEM;
		goto out;
	}
	rc = faults->count > before ? -EINVAL : 0;
out:
	if (rc == 0)
		*out = l.c;
	else
		config_free(l.c);
	return rc;
}
