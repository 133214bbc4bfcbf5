/*
 * rotate.c - what rotators and people do to logs: rename, truncate, delete, move away
 * and back, use an inode again.
 */
#include "rotate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
op_rotate(unsigned a, unsigned b)
{
	char to[MODEL_NAME];
	struct file *f = pick_live(a);

	if (!f)
		return;
	archive_name(f, to);
	(void)world_rename(f, to);
	if (b % 2 && writer_of(f))
		op_reopen((unsigned)(writer_of(f) - world.writer), 0);
}

static void
truncate_to(struct file *f, uint64_t len)
{
	copy_finish(f);
	model_now_ms += MODEL_TICK_MS;
	trace("truncate %s to %llu", f->name, (unsigned long long)len);
	if (truncate(world_path(f->name), (off_t)len) < 0)
		judge_fault("the test: truncate %s: %s", f->name, strerror(errno));
	struct writer *w = writer_of(f);
	if (w)
		writer_drop_part(w);
	if (len == 0) {
		world.gen[f->gen].left = true;
		unsigned layout = world.gen[f->gen].layout;
		f->gen = world_new_gen();
		world.gen[f->gen].layout = layout;
		f->looked = f->seen = false;
	}
	f->len = len;
	world_stamp(f);
}

void
op_truncate(unsigned a, unsigned b)
{
	struct file *f = pick_live(a);

	(void)b;
	if (f && !world.full && f->len > 0)
		truncate_to(f, 0);
}

/* Truncated and written again before anybody looks: as long, a little longer, shorter.
 */
void
op_regrow(unsigned a, unsigned b)
{
	struct file *f = pick_live(a);
	struct writer *w = f ? writer_of(f) : NULL;

	if (!w || world.full || f->len == 0 || f->len > 100000)
		return;
	uint64_t len = f->len;
	truncate_to(f, 0);
	if (!w->plain)
		writer_exact(w, b % 3 == 0 ? len : b % 3 == 1 ? len + 100 : len / 2);
}

/* A torn last record is cut off. */
void
op_cut(unsigned a, unsigned b)
{
	struct writer *w = some_writer(a);

	(void)b;
	if (w->fd < 0 || w->part == 0 || w->plain)
		return;
	struct file *f = &world.file[w->file];
	struct record_state *r = &world.record[w->part];
	if (f->place == GONE || r->torn || world.gen[f->gen].left)
		return;
	uint64_t start = r->start;
	writer_drop_part(w);
	r->have = start;
	r->never = true; /* what was cut off was never whole */
	truncate_to(f, start);
	world.gen[f->gen].len = start;
}

void
op_delete(unsigned a, unsigned b)
{
	struct file *f = pick_any(a);

	if (!f)
		return;
	if (writer_of(f))
		world.gen[f->gen].left = true;
	struct writer *w = writer_of(f);
	world_unlink(f);
	if (b % 2 && w)
		op_reopen((unsigned)(w - world.writer), 0);
}

static bool
is_torn(const struct file *f)
{
	for (unsigned i = 1; i <= world.nrecords; i++) {
		const struct record_state *r = &world.record[i];
		if (r->gen == f->gen && r->start < f->len && f->len < r->end)
			return true;
	}
	return false;
}

/* Another inode holds a part of the same. */
static bool
has_copy(const struct file *f)
{
	for (unsigned i = 0; i < world.nfiles; i++) {
		const struct file *o = &world.file[i];
		if (o != f && o->gen == f->gen &&
		    (o->place != GONE || o->len > f->len || writer_of(o)))
			return true;
	}
	return false;
}

/* An old inode comes back to the active path: not beside a copy of it, they would be
 * two files under the path; nor what ends in a torn record: the next one would stand on
 * the same line. */
void
op_back(unsigned a, unsigned b)
{
	struct file *f = pick_archived(a);
	struct writer *w = some_writer(b);

	if (f && !world_named(w->active) && f->len == world.gen[f->gen].len &&
	    !is_torn(f) && !has_copy(f) && !writer_of(f))
		(void)world_rename(f, w->active);
}

/* As if the file were deleted and its inode used again for a new one. */
void
op_recycle(unsigned a, unsigned b)
{
	struct file *f = pick_archived(a);
	struct writer *w = some_writer(b);

	if (!f || world.full || writer_of(f) || world_named(w->active))
		return;
	truncate_to(f, 0);
	(void)world_rename(f, w->active);
	writer_open(w);
	writer_records(w, 1 + b / 8 % 6, b);
}

void
op_away(unsigned a, unsigned b)
{
	char to[MODEL_NAME];
	struct file *f = pick_any(a);

	(void)b;
	if (!f || f->place == AWAY || f->packed)
		return;
	(void)snprintf(
	    to, sizeof to, "away/%.40s-%u", base_of(f->name), ++world.serial);
	(void)world_rename(f, to);
}

void
op_return(unsigned a, unsigned b)
{
	char to[MODEL_NAME];
	struct file *f = pick_away(a);

	(void)b;
	if (!f)
		return;
	if (world.scene->archive)
		(void)snprintf(
		    to, sizeof to, "%s/%.40s", world.scene->archive, base_of(f->name));
	else
		(void)snprintf(
		    to, sizeof to, "%s-back%u", world.scene->active[0], ++world.serial);
	(void)world_rename(f, to);
}
