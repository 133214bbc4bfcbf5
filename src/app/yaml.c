/*
 * yaml.c - builds the tree of yaml.h from libyaml's events.
 *
 * Faults that leave the rest readable (an anchor, a tag, an alias, a duplicate key) are
 * said and passed over, so that one run names them all; a syntax fault ends the
 * reading. Limits: LIMIT_CONFIG bytes, NODE_DEPTH, NODE_CHILDREN. libyaml's marks count
 * from 0 and in characters; ours from 1.
 */
#include "app/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "app/config_internal.h"

struct builder {
	yaml_parser_t parser;
	struct slice text;
	const char *file;
	struct config_faults *faults;
	struct node *root;
	struct node *open[NODE_DEPTH]; /* collections begun and not ended */
	size_t depth;
	char *name; /* a key that waits for its value */
	struct config_mark name_at;
	unsigned documents;
	bool failed;
};

static struct config_mark
mark_of(const struct builder *b, yaml_mark_t m)
{
	return (struct config_mark){ b->file, (unsigned)m.line + 1,
		(unsigned)m.column + 1 };
}

static void
fail(struct builder *b, struct config_mark at, const char *what)
{
	fault_add(b->faults, at, "%s", what);
	b->failed = true;
}

void
node_free(struct node *n)
{
	while (n) {
		struct node *next = n->next;

		node_free(n->first); /* as deep as NODE_DEPTH */
		free(n->name);
		free(n->text);
		free(n);
		n = next;
	}
}

bool
node_is_null(const struct node *n)
{
	static const char *const null[] = { "", "~", "null", "Null", "NULL" };

	if (n->kind != NODE_SCALAR || n->quoted)
		return false;
	for (size_t i = 0; i < sizeof null / sizeof *null; i++)
		if (strcmp(n->text, null[i]) == 0)
			return true;
	return false;
}

const struct node *
node_get(const struct node *n, const char *name)
{
	if (n->kind != NODE_MAPPING)
		return NULL;
	for (const struct node *c = n->first; c; c = c->next)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static struct node *
node_new(
    struct builder *b, enum node_kind kind, const char *text, struct config_mark at)
{
	struct node *n = calloc(1, sizeof *n);

	if (n && text && !(n->text = strdup(text))) {
		free(n);
		n = NULL;
	}
	if (!n) {
		fail(b, at, "out of memory");
		return NULL;
	}
	n->kind = kind;
	n->at = at;
	return n;
}

/* Puts n where the events are: root, next entry, or value of the key that waits. */
static void
attach(struct builder *b, struct node *n)
{
	if (b->depth == 0) {
		b->root = n;
		return;
	}
	struct node *parent = b->open[b->depth - 1];

	n->name = b->name;
	n->name_at = b->name_at;
	b->name = NULL;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	if (++parent->n > NODE_CHILDREN)
		fail(b, n->at, "too many entries in one list or mapping (limit 4096)");
}

/* A duplicate stays in the tree as a bad node: its keys are not looked at. */
static void
say_duplicate(struct builder *b, const struct node *first, struct node *n)
{
	fault_add(b->faults, n->name_at, "duplicate key \"%s\", first on line %u",
	    cut_text(n->name).s, first->name_at.line);
	n->bad = true;
}

static void
add(struct builder *b, struct node *n)
{
	const struct node *parent = b->depth ? b->open[b->depth - 1] : NULL;
	const struct node *first = parent && b->name ? node_get(parent, b->name) : NULL;

	attach(b, n);
	if (first)
		say_duplicate(b, first, n);
}

static bool
wants_key(const struct builder *b)
{
	return b->depth > 0 && b->open[b->depth - 1]->kind == NODE_MAPPING && !b->name;
}

static void
refuse_marks(struct builder *b, const yaml_char_t *anchor, const yaml_char_t *tag,
    struct config_mark at)
{
	if (anchor)
		fault_add(b->faults, at, "anchors (&name) are not taken");
	else if (tag)
		fault_add(b->faults, at, "tags (!name) are not taken");
}

static void
on_scalar(struct builder *b, const yaml_event_t *ev)
{
	struct config_mark at = mark_of(b, ev->start_mark);
	const char *text = (const char *)ev->data.scalar.value;

	refuse_marks(b, ev->data.scalar.anchor, ev->data.scalar.tag, at);
	if (memchr(text, '\0', ev->data.scalar.length)) {
		fail(b, at, "a NUL character inside a text");
		return;
	}
	if (wants_key(b)) {
		b->name_at = at;
		if (!(b->name = strdup(text)))
			fail(b, at, "out of memory");
		return;
	}
	struct node *n = node_new(b, NODE_SCALAR, text, at);

	if (!n)
		return;
	n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	add(b, n);
}

static void
on_alias(struct builder *b, const yaml_event_t *ev)
{
	struct config_mark at = mark_of(b, ev->start_mark);

	if (wants_key(b)) {
		fail(b, at, "aliases (*name) are not taken");
		return;
	}
	fault_add(b->faults, at,
	    "aliases (*name) are not taken; a text that starts with * needs quotes");
	struct node *n = node_new(b, NODE_SCALAR, "", at);

	if (!n)
		return;
	n->bad = true;
	add(b, n);
}

static void
on_begin(struct builder *b, const yaml_event_t *ev)
{
	bool map = ev->type == YAML_MAPPING_START_EVENT;
	struct config_mark at = mark_of(b, ev->start_mark);

	if (map)
		refuse_marks(
		    b, ev->data.mapping_start.anchor, ev->data.mapping_start.tag, at);
	else
		refuse_marks(
		    b, ev->data.sequence_start.anchor, ev->data.sequence_start.tag, at);
	if (wants_key(b)) {
		fail(b, at, "a key has to be a text");
		return;
	}
	if (b->depth == NODE_DEPTH) {
		fail(b, at, "nested too deep (limit 16)");
		return;
	}
	struct node *n = node_new(b, map ? NODE_MAPPING : NODE_SEQUENCE, NULL, at);

	if (!n)
		return;
	add(b, n);
	b->open[b->depth++] = n;
}

/* Takes one event; false when there is no further one to ask for. */
static bool
on_event(struct builder *b, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ > 0)
			fail(b, mark_of(b, ev->start_mark),
			    "a second document is not taken");
		break;
	case YAML_ALIAS_EVENT:
		on_alias(b, ev);
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(b, ev);
		break;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		on_begin(b, ev);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		break;
	case YAML_STREAM_END_EVENT:
		return false;
	default:
		break;
	}
	return !b->failed;
}

/* The reader's faults come with an offset in place of a mark. */
static struct config_mark
mark_at_offset(const struct builder *b, size_t offset)
{
	struct config_mark at = { b->file, 1, 1 };

	for (size_t i = 0; i < offset && i < b->text.n; i++) {
		if (b->text.p[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if (((unsigned char)b->text.p[i] & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

static bool
tab_ahead(const struct builder *b)
{
	size_t i = b->parser.problem_mark.index;

	return i < b->text.n && b->text.p[i] == '\t';
}

static void
say_syntax(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *what = p->problem ? p->problem : "out of memory";

	b->failed = true;
	if (p->error == YAML_READER_ERROR)
		fault_add(b->faults, mark_at_offset(b, p->problem_offset), "%s", what);
	else if (tab_ahead(b))
		fault_add(b->faults, mark_of(b, p->problem_mark),
		    "a tab: YAML indents with blanks only");
	else
		fault_add(b->faults, mark_of(b, p->problem_mark), "%s%s%s", what,
		    p->context ? ", " : "", p->context ? p->context : "");
}

struct node *
node_parse(struct slice text, const char *file, struct config_faults *f)
{
	struct builder b = { .text = text, .file = file, .faults = f };
	bool more = true;

	if (!yaml_parser_initialize(&b.parser)) {
		fault_add(f, (struct config_mark){ file, 1, 1 }, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(
	    &b.parser, (const unsigned char *)(text.n ? text.p : ""), text.n);
	while (more) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&b.parser, &ev)) {
			say_syntax(&b);
			break;
		}
		more = on_event(&b, &ev);
		yaml_event_delete(&ev);
	}
	if (!b.root && !b.failed)
		b.root = node_new(
		    &b, NODE_SCALAR, "", (struct config_mark){ file, 1, 1 });
	free(b.name);
	yaml_parser_delete(&b.parser);
	if (!b.failed)
		return b.root;
	node_free(b.root);
	return NULL;
}

int
node_load(const char *file, struct node **out, struct config_faults *f)
{
	struct config_mark at = { file, 1, 1 };
	char *text = malloc((size_t)LIMIT_CONFIG + 1);
	int rc = -EINVAL;

	if (!text) {
		fault_add(f, at, "out of memory");
		return -ENOMEM;
	}
	ssize_t n = file_read(file, text, (size_t)LIMIT_CONFIG + 1);
	if (n < 0) {
		rc = (int)n;
		fault_add(f, at, "cannot be read: %s", strerror(-rc));
	} else if (n > LIMIT_CONFIG) {
		fault_add(f, at, "the file is larger than 1 MiB");
	} else {
		struct node *root = node_parse(
		    (struct slice){ text, (size_t)n }, file, f);
		if (root) {
			*out = root;
			rc = 0;
		}
	}
	free(text);
	return rc;
}
