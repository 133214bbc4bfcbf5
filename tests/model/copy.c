/*
 * copy.c - copies of logs in the archive: in one go or in two, with their mtime or
 * without, packed; and mv to another file system, which is a copy and an unlink.
 */
#include "rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* The bytes from `at` to `end` of one file behind those of the other. */
static void
copy_bytes(struct file *from, struct file *to, uint64_t end)
{
	char bytes[16 * 1024];
	int in = open(world_path(from->name), O_RDONLY | O_CLOEXEC);
	int out = open(world_path(to->name), O_WRONLY | O_APPEND | O_CLOEXEC);

	while (in >= 0 && out >= 0 && to->len < end) {
		uint64_t want = end - to->len < sizeof bytes ? end - to->len
							     : sizeof bytes;
		ssize_t n = pread(in, bytes, want, (off_t)to->len);
		if (n <= 0 || write(out, bytes, (size_t)n) != n)
			break;
		to->len += (uint64_t)n;
	}
	if (to->len < end)
		judge_fault("the test: copy %s: %s", from->name, strerror(errno));
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	world_stamp(to);
}

static struct file *
begin_copy(struct file *f)
{
	char name[MODEL_NAME];

	archive_name(f, name);
	int fd = open(world_path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		judge_fault("the test: create %s: %s", name, strerror(errno));
	else
		close(fd);
	struct file *to = world_new_file(name);
	to->gen = f->gen;
	return to;
}

/* A record that the copy holds a part of: were the original to go, it could be taken
 * for whole. */
static void
mark_cut(const struct file *copy)
{
	for (unsigned i = 1; i <= world.nrecords; i++) {
		struct record_state *r = &world.record[i];
		if (r->gen == copy->gen && r->start < copy->len && copy->len < r->text)
			r->torn = true;
	}
}

void
copy_finish(const struct file *of)
{
	struct file *from = &world.file[world.copy_from];
	struct file *to = &world.file[world.copy_to];

	if (!world.copying || (of && of != from))
		return;
	world.copying = false;
	if (from->place == GONE || to->place == GONE || from->gen != to->gen ||
	    from->len < to->len)
		return;
	trace("copy the rest of %s to %s: %llu bytes in all", from->name, to->name,
	    (unsigned long long)from->len);
	copy_bytes(from, to, from->len);
	mark_cut(to);
}

void
op_copy(unsigned a, unsigned b)
{
	struct file *f = pick_live(a);

	if (!f || world.full)
		return;
	copy_finish(NULL);
	struct file *to = begin_copy(f);
	bool half = b % 4 == 0;
	uint64_t len = half ? f->len / 2 : f->len;
	copy_bytes(f, to, len);
	if (b % 8 == 1)
		to->mtime_ns = f->mtime_ns;
	trace("copy %s%s to %s: %llu bytes%s", half ? "half of " : "", f->name,
	    to->name, (unsigned long long)len, b % 8 == 1 ? ", with its mtime" : "");
	world.copy_from = (unsigned)(f - world.file);
	world.copy_to = (unsigned)(to - world.file);
	world.copying = half;
	mark_cut(to);
	world.gen[f->gen].left = world.gen[f->gen].copied = true;
}

void
op_copy_rest(unsigned a, unsigned b)
{
	(void)a;
	(void)b;
	copy_finish(NULL);
}

/* mv to another file system: a copy with the same mtime, then the original goes. */
void
op_move(unsigned a, unsigned b)
{
	struct file *f = pick_live(a);

	if (!f || world.full)
		return;
	copy_finish(NULL);
	struct file *to = begin_copy(f);
	copy_bytes(f, to, f->len);
	to->mtime_ns = f->mtime_ns;
	trace("copy %s to %s: %llu bytes, with its mtime", f->name, to->name,
	    (unsigned long long)f->len);
	mark_cut(to);
	world.gen[f->gen].left = world.gen[f->gen].copied = true;
	struct writer *w = writer_of(f);
	world_unlink(f);
	if (b % 2 && w)
		op_reopen((unsigned)(w - world.writer), 0);
}

void
op_copytruncate(unsigned a, unsigned b)
{
	op_copy(a, b | 2);
	op_truncate(a, b);
}

/* --- packed -------------------------------------------------------------------------
 */

static struct {
	struct buf rest; /* what is not written of it yet */
	unsigned from, to;
	bool doing;
} packing;

/* The whole file, packed. */
static int
pack_file(const struct file *f, bool zst, struct buf *out)
{
	size_t room = ZSTD_compressBound(f->len) + compressBound(f->len) + 64;
	char *plain = malloc(f->len + 1);
	int fd = open(world_path(f->name), O_RDONLY | O_CLOEXEC), rc = -EIO;
	z_stream z = { 0 };

	buf_init(out, room);
	if (!plain || fd < 0 || buf_reserve(out, room) < 0 ||
	    pread(fd, plain, f->len, 0) != (ssize_t)f->len)
		goto done;
	if (zst) {
		out->n = ZSTD_compress(out->p, room, plain, f->len, 1);
		rc = ZSTD_isError(out->n) ? -EIO : 0;
	} else if (deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK) {
		z.next_in = (Bytef *)plain;
		z.avail_in = (uInt)f->len;
		z.next_out = (Bytef *)out->p;
		z.avail_out = (uInt)room;
		rc = deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : -EIO;
		out->n = z.total_out;
		(void)deflateEnd(&z);
	}
done:
	free(plain);
	if (fd >= 0)
		close(fd);
	return rc;
}

static void
put_packed(struct file *to, size_t n)
{
	int fd = open(world_path(to->name), O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 || write(fd, packing.rest.p, n) != (ssize_t)n)
		judge_fault("the test: write %s: %s", to->name, strerror(errno));
	if (fd >= 0)
		close(fd);
	buf_drop(&packing.rest, n);
	to->mtime_ns = model_wall_ns();
	to->grown_ms = model_now_ms;
}

/* The packed file is whole: it gets the mtime of the plain one, which goes. */
static void
pack_finish(void)
{
	struct file *from = &world.file[packing.from], *to = &world.file[packing.to];

	if (!packing.doing)
		return;
	packing.doing = false;
	if (to->place == GONE || from->place == GONE) {
		buf_free(&packing.rest);
		return;
	}
	put_packed(to, packing.rest.n);
	buf_free(&packing.rest);
	to->mtime_ns = from->mtime_ns;
	to->len = to->plain;
	trace("%s is whole: %llu bytes", to->name, (unsigned long long)to->len);
	mark_cut(to);
	world_unlink(from);
}

void
op_pack(unsigned a, unsigned b)
{
	struct file *f = pick_archived(a);
	char name[MODEL_NAME];
	bool zst = b % 2;

	pack_finish();
	if (!f || world.full || writer_of(f) || f->len == 0)
		return;
	(void)snprintf(name, sizeof name, "%.50s%s", f->name, zst ? ".zst" : ".gz");
	if (world_named(name) || pack_file(f, zst, &packing.rest) < 0)
		return;
	int fd = open(world_path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	struct file *to = world_new_file(name);
	to->gen = f->gen;
	to->packed = true;
	to->plain = f->len;
	to->mtime_ns = f->mtime_ns;
	to->history = f->history;
	judge_entered(to);
	world.gen[f->gen].copied = true;
	packing.from = (unsigned)(f - world.file);
	packing.to = (unsigned)(to - world.file);
	packing.doing = true;
	trace("pack %s to %s", f->name, name);
	if (b / 2 % 2)
		put_packed(to, packing.rest.n / 2);
	else
		pack_finish();
}

void
op_pack_rest(unsigned a, unsigned b)
{
	(void)a;
	(void)b;
	pack_finish();
}

void
copy_end(void)
{
	packing.doing = false;
	buf_free(&packing.rest);
}
