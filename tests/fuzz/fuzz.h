/*
 * fuzz.h - what the fuzz targets share. A target is shown any bytes; what it must not
 * do is crash, hang, leak or fail a fuzz_check().
 *
 * All targets are in one program: entry.c gives libFuzzer the one that the program is
 * called as, replay.c runs the one it is told over files.
 */
#ifndef BOUNCEFEED_FUZZ_H
#define BOUNCEFEED_FUZZ_H

#include "base/base.h"

struct fuzz_target {
	const char *name;
	void (*run)(struct slice in);
};

extern const struct fuzz_target fuzz_targets[]; /* ends with a NULL name */

const struct fuzz_target *fuzz_target_of(struct slice name); /* NULL: not known */

/* A property that has to hold; ends the process where it does not. */
void fuzz_check(bool holds, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* got is want; shows both from the line on that differs. */
void fuzz_same(const char *what, struct slice got, struct slice want);

/* Takes the first byte off *in; 0 where there is none. */
unsigned fuzz_byte(struct slice *in);

/*
 * Sizes of chunks, taken from the input's first FUZZ_STEPS bytes and used in turn; a 0
 * stands for all that is left.
 */
enum { FUZZ_STEPS = 3 };

struct fuzz_chunks {
	unsigned step[FUZZ_STEPS];
	unsigned turn;
};

struct fuzz_chunks fuzz_chunks_take(struct slice *in);
size_t fuzz_chunk(struct fuzz_chunks *c, size_t left);

/* An empty buffer that is kept from input to input: memory anew each time is what
 * costs. */
struct buf *fuzz_buf(unsigned i);
enum { FUZZ_BUFS = 3, FUZZ_BUF_MAX = 64 << 20 };

/* Bytes that have not come yet: under ASan, reading them is a fault until they show. */
void fuzz_hide(struct slice s);
void fuzz_show(struct slice s);

void fuzz_csv(struct slice in);
void fuzz_libcsv(struct slice in);
void fuzz_stream(struct slice in);
void fuzz_maillog(struct slice in);
void fuzz_syslog(struct slice in);
void fuzz_config(struct slice in);
void fuzz_when(struct slice in);
void fuzz_code(struct slice in);
void fuzz_answer(struct slice in);
void fuzz_pack(struct slice in);

#endif
