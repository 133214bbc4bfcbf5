/*
 * cmd_pmta_config.c - `bouncefeed pmta-config`: the <acct-file> directives that fit the
 * configured sources, to be put into PowerMTA's configuration.
 *
 * Remarks are comments among them. With PowerMTA's configuration as an argument, also
 * what differs there. Answers 0; EX_USAGE, EX_CONFIG; EX_NOINPUT where that cannot be
 * read.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/config_internal.h"
#include "app/pmta_config.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 1 << 20, FOUND_MAX = 4 << 20 };

static const char usage[] =
    "usage: bouncefeed pmta-config [-c FILE] [PMTA-CONFIG]\n"
    "Prints the <acct-file> directives for PowerMTA that fit the configured sources,\n"
    "with the columns that make events whole. With PowerMTA's configuration as an\n"
    "argument (/etc/pmta/config) it says, too, what differs there.\n"
    "  -c, --config FILE   the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                      /etc/bouncefeed/bouncefeed.yaml)\n"
    "  -h, --help          this text\n";

/* Without the slashes at its end. */
static struct slice
bare_dir(const char *dir)
{
	struct slice s = slice_of(dir);

	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

/* Would a file that was moved there be found again? */
static bool
archive_covers(const struct config_source *s, struct slice dir)
{
	char path[4096];

	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	int n = snprintf(
	    path, sizeof path, "%.*s/acct-2026-01-01-0000.csv", (int)dir.n, dir.p);
	if (n >= (int)sizeof path)
		return false;
	for (size_t i = 0; i < s->archive.n; i++) {
		if (slice_eq(bare_dir(s->archive.v[i]), dir) ||
		    fnmatch(s->archive.v[i], path, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

/* The first archive that is a directory; NULL: none is. */
static const char *
move_to(const struct config_source *s)
{
	for (size_t i = 0; i < s->archive.n; i++) {
		if (!strpbrk(s->archive.v[i], "*?["))
			return s->archive.v[i];
	}
	return NULL;
}

static bool
is_own_dir(const char *path, const char *dir)
{
	const char *slash = strrchr(path, '/');
	struct slice own = { path, slash ? (size_t)(slash - path) : 0 };

	return slice_eq(own, bare_dir(dir));
}

static void
put_records(unsigned records, const char *(*name)(size_t i), struct buf *out)
{
	const char *comma = "";

	for (size_t i = 0; i < PMTA_RECORDS; i++) {
		if (!(records & 1u << i))
			continue;
		(void)buf_printf(out, "%s%s", comma, name(i));
		comma = ", ";
	}
}

static void
put_fields(const struct pmta_file *f, size_t r, struct buf *out)
{
	const char *comma = " ";

	(void)buf_printf(out, "    record-fields %s", pmta_record_name(r));
	for (size_t i = 0; i < f->ncolumns; i++) {
		if (!(f->column[i].records & 1u << r))
			continue;
		(void)buf_printf(out, "%s%.*s%.*s", comma, (int)f->column[i].prefix.n,
		    f->column[i].prefix.p, (int)f->column[i].name.n,
		    f->column[i].name.p);
		comma = ",";
	}
	(void)buf_addc(out, '\n');
}

/* What the path and the archive alone already tell. */
static void
put_place(const struct pmta_file *f, struct buf *out)
{
	const char *dir = move_to(f->source);

	if (dir && is_own_dir(f->path, dir)) {
		(void)buf_printf(out, "    # archive is the directory of the file "
				      "itself: nothing is moved\n");
	} else if (dir) {
		(void)buf_printf(out,
		    "    move-to %s\n    # on the volume of %s; delete old files there "
		    "yourself, PowerMTA does not\n",
		    dir, f->path);
	} else {
		(void)buf_printf(out,
		    "    # no move-to: archive %s; PowerMTA deletes files after "
		    "delete-after (8 days)\n",
		    f->source->archive.n > 0 ? "has globs alone" : "is not set");
	}
}

/* The columns that a record has not got now, as one line. */
static void
put_missing_fields(
    const struct pmta_file *f, size_t r, const struct pmta_found *now, struct buf *out)
{
	const char *comma = "";

	for (size_t i = 0; i < f->ncolumns; i++) {
		struct slice prefix = f->column[i].prefix, name = f->column[i].name;
		if (!(f->column[i].records & 1u << r) ||
		    pmta_found_has(now, 1u << r, prefix, name))
			continue;
		if (!comma[0])
			(void)buf_printf(
			    out, "# now record-fields %s lacks ", pmta_record_name(r));
		(void)buf_printf(out, "%s%.*s%.*s", comma, (int)prefix.n, prefix.p,
		    (int)name.n, name.p);
		comma = ",";
	}
	if (comma[0])
		(void)buf_addc(out, '\n');
}

static void
put_move_to(const struct pmta_file *f, const struct pmta_found *now, struct buf *out)
{
	const char *dir = move_to(f->source);
	struct slice to = now->move_to;

	if (to.n > 0 && !archive_covers(f->source, to)) {
		(void)buf_printf(out,
		    "# move-to and archive disagree: move-to is %.*s now, archive of "
		    "source %s ",
		    (int)to.n, to.p, f->source->name);
		(void)buf_printf(out, dir ? "is %s:\n" : "has no such directory%s:\n",
		    dir ? dir : "");
		(void)buf_printf(
		    out, "# what is moved before it was read would not be found\n");
	} else if (to.n == 0 && dir) {
		(void)buf_printf(out,
		    "# move-to and archive disagree: there is no move-to now, archive "
		    "of "
		    "source %s is %s:\n# nothing comes there\n",
		    f->source->name, dir);
	}
}

/* What an <acct-file> that is there lacks, or that there is none. */
static void
put_differences(const struct pmta_file *f, struct slice text, struct buf *out)
{
	struct pmta_found now;

	if (!pmta_found_read(text, f->path, &now)) {
		(void)buf_printf(out,
		    "# PowerMTA's configuration has no <acct-file %s> now\n", f->path);
		return;
	}
	unsigned gone = now.records ? f->records & ~now.records : 0;
	if (gone != 0) {
		(void)buf_add(out, SLICE("# now without the records "));
		put_records(gone, pmta_record_setting, out);
		(void)buf_addc(out, '\n');
	}
	for (size_t r = 0; r < PMTA_RECORDS; r++) {
		if (f->records & ~gone & 1u << r)
			put_missing_fields(f, r, &now, out);
	}
	put_move_to(f, &now, out);
}

static void
put_file(const struct pmta_file *f, struct slice text, struct buf *out)
{
	if (f->records == 0) {
		(void)buf_printf(out,
		    "# %s (source %s): no output wants what it would hold\n\n", f->path,
		    f->source->name);
		return;
	}
	(void)buf_printf(out, "# source %s\n", f->source->name);
	if (text.n > 0)
		put_differences(f, text, out);
	(void)buf_printf(out, "<acct-file %s>\n    records ", f->path);
	put_records(f->records, pmta_record_setting, out);
	(void)buf_addc(out, '\n');
	for (size_t r = 0; r < PMTA_RECORDS; r++) {
		if (f->records & 1u << r)
			put_fields(f, r, out);
	}
	(void)buf_add(out, SLICE("    iso-times yes\n"));
	put_place(f, out);
	(void)buf_add(out,
	    SLICE("    # world-readable yes, unless bouncefeed's user is in PowerMTA's "
		  "group\n</acct-file>\n\n"));
}

static void
put_plan(const struct pmta_plan *plan, struct slice text, struct buf *out)
{
	unsigned all = 0;

	for (size_t i = 0; i < plan->n; i++) {
		put_file(&plan->file[i], text, out);
		all |= plan->file[i].records;
	}
	if (plan->n == 0)
		(void)buf_add(out,
		    SLICE("# no source has format: pmta and the path of one file\n"));
	if (plan->globs > 0)
		(void)buf_printf(out,
		    "# left out: %zu path%s with * or ?, which name no one file\n",
		    plan->globs, plan->globs == 1 ? "" : "s");
	if (plan->homeless != 0) {
		(void)buf_add(
		    out, SLICE("# wanted by an output, but no source is for them: "));
		put_records(plan->homeless, pmta_record_setting, out);
		(void)buf_addc(out, '\n');
	}
	if (all & (PMTA_RB | PMTA_RS))
		(void)buf_add(out,
		    SLICE("# rb and rs are written only with a <bounce-processor>\n"));
	if (all & (PMTA_D | PMTA_B | PMTA_T))
		(void)buf_add(out, SLICE("# an older PowerMTA may not know vmtaPool: "
					 "leave it out there\n"));
}

/* PowerMTA's configuration; false after telling why it cannot be read. */
static bool
read_found(const char *path, struct buf *out)
{
	if (buf_reserve(out, FOUND_MAX) < 0) {
		command_tell("pmta-config", "no memory");
		return false;
	}
	ssize_t n = file_read(path, out->p, FOUND_MAX);
	if (n < 0) {
		command_tell("pmta-config", "%s: %s", path, strerror((int)-n));
		return false;
	}
	out->n = (size_t)n;
	return true;
}

static int
print_plan(const struct config *c, const char *found)
{
	struct pmta_plan *plan = calloc(1, sizeof *plan);
	struct buf text, out;
	int code = EX_OSERR;

	buf_init(&text, FOUND_MAX);
	buf_init(&out, SHOWN_MAX);
	if (plan && (!found || read_found(found, &text))) {
		pmta_plan_make(c, plan);
		put_plan(plan, buf_slice(&text), &out);
		code = 0;
		(void)command_print("pmta-config", &out, &code);
	} else if (plan) {
		code = EX_NOINPUT;
	}
	buf_free(&text);
	buf_free(&out);
	free(plan);
	return code;
}

int
cmd_pmta_config(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *file = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
		if (opt != 'c')
			return EX_USAGE;
		file = optarg;
	}
	if (argc - optind > 1) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	struct config *c = command_config(file, true);
	if (!c)
		return EX_CONFIG;
	int code = print_plan(c, argv[optind]);
	config_free(c);
	return code;
}
