/*
 * forget.c - known files are given up, many at a time: one walk over the list.
 */
#include "source/source_internal.h"

#include <stdlib.h>

size_t
source_count(const struct source *s)
{
	return s->nfiles;
}

void
source_sweep(struct source *s)
{
	struct source_file *f, *kept = NULL, **end = &kept;

	while ((f = s->files)) {
		s->files = f->next;
		if (!f->doomed) {
			*end = f;
			end = &f->next;
			continue;
		}
		/* at the head of the list it is found at once */
		f->next = s->files;
		s->files = f;
		source_forget(s, f);
	}
	*end = NULL;
	s->files = kept;
}
