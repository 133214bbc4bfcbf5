/*
 * test_store_open.c - the state file as a file: made, locked, refused, killed.
 */
#include "test_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(a_second_daemon_is_told_who_has_it)
{
	struct store *second;
	char pid[24];

	int rc = store_test_open_as(STORE_OWN, &second);
	ck_assert_msg(rc == -EAGAIN && store_test_holder == (long)getpid() && !second,
	    "got %d and pid %ld, want -EAGAIN and %ld", rc, store_test_holder,
	    (long)getpid());
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	ck_assert_msg(strstr(store_test_err.text, pid) != NULL,
	    "got \"%s\", want %s in it", store_test_err.text, pid);
	long got = store_holder(store_test_path);
	ck_assert_msg(got == (long)getpid(), "store_holder: got %ld, want %ld", got,
	    (long)getpid());
	store_test_close();
	got = store_holder(store_test_path);
	ck_assert_msg(got == 0, "store_holder of a closed file: got %ld, want 0", got);
	store_test_must("after the close", store_test_open(STORE_OWN));
}
END_TEST

START_TEST(a_new_file_has_its_settings)
{
	store_test_is("PRAGMA user_version", 2);
	store_test_is("PRAGMA page_size", 4096);
	store_test_is("PRAGMA auto_vacuum", 2);
	store_test_is("SELECT count(*) FROM pragma_journal_mode()"
		      " WHERE journal_mode = 'wal'",
	    1);
	store_test_is("SELECT count(*) FROM meta WHERE name = 'version'"
		      " AND value = '1.2.3'",
	    1);
	ck_assert_msg(access(store_test_file(".layout-1"), F_OK) < 0,
	    "got a copy of a new file, want none");
}
END_TEST

START_TEST(a_reader_reads_beside_the_daemon)
{
	struct store *reader;
	struct store_batch b;
	struct buf events;

	store_test_begin();
	(void)store_test_put("a", 0);
	store_test_commit();
	store_test_must("read", store_test_open_as(STORE_READ, &reader));
	buf_init(&events, 1000);
	int rc = store_test_first(reader, &b, &events);
	ck_assert_msg(rc == 0 && slice_eq(b.key, SLICE("a")), "got %d, want a", rc);
	buf_free(&events);
	store_close(reader);
	store_test_begin();
	(void)store_test_put("b", 0);
	store_test_commit();
	store_test_queue("after a reader", "a b");
}
END_TEST

START_TEST(only_the_owner_makes_the_file)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_BESIDE };

	store_test_close();
	(void)unlink(store_test_path);
	for (size_t i = 0; i < COUNT(modes); i++) {
		int rc = store_test_open(modes[i]);
		ck_assert_msg(rc == -ENOENT && access(store_test_path, F_OK) < 0 &&
				  strstr(store_test_err.text, store_test_path),
		    "mode %d: got %d \"%s\", want -ENOENT and no file", modes[i], rc,
		    store_test_err.text);
	}
	long got = store_holder("/nowhere/state.db");
	ck_assert_msg(got == 0, "store_holder of none: got %ld, want 0", got);
}
END_TEST

START_TEST(a_file_is_for_its_owner_alone)
{
	static const char *const suffix[] = { "", "-wal", "-shm", ".lock", ".wake" };
	struct stat st;

	store_test_close();
	(void)unlink(store_test_path);
	(void)unlink(store_test_file(".lock"));
	mode_t old = umask(0);
	store_test_must("open", store_test_open(STORE_OWN));
	store_test_begin();
	(void)store_test_put("a", 0);
	store_test_commit();
	store_test_must("wake", store_wake(store_test_path, &store_test_err));
	(void)umask(old);
	for (size_t i = 0; i < COUNT(suffix); i++) {
		const char *name = store_test_file(suffix[i]);
		ck_assert_msg(
		    stat(name, &st) == 0, "%s: got %s", name, strerror(errno));
		ck_assert_msg((st.st_mode & 0777) == 0600, "%s: got mode %o, want 600",
		    name, (unsigned)st.st_mode & 0777);
	}
}
END_TEST

static void
make_text(void)
{
	static const char garbage[] =
	    "This is no state file, but it is longer than the "
	    "hundred bytes that a database begins with: so it is "
	    "not taken for an empty one, is it?";

	store_test_write(store_test_path, garbage, sizeof garbage - 1);
}

static void
make_overwritten(void)
{
	char page[4096];
	int fd = open(store_test_path, O_WRONLY);

	memset(page, 0xff, sizeof page);
	ck_assert_msg(fd >= 0 && pwrite(fd, page, sizeof page, 0) == sizeof page,
	    "overwrite: got %s, want no error", strerror(errno));
	close(fd);
}

static void
make_negative(void)
{
	store_test_sql("PRAGMA user_version = -5");
}

static void
make_foreign(void)
{
	(void)unlink(store_test_path);
	store_test_sql("CREATE TABLE somebody_elses(x)");
}

static void
make_empty(void)
{
	store_test_write(store_test_path, "", 0);
}

START_TEST(a_file_that_is_none_is_refused_and_left_alone)
{
	static const struct {
		const char *name;
		void (*make)(void);
		int own, beside; /* what the modes answer */
	} cases[] = {
		{ "text", make_text, -EBADMSG, -EBADMSG },
		{ "first page overwritten", make_overwritten, -EBADMSG, -EBADMSG },
		{ "a layout below 0", make_negative, -EBADMSG, -EBADMSG },
		{ "another program's database", make_foreign, -EBADMSG, -EBADMSG },
		{ "empty", make_empty, 0, -ENOENT },
	};
	static const enum store_mode modes[] = { STORE_READ, STORE_BESIDE, STORE_OWN };

	for (size_t i = 0; i < COUNT(cases); i++) {
		store_test_close();
		cases[i].make();
		uint64_t before = store_test_hash(store_test_path);
		for (size_t k = 0; k < COUNT(modes); k++) {
			int want = modes[k] == STORE_OWN ? cases[i].own
							 : cases[i].beside;
			int rc = store_test_open(modes[k]);
			ck_assert_msg(rc == want, "%s: mode %d: got %d %s, want %d",
			    cases[i].name, modes[k], rc, store_test_err.text, want);
			ck_assert_msg(
			    rc == 0 || strstr(store_test_err.text, store_test_path),
			    "%s: mode %d: got \"%s\", want the path in it",
			    cases[i].name, modes[k], store_test_err.text);
			ck_assert_msg(
			    rc == 0 || store_test_hash(store_test_path) == before,
			    "%s: mode %d: got other bytes in the file, want the same",
			    cases[i].name, modes[k]);
		}
		store_test_close();
		(void)unlink(store_test_path);
		store_test_must("a new one", store_test_open(STORE_OWN));
	}
}
END_TEST

START_TEST(a_cut_file_is_told_and_not_believed)
{
	struct store_batch b;
	struct buf events;

	buf_init(&events, STORE_TEST_BUF);
	store_test_begin();
	(void)store_test_put("a", 0);
	store_test_commit();
	store_test_close();
	ck_assert_msg(
	    truncate(store_test_path, 4096) == 0, "truncate: got %s", strerror(errno));
	int rc = store_test_open(STORE_OWN);
	if (rc == 0)
		rc = store_test_first(store_test, &b, &events);
	ck_assert_msg(rc == -EBADMSG && strstr(store_test_err.text, store_test_path),
	    "got %d \"%s\", want -EBADMSG and the path", rc, store_test_err.text);
	buf_free(&events);
}
END_TEST

START_TEST(a_place_that_is_none_is_told)
{
	static const struct {
		const char *name, *below;
		enum store_mode mode;
		int want;
	} cases[] = {
		{ "own below a file", "/state.db", STORE_OWN, -ENOTDIR },
		{ "beside below a file", "/state.db", STORE_BESIDE, -ENOTDIR },
		{ "read below a file", "/state.db", STORE_READ, -ENOTDIR },
		{ "own below nothing", "-no/state.db", STORE_OWN, -ENOENT },
		{ "read below nothing", "-no/state.db", STORE_READ, -ENOENT },
		{ "own a directory", "-dir", STORE_OWN, -EISDIR },
		{ "read a directory", "-dir", STORE_READ, -EACCES },
	};
	char whole[sizeof store_test_path];

	store_test_close();
	memcpy(whole, store_test_path, sizeof whole);
	ck_assert_msg(mkdir(store_test_file("-dir"), 0700) == 0, "mkdir: got %s",
	    strerror(errno));
	for (size_t i = 0; i < COUNT(cases); i++) {
		(void)snprintf(store_test_path, sizeof store_test_path, "%s%s", whole,
		    cases[i].below);
		int rc = store_test_open(cases[i].mode);
		ck_assert_msg(
		    rc == cases[i].want && strstr(store_test_err.text, store_test_path),
		    "%s: got %d \"%s\", want %d and the path", cases[i].name, rc,
		    store_test_err.text, cases[i].want);
		memcpy(store_test_path, whole, sizeof whole);
	}
}
END_TEST

/* In a child that is not root: what store_open() answers, as an exit status. */
static int
open_as_nobody(enum store_mode mode)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && (setresgid(65534, 65534, 65534) < 0 ||
					  setresuid(65534, 65534, 65534) < 0))
			_exit(255);
		int rc = store_test_open(mode);
		if (rc < 0 && !strstr(store_test_err.text, store_test_path))
			_exit(254);
		_exit(-rc);
	}
	return -store_test_wait(pid);
}

START_TEST(what_may_not_be_written_is_told)
{
	static const struct {
		const char *name;
		bool file; /* there is one */
		unsigned dir_mode, file_mode;
		enum store_mode mode;
		int want;
	} cases[] = {
		{ "own, nothing may be made", false, 0555, 0, STORE_OWN, -EACCES },
		{ "own, no log may be made", true, 0555, 0666, STORE_OWN, -EROFS },
		{ "own, not ours", true, 0777, 0, STORE_OWN, -EACCES },
		{ "beside, not ours", true, 0777, 0, STORE_BESIDE, -EACCES },
		{ "read, not ours", true, 0777, 0, STORE_READ, -EACCES },
		{ "read, no log may be made", true, 0555, 0444, STORE_READ, -EROFS },
		{ "all may be written", true, 0777, 0666, STORE_OWN, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		(void)chmod(store_test_dir, 0700);
		(void)chmod(store_test_path, 0600);
		store_test_reopen();
		store_test_close();
		(void)chmod(store_test_file(".lock"), 0666);
		(void)chmod(store_test_path, cases[i].file_mode);
		if (!cases[i].file) {
			(void)unlink(store_test_file(".lock"));
			(void)unlink(store_test_path);
		}
		(void)chmod(store_test_dir, cases[i].dir_mode);
		int rc = open_as_nobody(cases[i].mode);
		ck_assert_msg(rc == cases[i].want,
		    "%s: got %d, want %d (-254: no path in the text, -255: root)",
		    cases[i].name, rc, cases[i].want);
	}
}
END_TEST

/* In a child: commits "good", begins another one, and is killed in the middle of it. */
static void
killed_in_transaction(enum store_sync sync)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (store_test_open(STORE_OWN) < 0 ||
		    store_begin(store_test, sync, &store_test_err) < 0)
			_exit(1);
		(void)store_test_put("good", 0);
		if (store_commit(store_test, &store_test_err) < 0 ||
		    store_begin(store_test, STORE_DURABLE, &store_test_err) < 0)
			_exit(1);
		for (int i = 0; i < 1000; i++)
			(void)store_test_put("lost", 0);
		(void)kill(getpid(), SIGKILL);
	}
	int status = store_test_wait(pid);
	ck_assert_msg(status == -SIGKILL, "child: got %d, want -SIGKILL", status);
}

START_TEST(a_killed_process_leaves_the_last_good_state)
{
	store_test_close();
	killed_in_transaction(STORE_DURABLE);
	killed_in_transaction(STORE_LAZY);
	long pid = store_holder(store_test_path);
	ck_assert_msg(pid == 0, "store_holder: got %ld, want 0", pid);
	store_test_must("open", store_test_open(STORE_OWN));
	store_test_queue("killed", "good good");
}
END_TEST

void
store_add_open_tests(TCase *t)
{
	tcase_add_test(t, a_second_daemon_is_told_who_has_it);
	tcase_add_test(t, a_new_file_has_its_settings);
	tcase_add_test(t, a_reader_reads_beside_the_daemon);
	tcase_add_test(t, only_the_owner_makes_the_file);
	tcase_add_test(t, a_file_is_for_its_owner_alone);
	tcase_add_test(t, a_file_that_is_none_is_refused_and_left_alone);
	tcase_add_test(t, a_cut_file_is_told_and_not_believed);
	tcase_add_test(t, a_place_that_is_none_is_told);
	tcase_add_test(t, what_may_not_be_written_is_told);
	tcase_add_test(t, a_killed_process_leaves_the_last_good_state);
}
