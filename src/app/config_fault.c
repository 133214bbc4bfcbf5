/*
 * config_fault.c - the lines that say what is wrong with a configuration: their form,
 * the escaping of what the file holds, and "did you mean".
 *
 * Control characters (C0, DEL, C1) and bytes that are no UTF-8 are written as \xNN, so
 * that a file cannot paint on the terminal of whoever checks it.
 */
#include "app/config_internal.h"

#include <stdio.h>
#include <string.h>

enum {
	FAULT_TEXT = 1024, /* bytes of one line before escaping */
	NEAR = 3,          /* edits that still count as a slip of the fingers */
};

void
config_faults_init(struct config_faults *f)
{
	f->count = 0;
	buf_init(&f->text, (size_t)CONFIG_FAULTS * FAULT_TEXT * 4);
}

void
config_faults_free(struct config_faults *f)
{
	if (f)
		buf_free(&f->text);
}

static bool
is_control(struct slice c)
{
	unsigned char first = (unsigned char)c.p[0];

	if (c.n == 1)
		return first < 0x20 || first == 0x7f;
	return c.n == 2 && first == 0xc2 && (unsigned char)c.p[1] < 0xa0;
}

static void
add_escaped(struct buf *out, struct slice s)
{
	while (s.n > 0) {
		size_t n;
		bool ok = utf8_next(s, &n);
		struct slice c = { s.p, n };

		if (ok && !is_control(c))
			buf_add(out, c);
		else
			for (size_t i = 0; i < n; i++)
				buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
		s = slice_from(s, n);
	}
}

void
fault_add(struct config_faults *f, struct config_mark at, const char *format, ...)
{
	char text[FAULT_TEXT];
	va_list ap;

	if (!f || f->count >= CONFIG_FAULTS)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	f->count++;
	add_escaped(&f->text, slice_of(at.file));
	buf_printf(&f->text, ":%u:%u: ", at.line, at.column);
	add_escaped(&f->text, slice_of(text));
	buf_addc(&f->text, '\n');
}

struct cut
cut_text(const char *text)
{
	struct slice s = slice_of(text);
	struct cut out;
	size_t n = 0, step;

	while (
	    n < s.n && (utf8_next(slice_from(s, n), &step), n + step <= CONFIG_SHOWN))
		n += step;
	(void)snprintf(out.s, sizeof out.s, "%.*s%s", (int)n, s.p ? s.p : "",
	    n < s.n ? "..." : "");
	return out;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment).
 * Both are at most CONFIG_KEY long; three rows of the matrix are kept.
 */
static size_t
distance(struct slice a, struct slice b)
{
	size_t row[3][CONFIG_KEY + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *now = row[i % 3];
		const size_t *up = row[(i - 1) % 3], *up2 = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			bool same = a.p[i - 1] == b.p[j - 1];

			now[j] = least(least(up[j], now[j - 1]) + 1, up[j - 1] + !same);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				now[j] = least(now[j], up2[j - 2] + 1);
		}
	}
	return row[a.n % 3][b.n];
}

void
nearest_init(struct nearest *n, const char *want)
{
	*n = (struct nearest){ .want = want, .distance = NEAR + 1 };
}

void
nearest_offer(struct nearest *n, struct slice word)
{
	struct slice want = slice_of(n->want);

	if (want.n >= CONFIG_KEY || word.n >= CONFIG_KEY)
		return;
	size_t d = distance(want, word);
	if (d >= n->distance || 2 * d >= want.n)
		return;
	n->distance = d;
	memcpy(n->best, word.p, word.n);
	n->best[word.n] = '\0';
}

struct cut
nearest_hint(const struct nearest *n)
{
	struct cut out = { "" };

	if (n->best[0])
		(void)snprintf(out.s, sizeof out.s, ", did you mean \"%s\"?", n->best);
	return out;
}
