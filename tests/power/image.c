/*
 * image.c - builds disks from the log of what was written.
 *
 * What a disk is taken to promise, and no more:
 *
 * - A sync of a file makes all earlier writes and truncations of that file durable,
 *   its size included, and nothing else: not its name, not other files.
 * - A sync that fails promises nothing, and the kernel may take for clean what it did
 *   not write (fsync(2) of Linux): of the writes before it some never reach the disk,
 *   unless the program writes to the same page again.
 * - A sync of the directory makes all earlier creations and deletions in it durable.
 * - Of what came after the last sync of its file, each write and each truncation is
 *   there or not, independent of the others and of their order. A write that is there
 *   may be torn: each of its 512-byte sectors is there or not. Of one that is not, the
 *   file may still have grown: zeros.
 * - Creations and deletions are done in order, as journals of file systems keep them:
 *   of those after the last sync of the directory any first part is there.
 * - The operation at the cut was begun: it may be there in part. A sync that was begun
 *   promises nothing.
 *
 * Two things are not modelled. Bytes beside a write stay as they are, even in its own
 * sector (SQLITE_IOCAP_POWERSAFE_OVERWRITE, which the unix VFS promises by default),
 * and a sector is never garbage. How much of the rest survives is drawn for each file
 * of each image, none and all included, so that "WAL lost, database kept" and the
 * reverse are common.
 */
#include "image.h"
#include "tool.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SECTOR = 512,
	PAGE = 4096, /* of the kernel's cache */
	FILE_MAX = 1 << 30,
	SHM_SIZE = 32768,
	WHOLE = 8, /* chances are of so many */
};

struct pending { /* indices of the log */
	size_t *v;
	size_t n;
	size_t cap;
};

struct disk {
	const struct log *log;
	size_t at;
	struct buf file[LOG_INODES];         /* on disk for sure */
	struct buf cache[LOG_INODES];        /* as the program sees it */
	struct pending unsynced[LOG_INODES]; /* WRITE, TRUNCATE */
	int inode[VFS_FILES];                /* the directory, on disk for sure */
	struct pending names;                /* CREATE, DELETE */
};

static void
push(struct pending *p, size_t i)
{
	p->v = tool_grow(p->v, p->n, &p->cap, sizeof *p->v);
	p->v[p->n++] = i;
}

static void
resize(struct buf *b, size_t n)
{
	if (n > b->n) {
		if (buf_reserve(b, n - b->n) < 0)
			tool_die("no memory for a file of %zu bytes", n);
		memset(b->p + b->n, 0, n - b->n);
	}
	b->n = n;
}

static void
write_at(struct buf *b, uint64_t at, const char *p, size_t n)
{
	if (at + n > b->n)
		resize(b, at + n);
	if (n > 0)
		memcpy(b->p + at, p, n);
}

static void
apply(const struct log *l, const struct log_op *op, struct buf *b)
{
	if (op->kind == LOG_TRUNCATE)
		resize(b, op->at);
	else
		write_at(b, op->at, l->data.p + op->data, op->n);
}

static void
apply_name(const struct log_op *op, int inode[VFS_FILES])
{
	inode[op->name] = op->kind == LOG_CREATE ? op->inode : LOG_NONE;
}

struct disk *
disk_new(const struct log *l)
{
	struct disk *d = calloc(1, sizeof *d);

	if (!d)
		tool_die("no memory");
	d->log = l;
	for (size_t i = 0; i < LOG_INODES; i++) {
		buf_init(&d->file[i], FILE_MAX);
		buf_init(&d->cache[i], FILE_MAX);
	}
	for (size_t i = 0; i < VFS_FILES; i++) {
		int inode = d->inode[i] = l->first[i];
		if (inode == LOG_NONE)
			continue;
		write_at(&d->file[inode], 0, l->was[i].p, l->was[i].n);
		write_at(&d->cache[inode], 0, l->was[i].p, l->was[i].n);
	}
	return d;
}

void
disk_free(struct disk *d)
{
	for (size_t i = 0; i < LOG_INODES; i++) {
		buf_free(&d->file[i]);
		buf_free(&d->cache[i]);
		free(d->unsynced[i].v);
	}
	free(d->names.v);
	free(d);
}

/* What else is in the pages of a write goes to the disk with it. */
static void
write_pages(struct disk *d, const struct log_op *op)
{
	const struct buf *cache = &d->cache[op->inode];
	struct buf *file = &d->file[op->inode];
	uint64_t from = op->at - op->at % PAGE, to = op->at + op->n;

	to += (PAGE - to % PAGE) % PAGE;
	if (to > cache->n)
		to = cache->n;
	if (to > file->n)
		to = file->n;
	if (op->kind == LOG_WRITE && from < to)
		write_at(file, from, cache->p + from, to - from);
}

static void
sync_file(struct disk *d, int inode)
{
	struct pending *unsynced = &d->unsynced[inode];

	for (size_t k = 0; k < unsynced->n; k++)
		apply(d->log, &d->log->op[unsynced->v[k]], &d->file[inode]);
	for (size_t k = 0; k < unsynced->n; k++)
		write_pages(d, &d->log->op[unsynced->v[k]]);
	unsynced->n = 0;
}

/* A sync that failed: some of it is there, the rest will never be. */
static void
drop_some(struct disk *d, int inode, uint64_t seed)
{
	struct pending *unsynced = &d->unsynced[inode];

	for (size_t k = 0; k < unsynced->n; k++) {
		const struct log_op *op = &d->log->op[unsynced->v[k]];
		if (op->kind == LOG_TRUNCATE || tool_chance(&seed, 1, 2))
			apply(d->log, op, &d->file[inode]);
	}
	unsynced->n = 0;
}

static void
step(struct disk *d, size_t i)
{
	const struct log_op *op = &d->log->op[i];

	switch (op->kind) {
	case LOG_CREATE:
	case LOG_DELETE:
		push(&d->names, i);
		break;
	case LOG_WRITE:
	case LOG_TRUNCATE:
		push(&d->unsynced[op->inode], i);
		apply(d->log, op, &d->cache[op->inode]);
		break;
	case LOG_SYNC:
		sync_file(d, op->inode);
		break;
	case LOG_SYNC_FAILED:
		drop_some(d, op->inode, i);
		break;
	case LOG_SYNC_DIR:
		for (size_t k = 0; k < d->names.n; k++)
			apply_name(&d->log->op[d->names.v[k]], d->inode);
		d->names.n = 0;
		break;
	}
}

void
disk_advance(struct disk *d, size_t at)
{
	while (d->at < at)
		step(d, d->at++);
}

/* --- what may be there -----------------------------------------------------------
 */

/* The operation that the cut interrupts, or NULL. */
static const struct log_op *
begun(const struct disk *d)
{
	return d->at < d->log->n ? &d->log->op[d->at] : NULL;
}

static void
tear(const struct log *l, const struct log_op *op, uint64_t *random, struct buf *b)
{
	const char *p = l->data.p + op->data;

	for (size_t done = 0, n; done < op->n; done += n) {
		n = SECTOR - (op->at + done) % SECTOR;
		if (n > op->n - done)
			n = op->n - done;
		if (tool_chance(random, 1, 2))
			write_at(b, op->at + done, p + done, n);
	}
}

static void
maybe(const struct log *l, const struct log_op *op, unsigned chance, uint64_t *random,
    struct buf *b)
{
	if (!tool_chance(random, chance, WHOLE)) {
		if (op->kind == LOG_WRITE && op->at + op->n > b->n &&
		    tool_chance(random, chance, 4 * WHOLE))
			resize(b, op->at + op->n);
		return;
	}
	if (op->kind == LOG_WRITE && chance < WHOLE && tool_chance(random, 1, 2))
		tear(l, op, random, b);
	else
		apply(l, op, b);
}

static void
build_file(const struct disk *d, int inode, uint64_t *random, struct buf *b)
{
	static const unsigned chances[] = { 0, 1, WHOLE / 2, WHOLE - 1, WHOLE };
	const struct pending *unsynced = &d->unsynced[inode];
	const struct log_op *last = begun(d);
	unsigned chance =
	    chances[tool_below(random, sizeof chances / sizeof chances[0])];

	buf_clear(b);
	write_at(b, 0, d->file[inode].p, d->file[inode].n);
	for (size_t i = 0; i < unsynced->n; i++)
		maybe(d->log, &d->log->op[unsynced->v[i]], chance, random, b);
	if (last && last->inode == inode &&
	    (last->kind == LOG_WRITE || last->kind == LOG_TRUNCATE))
		maybe(d->log, last, WHOLE / 2, random, b);
}

static void
build_names(const struct disk *d, uint64_t *random, int inode[VFS_FILES])
{
	const struct log_op *last = begun(d);
	size_t n = tool_below(random, d->names.n + 1);

	/* the likely ends are as likely as all between them together */
	if (tool_chance(random, 1, 3))
		n = 0;
	else if (tool_chance(random, 1, 2))
		n = d->names.n;
	for (size_t i = 0; i < n; i++)
		apply_name(&d->log->op[d->names.v[i]], inode);
	if (last && n == d->names.n && tool_chance(random, 1, 2) &&
	    (last->kind == LOG_CREATE || last->kind == LOG_DELETE))
		apply_name(last, inode);
}

/* What is left of the shared memory says nothing: whoever comes first makes it anew. */
static void
save_shm(const char *path, uint64_t *random, struct buf *b)
{
	char name[PATH_MAX];

	buf_clear(b);
	resize(b, SHM_SIZE);
	for (size_t i = 0; i < SHM_SIZE; i++)
		b->p[i] = (char)tool_random(random);
	(void)snprintf(name, sizeof name, "%s-shm", path);
	tool_save(name, buf_slice(b));
}

void
disk_image(const struct disk *d, uint64_t seed, const char *path)
{
	char name[PATH_MAX];
	int inode[VFS_FILES];
	struct buf b;

	buf_init(&b, FILE_MAX);
	memcpy(inode, d->inode, sizeof inode);
	build_names(d, &seed, inode);
	for (int i = 0; i < VFS_FILES; i++) {
		if (inode[i] == LOG_NONE)
			continue;
		build_file(d, inode[i], &seed, &b);
		(void)snprintf(name, sizeof name, "%s%s", path, vfs_suffix[i]);
		tool_save(name, buf_slice(&b));
	}
	if (tool_chance(&seed, 1, 4))
		save_shm(path, &seed, &b);
	buf_free(&b);
}
