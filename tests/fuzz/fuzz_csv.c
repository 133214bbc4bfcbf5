/*
 * fuzz_csv.c - CSV and line framing: any chunks give what the whole gives (I3).
 *
 * Input: flags (bit 0: lines, not CSV; bits 1 and 2: the longest record), three chunk
 * sizes, the file. Each framed record and each of its fields is copied out, so that
 * ASan sees a slice that points nowhere.
 */
#include "fuzz.h"
#include "frame/frame.h"

struct framing {
	bool lines;
	size_t max;
	struct frame_csv *csv;
	struct frame_line line;
};

static enum frame_result
next(struct framing *f, struct slice in, bool last, struct frame_out *out)
{
	return f->lines ? frame_line_next(&f->line, in, last, out)
			: frame_csv_next(f->csv, in, last, out);
}

static bool
inside(struct slice part, struct slice whole)
{
	return part.n <= whole.n &&
	       (part.n == 0 ||
		   (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void
note(const struct framing *f, struct slice in, size_t at, enum frame_result r,
    const struct frame_out *out, struct buf *log)
{
	fuzz_check(
	    inside(out->bytes, in) && out->bytes.n <= out->used && out->used <= in.n,
	    "a frame goes past its input");
	struct slice shown = out->bytes;
	/* of a line that is too long as much is BAD as has come; the rest is skipped */
	bool part = r == FRAME_BAD && shown.n > f->max;
	if (part)
		shown.n = f->max;
	(void)buf_printf(log, "%zu+%zu %s:", at, part ? 0 : out->used,
	    r == FRAME_BAD ? out->why : "record");
	(void)buf_add(log, shown);
	(void)buf_addc(log, '\n');
	if (r == FRAME_BAD)
		return;
	fuzz_check(out->bytes.n <= f->max, "a record of %zu bytes", out->bytes.n);
	for (size_t i = 0; i < out->nfields; i++) {
		(void)buf_addc(log, '|');
		(void)buf_add(log, out->field[i]);
	}
}

/* All frames of the file to log, shown as more and more of what is not used yet. */
static void
frame_all(struct framing *f, struct slice file, struct fuzz_chunks c, struct buf *log)
{
	size_t at = 0, end = 0;

	f->csv = frame_csv_new(f->max);
	frame_line_init(&f->line, f->max);
	fuzz_check(f->csv != NULL, "no memory");
	fuzz_hide(file);
	while (end < file.n) {
		size_t step = fuzz_chunk(&c, file.n - end);
		fuzz_show((struct slice){ file.p + end, step });
		end += step;
		bool last = end == file.n;
		for (;;) {
			struct slice in = { file.p + at, end - at };
			struct frame_out out;
			enum frame_result r = next(f, in, last, &out);
			if (r != FRAME_MORE)
				note(f, in, at, r, &out, log);
			fuzz_check(r == FRAME_MORE || out.used > 0, "no progress");
			at += out.used;
			if (out.used == 0)
				break;
		}
	}
	fuzz_check(at == file.n, "%zu of %zu bytes are left", file.n - at, file.n);
	frame_csv_free(f->csv);
}

void
fuzz_csv(struct slice in)
{
	static const size_t max[] = { 64, 300, 4096, 1 << 20 };
	static const struct fuzz_chunks at_once = { { 0 }, 0 };
	unsigned flags = fuzz_byte(&in);
	struct fuzz_chunks chunks = fuzz_chunks_take(&in);
	struct framing f = { .lines = flags & 1, .max = max[flags >> 1 & 3] };
	struct buf *whole = fuzz_buf(0), *parts = fuzz_buf(1);

	frame_all(&f, in, at_once, whole);
	frame_all(&f, in, chunks, parts);
	fuzz_same("chunks frame otherwise than the whole", buf_slice(parts),
	    buf_slice(whole));
}
