/*
 * found.c - what lies under path and archive, for those who only want to know: no file
 * is opened, none is followed.
 */
#include "source/source_internal.h"

int
source_find(
    const struct source_options *o, source_found_fn *fn, void *arg, struct err *e)
{
	struct source s = { .o = *o }; /* without a watch */
	struct candidates c = { 0 };
	int rc = source_list(&s, &c, e);

	for (size_t i = 0; rc == 0 && i < c.n; i++) {
		const struct candidate *v = &c.v[i];
		struct source_found f = {
			.path = v->path,
			.dev = v->st.st_dev,
			.ino = v->st.st_ino,
			.size = (uint64_t)v->st.st_size,
			.mtime_ns = source_mtime_ns(&v->st),
			.live = v->live,
			.packed = v->packed,
		};
		rc = fn(arg, &f);
	}
	source_list_free(&c);
	source_past_free(&s);
	return rc;
}
