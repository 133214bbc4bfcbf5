/*
 * test_forget.c - a source that rotates more often than files are forgotten by age: the
 * table never fills up, and what has something unread stays longest.
 */
#include "test_store.h"

#include "app/app.h"
#include "app/follow_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_forget(void);

/* As follow_forget.c has them. */
enum {
	CROWDED = LIMIT_GONE,
	ENOUGH = LIMIT_GONE / 10 * 8,
	RECOUNT = LIMIT_GONE / 20,
};

static const int64_t DAY = INT64_C(24) * 3600 * 1000;

static struct source_watch *watch;
static struct config_source conf = { .name = (char *)"s" };
static struct follow_env env;
static struct follow follow;

static void
set_up(void)
{
	const char *path[] = { "/nowhere/acct.csv" };
	const struct source_options o = { .path = path, .npaths = 1 };

	store_test_setup();
	log_set_up("error", "text");
	watch = source_watch_new(&store_test_err);
	env = (struct follow_env){ .store = store_test, .watch = watch };
	follow = (struct follow){ .env = &env, .conf = &conf };
	follow.source = source_new(watch, &o);
	ck_assert(watch != NULL && follow.source != NULL);
}

static void
tear_down(void)
{
	source_free(follow.source);
	source_watch_free(watch);
	store_test_teardown();
}

/* n files that are gone, were read, and were last seen a second after one another. */
static void
add(size_t n, int64_t seen_ms)
{
	store_test_begin();
	for (size_t i = 0; i < n; i++) {
		struct source_file *s = source_add(follow.source);
		struct store_file row = { .source = SLICE("s"), .offset = 10 };
		ck_assert_msg(s != NULL, "no room for file %zu", i);
		s->seen_ms = row.seen_ms = seen_ms + (int64_t)i * 1000;
		s->offset = s->read = s->size = 10;
		store_test_must(
		    "put", store_file_put(store_test, &row, &s->id, &store_test_err));
	}
	store_test_commit();
}

static void
commit(void)
{
	store_test_begin();
	store_test_must("put", follow_put(&follow, &store_test_err));
	store_test_commit();
	follow_committed(&follow);
}

static void
holds(const char *name, size_t want)
{
	size_t got = source_count(follow.source);

	ck_assert_msg(got == want, "%s: got %zu files, want %zu", name, got, want);
	store_test_is("SELECT count(*) FROM file", (long long)want);
}

START_TEST(a_month_is_remembered)
{
	int64_t now = clock_wall_ms();

	add(10, now - 31 * DAY);
	add(10, now - 29 * DAY);
	source_files(follow.source)->next->present = true;
	commit();
	holds("after a month", 10);
}
END_TEST

START_TEST(what_is_there_is_not_forgotten)
{
	add(3, clock_wall_ms() - 31 * DAY);
	source_files(follow.source)->present = true;
	commit();
	holds("one is present", 1);
	ck_assert(source_files(follow.source)->present);
}
END_TEST

START_TEST(too_many_make_room_by_age)
{
	int64_t now = clock_wall_ms();

	add(CROWDED, now - 20 * DAY);
	commit();
	holds("not crowded yet", CROWDED);
	add(RECOUNT - 1, now - 2 * DAY);
	commit();
	holds("not counted again yet", CROWDED + RECOUNT - 1);
	add(1, now - 2 * DAY);
	commit();
	holds("crowded", ENOUGH);
	store_test_is("SELECT count(*) FROM file WHERE seen_ms < (SELECT max(seen_ms)"
		      " FROM file) - 2 * 24 * 3600 * 1000",
	    ENOUGH - RECOUNT);
	/* the earliest ones went */
	char sql[128];
	(void)snprintf(sql, sizeof sql,
	    "SELECT count(*) FROM file WHERE seen_ms <= %lld",
	    (long long)(now - 20 * DAY +
			(CROWDED + RECOUNT - ENOUGH - 1) * INT64_C(1000)));
	store_test_is(sql, 0);
	ck_assert_msg(follow.told_crowded, "it was not told");
	add(5, now);
	commit();
	holds("room again", ENOUGH + 5);
}
END_TEST

START_TEST(what_is_there_or_unread_stays_longest)
{
	size_t n = 0;

	add(CROWDED + 100, clock_wall_ms() - 20 * DAY);
	/* of the earliest ones: half is there, some has something unread */
	for (struct source_file *s = source_files(follow.source); s; s = s->next, n++) {
		if (n < CROWDED)
			continue;
		s->present = n % 2 == 0;
		s->size = 20;
	}
	commit();
	holds("crowded", ENOUGH + 50);
	n = 0;
	for (struct source_file *s = source_files(follow.source); s; s = s->next)
		n += s->size == 20;
	ck_assert_msg(n == 100, "got %zu of them, want 100", n);
}
END_TEST

START_TEST(a_commit_that_fails_forgets_nothing)
{
	add(10, clock_wall_ms() - 31 * DAY);
	store_test_begin();
	store_test_must("put", follow_put(&follow, &store_test_err));
	store_rollback(store_test);
	holds("rolled back", 10);
	source_files(follow.source)->present = true; /* it came back meanwhile */
	commit();
	holds("the next commit", 1);
}
END_TEST

START_TEST(where_all_are_there_none_is_forgotten_and_it_costs_nothing)
{
	add(CROWDED + 1, clock_wall_ms());
	for (struct source_file *s = source_files(follow.source); s; s = s->next)
		s->present = true;
	commit();
	holds("all are there", CROWDED + 1);
	ck_assert_msg(follow.counted == CROWDED + 1 && !follow.told_crowded,
	    "counted again at once");
}
END_TEST

Suite *
suite_forget(void)
{
	Suite *s = suite_create("forget");
	TCase *t = tcase_create("forget");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_month_is_remembered);
	tcase_add_test(t, what_is_there_is_not_forgotten);
	tcase_add_test(t, too_many_make_room_by_age);
	tcase_add_test(t, what_is_there_or_unread_stays_longest);
	tcase_add_test(t, a_commit_that_fails_forgets_nothing);
	tcase_add_test(t, where_all_are_there_none_is_forgotten_and_it_costs_nothing);
	suite_add_tcase(s, t);
	return s;
}
