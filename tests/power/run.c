/*
 * run.c [--points N] [--seed S] [--rounds R] [--fail-sync K] [--keep] - cuts the power
 * of a run at N random points and looks at each disk that a cut could leave.
 *
 * A round records a workload and builds its share of the images; every other round goes
 * on from the last image of the round before, as a daemon started again would. Each
 * image has to open, hold what check.c says, and take one more batch. The same options
 * give the same images. --fail-sync: one sync in K fails before. --keep: the first
 * image that fails stays, and its path is told.
 *
 * Exit: 0 all hold, 1 some do not, 2 the test could not run. The summary tells how many
 * of which kind, so that a run against a store that is known to be wrong can be held
 * against what is wrong with it.
 */
#include "check.h"
#include "drive.h"
#include "image.h"
#include "log.h"
#include "tool.h"
#include "workload.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 320, MARK_REACH = 2, WAL_HEADER = 32 };

struct point {
	size_t at;
	uint64_t seed;
};

struct run {
	unsigned points;
	unsigned rounds;
	uint64_t seed;
	unsigned fail_sync;
	bool keep;
	bool told; /* the first image that fails */
	struct model model;
	struct log log;
	uint64_t random;
	/* for the summary */
	size_t images[CHECK_STATES];
	size_t commits;
	size_t durable;
	size_t ops;
	size_t syncs;
	size_t failed;  /* syncs */
	size_t resets;  /* the WAL begun anew over old frames: after a PASSIVE one */
	size_t cuts;    /* the WAL truncated: at rest */
	size_t shrinks; /* of the database */
	size_t more;    /* images that held transactions after the last durable one */
};

/* --- one image ---------------------------------------------------------------------
 */

static bool
has_probe(const char *path)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	static const char sql[] =
	    "SELECT 1 FROM batch, pragma_integrity_check(1) c WHERE key LIKE 'ff%'"
	    " AND c.integrity_check = 'ok'";
	bool found = sqlite3_open(path, &db) == SQLITE_OK &&
		     sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK &&
		     sqlite3_step(q) == SQLITE_ROW;

	(void)sqlite3_finalize(q);
	(void)sqlite3_close(db);
	return found;
}

/* Life goes on: one more batch, space given back, closed, opened. */
static void
use_image(const char *path, struct drive *d, struct check *c)
{
	struct err e;
	int rc = drive_probe(d, &e);

	(void)drive_checkpoint(d, true);
	drive_close(d);
	if (rc == 0 && has_probe(path))
		return;
	c->state = CHECK_BROKEN;
	(void)snprintf(c->text, sizeof c->text, "a batch more: %.200s",
	    rc < 0 ? e.text : "not there, or the file is damaged");
}

static void
check_image(struct run *r, const char *path, size_t at, struct check *c)
{
	struct drive *d = NULL;
	struct err e;
	size_t low, high;

	*c = (struct check){ 0 };
	check_bounds(&r->model, at, &low, &high);
	if (drive_open(path, &d, &e) < 0) {
		c->state = CHECK_BROKEN;
		(void)snprintf(c->text, sizeof c->text, "open: %.200s", e.text);
		return;
	}
	check_file(path, &r->model, low, high, c);
	r->more += c->serial > low;
	if (c->state == CHECK_HOLDS)
		use_image(path, d, c);
	else
		drive_close(d);
}

static void
look_at(struct run *r, const struct disk *d, const struct point *p, struct check *c)
{
	static const char *const name[] = { "holds", "LOST", "DOUBLED", "BROKEN" };
	char path[PATH_MAX];

	tool_place("image", path, sizeof path);
	disk_image(d, p->seed, path);
	check_image(r, path, p->at, c);
	r->images[c->state]++;
	if (c->state == CHECK_HOLDS || r->told)
		return;
	r->told = true;
	printf("power: cut after %zu of %zu operations: %s: %s\n", p->at, r->log.n,
	    name[c->state], c->text);
	if (!r->keep)
		return;
	tool_place("failed", path, sizeof path);
	disk_image(d, p->seed, path);
	printf("power: the image is %s\n", path);
	tool_keep();
}

/* --- points ------------------------------------------------------------------------
 */

static bool
is_mark(const struct log_op *op)
{
	return op->kind != LOG_WRITE;
}

/* Any operation, or one near a sync, truncation, creation, deletion: where promises
 * begin and end. */
static size_t
draw_point(const struct log *l, uint64_t *random)
{
	size_t at = tool_below(random, l->n + 1);

	if (tool_chance(random, 1, 2))
		return at;
	while (at < l->n && !is_mark(&l->op[at]))
		at++;
	at += tool_below(random, 2 * MARK_REACH + 1);
	at -= at < MARK_REACH ? at : MARK_REACH;
	return at < l->n ? at : l->n;
}

static int
by_place(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static struct point *
draw_points(struct run *r, size_t n)
{
	struct point *p = calloc(n, sizeof *p);

	if (!p)
		tool_die("no memory");
	for (size_t i = 0; i < n; i++) {
		p[i].at = draw_point(&r->log, &r->random);
		p[i].seed = tool_random(&r->random);
	}
	qsort(p, n, sizeof *p, by_place);
	return p;
}

/* --- rounds ------------------------------------------------------------------------
 */

static void
count_op(struct run *r, const struct log_op *op, uint64_t size[VFS_FILES])
{
	uint64_t *n = &size[op->name];

	switch (op->kind) {
	case LOG_WRITE:
		r->resets += op->name == VFS_WAL && op->at == 0 &&
			     op->n == WAL_HEADER && *n > 0;
		*n = op->at + op->n > *n ? op->at + op->n : *n;
		break;
	case LOG_TRUNCATE:
		r->cuts += op->name == VFS_WAL && op->at == 0 && *n > 0;
		r->shrinks += op->name == VFS_DB && op->at < *n;
		*n = op->at;
		break;
	case LOG_SYNC:
		r->syncs++;
		break;
	case LOG_SYNC_FAILED:
		r->failed++;
		break;
	case LOG_CREATE:
		*n = 0;
		break;
	default:
		break;
	}
}

/* For the summary: the transactions from number `from` on and what they did. */
static void
count(struct run *r, size_t from)
{
	uint64_t size[VFS_FILES] = { r->log.was[VFS_DB].n, r->log.was[VFS_WAL].n };

	for (size_t t = from; t < r->model.ntx; t++) {
		r->commits++;
		r->durable += r->model.tx[t].durable;
	}
	r->ops += r->log.n;
	for (size_t i = 0; i < r->log.n; i++)
		count_op(r, &r->log.op[i], size);
}

/* The images of the recorded run; the last one, if it holds, is where the next round
 * begins. */
static bool
look_at_all(struct run *r, size_t n, const char *next)
{
	struct point *p = draw_points(r, n);
	struct disk *d = disk_new(&r->log);
	struct check c = { 0 };

	for (size_t i = 0; i < n; i++) {
		disk_advance(d, p[i].at);
		look_at(r, d, &p[i], &c);
	}
	bool goes_on = n > 0 && c.state == CHECK_HOLDS;
	if (goes_on) {
		disk_image(d, p[n - 1].seed, next);
		model_cut(&r->model, c.serial);
	}
	disk_free(d);
	free(p);
	return goes_on;
}

static void
run_rounds(struct run *r)
{
	char path[PATH_MAX], next[PATH_MAX];
	bool goes_on = false;

	for (unsigned i = 0; i < r->rounds; i++) {
		size_t n = r->points / r->rounds + (i < r->points % r->rounds);
		if (i % 2 == 0 || !goes_on) {
			model_free(&r->model);
			model_init(&r->model, tool_random(&r->random));
			tool_place(i % 2 ? "odd" : "even", path, sizeof path);
		}
		size_t from = r->model.ntx;
		const struct workload w = {
			.path = path,
			.seed = tool_random(&r->random),
			.steps = STEPS,
			.fail_sync = r->fail_sync,
		};
		workload_run(&w, &r->model, &r->log);
		count(r, from);
		tool_place(i % 2 ? "even" : "odd", next, sizeof next);
		goes_on = look_at_all(r, n, next);
		memcpy(path, next, sizeof path);
		log_free(&r->log);
	}
	model_free(&r->model);
}

static bool
parse_options(int argc, char **argv, struct run *r)
{
	for (int i = 1; i < argc; i++) {
		struct slice name = slice_of(argv[i]);
		uint64_t v = 0;
		if (slice_eq(name, SLICE("--keep"))) {
			r->keep = true;
			continue;
		}
		if (++i == argc || !slice_u64(slice_of(argv[i]), &v))
			return false;
		if (slice_eq(name, SLICE("--points")))
			r->points = (unsigned)v;
		else if (slice_eq(name, SLICE("--rounds")) && v > 0)
			r->rounds = (unsigned)v;
		else if (slice_eq(name, SLICE("--fail-sync")))
			r->fail_sync = (unsigned)v;
		else if (slice_eq(name, SLICE("--seed")))
			r->seed = v;
		else
			return false;
	}
	return true;
}

static bool
summary(const struct run *r, double seconds)
{
	const size_t *n = r->images;
	bool hold = n[CHECK_HOLDS] == r->points;

	if (hold && (r->resets == 0 || r->cuts == 0 || r->shrinks == 0))
		tool_die(
		    "the run tests too little: the WAL begun anew %zu times beside "
		    "the work (checkpoints by store_checkpoint(s, false)), cut off "
		    "%zu times at rest, the database shrunk %zu times",
		    r->resets, r->cuts, r->shrinks);
	printf("power: %u images, %zu commits (%zu durable), %zu operations (%zu "
	       "syncs, %zu failed; WAL begun anew %zu times, cut off %zu; database "
	       "shrunk %zu), %zu images hold more than was promised, %.1f s: ",
	    r->points, r->commits, r->durable, r->ops, r->syncs, r->failed, r->resets,
	    r->cuts, r->shrinks, r->more, seconds);
	if (hold)
		puts("all hold");
	else
		printf("%zu hold, %zu lost, %zu doubled, %zu broken\n", n[CHECK_HOLDS],
		    n[CHECK_LOST], n[CHECK_DOUBLED], n[CHECK_BROKEN]);
	return hold;
}

int
main(int argc, char **argv)
{
	struct run r = { .points = 300, .rounds = 6, .seed = 1 };
	double begin = tool_seconds();

	if (!parse_options(argc, argv, &r))
		tool_die(
		    "usage: run [--points N] [--seed S] [--rounds R] [--fail-sync K]"
		    " [--keep]");
	r.random = r.seed;
	vfs_register();
	run_rounds(&r);
	return summary(&r, tool_seconds() - begin) ? 0 : 1;
}
