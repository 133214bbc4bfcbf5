/*
 * bad.c - bad records of a source, between two commits.
 */
#include "app/bad.h"
#include "app/app.h"

#include <stdlib.h>
#include <string.h>

static void
count(struct bad_log *b, const char *why)
{
	size_t i = 0;

	/* the last place is for all reasons that found none of their own */
	while (
	    i < BAD_REASONS - 1 && b->count[i].why && strcmp(b->count[i].why, why) != 0)
		i++;
	b->count[i].why = i < BAD_REASONS - 1 ? why : "other";
	b->count[i].n++;
	b->total++;
}

void
bad_log_add(struct bad_log *b, struct slice file, uint64_t offset, struct slice bytes,
    const char *why)
{
	uint64_t place = b->total % LIMIT_BAD_KEPT;

	count(b, why);
	if (!b->sample && !(b->sample = calloc(LIMIT_BAD_KEPT, sizeof *b->sample)))
		return;
	struct bad_sample *s = &b->sample[place];
	free(s->file);
	s->file = strndup(file.p ? file.p : "", file.n);
	s->why = why;
	s->offset = offset;
	s->n = bytes.n < sizeof s->bytes ? bytes.n : sizeof s->bytes;
	if (s->n > 0)
		memcpy(s->bytes, bytes.p, s->n);
}

void
bad_log_clear(struct bad_log *b)
{
	for (size_t i = 0; b->sample && i < LIMIT_BAD_KEPT; i++)
		free(b->sample[i].file);
	free(b->sample);
	*b = (struct bad_log){ 0 };
}

int
bad_log_put(
    const struct bad_log *b, struct store *st, struct slice source, struct err *e)
{
	uint64_t kept = b->total < LIMIT_BAD_KEPT ? b->total : LIMIT_BAD_KEPT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < BAD_REASONS && b->count[i].why; i++)
		rc = store_bad_count(
		    st, source, slice_of(b->count[i].why), b->count[i].n, e);
	for (uint64_t i = b->total - kept; rc == 0 && b->sample && i < b->total; i++) {
		const struct bad_sample *s = &b->sample[i % LIMIT_BAD_KEPT];
		struct store_bad sb = {
			.source = source,
			.reason = slice_of(s->why),
			.file = slice_of(s->file),
			.offset = s->offset,
			.bytes = { s->bytes, s->n },
			.at_ms = clock_wall_ms(),
		};
		rc = store_bad_put(st, &sb, e);
	}
	return rc;
}
