/*
 * test_store_beside.c - two processes that write to one state file: a daemon, which
 * owns it, and a command beside it. The command is a child that was forked before
 * anything was open (SQLite's locks belong to a process) and is told what to do by
 * letters in a pipe.
 */
#include "test_store.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WAITED_MS = 300, LOOP_MS = 3000, ANSWER_MS = 20000 };

static struct {
	pid_t pid;
	int to, from;
} other;

enum act {
	BEGIN = 'b',
	PUT = 'p', /* a batch "own" or "beside" for output "o" */
	COMMIT = 'c',
	ROLLBACK = 'r',
	COUNT_QUEUED = 'n',
	DELETE_FIRST = 'd',
	OPEN_OWN = 'O', /* the holder's pid is left out */
	CLOSE = 'C',
	CHECKPOINT = 'k',
};

static int
delete_first(struct store *s)
{
	struct store_batch b;
	struct buf events;

	buf_init(&events, STORE_TEST_BUF);
	int rc = store_test_first(s, &b, &events);
	buf_free(&events);
	return rc < 0 ? rc : store_batch_delete(s, b.id, &store_test_err);
}

static int
put(struct store *s, const char *key)
{
	const struct store_batch b = {
		.output = SLICE("o"),
		.key = slice_of(key),
		.format = SLICE("json"),
		.host = SLICE("mx1"),
		.events = slice_of(key),
		.count = strlen(key),
		.sealed_ms = 7,
	};
	int64_t id;

	return store_batch_put(s, &b, &id, &store_test_err);
}

static int
act(enum act what, const char *key)
{
	struct store_queue queue;
	int rc;

	switch (what) {
	case BEGIN:
		return store_begin(store_test, STORE_DURABLE, &store_test_err);
	case PUT:
		return put(store_test, key);
	case COMMIT:
		return store_commit(store_test, &store_test_err);
	case ROLLBACK:
		store_rollback(store_test);
		return 0;
	case COUNT_QUEUED:
		rc = store_queue_get(store_test, SLICE("o"), &queue, &store_test_err);
		return rc < 0 ? rc : (int)queue.batches;
	case DELETE_FIRST:
		return delete_first(store_test);
	case OPEN_OWN:
		return store_test_open(STORE_OWN);
	case CLOSE:
		store_test_close();
		return 0;
	case CHECKPOINT:
		return store_checkpoint(store_test, true);
	}
	return -EINVAL;
}

static void
obey(int in, int out, enum store_mode mode)
{
	char c;
	int rc = store_test_open(mode);

	while (write(out, &rc, sizeof rc) == sizeof rc && read(in, &c, 1) == 1)
		rc = act((enum act)c, "beside");
	_exit(0);
}

/* Does it answer within this time? */
static bool
answers(int ms)
{
	struct pollfd p = { .fd = other.from, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static int
answer(void)
{
	int rc = 0;

	ck_assert_msg(answers(ANSWER_MS) &&
			  read(other.from, &rc, sizeof rc) == (ssize_t)sizeof rc,
	    "the other process: got no answer in %d ms, want one", ANSWER_MS);
	return rc;
}

static void
tell(enum act what)
{
	char c = (char)what;

	ck_assert_msg(write(other.to, &c, 1) == 1, "tell: got %s", strerror(errno));
}

static int
ask(enum act what)
{
	tell(what);
	return answer();
}

/* Starts the other process; it has opened the state file, which we have not. */
static void
start(enum store_mode mode)
{
	int to[2], from[2];

	store_test_close();
	ck_assert_msg(
	    pipe(to) == 0 && pipe(from) == 0, "pipe: got %s", strerror(errno));
	other.pid = fork();
	if (other.pid == 0) {
		close(to[1]);
		close(from[0]);
		obey(to[0], from[1], mode);
	}
	close(to[0]);
	close(from[1]);
	other.to = to[1];
	other.from = from[0];
	int rc = answer();
	ck_assert_msg(rc == 0, "the other process: got %d, want it open", rc);
}

static void
end(void)
{
	close(other.to);
	close(other.from);
	int rc = store_test_wait(other.pid);
	ck_assert_msg(rc == 0, "the other process: got status %d, want 0", rc);
}

START_TEST(two_writers_see_each_others_commits)
{
	static const struct {
		bool own;
		enum act what;
		int want;
	} steps[] = {
		{ true, BEGIN, 0 },
		{ true, PUT, 0 },
		{ true, COMMIT, 0 },
		{ false, COUNT_QUEUED, 1 },
		{ false, BEGIN, 0 },
		{ false, PUT, 0 },
		{ false, COUNT_QUEUED, 2 },
		{ true, COUNT_QUEUED, 1 },
		{ true, BEGIN, -EBUSY }, /* the daemon waits only for moments */
		{ false, COMMIT, 0 },
		{ true, COUNT_QUEUED, 2 },
		{ true, BEGIN, 0 },
		{ true, PUT, 0 },
		{ true, ROLLBACK, 0 },
		{ false, COUNT_QUEUED, 2 },
		{ false, BEGIN, 0 },
		{ false, PUT, 0 },
		{ false, ROLLBACK, 0 },
		{ true, COUNT_QUEUED, 2 },
		{ true, CHECKPOINT, true },
		{ true, BEGIN, 0 },
		{ true, DELETE_FIRST, 0 },
		{ true, PUT, 0 },
		{ true, COMMIT, 0 },
		{ false, COUNT_QUEUED, 2 },
		{ false, BEGIN, 0 },
		{ false, DELETE_FIRST, 0 },
		{ false, PUT, 0 },
		{ false, PUT, 0 },
		{ false, COMMIT, 0 },
		{ true, COUNT_QUEUED, 3 },
		{ false, COUNT_QUEUED, 3 },
	};

	start(STORE_BESIDE);
	store_test_must("own", store_test_open(STORE_OWN));
	for (size_t i = 0; i < COUNT(steps); i++) {
		int got = steps[i].own ? act(steps[i].what, "own") : ask(steps[i].what);
		ck_assert_msg(got == steps[i].want,
		    "step %zu, %s %c: got %d %s, want %d", i,
		    steps[i].own ? "own" : "beside", steps[i].what, got,
		    store_test_err.text, steps[i].want);
	}
	end();
	store_test_queue("both", "own beside beside");
}
END_TEST

START_TEST(a_command_waits_for_the_daemons_transaction)
{
	start(STORE_BESIDE);
	store_test_must("own", store_test_open(STORE_OWN));
	for (int i = 0; i < 2; i++) {
		store_test_begin();
		(void)store_test_put("own", 0);
		tell(BEGIN);
		ck_assert_msg(!answers(WAITED_MS),
		    "beside: got %d within %d ms, want it to wait", answer(),
		    WAITED_MS);
		if (i == 0)
			store_test_commit();
		else
			store_rollback(store_test);
		int rc = answer();
		ck_assert_msg(rc == 0, "beside, begin: got %d, want 0", rc);
		rc = ask(PUT);
		ck_assert_msg(rc == 0, "beside, put: got %d, want 0", rc);
		rc = ask(COMMIT);
		ck_assert_msg(rc == 0, "beside, commit: got %d, want 0", rc);
	}
	end();
	store_test_queue("both", "own beside beside");
}
END_TEST

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

START_TEST(the_daemon_starts_while_a_command_writes)
{
	start(STORE_BESIDE);
	int rc = ask(BEGIN);
	ck_assert_msg(rc == 0, "beside, begin: got %d, want 0", rc);
	rc = ask(PUT);
	ck_assert_msg(rc == 0, "beside, put: got %d, want 0", rc);
	int64_t begun = now_ms();
	store_test_must("own", store_test_open(STORE_OWN));
	rc = act(BEGIN, "own");
	int64_t took = now_ms() - begun;
	ck_assert_msg(rc == -EBUSY && took < LOOP_MS,
	    "own, begin: got %d after %lld ms, want -EBUSY in under %d", rc,
	    (long long)took, LOOP_MS);
	rc = ask(COMMIT);
	ck_assert_msg(rc == 0, "beside, commit: got %d, want 0", rc);
	end();
	store_test_queue("its batch", "beside");
}
END_TEST

START_TEST(a_reader_sees_commits_and_holds_nobody_up)
{
	start(STORE_READ);
	store_test_must("own", store_test_open(STORE_OWN));
	for (int i = 0; i < 3; i++) {
		int got = ask(COUNT_QUEUED);
		ck_assert_msg(got == i, "reader: got %d batches, want %d", got, i);
		store_test_begin();
		(void)store_test_put("a", 0);
		got = ask(COUNT_QUEUED);
		ck_assert_msg(got == i, "not committed: got %d, want %d", got, i);
		store_test_commit();
		got = store_checkpoint(store_test, true);
		ck_assert_msg(got, "checkpoint: got %d, want 1", got);
	}
	end();
}
END_TEST

START_TEST(another_process_that_owns_it_is_named)
{
	start(STORE_OWN);
	long got = store_holder(store_test_path);
	ck_assert_msg(got == (long)other.pid, "store_holder: got %ld, want %ld", got,
	    (long)other.pid);
	int rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc == -EAGAIN && store_test_holder == (long)other.pid,
	    "own: got %d and pid %ld, want -EAGAIN and %ld", rc, store_test_holder,
	    (long)other.pid);
	store_test_must("beside", store_test_open(STORE_BESIDE));
	rc = act(BEGIN, "");
	ck_assert_msg(rc == 0, "beside, begin: got %d, want 0", rc);
	rc = act(COMMIT, "");
	ck_assert_msg(rc == 0, "beside, commit: got %d, want 0", rc);
	store_test_close();
	rc = ask(CLOSE);
	ck_assert_msg(rc == 0, "close: got %d, want 0", rc);
	store_test_must("after it", store_test_open(STORE_OWN));
	rc = ask(OPEN_OWN);
	ck_assert_msg(rc == -EAGAIN, "the other: got %d, want -EAGAIN", rc);
	end();
}
END_TEST

void
store_add_beside_tests(TCase *t)
{
	tcase_add_test(t, two_writers_see_each_others_commits);
	tcase_add_test(t, a_command_waits_for_the_daemons_transaction);
	tcase_add_test(t, the_daemon_starts_while_a_command_writes);
	tcase_add_test(t, a_reader_sees_commits_and_holds_nobody_up);
	tcase_add_test(t, another_process_that_owns_it_is_named);
}
