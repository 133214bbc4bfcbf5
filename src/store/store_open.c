/*
 * store_open.c - settings, tables, and the upgrade of an older state file.
 *
 * auto_vacuum and page_size only take effect before the first table; ARCHITECTURE.md
 * says why each setting is as it is. An upgrade is one transaction, after a copy beside
 * the file (PATH.layout-N) where there is room for one. A newer file is left alone.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	BUSY_MS = 50,          /* the daemon: a command's transactions are short */
	BESIDE_BUSY_MS = 5000, /* a command, and whoever opens, waits for the other's */
};

static int
exec(struct store *s, const char *sql, struct err *e)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(s, "set up", e);
	return 0;
}

static int
read_number(struct store *s, const char *sql, int *out, struct err *e)
{
	sqlite3_stmt *q = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW)
		rc = store_fail(s, "read", e);
	else
		*out = sqlite3_column_int(q, 0);
	(void)sqlite3_finalize(q);
	return rc;
}

static int
fail_newer(struct store *s, int version, struct err *e)
{
	sqlite3_stmt *q = NULL;
	struct slice by = SLICE("a newer version");

	if (sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE name = 'version'",
		-1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		by = store_column(q, 0);
	int rc = err_set(e, -EBADMSG,
	    "state file %s: written by bouncefeed %.*s (layout %d), newer than this "
	    "program",
	    s->path, (int)by.n, by.p, version);
	(void)sqlite3_finalize(q);
	/* the log that a killed one left is not ours to move into the database */
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return rc;
}

/* Does it fit twice into what is free? */
static bool
fits(const struct store *s)
{
	struct statvfs fs;

	return statvfs(s->path, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize / 2 > store_bytes(s);
}

/* A copy of the old file for whoever wants to go back; none where it does not fit. It
 * has its name when it is whole. */
static void
back_up(struct store *s, int version)
{
	char *name = sqlite3_mprintf("%s.layout-%d", s->path, version);
	char *part = sqlite3_mprintf("%s.layout-%d.part", s->path, version);
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", part);

	if (!name || !part || !sql || access(name, F_OK) == 0 || !fits(s))
		goto out;
	(void)unlink(part);
	/* made first, as the state file is: SQLite would ask the umask */
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK ||
	    rename(part, name) < 0)
		(void)unlink(part);
out:
	sqlite3_free(sql);
	sqlite3_free(part);
	sqlite3_free(name);
}

static int
upgrade(struct store *s, int version, const char *program, struct err *e)
{
	int rc = exec(s, "BEGIN IMMEDIATE", e);

	for (int i = version; rc == 0 && i < STORE_LAYOUTS; i++)
		rc = exec(s, store_layout[i], e);
	char *sql = sqlite3_mprintf("INSERT OR REPLACE INTO meta VALUES('version', %Q);"
				    "PRAGMA user_version = %d; COMMIT",
	    program, STORE_LAYOUTS);
	if (rc == 0)
		rc = sql ? exec(s, sql, e) : err_set(e, -ENOMEM, "no memory");
	sqlite3_free(sql);
	if (rc < 0)
		store_rollback(s);
	return rc;
}

static int
on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	s->wal_pages = pages;
	return SQLITE_OK;
}

/* page_size and auto_vacuum only of a new file: on an old one, they would write. */
static int
settings(struct store *s, const struct store_options *o, bool new, struct err *e)
{
	int rc = !new ? 0
		      : exec(s,
			    "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL",
			    e);

	if (rc == 0)
		rc = exec(s,
		    "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 4194304;"
		    "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL;"
		    "PRAGMA secure_delete = OFF",
		    e);
	s->durable = true;
	if (rc == 0 && o->secure_delete)
		rc = exec(s, "PRAGMA secure_delete = ON", e);
	return rc;
}

/* Its layout; -errno where it is none that this mode can work with. */
static int
check_layout(struct store *s, enum store_mode mode, struct err *e)
{
	int version, tables, rc;

	if ((rc = read_number(s, "PRAGMA user_version", &version, e)) < 0 ||
	    (rc = read_number(s, "SELECT count(*) FROM sqlite_master", &tables, e)) < 0)
		return rc;
	if (version < 0 || (version == 0 && tables > 0))
		return err_set(
		    e, -EBADMSG, "%s: a database, but no state file", s->path);
	if (version > STORE_LAYOUTS)
		return fail_newer(s, version, e);
	if (mode == STORE_OWN || version == STORE_LAYOUTS)
		return version;
	if (version == 0)
		return err_set(e, -ENOENT, "state file %s: empty", s->path);
	return err_set(e, -EAGAIN,
	    "state file %s: of an older version (layout %d); start the daemon once",
	    s->path, version);
}

int
store_set_up(
    struct store *s, enum store_mode mode, const struct store_options *o, struct err *e)
{
	int rc;

	(void)sqlite3_busy_timeout(s->db, BESIDE_BUSY_MS);
	int version = check_layout(s, mode, e);
	if (version < 0 || mode == STORE_READ)
		return version < 0 ? version : 0;
	if ((rc = settings(s, o, version == 0, e)) < 0)
		return rc;
	/* behind settings(): wal_autocheckpoint takes the hook away */
	(void)sqlite3_wal_hook(s->db, on_wal, s);
	if (version > 0 && version < STORE_LAYOUTS)
		back_up(s, version);
	if (version < STORE_LAYOUTS && (rc = upgrade(s, version, o->version, e)) < 0)
		return rc;
	if (mode != STORE_OWN)
		return 0;
	(void)sqlite3_busy_timeout(s->db, BUSY_MS);
	s->doubt = true; /* who had it open before may have died of a failed sync */
	return 0;
}
