/*
 * test_source_name.c - which names belong to a source: PowerMTA's dated ones of exactly
 * their shape, globs, archives.
 */
#include "test_source.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *name;
	bool dated; /* belongs to bounces.csv with `dated` */
} names[] = {
	{ "bounces.csv", true },
	{ "bounces-2026-11-22-0001.csv", true },
	{ "bounces-2026-11-22-0000.csv", true },
	{ "bounces-2026-11-22-1.csv", true },
	{ "bounces-2026-11-22-123456.csv", true },
	{ "bounces-2026-1-1-1.csv", false },
	{ "bounces-2026-11-22-.csv", false },
	{ "bounces-2026-11-22.csv", false },
	{ "bounces-2026-11-22-0001-x.csv", false },
	{ "bounces-2026-11-22-00x1.csv", false },
	{ "bounces-t-2026-11-22-0001.csv", false },
	{ "bounces-2026-11-22-0001.csv.tmp", false },
	{ "bounces-2026-11-22-0001.csx", false },
	{ "bounces_2026-11-22-0001.csv", false },
	{ "Bounces-2026-11-22-0001.csv", false },
	{ "xbounces-2026-11-22-0001.csv", false },
	{ "bounces2026-11-22-0001.csv", false },
	{ "bounces-12026-11-22-0001.csv", false },
};

static void
write_all(void)
{
	char text[16];

	for (size_t i = 0; i < COUNT(names); i++) {
		(void)snprintf(text, sizeof text, "%c\n", (char)('a' + i));
		source_test_write(names[i].name, text);
	}
}

START_TEST(dated_names_belong_to_a_pmta_path)
{
	char want[2 * COUNT(names) + 1] = "";
	size_t n = 0;

	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i].dated)
			n += (size_t)snprintf(want + n, sizeof want - n, "%s%c",
			    n ? " " : "", (char)('a' + i));
	}
	source_test_path(0, "bounces.csv");
	source_test.o.dated = true;
	write_all();
	source_test_start();
	source_test_gives("dated", want);
	source_test_append("bounces-2026-11-22-0001.csv", "more\n");
	source_test_gives("grown", "more");
}
END_TEST

START_TEST(dated_names_belong_to_no_other_path)
{
	source_test_path(0, "bounces.csv");
	write_all();
	source_test_start();
	source_test_gives("not dated", "a");
}
END_TEST

START_TEST(a_path_without_extension_has_dated_names)
{
	source_test_path(0, "acct");
	source_test.o.dated = true;
	source_test_start();
	source_test_gives("nothing", "");
	source_test_write("acct-2026-11-22-0001", "a1\n");
	source_test_write("acct-t-2026-11-22-0001", "t1\n");
	source_test_age("acct-2026-11-22-0001", 100);
	source_test_age("acct-t-2026-11-22-0001", 100); /* PATH-*: the archive's */
	source_test_gives("acct", "a1");
}
END_TEST

START_TEST(a_dot_in_a_directory_is_no_extension)
{
	ck_assert_msg(mkdir(source_test_at("d.x"), 0700) == 0, "mkdir");
	source_test_path(0, "d.x/acct");
	source_test.o.dated = true;
	source_test_write("d.x/acct-2026-11-22-0001", "a1\n");
	source_test_start();
	source_test_gives("acct", "a1");
}
END_TEST

START_TEST(dated_names_belong_to_a_path_with_a_glob)
{
	bool scan, look;

	ck_assert_msg(mkdir(source_test_at("one"), 0700) == 0, "mkdir");
	source_test_path(0, "*/acct.csv");
	source_test.o.dated = true;
	source_test_write("one/acct.csv", "a1\n");
	source_test_start();
	source_test_gives("literal", "a1");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	source_test_write("one/acct-2026-11-22-0001.csv", "a2\n");
	source_test_write("one/acct-t-2026-11-22-0001.csv", "t1\n");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(scan, "one/acct-2026-11-22-0001.csv: want a scan");
	source_test_gives("dated", "a2");
}
END_TEST

START_TEST(a_glob_takes_what_it_matches)
{
	source_test_path(0, "mail.*");
	source_test_path(1, "acct.csv");
	source_test_write("mail.log", "m1\n");
	source_test_write("mail", "x\n");
	source_test_write("acct.csv", "a1\n");
	source_test_start();
	source_test_gives("glob", "a1 m1");
	source_test_write("mail.err", "e1\n");
	source_test_gives("a new one", "e1");
}
END_TEST

START_TEST(a_directory_that_comes_later_is_watched_then)
{
	bool scan, look;

	source_test_path(0, "late/acct.csv");
	source_test_archive(0, "late/old");
	source_test_start();
	source_test_gives("not there", "");
	ck_assert_msg(mkdir(source_test_at("late"), 0700) == 0 &&
			  mkdir(source_test_at("late/old"), 0700) == 0,
	    "mkdir");
	source_test_write("late/acct.csv", "a1\n");
	source_test_gives("there", "a1");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	source_test_write("late/old/new", "n1\n");
	source_watch_take(source_test.watch);
	source_asked(source_test.source, source_test.now_ms, &scan, &look);
	ck_assert_msg(scan, "late/old/new: want a scan");
	source_test_gives("archive", "n1");
}
END_TEST

START_TEST(an_archive_may_be_a_glob_or_a_file)
{
	source_test_archive(0, "old-*.csv");
	source_test_archive(1, "last.csv");
	source_test_start();
	source_test_gives("nothing", "");
	source_test_write("old-1.csv", "o1\n");
	source_test_write("older.csv", "x\n");
	source_test_write("last.csv", "l1\n");
	source_test_write("acct.csv.1", "x\n"); /* no default beside a configured one */
	source_test_gives("archive", "l1 o1");
}
END_TEST

void
source_add_name_tests(TCase *t)
{
	tcase_add_test(t, dated_names_belong_to_a_pmta_path);
	tcase_add_test(t, dated_names_belong_to_no_other_path);
	tcase_add_test(t, a_path_without_extension_has_dated_names);
	tcase_add_test(t, a_dot_in_a_directory_is_no_extension);
	tcase_add_test(t, dated_names_belong_to_a_path_with_a_glob);
	tcase_add_test(t, a_glob_takes_what_it_matches);
	tcase_add_test(t, a_directory_that_comes_later_is_watched_then);
	tcase_add_test(t, an_archive_may_be_a_glob_or_a_file);
}
