/*
 * follow_forget.c - known files are forgotten: a month after they were last seen, and
 * earlier where there are so many that new ones would find no room.
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
	CROWDED = LIMIT_FILES / 10 * 9, /* more are too many ... */
	ENOUGH = LIMIT_FILES / 10 * 8,  /* ... until they are no more than that */
};

static const int64_t FORGET_MS = INT64_C(30) * 24 * 3600 * 1000;
static const int64_t EVERY_MS = 3600 * 1000; /* a month need not be exact */
static const int64_t AGAIN_MS = 60 * 1000; /* where none of too many can be forgotten */

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
	size_t have = source_count(f->source), n = 0;
	struct source_file **v = calloc(have + 1, sizeof(struct source_file *));

	if (!v)
		return err_set(e, -ENOMEM, "no memory");
	for (struct source_file *s = source_files(f->source); s; s = s->next) {
		if (is_gone(s))
			v[n++] = s;
	}
	qsort(v, n, sizeof(struct source_file *), compare);
	for (size_t i = 0; i < n && have - i > ENOUGH; i++)
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

int
follow_forget_put(struct follow *f, struct err *e)
{
	int64_t now = clock_ms();
	int rc = 0;

	f->crowded = source_count(f->source) > CROWDED && now >= f->crowded_ms;
	f->forgetting = f->crowded || now >= f->forget_ms;
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
	if (f->crowded && source_count(f->source) == before)
		f->crowded_ms = clock_ms() + AGAIN_MS;
	tell(f, before - source_count(f->source));
}
