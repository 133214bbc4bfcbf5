/*
 * test_store_upgrade.c - the state file of an older or newer program: what is brought
 * up, what is kept, what is left alone.
 *
 * The old file is made by the SQL of the program that had layout 1 (0.1.0), written
 * down here: schema.c may change, files out there do not.
 */
#include "test_store.h"

#include "pack/pack.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char old_layout[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE source(name TEXT PRIMARY KEY, scanned_ns INTEGER NOT NULL DEFAULT 0,"
    "  event_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE file(id INTEGER PRIMARY KEY, source TEXT NOT NULL, dev INTEGER,"
    "  ino INTEGER, key BLOB, offset INTEGER NOT NULL, skip INTEGER NOT NULL,"
    "  marker BLOB, header BLOB, path BLOB, seen_ms INTEGER NOT NULL);"
    "CREATE INDEX file_source ON file(source);"
    "CREATE TABLE batch(id INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL,"
    "  output TEXT NOT NULL, key TEXT NOT NULL, format TEXT NOT NULL,"
    "  host TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL DEFAULT 0, sealed_ms INTEGER NOT NULL,"
    "  sum INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX batch_queue ON batch(output, place, id);"
    "CREATE TABLE dead(id INTEGER PRIMARY KEY AUTOINCREMENT, output TEXT NOT NULL,"
    "  event BLOB NOT NULL, code INTEGER NOT NULL, answer BLOB, at_ms INTEGER NOT "
    "NULL);"
    "CREATE TABLE bad(id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL,"
    "  reason TEXT NOT NULL, file BLOB, offset INTEGER NOT NULL, bytes BLOB,"
    "  at_ms INTEGER NOT NULL);"
    "CREATE INDEX bad_source ON bad(source, id);"
    "CREATE TABLE bad_count(source TEXT, reason TEXT, n INTEGER NOT NULL,"
    "  PRIMARY KEY(source, reason)) WITHOUT ROWID;"
    "CREATE TABLE output(name TEXT PRIMARY KEY, state TEXT NOT NULL DEFAULT 'ok',"
    "  error TEXT, error_ms INTEGER NOT NULL DEFAULT 0,"
    "  accepted INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0)"
    "  WITHOUT ROWID;";

static const char old_put[] =
    "INSERT INTO batch(place, output, key, format, host, count, bytes, sealed_ms,"
    "  sum, body) VALUES(CASE ?1 WHEN 0 THEN"
    "    1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'batch'), 0)"
    "    ELSE ?1 END, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/* "p" has dead letters and no row among the outputs */
static const char old_rows[] =
    "INSERT INTO meta VALUES('version', '0.1.0');"
    "INSERT INTO source VALUES('s', 1234567890123456789, 77);"
    "INSERT INTO file VALUES(3, 's', 5, -2, zeroblob(32), 1000, 10, zeroblob(16),"
    "  x'747970652c', x'2f6100ff', 99);"
    "INSERT INTO dead(output, event, code, answer, at_ms) VALUES"
    "  ('o', x'7b7d', 422, x'6e6f', 5), ('o', x'c3a400ff', 400, NULL, 6),"
    "  ('p', x'7b22787d', 400, x'', 7);"
    "INSERT INTO bad VALUES(1, 's', 'torn', x'2f61', 9, x'00', 3);"
    "INSERT INTO bad_count VALUES('s', 'torn', 57);"
    "INSERT INTO output VALUES('o', 'hold', '401', 8, 15, 2);"
    "INSERT INTO output VALUES('none', 'ok', NULL, 0, 1, 0);"
    "UPDATE batch SET tries = 3 WHERE id = 1;"
    "DELETE FROM batch WHERE key = 'deleted';";

static void
exec(sqlite3 *db, const char *sql)
{
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
	    "%s: got %s, want no error", sql, sqlite3_errmsg(db));
}

static void
put_old(sqlite3 *db, const char *key, int64_t place)
{
	const struct slice o = SLICE("o"), json = SLICE("json"), mx = SLICE("mx1");
	struct slice text = slice_of(key);
	struct pack_zstd *z = pack_zstd_new();
	sqlite3_stmt *q = NULL;
	struct buf packed;

	buf_init(&packed, STORE_TEST_BUF);
	ck_assert_msg(z && pack_zstd(z, text, &packed) == 0 &&
			  sqlite3_prepare_v2(db, old_put, -1, &q, NULL) == SQLITE_OK,
	    "pack, prepare: got %s", sqlite3_errmsg(db));
	(void)sqlite3_bind_int64(q, 1, place);
	(void)sqlite3_bind_text(q, 2, o.p, (int)o.n, SQLITE_STATIC);
	(void)sqlite3_bind_text(q, 3, text.p, (int)text.n, SQLITE_STATIC);
	(void)sqlite3_bind_text(q, 4, json.p, (int)json.n, SQLITE_STATIC);
	(void)sqlite3_bind_text(q, 5, mx.p, (int)mx.n, SQLITE_STATIC);
	(void)sqlite3_bind_int64(q, 6, (int64_t)text.n);
	(void)sqlite3_bind_int64(q, 7, (int64_t)text.n);
	(void)sqlite3_bind_int64(q, 8, 7);
	(void)sqlite3_bind_int64(q, 9, (int64_t)hash64_of(buf_slice(&packed)));
	(void)sqlite3_bind_blob(q, 10, packed.p, (int)packed.n, SQLITE_STATIC);
	int rc = sqlite3_step(q);
	ck_assert_msg(rc == SQLITE_DONE, "put %s: got %s", key, sqlite3_errmsg(db));
	(void)sqlite3_finalize(q);
	pack_zstd_free(z);
	buf_free(&packed);
}

/* A layout-1 file in place of ours. */
static void
make_old(const char *more)
{
	static const char settings[] =
	    "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;"
	    "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;";
	sqlite3 *db = NULL;

	store_test_close();
	(void)unlink(store_test_path);
	ck_assert_msg(sqlite3_open(store_test_path, &db) == SQLITE_OK, "open: got %s",
	    sqlite3_errmsg(db));
	exec(db, settings);
	exec(db, old_layout);
	exec(db, "PRAGMA user_version = 1;");
	put_old(db, "first", 0);
	put_old(db, "parent", 0);
	put_old(db, "third", 0);
	put_old(db, "half1", 2);
	put_old(db, "deleted", 0);
	exec(db, old_rows);
	exec(db, "UPDATE batch SET key = 'parent' WHERE id = 2; COMMIT");
	exec(db, more);
	(void)sqlite3_close(db);
	(void)chmod(store_test_path, 0600);
}

static int
see_file(void *arg, const struct store_file *f)
{
	static const char path[] = { '/', 'a', '\0', '\xff' };

	ck_assert_msg(f->id == 3 && f->dev == 5 && f->ino == UINT64_MAX - 1 &&
			  f->has_key && f->offset == 1000 && f->skip == 10 &&
			  f->seen_ms == 99 && f->size == -1,
	    "file: got id %lld at %llu, want 3 at 1000", (long long)f->id,
	    (unsigned long long)f->offset);
	ck_assert_msg(slice_eq(f->header, SLICE("type,")) &&
			  slice_eq(f->path, (struct slice){ path, sizeof path }),
	    "file: got header %.*s, want type,", (int)f->header.n, f->header.p);
	++*(int *)arg;
	return 0;
}

static const struct {
	const char *sql;
	long long want;
} upgraded[] = {
	{ "PRAGMA user_version", 2 },
	{ "SELECT count(*) FROM pragma_integrity_check() WHERE integrity_check = 'ok'",
	    1 },
	{ "SELECT count(*) FROM meta WHERE name = 'version' AND value = '1.2.3'", 1 },
	{ "SELECT count(*) FROM batch", 4 },
	{ "SELECT count(*) FROM batch WHERE fixed = 1 AND standing = 0 AND code = 0"
	  " AND answer IS NULL AND due_ms = 0 AND size = length(body) AND size > 0",
	    4 },
	{ "SELECT tries FROM batch WHERE id = 1", 3 },
	{ "SELECT seq FROM sqlite_sequence WHERE name = 'batch'", 5 },
	{ "SELECT count(*) FROM dead", 3 },
	{ "SELECT dead_bytes FROM output WHERE name = 'o'", 8 },
	{ "SELECT dead_bytes FROM output WHERE name = 'none'", 0 },
	{ "SELECT dead_bytes FROM output WHERE name = 'p'", 4 },
	{ "SELECT accepted FROM output WHERE name = 'o' AND state = 'hold'", 15 },
	{ "SELECT scanned_ns FROM source WHERE event_ms = 77", 1234567890123456789 },
	{ "SELECT start_ms FROM file", 0 },
	{ "SELECT n FROM bad_count", 57 },
	{ "SELECT count(*) FROM bad", 1 },
	{ "SELECT count(*) FROM tally", 0 },
	{ "SELECT count(*) FROM request", 0 },
	{ "SELECT count(*) FROM replay", 0 },
};

static void
is_upgraded(void)
{
	uint64_t bytes = 0;
	int files = 0;

	for (size_t i = 0; i < COUNT(upgraded); i++)
		store_test_is(upgraded[i].sql, upgraded[i].want);
	store_test_must(
	    "dead bytes", store_dead_bytes(store_test, &bytes, &store_test_err));
	ck_assert_msg(
	    bytes == 12, "dead bytes: got %llu, want 12", (unsigned long long)bytes);
	store_test_must("files",
	    store_file_each(store_test, SLICE("s"), see_file, &files, &store_test_err));
	ck_assert_msg(files == 1, "got %d files, want 1", files);
}

START_TEST(an_old_file_is_upgraded_with_all_it_has)
{
	make_old("");
	store_test_must("upgrade", store_test_open(STORE_OWN));
	is_upgraded();
	store_test_reopen();
	is_upgraded();
	store_test_close();
	uint64_t before = store_test_hash(store_test_path);
	store_test_reopen();
	store_test_close();
	uint64_t after = store_test_hash(store_test_path);
	ck_assert_msg(before == after && before != 0,
	    "opened once more: got hash %llx, want %llx", (unsigned long long)after,
	    (unsigned long long)before);
	store_test_must("open", store_test_open(STORE_OWN));
	store_test_begin();
	int64_t id = store_test_put("new", 0);
	store_test_commit();
	ck_assert_msg(id == 6, "a new batch: got id %lld, want 6", (long long)id);
	store_test_queue("upgraded", "first half1 parent third new");
}
END_TEST

/* The tables and indexes of the file as one hash. */
static uint64_t
schema_hash(const char *path)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	uint64_t h = 0;

	if (sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db,
		"SELECT group_concat(sql) FROM (SELECT coalesce(sql, name) AS sql"
		" FROM sqlite_master ORDER BY type, name)",
		-1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		h = hash64_of((struct slice){ (const char *)sqlite3_column_text(q, 0),
		    (size_t)sqlite3_column_bytes(q, 0) });
	(void)sqlite3_finalize(q);
	(void)sqlite3_close(db);
	return h;
}

START_TEST(an_upgraded_file_has_the_tables_of_a_new_one)
{
	uint64_t want = schema_hash(store_test_path);

	make_old("");
	store_test_must("upgrade", store_test_open(STORE_OWN));
	uint64_t got = schema_hash(store_test_path);
	ck_assert_msg(got == want && want != 0, "got hash %llx, want %llx",
	    (unsigned long long)got, (unsigned long long)want);
}
END_TEST

START_TEST(the_old_file_is_kept_beside)
{
	struct stat st;
	char whole[sizeof store_test_path];

	make_old("");
	uint64_t tables = schema_hash(store_test_path);
	mode_t old = umask(0);
	store_test_must("upgrade", store_test_open(STORE_OWN));
	(void)umask(old);
	store_test_close();
	ck_assert_msg(
	    stat(store_test_file(".layout-1"), &st) == 0 && (st.st_mode & 0777) == 0600,
	    "the copy: got mode %o, want 600", (unsigned)st.st_mode & 0777);
	memcpy(whole, store_test_path, sizeof whole);
	memcpy(store_test_path, store_test_file(".layout-1"), sizeof store_test_path);
	uint64_t got = schema_hash(store_test_path);
	ck_assert_msg(got == tables, "the copy's tables: got hash %llx, want %llx",
	    (unsigned long long)got, (unsigned long long)tables);
	store_test_is("PRAGMA user_version", 1);
	store_test_is("PRAGMA auto_vacuum", 2);
	store_test_is("SELECT count(*) FROM pragma_integrity_check() WHERE "
		      "integrity_check = 'ok'",
	    1);
	store_test_is("SELECT count(*) FROM batch", 4);
	store_test_is("SELECT count(*) FROM dead", 3);
	store_test_is("SELECT seq FROM sqlite_sequence WHERE name = 'batch'", 5);
	store_test_must("the copy, opened", store_test_open(STORE_OWN));
	is_upgraded();
	store_test_queue("the copy", "first half1 parent third");
	memcpy(store_test_path, whole, sizeof whole);
	ck_assert_msg(access(store_test_file(".layout-1.part"), F_OK) < 0,
	    "got a copy that is half made, want none");
}
END_TEST

START_TEST(an_upgrade_that_fails_changes_nothing)
{
	make_old("CREATE TABLE tally(x)");
	uint64_t tables = schema_hash(store_test_path);
	int rc = store_test_open(STORE_OWN);
	ck_assert_msg(rc < 0 && !store_test && store_test_err.text[0],
	    "a table in the way: got %d, want an error", rc);
	store_test_is("PRAGMA user_version", 1);
	uint64_t got = schema_hash(store_test_path);
	ck_assert_msg(got == tables, "the tables: got hash %llx, want %llx",
	    (unsigned long long)got, (unsigned long long)tables);
	store_test_sql("DROP TABLE tally");
	store_test_must("out of the way", store_test_open(STORE_OWN));
	is_upgraded();
}
END_TEST

START_TEST(an_old_file_is_left_to_the_daemon)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_BESIDE };

	make_old("");
	uint64_t before = store_test_hash(store_test_path);
	for (size_t i = 0; i < COUNT(modes); i++) {
		int rc = store_test_open(modes[i]);
		ck_assert_msg(rc == -EAGAIN && strstr(store_test_err.text, "older") &&
				  strstr(store_test_err.text, store_test_path),
		    "mode %d: got %d \"%s\", want -EAGAIN and its path", modes[i], rc,
		    store_test_err.text);
	}
	uint64_t after = store_test_hash(store_test_path);
	ck_assert_msg(before == after, "got hash %llx, want %llx",
	    (unsigned long long)after, (unsigned long long)before);
}
END_TEST

static void
is_refused(const char *name, const char *version)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_BESIDE, STORE_OWN };

	uint64_t db = store_test_hash(store_test_path);
	uint64_t wal = store_test_hash(store_test_file("-wal"));
	for (size_t i = 0; i < COUNT(modes); i++) {
		int rc = store_test_open(modes[i]);
		ck_assert_msg(rc == -EBADMSG && strstr(store_test_err.text, version),
		    "%s, mode %d: got %d \"%s\", want -EBADMSG and %s", name, modes[i],
		    rc, store_test_err.text, version);
		ck_assert_msg(store_test_hash(store_test_path) == db &&
				  store_test_hash(store_test_file("-wal")) == wal,
		    "%s, mode %d: got other bytes in the file, want the same", name,
		    modes[i]);
	}
}

START_TEST(a_newer_file_is_refused_by_name_and_left_alone)
{
	static const char newer[] =
	    "PRAGMA user_version = 3;"
	    "UPDATE meta SET value = '9.8.7' WHERE name = 'version'";
	char whole[sizeof store_test_path], wal[sizeof store_test_path + 8];

	/* one that was killed: its log is not in the database yet */
	store_test_begin();
	(void)store_test_put("a", 0);
	store_test_commit();
	store_test_sql(newer);
	memcpy(whole, store_test_path, sizeof whole);
	(void)snprintf(wal, sizeof wal, "%s-wal", whole);
	memcpy(store_test_path, store_test_file("-killed"), sizeof store_test_path);
	store_test_copy(whole, store_test_path);
	store_test_copy(wal, store_test_file("-wal"));
	struct store *own = store_test;
	is_refused("killed", "9.8.7");
	store_test = own;
	memcpy(store_test_path, whole, sizeof whole);
	store_test_close();
	is_refused("closed", "9.8.7");
	store_test_sql("PRAGMA journal_mode = DELETE");
	is_refused("another journal", "9.8.7");
	store_test_sql("DROP TABLE meta");
	is_refused("without its version", "newer");
}
END_TEST

void
store_add_upgrade_tests(TCase *t)
{
	tcase_add_test(t, an_old_file_is_upgraded_with_all_it_has);
	tcase_add_test(t, an_upgraded_file_has_the_tables_of_a_new_one);
	tcase_add_test(t, the_old_file_is_kept_beside);
	tcase_add_test(t, an_upgrade_that_fails_changes_nothing);
	tcase_add_test(t, an_old_file_is_left_to_the_daemon);
	tcase_add_test(t, a_newer_file_is_refused_by_name_and_left_alone);
}
