/*
 * extract.c - what a source's configuration takes out of its records, made ready.
 */
#include "app/extract.h"
#include "app/metadata.h"
#include "app/verp.h"

#include <errno.h>
#include <stdlib.h>

int
extract_init(struct extract *x, const struct config *c, const struct config_source *s,
    struct stream_env *env, struct err *e)
{
	struct parse_env *p = &env->parse;
	int rc;

	*x = (struct extract){ 0 };
	if ((rc = metadata_new(&s->metadata, &x->metadata, e)) < 0 ||
	    (rc = verp_new(&s->bounces_verp, &x->verp, e)) < 0)
		return rc;
	if (!(x->extra = calloc(s->extra.n + 1, sizeof *x->extra)))
		return err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; i < s->extra.n; i++)
		x->extra[i] = slice_of(s->extra.v[i]);
	p->extra = x->extra;
	p->nextra = s->extra.n;
	p->looked_at = metadata_columns(x->metadata, &p->nlooked_at);
	for (size_t i = 0; i < c->noutputs; i++)
		p->native = p->native || c->output[i].native;
	p->verp = x->verp ? verp_decode : NULL;
	p->verp_arg = x->verp;
	env->metadata = x->metadata;
	return 0;
}

void
extract_free(struct extract *x)
{
	metadata_free(x->metadata);
	verp_free(x->verp);
	free(x->extra);
}
