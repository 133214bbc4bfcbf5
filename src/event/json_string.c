/*
 * json_string.c - any bytes as a JSON string: the hot writer's inner loop.
 *
 * Copies every string out of the record, makes it valid UTF-8 (an invalid part becomes
 * U+FFFD) and drops no byte silently: a control character but tab becomes a blank, so
 * that removing it cannot turn one address into another. Limits are in bytes of UTF-8
 * before JSON's own escapes.
 */
#include "event/event.h"

#include <string.h>

/* 1: goes out as it is. */
static const unsigned char plain[256] = {
	[' '] = 1,
	['!'] = 1,
	['#' ... '['] = 1,
	[']' ... '~'] = 1,
};

/* What one or more bytes at s.p become: *n of them taken, *text written, *bytes
 * counted. */
static struct slice
translate(struct slice s, size_t *n, size_t *bytes)
{
	unsigned char c = (unsigned char)s.p[0];

	*n = 1;
	*bytes = 1;
	if (c == '"')
		return SLICE("\\\"");
	if (c == '\\')
		return SLICE("\\\\");
	if (c == '\t')
		return SLICE("\\t");
	if (c < 0x80) {
		*n = slice_starts(s, SLICE("\r\n")) ? 2 : 1;
		return SLICE(" ");
	}
	if (!utf8_next(s, n)) {
		*bytes = 3;
		return SLICE("\xef\xbf\xbd");
	}
	if (c == 0xc2 && (unsigned char)s.p[1] < 0xa0)
		return SLICE(" "); /* C1 control characters */
	*bytes = *n;
	return (struct slice){ s.p, *n };
}

/* Do all eight bytes go out as they are? A false alarm only costs the slow loop. */
static inline bool
are_plain(uint64_t v)
{
	const uint64_t one = 0x0101010101010101, high = one << 7;
	uint64_t quote = v ^ one * '"', slash = v ^ one * '\\';
	/* v + one: of 0x7f */
	return !(
	    (v | (v + one) | (v - one * ' ') | (quote - one) | (slash - one)) & high);
}

static inline bool
copy_eight(char *out, const char *in)
{
	uint64_t v;

	memcpy(&v, in, 8);
	memcpy(out, &v, 8);
	return are_plain(v);
}

/* n bytes, 4 to 7: the first four and the last four. */
static inline bool
copy_few(char *out, const char *in, size_t n)
{
	uint32_t first, last;

	memcpy(&first, in, 4);
	memcpy(&last, in + n - 4, 4);
	memcpy(out, &first, 4);
	memcpy(out + n - 4, &last, 4);
	return are_plain((uint64_t)first << 32 | last);
}

/* Copies the bytes that go out as they are, from the first on: their number. The last
 * eight may be copied a second time. */
static inline size_t
copy_plain(char *out, const char *in, size_t n)
{
	size_t i = 0;

	while (i + 8 <= n && copy_eight(out + i, in + i))
		i += 8;
	if (n - i < 8 && (n >= 8     ? copy_eight(out + n - 8, in + n - 8)
			     : n > 3 ? copy_few(out, in, n)
				     : false))
		return n;
	for (; i < n && plain[(unsigned char)in[i]]; i++)
		out[i] = in[i];
	return i;
}

static bool
end_string(struct buf *out, char *p, bool whole)
{
	*p++ = '"';
	out->n = (size_t)(p - out->p);
	return whole;
}

/* From a byte on that does not go out as it is. Apart, so that the others need no
 * frame. */
__attribute__((noinline)) static bool
put_rest(struct buf *out, char *p, struct slice s, size_t max)
{
	while (s.n > 0) {
		size_t n, bytes;
		struct slice text = translate(s, &n, &bytes);
		if (bytes > max)
			return end_string(out, p, false);
		memcpy(p, text.p, text.n);
		p += text.n;
		max -= bytes;
		s = slice_from(s, n);
		size_t run = copy_plain(p, s.p, s.n < max ? s.n : max);
		p += run;
		max -= run;
		s = slice_from(s, run);
	}
	return end_string(out, p, true);
}

bool
event_json_string(struct buf *out, struct slice s, size_t max)
{
	return event_json_member(out, SLICE(""), s, max);
}

bool
event_json_member(struct buf *out, struct slice key, struct slice s, size_t max)
{
	size_t room = s.n < max ? s.n : max;

	/* one byte in is at most three out, and no more than max are counted */
	if (buf_reserve(out, key.n + 2 * (s.n < max ? 3 * s.n : max) + 8) < 0)
		return true;
	char *p = out->p + out->n;
	memcpy(p, key.p, key.n);
	p += key.n;
	*p++ = '"';
	size_t run = copy_plain(p, s.p, room);
	if (run == s.n)
		return end_string(out, p + run, true);
	return put_rest(out, p + run, slice_from(s, run), max - run);
}
