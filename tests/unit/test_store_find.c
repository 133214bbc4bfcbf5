/*
 * test_store_find.c - which batch store_batch_find() finds, by a table over one set of
 * batches, each question asked of memory and of the file.
 */
#include "test_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Put in this order, so that the first has id 1. */
static const struct {
	const char *key, *output;
	int64_t place, standing, due_ms;
} samples[] = {
	{ "a", "o", 0, 0, 0 },
	{ "parent", "o", 0, 0, 0 }, /* 2: deleted, its halves are 4 and 5 */
	{ "c", "o", 0, 0, 0 },
	{ "half2", "o", 2, 0, 0 }, /* of one place the last one is first */
	{ "half1", "o", 2, 0, 0 },
	{ "d", "o", 0, 0, 0 }, /* 6 */
	{ "other", "p", 0, 0, 0 },
	{ "late", "o", 0, 1, 100 }, /* 8 */
	{ "soon", "o", 0, 1, 50 },
	{ "witness", "o", 0, 2, 0 }, /* 10 */
	{ "aside", "o", 0, 3, 70 },
	{ "suspect of p", "p", 0, 1, 1 }, /* 12 */
	{ "as soon", "o", 1, 1, 50 },
};

enum { SKIPS = 6 };

/* x, y: place and id, standing and due_ms, id. skip: up to the first 0. */
static const struct find {
	const char *name;
	enum store_which which;
	const char *output;
	int64_t x, y;
	int64_t skip[SKIPS];
	const char *want; /* NULL: none */
} finds[] = {
	{ "first", STORE_FIRST, "o", 0, 0, { 0 }, "a" },
	{ "first but one", STORE_FIRST, "o", 0, 0, { 1 }, "half1" },
	{ "first but a half", STORE_FIRST, "o", 0, 0, { 5, 1 }, "half2" },
	{ "first but both", STORE_FIRST, "o", 0, 0, { 1, 4, 5 }, "c" },
	{ "first but four", STORE_FIRST, "o", 0, 0, { 3, 1, 4, 5 }, "d" },
	{ "first but all", STORE_FIRST, "o", 0, 0, { 6, 5, 4, 3, 1 }, NULL },
	{ "skipped: no such", STORE_FIRST, "o", 0, 0, { 7, 8, 99, -1 }, "a" },
	{ "first of p", STORE_FIRST, "p", 0, 0, { 0 }, "other" },
	{ "first of p but it", STORE_FIRST, "p", 0, 0, { 7 }, NULL },
	{ "first of none", STORE_FIRST, "q", 0, 0, { 0 }, NULL },
	{ "first of \"\"", STORE_FIRST, "", 0, 0, { 0 }, NULL },
	{ "behind nothing", STORE_BEHIND, "o", 0, 0, { 0 }, "a" },
	{ "behind the first", STORE_BEHIND, "o", 1, 1, { 0 }, "half1" },
	{ "behind a half", STORE_BEHIND, "o", 2, 5, { 0 }, "half2" },
	{ "behind both", STORE_BEHIND, "o", 2, 4, { 0 }, "c" },
	{ "behind what is gone", STORE_BEHIND, "o", 2, 2, { 0 }, "c" },
	{ "before the place", STORE_BEHIND, "o", 2, INT64_MAX, { 0 }, "half1" },
	{ "behind a half but one", STORE_BEHIND, "o", 2, 5, { 4 }, "c" },
	{ "behind a half but two", STORE_BEHIND, "o", 2, 5, { 3, 4 }, "d" },
	{ "behind the place", STORE_BEHIND, "o", 2, 0, { 0 }, "c" },
	{ "behind c", STORE_BEHIND, "o", 3, 3, { 0 }, "d" },
	{ "behind c but d", STORE_BEHIND, "o", 3, 3, { 6 }, NULL },
	{ "behind the last", STORE_BEHIND, "o", 6, 6, { 0 }, NULL },
	{ "behind all", STORE_BEHIND, "o", INT64_MAX, INT64_MAX, { 0 }, NULL },
	{ "behind, of p", STORE_BEHIND, "p", 3, 3, { 0 }, "other" },
	{ "last", STORE_LAST, "o", 0, 0, { 0 }, "d" },
	{ "last but one", STORE_LAST, "o", 0, 0, { 6 }, "c" },
	{ "last but two", STORE_LAST, "o", 0, 0, { 6, 3 }, "half2" },
	{ "last but three", STORE_LAST, "o", 0, 0, { 6, 3, 4 }, "half1" },
	{ "last but four", STORE_LAST, "o", 0, 0, { 4, 6, 3, 5 }, "a" },
	{ "last but all", STORE_LAST, "o", 0, 0, { 4, 6, 1, 3, 5 }, NULL },
	{ "last of p", STORE_LAST, "p", 0, 0, { 0 }, "other" },
	{ "last of none", STORE_LAST, "q", 0, 0, { 0 }, NULL },
	{ "apart, none due", STORE_APART, "o", 1, 49, { 0 }, NULL },
	{ "apart, due first", STORE_APART, "o", 1, 50, { 0 }, "soon" },
	{ "apart, all due", STORE_APART, "o", 1, INT64_MAX, { 0 }, "soon" },
	{ "apart, due as soon", STORE_APART, "o", 1, 50, { 9 }, "as soon" },
	{ "apart, no more due", STORE_APART, "o", 1, 99, { 9, 13 }, NULL },
	{ "apart, due last", STORE_APART, "o", 1, 100, { 13, 9 }, "late" },
	{ "apart, all skipped", STORE_APART, "o", 1, 100, { 13, 9, 8 }, NULL },
	{ "apart, due at 0", STORE_APART, "o", 2, 0, { 0 }, "witness" },
	{ "apart, before 0", STORE_APART, "o", 2, -1, { 0 }, NULL },
	{ "apart, not yet", STORE_APART, "o", 3, 69, { 0 }, NULL },
	{ "apart, now", STORE_APART, "o", 3, 70, { 0 }, "aside" },
	{ "apart, of p", STORE_APART, "p", 1, 70, { 0 }, "suspect of p" },
	{ "apart, of p, none", STORE_APART, "p", 2, 70, { 0 }, NULL },
	{ "apart is not queued", STORE_APART, "o", 0, 100, { 0 }, NULL },
	{ "apart, unknown", STORE_APART, "o", 4, 100, { 0 }, NULL },
	{ "id, queued", STORE_BY_ID, "o", 3, 0, { 0 }, "c" },
	{ "id, apart", STORE_BY_ID, "o", 11, 0, { 0 }, "aside" },
	{ "id, any output", STORE_BY_ID, "", 12, 0, { 0 }, "suspect of p" },
	{ "id, skipped", STORE_BY_ID, "o", 3, 0, { 1, 3 }, NULL },
	{ "id, gone", STORE_BY_ID, "o", 2, 0, { 0 }, NULL },
	{ "id, 0", STORE_BY_ID, "o", 0, 0, { 0 }, NULL },
	{ "id, below 0", STORE_BY_ID, "o", -1, 0, { 0 }, NULL },
	{ "id, never", STORE_BY_ID, "o", 14, 0, { 0 }, NULL },
};

static void
put_samples(void)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct slice key = slice_of(samples[i].key);
		struct store_batch b = {
			.place = samples[i].place,
			.output = slice_of(samples[i].output),
			.key = key,
			.format = SLICE("json"),
			.host = SLICE("mx1"),
			.events = key,
			.count = key.n,
			.sealed_ms = 7,
			.standing = samples[i].standing,
			.due_ms = samples[i].due_ms,
		};
		store_test_begin();
		int64_t id = store_test_put_batch(store_test, &b);
		ck_assert_msg(id == (int64_t)i + 1, "%s: got id %lld, want %zu", key.p,
		    (long long)id, i + 1);
		if (i == 2)
			store_test_must("delete",
			    store_batch_delete(store_test, 2, &store_test_err));
		store_test_commit();
	}
}

static struct store_wanted
wanted(const struct find *f)
{
	struct store_wanted w = { .which = f->which, .output = slice_of(f->output) };

	if (f->which == STORE_BEHIND) {
		w.place = f->x;
		w.id = f->y;
	} else if (f->which == STORE_APART) {
		w.standing = f->x;
		w.due_ms = f->y;
	} else {
		w.id = f->x;
	}
	w.skip = f->skip;
	while (w.nskip < SKIPS && f->skip[w.nskip] != 0)
		w.nskip++;
	return w;
}

static void
is_found(const char *from, const struct find *f)
{
	const struct store_wanted w = wanted(f);
	struct slice want = slice_of(f->want);
	struct store_batch b = { 0 };
	struct buf events;

	buf_init(&events, STORE_TEST_BUF);
	int rc = store_batch_find(store_test, &w, &b, &events, &store_test_err);
	ck_assert_msg(rc == (f->want ? 0 : -ENOENT) && slice_eq(b.key, want),
	    "%s, %s: got %d, id %lld \"%.*s\", want \"%s\"", f->name, from, rc,
	    (long long)b.id, (int)b.key.n, b.key.p, f->want ? f->want : "none");
	if (rc < 0)
		goto out;
	size_t i = (size_t)b.id - 1;
	int64_t place = samples[i].place ? samples[i].place : b.id;
	ck_assert_msg(slice_eq(b.key, slice_of(samples[i].key)) &&
			  slice_eq(b.output, slice_of(samples[i].output)) &&
			  b.place == place && b.standing == samples[i].standing &&
			  b.due_ms == samples[i].due_ms && slice_eq(b.events, want),
	    "%s, %s: got output %.*s place %lld standing %lld due %lld, want %s %lld"
	    " %lld %lld",
	    f->name, from, (int)b.output.n, b.output.p, (long long)b.place,
	    (long long)b.standing, (long long)b.due_ms, samples[i].output,
	    (long long)place, (long long)samples[i].standing,
	    (long long)samples[i].due_ms);
out:
	buf_free(&events);
}

START_TEST(the_batch_that_is_wanted_is_found)
{
	put_samples();
	for (size_t i = 0; i < COUNT(finds); i++)
		is_found("from memory", &finds[i]);
	store_test_reopen();
	for (size_t i = 0; i < COUNT(finds); i++)
		is_found("from the file", &finds[i]);
	store_test_close();
	store_test_must("read", store_test_open(STORE_READ));
	for (size_t i = 0; i < COUNT(finds); i++)
		is_found("by a reader", &finds[i]);
}
END_TEST

/* What stands so, by due time, as keys. */
static void
stand_so(const char *name, const char *output, int64_t standing, const char *want)
{
	int64_t skip[COUNT(samples)];
	struct store_wanted w = { .which = STORE_APART,
		.output = slice_of(output),
		.standing = standing,
		.due_ms = INT64_MAX,
		.skip = skip };
	struct store_batch b;
	struct buf events;
	char got[256] = "";
	size_t n = 0;
	int rc;

	buf_init(&events, STORE_TEST_BUF);
	while ((rc = store_batch_find(store_test, &w, &b, &events, &store_test_err)) ==
	       0) {
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", n ? "," : "",
		    (int)b.key.n, b.key.p);
		skip[w.nskip++] = b.id;
	}
	ck_assert_msg(rc == -ENOENT && !strcmp(got, want),
	    "%s: %s, standing %lld: got \"%s\", want \"%s\"", name, output,
	    (long long)standing, got, want);
	buf_free(&events);
}

START_TEST(batches_of_a_standing_stand_otherwise)
{
	static const struct {
		const char *output;
		int64_t from, to;
		const char *o1, *o2, *o3, *p1; /* what stands so after it */
	} steps[] = {
		{ "o", 4, 1, "soon,as soon,late", "witness", "aside", "suspect of p" },
		{ "q", 1, 2, "soon,as soon,late", "witness", "aside", "suspect of p" },
		{ "o", 1, 2, "", "witness,soon,as soon,late", "aside", "suspect of p" },
		{ "o", 3, 1, "aside", "witness,soon,as soon,late", "", "suspect of p" },
		{ "o", 2, 1, "witness,soon,as soon,aside,late", "", "",
		    "suspect of p" },
		{ "p", 1, 0, "witness,soon,as soon,aside,late", "", "", "" },
	};

	put_samples();
	for (size_t i = 0; i < COUNT(steps); i++) {
		char name[40];
		(void)snprintf(name, sizeof name, "step %zu", i);
		store_test_begin();
		store_test_must(
		    name, store_batch_restand(store_test, slice_of(steps[i].output),
			      steps[i].from, steps[i].to, &store_test_err));
		store_test_commit();
		stand_so(name, "o", 1, steps[i].o1);
		stand_so(name, "o", 2, steps[i].o2);
		stand_so(name, "o", 3, steps[i].o3);
		stand_so(name, "p", 1, steps[i].p1);
	}
	store_test_begin();
	store_test_must("all of o",
	    store_batch_restand(store_test, SLICE("o"), 1, 0, &store_test_err));
	store_test_commit();
	store_test_queue(
	    "places are kept", "as soon a half1 half2 c d late soon witness aside");
}
END_TEST

void
store_add_find_tests(TCase *t)
{
	tcase_add_test(t, the_batch_that_is_wanted_is_found);
	tcase_add_test(t, batches_of_a_standing_stand_otherwise);
}
