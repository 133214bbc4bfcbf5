/*
 * vfs.c - the shim: wraps xOpen, xDelete and the methods of files, hands all else down.
 *
 * Which syncs reach the directory is not guessed: the unix VFS lets its system call
 * "openDirectory" be replaced, and only opens a directory to sync it. Methods are of
 * version 2, so nothing is mapped and every read and write passes here.
 */
#include "vfs.h"
#include "tool.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

const char *const vfs_suffix[VFS_FILES] = { "", "-wal", "-journal" };

enum { NOT_WATCHED = -1 };

struct file {
	sqlite3_file base;  /* first: what SQLite sees */
	int which;          /* enum vfs_file or NOT_WATCHED */
	sqlite3_file *real; /* behind this struct */
};

typedef int open_directory_fn(const char *path, int *fd);

static sqlite3_vfs *unix_vfs;
static sqlite3_vfs shim;
static open_directory_fn *unix_open_directory;
static struct {
	char path[PATH_MAX];
	size_t n;
	vfs_hook *hook;
	void *arg;
} watch;
static uint64_t random_state;

static int
which_of(const char *name)
{
	if (!name || !watch.hook || strncmp(name, watch.path, watch.n) != 0)
		return NOT_WATCHED;
	for (int i = 0; i < VFS_FILES; i++) {
		if (!strcmp(name + watch.n, vfs_suffix[i]))
			return i;
	}
	return NOT_WATCHED;
}

static int
show(int which, struct vfs_call *c)
{
	if (which == NOT_WATCHED || !watch.hook)
		return SQLITE_OK;
	c->file = (enum vfs_file)which;
	return watch.hook(watch.arg, c);
}

static struct file *
shim_of(sqlite3_file *f)
{
	return (struct file *)f;
}

/* --- methods of a file -----------------------------------------------------------
 */

static int
shim_close(sqlite3_file *f)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xClose(r);
}

static int
shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	sqlite3_file *r = shim_of(f)->real;
	struct vfs_call c = { .op = VFS_READ, .at = at, .n = (size_t)n };
	int rc = show(shim_of(f)->which, &c);

	return rc == SQLITE_OK ? r->pMethods->xRead(r, p, n, at) : rc;
}

static int
shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	sqlite3_file *r = shim_of(f)->real;
	struct vfs_call c = { .op = VFS_WRITE, .at = at, .p = p, .n = (size_t)n };
	int rc = show(shim_of(f)->which, &c);

	if (rc == SQLITE_OK)
		return r->pMethods->xWrite(r, p, n, at);
	if (c.part > 0)
		(void)r->pMethods->xWrite(r, p, (int)c.part, at);
	return rc;
}

static int
shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	sqlite3_file *r = shim_of(f)->real;
	struct vfs_call c = { .op = VFS_TRUNCATE, .at = size };
	int rc = show(shim_of(f)->which, &c);

	return rc == SQLITE_OK ? r->pMethods->xTruncate(r, size) : rc;
}

static int
shim_sync(sqlite3_file *f, int flags)
{
	sqlite3_file *r = shim_of(f)->real;
	struct vfs_call c = { .op = VFS_SYNC };
	int rc = show(shim_of(f)->which, &c);

	return rc == SQLITE_OK ? r->pMethods->xSync(r, flags) : rc;
}

static int
shim_size(sqlite3_file *f, sqlite3_int64 *size)
{
	sqlite3_file *r = shim_of(f)->real;
	struct vfs_call c = { .op = VFS_SIZE };
	int rc = show(shim_of(f)->which, &c);

	return rc == SQLITE_OK ? r->pMethods->xFileSize(r, size) : rc;
}

static int
shim_lock(sqlite3_file *f, int how)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xLock(r, how);
}

static int
shim_unlock(sqlite3_file *f, int how)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xUnlock(r, how);
}

static int
shim_check_lock(sqlite3_file *f, int *out)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xCheckReservedLock(r, out);
}

static int
shim_control(sqlite3_file *f, int op, void *arg)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xFileControl(r, op, arg);
}

static int
shim_sector(sqlite3_file *f)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xSectorSize(r);
}

static int
shim_traits(sqlite3_file *f)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xDeviceCharacteristics(r);
}

static int
shim_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	sqlite3_file *r = shim_of(f)->real;
	struct vfs_call c = { .op = VFS_SHM_MAP };
	int rc = show(shim_of(f)->which, &c);

	return rc == SQLITE_OK ? r->pMethods->xShmMap(r, page, size, extend, out) : rc;
}

static int
shim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xShmLock(r, offset, n, flags);
}

static void
shim_shm_barrier(sqlite3_file *f)
{
	sqlite3_file *r = shim_of(f)->real;

	r->pMethods->xShmBarrier(r);
}

static int
shim_shm_unmap(sqlite3_file *f, int delete)
{
	sqlite3_file *r = shim_of(f)->real;

	return r->pMethods->xShmUnmap(r, delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_check_lock,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_traits,
	.xShmMap = shim_shm_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_shm_barrier,
	.xShmUnmap = shim_shm_unmap,
};

/* --- the VFS ---------------------------------------------------------------------
 */

static int
shim_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct file *s = shim_of(f);
	struct vfs_call c = { .op = VFS_OPEN, .at = flags };

	(void)v;
	s->base.pMethods = NULL;
	s->real = (sqlite3_file *)&s[1];
	s->which = which_of(name);
	int rc = show(s->which, &c);
	if (rc != SQLITE_OK)
		return rc;
	rc = unix_vfs->xOpen(unix_vfs, name, s->real, flags, out_flags);
	if (rc == SQLITE_OK)
		s->base.pMethods = &methods;
	return rc;
}

static int
shim_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
	struct vfs_call c = { .op = VFS_DELETE };
	int rc = show(which_of(name), &c);

	(void)v;
	return rc == SQLITE_OK ? unix_vfs->xDelete(unix_vfs, name, sync_dir) : rc;
}

static int
shim_random(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	for (int i = 0; i < n; i++)
		out[i] = (char)tool_random(&random_state);
	return n;
}

static int
shim_open_directory(const char *path, int *fd)
{
	struct vfs_call c = { .op = VFS_SYNC_DIR };

	(void)show(which_of(path), &c);
	return unix_open_directory(path, fd);
}

void
vfs_register(void)
{
	static const char call[] = "openDirectory";

	unix_vfs = sqlite3_vfs_find("unix");
	if (!unix_vfs)
		tool_die("SQLite has no VFS \"unix\"");
	unix_open_directory = (open_directory_fn *)unix_vfs->xGetSystemCall(
	    unix_vfs, call);
	if (!unix_open_directory ||
	    unix_vfs->xSetSystemCall(
		unix_vfs, call, (sqlite3_syscall_ptr)shim_open_directory) != SQLITE_OK)
		tool_die("SQLite's VFS has no call %s", call);
	shim = *unix_vfs;
	shim.zName = "shim";
	shim.pNext = NULL;
	shim.szOsFile = (int)sizeof(struct file) + unix_vfs->szOsFile;
	shim.xOpen = shim_open;
	shim.xDelete = shim_delete;
	shim.xRandomness = shim_random;
	if (sqlite3_vfs_register(&shim, 1) != SQLITE_OK)
		tool_die("SQLite does not take the shim");
}

void
vfs_watch(const char *path, vfs_hook *hook, void *arg)
{
	watch.hook = path ? hook : NULL;
	watch.arg = arg;
	watch.n = path ? strlen(path) : 0;
	(void)snprintf(watch.path, sizeof watch.path, "%s", path ? path : "");
}

void
vfs_seed(uint64_t seed)
{
	random_state = seed;
	sqlite3_randomness(0, NULL); /* SQLite asks for a new start when it needs one */
}
