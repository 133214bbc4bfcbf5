/*
 * test_store_space.c - room: what the state file takes and gives back, and a disk that
 * is full.
 */
#include "test_store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { BATCHES = 5000, BODY = 3000, IN_COMMIT = LIMIT_COMMIT_BATCHES, ROUNDS = 100 };

static void
is_bounded(const char *name)
{
	uint64_t used = store_used(store_test), bytes = store_bytes(store_test);

	ck_assert_msg(used > 0 && used <= bytes, "%s: got %llu used, want at most %llu",
	    name, (unsigned long long)used, (unsigned long long)bytes);
}

/* As the daemon does it: eight in a commit, a look at the log after each. */
static void
fill(int64_t *first, int64_t *last)
{
	char text[BODY + 1];

	for (int i = 0; i < BATCHES; i++) {
		if (i % IN_COMMIT == 0)
			store_test_must("begin",
			    store_begin(store_test, STORE_LAZY, &store_test_err));
		store_test_noise(text, BODY, (uint64_t)i);
		text[BODY] = '\0';
		*last = store_test_put(text, 0);
		if (i == 0)
			*first = *last;
		if (i % IN_COMMIT != IN_COMMIT - 1)
			continue;
		store_test_commit();
		(void)store_checkpoint(store_test, false);
		if (i % 500 == IN_COMMIT - 1)
			is_bounded("filling");
	}
}

static void
drain(int64_t first, int64_t last)
{
	for (int64_t id = first; id <= last; id++) {
		if ((id - first) % IN_COMMIT == 0)
			store_test_must("begin",
			    store_begin(store_test, STORE_LAZY, &store_test_err));
		store_test_must(
		    "delete", store_batch_delete(store_test, id, &store_test_err));
		if ((id - first) % IN_COMMIT != IN_COMMIT - 1)
			continue;
		store_test_commit();
		(void)store_checkpoint(store_test, false);
	}
}

START_TEST(space_is_given_back)
{
	int64_t first = 0, last = 0;

	(void)store_checkpoint(store_test, true);
	uint64_t empty = store_bytes(store_test);
	is_bounded("empty");
	for (int again = 0; again < 2; again++) {
		fill(&first, &last);
		uint64_t full = store_bytes(store_test);
		ck_assert_msg(full > (uint64_t)BATCHES * BODY,
		    "full: got %llu bytes, want more than %llu",
		    (unsigned long long)full, (unsigned long long)BATCHES * BODY);
		is_bounded("full");
		drain(first, last);
		is_bounded("drained");
		(void)store_checkpoint(store_test, true);
		is_bounded("first checkpoint");
		uint64_t used = store_used(store_test);
		ck_assert_msg(used < empty * 11 / 10 + (4 << 20),
		    "drained: got %llu used, want about %llu", (unsigned long long)used,
		    (unsigned long long)empty);
		int n = 0;
		while (n < ROUNDS && !store_checkpoint(store_test, true))
			n++;
		ck_assert_msg(n < ROUNDS, "got %d checkpoints, want an end", n);
		uint64_t after = store_bytes(store_test);
		ck_assert_msg(after <= empty * 11 / 10 + 65536,
		    "given back: got %llu of %llu bytes, want about %llu",
		    (unsigned long long)after, (unsigned long long)full,
		    (unsigned long long)empty);
		is_bounded("given back");
	}
	store_test_queue("emptied", "");
}
END_TEST

START_TEST(what_is_freed_is_room_before_it_is_given_back)
{
	static char text[100001];

	store_test_noise(text, sizeof text - 1, 1);
	for (int i = 0; i < 20; i++) {
		store_test_begin();
		(void)store_test_put(text, 0);
		store_test_commit();
		is_bounded("putting");
	}
	(void)store_checkpoint(store_test, true);
	uint64_t bytes = store_bytes(store_test), used = store_used(store_test);
	ck_assert_msg(bytes > 2000000 && used > 2000000,
	    "full: got %llu of %llu bytes used, want both over 2000000",
	    (unsigned long long)used, (unsigned long long)bytes);
	store_test_begin();
	for (int64_t id = 1; id <= 20; id++)
		store_test_must(
		    "delete", store_batch_delete(store_test, id, &store_test_err));
	store_test_commit();
	uint64_t left = store_used(store_test);
	ck_assert_msg(left < 400000 && store_bytes(store_test) >= bytes,
	    "deleted: got %llu of %llu bytes used, want under 400000",
	    (unsigned long long)left, (unsigned long long)store_bytes(store_test));
}
END_TEST

START_TEST(a_checkpoint_that_is_in_the_way_is_not_the_end)
{
	static char text[100001];
	struct store *beside;

	store_test_noise(text, sizeof text - 1, 1);
	store_test_begin();
	int64_t id = store_test_put(text, 0);
	store_test_commit();
	store_test_begin();
	store_test_must("delete", store_batch_delete(store_test, id, &store_test_err));
	store_test_commit();
	store_test_must("beside", store_test_open_as(STORE_BESIDE, &beside));
	store_test_must("begin", store_begin(beside, STORE_DURABLE, &store_test_err));
	bool done = store_checkpoint(store_test, true);
	ck_assert_msg(!done, "beside a transaction: got %d, want more to do", done);
	store_test_must("commit", store_commit(beside, &store_test_err));
	done = store_checkpoint(store_test, true);
	ck_assert_msg(done, "after it: got %d, want no more to do", done);
	store_close(beside);
	store_test_queue("after it", "");
}
END_TEST

/* No file may grow past this, as on a full disk; RLIM_INFINITY: no limit. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit r;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_msg(
	    getrlimit(RLIMIT_FSIZE, &r) == 0, "getrlimit: got %s", strerror(errno));
	r.rlim_cur = bytes < r.rlim_max ? bytes : r.rlim_max;
	ck_assert_msg(
	    setrlimit(RLIMIT_FSIZE, &r) == 0, "setrlimit: got %s", strerror(errno));
}

START_TEST(a_commit_that_finds_no_room_leaves_the_last_state)
{
	static char text[1000001];
	const struct store_batch large = { .output = SLICE("o"),
		.key = SLICE("large"),
		.events = { text, sizeof text - 1 },
		.count = 1 };
	int64_t id;

	store_test_noise(text, sizeof text - 1, 1);
	store_test_begin();
	(void)store_test_put("kept", 0);
	store_test_commit();
	limit_files(200000);
	store_test_begin();
	int rc = store_batch_put(store_test, &large, &id, &store_test_err);
	if (rc == 0)
		rc = store_commit(store_test, &store_test_err);
	else
		store_rollback(store_test);
	limit_files(RLIM_INFINITY);
	ck_assert_msg(rc < 0 && strstr(store_test_err.text, store_test_path),
	    "full: got %d \"%s\", want an error and the path", rc, store_test_err.text);
	ck_assert_msg(store_fresh(store_test) == 0, "fresh: got %zu, want 0",
	    store_fresh(store_test));
	store_test_begin();
	(void)store_test_put("later", 0);
	store_test_commit();
	store_test_reopen();
	store_test_queue("after a full disk", "kept later");
}
END_TEST

void
store_add_space_tests(TCase *t)
{
	tcase_add_test(t, space_is_given_back);
	tcase_add_test(t, what_is_freed_is_room_before_it_is_given_back);
	tcase_add_test(t, a_checkpoint_that_is_in_the_way_is_not_the_end);
	tcase_add_test(t, a_commit_that_finds_no_room_leaves_the_last_state);
}
