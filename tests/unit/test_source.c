/*
 * test_source.c - files that are followed while they grow, rotate, shrink and vanish.
 */
#include "test_source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *suite_source(void);

START_TEST(a_first_look_begins_at_the_end)
{
	source_test.last_ns = 0;
	source_test_write("acct.csv", "a1\na2\nhal");
	source_test_start();
	source_test_gives("first look", "");
	source_test_append("acct.csv", "f\na4\n");
	source_test_gives("later", "a4 half");
}
END_TEST

START_TEST(the_files_of_a_first_look_keep_the_start_time)
{
	source_test.last_ns = 0;
	source_test.o.start_ms = 77;
	source_test_write("acct.csv", "a1\n");
	source_test_start();
	source_test_gives("first look", "");
	source_test_move("acct.csv", "acct.csv.1");
	source_test_write("acct.csv", "b1\n");
	source_test_gives("rotated", "b1");
	const struct source_file *old = source_test_file("acct.csv.1");
	const struct source_file *new = source_test_file("acct.csv");
	ck_assert_msg(old->start_ms == 77 && old->skip == 3,
	    "there before: got start %lld, skip %llu, want 77 and 3",
	    (long long)old->start_ms, (unsigned long long)old->skip);
	ck_assert_msg(new->start_ms == 0 && new->skip == 0,
	    "new: got start %lld, skip %llu, want 0 and 0", (long long)new->start_ms,
	    (unsigned long long)new->skip);
}
END_TEST

START_TEST(a_first_look_begins_at_the_beginning)
{
	source_test.last_ns = 0;
	source_test.o.from_start = true;
	source_test_write("acct.csv", "a1\na2\nhal");
	source_test_start();
	source_test_gives("first look", "a1 a2");
	source_test_append("acct.csv", "f\n");
	source_test_gives("later", "half");
}
END_TEST

START_TEST(a_file_that_appears_later_is_read_from_its_beginning)
{
	source_test.last_ns = 0;
	source_test_start();
	source_test_gives("nothing there", "");
	source_test_write("acct.csv", "a1\n");
	source_test_age("acct.csv", 100000); /* whatever its time */
	source_test_gives("there", "a1");
}
END_TEST

START_TEST(what_is_appended_is_read_once)
{
	source_test_start();
	source_test_write("acct.csv", "");
	source_test_gives("empty", "");
	source_test_append("acct.csv", "a1\n");
	source_test_gives("one", "a1");
	source_test_gives("again", "");
	source_test_append("acct.csv", "a2\na");
	source_test_gives("two", "a2");
	source_test_append("acct.csv", "3\n");
	source_look(source_test.source, source_test.now_ms);
	source_test_read();
	ck_assert_msg(slice_eq(buf_slice(&source_test.got), SLICE("a3\n")),
	    "a look: got \"%.*s\", want a3", (int)source_test.got.n, source_test.got.p);
}
END_TEST

START_TEST(a_renamed_file_is_read_to_its_end)
{
	source_test_start();
	source_test_write("acct.csv", "a1\n");
	source_test_gives("before", "a1");
	source_test_move("acct.csv", "acct.csv.1");
	source_test_append("acct.csv.1", "a2\n");
	source_test_write("acct.csv", "b1\n");
	source_test_gives("rotated", "a2 b1");
	source_test_append("acct.csv.1", "a3\n");
	source_test_append("acct.csv", "b2\n");
	source_test_gives("a late writer", "a3 b2");
	ck_assert_msg(
	    !source_test_file("acct.csv.1")->live && source_test_file("acct.csv")->live,
	    "live: want acct.csv alone");
}
END_TEST

START_TEST(thirty_rotations_between_two_scans_lose_nothing)
{
	char name[32], text[32], want[512] = "a1";
	size_t n = 2;

	source_test_start();
	source_test_write("acct.csv", "a0\n");
	source_test_gives("before", "a0");
	source_test_append("acct.csv", "a1\n");
	for (int i = 30; i > 0; i--) {
		(void)snprintf(name, sizeof name, "acct.csv.%d", i);
		source_test_move("acct.csv", name);
		(void)snprintf(text, sizeof text, "r%02d\n", 31 - i);
		source_test_write("acct.csv", text);
		n += (size_t)snprintf(want + n, sizeof want - n, " r%02d", 31 - i);
	}
	source_test_gives("thirty", want);
	source_test_gives("again", "");
}
END_TEST

START_TEST(a_truncated_file_begins_anew)
{
	source_test_start();
	source_test_write("acct.csv", "a1\na2\na3\n");
	source_test_gives("before", "a1 a2 a3");
	source_test_write("acct.csv", "b1\n");
	source_test_gives("truncated", "b1");
	source_test_append("acct.csv", "b2\n");
	source_test_gives("it goes on", "b2");
	source_test_write("acct.csv", "");
	source_test_gives("emptied", "");
	source_test_append("acct.csv", "c1\n");
	source_test_gives("and filled", "c1");
	source_test_restart();
	source_test_write("acct.csv", "d\n");
	source_test_gives("truncated while down", "d");
}
END_TEST

START_TEST(copytruncate_doubles_nothing)
{
	source_test_start();
	source_test_write("acct.csv", "a1\na2\n");
	source_test_gives("before", "a1 a2");
	source_test_append("acct.csv", "a3\n");
	source_test_copy("acct.csv", "acct.csv.1");
	source_test_age("acct.csv.1", 0);
	source_test_write("acct.csv", "b1\n");
	source_test_gives("copied and truncated between two looks", "a3 b1");
}
END_TEST

START_TEST(a_torn_tail_that_is_cut_off_doubles_nothing)
{
	source_test_start();
	source_test_write("acct.csv", "a1\na2\ntorn");
	source_test_gives("before", "a1 a2");
	struct source_file *f = source_test_file("acct.csv");
	f->read = 10; /* the reader holds the torn bytes */
	ck_assert_msg(truncate(source_test_at("acct.csv"), 6) == 0, "truncate");
	source_test_append("acct.csv", "b\n");
	source_test_gives("cut off and gone on", "b");
}
END_TEST

START_TEST(a_deleted_file_is_read_to_its_end)
{
	source_test_start();
	source_test_write("acct.csv", "a1\n");
	source_test_gives("before", "a1");
	source_test_append("acct.csv", "a2\n");
	ck_assert_msg(unlink(source_test_at("acct.csv")) == 0, "unlink");
	source_test_gives("deleted", "a2");
	ck_assert_msg(source_deadline(source_test.source, 5) < INT64_MAX,
	    "deadline: want a look at the deleted file");
	source_test_write("acct.csv", "b1\n");
	source_test_gives("another one", "b1");
	source_test.now_ms += SOURCE_GRACE_MS + 1;
	source_test_gives("after its grace time", "");
	ck_assert_msg(source_deadline(source_test.source, 5) == INT64_MAX,
	    "deadline after its grace time: want none");
	for (struct source_file *f = source_files(source_test.source); f; f = f->next)
		ck_assert_msg(f->present == (f->fd >= 0), "%s: got fd %d, want %s",
		    f->path, f->fd, f->present ? "one" : "none");
}
END_TEST

START_TEST(a_reused_inode_is_another_file)
{
	struct stat a, b;

	source_test_start();
	source_test_write("acct.csv", "a1\na2\n");
	source_test_gives("before", "a1 a2");
	source_test.now_ms += SOURCE_GRACE_MS + 1;
	struct source_file *f = source_test_file("acct.csv");
	/* as after a restart: nothing is open, the inode comes back */
	ck_assert_msg(stat(source_test_at("acct.csv"), &a) == 0, "stat");
	source_test_restart();
	source_test_write("acct.csv", "b1\nb2\nb3\n");
	ck_assert_msg(stat(source_test_at("acct.csv"), &b) == 0 && a.st_ino == b.st_ino,
	    "want the same inode");
	source_test_gives("another beginning", "b1 b2 b3");
	source_test_restart();
	source_test_write("acct.csv", "b1\nb2\nbX\nb4\n");
	source_test_gives("another marker", "b1 b2 b4 bX");
	f = source_test_file("acct.csv");
	ck_assert_msg(f && f->offset == 12, "want the file at its end");
}
END_TEST

START_TEST(two_files_with_the_same_first_record_are_two)
{
	source_test_path(1, "other.csv");
	source_test_start();
	source_test_write("acct.csv", "x\na1\n");
	source_test_write("other.csv", "x\nb1\n");
	source_test_gives("both", "a1 b1 x x");
	source_test_move("acct.csv", "acct.csv.1");
	source_test_write("acct.csv", "x\n");
	source_test_append("other.csv", "b2\n");
	source_test_gives("a third", "b2 x");
	source_test_restart();
	source_test_append("acct.csv", "c1\n");
	source_test_append("acct.csv.1", "a2\n");
	source_test_append("other.csv", "b3\n");
	source_test_gives("restarted", "a2 b3 c1");
}
END_TEST

/* Root reads files of any mode: another user from here on. */
static bool
become_nobody(void)
{
	enum { NOBODY = 65534 };

	if (geteuid() != 0)
		return true;
	return chown(source_test_at("."), NOBODY, NOBODY) == 0 && seteuid(NOBODY) == 0;
}

START_TEST(a_file_that_cannot_be_read_is_read_when_it_can)
{
	uid_t us = geteuid();

	if (!become_nobody()) {
		(void)fputs("skipped: root reads files of any mode\n", stderr);
		return;
	}
	source_test_start();
	source_test_write("acct.csv", "a1\n");
	ck_assert_msg(chmod(source_test_at("acct.csv"), 0) == 0, "chmod");
	source_test_gives("mode 0", "");
	struct source_file *f = source_test_file("acct.csv");
	ck_assert_msg(
	    f && f->error == EACCES, "error: got %d, want EACCES", f ? f->error : -1);
	source_test_gives("at rest", "");
	ck_assert_msg(chmod(source_test_at("acct.csv"), 0600) == 0, "chmod");
	source_watch_take(source_test.watch);
	source_test_gives("mode 600", "a1");
	ck_assert_msg(f->error == 0, "error: got %d, want 0", f->error);
	(void)!seteuid(us);
}
END_TEST

START_TEST(a_directory_of_that_name_is_no_file)
{
	source_test_start();
	ck_assert_msg(mkdir(source_test_at("acct.csv"), 0700) == 0, "mkdir");
	source_test_gives("directory", "");
	ck_assert_msg(rmdir(source_test_at("acct.csv")) == 0, "rmdir");
	source_test_write("acct.csv", "a1\n");
	source_test_gives("file", "a1");
}
END_TEST

Suite *
suite_source(void)
{
	Suite *s = suite_create("source");
	TCase *t = tcase_create("source");

	tcase_add_checked_fixture(t, source_test_setup, source_test_teardown);
	tcase_add_test(t, a_first_look_begins_at_the_end);
	tcase_add_test(t, the_files_of_a_first_look_keep_the_start_time);
	tcase_add_test(t, a_first_look_begins_at_the_beginning);
	tcase_add_test(t, a_file_that_appears_later_is_read_from_its_beginning);
	tcase_add_test(t, what_is_appended_is_read_once);
	tcase_add_test(t, a_renamed_file_is_read_to_its_end);
	tcase_add_test(t, thirty_rotations_between_two_scans_lose_nothing);
	tcase_add_test(t, a_truncated_file_begins_anew);
	tcase_add_test(t, copytruncate_doubles_nothing);
	tcase_add_test(t, a_torn_tail_that_is_cut_off_doubles_nothing);
	tcase_add_test(t, a_deleted_file_is_read_to_its_end);
	tcase_add_test(t, a_reused_inode_is_another_file);
	tcase_add_test(t, two_files_with_the_same_first_record_are_two);
	tcase_add_test(t, a_file_that_cannot_be_read_is_read_when_it_can);
	tcase_add_test(t, a_directory_of_that_name_is_no_file);
	source_add_restart_tests(t);
	source_add_poll_tests(t);
	source_add_old_tests(t);
	source_add_name_tests(t);
	suite_add_tcase(s, t);
	return s;
}
