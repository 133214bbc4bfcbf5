/*
 * tool.h - what the tests of this folder share: randomness from a seed, scratch
 * directories, files read and written whole, dying.
 */
#ifndef BOUNCEFEED_POWER_TOOL_H
#define BOUNCEFEED_POWER_TOOL_H

#include "base/base.h"

enum { TOOL_BROKEN = 2 }; /* exit code: the test itself could not run */

/* Tells, exits with TOOL_BROKEN. */
void tool_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

uint64_t tool_random(uint64_t *state);
uint64_t tool_below(uint64_t *state, uint64_t n);           /* 0 to n-1 */
bool tool_chance(uint64_t *state, unsigned n, unsigned of); /* n times out of `of` */

/* A new directory, in $TMPDIR or in memory; it is removed with all that is in it when
 * the program ends, unless tool_keep(). */
const char *tool_scratch(void);
void tool_keep(void);

/* A directory in it, new and empty, and in `path` what a state file there is called. */
void tool_place(const char *name, char *path, size_t size);

/* Appends the file; -errno. Dies only without memory. */
int tool_load(const char *path, struct buf *out);
void tool_save(const char *path, struct slice bytes); /* dies on failure */

/* realloc() that dies; grows *cap (elements of `size`) so that n + 1 fit. */
void *tool_grow(void *p, size_t n, size_t *cap, size_t size);

double tool_seconds(void); /* a clock for the summary only */

#endif
