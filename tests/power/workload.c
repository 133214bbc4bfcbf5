/*
 * workload.c - reading faster than the backend takes, then the backend catching up, in
 * turns, so that the WAL passes the mark for a checkpoint, the file grows and gives
 * pages back. After each step the checkpoint that the daemon's loop does then.
 */
#include "workload.h"
#include "drive.h"
#include "plan.h"
#include "tool.h"

enum { QUEUE_MAX = 3 << 20, QUEUE_LOW = 100 << 10, TRIES = 50 };

struct run {
	struct drive *drive;
	const struct workload *work;
	struct model *model;
	struct log *log;
	uint64_t random;
	bool draining;
};

static int
tries(const struct run *r)
{
	return r->work->fail_sync > 0 ? TRIES : 1;
}

static void
transact(struct run *r)
{
	size_t t = r->model->ntx - 1;
	struct err e;

	for (int i = 0; i < tries(r); i++) {
		if (drive_tx(r->drive, r->model, t, &e) == 0)
			return;
	}
	tool_die("transaction %zu: %s", t, e.text);
}

static void
reopen(struct run *r)
{
	struct err e;
	int rc = -1;

	drive_close(r->drive);
	r->drive = NULL;
	for (int i = 0; rc < 0 && i < tries(r); i++)
		rc = drive_open(r->work->path, &r->drive, &e);
	if (rc < 0)
		tool_die("%s", e.text);
	drive_log(r->drive, &r->log->n);
}

static bool
plan(struct run *r)
{
	uint64_t queued = plan_queued(r->model), *random = &r->random;
	unsigned draw = (unsigned)tool_below(random, 100);

	if (queued > QUEUE_MAX)
		r->draining = true;
	if (queued < QUEUE_LOW)
		r->draining = false;
	if (draw < 5)
		return plan_split(r->model, random);
	if (draw < 10)
		return plan_dead(r->model);
	if (draw < 15)
		return plan_accept_part(r->model, random);
	if (draw < (r->draining ? 85 : 40))
		return plan_accept(r->model, 1 + (unsigned)tool_below(random, 3));
	if (draw < 92)
		return plan_seal(
		    r->model, random, 1 + (unsigned)tool_below(random, 3), 30);
	return plan_seal(r->model, random, 1 + (unsigned)tool_below(random, 8), 600);
}

static void
step(struct run *r)
{
	if (plan(r))
		transact(r);
	(void)drive_checkpoint(r->drive, false);
	if (tool_chance(&r->random, 1, 100))
		(void)drive_checkpoint(r->drive, true);
	if (tool_chance(&r->random, 1, 200))
		reopen(r);
}

void
workload_run(const struct workload *w, struct model *m, struct log *l)
{
	struct run r = { .work = w, .model = m, .log = l, .random = w->seed };

	vfs_seed(w->seed);
	log_start(l, w->path, w->fail_sync);
	reopen(&r);
	for (unsigned i = 0; i < w->steps; i++)
		step(&r);
	if (tool_chance(&r.random, 1, 2)) {
		drive_close(r.drive);
		log_stop();
	} else {
		log_stop();
		drive_close(r.drive);
	}
}
