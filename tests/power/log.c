/*
 * log.c - the recorder: a hook of vfs.h that lets everything pass but for syncs that
 * are to fail.
 *
 * A call is recorded when it begins. Nothing else fails in a run that is recorded, so
 * what begins is also done.
 */
#include "log.h"
#include "tool.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOG_BYTES_MAX = 1 << 30, FAIL_AFTER = 300 };

static void
add(struct log *l, struct log_op op)
{
	l->op = tool_grow(l->op, l->n, &l->cap, sizeof *l->op);
	l->op[l->n++] = op;
}

static void
create(struct log *l, enum vfs_file name)
{
	if (l->ninodes == LOG_INODES)
		tool_die("more than %d files were made", LOG_INODES);
	l->inode[name] = l->ninodes++;
	add(l, (struct log_op){ LOG_CREATE, name, l->inode[name], 0, 0, 0 });
}

/* The database itself is made by the store, before SQLite opens it. */
static bool
makes(const struct log *l, const struct vfs_call *c)
{
	return l->inode[c->file] == LOG_NONE &&
	       (c->file == VFS_DB || (c->at & SQLITE_OPEN_CREATE) != 0);
}

static void delete (struct log *l, enum vfs_file name)
{
	if (l->inode[name] == LOG_NONE) /* SQLite tries that, too */
		return;
	add(l, (struct log_op){ LOG_DELETE, name, l->inode[name], 0, 0, 0 });
	l->inode[name] = LOG_NONE;
}

/* Not while the state file is made: then there is nothing to lose. */
static bool
fails(struct log *l, enum vfs_file name)
{
	return l->fail_sync > 0 && l->n > FAIL_AFTER && name != VFS_JOURNAL &&
	       tool_chance(&l->random, 1, l->fail_sync);
}

static int
record(void *arg, struct vfs_call *c)
{
	struct log *l = arg;
	struct log_op op = { .name = c->file, .inode = l->inode[c->file] };

	op.at = (uint64_t)c->at;
	switch (c->op) {
	case VFS_OPEN:
		if (makes(l, c))
			create(l, c->file);
		return SQLITE_OK;
	case VFS_DELETE:
		delete (l, c->file);
		return SQLITE_OK;
	case VFS_WRITE:
		op.kind = LOG_WRITE;
		op.n = c->n;
		op.data = l->data.n;
		if (buf_add(&l->data, (struct slice){ c->p, c->n }) < 0)
			tool_die("the run writes more than %d bytes", LOG_BYTES_MAX);
		break;
	case VFS_TRUNCATE:
		op.kind = LOG_TRUNCATE;
		break;
	case VFS_SYNC:
		op.kind = fails(l, c->file) ? LOG_SYNC_FAILED : LOG_SYNC;
		break;
	case VFS_SYNC_DIR:
		op.kind = LOG_SYNC_DIR;
		break;
	default:
		return SQLITE_OK;
	}
	if (op.kind != LOG_SYNC_DIR && op.inode == LOG_NONE)
		tool_die("a file is written that is not there");
	add(l, op);
	return op.kind == LOG_SYNC_FAILED ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

void
log_start(struct log *l, const char *path, unsigned fail_sync)
{
	char name[PATH_MAX];

	*l = (struct log){ .fail_sync = fail_sync };
	buf_init(&l->data, LOG_BYTES_MAX);
	for (int i = 0; i < VFS_FILES; i++) {
		buf_init(&l->was[i], LOG_BYTES_MAX);
		(void)snprintf(name, sizeof name, "%s%s", path, vfs_suffix[i]);
		bool there = tool_load(name, &l->was[i]) == 0;
		l->first[i] = l->inode[i] = there ? l->ninodes++ : LOG_NONE;
	}
	vfs_watch(path, record, l);
}

void
log_stop(void)
{
	vfs_watch(NULL, NULL, NULL);
}

void
log_free(struct log *l)
{
	free(l->op);
	buf_free(&l->data);
	for (int i = 0; i < VFS_FILES; i++)
		buf_free(&l->was[i]);
}
