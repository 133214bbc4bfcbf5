/*
 * vfs.h - a shim over SQLite's unix VFS that shows every call on one database, its WAL
 * and its rollback journal to a hook before it is made. One thread, one watched path.
 *
 * Shared memory is passed through: it is not on a disk (only its mapping is shown, so
 * that it can be made to fail).
 */
#ifndef BOUNCEFEED_POWER_VFS_H
#define BOUNCEFEED_POWER_VFS_H

#include <stddef.h>
#include <stdint.h>

enum vfs_file { VFS_DB, VFS_WAL, VFS_JOURNAL, VFS_FILES };

extern const char *const vfs_suffix[VFS_FILES]; /* "", "-wal", "-journal" */

enum vfs_op {
	VFS_OPEN,
	VFS_READ,
	VFS_WRITE,
	VFS_TRUNCATE,
	VFS_SYNC,
	VFS_SYNC_DIR, /* the directory of the files; its answer is ignored */
	VFS_SIZE,
	VFS_DELETE,
	VFS_SHM_MAP,
};

struct vfs_call {
	enum vfs_op op;
	enum vfs_file file;
	int64_t at;    /* READ, WRITE: offset; TRUNCATE: the new size; OPEN: flags */
	const void *p; /* WRITE: the bytes */
	size_t n;
	size_t part; /* the hook's: bytes of a WRITE that fails that are written */
};

/* SQLITE_OK: the call is made; else it fails with this code. */
typedef int vfs_hook(void *arg, struct vfs_call *c);

/* Makes the shim the default VFS. Exits where SQLite refuses it. */
void vfs_register(void);

/* The database whose calls are shown from now on, by the path that it is opened with;
 * NULL: none. The hook is also asked about files that are open already. */
void vfs_watch(const char *path, vfs_hook *hook, void *arg);

/* What SQLite takes for random (the salts of a WAL) depends on the seed from now on. */
void vfs_seed(uint64_t seed);

#endif
