/*
 * store_request.c - what commands leave for the daemon, and how they wake it; how far a
 * replay has come.
 *
 * The daemon watches PATH.wake: SQLite tells nobody that another process wrote.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
store_wake_path(const char *path, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s.wake", path);

	return n > 0 && (size_t)n < cap ? 0 : -ENAMETOOLONG;
}

int
store_wake(const char *path, struct err *e)
{
	char name[PATH_MAX];
	int rc = store_wake_path(path, name, sizeof name);

	if (rc < 0)
		return err_set(e, rc, "state file %s: name too long", path);
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", name, strerror(errno));
	if (futimens(fd, NULL) < 0)
		rc = err_set(e, -errno, "%s: %s", name, strerror(errno));
	close(fd);
	return rc;
}

int
store_request_put(
    struct store *s, struct slice what, struct slice output, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_REQUEST_PUT, e);

	if (!q)
		return e->code;
	store_bind_text(q, 1, what);
	store_bind_text(q, 2, output);
	return store_run(s, q, e);
}

int
store_requests_take(struct store *s, store_request_fn *fn, void *arg, struct err *e)
{
	int rc = store_begin(s, STORE_LAZY, e), n = 0, step;

	if (rc < 0)
		return rc;
	sqlite3_stmt *q = store_prepare(s, SQL_REQUESTS_TAKE, e);
	if (!q) {
		store_rollback(s);
		return e->code;
	}
	while ((step = sqlite3_step(q)) == SQLITE_ROW) {
		fn(arg, store_column(q, 0), store_column(q, 1));
		n++;
	}
	if (step != SQLITE_DONE)
		rc = store_fail(s, "read requests", e);
	(void)sqlite3_reset(q);
	if (rc < 0) {
		store_rollback(s);
		return rc;
	}
	return (rc = store_commit(s, e)) < 0 ? rc : n;
}

static struct slice
bytes_of(const struct hash128 *h)
{
	return (struct slice){ (const char *)h->b, sizeof h->b };
}

int
store_replay_get(struct store *s, struct hash128 what, uint64_t *offset, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_REPLAY_GET, e);
	int rc = 0, step;

	*offset = 0;
	if (!q)
		return e->code;
	store_bind_blob(q, 1, bytes_of(&what));
	step = sqlite3_step(q);
	if (step == SQLITE_ROW)
		*offset = (uint64_t)sqlite3_column_int64(q, 0);
	else if (step != SQLITE_DONE)
		rc = store_fail(s, "read the place of a replay", e);
	(void)sqlite3_reset(q);
	return rc;
}

int
store_replay_put(
    struct store *s, struct hash128 what, uint64_t offset, int64_t at_ms, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, SQL_REPLAY_PUT, e);

	if (!q)
		return e->code;
	store_bind_blob(q, 1, bytes_of(&what));
	(void)sqlite3_bind_int64(q, 2, (int64_t)offset);
	(void)sqlite3_bind_int64(q, 3, at_ms);
	return store_run(s, q, e);
}
