/*
 * yaml.h - a YAML file as a small tree in which every key and value knows its place.
 *
 * Only what a configuration needs: scalars, sequences, mappings, one document. Refused,
 * with a fault that names the place: anchors, aliases, tags, second documents, keys
 * that are no text, duplicate keys, NUL, files over LIMIT_CONFIG, depth over
 * NODE_DEPTH.
 */
#ifndef BOUNCEFEED_APP_YAML_H
#define BOUNCEFEED_APP_YAML_H

#include "app/config.h"

enum {
	NODE_DEPTH = 16,      /* collections inside one another */
	NODE_CHILDREN = 4096, /* entries of one collection */
};

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node {
	enum node_kind kind;
	bool quoted; /* then it is never null */
	bool bad;   /* a fault was said already: whoever needs the value stays silent */
	char *name; /* the key, of a mapping's child; else NULL */
	struct config_mark name_at;
	char *text; /* of a scalar, never NULL there */
	struct config_mark at;
	struct node *first; /* the children, in the order of the file */
	struct node *last;
	struct node *next;
	size_t n;
};

/*
 * The tree of a text; `file` is the name in its marks and has to outlive them. NULL
 * after a fault that leaves no tree. Faults in a tree that is returned are possible,
 * too: see the count. An empty text is a null scalar at 1:1.
 */
struct node *node_parse(struct slice text, const char *file, struct config_faults *f);

/* The same of a file: 0, -EINVAL with the fault, or -errno (and a fault). */
int node_load(const char *file, struct node **out, struct config_faults *f);

void node_free(struct node *n); /* takes NULL */

/* Nothing, ~ or null: the key is there but not set. */
bool node_is_null(const struct node *n);

/* The child of that name; NULL where there is none or n is no mapping. */
const struct node *node_get(const struct node *n, const char *name);

#endif
