/*
 * fuzz.c - the table of targets and the small things that they share.
 */
#include "fuzz.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

const struct fuzz_target fuzz_targets[] = {
	{ "csv", fuzz_csv },
	{ "libcsv", fuzz_libcsv },
	{ "stream", fuzz_stream },
	{ "maillog", fuzz_maillog },
	{ "syslog", fuzz_syslog },
	{ "config", fuzz_config },
	{ "when", fuzz_when },
	{ "code", fuzz_code },
	{ "answer", fuzz_answer },
	{ "pack", fuzz_pack },
	{ NULL, NULL },
};

const struct fuzz_target *
fuzz_target_of(struct slice name)
{
	for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
		if (slice_eq(slice_of(t->name), name))
			return t;
	}
	return NULL;
}

void
fuzz_check(bool holds, const char *format, ...)
{
	va_list ap;

	if (holds)
		return;
	(void)fprintf(stderr, "fuzz_check: ");
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fprintf(stderr, "\n");
	abort();
}

void
fuzz_same(const char *what, struct slice got, struct slice want)
{
	size_t n = got.n < want.n ? got.n : want.n, at = 0;

	if (slice_eq(got, want))
		return;
	while (at < n && got.p[at] == want.p[at])
		at++;
	size_t line = slice_rfind((struct slice){ got.p, at }, '\n');
	line = line < at ? line + 1 : 0;
	got = slice_from(got, line);
	want = slice_from(want, line);
	fuzz_check(false, "%s\n got: %.*s\nwant: %.*s", what,
	    (int)(got.n < 500 ? got.n : 500), got.p, (int)(want.n < 500 ? want.n : 500),
	    want.p);
}

unsigned
fuzz_byte(struct slice *in)
{
	if (in->n == 0)
		return 0;
	unsigned char c = (unsigned char)in->p[0];
	*in = slice_from(*in, 1);
	return c;
}

struct fuzz_chunks
fuzz_chunks_take(struct slice *in)
{
	struct fuzz_chunks c = { .turn = 0 };

	for (size_t i = 0; i < FUZZ_STEPS; i++)
		c.step[i] = fuzz_byte(in);
	return c;
}

size_t
fuzz_chunk(struct fuzz_chunks *c, size_t left)
{
	unsigned step = c->step[c->turn++ % FUZZ_STEPS];

	return step == 0 || step > left ? left : step;
}

void
fuzz_hide(struct slice s)
{
	ASAN_POISON_MEMORY_REGION(s.p, s.n);
	(void)s; /* without ASan */
}

void
fuzz_show(struct slice s)
{
	ASAN_UNPOISON_MEMORY_REGION(s.p, s.n);
	(void)s;
}

struct buf *
fuzz_buf(unsigned i)
{
	static struct buf kept[FUZZ_BUFS];

	if (kept[i].max == 0)
		buf_init(&kept[i], FUZZ_BUF_MAX);
	buf_clear(&kept[i]);
	return &kept[i];
}
