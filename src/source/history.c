/*
 * history.c - the files that are not read: in the archive those that were there before
 * us and continue nothing, elsewhere those that older_ns passes over.
 *
 * There may be very many, so no more is kept than tells one again: its inode, size and
 * mtime. Whichever is written to, or comes from the archive to the path, is judged
 * anew. Those that a whole scan did not see are dropped.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
	const struct past *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int
append(struct past_list *l, const struct past *p)
{
	if (l->n == LIMIT_PAST)
		return -E2BIG;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct past *v = reallocarray(l->v, cap, sizeof *v);
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *p;
	return 0;
}

static void
sort(struct past_list *l)
{
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, compare);
}

int
source_past_add(struct source *s, const struct stat *st, bool live)
{
	const struct past p = { st->st_dev, st->st_ino, (uint64_t)st->st_size,
		source_mtime_ns(st), live };

	return append(&s->seen_past, &p);
}

bool
source_past_is(struct source *s, const struct stat *st, bool live)
{
	const struct past wanted = { .dev = st->st_dev, .ino = st->st_ino };
	const struct past *p = s->past.n == 0 ? NULL
					      : bsearch(&wanted, s->past.v, s->past.n,
						    sizeof wanted, compare);

	return p && p->mtime_ns == source_mtime_ns(st) &&
	       p->size == (uint64_t)st->st_size && (p->live || !live) &&
	       append(&s->seen_past, p) == 0;
}

void
source_past_turn(struct source *s, bool whole)
{
	if (whole) {
		struct past_list before = s->past;
		sort(&s->seen_past);
		s->past = s->seen_past;
		s->seen_past = before;
	}
	s->seen_past.n = 0;
}

void
source_past_free(struct source *s)
{
	free(s->past.v);
	free(s->seen_past.v);
	s->past = s->seen_past = (struct past_list){ 0 };
}
