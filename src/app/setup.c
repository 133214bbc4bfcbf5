/*
 * setup.c - the configuration in the forms that the layers below want.
 */
#include "app/follow.h"

#include <stdlib.h>

/* The later of two with the same name counts: the source's label over the program's. */
static void
put_labels(const struct config_map *m, struct event_pair *out, size_t *n)
{
	for (size_t i = 0; i < m->n; i++) {
		struct event_pair pair = { slice_of(m->v[i].name),
			slice_of(m->v[i].value) };
		size_t at = 0;
		while (at < *n && !slice_eq(out[at].name, pair.name))
			at++;
		out[at] = pair;
		if (at == *n)
			(*n)++;
	}
}

struct event_pair *
config_labels(const struct config *c, const struct config_source *s, size_t *n)
{
	struct event_pair *out = calloc(c->labels.n + s->labels.n + 1, sizeof *out);

	*n = 0;
	if (out) {
		put_labels(&c->labels, out, n);
		put_labels(&s->labels, out, n);
	}
	return out;
}

uint32_t
config_wanted_types(const struct config *c)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < c->noutputs; i++) {
		const struct config_list *l = &c->output[i].select.type;
		for (size_t k = 0; k < l->n; k++)
			bits |= UINT32_C(1) << event_type_of(slice_of(l->v[k]));
		if (l->n == 0)
			return UINT32_MAX;
	}
	return bits;
}

struct slice *
config_fbl_headers(const struct config *c, size_t *n)
{
	struct slice *out = calloc(c->fbl_headers.n + 1, sizeof *out);

	*n = 0;
	for (size_t i = 0; out && i < c->fbl_headers.n; i++)
		out[(*n)++] = slice_of(c->fbl_headers.v[i]);
	return out;
}

struct classifier *
config_classifier(const struct config *c)
{
	struct classifier *out = classify_new();

	for (size_t i = 0; out && i < c->class_of.n; i++)
		classify_set_class(out,
		    event_reason_of(slice_of(c->class_of.v[i].name)),
		    event_class_of(slice_of(c->class_of.v[i].value)));
	for (size_t i = 0; out && i < c->bounce_cat.n; i++) {
		if (classify_set_category(out, slice_of(c->bounce_cat.v[i].name),
			event_reason_of(slice_of(c->bounce_cat.v[i].value))) < 0) {
			classify_free(out);
			out = NULL;
		}
	}
	return out;
}
