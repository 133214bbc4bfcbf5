/*
 * test_frame.c - CSV framing: inputs, what comes of them, in any pieces.
 */
#include "test_frame.h"

#include <stdlib.h>
#include <string.h>

#include "test_layers.h"

Suite *suite_frame(void);

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum { MAX = 64, WIDE = 4096, ROOM = 1 << 20 };

#define QUOTE "text after a closing quote"
#define OPEN  "quote without end"
#define LONG  "record too long"
#define MANY  "too many columns"

/* the number in a name: that many bytes */
#define A8   "aaaaaaaa"
#define A64  A8 A8 A8 A8 A8 A8 A8 A8
#define A56  A8 A8 A8 A8 A8 A8 A8
#define A200 A64 A64 A64 A8
#define C8   ",,,,,,,,"
#define C64  C8 C8 C8 C8 C8 C8 C8 C8
#define C511 C64 C64 C64 C64 C64 C64 C64 C8 C8 C8 C8 C8 C8 C8 ",,,,,,,"
#define L32  "b,c\nb,c\nb,c\nb,c\nb,c\nb,c\nb,c\nb,c\n"

static const struct frame_case {
	const char *name;
	struct slice in;
	const char *want;
	size_t max; /* 0: MAX */
} frame_cases[] = {
	{ "nothing", SLICE(""), "E0" },
	{ "one record", SLICE("a,b\n"), "R0+4/3[a][b] E4" },
	{ "two records", SLICE("a,b\nc,d\n"), "R0+4/3[a][b] R4+4/3[c][d] E8" },
	{ "CR LF", SLICE("a,b\r\n"), "R0+5/3[a][b] E5" },
	{ "no line end", SLICE("a,b"), "R0+3/3[a][b] E3" },
	{ "mixed line ends", SLICE("a\r\nb\nc\r\nd"),
	    "R0+3/1[a] R3+2/1[b] R5+3/1[c] R8+1/1[d] E9" },
	{ "a blank line", SLICE("\n"), "E1" },
	{ "blank lines", SLICE("\n\n\na\n\nb\n\n"), "R3+2/1[a] R6+2/1[b] E9" },
	{ "blank CR LF lines", SLICE("\r\n\r\na\r\n\r\n"), "R4+3/1[a] E9" },
	{ "blank line before a quote", SLICE("\n\"a\"\n"), "R1+4/3[a] E5" },
	{ "empty fields", SLICE(",\n"), "R0+2/1[][] E2" },
	{ "empty fields, CR LF", SLICE(",,\r\n"), "R0+4/2[][][] E4" },
	{ "empty fields, no line end", SLICE(","), "R0+1/1[][] E1" },
	{ "empty last field", SLICE("a,\nb,\r\n"), "R0+3/2[a][] R3+4/2[b][] E7" },
	{ "empty first field", SLICE(",a\n"), "R0+3/2[][a] E3" },
	{ "quoted", SLICE("\"a\",\"b\"\n"), "R0+8/7[a][b] E8" },
	{ "quoted, CR LF", SLICE("\"a\",\"b\"\r\n"), "R0+9/7[a][b] E9" },
	{ "quoted, no line end", SLICE("x,\"a\""), "R0+5/5[x][a] E5" },
	{ "quoted nothing", SLICE("\"\""), "R0+2/2[] E2" },
	{ "quoted nothings", SLICE("\"\",\"\"\r\n\"\"\n"), "R0+7/5[][] R7+3/2[] E10" },
	{ "doubled quotes", SLICE("\"a\"\"b\"\n"), "R0+7/6[a\"b] E7" },
	{ "a quote alone", SLICE("\"\"\"\"\n"), "R0+5/4[\"] E5" },
	{ "two quotes alone", SLICE("\"\"\"\"\"\"\n"), "R0+7/6[\"\"] E7" },
	{ "doubled in several fields", SLICE("\"\"\"a\",b,\"c\"\"\",\"\"\"\"\r\n"),
	    "R0+20/18[\"a][b][c\"][\"] E20" },
	{ "comma in quotes", SLICE("\"a,b\",c\n"), "R0+8/7[a,b][c] E8" },
	{ "LF in quotes", SLICE("\"a\nb\",c\nd\n"), "R0+8/7[a~b][c] R8+2/1[d] E10" },
	{ "CR LF in quotes", SLICE("\"a\r\nb\"\r\n"), "R0+8/6[a^~b] E8" },
	{ "CR at the end in quotes", SLICE("\"a\r\"\r\n"), "R0+6/4[a^] E6" },
	{ "blank lines in quotes", SLICE("\"\n\n\"\n"), "R0+5/4[~~] E5" },
	{ "UTF-8", SLICE("\"\xc3\xbc\",\xf0\x9f\x98\x80\n"),
	    "R0+10/9[\xc3\xbc][\xf0\x9f\x98\x80] E10" },
	{ "blank before a quote", SLICE(" \"a\",b\n"), "R0+7/6[ \"a\"][b] E7" },
	{ "quote in a plain field", SLICE("a\"b,c\"\n"), "R0+7/6[a\"b][c\"] E7" },
	{ "it does not open", SLICE("a\"b\nc\"\n"), "R0+4/3[a\"b] R4+3/2[c\"] E7" },
	{ "blanks are kept", SLICE(" a , b \n"), "R0+8/7[ a ][ b ] E8" },
	{ "bare CR", SLICE("a\rb,c\n"), "R0+6/5[a^b][c] E6" },
	{ "bare CR first", SLICE("\ra\n"), "R0+3/2[^a] E3" },
	{ "CR CR LF", SLICE("a\r\r\n"), "R0+4/2[a^] E4" },
	{ "LF CR", SLICE("a\n\rb\n"), "R0+2/1[a] R2+3/2[^b] E5" },
	{ "NUL", SLICE("a\0b,\0\n"), "R0+6/5[a_b][_] E6" },
	{ "text after a quote", SLICE("\"a\"b\nc,d\n"),
	    "B0/4:" QUOTE " R5+4/3[c][d] E9" },
	{ "text after a quote, CR LF", SLICE("\"a\"b\r\nc\n"),
	    "B0/4:" QUOTE " R6+2/1[c] E8" },
	{ "much text after a quote", SLICE("\"a\"b,cd,\"e\nf,g\n"),
	    "B0/10:" QUOTE " R11+4/3[f][g] E15" },
	{ "text after a quote, no line end", SLICE("\"a\"bcd"), "B0/6:" QUOTE " E6" },
	{ "blank after a quote", SLICE("\"a\" \nc\n"), "B0/4:" QUOTE " R5+2/1[c] E7" },
	{ "CR after a quote", SLICE("\"a\"\rb\nc\n"), "B0/5:" QUOTE " R6+2/1[c] E8" },
	{ "in a later field", SLICE("x,y,\"a\"b\nc\n"),
	    "B0/8:" QUOTE " R9+2/1[c] E11" },
	{ "in a later line", SLICE("\"a\nb\"c,d\ne\n"),
	    "B0/2:" QUOTE " R3+6/5[b\"c][d] R9+2/1[e] E11" },
	{ "torn quote", SLICE("\"a\nb,c\nd\n"),
	    "B0/2:" OPEN " R3+4/3[b][c] R7+2/1[d] E9" },
	{ "torn quote, CR LF", SLICE("\"a\r\nb"), "B0/2:" OPEN " R4+1/1[b] E5" },
	{ "torn quote meets a quote", SLICE("a,\"b\nc,\"d\n"),
	    "B0/4:" QUOTE " B5/4:" OPEN " E10" },
	{ "torn twice", SLICE("\"a\n\"b\nc\n"),
	    "B0/2:" QUOTE " B3/2:" OPEN " R6+2/1[c] E8" },
	{ "a quote and no more", SLICE("\""), "B0/1:" OPEN " E1" },
	{ "a quote and LF", SLICE("\"\n"), "B0/1:" OPEN " E2" },
	{ "open at the end", SLICE("a\nb,\"c"), "R0+2/1[a] B2/4:" OPEN " E6" },
	{ "open after doubled quotes", SLICE("\"a\"\""), "B0/4:" OPEN " E4" },
	{ "as long as allowed", SLICE(A64 "\nb\n"), "R0+65/64[a{64}] R65+2/1[b] E67" },
	{ "as long, CR LF", SLICE(A64 "\r\n"), "R0+66/64[a{64}] E66" },
	{ "as long, no line end", SLICE(A64), "R0+64/64[a{64}] E64" },
	{ "as long, quoted", SLICE("\"" A56 "aaaaaa\"\n"), "R0+65/64[a{62}] E65" },
	{ "as long, doubled", SLICE("\"\"\"" A56 "aaaa\"\r\n"),
	    "R0+66/64[\"a{60}] E66" },
	{ "as long, two lines", SLICE("\"a\n" A56 "aaaa\"\n"),
	    "R0+65/64[a~a{60}] E65" },
	{ "one over", SLICE(A64 "a\nb\n"), "B0/64:" LONG " R66+2/1[b] E68" },
	{ "one over, CR LF", SLICE(A64 "a\r\nb\n"), "B0/64:" LONG " R67+2/1[b] E69" },
	{ "one over, no line end", SLICE(A64 "a"), "B0/64:" LONG " E65" },
	{ "one over, quoted", SLICE("\"" A56 "aaaaaaa\"\nb\n"),
	    "B0/64:" LONG " R66+2/1[b] E68" },
	{ "one over, two lines", SLICE("\"a\n" A56 "aaaaa\"\nb\n"),
	    "B0/2:" LONG " R3+63/62[a{61}\"] R66+2/1[b] E68" },
	{ "two over, three over", SLICE(A64 "aa\n" A64 "aaa\nb"),
	    "B0/64:" LONG " B67/64:" LONG " R135+1/1[b] E136" },
	{ "far over", SLICE(A200 "\nb,c\n"), "B0/64:" LONG " R201+4/3[b][c] E205" },
	{ "far over, quotes in the rest", SLICE(A200 ",\"x\n\"b\",c\n"),
	    "B0/64:" LONG " R204+6/5[b][c] E210" },
	{ "far over, CR LF", SLICE("a\n" A200 "\r\nb"),
	    "R0+2/1[a] B2/64:" LONG " R204+1/1[b] E205" },
	{ "far over, no line end", SLICE(A200), "B0/64:" LONG " E200" },
	{ "far over, twice", SLICE(A200 "\n" A200 "\n"),
	    "B0/64:" LONG " B201/64:" LONG " E402" },
	{ "torn quote, then more than allowed", SLICE("\"a\n" L32 A56 "\nb\n"),
	    "B0/2:" LONG " R3+4/3[b][c] R7+4/3[b][c] R11+4/3[b][c] R15+4/3[b][c] "
	    "R19+4/3[b][c] R23+4/3[b][c] R27+4/3[b][c] R31+4/3[b][c] "
	    "R35+57/56[a{56}] R92+2/1[b] E94" },
	{ "a quote far after a torn one", SLICE("\"aaa\n" A200 "\"x\nb\n"),
	    "B0/4:" LONG " B5/64:" LONG " R208+2/1[b] E210" },
	{ "long text after a quote", SLICE("\"a\"" A200 "\nb\n"),
	    "B0/64:" QUOTE " R204+2/1[b] E206" },
	{ "512 columns", SLICE(C511 "\nb\n"), "R0+512/511#512 R512+2/1[b] E514", WIDE },
	{ "512 columns, quoted", SLICE("\"a\"" C511 "\r\nb"),
	    "R0+516/514#512 R516+1/1[b] E517", WIDE },
	{ "512 columns, no line end", SLICE(C511), "R0+511/511#512 E511", WIDE },
	{ "513 columns", SLICE(C511 ",\nb\n"), "B0/512:" MANY " R513+2/1[b] E515",
	    WIDE },
	{ "513 columns, CR LF", SLICE(C511 ",\r\nb\n"),
	    "B0/512:" MANY " R514+2/1[b] E516", WIDE },
	{ "513 columns, quoted", SLICE(C511 ",\"a\"\nb\n"),
	    "B0/515:" MANY " R516+2/1[b] E518", WIDE },
	{ "513 columns, no line end", SLICE(C511 ",x"), "B0/513:" MANY " E513", WIDE },
	{ "576 columns", SLICE(C511 C64 ",x\nb\n"), "B0/577:" MANY " R578+2/1[b] E580",
	    WIDE },
};

/* Bytes readable: LF ~, CR ^, NUL _, runs of eight and more counted. */
static void
show(struct slice s, struct buf *out)
{
	for (size_t i = 0, run; i < s.n; i += run) {
		char c = s.p[i];

		for (run = 1; i + run < s.n && s.p[i + run] == c;)
			run++;
		c = (char)(c == '\n' ? '~' : c == '\r' ? '^' : c ? c : '_');
		if (run >= 8)
			buf_printf(out, "%c{%zu}", c, run);
		for (size_t k = 0; k < run && run < 8; k++)
			buf_addc(out, c);
	}
}

const char *
frame_test_show(struct slice in)
{
	static struct buf text;

	buf_free(&text);
	buf_init(&text, ROOM);
	show(in, &text);
	buf_addc(&text, '\0');
	return text.p;
}

/* One answer at `off`, written down. */
static void
note(struct slice in, size_t off, size_t max, enum frame_result r,
    const struct frame_out *o, struct buf *out)
{
	struct slice here = slice_from(in, off);

	if (o->used > here.n || o->bytes.n > o->used || !slice_starts(here, o->bytes))
		ck_abort_msg("%s at %zu: got %zu bytes of %zu used, want them as they "
			     "stand there",
		    frame_test_show(in), off, o->bytes.n, o->used);
	if (r == FRAME_BAD) {
		buf_printf(out, "B%zu/%zu:%s ", off,
		    o->bytes.n < max ? o->bytes.n : max, o->why ? o->why : "(null)");
		return;
	}
	buf_printf(out, "R%zu+%zu/%zu", off, o->used, o->bytes.n);
	if (o->nfields > 8)
		buf_printf(out, "#%zu", o->nfields);
	for (size_t i = 0; i < o->nfields && o->nfields <= 8; i++) {
		buf_addc(out, '[');
		show(o->field[i], out);
		buf_addc(out, ']');
	}
	buf_addc(out, ' ');
}

/* Asks until it wants more: what is left behind then. */
static size_t
drain(struct frame_csv *f, const struct frame_feed *how, struct slice in, size_t off,
    bool last, struct buf *out)
{
	struct frame_out o;
	enum frame_result r;

	do {
		/* memory of its own each time: the bytes may move between calls, and
		 * ASan sees a byte too many read */
		size_t n = in.n - off;
		char *copy = malloc(n ? n : 1);

		memcpy(copy, in.p + off, n);
		r = frame_csv_next(f, (struct slice){ copy, n }, last, &o);
		if (r != FRAME_MORE)
			note(in, off, how->max, r, &o, out);
		free(copy);
		if (r != FRAME_MORE && o.used == 0)
			ck_abort_msg(
			    "%s at %zu: got nothing used", frame_test_show(in), off);
		off += o.used;
	} while (o.used > 0);
	return off;
}

void
frame_test_feed(const struct frame_feed *how, struct slice in, struct buf *out)
{
	struct frame_csv *f = frame_csv_new(how->max);
	const size_t *piece = how->piece;
	size_t off = 0, end = 0;

	do {
		end = in.n - end < *piece ? in.n : end + *piece;
		piece += piece[1] != 0;
		off = drain(f, how, (struct slice){ in.p, end }, off,
		    end == in.n && !how->late, out);
	} while (end < in.n);
	if (how->late)
		off = drain(f, how, in, off, true, out);
	buf_printf(out, "E%zu", off);
	frame_csv_free(f);
}

/* A row is told once. */
static bool
expect(
    const struct frame_case *c, const char *how, size_t at, const struct frame_feed *f)
{
	struct buf got;

	buf_init(&got, ROOM);
	frame_test_feed(f, c->in, &got);
	bool same = slice_eq(buf_slice(&got), slice_of(c->want));
	if (!same)
		row_failed("%s (\"%s\"), %s %zu:\n got %.*s\nwant %s", c->name,
		    frame_test_show(c->in), how, at, (int)got.n, got.p, c->want);
	buf_free(&got);
	return same;
}

static void
whole_row(const struct frame_case *c)
{
	const size_t all[] = { ROOM, 0 };
	struct frame_feed how = { c->max ? c->max : MAX, all, false };
	bool ok = expect(c, "whole", 0, &how);

	how.late = true;
	if (ok)
		(void)expect(c, "whole, the end told late", 0, &how);
}

START_TEST(a_whole_file_gives_its_records)
{
	for (size_t i = 0; i < COUNT(frame_cases); i++)
		whole_row(&frame_cases[i]);
	rows_end(COUNT(frame_cases));
}
END_TEST

static void
pieces_row(const struct frame_case *c)
{
	size_t piece[] = { 1, 0, 0 };
	struct frame_feed how = { c->max ? c->max : MAX, piece, false };
	bool ok = true;

	for (size_t by = 1; by < 10 && ok; by++) {
		piece[0] = by;
		how.late = by % 2 == 1;
		ok = expect(c, "by", by, &how);
	}
	piece[1] = ROOM;
	for (size_t at = 1; at < c->in.n && ok; at++) {
		piece[0] = at;
		how.late = at % 2 == 1;
		ok = expect(c, "split at", at, &how);
	}
}

START_TEST(pieces_give_what_the_whole_gives)
{
	for (size_t i = 0; i < COUNT(frame_cases); i++)
		pieces_row(&frame_cases[i]);
	rows_end(COUNT(frame_cases));
}
END_TEST

Suite *
suite_frame(void)
{
	Suite *s = suite_create("frame");
	TCase *t = tcase_create("frame");

	tcase_add_test(t, a_whole_file_gives_its_records);
	tcase_add_test(t, pieces_give_what_the_whole_gives);
	frame_add_edge_tests(t);
	suite_add_tcase(s, t);
	return s;
}
