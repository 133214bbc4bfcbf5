/*
 * fault.c [--every] - makes the n-th call of a kind fail while the store works.
 *
 * For each kind of call and error, for n = 1, 2, 3 ... until a run ends before its n-th
 * such call: the call fails once, or it and all after it until the fault is cleared. A
 * function of the store that fails has to say so with the right -errno and a text; the
 * fault cleared, the same has to succeed, tried again on the spot or after a restart
 * (where a transaction may turn out to be stored already: whole). At the end the model
 * has to hold, before and after the file was closed and opened again.
 *
 * Each n is run in one of the four ways; --every: in all, and in the long run, too, n
 * grows by one. Then parked.c. Exit: 0, 1 with what went wrong, 2 it could not run.
 */
#include "faulty.h"
#include "parked.h"
#include "tool.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

static const struct fault_kind kinds[] = {
	{ "write EIO", VFS_WRITE, SQLITE_IOERR_WRITE, -EIO, 0 },
	{ "write ENOSPC", VFS_WRITE, SQLITE_FULL, -ENOSPC, 2048 },
	{ "write EROFS", VFS_WRITE, SQLITE_READONLY, -EROFS, 0 },
	{ "sync EIO", VFS_SYNC, SQLITE_IOERR_FSYNC, -EIO, 0 },
	{ "truncate EIO", VFS_TRUNCATE, SQLITE_IOERR_TRUNCATE, -EIO, 0 },
	{ "read EIO", VFS_READ, SQLITE_IOERR_READ, -EIO, 0 },
	{ "size EIO", VFS_SIZE, SQLITE_IOERR_FSTAT, -EIO, 0 },
	{ "map shm EIO", VFS_SHM_MAP, SQLITE_IOERR_SHMMAP, -EIO, 0 },
	{ "map shm ENOSPC", VFS_SHM_MAP, SQLITE_IOERR_SHMSIZE, -EIO, 0 },
	{ "open EMFILE", VFS_OPEN, SQLITE_CANTOPEN, -EACCES, 0 },
	{ "delete EIO", VFS_DELETE, SQLITE_IOERR_DELETE, -EIO, 0 },
};

/* See faulty_step(). Short ones, so that n need not go far for each call to fail. */
static const struct script {
	const char *before; /* done once, without a fault; then the process is killed */
	const char *steps;
	bool all; /* every n; else it grows by half */
} scripts[] = {
	{ "", "us", true },
	{ "ussaph", "spdCmA", true },
	{ "ussCosams", "uhcdaoAC", true },
	{ "ssCum", "aksCsdhac", true },
	/* a WAL of more than 1000 pages: recovered, then checkpointed beside the work
	 */
	{ "uSSSSSSSSSSSSSS", "sacsCaAAACscoAC", false },
};

/* Where a script's runs start from. */
static struct base {
	char path[PATH_MAX];
	struct model model;
	uint64_t random;
} base;

static struct {
	unsigned runs;
	unsigned told;    /* failures, by the store's functions */
	unsigned unheard; /* runs whose fault no function had to tell */
	unsigned wrong;
} total;

/* false: the n-th call was never made. */
static bool
run_one(struct faulty *r)
{
	tool_place("run-1", r->path, sizeof r->path);
	faulty_copy(base.path, r->path);
	model_copy(&r->model, &base.model);
	r->random = base.random;
	vfs_seed(7);
	r->armed = true;
	faulty_open(r);
	for (const char *s = r->steps; *s && !r->failed; s++)
		faulty_step(r, *s);
	if (!r->failed)
		faulty_end(r);
	total.runs++;
	total.told += r->told;
	total.unheard += r->fired > 0 && r->told == 0;
	total.wrong += r->failed;
	drive_close(r->drive);
	vfs_watch(NULL, NULL, NULL);
	model_free(&r->model);
	return r->fired > 0;
}

/* Ways for a call to fail and for the work to go on. */
enum { WAYS = 2 * AFTERS };

static bool
run_way(const struct fault_kind *k, const struct script *s, unsigned n, unsigned way)
{
	struct faulty r = {
		.kind = k,
		.steps = s->steps,
		.n = n,
		.sticky = way % 2,
		.after = (enum fault_after)(way / 2),
	};

	return run_one(&r);
}

static void
run_kind(const struct fault_kind *k, const struct script *s, bool every)
{
	uint64_t random = 7;
	bool fired = true;

	for (unsigned n = 1; fired && total.wrong == 0;) {
		unsigned from = every ? 0 : (unsigned)tool_below(&random, WAYS);
		unsigned to = every ? WAYS : from + 1;
		for (unsigned way = from; way < to; way++)
			fired = run_way(k, s, n, way);
		n += s->all || every ? 1 : (n + 1) / 2;
	}
}

static void
run_script(const struct script *s, bool every)
{
	struct faulty r = { .steps = s->steps, .kind = kinds, .random = 7 };

	tool_place("run-1", r.path, sizeof r.path);
	tool_place("base", base.path, sizeof base.path);
	model_init(&r.model, 7);
	if (s->before[0]) {
		faulty_open(&r);
		for (const char *p = s->before; *p; p++)
			faulty_step(&r, *p);
		faulty_copy(r.path, base.path);
		drive_close(r.drive);
		vfs_watch(NULL, NULL, NULL);
	}
	base.model = r.model;
	base.random = r.random;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		run_kind(&kinds[i], s, every);
	model_free(&base.model);
}

int
main(int argc, char **argv)
{
	bool every = argc == 2 && !strcmp(argv[1], "--every");
	double begin = tool_seconds();

	if (argc > 1 && !every)
		tool_die("usage: fault [--every]");
	vfs_register();
	for (size_t k = 0; k < sizeof scripts / sizeof scripts[0]; k++)
		run_script(&scripts[k], every);
	printf("fault: %u runs, %u failures told, %u runs whose fault nobody had to "
	       "hear of, %.1f s: %s\n",
	    total.runs, total.told, total.unheard, tool_seconds() - begin,
	    total.wrong ? "FAILED" : "all hold");
	return total.wrong || !parked_reader() ? 1 : 0;
}
