/*
 * frame.h - bytes in any chunks to frames with exact offsets.
 *
 * A framer keeps no bytes. It is shown all bytes from the beginning of a record on, as
 * often as more have come, and remembers how far it has looked: framing any chunking of
 * a file gives what framing the whole gives, and looks at each byte once.
 */
#ifndef BOUNCEFEED_FRAME_H
#define BOUNCEFEED_FRAME_H

#include "base/base.h"

enum frame_result {
	FRAME_MORE,   /* no whole record yet */
	FRAME_RECORD, /* one record; its fields are split */
	FRAME_BAD,    /* one stretch that is no record; `why` says why */
};

struct frame_out {
	struct slice bytes; /* the record without its line end, or the bad line */
	size_t
	    used; /* bytes to leave behind: set for MORE, too (0 or a skipped part) */
	const struct slice *field; /* RECORD: until the next call */
	size_t nfields;
	const char *why; /* BAD: a word or two, constant */
};

/*
 * RFC 4180 with LF or CR LF, also inside quotes. A record ends at the first LF outside
 * quotes. Not a record: text after a closing quote, a quoted field without an end
 * before the end of the file, more than LIMIT_COLUMNS fields, more than `max` bytes.
 * Then the first physical line of it is BAD and framing goes on after that line: what
 * tore one record does not cost its neighbours. Empty lines are passed over (MORE, used
 * > 0).
 */
struct frame_csv;

struct frame_csv *frame_csv_new(size_t max_record); /* NULL without memory */
void frame_csv_free(struct frame_csv *f);
void frame_csv_reset(struct frame_csv *f); /* the next byte begins a record */

/*
 * in: the bytes from the record's beginning on, not shorter than at the last call
 * unless `used` bytes were left behind since. last: the file ends with them; a record
 * without a line end is then taken, too.
 */
enum frame_result frame_csv_next(
    struct frame_csv *f, struct slice in, bool last, struct frame_out *out);

/* The rest of an over-long line is being passed over. */
bool frame_csv_skipping(const struct frame_csv *f);

/*
 * The record that was just returned is not the caller's idea of one (wrong width):
 * makes *out its first physical line, as BAD with this reason.
 */
void frame_csv_refuse(struct slice in, const char *why, struct frame_out *out);

/* Lines. The state is small and the caller's; zero at, skipping: a record begins. */
struct frame_line {
	size_t max;
	size_t at; /* bytes looked at */
	bool skipping;
};

void frame_line_init(struct frame_line *f, size_t max_record);
enum frame_result frame_line_next(struct frame_line *f, struct slice in, bool last,
    struct frame_out *out); /* as frame_csv_next(); there are no fields */

/* Bytes of NUL padding and a BOM at the beginning of a file; `more`: undecided yet. */
size_t frame_lead(struct slice in, bool last, bool *more);

#endif
