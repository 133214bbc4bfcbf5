/*
 * test_store_queue.c - the batches of an output all together: sums, what is set apart,
 * the end of an output.
 */
#include "test_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int64_t
put(const char *output, const char *events, uint64_t count, int64_t sealed_ms,
    int64_t standing, int64_t due_ms)
{
	const struct store_batch b = {
		.output = slice_of(output),
		.key = slice_of(events),
		.events = slice_of(events),
		.count = count,
		.sealed_ms = sealed_ms,
		.standing = standing,
		.due_ms = due_ms,
		.code = 400 + standing,
		.answer = slice_of("no"),
	};

	store_test_begin();
	int64_t id = store_test_put_batch(store_test, &b);
	store_test_commit();
	return id;
}

static void
is_queue(const char *name, const char *output, const struct store_queue *want)
{
	struct store_queue got = { .batches = 99, .oldest_ms = 99, .apart = { 99 } };
	char sql[128];

	store_test_must(
	    name, store_queue_get(store_test, slice_of(output), &got, &store_test_err));
	ck_assert_msg(got.batches == want->batches && got.events == want->events &&
			  got.oldest_ms == want->oldest_ms,
	    "%s, %s: got %llu batches of %llu events, oldest %lld, want %llu %llu %lld",
	    name, output, (unsigned long long)got.batches,
	    (unsigned long long)got.events, (long long)got.oldest_ms,
	    (unsigned long long)want->batches, (unsigned long long)want->events,
	    (long long)want->oldest_ms);
	for (size_t i = 0; i < COUNT(got.apart); i++)
		ck_assert_msg(got.apart[i] == want->apart[i],
		    "%s, %s: got %llu of standing %zu, want %llu", name, output,
		    (unsigned long long)got.apart[i], i,
		    (unsigned long long)want->apart[i]);
	(void)snprintf(sql, sizeof sql,
	    "SELECT coalesce(sum(length(body)), 0) FROM batch WHERE output = '%s'",
	    output);
	long long bytes = store_test_number(sql);
	ck_assert_msg((long long)got.bytes == bytes,
	    "%s, %s: got %llu packed bytes, want %lld", name, output,
	    (unsigned long long)got.bytes, bytes);
}

START_TEST(a_queue_is_summed_up)
{
	is_queue("none", "o", &(struct store_queue){ 0 });
	int64_t first = put("o", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 3, 900, 0, 0);
	is_queue("one", "o",
	    &(struct store_queue){ .batches = 1, .events = 3, .oldest_ms = 900 });
	(void)put("o", "b", 2, 800, 0, 0); /* the clock was set back */
	(void)put("o", "c", 2, 1000, 0, 55);
	(void)put("p", "d", 7, 5, 0, 0);
	struct store_queue o = { .batches = 3, .events = 7, .oldest_ms = 800 };
	struct store_queue p = { .batches = 1, .events = 7, .oldest_ms = 5 };
	is_queue("three", "o", &o);
	int64_t suspect = put("o", "e", 1, 1, 1, 300);
	(void)put("o", "f", 1, 1, 1, 200);
	(void)put("o", "g", 1, 1, 2, 100);
	(void)put("o", "h", 1, 1, 3, 250);
	o.apart[1] = 2;
	o.apart[2] = o.apart[3] = 1;
	is_queue("set apart", "o", &o);
	is_queue("another", "p", &p);
	(void)put("p", "i", 1, 1, STORE_STANDINGS - 1, 20);
	(void)put("p", "j", 1, 1, STORE_STANDINGS, 20); /* a newer program's: bytes */
	p.apart[STORE_STANDINGS - 1] = 1;
	is_queue("the last standings", "p", &p);
	store_test_reopen();
	store_test_begin();
	store_test_must(
	    "delete", store_batch_delete(store_test, first, &store_test_err));
	store_test_must(
	    "delete", store_batch_delete(store_test, suspect, &store_test_err));
	store_test_commit();
	o.batches = 2;
	o.events = 4;
	o.apart[1] = 1;
	is_queue("two are gone", "o", &o);
	store_test_begin();
	store_test_must("all witnessed",
	    store_batch_restand(store_test, SLICE("o"), 1, 2, &store_test_err));
	store_test_must("one into the queue",
	    store_batch_restand(store_test, SLICE("o"), 3, 0, &store_test_err));
	store_test_commit();
	o.apart[1] = o.apart[3] = 0;
	o.apart[2] = 2;
	o.batches = 3;
	o.events = 5;
	o.oldest_ms = 1;
	is_queue("they stand otherwise", "o", &o);
}
END_TEST

static const int64_t none_due = -1;

static void
is_due(const char *name, const char *output, int64_t want)
{
	int64_t got = none_due;
	int rc = store_due(store_test, slice_of(output), &got, &store_test_err);

	ck_assert_msg(rc == (want == none_due ? -ENOENT : 0) && got == want,
	    "%s, %s: got %d and %lld, want %lld (-1: none)", name, output, rc,
	    (long long)got, (long long)want);
}

START_TEST(the_first_that_is_due_is_told)
{
	is_due("nothing", "o", none_due);
	(void)put("o", "queued", 1, 1, 0, 5);
	(void)put("o", "witnessed", 1, 1, 2, 5); /* it has its turn at once */
	(void)put("o", "damaged", 1, 1, 4, 5);   /* it has none */
	is_due("nothing that waits", "o", none_due);
	int64_t suspect = put("o", "suspect", 1, 1, 1, 300);
	is_due("a suspect", "o", 300);
	int64_t aside = put("o", "aside", 1, 1, 3, 250);
	int64_t other = put("p", "aside", 1, 1, 3, 10);
	is_due("one aside", "o", 250);
	is_due("another", "p", 10);
	store_test_begin();
	store_test_must(
	    "due", store_batch_due(store_test, suspect, 100, &store_test_err));
	store_test_must(
	    "due", store_batch_due(store_test, aside, INT64_MAX, &store_test_err));
	store_test_must(
	    "due", store_batch_due(store_test, other, INT64_MAX, &store_test_err));
	store_test_commit();
	is_due("the suspect", "o", 100);
	is_due("at the end of time", "p", INT64_MAX);
	store_test_begin();
	store_test_must(
	    "all now", store_due_now(store_test, SLICE("o"), &store_test_err));
	store_test_commit();
	is_due("now", "o", 0);
	is_due("another, still", "p", INT64_MAX);
	store_test_is("SELECT count(*) FROM batch WHERE due_ms = 0", 2);
	store_test_is("SELECT count(*) FROM batch WHERE due_ms = 5", 3);
	store_test_begin();
	store_test_must(
	    "delete", store_batch_delete(store_test, suspect, &store_test_err));
	store_test_must(
	    "delete", store_batch_delete(store_test, aside, &store_test_err));
	store_test_commit();
	is_due("all gone", "o", none_due);
}
END_TEST

/* The keys seen, "a b". */
struct seen {
	char keys[128];
	size_t n;
	int stop; /* answered at the first one that is "stop" */
};

static int
see(void *arg, const struct store_batch *b)
{
	struct seen *s = arg;

	s->n += (size_t)snprintf(s->keys + s->n, sizeof s->keys - s->n, "%s%.*s",
	    s->n ? " " : "", (int)b->key.n, b->key.p);
	ck_assert_msg(slice_eq(b->events, b->key) && slice_eq(b->answer, SLICE("no")) &&
			  b->code == 400 + b->standing,
	    "%.*s: got events %.*s answer %.*s code %lld, want its own", (int)b->key.n,
	    b->key.p, (int)b->events.n, b->events.p, (int)b->answer.n, b->answer.p,
	    (long long)b->code);
	return slice_eq(b->key, SLICE("stop")) ? s->stop : 0;
}

START_TEST(all_that_stands_apart_is_told_oldest_first)
{
	static const struct {
		const char *name, *output;
		int stop, rc;
		const char *want;
	} cases[] = {
		{ "of all", "", 0, 0, "b stop d f" },
		{ "of o", "o", 0, 0, "b stop f" },
		{ "of p", "p", 0, 0, "d" },
		{ "of none", "q", 0, 0, "" },
		{ "until the stop", "", -EINTR, -EINTR, "b stop" },
		{ "until a yes", "o", 1, 1, "b stop" },
	};

	(void)put("o", "a", 1, 7, 0, 0);
	(void)put("o", "b", 1, 7, 3, 900);
	(void)put("o", "stop", 1, 7, 1, 800);
	(void)put("p", "d", 1, 7, 2, 0);
	(void)put("p", "e", 1, 7, 0, 0);
	(void)put("o", "f", 1, 7, 1, 1);
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < COUNT(cases); i++) {
			struct seen s = { .stop = cases[i].stop };
			int rc = store_apart_each(store_test, slice_of(cases[i].output),
			    see, &s, &store_test_err);
			ck_assert_msg(
			    rc == cases[i].rc && !strcmp(s.keys, cases[i].want),
			    "%s: got %d \"%s\", want %d \"%s\"", cases[i].name, rc,
			    s.keys, cases[i].rc, cases[i].want);
		}
		store_test_reopen();
	}
}
END_TEST

static int
see_damaged(void *arg, const struct store_batch *b)
{
	struct seen *s = arg;

	s->n += (size_t)snprintf(s->keys + s->n, sizeof s->keys - s->n, "%s%.*s:%zu",
	    s->n ? " " : "", (int)b->key.n, b->key.p, b->events.n);
	return 0;
}

START_TEST(one_that_is_damaged_and_apart_hides_none)
{
	struct seen s = { 0 };

	(void)put("o", "a", 1, 7, 1, 0);
	(void)put("o", "b", 1, 7, 1, 0);
	(void)put("o", "c", 1, 7, 1, 0);
	store_test_close();
	store_test_sql("UPDATE batch SET sum = sum + 1 WHERE key = 'b'");
	store_test_must("open", store_test_open(STORE_OWN));
	int rc = store_apart_each(
	    store_test, SLICE("o"), see_damaged, &s, &store_test_err);
	ck_assert_msg(rc == 0 && !strcmp(s.keys, "a:1 b:0 c:1"),
	    "got %d \"%s\", want all three, b without its events", rc, s.keys);
}
END_TEST

static void
put_dead(const char *output)
{
	const struct store_dead d = {
		.output = slice_of(output), .event = SLICE("{}"), .answer = SLICE("no")
	};

	store_test_begin();
	store_test_must("dead", store_dead_put(store_test, &d, &store_test_err));
	store_test_must("count",
	    store_output_count(store_test, slice_of(output), 5, 1, &store_test_err));
	store_test_commit();
}

static int
see_name(void *arg, const struct store_output *o)
{
	char *names = arg;
	size_t n = strlen(names);

	(void)snprintf(names + n, 32 - n, "%.*s", (int)o->name.n, o->name.p);
	return 0;
}

START_TEST(an_output_that_is_dropped_leaves_nothing)
{
	static const struct {
		const char *drop, *left;
		long long batches, dead;
		uint64_t bytes;
	} steps[] = {
		{ "nobody", "op", 4, 3, 12 },
		{ "", "op", 4, 3, 12 },
		{ "o", "p", 1, 1, 4 },
		{ "o", "p", 1, 1, 4 },
		{ "p", "", 0, 0, 0 },
	};

	(void)put("o", "a", 1, 7, 0, 0);
	(void)put("p", "b", 1, 7, 0, 0);
	(void)put("o", "c", 1, 7, 1, 0);
	(void)put("o", "d", 1, 7, 0, 0);
	put_dead("o");
	put_dead("p");
	put_dead("o");
	for (size_t i = 0; i < COUNT(steps); i++) {
		char names[32] = "";
		uint64_t bytes = 0;
		store_test_begin();
		store_test_must("drop", store_output_drop(store_test,
					    slice_of(steps[i].drop), &store_test_err));
		store_test_commit();
		store_test_is("SELECT count(*) FROM batch", steps[i].batches);
		store_test_is("SELECT count(*) FROM dead", steps[i].dead);
		store_test_must("outputs",
		    store_output_each(store_test, see_name, names, &store_test_err));
		ck_assert_msg(!strcmp(names, steps[i].left),
		    "step %zu: got outputs \"%s\", want \"%s\"", i, names,
		    steps[i].left);
		store_test_must(
		    "bytes", store_dead_bytes(store_test, &bytes, &store_test_err));
		ck_assert_msg(bytes == steps[i].bytes,
		    "step %zu: got %llu dead bytes, want %llu", i,
		    (unsigned long long)bytes, (unsigned long long)steps[i].bytes);
	}
	store_test_begin();
	int64_t id = store_test_put("again", 0);
	store_test_commit();
	ck_assert_msg(id == 5, "after a drop: got id %lld, want 5", (long long)id);
	store_test_queue("after a drop", "again");
}
END_TEST

void
store_add_queue_tests(TCase *t)
{
	tcase_add_test(t, a_queue_is_summed_up);
	tcase_add_test(t, the_first_that_is_due_is_told);
	tcase_add_test(t, all_that_stands_apart_is_told_oldest_first);
	tcase_add_test(t, one_that_is_damaged_and_apart_hides_none);
	tcase_add_test(t, an_output_that_is_dropped_leaves_nothing);
}
