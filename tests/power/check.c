/*
 * check.c - reads a state file with plain SQL and judges it.
 *
 * Two judgements that do not lean on each other. The promises, from the rows alone:
 * undamaged; no event twice, in batches or dead letters; events and offsets of the same
 * transaction; every batch of a durable commit there unless its removal was begun. And
 * the state: rows and offsets are exactly those of the transaction whose number is
 * stored, none more, none less.
 */
#include "check.h"
#include "tool.h"
#include "pack/pack.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { EVENTS_MAX = 64 << 20 };

struct reading {
	const struct model *m;
	size_t low;
	size_t high;
	struct check *out;
	sqlite3 *db;
	uint64_t offset[MODEL_FILES];
	uint64_t nevents[MODEL_FILES]; /* as many as were ever numbered */
	uint8_t *seen[MODEL_FILES];    /* how often event n was found */
	bool *here;                    /* items that were found */
	struct buf events;
};

static void __attribute__((format(printf, 3, 4)))
fault(struct reading *r, enum check_state state, const char *format, ...)
{
	va_list ap;

	if (r->out->state != CHECK_HOLDS) /* the first one says it */
		return;
	r->out->state = state;
	va_start(ap, format);
	(void)vsnprintf(r->out->text, sizeof r->out->text, format, ap);
	va_end(ap);
}

static bool
holds(const struct reading *r)
{
	return r->out->state == CHECK_HOLDS;
}

static struct slice
column(sqlite3_stmt *q, int at)
{
	const char *p = sqlite3_column_blob(q, at);

	return (struct slice){ p, (size_t)sqlite3_column_bytes(q, at) };
}

typedef void row_fn(struct reading *r, sqlite3_stmt *q);

static void
each_row(struct reading *r, const char *sql, row_fn *fn)
{
	sqlite3_stmt *q = NULL;
	int step = SQLITE_ERROR;

	if (!holds(r))
		return;
	if (sqlite3_prepare_v2(r->db, sql, -1, &q, NULL) == SQLITE_OK) {
		while ((step = sqlite3_step(q)) == SQLITE_ROW)
			fn(r, q);
	}
	if (step != SQLITE_DONE)
		fault(r, CHECK_BROKEN, "%s: %s", sql, sqlite3_errmsg(r->db));
	(void)sqlite3_finalize(q);
}

/* --- rows ------------------------------------------------------------------------
 */

static void
on_integrity(struct reading *r, sqlite3_stmt *q)
{
	struct slice s = column(q, 0);

	if (!slice_eq(s, SLICE("ok")))
		fault(r, CHECK_BROKEN, "integrity_check: %.*s", (int)s.n, s.p);
}

static void
on_settings(struct reading *r, sqlite3_stmt *q)
{
	if (sqlite3_column_int(q, 0) != 4096 || sqlite3_column_int(q, 1) != 2 ||
	    !slice_eq(column(q, 2), SLICE("wal")))
		fault(r, CHECK_BROKEN,
		    "page_size %d, auto_vacuum %d, journal_mode %s; want 4096, 2, wal",
		    sqlite3_column_int(q, 0), sqlite3_column_int(q, 1),
		    (const char *)sqlite3_column_text(q, 2));
}

static void
on_serial(struct reading *r, sqlite3_stmt *q)
{
	r->out->serial = (size_t)sqlite3_column_int64(q, 0);
}

static void
on_file(struct reading *r, sqlite3_stmt *q)
{
	struct slice path = column(q, 0);

	if (path.n == 1 && path.p[0] >= '0' && path.p[0] < '0' + MODEL_FILES)
		r->offset[path.p[0] - '0'] = (uint64_t)sqlite3_column_int64(q, 1);
	else
		fault(r, CHECK_BROKEN, "a file that nobody stored");
}

static void
on_event(struct reading *r, struct slice line)
{
	unsigned file;
	uint64_t n;

	if (!model_parse(line, &file, &n) || n == 0 || n > r->nevents[file])
		fault(r, CHECK_BROKEN, "an event that nobody stored: %.*s",
		    (int)(line.n < 40 ? line.n : 40), line.p);
	else if (r->seen[file][n]++ > 0)
		fault(r, CHECK_DOUBLED, "event %u-%llu is there twice", file,
		    (unsigned long long)n);
}

/* id, place, key, count, bytes, sum, body */
static void
on_batch(struct reading *r, sqlite3_stmt *q)
{
	struct slice body = column(q, 6), rest;
	uint64_t number;
	long long id = sqlite3_column_int64(q, 0);

	if (!slice_u64(slice_from(column(q, 2), MODEL_KEY / 2), &number) ||
	    number >= r->m->nitems || r->m->item[number].dead) {
		fault(r, CHECK_BROKEN, "batch %lld: a key that nobody stored", id);
		return;
	}
	const struct item *i = &r->m->item[number];
	buf_clear(&r->events);
	if (hash64_of(body) != (uint64_t)sqlite3_column_int64(q, 5) ||
	    pack_unzstd(body, &r->events) < 0) {
		fault(r, CHECK_BROKEN, "batch %lld: its body is damaged", id);
		return;
	}
	rest = buf_slice(&r->events);
	if (id != i->id || sqlite3_column_int64(q, 1) != i->place ||
	    (uint64_t)sqlite3_column_int64(q, 3) != i->last - i->first + 1 ||
	    (uint64_t)sqlite3_column_int64(q, 4) != i->bytes ||
	    hash64_of(rest) != i->hash || r->here[number])
		fault(r, CHECK_BROKEN, "batch %lld: not what was stored", id);
	r->here[number] = true;
	while (rest.n > 0) {
		struct slice line = { rest.p, slice_find(rest, '\n') };
		rest = slice_from(rest, line.n + 1);
		on_event(r, line);
	}
}

/* The dead letters of this event; one at most is ever made of it. */
static size_t
dead_item(const struct reading *r, unsigned file, uint64_t n)
{
	for (size_t i = 0; i < r->m->nitems; i++) {
		const struct item *at = &r->m->item[i];
		if (at->dead && at->file == file && at->first == n)
			return i;
	}
	return MODEL_NEVER;
}

static void
on_dead(struct reading *r, sqlite3_stmt *q)
{
	struct slice event = column(q, 0);
	unsigned file = 0;
	uint64_t n = 0;

	on_event(r, event);
	if (!holds(r) || !model_parse(event, &file, &n))
		return;
	size_t item = dead_item(r, file, n);
	buf_clear(&r->events);
	model_events(r->m, file, n, n, &r->events);
	if (item == MODEL_NEVER || !slice_eq(slice_trim(buf_slice(&r->events)), event))
		fault(r, CHECK_BROKEN, "dead letter %u-%llu: not what was stored", file,
		    (unsigned long long)n);
	else
		r->here[item] = true;
}

/* --- judgement ---------------------------------------------------------------------
 */

/* Event n is somewhere <=> the offset says so; what is nowhere was removed. */
static void
judge_offsets(struct reading *r, unsigned file)
{
	uint8_t *removed = calloc(r->nevents[file] + 1, 1);

	if (!removed)
		tool_die("no memory");
	for (size_t i = 0; i < r->m->nitems; i++) {
		const struct item *at = &r->m->item[i];
		if (at->file == file && at->gone <= r->high)
			memset(removed + at->first, 1, at->last - at->first + 1);
	}
	for (uint64_t n = 1; n <= r->nevents[file]; n++) {
		bool before = n <= r->offset[file];
		if (!before && r->seen[file][n])
			fault(r, CHECK_BROKEN,
			    "event %u-%llu is there, the offset is %llu", file,
			    (unsigned long long)n, (unsigned long long)r->offset[file]);
		if (before && !r->seen[file][n] && !removed[n])
			fault(r, CHECK_LOST,
			    "event %u-%llu is nowhere, the offset is %llu", file,
			    (unsigned long long)n, (unsigned long long)r->offset[file]);
	}
	free(removed);
}

static void
judge_durable(struct reading *r)
{
	for (size_t i = 0; i < r->m->nitems; i++) {
		const struct item *at = &r->m->item[i];
		if (at->born <= r->low && at->gone > r->high && !r->here[i])
			fault(r, CHECK_LOST,
			    "%s of transaction %zu: durable and not there",
			    at->dead ? "dead letter" : "batch", at->born);
	}
}

static void
judge_state(struct reading *r)
{
	size_t j = r->out->serial;

	if (j < r->low)
		fault(r, CHECK_LOST, "ends with transaction %zu, %zu was durable", j,
		    r->low);
	else if (j > r->high)
		fault(r, CHECK_BROKEN, "ends with transaction %zu, %zu was the last", j,
		    r->high);
	for (size_t i = 0; holds(r) && i < r->m->nitems; i++) {
		if (r->here[i] != model_holds(r->m, i, j))
			fault(r, CHECK_BROKEN, "after transaction %zu: item %zu is %s",
			    j, i, r->here[i] ? "there" : "not there");
	}
	for (size_t f = 0; holds(r) && f < MODEL_FILES; f++) {
		if (r->offset[f] != r->m->tx[j].offset[f])
			fault(r, CHECK_BROKEN,
			    "after transaction %zu: offset is %llu, want %llu", j,
			    (unsigned long long)r->offset[f],
			    (unsigned long long)r->m->tx[j].offset[f]);
	}
}

static void
read_all(struct reading *r)
{
	each_row(r, "PRAGMA integrity_check(1)", on_integrity);
	each_row(r,
	    "SELECT page_size, auto_vacuum, journal_mode FROM pragma_page_size(),"
	    " pragma_auto_vacuum(), pragma_journal_mode()",
	    on_settings);
	each_row(r, "SELECT scanned_ns FROM source WHERE name = 's'", on_serial);
	each_row(r, "SELECT path, offset FROM file", on_file);
	each_row(
	    r, "SELECT id, place, key, count, bytes, sum, body FROM batch", on_batch);
	each_row(r, "SELECT event FROM dead", on_dead);
}

void
check_file(
    const char *path, const struct model *m, size_t low, size_t high, struct check *out)
{
	struct reading r = { .m = m, .low = low, .high = high, .out = out };

	*out = (struct check){ 0 };
	buf_init(&r.events, EVENTS_MAX);
	r.here = calloc(m->nitems + 1, sizeof *r.here);
	for (size_t f = 0; f < MODEL_FILES; f++) {
		r.nevents[f] = m->tx[m->ntx - 1].offset[f];
		if (!(r.seen[f] = calloc(r.nevents[f] + 1, 1)))
			tool_die("no memory");
	}
	if (!r.here)
		tool_die("no memory");
	if (sqlite3_open_v2(path, &r.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		fault(&r, CHECK_BROKEN, "open: %s", sqlite3_errmsg(r.db));
	(void)sqlite3_busy_timeout(r.db, 1000);
	read_all(&r);
	if (holds(&r))
		judge_durable(&r);
	for (unsigned f = 0; holds(&r) && f < MODEL_FILES; f++)
		judge_offsets(&r, f);
	if (holds(&r))
		judge_state(&r);
	(void)sqlite3_close(r.db);
	for (size_t f = 0; f < MODEL_FILES; f++)
		free(r.seen[f]);
	free(r.here);
	buf_free(&r.events);
}

void
check_bounds(const struct model *m, size_t at, size_t *low, size_t *high)
{
	*low = *high = 0;
	for (size_t t = 1; t < m->ntx; t++) {
		const struct tx *x = &m->tx[t];
		if (x->durable && x->returned != MODEL_NEVER && x->returned <= at)
			*low = t;
		if (x->committing != MODEL_NEVER && x->committing <= at)
			*high = t;
	}
}
