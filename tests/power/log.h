/*
 * log.h - everything that was done to the database, its WAL and its journal, in order.
 */
#ifndef BOUNCEFEED_POWER_LOG_H
#define BOUNCEFEED_POWER_LOG_H

#include "base/base.h"
#include "vfs.h"

/* A name stands for another inode each time the file is made anew. */
enum { LOG_INODES = 32, LOG_NONE = -1 };

enum log_kind {
	LOG_CREATE, /* name in the directory -> inode */
	LOG_DELETE, /* name in the directory */
	LOG_WRITE,
	LOG_TRUNCATE,
	LOG_SYNC, /* of the inode */
	LOG_SYNC_FAILED,
	LOG_SYNC_DIR, /* of the directory */
};

struct log_op {
	enum log_kind kind;
	enum vfs_file name;
	int inode;
	uint64_t at; /* WRITE: offset, TRUNCATE: size */
	size_t n;    /* WRITE */
	size_t data; /* WRITE: where in log.data */
};

struct log {
	struct log_op *op;
	size_t n;
	size_t cap;
	struct buf data;
	int inode[VFS_FILES]; /* the directory as the program sees it */
	int ninodes;
	unsigned fail_sync; /* one sync in so many fails; 0: none */
	uint64_t random;
	/* what was there at the start, all of it safely on disk */
	int first[VFS_FILES];
	struct buf was[VFS_FILES];
};

/* Begins with the files that are at `path` (or none), records until log_stop(). Lets
 * one sync in `fail_sync` of database and WAL fail (0: none). */
void log_start(struct log *l, const char *path, unsigned fail_sync);
void log_stop(void);
void log_free(struct log *l);

#endif
