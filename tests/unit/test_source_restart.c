/*
 * test_source_restart.c - files that moved while nobody looked, and the archive: what
 * continues a known file, what is new, what is history.
 */
#include "test_source.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(a_restart_goes_on_where_it_was)
{
	source_test_start();
	source_test_write("acct.csv", "a1\na2\nhal");
	source_test_gives("before", "a1 a2");
	source_test_restart();
	source_test_gives("nothing new", "");
	source_test_append("acct.csv", "f\na4\n");
	source_test_restart();
	source_test_gives("grown while down", "a4 half");
}
END_TEST

START_TEST(a_restart_during_the_first_look_keeps_the_end)
{
	source_test.last_ns = 0;
	source_test_write("acct.csv", "a1\na2\n");
	source_test_start();
	source_test_scan(); /* and killed before anything was read */
	source_test_move("acct.csv", "acct.csv.1");
	source_test_append("acct.csv.1", "a3\n");
	source_test_write("acct.csv", "b1\n");
	source_test_restart();
	source_test_gives("rotated while down", "a3 b1");
}
END_TEST

START_TEST(rotations_while_down_lose_nothing)
{
	source_test_start();
	source_test_write("acct.csv", "a1\n");
	source_test_gives("before", "a1");
	source_test_append("acct.csv", "a2\n");
	source_test_move("acct.csv", "acct.csv.2");
	source_test_write("acct.csv", "b1\n");
	source_test_move("acct.csv", "acct.csv-20261122");
	source_test_write("acct.csv", "c1\n");
	source_test_restart();
	source_test_gives("two rotations", "a2 b1 c1");
	source_test_restart();
	source_test_gives("again", "");
}
END_TEST

START_TEST(a_copy_continues_its_file_by_key_and_marker)
{
	source_test_archive(0, "old");
	ck_assert_msg(mkdir(source_test_at("old"), 0700) == 0, "mkdir");
	source_test_start();
	source_test_write("acct.csv", "a1\na2\n");
	source_test_gives("before", "a1 a2");
	source_test_append("acct.csv", "a3\n");
	source_test_copy("acct.csv", "old/acct-moved");
	source_test_write("old/decoy", "a1\nzz\n"); /* the same key, another marker */
	source_test_age("old/decoy", 100);
	source_test_age("old/acct-moved", 100);
	ck_assert_msg(unlink(source_test_at("acct.csv")) == 0, "unlink");
	source_test_write("acct.csv", "b1\n");
	source_test_restart();
	source_test_gives("copied while down", "a3 b1");
	struct source_file *f = source_test_file("old/acct-moved");
	ck_assert_msg(
	    f && f->offset == 9 && f->dirty, "want the copy at 9, to be stored");
	source_test_restart();
	source_test_gives("again", "");
}
END_TEST

START_TEST(a_shorter_copy_continues_nothing_until_it_is_whole)
{
	source_test_archive(0, "old");
	ck_assert_msg(mkdir(source_test_at("old"), 0700) == 0, "mkdir");
	source_test_start();
	source_test_write("acct.csv", "a1\na2\na3\n");
	source_test_gives("before", "a1 a2 a3");
	ck_assert_msg(unlink(source_test_at("acct.csv")) == 0, "unlink");
	source_test_restart();
	source_test_gives("gone", "");
	source_test_write("old/copy", "a1\na2\n");
	source_test_gives("a copy in the making", "");
	source_test_append("old/copy", "a3\na4\n");
	source_test_gives("whole", "a4");
}
END_TEST

START_TEST(a_copy_of_a_file_that_is_still_there_doubles_nothing)
{
	source_test_start();
	source_test_write("acct.csv", "a1\na2\n");
	source_test_gives("before", "a1 a2");
	source_test_copy("acct.csv", "acct.csv.1");
	source_test_age("acct.csv.1", 0); /* cp and copytruncate: it is new */
	source_test_gives("the copy", "");
	source_test_write("acct.csv", "b1\n");
	source_test_gives("truncated", "b1");
	source_test_restart();
	source_test_gives("restarted", "");
}
END_TEST

START_TEST(history_is_not_read_at_the_first_look)
{
	source_test.last_ns = 0;
	source_test.o.from_start = true;
	source_test_archive(0, "old/");
	ck_assert_msg(mkdir(source_test_at("old"), 0700) == 0, "mkdir");
	source_test_write("acct.csv", "a1\n");
	source_test_write("old/one", "o1\n");
	source_test_write("old/two", "o2\n");
	source_test_age("old/one", 100);
	source_test_age("old/two", 100);
	source_test_start();
	source_test_gives("first look", "a1");
	source_test_gives("second look", "");
	source_test_restart();
	source_test_gives("after a restart", "");
	source_test_write("old/three", "o3\n");
	source_test_gives("a new one", "o3");
}
END_TEST

START_TEST(of_the_archive_what_is_newer_than_the_last_scan_is_read)
{
	source_test_archive(0, "old");
	ck_assert_msg(mkdir(source_test_at("old"), 0700) == 0, "mkdir");
	source_test_start();
	source_test_gives("nothing", "");
	source_test_write("old/new", "n1\n");
	source_test_write("old/restored", "r1\n");
	source_test_age("old/restored", 3600);
	source_test_gives("archive", "n1");
	source_test_gives("again", "");
}
END_TEST

START_TEST(a_file_moved_into_the_archive_and_one_made_there)
{
	source_test_archive(0, "old");
	ck_assert_msg(mkdir(source_test_at("old"), 0700) == 0, "mkdir");
	source_test_start();
	source_test_write("acct.csv", "a1\n");
	source_test_gives("before", "a1");
	source_test_append("acct.csv", "a2\n");
	source_test_move("acct.csv", "old/acct.csv");
	source_test_write("acct.csv", "b1\n");
	source_test_move("acct.csv", "old/b.csv");
	source_test_gives("moved", "a2 b1");
	ck_assert_msg(!source_test_file("acct.csv"), "want no acct.csv");
}
END_TEST

START_TEST(packed_files_are_passed_over)
{
	source_test_start();
	source_test_gives("nothing", "");
	source_test_write("acct.csv.1.gz", "x\n");
	source_test_write("acct.csv.2.zst", "x\n");
	source_test_write("acct.csv.3", "y\n");
	source_test_gives("packed", "y");
}
END_TEST

START_TEST(a_file_by_two_names_is_one)
{
	source_test_path(1, "link.csv");
	source_test_start();
	source_test_write("acct.csv", "a1\n");
	ck_assert_msg(
	    link(source_test_at("acct.csv"), source_test_at("link.csv")) == 0, "link");
	ck_assert_msg(
	    symlink("acct.csv", source_test_at("acct.csv.now")) == 0, "symlink");
	source_test_gives("two names", "a1");
}
END_TEST

START_TEST(the_watch_asks_for_what_changed)
{
	bool scan, look;

	source_test_start();
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(scan, "a new source: want a scan");
	source_test_gives("nothing", "");
	source_test_write("acct.csv", "a1\n");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(scan, "a new file: want a scan");
	source_test_gives("there", "a1");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	source_test_append("acct.csv", "a2\n");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(
	    !scan && look, "grown: got scan %d look %d, want a look", scan, look);
	source_test_write("foreign.txt", "x\n");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(
	    !scan && !look, "a foreign file: got %d %d, want nothing", scan, look);
	source_test_move("acct.csv", "acct.csv.1");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(scan, "renamed: want a scan");
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(!scan && !look, "asked twice: want nothing");
}
END_TEST

void
source_add_restart_tests(TCase *t)
{
	tcase_add_test(t, a_restart_goes_on_where_it_was);
	tcase_add_test(t, a_restart_during_the_first_look_keeps_the_end);
	tcase_add_test(t, rotations_while_down_lose_nothing);
	tcase_add_test(t, a_copy_continues_its_file_by_key_and_marker);
	tcase_add_test(t, a_shorter_copy_continues_nothing_until_it_is_whole);
	tcase_add_test(t, a_copy_of_a_file_that_is_still_there_doubles_nothing);
	tcase_add_test(t, history_is_not_read_at_the_first_look);
	tcase_add_test(t, of_the_archive_what_is_newer_than_the_last_scan_is_read);
	tcase_add_test(t, a_file_moved_into_the_archive_and_one_made_there);
	tcase_add_test(t, packed_files_are_passed_over);
	tcase_add_test(t, a_file_by_two_names_is_one);
	tcase_add_test(t, the_watch_asks_for_what_changed);
}
