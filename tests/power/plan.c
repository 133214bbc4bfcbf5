/*
 * plan.c - see plan.h; deliver_record.c is what it imitates.
 */
#include "plan.h"
#include "tool.h"

bool
plan_seal(struct model *m, uint64_t *random, unsigned batches, unsigned events)
{
	size_t t = model_tx(m, true);

	while (batches-- > 0) {
		unsigned file = (unsigned)tool_below(random, MODEL_FILES);
		uint64_t first = m->tx[t].offset[file] + 1;
		const struct item i = {
			.file = file,
			.first = first,
			.last = first + tool_below(random, events),
			.parent = MODEL_NEVER,
		};
		(void)model_put(m, &i);
	}
	return true;
}

bool
plan_accept(struct model *m, unsigned n)
{
	size_t i = model_next(m, 0);

	if (i == m->nitems)
		return false;
	(void)model_tx(m, false);
	for (; n > 0 && i < m->nitems; n--) {
		model_delete(m, i);
		i = model_next(m, i);
	}
	return true;
}

static void
put_dead(struct model *m, unsigned file, uint64_t n)
{
	const struct item dead = {
		.dead = true,
		.file = file,
		.first = n,
		.last = n,
		.parent = MODEL_NEVER,
	};

	(void)model_put(m, &dead);
}

bool
plan_accept_part(struct model *m, uint64_t *random)
{
	size_t i = model_next(m, 0);

	if (i == m->nitems)
		return false;
	struct item b = m->item[i];
	(void)model_tx(m, false);
	put_dead(m, b.file, b.first + tool_below(random, b.last - b.first + 1));
	model_delete(m, i);
	return true;
}

/* The first batch with one event, or more than one; of these one at random. */
static size_t
find(const struct model *m, bool one, uint64_t *random)
{
	size_t found = m->nitems, skip = random ? tool_below(random, 8) : 0;

	for (size_t i = model_next(m, 0); i < m->nitems; i = model_next(m, i + 1)) {
		if ((m->item[i].first == m->item[i].last) != one)
			continue;
		found = i;
		if (skip-- == 0)
			break;
	}
	return found;
}

bool
plan_split(struct model *m, uint64_t *random)
{
	size_t i = find(m, false, random);

	if (i == m->nitems)
		return false;
	struct item b = m->item[i];
	struct item first = { .file = b.file, .first = b.first, .parent = i };
	first.last = b.first + (b.last - b.first + 1) / 2 - 1;
	struct item second = first;
	second.first = first.last + 1;
	second.last = b.last;
	(void)model_tx(m, true);
	(void)model_put(m, &first);
	(void)model_put(m, &second);
	model_delete(m, i);
	return true;
}

bool
plan_dead(struct model *m)
{
	size_t i = find(m, true, NULL);

	if (i == m->nitems)
		return false;
	struct item b = m->item[i];
	(void)model_tx(m, true);
	put_dead(m, b.file, b.first);
	model_delete(m, i);
	return true;
}

uint64_t
plan_queued(const struct model *m)
{
	uint64_t bytes = 0;

	for (size_t i = model_next(m, 0); i < m->nitems; i = model_next(m, i + 1))
		bytes += m->item[i].bytes;
	return bytes;
}
