/*
 * line.c - frames lines: one LF, a CR before it does not count.
 *
 * Empty lines are passed over. A line over the limit is BAD with its first bytes, and
 * what follows of it is skipped as it comes: memory stays bounded.
 */
#include "frame/frame.h"

void
frame_line_init(struct frame_line *f, size_t max_record)
{
	*f = (struct frame_line){ .max = max_record };
}

static enum frame_result
skip(struct frame_line *f, struct slice in, size_t lf, struct frame_out *out)
{
	f->skipping = lf == in.n;
	out->used = lf < in.n ? lf + 1 : in.n;
	return FRAME_MORE;
}

enum frame_result
frame_line_next(struct frame_line *f, struct slice in, bool last, struct frame_out *out)
{
	/* what was looked at before has no LF */
	size_t lf = f->at + slice_find(slice_from(in, f->at), '\n');

	*out = (struct frame_out){ 0 };
	if (f->skipping)
		return skip(f, in, lf, out);
	if (lf == in.n && !last && in.n <= f->max + 1) {
		f->at = in.n;
		return FRAME_MORE;
	}
	size_t end = lf > 0 && in.p[lf - 1] == '\r' ? lf - 1 : lf;
	f->at = 0;
	out->used = lf < in.n ? lf + 1 : in.n;
	if (end == 0)
		return FRAME_MORE;
	out->bytes = (struct slice){ in.p, end };
	if (end <= f->max)
		return FRAME_RECORD;
	f->skipping = lf == in.n;
	out->why = "record too long";
	return FRAME_BAD;
}
