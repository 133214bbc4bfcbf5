/*
 * main.c - model [--programs N] [--seed S] [--ops N] [--jobs N] [--dir D] [--gz]
 * [--program P]: plays random programs and prints one line of figures; of one that
 * fails its seed, the shrunk program as a story and what is wrong. A seed always makes
 * the same program, with --gz another one than without. --program plays the one that
 * such a report names. Exit code 1: one failed.
 */
#include "model.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MAX = 64, SHOWN_MAX = 5 };

static struct {
	unsigned long long programs, seed;
	unsigned ops, jobs;
	const char *dir;
	char *program;
} want = { .programs = 1000, .seed = 1 };

/* What workers tell their parent. */
static struct worker {
	struct totals totals;
	unsigned long long seed; /* being played */
	unsigned failed;
} * workers;

bool model_tracing;
static struct buf report;

void
trace(const char *format, ...)
{
	char text[512];
	va_list ap;

	static char last[sizeof text];

	if (!model_tracing)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (!strcmp(text, last)) /* turn after turn of rest */
		return;
	memcpy(last, text, sizeof last);
	(void)buf_printf(
	    &report, "  %8lld  %s\n", (long long)model_now_ms - 1000000, text);
}

static bool
fails(const struct program *p)
{
	struct buf why;
	struct totals keep = model_totals;

	buf_init(&why, 1 << 20);
	bool well = play(p, &why);
	buf_free(&why);
	model_totals = keep;
	return !well;
}

static void
tell(struct program *p)
{
	struct buf why, text;
	struct totals keep = model_totals;

	unsigned before = p->n;
	if (!want.program)
		program_shrink(p, fails);
	buf_init(&why, 1 << 20);
	buf_init(&text, 1 << 20);
	program_print(p, &text);
	buf_clear(&report);
	model_tracing = true;
	bool well = play(p, &why);
	model_tracing = false;
	model_totals = keep;
	printf("%s seed %llu: %s, start: %s, %s, batches of %u (%u of %u operations)\n",
	    well ? "well" : "FAIL", (unsigned long long)p->seed, p->scene->name,
	    p->from_start ? "beginning" : "end",
	    p->plain ? "writer without O_APPEND" : "writer with O_APPEND", p->batch,
	    p->n, before);
	printf("  --program '%.*s'\n", (int)text.n, text.p);
	buf_free(&text);
	printf("%.*s%s%.*s\n", (int)report.n, report.p, well ? "" : "wrong:\n",
	    (int)why.n, why.p);
	(void)fflush(stdout);
	buf_free(&why);
}

static int
work(unsigned job)
{
	static struct program p;
	char dir[MODEL_PATH];
	struct buf why;

	(void)snprintf(dir, sizeof dir, "%s/%u", want.dir, job);
	if (mkdir(dir, 0700) < 0 || played_set_up(dir) < 0)
		return 2;
	buf_init(&why, 1 << 20);
	buf_init(&report, 4 << 20);
	if (want.program) {
		if (!program_read(&p, want.program))
			return 64;
		tell(&p);
		return play(&p, &why) ? 0 : 1;
	}
	for (unsigned long long i = job; i < want.programs; i += want.jobs) {
		workers[job].seed = want.seed + i;
		program_make(&p, want.seed + i, want.ops);
		buf_clear(&why);
		if (play(&p, &why)) {
			workers[job].totals = model_totals;
			continue;
		}
		if (workers[job].failed++ < SHOWN_MAX)
			tell(&p);
		workers[job].totals = model_totals;
	}
	return workers[job].failed ? 1 : 0;
}

static int
parse_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "programs", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "dir", required_argument, NULL, 'd' },
		{ "program", required_argument, NULL, 'p' },
		{ "gz", no_argument, NULL, 'z' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			want.programs = strtoull(optarg, NULL, 10);
		else if (c == 's')
			want.seed = strtoull(optarg, NULL, 10);
		else if (c == 'o')
			want.ops = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'j')
			want.jobs = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'd')
			want.dir = optarg;
		else if (c == 'p')
			want.program = optarg;
		else if (c == 'z')
			model_packs = true;
		else
			return -1;
	}
	if (want.program)
		want.jobs = 1;
	if (want.ops > MODEL_OPS)
		want.ops = MODEL_OPS;
	if (want.jobs == 0)
		want.jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	if (want.jobs > JOBS_MAX)
		want.jobs = JOBS_MAX;
	return optind == argc ? 0 : -1;
}

/* true: all programs went well */
static bool
wait_for_all(const pid_t *pid)
{
	bool well = true;

	for (unsigned i = 0; i < want.jobs; i++) {
		int status;
		if (waitpid(pid[i], &status, 0) < 0)
			continue;
		if (WIFSIGNALED(status))
			printf("FAIL seed %llu: the process died of signal %d\n",
			    workers[i].seed, WTERMSIG(status));
		well &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	return well;
}

static void
sum_up(double seconds)
{
	struct totals t = { 0 };
	unsigned failed = 0;

	for (unsigned i = 0; i < want.jobs; i++) {
		const struct totals *w = &workers[i].totals;
		t.programs += w->programs;
		t.ops += w->ops;
		t.records += w->records;
		t.arrived += w->arrived;
		t.excused += w->excused;
		t.turns += w->turns;
		t.starts += w->starts;
		t.crashes += w->crashes;
		failed += workers[i].failed;
	}
	printf(
	    "model: %llu programs from seed %llu, %llu operations, %llu turns, %llu "
	    "starts, %llu crashes, %llu records written, %llu arrived, %llu excused, "
	    "%u failed, %.1f s\n",
	    (unsigned long long)t.programs, want.seed, (unsigned long long)t.ops,
	    (unsigned long long)t.turns, (unsigned long long)t.starts,
	    (unsigned long long)t.crashes, (unsigned long long)t.records,
	    (unsigned long long)t.arrived, (unsigned long long)t.excused, failed,
	    seconds);
}

static void
remove_tree(const char *dir)
{
	char command[MODEL_PATH + 16];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
	(void)!system(command);
}

int
main(int argc, char **argv)
{
	char made[MODEL_PATH] = "/dev/shm/model-XXXXXX";
	pid_t pid[JOBS_MAX];
	double began = model_real_seconds();

	if (parse_arguments(argc, argv) < 0) {
		(void)fprintf(stderr,
		    "usage: model [--programs N] [--seed S] [--ops N] "
		    "[--jobs N] [--dir D] [--gz]\n");
		return 64;
	}
	if (want.dir)
		(void)snprintf(made, sizeof made, "%s/model-XXXXXX", want.dir);
	else if (access("/dev/shm", W_OK) < 0)
		(void)snprintf(made, sizeof made, "/tmp/model-XXXXXX");
	if (!(want.dir = mkdtemp(made))) {
		(void)fprintf(stderr, "model: %s: %s\n", made, strerror(errno));
		return 2;
	}
	workers = mmap(NULL, sizeof *workers * JOBS_MAX, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(void)fflush(stdout);
	for (unsigned i = 0; i < want.jobs; i++) {
		if ((pid[i] = fork()) == 0) {
			int rc = work(i);
			(void)fflush(stdout);
			_exit(rc);
		}
	}
	bool well = wait_for_all(pid);
	remove_tree(want.dir);
	sum_up(model_real_seconds() - began);
	return well ? 0 : 1;
}
