/*
 * fuzz_libcsv.c - what is well-formed is split as libcsv splits it, and as it was
 * meant.
 *
 * Input: three chunk sizes, then fields. US (0x1f) ends a field, RS (0x1e) a record
 * with LF, GS (0x1d) one with CR LF, FS (0x1c) asks for quotes where none are needed;
 * all else is content. Fields that need quotes get them: those with a comma, a quote,
 * CR or LF, a blank at an end (libcsv strips it), an empty one alone (both take it for
 * no record).
 */
#include "fuzz.h"
#include "frame/frame.h"

#include <csv.h>

enum { US = 0x1f, RS = 0x1e, GS = 0x1d, FS = 0x1c, MAX_RECORD = 1 << 20 };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
needs_quotes(struct slice field, bool alone)
{
	if (field.n == 0)
		return alone;
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];
		if (c == FS || c == ',' || c == '"' || c == '\r' || c == '\n')
			return true;
	}
	return is_blank(field.p[0]) || is_blank(field.p[field.n - 1]);
}

/* Lengths tell the fields apart, whatever is in them. */
static void
log_field(struct slice field, struct buf *log)
{
	(void)buf_printf(log, "%zu:", field.n);
	(void)buf_add(log, field);
	(void)buf_addc(log, '|');
}

/* One field to the file and to what it means. */
static void
write_field(struct slice field, bool alone, struct buf *file, struct buf *want)
{
	bool quoted = needs_quotes(field, alone);

	if (quoted)
		(void)buf_addc(file, '"');
	size_t n = 0;
	for (size_t i = 0; i < field.n; i++)
		n += field.p[i] != FS;
	(void)buf_printf(want, "%zu:", n);
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];
		if (c == FS)
			continue;
		if (c == '"')
			(void)buf_addc(file, '"');
		(void)buf_addc(file, c);
		(void)buf_addc(want, c);
	}
	if (quoted)
		(void)buf_addc(file, '"');
	(void)buf_addc(want, '|');
}

static bool
ends_record(char c)
{
	return c == RS || c == GS;
}

static void
write_file(struct slice in, struct buf *file, struct buf *want)
{
	bool first = true;

	while (in.n > 0) {
		size_t n = 0;
		while (n < in.n && in.p[n] != US && !ends_record(in.p[n]))
			n++;
		bool end = n == in.n || ends_record(in.p[n]);
		if (!first)
			(void)buf_addc(file, ',');
		write_field((struct slice){ in.p, n }, first && end, file, want);
		first = end;
		if (end)
			(void)buf_addc(want, '\n');
		if (n < in.n && end)
			(void)buf_add(
			    file, in.p[n] == GS ? SLICE("\r\n") : SLICE("\n"));
		/* a comma at the very end begins one more field */
		if (n + 1 == in.n && !end) {
			(void)buf_add(file, SLICE(","));
			log_field((struct slice){ 0 }, want);
			(void)buf_addc(want, '\n');
		}
		in = slice_from(in, n + 1);
	}
}

static void
split_by_frame(struct slice file, struct fuzz_chunks c, struct buf *log)
{
	struct frame_csv *f = frame_csv_new(MAX_RECORD);
	size_t at = 0, end = 0;
	struct frame_out out;

	fuzz_check(f != NULL, "no memory");
	while (end < file.n) {
		end += fuzz_chunk(&c, file.n - end);
		do {
			struct slice in = { file.p + at, end - at };
			enum frame_result r = frame_csv_next(
			    f, in, end == file.n, &out);
			fuzz_check(r != FRAME_BAD, "at %zu: %s", at, out.why);
			for (size_t i = 0; r == FRAME_RECORD && i < out.nfields; i++)
				log_field(out.field[i], log);
			if (r == FRAME_RECORD)
				(void)buf_addc(log, '\n');
			at += out.used;
		} while (out.used > 0);
	}
	fuzz_check(at == file.n, "%zu bytes are left", file.n - at);
	frame_csv_free(f);
}

static void
on_field(void *p, size_t n, void *log)
{
	log_field((struct slice){ p, n }, log);
}

static void
on_record(int c, void *log)
{
	(void)c;
	(void)buf_addc(log, '\n');
}

static void
split_by_libcsv(struct slice file, struct buf *log)
{
	struct csv_parser p;

	fuzz_check(csv_init(&p, CSV_STRICT | CSV_STRICT_FINI) == 0, "csv_init");
	size_t took = csv_parse(&p, file.p, file.n, on_field, on_record, log);
	fuzz_check(
	    took == file.n, "libcsv at %zu: %s", took, csv_strerror(csv_error(&p)));
	fuzz_check(csv_fini(&p, on_field, on_record, log) == 0, "csv_fini: %s",
	    csv_strerror(csv_error(&p)));
	csv_free(&p);
}

/* More columns than a record may have are no record to frame_csv. */
static bool
too_wide(struct slice in)
{
	size_t columns = 1;

	for (size_t i = 0; i < in.n; i++) {
		columns = ends_record(in.p[i]) ? 1 : columns + (in.p[i] == US);
		if (columns + 1 > LIMIT_COLUMNS)
			return true;
	}
	return false;
}

void
fuzz_libcsv(struct slice in)
{
	static struct buf file;
	struct fuzz_chunks chunks = fuzz_chunks_take(&in);
	struct buf *want = fuzz_buf(0), *frame = fuzz_buf(1), *libcsv = fuzz_buf(2);

	if (file.max == 0)
		buf_init(&file, FUZZ_BUF_MAX);
	buf_clear(&file);
	if (in.n == 0 || too_wide(in))
		return;
	write_file(in, &file, want);
	split_by_frame(buf_slice(&file), chunks, frame);
	fuzz_same(
	    "frame_csv splits otherwise than meant", buf_slice(frame), buf_slice(want));
	split_by_libcsv(buf_slice(&file), libcsv);
	fuzz_same("libcsv splits otherwise than frame_csv", buf_slice(libcsv),
	    buf_slice(frame));
}
