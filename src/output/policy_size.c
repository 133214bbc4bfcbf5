/*
 * policy_size.c - which batches a backend calls too large: by events, by bytes, by what
 * it takes in time.
 *
 * A size is learnt from a refusal only where nothing as large was ever taken: a backend
 * that answers 413 for what one event says must not make all batches small.
 */
#include "output/policy_internal.h"

enum {
	SLOW_GROWTH = 16
}; /* batches accepted until a limit from time-outs is doubled */

void
output_policy_limits(
    const struct output_policy *p, uint64_t *max_events, uint64_t *max_bytes)
{
	if (p->limit_events > 0 && p->limit_events < *max_events)
		*max_events = p->limit_events;
	if (p->limit_bytes > 0 && p->limit_bytes < *max_bytes)
		*max_bytes = p->limit_bytes;
}

static void
learn(uint64_t *limit, uint64_t size, uint64_t fits)
{
	uint64_t half = (size + 1) / 2;

	/* as much was taken before: it is not the size */
	if (size > fits && (*limit == 0 || half < *limit))
		*limit = half > fits ? half : fits;
}

void
policy_too_large(struct output_policy *p, const struct output_tried *t, bool timed_out)
{
	if (t->count <= 1) {
		/* it was what this event says: what was learnt on the way is wrong */
		p->limit_events = p->limit_bytes = 0;
		return;
	}
	learn(&p->limit_events, t->count, p->fits_events);
	learn(&p->limit_bytes, t->bytes, p->fits_bytes);
	p->slow = timed_out;
}

void
policy_fits(struct output_policy *p, const struct output_tried *t)
{
	if (t->count > p->fits_events)
		p->fits_events = t->count;
	if (t->bytes > p->fits_bytes)
		p->fits_bytes = t->bytes;
	/* a backend that was slow for a while is not small for ever */
	if (p->slow > 0 && ++p->slow > SLOW_GROWTH) {
		p->limit_events *= 2;
		p->limit_bytes *= 2;
		p->slow = 1;
	}
}
