/*
 * model.c - see model.h.
 *
 * Items are appended as their transactions are, so the items of the first j
 * transactions are a prefix. Texts of events depend on the seed, file and number only;
 * they are cut out of a few MB of noise, so that they hardly pack.
 */
#include "model.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEAD = 8, ID = 10, PAD_MAX = 1200, NOISE = 4 << 20 };

static char noise[NOISE];

static void
make_noise(void)
{
	uint64_t random = 1;

	for (size_t i = 0; noise[NOISE - 1] == '\0'; i++)
		noise[i] = (char)('0' + tool_below(&random, 43)); /* no \ in it */
}

void
model_init(struct model *m, uint64_t seed)
{
	make_noise();
	*m = (struct model){ .seed = seed };
	(void)model_tx(m, true);
	m->tx[0].committing = m->tx[0].returned = 0;
}

void
model_free(struct model *m)
{
	free(m->item);
	free(m->tx);
}

void
model_copy(struct model *to, const struct model *from)
{
	*to = *from;
	to->item = calloc(from->item_cap + 1, sizeof *to->item);
	to->tx = calloc(from->tx_cap + 1, sizeof *to->tx);
	if (!to->item || !to->tx)
		tool_die("no memory");
	if (from->nitems > 0)
		memcpy(to->item, from->item, from->nitems * sizeof *to->item);
	memcpy(to->tx, from->tx, from->ntx * sizeof *to->tx);
}

void
model_cut(struct model *m, size_t j)
{
	m->ntx = j + 1;
	m->nitems = m->tx[j].end;
	for (size_t t = 0; t <= j; t++)
		m->tx[t].committing = m->tx[t].returned = 0;
	for (size_t i = 0; i < m->nitems; i++) {
		if (m->item[i].gone != MODEL_NEVER && m->item[i].gone > j)
			m->item[i].gone = MODEL_NEVER;
	}
}

size_t
model_tx(struct model *m, bool durable)
{
	struct tx t = {
		.durable = durable,
		.put = m->nitems,
		.end = m->nitems,
		.committing = MODEL_NEVER,
		.returned = MODEL_NEVER,
	};

	if (m->ntx > 0)
		memcpy(t.offset, m->tx[m->ntx - 1].offset, sizeof t.offset);
	m->tx = tool_grow(m->tx, m->ntx, &m->tx_cap, sizeof *m->tx);
	m->tx[m->ntx] = t;
	return m->ntx++;
}

struct item *
model_put(struct model *m, const struct item *i)
{
	struct tx *t = &m->tx[m->ntx - 1];

	m->item = tool_grow(m->item, m->nitems, &m->item_cap, sizeof *m->item);
	struct item *to = &m->item[m->nitems++];
	*to = *i;
	to->born = m->ntx - 1;
	to->gone = MODEL_NEVER;
	if (t->offset[i->file] < i->last)
		t->offset[i->file] = i->last;
	t->end = m->nitems;
	return to;
}

void
model_delete(struct model *m, size_t item)
{
	struct tx *t = &m->tx[m->ntx - 1];

	if (t->ndel == MODEL_DELETES || m->item[item].gone != MODEL_NEVER)
		tool_die("the workload deletes what it cannot");
	t->del[t->ndel++] = item;
	m->item[item].gone = m->ntx - 1;
}

bool
model_holds(const struct model *m, size_t item, size_t j)
{
	return m->item[item].born <= j && m->item[item].gone > j;
}

size_t
model_next(const struct model *m, size_t from)
{
	while (from < m->nitems &&
	       (m->item[from].dead || m->item[from].gone != MODEL_NEVER))
		from++;
	return from;
}

void
model_events(const struct model *m, unsigned file, uint64_t first, uint64_t last,
    struct buf *out)
{
	for (uint64_t n = first; n <= last; n++) {
		uint64_t random = m->seed ^ (n << 8 | file);
		size_t pad = 20 +
			     tool_below(&random, 20 + tool_below(&random, PAD_MAX));
		(void)buf_printf(out, "{\"id\":\"%u-%08llu\",\"pad\":\"", file,
		    (unsigned long long)n);
		(void)buf_add(out,
		    (struct slice){ noise + tool_below(&random, NOISE - pad), pad });
		(void)buf_add(out, SLICE("\"}\n"));
	}
	if (out->failed)
		tool_die("no memory for events");
}

bool
model_parse(struct slice line, unsigned *file, uint64_t *n)
{
	uint64_t f;

	if (!slice_starts(line, SLICE("{\"id\":\"")) || line.n < HEAD + ID ||
	    line.p[HEAD] != '-' ||
	    !slice_u64((struct slice){ line.p + HEAD - 1, 1 }, &f) ||
	    !slice_u64((struct slice){ line.p + HEAD + 1, 8 }, n) || f >= MODEL_FILES)
		return false;
	*file = (unsigned)f;
	return true;
}

void
model_key(size_t item, char out[MODEL_KEY + 1])
{
	(void)snprintf(out, MODEL_KEY + 1, "%0*zu", MODEL_KEY, item);
}
