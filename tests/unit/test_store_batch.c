/*
 * test_store_batch.c - batches in the state file: order, rollback, what comes back,
 * damage.
 */
#include "test_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(batches_come_in_order_and_halves_keep_their_place)
{
	store_test_begin();
	(void)store_test_put("first", 0);
	int64_t parent = store_test_put("parent", 0);
	(void)store_test_put("third", 0);
	store_test_commit();
	store_test_begin();
	store_test_must(
	    "delete", store_batch_delete(store_test, parent, &store_test_err));
	(void)store_test_put("half2", parent); /* of one place the last one is first */
	int64_t half1 = store_test_put("half1", parent);
	(void)store_test_put("fourth", 0);
	store_test_commit();
	store_test_reopen();
	store_test_begin();
	store_test_must(
	    "delete", store_batch_delete(store_test, half1, &store_test_err));
	(void)store_test_put("half1b", parent);
	(void)store_test_put("half1a", parent);
	store_test_commit();
	store_test_queue("order", "first half1a half1b half2 third fourth");
	store_test_begin();
	(void)store_test_put("fifth", 0);
	(void)store_test_put("sixth", 0);
	store_test_commit();
	store_test_queue("after an empty queue", "fifth sixth");
}
END_TEST

START_TEST(a_rollback_leaves_nothing)
{
	store_test_begin();
	(void)store_test_put("kept", 0);
	store_test_commit();
	store_test_begin();
	(void)store_test_put("gone", 0);
	store_rollback(store_test);
	store_rollback(store_test); /* nothing to roll back: nothing happens */
	ck_assert_msg(store_fresh(store_test) == 0, "fresh: got %zu, want 0",
	    store_fresh(store_test));
	store_test_begin();
	(void)store_test_put("later", 0); /* under the id of "gone" */
	store_test_commit();
	store_test_queue("from memory", "kept later");
	store_test_begin();
	(void)store_test_put("again", 0);
	store_rollback(store_test);
	store_test_reopen();
	store_test_queue("from the file", "");
}
END_TEST

START_TEST(a_commit_that_nothing_began_is_an_error)
{
	int rc = store_commit(store_test, &store_test_err);
	ck_assert_msg(
	    rc < 0 && store_test_err.text[0], "commit: got %d, want an error", rc);
	store_test_begin();
	rc = store_begin(store_test, STORE_DURABLE, &store_test_err);
	ck_assert_msg(rc < 0, "a second begin: got %d, want an error", rc);
	(void)store_test_put("a", 0);
	store_test_commit();
	store_test_queue("the first one", "a");
}
END_TEST

static const char binary[] = { 'n', '\0', '\xff', '\n', '\'' };

static const struct {
	const char *name;
	struct store_batch b;
} round_trips[] = {
	{ "open", { .host = { "mx1", 3 }, .events = { "{}\n", 3 }, .count = 1 } },
	{ "fixed", { .fixed = true, .events = { "{}\n", 3 }, .count = 1, .tries = 7 } },
	{ "apart", { .fixed = true,
		       .standing = 1,
		       .code = 422,
		       .answer = { binary, sizeof binary },
		       .due_ms = 1700000000000,
		       .events = { binary, sizeof binary },
		       .count = 1,
		       .sealed_ms = INT64_MAX } },
	{ "not fixed, apart", { .standing = 3,
				  .code = -110,
				  .answer = { "", 0 },
				  .events = { "x", 1 } } },
	{ "no events", { .format = { "json", 4 }, .events = { "", 0 } } },
	{ "large numbers", { .count = INT64_MAX,
			       .tries = INT64_MAX,
			       .due_ms = INT64_MAX,
			       .code = INT64_MIN,
			       .standing = INT64_MAX,
			       .sealed_ms = -1,
			       .events = { "a\nb\n", 4 } } },
};

static void
same_batch(const char *name, const struct store_batch *got, const struct store_batch *w)
{
	ck_assert_msg(got->id == w->id && got->place == w->place &&
			  got->count == w->count && got->tries == w->tries &&
			  got->sealed_ms == w->sealed_ms,
	    "%s: got id %lld place %lld count %llu tries %llu sealed %lld,"
	    " want %lld %lld %llu %llu %lld",
	    name, (long long)got->id, (long long)got->place,
	    (unsigned long long)got->count, (unsigned long long)got->tries,
	    (long long)got->sealed_ms, (long long)w->id, (long long)w->place,
	    (unsigned long long)w->count, (unsigned long long)w->tries,
	    (long long)w->sealed_ms);
	ck_assert_msg(got->fixed == w->fixed && got->standing == w->standing &&
			  got->code == w->code && got->due_ms == w->due_ms,
	    "%s: got fixed %d standing %lld code %lld due %lld, want %d %lld %lld %lld",
	    name, got->fixed, (long long)got->standing, (long long)got->code,
	    (long long)got->due_ms, w->fixed, (long long)w->standing,
	    (long long)w->code, (long long)w->due_ms);
	ck_assert_msg(
	    slice_eq(got->output, w->output) && slice_eq(got->key, w->key) &&
		slice_eq(got->format, w->format) && slice_eq(got->host, w->host) &&
		slice_eq(got->answer, w->answer) && slice_eq(got->events, w->events),
	    "%s: got output %.*s key %.*s format %.*s host %.*s answer %.*s events"
	    " %.*s, want those put",
	    name, (int)got->output.n, got->output.p, (int)got->key.n, got->key.p,
	    (int)got->format.n, got->format.p, (int)got->host.n, got->host.p,
	    (int)got->answer.n, got->answer.p, (int)got->events.n, got->events.p);
}

static void
is_there(const char *name, const struct store_batch *want)
{
	const struct store_wanted w = { .which = STORE_BY_ID, .id = want->id };
	struct store_batch got;
	struct buf events;

	buf_init(&events, STORE_TEST_BUF);
	store_test_must(
	    name, store_batch_find(store_test, &w, &got, &events, &store_test_err));
	same_batch(name, &got, want);
	buf_free(&events);
}

START_TEST(a_batch_comes_back_as_it_was_put)
{
	for (size_t i = 0; i < COUNT(round_trips); i++) {
		struct store_batch b = round_trips[i].b;
		b.output = SLICE("o");
		b.key = slice_of(round_trips[i].name);
		store_test_begin();
		b.id = store_test_put_batch(store_test, &b);
		store_test_commit();
		b.place = b.id;
		ck_assert_msg(store_fresh(store_test) == 1,
		    "%s: got %zu in memory, want 1", b.key.p, store_fresh(store_test));
		is_there(b.key.p, &b);
		ck_assert_msg(store_fresh(store_test) == 0,
		    "%s: got %zu in memory, want it given away", b.key.p,
		    store_fresh(store_test));
		is_there(b.key.p, &b);
		store_test_reopen();
		is_there(b.key.p, &b);
	}
}
END_TEST

START_TEST(a_large_batch_is_not_kept_in_memory)
{
	static char text[(1 << 20) + 1];
	struct store_batch b = { .output = SLICE("o"), .events = { text, 1 << 20 } };

	store_test_noise(text, sizeof text, 1);
	for (size_t more = 0; more < 2; more++) {
		b.events.n = (1 << 20) + more;
		store_test_begin();
		b.id = b.place = 0;
		b.id = store_test_put_batch(store_test, &b);
		store_test_commit();
		b.place = b.id;
		ck_assert_msg(store_fresh(store_test) == 1 - more,
		    "1 MiB and %zu: got %zu in memory, want %zu", more,
		    store_fresh(store_test), 1 - more);
		is_there("from memory", &b);
		is_there("from the file", &b);
	}
}
END_TEST

START_TEST(the_newest_batches_are_in_memory)
{
	store_test_begin();
	for (int i = 0; i < 3 * LIMIT_COMMIT_BATCHES; i++) {
		char key[16];
		(void)snprintf(key, sizeof key, "%d", i);
		(void)store_test_put(key, 0);
		size_t want = (size_t)(i < LIMIT_COMMIT_BATCHES ? i + 1
								: LIMIT_COMMIT_BATCHES);
		ck_assert_msg(store_fresh(store_test) == want,
		    "after %d: got %zu, want %zu", i, store_fresh(store_test), want);
	}
	store_test_commit();
	store_test_queue("all",
	    "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"
	    " 22 23");
	ck_assert_msg(store_fresh(store_test) == 0, "all taken: got %zu, want 0",
	    store_fresh(store_test));
}
END_TEST

START_TEST(what_is_changed_comes_back)
{
	struct store_batch b = { .output = SLICE("o"),
		.key = SLICE("k"),
		.events = SLICE("e"),
		.count = 1 };

	store_test_begin();
	b.id = b.place = store_test_put_batch(store_test, &b);
	store_test_must("tried", store_batch_tried(store_test, b.id, &store_test_err));
	store_test_must("tried", store_batch_tried(store_test, b.id, &store_test_err));
	store_test_must("fix", store_batch_fix(store_test, b.id, &store_test_err));
	store_test_commit();
	b.tries = 2;
	b.fixed = true;
	is_there("tried and fixed", &b);
	b.standing = 1;
	b.code = 422;
	b.answer = (struct slice){ binary, sizeof binary };
	b.due_ms = 99;
	store_test_begin();
	store_test_must(
	    "set apart", store_batch_set_apart(store_test, &b, &store_test_err));
	store_test_commit();
	is_there("set apart", &b);
	b.due_ms = INT64_MAX;
	store_test_begin();
	store_test_must(
	    "due", store_batch_due(store_test, b.id, b.due_ms, &store_test_err));
	store_test_must(
	    "nobody's", store_batch_due(store_test, b.id + 1, 5, &store_test_err));
	store_test_commit();
	is_there("due", &b);
	b.standing = b.code = b.due_ms = 0;
	b.answer = (struct slice){ 0 };
	store_test_begin();
	store_test_must("set back into the queue",
	    store_batch_set_apart(store_test, &b, &store_test_err));
	store_test_commit();
	store_test_reopen();
	is_there("back in the queue", &b);
}
END_TEST

START_TEST(a_damaged_body_is_refused_by_its_id)
{
	static const char *const damage[] = {
		"UPDATE batch SET body = zeroblob(length(body))",
		"UPDATE batch SET body = substr(body, 1, length(body) - 1)",
		"UPDATE batch SET body = x''",
		/* one byte of it */
		"UPDATE batch SET body = CAST(substr(body, 1, length(body) - 3) ||"
		" CASE substr(body, -3, 1) WHEN x'00' THEN x'01' ELSE x'00' END ||"
		" substr(body, -2) AS BLOB)",
		"UPDATE batch SET sum = sum + 1",
		"UPDATE batch SET bytes = bytes + 1",
		"UPDATE batch SET bytes = -1",
	};
	struct buf events;

	buf_init(&events, STORE_TEST_BUF);
	for (size_t i = 0; i < COUNT(damage); i++) {
		struct store_batch b = { .id = -1 };
		store_test_begin();
		int64_t id = store_test_put("some events", 0);
		store_test_commit();
		store_test_close();
		store_test_sql(damage[i]);
		store_test_must("open", store_test_open(STORE_OWN));
		int rc = store_test_first(store_test, &b, &events);
		ck_assert_msg(rc == -EBADMSG && store_test_err.text[0] && b.id == id,
		    "%s: got %d and id %lld, want -EBADMSG and %lld", damage[i], rc,
		    (long long)b.id, (long long)id);
		store_test_begin();
		store_test_must(
		    "delete", store_batch_delete(store_test, id, &store_test_err));
		(void)store_test_put("good", 0);
		store_test_commit();
		store_test_queue(damage[i], "good");
	}
	buf_free(&events);
}
END_TEST

/* The first n bytes of a page become 0xff; from the first one 1, from the last one -1.
 */
static void
overwrite(long long page, size_t n)
{
	char ff[4096];
	struct stat st;
	int fd = open(store_test_path, O_RDWR);

	memset(ff, 0xff, sizeof ff);
	ck_assert_msg(fd >= 0 && fstat(fd, &st) == 0, "open: got %s", strerror(errno));
	off_t at = page > 0 ? (page - 1) * 4096 : st.st_size + page * 4096;
	ck_assert_msg(pwrite(fd, ff, n, at) == (ssize_t)n,
	    "overwrite: got %s, want no error", strerror(errno));
	close(fd);
}

START_TEST(a_damaged_page_is_told)
{
	static const struct {
		const char *name, *page; /* SQL */
		size_t n;
		bool known; /* which batch it is */
	} cases[] = {
		{ "where its body goes on", "SELECT -5", 4, true },
		{ "its row", "SELECT rootpage FROM sqlite_master WHERE name = 'batch'",
		    4096, false },
		{ "the queue",
		    "SELECT rootpage FROM sqlite_master WHERE name = 'batch_queue'",
		    4096, false },
	};
	static char text[40001];
	struct store_batch large = { .output = SLICE("o"), .events = { text, 40000 } };
	struct buf events;

	buf_init(&events, STORE_TEST_BUF);
	store_test_noise(text, sizeof text - 1, 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct store_batch b = { .id = -1 };
		store_test_begin();
		large.id = store_test_put_batch(store_test, &large);
		store_test_commit();
		store_test_close();
		overwrite(store_test_number(cases[i].page), cases[i].n);
		store_test_must(cases[i].name, store_test_open(STORE_OWN));
		int rc = store_test_first(store_test, &b, &events);
		int64_t want = cases[i].known ? large.id : 0;
		ck_assert_msg(rc == -EBADMSG && b.id == want,
		    "%s: got %d and id %lld, want -EBADMSG and %lld", cases[i].name, rc,
		    (long long)b.id, (long long)want);
		/* it would have to be read: nothing can be noted in it */
		b.id = large.id;
		rc = store_batch_set_apart(store_test, &b, &store_test_err);
		ck_assert_msg(rc == -EBADMSG, "%s: set apart: got %d, want -EBADMSG",
		    cases[i].name, rc);
		store_test_close();
		(void)unlink(store_test_path);
		store_test_must("a new one", store_test_open(STORE_OWN));
	}
	buf_free(&events);
}
END_TEST

void
store_add_batch_tests(TCase *t)
{
	tcase_add_test(t, batches_come_in_order_and_halves_keep_their_place);
	tcase_add_test(t, a_rollback_leaves_nothing);
	tcase_add_test(t, a_commit_that_nothing_began_is_an_error);
	tcase_add_test(t, a_batch_comes_back_as_it_was_put);
	tcase_add_test(t, a_large_batch_is_not_kept_in_memory);
	tcase_add_test(t, the_newest_batches_are_in_memory);
	tcase_add_test(t, what_is_changed_comes_back);
	tcase_add_test(t, a_damaged_body_is_refused_by_its_id);
	tcase_add_test(t, a_damaged_page_is_told);
}
