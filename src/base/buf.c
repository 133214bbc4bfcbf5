/*
 * buf.c - slices, growing buffers with a cap, error texts.
 *
 * A buf doubles up to its cap; what does not fit is refused whole and marks the buf
 * failed.
 */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slice
slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

bool
slice_ieq(struct slice a, struct slice b)
{
	return a.n == b.n && slice_istarts(a, b);
}

bool
slice_istarts(struct slice s, struct slice prefix)
{
	if (s.n < prefix.n)
		return false;
	for (size_t i = 0; i < prefix.n; i++) {
		if (to_lower(s.p[i]) != to_lower(prefix.p[i]))
			return false;
	}
	return true;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice
slice_trim(struct slice s)
{
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	return s;
}

size_t
slice_rfind(struct slice s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t
slice_search(struct slice s, struct slice what)
{
	enum {
		SOON = 8
	}; /* places that are looked at before memmem() prepares itself */

	if (s.n < what.n || s.n == 0 || what.n == 0)
		return what.n == 0 ? 0 : s.n;
	const char *at = s.p, *end = s.p + s.n;
	for (unsigned i = 0; i < SOON; i++, at++) {
		at = memchr(at, what.p[0], (size_t)(end - at));
		if (!at || (size_t)(end - at) < what.n)
			return s.n;
		if (memcmp(at, what.p, what.n) == 0)
			return (size_t)(at - s.p);
	}
	at = memmem(at, (size_t)(end - at), what.p, what.n);
	return at ? (size_t)(at - s.p) : s.n;
}

bool
slice_u64(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 20)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_free(struct buf *b)
{
	if (!b)
		return;
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

int
buf_grow(struct buf *b, size_t more)
{
	if (more > b->max || b->n > b->max - more) {
		b->failed = true;
		return -E2BIG;
	}
	size_t want = b->n + more;
	size_t cap = b->cap ? b->cap : b->max < 256 ? b->max : 256;
	while (cap < want)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	char *p = realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return -ENOMEM;
	}
	b->p = p;
	b->cap = cap;
	return 0;
}

int
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return -EINVAL;
	}
	/* one more for the NUL that vsnprintf writes and nobody counts */
	int rc = buf_reserve(b, (size_t)n + 1);
	if (rc < 0)
		return rc;
	va_start(ap, format);
	(void)vsnprintf(b->p + b->n, (size_t)n + 1, format, ap);
	va_end(ap);
	b->n += (size_t)n;
	return 0;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
		return;
	}
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

int
err_set(struct err *e, int rc, const char *format, ...)
{
	va_list ap;

	if (!e)
		return rc;
	e->code = rc;
	va_start(ap, format);
	(void)vsnprintf(e->text, sizeof e->text, format, ap);
	va_end(ap);
	return rc;
}
