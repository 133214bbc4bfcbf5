/*
 * fuzz_config.c - a configuration of any bytes, offline, with one included file.
 *
 * Input: the file; after a line "#include", if there is one, the included one, which
 * every pattern of `include` matches: glob() is this file's own, so that no input makes
 * the program open what lies on the machine. A file that loads prints as YAML; what it
 * prints, if it loads (masked secrets may not), prints the same. Faults are told, each
 * on one line without control characters.
 */
#include "fuzz.h"
#include "app/yaml.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATH_BYTES = 32, PRINT_MAX = 4 << 20 };

/* A file in memory that has a name. */
struct memory {
	int fd;
	char path[PATH_BYTES];
};

static struct memory main_file, included;
static bool has_included;

int
glob(const char *pattern, int flags, int (*on_error)(const char *path, int rc),
    glob_t *out)
{
	static char *names[] = { included.path, NULL };

	(void)pattern;
	(void)flags;
	(void)on_error;
	if (!has_included)
		return GLOB_NOMATCH;
	out->gl_pathc = 1;
	out->gl_pathv = names;
	return 0;
}

void
globfree(glob_t *g)
{
	g->gl_pathc = 0;
}

static void
put(struct memory *m, struct slice text)
{
	if (m->fd == 0) {
		m->fd = memfd_create("fuzz", MFD_CLOEXEC);
		(void)snprintf(m->path, sizeof m->path, "/proc/self/fd/%d", m->fd);
	}
	fuzz_check(ftruncate(m->fd, 0) == 0 &&
		       pwrite(m->fd, text.p, text.n, 0) == (ssize_t)text.n,
	    "memfd");
}

static void
check_faults(const struct config_faults *f)
{
	size_t lines = 0;

	for (size_t i = 0; i < f->text.n; i++) {
		unsigned char c = (unsigned char)f->text.p[i];
		lines += c == '\n';
		fuzz_check(
		    c == '\n' || (c >= ' ' && c != 0x7f), "0x%02x in a fault", c);
	}
	fuzz_check(lines == f->count, "%zu faults in %zu lines", f->count, lines);
}

/* Loads the main file: its print to out. false: it has faults. */
static bool
load(struct slice text, struct buf *out)
{
	struct config_faults faults, notes;
	struct config *c = NULL;

	put(&main_file, text);
	config_faults_init(&faults);
	config_faults_init(&notes);
	int rc = config_load(main_file.path, true, &c, &faults, &notes);
	fuzz_check(rc == 0 || rc == -EINVAL, "config_load: %d", rc);
	fuzz_check((rc == 0) == (faults.count == 0), "config_load: %d with %zu faults",
	    rc, faults.count);
	check_faults(&faults);
	check_faults(&notes);
	if (rc == 0)
		fuzz_check(config_print(c, out) == 0, "config_print");
	config_free(rc == 0 ? c : NULL);
	config_faults_free(&faults);
	config_faults_free(&notes);
	return rc == 0;
}

static void
check_print(struct slice printed)
{
	struct config_faults faults;
	struct buf again;

	config_faults_init(&faults);
	struct node *n = node_parse(printed, "printed", &faults);
	fuzz_check(n && faults.count == 0, "%.*s%.*s", (int)faults.text.n,
	    faults.text.p, (int)printed.n, printed.p);
	node_free(n);
	config_faults_free(&faults);
	buf_init(&again, PRINT_MAX);
	has_included = false;
	if (load(printed, &again))
		fuzz_same(
		    "a print reads back as something else", buf_slice(&again), printed);
	buf_free(&again);
}

void
fuzz_config(struct slice in)
{
	static const struct slice mark = { "\n#include\n", 10 };
	size_t at = 0;
	struct buf printed;

	(void)setenv("FUZZ", "value", 1);
	(void)setenv("FUZZ_EMPTY", "", 1);
	(void)setenv("FUZZ_BYTES", "\xff", 1);
	while (at < in.n && !slice_starts(slice_from(in, at), mark))
		at++;
	has_included = at < in.n;
	put(&included, slice_from(in, at + mark.n));
	in.n = at;
	buf_init(&printed, PRINT_MAX);
	if (load(in, &printed))
		check_print(buf_slice(&printed));
	buf_free(&printed);
}
