/*
 * store.c - opens and closes the state file, runs transactions, gives space back.
 *
 * Owns the connection and the prepared statements. An error of SQLite's becomes
 * -ENOSPC, -EBUSY, -EBADMSG, -EROFS or -EIO with its text.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WAL_PAGES = 1000,    /* a checkpoint is due from here on */
	VACUUM_PAGES = 4096, /* given back in one go */
	PAGE_SIZE = 4096,
};

static const struct {
	int sqlite;
	int error;
} error_of[] = {
	{ SQLITE_FULL, -ENOSPC },
	{ SQLITE_BUSY, -EBUSY },
	{ SQLITE_LOCKED, -EBUSY },
	{ SQLITE_CORRUPT, -EBADMSG },
	{ SQLITE_NOTADB, -EBADMSG },
	{ SQLITE_READONLY, -EROFS },
	{ SQLITE_NOMEM, -ENOMEM },
	{ SQLITE_CANTOPEN, -EACCES },
	{ SQLITE_PERM, -EACCES },
	{ SQLITE_AUTH, -EACCES },
};

static int
errno_of(int sqlite)
{
	for (size_t i = 0; i < sizeof error_of / sizeof error_of[0]; i++) {
		if (error_of[i].sqlite == (sqlite & 0xff))
			return error_of[i].error;
	}
	return -EIO;
}

int
store_fail(struct store *s, const char *doing, struct err *e)
{
	int code = sqlite3_errcode(s->db);

	/* the shared memory of a WAL that finds no room */
	if ((code & 0xff) == SQLITE_IOERR && sqlite3_system_errno(s->db) == ENOSPC)
		return err_set(e, -ENOSPC, "state file %s: %s: %s", s->path, doing,
		    strerror(ENOSPC));
	return err_set(e, errno_of(code), "state file %s: %s: %s", s->path, doing,
	    sqlite3_errmsg(s->db));
}

sqlite3_stmt *
store_prepare(struct store *s, enum store_sql which, struct err *e)
{
	if (!s->stmt[which] &&
	    sqlite3_prepare_v3(s->db, store_sql_text[which], -1,
		SQLITE_PREPARE_PERSISTENT, &s->stmt[which], NULL) != SQLITE_OK) {
		(void)store_fail(s, "prepare", e);
		return NULL;
	}
	(void)sqlite3_clear_bindings(s->stmt[which]);
	return s->stmt[which];
}

int
store_run(struct store *s, sqlite3_stmt *q, struct err *e)
{
	int rc = 0;

	if (!q)
		return e ? e->code : -EIO;
	if (sqlite3_step(q) != SQLITE_DONE)
		rc = store_fail(s, "write", e);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_by_id(struct store *s, enum store_sql which, int64_t id, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, which, e);

	if (!q)
		return e->code;
	(void)sqlite3_bind_int64(q, 1, id);
	return store_run(s, q, e);
}

void
store_bind_text(sqlite3_stmt *q, int at, struct slice v)
{
	const char *p = v.p ? v.p : ""; /* NULL would be SQL's NULL */

	(void)sqlite3_bind_text64(q, at, p, v.n, SQLITE_STATIC, SQLITE_UTF8);
}

void
store_bind_blob(sqlite3_stmt *q, int at, struct slice v)
{
	(void)sqlite3_bind_blob64(q, at, v.p, v.n, SQLITE_STATIC);
}

struct slice
store_column(sqlite3_stmt *q, int at)
{
	const char *p = sqlite3_column_blob(q, at);

	return (struct slice){ p, (size_t)sqlite3_column_bytes(q, at) };
}

/* --- opening ---------------------------------------------------------------------- */

/* Makes the empty file with its mode first: SQLite would ask the umask. */
static int
make_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, -errno, "state file %s: %s", path, strerror(errno));
	close(fd);
	return 0;
}

int
store_open(const char *path, enum store_mode mode, const struct store_options *o,
    struct store **out, long *holder, struct err *e)
{
	struct store *s = calloc(1, sizeof *s);
	int rc = -ENOMEM;

	if (!s)
		return err_set(e, rc, "no memory");
	s->lock_fd = -1;
	buf_init(&s->packed, STORE_BODY_MAX);
	for (size_t i = 0; i < STORE_FRESH; i++)
		buf_init(&s->fresh[i].events, STORE_BODY_MAX);
	if (!(s->path = strdup(path)) || !(s->zstd = pack_zstd_new())) {
		err_set(e, rc, "no memory");
		goto fail;
	}
	if (mode == STORE_OWN &&
	    ((rc = store_lock(s, holder, e)) < 0 || (rc = make_file(path, e)) < 0))
		goto fail;
	if (mode != STORE_OWN && access(path, R_OK) < 0) {
		rc = err_set(e, -errno, "state file %s: %s", path, strerror(errno));
		goto fail;
	}
	/* a reader, too, may have to write: the shared memory of a WAL nobody has open
	 */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK) {
		rc = store_fail(s, "open", e);
		goto fail;
	}
	if ((rc = store_set_up(s, mode, o, e)) < 0)
		goto fail;
	*out = s;
	return 0;
fail:
	store_close(s);
	return rc;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(s->stmt[i]);
	(void)sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pack_zstd_free(s->zstd);
	buf_free(&s->packed);
	for (size_t i = 0; i < STORE_FRESH; i++)
		buf_free(&s->fresh[i].events);
	free(s->path);
	free(s);
}

/* --- transactions ------------------------------------------------------------------
 */

enum { CHUNK = 1 << 16 };

/*
 * A sync that failed may have dropped what it could not write: the kernel takes it for
 * clean, and a later sync says nothing of it (Linux, fsync(2)). What LAZY commits left
 * in the WAL is written by nobody else again, so all of it is, under the write lock.
 */
static int
rewrite_wal(struct store *s)
{
	sqlite3_file *f = NULL;
	sqlite3_int64 size = 0;
	char chunk[CHUNK];

	int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f);
	if (rc == SQLITE_OK && (!f || !f->pMethods))
		return SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = f->pMethods->xFileSize(f, &size);
	for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += CHUNK) {
		int n = size - at < CHUNK ? (int)(size - at) : CHUNK;
		rc = f->pMethods->xRead(f, chunk, n, at);
		if (rc == SQLITE_OK)
			rc = f->pMethods->xWrite(f, chunk, n, at);
	}
	if (rc == SQLITE_OK && size > 0)
		rc = f->pMethods->xSync(f, SQLITE_SYNC_NORMAL);
	return rc;
}

int
store_begin(struct store *s, enum store_sync sync, struct err *e)
{
	bool durable = sync == STORE_DURABLE;

	if (durable != s->durable) {
		/* LAZY is sound: what a later FULL commit syncs holds the earlier ones
		 */
		const char *sql = durable ? "PRAGMA synchronous = FULL"
					  : "PRAGMA synchronous = NORMAL";
		if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
			return store_fail(s, "set up", e);
		s->durable = durable;
	}
	int rc = store_run(s, store_prepare(s, SQL_BEGIN, e), e);
	if (rc < 0 || !s->doubt)
		return rc;
	if ((rc = rewrite_wal(s)) != SQLITE_OK) {
		store_rollback(s);
		return err_set(e, errno_of(rc),
		    "state file %s: write the WAL again: %s", s->path,
		    sqlite3_errstr(rc));
	}
	s->doubt = false;
	return 0;
}

static bool
clear_doubt(struct store *s)
{
	struct err ignored;

	if (s->doubt && store_begin(s, STORE_LAZY, &ignored) == 0)
		store_rollback(s);
	return !s->doubt;
}

int
store_commit(struct store *s, struct err *e)
{
	int rc = store_run(s, store_prepare(s, SQL_COMMIT, e), e);

	if (rc < 0) {
		s->doubt = true;
		store_rollback(s);
	}
	return rc;
}

void
store_rollback(struct store *s)
{
	struct err ignored;

	store_forget_fresh(s);
	if (!sqlite3_get_autocommit(s->db))
		(void)store_run(s, store_prepare(s, SQL_ROLLBACK, &ignored), &ignored);
}

bool
store_changed(struct store *s)
{
	struct err ignored;
	sqlite3_stmt *q = store_prepare(s, SQL_DATA_VERSION, &ignored);
	int64_t before = s->data_version;

	if (q && sqlite3_step(q) == SQLITE_ROW)
		s->data_version = sqlite3_column_int64(q, 0);
	(void)sqlite3_reset(q);
	return s->data_version != before;
}

static uint64_t
file_bytes(const char *path, const char *suffix)
{
	char name[PATH_MAX];
	struct stat st;
	int n = snprintf(name, sizeof name, "%s%s", path, suffix);

	if (n < 0 || (size_t)n >= sizeof name || stat(name, &st) < 0)
		return 0;
	return (uint64_t)st.st_size;
}

uint64_t
store_bytes(const struct store *s)
{
	return file_bytes(s->path, "") + file_bytes(s->path, "-wal");
}

uint64_t
store_used(struct store *s)
{
	struct err ignored;
	sqlite3_stmt *q = store_prepare(s, SQL_PAGES, &ignored);
	uint64_t db = file_bytes(s->path, ""), wal = file_bytes(s->path, "-wal");

	if (!q || sqlite3_step(q) != SQLITE_ROW)
		return db + wal;
	int64_t pages = sqlite3_column_int64(q, 0) - sqlite3_column_int64(q, 1);
	(void)sqlite3_reset(q);
	/* what is in the WAL alone is counted there */
	uint64_t used = (uint64_t)pages * PAGE_SIZE;
	return (used < db ? used : db) + wal;
}

static int64_t
free_pages(struct store *s)
{
	struct err ignored;
	sqlite3_stmt *q = store_prepare(s, SQL_PAGES, &ignored);
	int64_t n = 0;

	if (q && sqlite3_step(q) == SQLITE_ROW)
		n = sqlite3_column_int64(q, 1);
	(void)sqlite3_reset(q);
	return n;
}

/* Freed pages back to the file system, a few thousand at a time. */
static void
vacuum(struct store *s)
{
	char *sql = sqlite3_mprintf("PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);

	if (sql && sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		s->doubt = true;
	sqlite3_free(sql);
}

static int
checkpoint(struct store *s, int mode)
{
	int rc = SQLITE_IOERR;

	s->wal_pages = 0;
	if (clear_doubt(s))
		rc = sqlite3_wal_checkpoint_v2(s->db, NULL, mode, NULL, NULL);
	s->doubt |= rc != SQLITE_OK && rc != SQLITE_BUSY;
	return rc;
}

bool
store_checkpoint(struct store *s, bool idle)
{
	if (!idle) {
		if (s->wal_pages >= WAL_PAGES)
			(void)checkpoint(s, SQLITE_CHECKPOINT_PASSIVE);
		return true;
	}
	/* while somebody reads, giving pages back would only make the WAL longer */
	if (checkpoint(s, SQLITE_CHECKPOINT_TRUNCATE) != SQLITE_OK)
		return false;
	if (free_pages(s) == 0)
		return true;
	vacuum(s);
	(void)checkpoint(s, SQLITE_CHECKPOINT_TRUNCATE);
	return free_pages(s) == 0;
}
