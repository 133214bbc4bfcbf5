/*
 * test_store.c - the suite of the state file and what its tests share. Each test has a
 * directory of its own with an empty state file that is open.
 */
#include "test_store.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *suite_store(void);

enum { TIMEOUT_S = 60 };

char store_test_dir[STORE_TEST_ROOM];
char store_test_path[2 * STORE_TEST_ROOM];
struct store *store_test;
struct err store_test_err;
long store_test_holder;

int
store_test_open_as(enum store_mode mode, struct store **out)
{
	const struct store_options o = { .version = "1.2.3" };

	*out = NULL;
	store_test_holder = 0;
	store_test_err = (struct err){ 0 };
	return store_open(
	    store_test_path, mode, &o, out, &store_test_holder, &store_test_err);
}

int
store_test_open(enum store_mode mode)
{
	return store_test_open_as(mode, &store_test);
}

void
store_test_close(void)
{
	store_close(store_test);
	store_test = NULL;
}

void
store_test_reopen(void)
{
	store_test_close();
	store_test_must("reopen", store_test_open(STORE_OWN));
}

void
store_test_setup(void)
{
	(void)snprintf(
	    store_test_dir, sizeof store_test_dir, "/tmp/bouncefeed-store-XXXXXX");
	ck_assert_msg(mkdtemp(store_test_dir) != NULL, "mkdtemp: got %s, want a name",
	    strerror(errno));
	(void)snprintf(
	    store_test_path, sizeof store_test_path, "%s/state.db", store_test_dir);
	store_test_must("store_open", store_test_open(STORE_OWN));
}

void
store_test_teardown(void)
{
	char name[STORE_TEST_ROOM + 300];
	struct dirent *entry;

	store_test_close();
	(void)chmod(store_test_dir, 0700);
	DIR *d = opendir(store_test_dir);
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(
		    name, sizeof name, "%s/%s", store_test_dir, entry->d_name);
		(void)remove(name);
	}
	if (d)
		(void)closedir(d);
	(void)rmdir(store_test_dir);
}

void
store_test_must(const char *what, int rc)
{
	ck_assert_msg(rc == 0, "%s: got %d %s, want 0", what, rc, store_test_err.text);
}

void
store_test_begin(void)
{
	store_test_must(
	    "store_begin", store_begin(store_test, STORE_DURABLE, &store_test_err));
}

void
store_test_commit(void)
{
	store_test_must("store_commit", store_commit(store_test, &store_test_err));
}

int64_t
store_test_put_batch(struct store *s, const struct store_batch *b)
{
	int64_t id = 0;
	int rc = store_batch_put(s, b, &id, &store_test_err);

	ck_assert_msg(rc == 0 && id > 0,
	    "store_batch_put: got %d and id %lld %s, want 0 and an id", rc,
	    (long long)id, store_test_err.text);
	return id;
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

	return store_test_put_batch(store_test, &b);
}

int
store_test_first(struct store *s, struct store_batch *out, struct buf *events)
{
	const struct store_wanted w = { .which = STORE_FIRST, .output = SLICE("o") };

	return store_batch_find(s, &w, out, events, &store_test_err);
}

void
store_test_queue(const char *name, const char *want)
{
	struct store_batch b;
	struct buf events;
	char got[512] = "";
	size_t n = 0;
	int rc;

	buf_init(&events, STORE_TEST_BUF);
	while ((rc = store_test_first(store_test, &b, &events)) == 0) {
		ck_assert_msg(slice_eq(b.key, b.events) && b.count == b.key.n &&
				  slice_eq(b.format, SLICE("json")) &&
				  slice_eq(b.host, SLICE("mx1")) && b.sealed_ms == 7,
		    "%s: batch %lld: got events %.*s, want its key %.*s", name,
		    (long long)b.id, (int)b.events.n, b.events.p, (int)b.key.n,
		    b.key.p);
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", n ? " " : "",
		    (int)b.key.n, b.key.p);
		store_test_begin();
		store_test_must(
		    name, store_batch_delete(store_test, b.id, &store_test_err));
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
	    "%s: got %s, want no error", sql, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
}

long long
store_test_number(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	long long v = -1;

	if (sqlite3_open(store_test_path, &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		v = sqlite3_column_int64(q, 0);
	(void)sqlite3_finalize(q);
	(void)sqlite3_close(db);
	return v;
}

void
store_test_is(const char *sql, long long want)
{
	long long got = store_test_number(sql);

	ck_assert_msg(got == want, "%s: got %lld, want %lld", sql, got, want);
}

const char *
store_test_file(const char *suffix)
{
	static char name[3 * STORE_TEST_ROOM];

	(void)snprintf(name, sizeof name, "%s%s", store_test_path, suffix);
	return name;
}

/* All bytes of the file, a byte more than its length; NULL: it cannot be read. */
static char *
read_all(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *p = NULL;

	*n = 0;
	if (f && fstat(fileno(f), &st) == 0 && (p = malloc((size_t)st.st_size + 1)))
		*n = fread(p, 1, (size_t)st.st_size, f);
	if (f)
		(void)fclose(f);
	return p;
}

uint64_t
store_test_hash(const char *path)
{
	size_t n;
	char *p = read_all(path, &n);
	uint64_t h = n ? hash64_of((struct slice){ p, n }) : 0;

	free(p);
	return h;
}

void
store_test_write(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	ck_assert_msg(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0,
	    "write %s: got %s, want no error", path, strerror(errno));
}

void
store_test_copy(const char *from, const char *to)
{
	size_t n;
	char *p = read_all(from, &n);

	ck_assert_msg(p != NULL, "read %s: got %s, want it", from, strerror(errno));
	store_test_write(to, p, n);
	free(p);
}

void
store_test_noise(char *out, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		out[i] = (char)('!' + (seed >> 33) % 90);
	}
}

int
store_test_wait(pid_t pid)
{
	int status = 0;

	ck_assert_msg(pid > 0 && waitpid(pid, &status, 0) == pid,
	    "child %ld: got %s, want it to end", (long)pid, strerror(errno));
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

Suite *
suite_store(void)
{
	static void (*const add[])(TCase *) = {
		store_add_open_tests,
		store_add_upgrade_tests,
		store_add_beside_tests,
		store_add_batch_tests,
		store_add_find_tests,
		store_add_queue_tests,
		store_add_dead_tests,
		store_add_request_tests,
		store_add_row_tests,
		store_add_space_tests,
	};
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_set_timeout(t, TIMEOUT_S);
	tcase_add_checked_fixture(t, store_test_setup, store_test_teardown);
	for (size_t i = 0; i < COUNT(add); i++)
		add[i](t);
	suite_add_tcase(s, t);
	return s;
}
