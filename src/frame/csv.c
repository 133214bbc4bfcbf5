/*
 * csv.c - frames and splits RFC 4180 records in one pass.
 *
 * Written by hand: libcsv gives no byte offsets and costs more, and no two parsers
 * agree about `"x" y`, so framing and splitting must be the same code. A whole line
 * without doubled quotes takes a short way through memchr; everything else goes through
 * a state machine whose place is kept between calls. Fields point into the input; only
 * doubled quotes are copied, into memory as long as the longest record.
 */
#include "frame/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char too_long[] = "record too long";
static const char too_many[] = "too many columns";

enum state {
	FIELD_START,
	PLAIN,
	QUOTED,
	QUOTE_SEEN,    /* a quote inside a quoted field: its end, or one half of "" */
	QUOTE_SEEN_CR, /* a CR after the closing quote: the LF must follow */
};

/* A field by offsets from the record's beginning, since the bytes may move. */
struct mark {
	size_t start;
	size_t end;
	size_t doubled; /* pairs of quotes inside */
};

struct frame_csv {
	size_t max;
	size_t at; /* bytes of the record looked at */
	enum state state;
	bool skipping;       /* the rest of an over-long physical line */
	const char *refused; /* why this record is none; its first line is awaited */
	size_t nmarks;
	struct mark mark[LIMIT_COLUMNS];
	struct slice field[LIMIT_COLUMNS];
	struct buf unquoted;
};

struct frame_csv *
frame_csv_new(size_t max_record)
{
	struct frame_csv *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->max = max_record;
	buf_init(&f->unquoted, max_record);
	return f;
}

void
frame_csv_free(struct frame_csv *f)
{
	if (!f)
		return;
	buf_free(&f->unquoted);
	free(f);
}

static void
begin(struct frame_csv *f)
{
	f->at = 0;
	f->state = FIELD_START;
	f->nmarks = 0;
	f->refused = NULL;
}

void
frame_csv_reset(struct frame_csv *f)
{
	begin(f);
	f->skipping = false;
}

bool
frame_csv_skipping(const struct frame_csv *f)
{
	return f->skipping;
}

void
frame_csv_refuse(struct slice in, const char *why, struct frame_out *out)
{
	size_t lf = slice_find(in, '\n');

	out->used = lf < in.n ? lf + 1 : in.n;
	out->bytes = (struct slice){ in.p,
		lf > 0 && in.p[lf - 1] == '\r' ? lf - 1 : lf };
	out->why = why;
	out->nfields = 0;
}

/* The first physical line is BAD, once it is whole: were it cut where the bytes end
 * now, the rest of it would be framed as a record. Over the limit the rest is skipped.
 */
static enum frame_result
refuse(struct frame_csv *f, struct slice in, bool last, const char *why,
    struct frame_out *out)
{
	bool whole = slice_find(in, '\n') < in.n || last;

	if (!whole && in.n <= f->max + 2) {
		f->refused = why;
		return FRAME_MORE;
	}
	frame_csv_refuse(in, why, out);
	begin(f);
	f->skipping = !whole;
	return FRAME_BAD;
}

/*
 * A whole physical line: fields by memchr, quoted ones too where their closing quote
 * ends them. 1: split; 0: not so simple (doubled quotes, a line break inside, text
 * behind a quote): the state machine's; -1: too many fields.
 */
static int
split_line(struct frame_csv *f, struct slice line)
{
	const char *p = line.p, *end = line.p + line.n;
	size_t n = 0;

	for (;;) {
		bool quoted = p < end && *p == '"';
		const char *start = p + quoted, *stop = NULL;
		if (start < end)
			stop = memchr(start, quoted ? '"' : ',', (size_t)(end - start));
		if (!stop && quoted)
			return 0;
		if (!stop)
			stop = end;
		p = stop + quoted;
		if (p < end && *p != ',')
			return 0;
		if (n == LIMIT_COLUMNS)
			return -1;
		f->field[n++] = (struct slice){ start, (size_t)(stop - start) };
		if (p == end)
			break;
		p++;
	}
	f->nmarks = n;
	return 1;
}

/* Ends the field in progress at `end`; false where there are too many. */
static bool
add_field(struct frame_csv *f, size_t end)
{
	if (f->nmarks == LIMIT_COLUMNS)
		return false;
	f->mark[f->nmarks].end = end;
	f->nmarks++;
	return true;
}

static void
start_field(struct frame_csv *f, size_t start)
{
	if (f->nmarks < LIMIT_COLUMNS)
		f->mark[f->nmarks] = (struct mark){ .start = start };
}

enum step { STEP_ON, STEP_END, STEP_BAD, STEP_MANY };

/* Ends the field at `end` where c is a separator or the line's end. */
static enum step
step_end_of_field(struct frame_csv *f, char c, size_t end)
{
	if (c != ',' && c != '\n')
		return STEP_ON;
	if (!add_field(f, end))
		return STEP_MANY;
	f->state = FIELD_START;
	return c == ',' ? STEP_ON : STEP_END;
}

/* One byte at f->at. */
static enum step
step(struct frame_csv *f, char c)
{
	size_t at = f->at;

	switch (f->state) {
	case FIELD_START:
		start_field(f, at);
		if (c == '"') {
			start_field(f, at + 1);
			f->state = QUOTED;
			return STEP_ON;
		}
		f->state = PLAIN;
		return step_end_of_field(f, c, at);
	case PLAIN:
		return step_end_of_field(f, c, at);
	case QUOTED:
		if (c == '"')
			f->state = QUOTE_SEEN;
		return STEP_ON;
	case QUOTE_SEEN:
		if (c == '"') {
			if (f->nmarks < LIMIT_COLUMNS)
				f->mark[f->nmarks].doubled++;
			f->state = QUOTED;
			return STEP_ON;
		}
		if (c == '\r') {
			f->state = QUOTE_SEEN_CR;
			return STEP_ON;
		}
		if (c != ',' && c != '\n')
			return STEP_BAD;
		return step_end_of_field(f, c, at - 1);
	case QUOTE_SEEN_CR:
		if (c != '\n')
			return STEP_BAD;
		return step_end_of_field(f, c, at - 2);
	}
	return STEP_BAD;
}

/* Copies a field with its doubled quotes made single. */
static struct slice
undouble(struct frame_csv *f, struct slice raw)
{
	size_t start = f->unquoted.n;

	while (raw.n > 0) {
		size_t quote = slice_find(raw, '"');
		size_t take = quote < raw.n ? quote + 1 : raw.n;
		(void)buf_add(&f->unquoted, (struct slice){ raw.p, take });
		raw = slice_from(raw, take + 1);
	}
	return (struct slice){ f->unquoted.p + start, f->unquoted.n - start };
}

/* Marks to slices. -ENOMEM where the doubled quotes found no room. */
static int
make_fields(struct frame_csv *f, struct slice in)
{
	size_t room = 0;

	for (size_t i = 0; i < f->nmarks; i++) {
		if (f->mark[i].doubled > 0)
			room += f->mark[i].end - f->mark[i].start;
	}
	buf_clear(&f->unquoted);
	/* all at once: the buffer must not move under the slices into it */
	int rc = buf_reserve(&f->unquoted, room);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < f->nmarks; i++) {
		const struct mark *m = &f->mark[i];
		f->field[i] = (struct slice){ in.p + m->start, m->end - m->start };
		if (m->doubled > 0)
			f->field[i] = undouble(f, f->field[i]);
	}
	return 0;
}

/* A record whose fields are there; an empty line is none. */
static enum frame_result
deliver(struct frame_csv *f, struct slice in, size_t end, size_t used,
    struct frame_out *out)
{
	out->used = used;
	if (end > 0) {
		out->bytes = (struct slice){ in.p, end };
		out->field = f->field;
		out->nfields = f->nmarks;
	}
	begin(f);
	return end > 0 ? FRAME_RECORD : FRAME_MORE;
}

static enum frame_result
finish(struct frame_csv *f, struct slice in, bool last, size_t end, size_t used,
    struct frame_out *out)
{
	struct mark *end_mark = &f->mark[f->nmarks - 1];

	/* the CR of a CR LF belongs to the line end, not to the last field */
	if (end > 0 && end < used && in.p[end - 1] == '\r') {
		if (end_mark->end == end && end_mark->start < end)
			end_mark->end--;
		end--;
	}
	if (end > f->max)
		return refuse(f, in, last, too_long, out);
	if (make_fields(f, in) < 0)
		return refuse(f, in, last, "no memory", out);
	return deliver(f, in, end, used, out);
}

/* The way of most lines. True where it was taken. */
static bool
short_way(struct frame_csv *f, struct slice in, struct frame_out *out,
    enum frame_result *result)
{
	size_t lf = slice_find(in, '\n');

	if (lf == in.n || lf > f->max)
		return false;
	size_t end = lf > 0 && in.p[lf - 1] == '\r' ? lf - 1 : lf;
	int split = split_line(f, (struct slice){ in.p, end });
	if (split < 0)
		*result = refuse(f, in, true, too_many, out);
	else if (split > 0)
		*result = deliver(f, in, end, lf + 1, out);
	return split != 0;
}

/* The file ends inside this record. */
static enum frame_result
finish_last(struct frame_csv *f, struct slice in, struct frame_out *out)
{
	size_t end = in.n;

	if (f->state == QUOTED)
		return refuse(f, in, true, "quote without end", out);
	if (f->state == FIELD_START)
		start_field(f, end);
	else if (f->state == QUOTE_SEEN)
		end--;
	else if (f->state == QUOTE_SEEN_CR)
		end -= 2;
	if (!add_field(f, end))
		return refuse(f, in, true, too_many, out);
	return finish(f, in, true, in.n, in.n, out);
}

static enum frame_result
scan(struct frame_csv *f, struct slice in, bool last, struct frame_out *out)
{
	while (f->at < in.n) {
		enum step s = step(f, in.p[f->at]);
		f->at++;
		if (s == STEP_END)
			return finish(f, in, last, f->at - 1, f->at, out);
		if (s == STEP_BAD)
			return refuse(f, in, last, "text after a closing quote", out);
		if (s == STEP_MANY)
			return refuse(f, in, last, too_many, out);
		if (f->at > f->max + 2)
			return refuse(f, in, last, too_long, out);
	}
	return last ? finish_last(f, in, out) : FRAME_MORE;
}

static enum frame_result
skip(struct frame_csv *f, struct slice in, struct frame_out *out)
{
	size_t lf = slice_find(in, '\n');

	f->skipping = lf == in.n;
	out->used = lf < in.n ? lf + 1 : in.n;
	return FRAME_MORE;
}

enum frame_result
frame_csv_next(struct frame_csv *f, struct slice in, bool last, struct frame_out *out)
{
	enum frame_result r;

	*out = (struct frame_out){ 0 };
	if (in.n == 0)
		return FRAME_MORE;
	if (f->skipping)
		return skip(f, in, out);
	if (f->refused)
		return refuse(f, in, last, f->refused, out);
	if (f->at == 0 && short_way(f, in, out, &r))
		return r;
	return scan(f, in, last, out);
}

size_t
frame_lead(struct slice in, bool last, bool *more)
{
	static const struct slice bom = { "\xef\xbb\xbf", 3 };
	size_t n = 0;

	while (n < in.n && in.p[n] == '\0')
		n++;
	struct slice rest = slice_from(in, n);
	*more = false;
	if (slice_starts(rest, bom))
		return n + bom.n;
	if (!last && slice_starts(bom, rest))
		*more = true; /* nothing yet, or a part of a BOM */
	return n;
}
