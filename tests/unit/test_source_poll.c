/*
 * test_source_poll.c - a source that is polled, and files that rest after a failure: by
 * the clock alone.
 */
#include "test_source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How many directories this process watches. */
static int
count_watches(void)
{
	char path[64], line[256];
	int n = 0;

	(void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d",
	    source_watch_fd(source_test.watch));
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		n += !strncmp(line, "inotify wd:", 11);
	if (f)
		(void)fclose(f);
	return n;
}

static void
is_asked(const char *name, int64_t now_ms, bool want_scan, bool want_look)
{
	bool scan, look;

	source_asked(source_test.source, now_ms, &scan, &look);
	ck_assert_msg(scan == want_scan && look == want_look,
	    "%s: got scan %d look %d, want %d %d", name, scan, look, want_scan,
	    want_look);
}

START_TEST(a_polled_source_is_asked_by_the_clock)
{
	source_test.o.poll_ms = 200;
	source_test_start();
	is_asked("at first", 1000, true, true);
	source_test_write("acct.csv", "a1\n");
	source_test_gives("at first", "a1");
	is_asked("before the interval", 1199, false, false);
	int64_t at = source_deadline(source_test.source, 1199);
	ck_assert_msg(at == 1200, "deadline: got %lld, want 1200", (long long)at);
	is_asked("at the interval", 1200, true, true);
	is_asked("behind it", 1201, false, false);
	ck_assert_msg(
	    count_watches() == 0, "watches: got %d, want none", count_watches());
}
END_TEST

START_TEST(a_source_that_is_not_polled_is_watched)
{
	source_test_start();
	is_asked("at first", 1000, true, false);
	source_test_scan();
	ck_assert_msg(count_watches() >= 2, "watches: got %d, want those of %s",
	    count_watches(), source_test_at("."));
	is_asked("behind it", 100000, false, false);
	source_test_write("acct.csv", "a1\n");
	source_watch_take(source_test.watch);
	is_asked("made", 100000, true, false);
	source_test_gives("made", "a1");
	source_test_append("acct.csv", "a2\n");
	source_watch_take(source_test.watch);
	is_asked("appended to", 100000, false, true);
	source_test_gives("appended to", "a2");
	source_free(source_test.source);
	ck_assert_msg(
	    count_watches() == 0, "watches: got %d, want none", count_watches());
	source_test.source = NULL;
}
END_TEST

START_TEST(a_file_that_fails_rests_longer_each_time)
{
	static const int64_t rest[] = { 500, 1000, 2000, 4000, 8000, 16000, 30000,
		30000 };
	int64_t now = 1000;

	source_test_start();
	is_asked("at first", now, true, false);
	source_test_write("acct.csv", "a1\n");
	source_test_gives("at first", "a1");
	source_test_append("acct.csv", "a2\n");
	struct source_file *f = source_test_file("acct.csv");
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
		f->error = EIO;
		source_fail(source_test.source, f, now);
		ck_assert_msg(f->fd < 0, "failure %zu: want it closed", i);
		is_asked("at rest", now + rest[i] - 1, false, false);
		source_test_gives("at rest", "");
		int64_t at = source_deadline(source_test.source, now);
		ck_assert_msg(at == now + rest[i], "failure %zu: rest %lld, want %lld",
		    i, (long long)(at - now), (long long)rest[i]);
		now += rest[i];
		is_asked("rested", now, true, false);
	}
	source_test_gives("tried again", "a2");
	ck_assert_msg(f->failures == 0, "failures: got %u, want 0", f->failures);
}
END_TEST

START_TEST(a_file_without_a_name_stays_open_when_it_fails)
{
	source_test_start();
	is_asked("at first", 1000, true, false);
	source_test_write("acct.csv", "a1\n");
	source_test_gives("at first", "a1");
	source_test_append("acct.csv", "a2\n");
	struct source_file *f = source_test_file("acct.csv");
	ck_assert_msg(unlink(source_test_at("acct.csv")) == 0, "unlink");
	f->error = EIO;
	source_fail(source_test.source, f, 1000);
	source_test_gives("at rest", "");
	is_asked("rested", 1500, true, false);
	source_test_gives("tried again", "a2");
}
END_TEST

void
source_add_poll_tests(TCase *t)
{
	tcase_add_test(t, a_polled_source_is_asked_by_the_clock);
	tcase_add_test(t, a_source_that_is_not_polled_is_watched);
	tcase_add_test(t, a_file_that_fails_rests_longer_each_time);
	tcase_add_test(t, a_file_without_a_name_stays_open_when_it_fails);
}
