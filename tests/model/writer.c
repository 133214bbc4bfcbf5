/*
 * writer.c - who writes the logs: keeps its fd wherever the file goes until it is told
 * to open its path again.
 */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct file *
file_of(struct writer *w)
{
	return &world.file[w->file];
}

struct writer *
writer_of(const struct file *f)
{
	for (unsigned i = 0; i < world.scene->writers; i++) {
		struct writer *w = &world.writer[i];
		if (w->fd >= 0 && w->file == (unsigned)(f - world.file))
			return w;
	}
	return NULL;
}

void
writer_drop_part(struct writer *w)
{
	if (w->part != 0)
		world.record[w->part].torn |= world.record[w->part].have <
					      world.record[w->part].text;
	w->part = 0;
	buf_clear(&w->rest);
}

void
writer_close(struct writer *w)
{
	writer_drop_part(w);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* Makes its active file where it is not there. */
void
writer_open(struct writer *w)
{
	struct file *f = world_named(w->active);
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (w->plain ? 0 : O_APPEND);

	if (f && f == file_of(w))
		writer_finish(w); /* behind a torn record there would be no line end */
	writer_close(w);
	w->fd = open(world_path(w->active), flags, 0600);
	if (w->fd < 0) {
		judge_fault("the test: open %s: %s", w->active, strerror(errno));
		return;
	}
	if (!f) {
		f = world_new_file(w->active);
		trace("create %s", w->active);
	}
	w->file = (unsigned)(f - world.file);
	w->at = f->len;
}

/* Writes bytes of the file's generation. */
static void
put(struct writer *w, struct slice s)
{
	struct file *f = file_of(w);
	struct gen *g = &world.gen[f->gen];
	uint64_t at = w->plain ? w->at : f->len;

	if (s.n == 0)
		return;
	if (pwrite(w->fd, s.p, s.n, (off_t)at) != (ssize_t)s.n)
		judge_fault("the test: write %s: %s", f->name, strerror(errno));
	w->at = f->len = at + s.n;
	g->len = f->len;
	g->grown_ms = model_now_ms;
	world_stamp(f);
}

/* The end of its file; what a writer without O_APPEND left empty belongs to it. */
static uint64_t
end_of(const struct writer *w)
{
	return w->plain ? w->at : world.file[w->file].len;
}

static void
need_file(struct writer *w)
{
	if (w->fd < 0)
		writer_open(w);
	if (w->fd >= 0 && file_of(w)->len == 0 && world.scene->format == FORMAT_PMTA)
		writer_header(w, world.gen[file_of(w)->gen].layout);
}

void
writer_header(struct writer *w, unsigned layout)
{
	struct buf text;

	if (w->fd < 0)
		writer_open(w);
	writer_finish(w);
	buf_init(&text, 4096);
	record_header(&text, layout);
	trace("write %s: header %u", file_of(w)->name, layout % 3);
	put(w, buf_slice(&text));
	world.gen[file_of(w)->gen].layout = layout;
	buf_free(&text);
}

/* The next record's text, and what is known of it; 0: no room. */
static unsigned
begin_record(struct writer *w, size_t size, unsigned shape, struct buf *text)
{
	struct file *f = file_of(w);
	uint64_t at = end_of(w);

	if (world.full || world.nrecords + 2 >= MODEL_RECORDS) {
		world.full = true;
		return 0;
	}
	unsigned number = ++world.nrecords;
	record_write(text, world.scene, world.gen[f->gen].layout, number, size, shape);
	world.record[number] = (struct record_state){
		.gen = f->gen,
		.start = at,
		.text = at + text->n - 1,
		.end = at + text->n,
		.have = at,
	};
	model_totals.records++;
	return number;
}

static void
one_record(struct writer *w, size_t size, unsigned shape)
{
	struct buf text;

	buf_init(&text, 1 << 20);
	unsigned number = begin_record(w, size, shape, &text);
	if (number != 0) {
		put(w, buf_slice(&text));
		world.record[number].have = world.record[number].end;
		trace("write %s: record %u at %llu to %llu", file_of(w)->name, number,
		    (unsigned long long)world.record[number].start,
		    (unsigned long long)world.record[number].end);
	}
	buf_free(&text);
}

/* shape: how long they are, and what is in them. */
void
writer_records(struct writer *w, unsigned n, unsigned shape)
{
	struct buf noise;

	need_file(w);
	writer_finish(w);
	if (shape % 8 == 7) {
		buf_init(&noise, 4096);
		record_noise(&noise, world.scene, world.gen[file_of(w)->gen].layout,
		    ++world.serial);
		trace("write %s: a line that is no event", file_of(w)->name);
		put(w, buf_slice(&noise));
		buf_free(&noise);
	}
	for (unsigned i = 0; i < n; i++) {
		size_t size = shape / 8 % 3 ? 0 : 300 + shape % 200;
		if (shape / 64 % 300 == 299)
			size = 280 * 1024; /* more than one read */
		one_record(w, size, shape / 16 + i);
	}
}

/* Records up to the length `want`, exactly where it is far enough away. */
void
writer_exact(struct writer *w, uint64_t want)
{
	need_file(w);
	writer_finish(w);
	while (!world.full && end_of(w) + 900 < want)
		one_record(w, 0, 0);
	uint64_t at = end_of(w);
	one_record(w, at < want ? (size_t)(want - at) : 0, 0);
}

void
writer_part(struct writer *w, unsigned shape)
{
	struct buf text;

	need_file(w);
	writer_finish(w);
	buf_init(&text, 1 << 20);
	unsigned number = begin_record(w, 0, shape / 8, &text);
	if (number != 0) {
		struct record_state *r = &world.record[number];
		size_t n = shape % 3 ? 1 + shape % (text.n - 1) : text.n - 1;
		put(w, (struct slice){ text.p, n });
		r->have = r->start + n;
		w->part = number;
		buf_clear(&w->rest);
		(void)buf_add(&w->rest, slice_from(buf_slice(&text), n));
		trace("write %s: %zu of %zu bytes of record %u at %llu",
		    file_of(w)->name, n, text.n, number, (unsigned long long)r->start);
	}
	buf_free(&text);
}

void
writer_finish(struct writer *w)
{
	if (w->part == 0)
		return;
	struct record_state *r = &world.record[w->part];
	put(w, buf_slice(&w->rest));
	r->have = r->end;
	trace("write %s: the rest of record %u, to %llu", file_of(w)->name, w->part,
	    (unsigned long long)r->end);
	w->part = 0;
	buf_clear(&w->rest);
}
