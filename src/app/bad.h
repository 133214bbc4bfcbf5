/*
 * bad.h - bad records of a source since the last commit: counted by reason, the last
 * ones kept for a look.
 */
#ifndef BOUNCEFEED_BAD_H
#define BOUNCEFEED_BAD_H

#include "base/base.h"
#include "store/store.h"

enum { BAD_REASONS = 16 };

struct bad_sample {
	const char *why;
	char *file;
	uint64_t offset;
	char bytes[LIMIT_BAD_SAMPLE];
	size_t n;
};

struct bad_log {
	uint64_t total;
	struct {
		const char *why;
		uint64_t n;
	} count[BAD_REASONS];
	struct bad_sample *sample; /* LIMIT_BAD_KEPT of them, made with the first */
};

/* why: a constant text. Never fails: a sample that finds no memory is only counted. */
void bad_log_add(struct bad_log *b, struct slice file, uint64_t offset,
    struct slice bytes, const char *why);
void bad_log_clear(struct bad_log *b);
int bad_log_put(
    const struct bad_log *b, struct store *st, struct slice source, struct err *e);

#endif
