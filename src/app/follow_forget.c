/*
 * follow_forget.c - known files are forgotten: a month after they were last seen, and
 * earlier where so many are gone that they would fill memory and the table.
 *
 * Then those go first that are gone and were read as far as is known, seen longest ago
 * before others; and if that is not enough, those that are gone with something unread.
 * A file that is there is never forgotten. Rows and memory go together: the rows within
 * the transaction of a commit, the memory once that is true.
 */
#include "app/follow_internal.h"
#include "app/app.h"

#include <errno.h>
#include <stdlib.h>

enum {
	CROWDED = LIMIT_GONE,         /* more that are gone are too many ... */
	ENOUGH = LIMIT_GONE / 10 * 8, /* ... until they are no more than that */
	RECOUNT = LIMIT_GONE /
		  20, /* files more than at the last count: counted again */
};

static const int64_t FORGET_MS = INT64_C(30) * 24 * 3600 * 1000;
static const int64_t EVERY_MS = 3600 * 1000; /* a month need not be exact */

static bool
is_gone(const struct source_file *s)
{
	return !s->present && s->fd < 0 && s->id != 0;
}

static bool
has_unread(const struct source_file *s)
{
	return s->size > s->offset && s->size != s->seen;
}

static int
compare(const void *a, const void *b)
{
	const struct source_file *x = *(struct source_file *const *)a;
	const struct source_file *y = *(struct source_file *const *)b;

	if (has_unread(x) != has_unread(y))
		return has_unread(x) ? 1 : -1;
	if (x->seen_ms != y->seen_ms)
		return x->seen_ms < y->seen_ms ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Dooms as many as are too many. 0 or -ENOMEM. */
static int
doom_earliest(struct follow *f, struct err *e)
{
	size_t n = 0;
	struct source_file **v = calloc(
	    source_count(f->source) + 1, sizeof(struct source_file *));

	if (!v)
		return err_set(e, -ENOMEM, "no memory");
	for (struct source_file *s = source_files(f->source); s; s = s->next) {
		if (is_gone(s))
			v[n++] = s;
	}
	qsort(v, n, sizeof(struct source_file *), compare);
	for (size_t i = 0; i < n && n - i > ENOUGH; i++)
		v[i]->doomed = true;
	free(v);
	return 0;
}

static void
doom_old(struct follow *f)
{
	int64_t now = clock_wall_ms();

	for (struct source_file *s = source_files(f->source); s; s = s->next)
		s->doomed = is_gone(s) && now - s->seen_ms >= FORGET_MS;
}

/* Are too many gone? To count them at each commit would cost more than it is worth. */
static bool
is_crowded(struct follow *f, bool hourly)
{
	size_t have = source_count(f->source), n = 0;

	if (have <= CROWDED || (!hourly && have < f->counted + RECOUNT))
		return false;
	f->counted = have;
	for (struct source_file *s = source_files(f->source); s; s = s->next)
		n += is_gone(s);
	return n > CROWDED;
}

int
follow_forget_put(struct follow *f, struct err *e)
{
	bool hourly = clock_ms() >= f->forget_ms;
	int rc = 0;

	f->crowded = is_crowded(f, hourly);
	f->forgetting = f->crowded || hourly;
	if (!f->forgetting)
		return 0;
	doom_old(f);
	if (f->crowded)
		rc = doom_earliest(f, e);
	for (struct source_file *s = source_files(f->source); rc == 0 && s;
	     s = s->next) {
		if (s->doomed)
			rc = store_file_forget(f->env->store, s->id, e);
	}
	return rc;
}

/* The first time alone is told: what rotates that often does so again and again. */
static void
tell(struct follow *f, size_t n)
{
	if (!f->crowded || n == 0 || f->told_crowded)
		return;
	f->told_crowded = true;
	log_event(LOG_LEVEL_WARN, "files-forgotten", "source", f->conf->name, "files",
	    log_number((int64_t)n), "left",
	    log_number((int64_t)source_count(f->source)), LOG_END);
}

void
follow_forgotten(struct follow *f)
{
	size_t before = source_count(f->source);

	if (!f->forgetting)
		return;
	source_sweep(f->source);
	f->forget_ms = clock_ms() + EVERY_MS;
	f->counted = source_count(f->source);
	tell(f, before - source_count(f->source));
}
