/*
 * test_store.c - the state file as a file: opened, locked, refused, killed. Each test
 * has a directory of its own.
 */
#include "test_store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *suite_store(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char dir[STORE_TEST_ROOM];
char store_test_path[2 * STORE_TEST_ROOM];
struct store *store_test;
struct err store_test_err;

static long holder;

int
store_test_open(enum store_mode mode)
{
	const struct store_options o = { .version = "1.2.3" };

	store_test = NULL;
	holder = 0;
	return store_open(
	    store_test_path, mode, &o, &store_test, &holder, &store_test_err);
}

void
store_test_reopen(void)
{
	store_close(store_test);
	int rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc == 0, "reopen: got %d %s, want 0", rc, store_test_err.text);
}

static void
setup(void)
{
	(void)snprintf(dir, sizeof dir, "/tmp/bouncefeed-store-XXXXXX");
	ck_assert_msg(mkdtemp(dir) != NULL, "mkdtemp: %s", strerror(errno));
	(void)snprintf(store_test_path, sizeof store_test_path, "%s/state.db", dir);
	int rc = store_test_open(STORE_OWN);
	ck_assert_msg(
	    rc == 0, "store_open: got %d %s, want 0", rc, store_test_err.text);
}

static void
teardown(void)
{
	static const char *const suffix[] = { "", "-wal", "-shm", "-journal", ".lock" };
	char name[3 * STORE_TEST_ROOM];

	store_close(store_test);
	for (size_t i = 0; i < COUNT(suffix); i++) {
		(void)snprintf(name, sizeof name, "%s%s", store_test_path, suffix[i]);
		(void)unlink(name);
	}
	(void)rmdir(dir);
}

void
store_test_begin(void)
{
	int rc = store_begin(store_test, STORE_DURABLE, &store_test_err);
	ck_assert_msg(rc == 0, "store_begin: got %d %s", rc, store_test_err.text);
}

void
store_test_commit(void)
{
	int rc = store_commit(store_test, &store_test_err);
	ck_assert_msg(rc == 0, "store_commit: got %d %s", rc, store_test_err.text);
}

int64_t
store_test_put(const char *events, int64_t place)
{
	const struct store_batch b = {
		.place = place,
		.output = SLICE("o"),
		.key = slice_of(events),
		.format = SLICE("json"),
		.host = SLICE("mx1"),
		.events = slice_of(events),
		.count = strlen(events),
		.sealed_ms = 7,
	};
	int64_t id = 0;
	int rc = store_batch_put(store_test, &b, &id, &store_test_err);

	ck_assert_msg(rc == 0 && id > 0, "store_batch_put: got %d id %lld %s", rc,
	    (long long)id, store_test_err.text);
	return id;
}

void
store_test_queue(const char *name, const char *want)
{
	struct store_batch b;
	struct buf events;
	char got[512] = "";
	size_t n = 0;
	int rc;

	buf_init(&events, 1 << 20);
	while ((rc = store_batch_first(
		    store_test, SLICE("o"), &b, &events, &store_test_err)) == 0) {
		ck_assert_msg(slice_eq(b.key, b.events) && b.count == b.key.n &&
				  slice_eq(b.format, SLICE("json")) &&
				  slice_eq(b.host, SLICE("mx1")) && b.sealed_ms == 7,
		    "%s: batch %lld: got key %.*s events %.*s", name, (long long)b.id,
		    (int)b.key.n, b.key.p, (int)b.events.n, b.events.p);
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", n ? " " : "",
		    (int)b.key.n, b.key.p);
		store_test_begin();
		rc = store_batch_delete(store_test, b.id, &store_test_err);
		ck_assert_msg(rc == 0, "%s: delete: got %d", name, rc);
		store_test_commit();
	}
	ck_assert_msg(rc == -ENOENT && !strcmp(got, want),
	    "%s: got \"%s\" and %d, want \"%s\" and -ENOENT", name, got, rc, want);
	buf_free(&events);
}

void
store_test_sql(const char *sql)
{
	sqlite3 *db = NULL;

	ck_assert_msg(sqlite3_open(store_test_path, &db) == SQLITE_OK &&
			  sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
	    "%s: %s", sql, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

START_TEST(a_second_daemon_is_told_who_has_it)
{
	struct store *first = store_test;
	int rc = store_test_open(STORE_OWN);

	store_close(store_test);
	store_test = first;
	ck_assert_msg(rc == -EAGAIN && holder == (long)getpid(),
	    "got %d and pid %ld, want -EAGAIN and %ld", rc, holder, (long)getpid());
	char pid[24];
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	ck_assert_msg(strstr(store_test_err.text, pid) != NULL,
	    "got \"%s\", want %s in it", store_test_err.text, pid);
	long got = store_holder(store_test_path);
	ck_assert_msg(got == (long)getpid(), "store_holder: got %ld", got);
	store_close(store_test);
	got = store_holder(store_test_path);
	ck_assert_msg(got == 0, "store_holder of a closed file: got %ld, want 0", got);
	rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc == 0, "after the close: got %d, want 0", rc);
}
END_TEST

START_TEST(a_reader_reads_beside_the_daemon)
{
	struct store *own = store_test;

	store_test_begin();
	(void)store_test_put("a", 0);
	store_test_commit();
	int rc = store_test_open(STORE_READ);
	ck_assert_msg(rc == 0, "read: got %d %s, want 0", rc, store_test_err.text);
	struct store_batch b;
	struct buf events;
	buf_init(&events, 1000);
	rc = store_batch_first(store_test, SLICE("o"), &b, &events, &store_test_err);
	ck_assert_msg(rc == 0 && slice_eq(b.key, SLICE("a")), "got %d, want a", rc);
	buf_free(&events);
	store_close(store_test);
	store_test = own;
	store_test_begin();
	(void)store_test_put("b", 0);
	store_test_commit();
	store_test_queue("after a reader", "a b");
}
END_TEST

START_TEST(a_reader_makes_no_file)
{
	store_close(store_test);
	store_test = NULL;
	(void)unlink(store_test_path);
	int rc = store_test_open(STORE_READ);
	ck_assert_msg(rc == -ENOENT && access(store_test_path, F_OK) < 0,
	    "no file: got %d, want -ENOENT and none", rc);
	ck_assert_msg(store_holder("/nowhere/state.db") == 0, "store_holder: want 0");
}
END_TEST

START_TEST(a_file_is_for_its_owner_alone)
{
	static const char *const suffix[] = { "", "-wal", "-shm", ".lock" };
	char name[3 * STORE_TEST_ROOM];
	struct stat st;

	store_close(store_test);
	(void)unlink(store_test_path);
	(void)snprintf(name, sizeof name, "%s.lock", store_test_path);
	(void)unlink(name);
	mode_t old = umask(0);
	int rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc == 0, "open: got %d %s", rc, store_test_err.text);
	store_test_begin();
	(void)store_test_put("a", 0);
	store_test_commit();
	(void)umask(old);
	for (size_t i = 0; i < COUNT(suffix); i++) {
		(void)snprintf(name, sizeof name, "%s%s", store_test_path, suffix[i]);
		ck_assert_msg(stat(name, &st) == 0, "%s: %s", name, strerror(errno));
		ck_assert_msg((st.st_mode & 0777) == 0600, "%s: got mode %o, want 600",
		    name, (unsigned)st.st_mode & 0777);
	}
}
END_TEST

START_TEST(a_newer_file_is_refused_by_name)
{
	static const enum store_mode modes[] = { STORE_OWN, STORE_READ };

	store_close(store_test);
	store_test_sql("PRAGMA user_version = 99;"
		       "UPDATE meta SET value = '9.8.7' WHERE name = 'version'");
	for (size_t i = 0; i < COUNT(modes); i++) {
		int rc = store_test_open(modes[i]);
		ck_assert_msg(rc == -EBADMSG && strstr(store_test_err.text, "9.8.7"),
		    "mode %zu: got %d \"%s\", want -EBADMSG and 9.8.7", i, rc,
		    store_test_err.text);
	}
	store_test_sql("DROP TABLE meta");
	int rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc == -EBADMSG, "without its version: got %d, want -EBADMSG", rc);
	store_test_sql("PRAGMA user_version = 1");
}
END_TEST

START_TEST(a_file_that_is_none_is_refused_and_left_alone)
{
	static const char garbage[] =
	    "This is no state file, but it is longer than the "
	    "hundred bytes that a database begins with: so it is "
	    "not taken for an empty one, is it?";
	char back[sizeof garbage] = "";
	int rc;

	store_close(store_test);
	FILE *f = fopen(store_test_path, "w");
	ck_assert_msg(f && fputs(garbage, f) >= 0 && fclose(f) == 0, "write");
	rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc == -EBADMSG && strstr(store_test_err.text, store_test_path),
	    "own: got %d \"%s\", want -EBADMSG and the path", rc, store_test_err.text);
	rc = store_test_open(STORE_READ);
	ck_assert_msg(rc == -EBADMSG, "read: got %d, want -EBADMSG", rc);
	f = fopen(store_test_path, "r");
	ck_assert_msg(f && fread(back, 1, sizeof back, f) == sizeof garbage - 1 &&
			  !memcmp(back, garbage, sizeof garbage - 1),
	    "got other bytes in the file");
	(void)fclose(f);
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
	int status = 0;
	ck_assert_msg(
	    pid > 0 && waitpid(pid, &status, 0) == pid, "fork: %s", strerror(errno));
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	    "child: got status %d, want SIGKILL", status);
}

START_TEST(a_killed_process_leaves_the_last_good_state)
{
	store_close(store_test);
	killed_in_transaction(STORE_DURABLE);
	killed_in_transaction(STORE_LAZY);
	long pid = store_holder(store_test_path);
	ck_assert_msg(pid == 0, "store_holder: got %ld, want 0", pid);
	int rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc == 0, "open: got %d %s", rc, store_test_err.text);
	store_test_queue("killed", "good good");
}
END_TEST

Suite *
suite_store(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_second_daemon_is_told_who_has_it);
	tcase_add_test(t, a_reader_reads_beside_the_daemon);
	tcase_add_test(t, a_reader_makes_no_file);
	tcase_add_test(t, a_file_is_for_its_owner_alone);
	tcase_add_test(t, a_newer_file_is_refused_by_name);
	tcase_add_test(t, a_file_that_is_none_is_refused_and_left_alone);
	tcase_add_test(t, a_killed_process_leaves_the_last_good_state);
	store_add_batch_tests(t);
	store_add_row_tests(t);
	suite_add_tcase(s, t);
	return s;
}
