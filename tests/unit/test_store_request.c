/*
 * test_store_request.c - what commands and the daemon tell each other through the state
 * file: requests, the wake file, the place of a replay; and the events counted.
 */
#include "test_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
see_request(void *arg, struct slice what, struct slice output)
{
	char *text = arg;
	size_t n = strlen(text);

	(void)snprintf(text + n, 256 - n, "%.*s(%.*s) ", (int)what.n, what.p,
	    (int)output.n, output.p);
}

static void
is_taken(const char *name, int want_n, const char *want)
{
	char got[256] = "";
	int n = store_requests_take(store_test, see_request, got, &store_test_err);

	ck_assert_msg(n == want_n && !strcmp(got, want),
	    "%s: got %d \"%s\", want %d \"%s\"", name, n, got, want_n, want);
}

START_TEST(a_request_is_taken_once)
{
	static const struct {
		const char *what, *output;
	} requests[] = { { "hurry", "o" }, { "drop", "" }, { "hurry", "o" },
		{ "", "p" } };
	struct store *beside;

	is_taken("none", 0, "");
	store_test_must("beside", store_test_open_as(STORE_BESIDE, &beside));
	store_test_must("begin", store_begin(beside, STORE_DURABLE, &store_test_err));
	for (size_t i = 0; i < COUNT(requests); i++)
		store_test_must(
		    "put", store_request_put(beside, slice_of(requests[i].what),
			       slice_of(requests[i].output), &store_test_err));
	int rc = store_requests_take(
	    store_test, see_request, (char[256]){ "" }, &store_test_err);
	ck_assert_msg(rc == -EBUSY, "while it is put: got %d, want -EBUSY", rc);
	store_test_must("commit", store_commit(beside, &store_test_err));
	is_taken("all", 4, "hurry(o) drop() hurry(o) (p) ");
	is_taken("again", 0, "");
	store_test_reopen();
	is_taken("after a restart", 0, "");
	/* one that was put without a transaction of its own is one */
	store_test_must("put",
	    store_request_put(beside, SLICE("redact"), SLICE("o"), &store_test_err));
	store_close(beside);
	is_taken("the last", 1, "redact(o) ");
	store_test_begin();
	(void)store_test_put("a", 0);
	store_test_commit(); /* no transaction was left open */
	store_test_queue("after requests", "a");
}
END_TEST

START_TEST(requests_in_a_transaction_are_refused_and_kept)
{
	store_test_must("put",
	    store_request_put(store_test, SLICE("hurry"), SLICE("o"), &store_test_err));
	store_test_begin();
	int rc = store_requests_take(
	    store_test, see_request, (char[256]){ "" }, &store_test_err);
	ck_assert_msg(rc < 0, "in a transaction: got %d, want an error", rc);
	store_test_commit();
	is_taken("after it", 1, "hurry(o) ");
}
END_TEST

START_TEST(a_wake_touches_its_file)
{
	static const struct timespec old[2] = { { .tv_sec = 1000 },
		{ .tv_sec = 1000 } };
	char name[sizeof store_test_path + 8];
	struct stat st;

	int rc = store_wake_path(store_test_path, name, sizeof name);
	ck_assert_msg(rc == 0 && !strcmp(name, store_test_file(".wake")),
	    "path: got %d %s, want %s", rc, name, store_test_file(".wake"));
	for (int i = 0; i < 2; i++) {
		store_test_must("wake", store_wake(store_test_path, &store_test_err));
		ck_assert_msg(stat(name, &st) == 0 && st.st_mtim.tv_sec > 1000000000 &&
				  st.st_size == 0,
		    "%s: got time %lld, want now", name, (long long)st.st_mtim.tv_sec);
		ck_assert_msg(utimensat(AT_FDCWD, name, old, 0) == 0,
		    "utimensat: got %s", strerror(errno));
	}
	size_t n = strlen(name);
	rc = store_wake_path(store_test_path, name, n);
	ck_assert_msg(rc == -ENAMETOOLONG, "a byte too short: got %d", rc);
	rc = store_wake_path(store_test_path, name, n + 1);
	ck_assert_msg(rc == 0, "just long enough: got %d, want 0", rc);
	(void)snprintf(name, sizeof name, "%s/x", store_test_path);
	rc = store_wake(name, &store_test_err);
	ck_assert_msg(rc == -ENOTDIR && strstr(store_test_err.text, name),
	    "below a file: got %d \"%s\", want -ENOTDIR and the path", rc,
	    store_test_err.text);
}
END_TEST

START_TEST(a_wake_with_a_path_too_long_is_told)
{
	static char name[5000];

	memset(name, 'x', sizeof name - 1);
	int rc = store_wake(name, &store_test_err);
	ck_assert_msg(rc == -ENAMETOOLONG && store_test_err.text[0],
	    "got %d, want -ENAMETOOLONG", rc);
}
END_TEST

START_TEST(the_place_of_a_replay_is_kept)
{
	static const struct {
		const char *what;
		uint64_t put; /* 0: not put */
		uint64_t want;
	} steps[] = {
		{ "a", 0, 0 },
		{ "a", 100, 100 },
		{ "b", 0, 0 },
		{ "b", UINT64_C(1) << 62, UINT64_C(1) << 62 },
		{ "a", 50, 50 }, /* --again */
		{ "a", 0, 50 },
		{ "b", 0, UINT64_C(1) << 62 },
	};

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct hash128 what = hash_of(slice_of(steps[i].what));
		uint64_t got = 99;
		store_test_begin();
		if (steps[i].put)
			store_test_must("put", store_replay_put(store_test, what,
						   steps[i].put, 7, &store_test_err));
		store_test_commit();
		store_test_reopen();
		store_test_must(
		    "get", store_replay_get(store_test, what, &got, &store_test_err));
		ck_assert_msg(got == steps[i].want, "step %zu: got %llu, want %llu", i,
		    (unsigned long long)got, (unsigned long long)steps[i].want);
	}
	store_test_is("SELECT count(*) FROM replay WHERE at_ms = 7", 2);
}
END_TEST

/* --- events counted -------------------------------------------------------------- */

enum { HOUR = 3600 * 1000 / STORE_TALLY_MS, DAY = 24 * HOUR, NOW = 30000000 };

static void
put(const char *source, int64_t slot, const char *type, const char *class, uint64_t n)
{
	const struct store_tally t = { slice_of(source), slot, slice_of(type),
		slice_of(class), n };

	store_test_must("add", store_tally_add(store_test, &t, &store_test_err));
}

static void
add(const char *source, int64_t slot, const char *type, const char *class, uint64_t n)
{
	store_test_begin();
	put(source, slot, type, class, n);
	store_test_commit();
}

static int
see_tally(void *arg, const struct store_tally *t)
{
	char *text = arg;
	size_t n = strlen(text);

	(void)snprintf(text + n, 256 - n, "%.*s/%.*s/%.*s=%llu ", (int)t->source.n,
	    t->source.p, (int)t->type.n, t->type.p, (int)t->class.n, t->class.p,
	    (unsigned long long)t->n);
	return strstr(text, "stop") ? -EINTR : 0;
}

static void
is_tally(const char *name, int64_t slot, const char *want)
{
	char got[256] = "";
	int rc = store_tally_each(store_test, slot, see_tally, got, &store_test_err);

	ck_assert_msg(rc == 0 && !strcmp(got, want),
	    "%s, from %lld: got %d \"%s\", want \"%s\"", name, (long long)slot, rc, got,
	    want);
}

START_TEST(events_are_counted_in_slots)
{
	is_tally("none", 0, "");
	add("s", NOW, "bounce", "hard", 3);
	add("s", NOW, "bounce", "soft", 1);
	add("s", NOW, "bounce", "hard", 4);
	add("s", NOW, "delivery", NULL, 9);
	add("r", NOW, "bounce", "hard", 1);
	add("s", NOW + 1, "bounce", "hard", UINT64_C(1) << 40);
	add("s", NOW + 1, "delivery", "", 1);
	store_test_reopen();
	is_tally("both slots", NOW,
	    "r/bounce/hard=1 s/bounce/hard=1099511627783 s/bounce/soft=1"
	    " s/delivery/=10 ");
	is_tally("the second", NOW + 1, "s/bounce/hard=1099511627776 s/delivery/=1 ");
	is_tally("later", NOW + 2, "");
}
END_TEST

START_TEST(slots_older_than_a_day_are_forgotten)
{
	store_test_begin();
	for (int64_t i = 0; i <= DAY; i++)
		put("s", NOW + i, "bounce", "hard", 1);
	store_test_commit();
	is_tally("a day", 0, "s/bounce/hard=1441 ");
	is_tally("an hour", NOW + DAY - HOUR + 1, "s/bounce/hard=60 ");
	add("s", NOW + DAY + 1, "bounce", "hard", 1);
	store_test_is("SELECT count(*) FROM tally", DAY + 1);
	store_test_is("SELECT min(slot) FROM tally", NOW + 1);
	add("t", NOW + 3 * DAY, "bounce", "hard", 1);
	is_tally("days later", 0, "t/bounce/hard=1 ");
	store_test_reopen();
	add("t", NOW, "bounce", "hard", 1); /* the clock was set back */
	is_tally("back", 0, "t/bounce/hard=2 ");
	add("t", NOW + 3 * DAY, "bounce", "hard", 1);
	is_tally("and forth", 0, "t/bounce/hard=2 ");
}
END_TEST

START_TEST(a_rollback_takes_counts_back)
{
	const struct store_tally t = { SLICE("s"), NOW, SLICE("bounce"), SLICE("hard"),
		5 };
	char text[256] = "stop";

	add("s", NOW - 2 * DAY, "bounce", "hard", 1);
	store_test_begin();
	store_test_must("add", store_tally_add(store_test, &t, &store_test_err));
	store_rollback(store_test);
	is_tally("rolled back", 0, "s/bounce/hard=1 ");
	add("s", NOW, "bounce", "hard", 5);
	add("s", NOW + 1, "bounce", "hard", 5);
	is_tally("added again", 0, "s/bounce/hard=10 ");
	int rc = store_tally_each(store_test, 0, see_tally, text, &store_test_err);
	ck_assert_msg(rc == -EINTR, "a callback that fails: got %d, want -EINTR", rc);
}
END_TEST

void
store_add_request_tests(TCase *t)
{
	tcase_add_test(t, a_request_is_taken_once);
	tcase_add_test(t, requests_in_a_transaction_are_refused_and_kept);
	tcase_add_test(t, a_wake_touches_its_file);
	tcase_add_test(t, a_wake_with_a_path_too_long_is_told);
	tcase_add_test(t, the_place_of_a_replay_is_kept);
	tcase_add_test(t, events_are_counted_in_slots);
	tcase_add_test(t, slots_older_than_a_day_are_forgotten);
	tcase_add_test(t, a_rollback_takes_counts_back);
}
