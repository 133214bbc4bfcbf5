/*
 * verdict.c - what an answer means for the batch. Pure, one table.
 *
 * The rule behind the table: only the backend's own word about this content (400, 413,
 * 422) may ever cost an event; what may be trouble is tried again; what looks like a
 * wrong configuration holds the output, so that a wrong token or a moved URL loses
 * nothing.
 */
#include "output/output.h"

#include <string.h>

static const struct {
	unsigned low, high;
	enum output_verdict verdict;
} verdict[] = {
	{ 0, 0, VERDICT_AGAIN },
	{ 200, 299, VERDICT_ACCEPTED },
	{ 400, 400, VERDICT_REFUSED },
	{ 408, 409, VERDICT_AGAIN },
	{ 413, 413, VERDICT_HALVE },
	{ 421, 421, VERDICT_AGAIN },
	{ 422, 422, VERDICT_REFUSED },
	{ 423, 423, VERDICT_AGAIN },
	{ 425, 425, VERDICT_AGAIN },
	{ 429, 429, VERDICT_AGAIN },
	{ 500, 599, VERDICT_AGAIN },
};

static const char *const verdict_name[] = {
	[VERDICT_ACCEPTED] = "accepted",
	[VERDICT_AGAIN] = "again",
	[VERDICT_HALVE] = "halve",
	[VERDICT_REFUSED] = "refused",
	[VERDICT_HOLD] = "hold",
};

const char *
output_verdict_name(enum output_verdict v)
{
	return verdict_name[v];
}

bool
output_verdict_by_name(struct slice name, enum output_verdict *out)
{
	for (unsigned i = 0; i < sizeof verdict_name / sizeof *verdict_name; i++) {
		if (slice_eq(slice_of(verdict_name[i]), name)) {
			*out = (enum output_verdict)i;
			return true;
		}
	}
	return false;
}

enum output_verdict
output_verdict_of(unsigned code, bool complete)
{
	if (!complete)
		return VERDICT_AGAIN;
	for (size_t i = 0; i < sizeof verdict / sizeof verdict[0]; i++) {
		if (code >= verdict[i].low && code <= verdict[i].high)
			return verdict[i].verdict;
	}
	return VERDICT_HOLD;
}

uint64_t
output_backoff(uint64_t min, uint64_t max, uint64_t n, uint64_t random)
{
	uint64_t limit = min;

	for (uint64_t i = 1; i < n && limit < max; i++)
		limit = limit > max / 2 ? max : limit * 2;
	if (limit > max)
		limit = max;
	return limit == UINT64_MAX ? random : random % (limit + 1);
}
