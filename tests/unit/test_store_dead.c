/*
 * test_store_dead.c - dead letters, and the sum of their bytes, which must stay true
 * whatever becomes of them.
 */
#include "test_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char binary[] = { '{', '\0', '\xff', '\xc3', '\xa4' };

/* Put in this order, so that the first has id 1. */
static const struct store_dead letters[] = {
	{ 1, { "o", 1 }, { "{\"a\":1}", 7 }, 422, { "no", 2 }, 100 },
	{ 2, { "p", 1 }, { binary, sizeof binary }, 400, { binary, sizeof binary },
	    50 },
	{ 3, { "o", 1 }, { "{}", 2 }, -110, { NULL, 0 }, 200 },
	{ 4, { "p", 1 }, { "{}", 2 }, INT64_MAX, { "", 0 }, 100 },
	{ 5, { "o", 1 }, { "{}", 2 }, 0, { "x", 1 }, 0 },
	{ 6, { "o", 1 }, { "{}", 2 }, 0, { "x", 1 }, INT64_MAX },
};

static void
put_letters(void)
{
	store_test_begin();
	for (size_t i = 0; i < COUNT(letters); i++)
		store_test_must(
		    "put", store_dead_put(store_test, &letters[i], &store_test_err));
	store_test_commit();
}

/* The sum is what it would be if somebody counted, of all and of each. */
static void
is_sum(const char *name, uint64_t want)
{
	uint64_t got = 99;

	store_test_must(name, store_dead_bytes(store_test, &got, &store_test_err));
	ck_assert_msg(got == want, "%s: got %llu bytes, want %llu", name,
	    (unsigned long long)got, (unsigned long long)want);
	store_test_is(
	    "SELECT coalesce(sum(length(event) + coalesce(length(answer), 0)),"
	    " 0) FROM dead",
	    (long long)want);
	store_test_is("SELECT count(*) FROM output WHERE dead_bytes <> coalesce((SELECT"
		      " sum(length(event) + coalesce(length(answer), 0)) FROM dead d"
		      " WHERE d.output = name), 0)",
	    0);
}

struct seen {
	char ids[64];
	size_t n;
	int64_t stop; /* at this id */
	int rc;       /* ... with this answer */
};

static int
see(void *arg, const struct store_dead *d)
{
	struct seen *s = arg;

	ck_assert_msg(d->id >= 1 && d->id <= (int64_t)COUNT(letters),
	    "got id %lld, want one of ours", (long long)d->id);
	const struct store_dead *w = &letters[d->id - 1];
	ck_assert_msg(slice_eq(d->output, w->output) && slice_eq(d->event, w->event) &&
			  slice_eq(d->answer, w->answer) && d->code == w->code &&
			  d->at_ms == w->at_ms,
	    "dead letter %lld: got %.*s event %.*s answer %.*s code %lld at %lld,"
	    " want it as it was put",
	    (long long)d->id, (int)d->output.n, d->output.p, (int)d->event.n,
	    d->event.p, (int)d->answer.n, d->answer.p, (long long)d->code,
	    (long long)d->at_ms);
	s->n += (size_t)snprintf(
	    s->ids + s->n, sizeof s->ids - s->n, "%lld", (long long)d->id);
	return d->id == s->stop ? s->rc : 0;
}

START_TEST(dead_letters_are_told_in_order)
{
	static const struct {
		const char *name, *output;
		int64_t after, stop;
		int rc;
		const char *want;
	} cases[] = {
		{ "all", "", 0, 0, 0, "123456" },
		{ "of o", "o", 0, 0, 0, "1356" },
		{ "of p", "p", 0, 0, 0, "24" },
		{ "of none", "q", 0, 0, 0, "" },
		{ "behind one", "", 2, 0, 0, "3456" },
		{ "behind another's", "o", 2, 0, 0, "356" },
		{ "behind the last", "", 6, 0, 0, "" },
		{ "behind all", "", INT64_MAX, 0, 0, "" },
		{ "before the first", "", -5, 0, 0, "123456" },
		{ "up to one", "", 0, 3, 1, "123" },
		{ "up to an error", "o", 1, 5, -EPIPE, "35" },
	};

	put_letters();
	store_test_reopen();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct seen s = { .stop = cases[i].stop, .rc = cases[i].rc };
		int rc = store_dead_each(store_test, slice_of(cases[i].output),
		    cases[i].after, see, &s, &store_test_err);
		ck_assert_msg(rc == cases[i].rc && !strcmp(s.ids, cases[i].want),
		    "%s: got %d \"%s\", want %d \"%s\"", cases[i].name, rc, s.ids,
		    cases[i].rc, cases[i].want);
	}
	for (int64_t id = -1; id <= (int64_t)COUNT(letters) + 1; id++) {
		struct seen s = { .stop = 4, .rc = 17 };
		bool there = id >= 1 && id <= (int64_t)COUNT(letters);
		int want = !there ? -ENOENT : id == 4 ? 17 : 0;
		int rc = store_dead_get(store_test, id, see, &s, &store_test_err);
		ck_assert_msg(rc == want && s.n == there,
		    "get %lld: got %d after %zu calls, want %d", (long long)id, rc, s.n,
		    want);
	}
}
END_TEST

START_TEST(deleted_dead_letters_are_taken_from_the_sum)
{
	static const struct {
		int64_t id;
		int rc;
		uint64_t sum;
	} steps[] = {
		{ 0, -ENOENT, 29 },
		{ 7, -ENOENT, 29 },
		{ -1, -ENOENT, 29 },
		{ 2, 0, 19 },
		{ 2, -ENOENT, 19 },
		{ 3, 0, 17 },
		{ 4, 0, 15 },
		{ 1, 0, 6 },
		{ 6, 0, 3 },
		{ 5, 0, 0 },
		{ 5, -ENOENT, 0 },
	};

	is_sum("none", 0);
	put_letters();
	is_sum("put", 29);
	for (size_t i = 0; i < COUNT(steps); i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "step %zu", i);
		store_test_begin();
		int rc = store_dead_delete(store_test, steps[i].id, &store_test_err);
		ck_assert_msg(rc == steps[i].rc, "%s: delete %lld: got %d, want %d",
		    name, (long long)steps[i].id, rc, steps[i].rc);
		store_test_commit();
		is_sum(name, steps[i].sum);
	}
	store_test_begin();
	store_test_must(
	    "put", store_dead_put(store_test, &letters[0], &store_test_err));
	store_test_commit();
	store_test_is("SELECT id FROM dead", 7); /* an id is given once */
	is_sum("put again", 9);
}
END_TEST

START_TEST(a_rollback_keeps_the_sum_true)
{
	put_letters();
	store_test_begin();
	store_test_must(
	    "put", store_dead_put(store_test, &letters[0], &store_test_err));
	store_test_must("delete", store_dead_delete(store_test, 2, &store_test_err));
	store_rollback(store_test);
	is_sum("rolled back", 29);
	store_test_reopen();
	is_sum("opened again", 29);
}
END_TEST

START_TEST(old_dead_letters_expire)
{
	static const struct {
		int64_t before_ms;
		uint64_t max, n, sum;
		const char *left;
	} steps[] = {
		{ INT64_MIN, 100, 0, 29, "123456" },
		{ 0, 100, 0, 29, "123456" },
		{ 1, 0, 0, 29, "123456" },
		{ 1, 100, 1, 26, "12346" },
		{ 100, 100, 1, 16, "1346" },
		{ 201, 2, 2, 5, "36" },
		{ 201, 1, 1, 3, "6" },
		{ 201, 100, 0, 3, "6" },
		{ INT64_MAX, 100, 0, 3, "6" },
	};

	put_letters();
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct seen s = { 0 };
		char name[32];
		uint64_t n = 99;
		(void)snprintf(name, sizeof name, "step %zu", i);
		store_test_begin();
		store_test_must(name, store_dead_expire(store_test, steps[i].before_ms,
					  steps[i].max, &n, &store_test_err));
		store_test_commit();
		ck_assert_msg(n == steps[i].n, "%s: got %llu deleted, want %llu", name,
		    (unsigned long long)n, (unsigned long long)steps[i].n);
		is_sum(name, steps[i].sum);
		store_test_must(name, store_dead_each(store_test, SLICE(""), 0, see, &s,
					  &store_test_err));
		ck_assert_msg(!strcmp(s.ids, steps[i].left),
		    "%s: got \"%s\" left, want \"%s\"", name, s.ids, steps[i].left);
	}
}
END_TEST

void
store_add_dead_tests(TCase *t)
{
	tcase_add_test(t, dead_letters_are_told_in_order);
	tcase_add_test(t, deleted_dead_letters_are_taken_from_the_sum);
	tcase_add_test(t, a_rollback_keeps_the_sum_true);
	tcase_add_test(t, old_dead_letters_expire);
}
