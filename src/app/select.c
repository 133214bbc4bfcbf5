/*
 * select.c - whether an output wants an event: what select: and its not: say.
 *
 * It runs for every event and output. So names of enums become bits, other texts sorted
 * lists, an empty list is not there at all, and the sender's domain is worked out when
 * the first output asks for it. Nothing is refused here: the configuration has been
 * checked, and an event may hold any bytes.
 *
 * A select owns its lists; their texts are the configuration's, which lives longer.
 */
#include "app/select.h"

#include <stdlib.h>
#include <string.h>

/* A key whose values are texts. */
struct text_key {
	size_t list;                                      /* in struct config_select */
	size_t value;                                     /* in struct event */
	struct slice (*derive)(struct select_view *v);    /* in place of value */
	int (*compare)(const void *one, const void *two); /* of slices */
};

/* Those texts of one list; a value is looked up by bisection. */
struct texts {
	const struct text_key *key;
	struct slice *v;
	size_t n;
};

static struct slice
sender_domain(struct select_view *v)
{
	if (!v->looked) {
		v->sender_domain.p = v->domain;
		v->sender_domain.n = event_domain(v->ev->sender, v->domain);
		v->looked = true;
	}
	return v->sender_domain;
}

/* Any order will do: the length, which mostly decides, comes first. */
static int
by_length(const struct slice *a, const struct slice *b)
{
	return (a->n > b->n) - (a->n < b->n);
}

static int
by_bytes(const void *one, const void *two)
{
	const struct slice *a = one, *b = two;
	int order = by_length(a, b);

	return order != 0 ? order : memcmp(a->p, b->p, a->n);
}

static int
by_letters(const void *one, const void *two)
{
	const struct slice *a = one, *b = two;
	int order = by_length(a, b);

	for (size_t i = 0; order == 0 && i < a->n; i++)
		order = to_lower(a->p[i]) - to_lower(b->p[i]);
	return order;
}

#define LIST(field)  .list = offsetof(struct config_select, field)
#define EVENT(field) .value = offsetof(struct event, field)

static const struct text_key text_keys[] = {
	{ LIST(source), EVENT(source.name), .compare = by_bytes },
	{ LIST(recipient_domain), EVENT(recipient_domain), .compare = by_bytes },
	{ LIST(sender_domain), .derive = sender_domain, .compare = by_bytes },
	{ LIST(sender), EVENT(sender), .compare = by_letters },
	{ LIST(vmta), EVENT(vmta), .compare = by_bytes },
	{ LIST(job_id), EVENT(job_id), .compare = by_bytes },
	{ LIST(submitter), EVENT(submitter), .compare = by_bytes },
};

enum { TEXT_KEYS = sizeof text_keys / sizeof *text_keys };

_Static_assert(EVENT_TYPE_COUNT <= 32, "a type has to have its bit");
_Static_assert(EVENT_CLASS_COUNT <= 32, "a class has to have its bit");
_Static_assert(REASON_COUNT <= 32, "a reason has to have its bit");

/* What select: says, or its not:. */
struct side {
	uint32_t types; /* bit i: the value i of the enum matches */
	uint32_t classes;
	uint32_t reasons;
	struct texts list[TEXT_KEYS]; /* none of them empty */
	size_t nlists;
	const struct config_map *labels;
};

struct select {
	struct side wanted;
	struct side left_out;
};

static unsigned
type_index(struct slice name)
{
	return event_type_of(name);
}

static unsigned
class_index(struct slice name)
{
	return event_class_of(name);
}

static unsigned
reason_index(struct slice name)
{
	return event_reason_of(name);
}

static uint32_t
bits_of(const struct config_list *l, unsigned (*index)(struct slice), uint32_t empty)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < l->n; i++)
		bits |= UINT32_C(1) << index(slice_of(l->v[i]));
	return l->n > 0 ? bits : empty;
}

static bool
has_bit(uint32_t bits, unsigned i)
{
	return bits >> i & 1;
}

static bool
set_up_texts(
    struct texts *t, const struct text_key *key, const struct config_list *list)
{
	t->key = key;
	if (!(t->v = calloc(list->n, sizeof *t->v)))
		return false;
	for (; t->n < list->n; t->n++)
		t->v[t->n] = slice_of(list->v[t->n]);
	qsort(t->v, t->n, sizeof *t->v, key->compare);
	return true;
}

/* empty: the bits of a list without names. False: no memory. */
static bool
set_up_side(struct side *s, const struct config_select *c, uint32_t empty)
{
	s->types = bits_of(&c->type, type_index, empty);
	s->classes = bits_of(&c->class, class_index, empty);
	s->reasons = bits_of(&c->reason, reason_index, empty);
	s->labels = &c->labels;
	for (size_t i = 0; i < TEXT_KEYS; i++) {
		const void *list = (const char *)c + text_keys[i].list;

		if (((const struct config_list *)list)->n > 0 &&
		    !set_up_texts(&s->list[s->nlists++], &text_keys[i], list))
			return false;
	}
	return true;
}

static void
free_side(struct side *s)
{
	for (size_t i = 0; i < s->nlists; i++)
		free(s->list[i].v);
}

struct select *
select_new(const struct config_output *o)
{
	struct select *s = calloc(1, sizeof *s);

	if (s && set_up_side(&s->wanted, &o->select, UINT32_MAX) &&
	    set_up_side(&s->left_out, &o->select_not, 0))
		return s;
	select_free(s);
	return NULL;
}

void
select_free(struct select *s)
{
	if (!s)
		return;
	free_side(&s->wanted);
	free_side(&s->left_out);
	free(s);
}

void
select_view(struct select_view *v, const struct event *ev)
{
	v->ev = ev;
	v->looked = false;
}

static bool
has_text(const struct texts *t, struct select_view *v)
{
	const void *field = (const char *)v->ev + t->key->value;
	struct slice value = t->key->derive ? t->key->derive(v)
					    : *(const struct slice *)field;

	return value.n > 0 &&
	       bsearch(&value, t->v, t->n, sizeof *t->v, t->key->compare);
}

static bool
has_label(const struct event *ev, const struct config_pair *want)
{
	struct slice name = slice_of(want->name), value = slice_of(want->value);

	for (size_t i = 0; i < ev->nlabels; i++)
		if (slice_eq(ev->labels[i].name, name))
			return slice_eq(ev->labels[i].value, value);
	return false;
}

/* all: whether all that the side says is true of the event; else whether anything is.
 */
static bool
is_true(const struct side *s, struct select_view *v, bool all)
{
	const struct event *ev = v->ev;

	if (has_bit(s->types, ev->type) != all ||
	    has_bit(s->classes, ev->class) != all ||
	    has_bit(s->reasons, ev->reason) != all)
		return !all;
	for (size_t i = 0; i < s->nlists; i++)
		if (has_text(&s->list[i], v) != all)
			return !all;
	for (size_t i = 0; i < s->labels->n; i++)
		if (has_label(ev, &s->labels->v[i]) != all)
			return !all;
	return all;
}

bool
select_wants(const struct select *s, struct select_view *v)
{
	return is_true(&s->wanted, v, true) && !is_true(&s->left_out, v, false);
}
