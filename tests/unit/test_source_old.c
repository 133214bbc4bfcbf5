/*
 * test_source_old.c - files that are not read: those that ignore_older passes over, and
 * the history of the archive.
 */
#include "test_source.h"

#include <unistd.h>

enum { DAY = 24 * 3600 };

START_TEST(an_old_file_that_is_new_to_us_is_ignored_until_it_is_written_to)
{
	source_test.o.older_ns = (int64_t)7 * DAY * 1000000000;
	source_test_path(1, "late.csv");
	source_test_start();
	source_test_write("acct.csv", "a1\na2\n");
	source_test_write("late.csv", "l1\n");
	source_test_age("acct.csv", 8 * DAY);
	source_test_age("late.csv", 6 * DAY);
	source_test_gives("one is old", "l1");
	source_test_gives("looked at again", "");
	source_test_append("acct.csv", "a3\n");
	source_test_gives("written to", "a1 a2 a3");
}
END_TEST

START_TEST(a_known_file_is_read_however_old_it_is)
{
	source_test.o.older_ns = (int64_t)7 * DAY * 1000000000;
	source_test_write("acct.csv", "a1\n");
	source_test_start();
	source_test_gives("new", "a1");
	source_test_append("acct.csv", "a2\n");
	source_test_age("acct.csv", 30 * DAY);
	source_test_restart();
	source_test_gives("written while we were away", "a2");
	source_test_append("acct.csv", "a3\n");
	source_test_copy("acct.csv", "acct.csv.1");
	source_test_age("acct.csv.1", 30 * DAY);
	ck_assert(unlink(source_test_at("acct.csv")) == 0);
	source_test_restart();
	source_test_gives("rotated to another inode meanwhile", "a3");
}
END_TEST

START_TEST(ignore_older_leaves_the_first_look_to_start)
{
	source_test.o.older_ns = (int64_t)7 * DAY * 1000000000;
	source_test.last_ns = 0;
	source_test_write("acct.csv", "a1\n");
	source_test_age("acct.csv", 30 * DAY);
	source_test_start();
	source_test_gives("start: end", "");
	source_test_restart();
	source_test_append("acct.csv", "a2\n");
	source_test_gives("nothing of before start", "a2");
}
END_TEST

START_TEST(ignore_older_counts_at_the_first_look_where_all_is_wanted)
{
	source_test.o.older_ns = (int64_t)7 * DAY * 1000000000;
	source_test.o.from_start = true;
	source_test.last_ns = 0;
	source_test_path(1, "late.csv");
	source_test_write("acct.csv", "a1\n");
	source_test_age("acct.csv", 30 * DAY);
	source_test_write("late.csv", "l1\n");
	source_test_start();
	source_test_gives("first look", "l1");
	source_test_move("acct.csv", "acct.csv.1");
	source_test_gives("rotated unread", "");
}
END_TEST

START_TEST(history_is_no_known_file_until_it_is_written_to_or_comes_back)
{
	source_test.last_ns = 0;
	source_test.o.from_start = true;
	source_test_path(1, "back.csv");
	source_test_write("acct.csv.1", "h1\n");
	source_test_write("acct.csv.2", "i1\n");
	source_test_age("acct.csv.1", DAY);
	source_test_age("acct.csv.2", DAY);
	source_test_write("acct.csv", "a1\n");
	source_test_start();
	source_test_gives("first look", "a1");
	ck_assert_int_eq(source_count(source_test.source), 1);
	source_test_gives("again", "");
	source_test_append("acct.csv.1", "h2\n");
	source_test_gives("written to", "h1 h2");
	source_test_move("acct.csv.2", "back.csv");
	source_test_gives("moved to a path, its mtime kept", "i1");
	ck_assert_int_eq(source_count(source_test.source), 3);
}
END_TEST

START_TEST(a_doomed_file_of_the_archive_is_not_read_again)
{
	source_test_start();
	source_test_write("acct.csv", "a1\n");
	source_test_gives("new", "a1");
	source_test_move("acct.csv", "acct.csv.1");
	source_test_age("acct.csv.1", 100);
	source_test_gives("rotated", "");
	source_close(source_test.source, source_test_file("acct.csv.1"));
	source_test_scan();
	source_test_file("acct.csv.1")->doomed = true;
	source_sweep(source_test.source);
	ck_assert_int_eq(source_count(source_test.source), 0);
	source_test_gives("forgotten", "");
	ck_assert_int_eq(source_count(source_test.source), 0);
}
END_TEST

void
source_add_old_tests(TCase *t)
{
	tcase_add_test(
	    t, an_old_file_that_is_new_to_us_is_ignored_until_it_is_written_to);
	tcase_add_test(t, a_known_file_is_read_however_old_it_is);
	tcase_add_test(t, ignore_older_leaves_the_first_look_to_start);
	tcase_add_test(t, ignore_older_counts_at_the_first_look_where_all_is_wanted);
	tcase_add_test(
	    t, history_is_no_known_file_until_it_is_written_to_or_comes_back);
	tcase_add_test(t, a_doomed_file_of_the_archive_is_not_read_again);
}
