/*
 * cmd_check.c - `bouncefeed check`: says every fault of the configuration.
 *
 * Faults and notes go to stderr, one line each; the configuration (--print) or the line
 * that says all is well to stdout. Answers 0, EX_CONFIG (also where the file cannot be
 * read), EX_USAGE, EX_IOERR where stdout cannot be written.
 */
#include "app/app.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>

#include "app/config.h"

enum {
	CHECK_PRINTED = 16
			<< 20, /* bytes of the largest configuration that is printed */
};

static const char help[] =
    "usage: bouncefeed check [--offline] [--print] [-c FILE]\n"
    "\n"
    "Reads the configuration and says every fault with file:line:column.\n"
    "\n"
    "  --offline       open nothing that the configuration names\n"
    "  --print         show the whole of it with defaults, secrets masked\n"
    "  -c, --config    the file; else $BOUNCEFEED_CONFIG, else\n"
    "                  /etc/bouncefeed/bouncefeed.yaml\n"
    "  -h, --help      this text\n";

struct options {
	const char *file;
	bool offline;
	bool print;
	bool help;
};

/* False: not understood, and getopt has said what. */
static bool
parse_options(int argc, char **argv, struct options *out)
{
	static const struct option longs[] = {
		{ "offline", no_argument, NULL, 'o' },
		{ "print", no_argument, NULL, 'p' },
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	optind = 0; /* glibc: start anew, whoever has used getopt before */
	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		if (c == 'o')
			out->offline = true;
		else if (c == 'p')
			out->print = true;
		else if (c == 'c')
			out->file = optarg;
		else if (c == 'h')
			out->help = true;
		else
			return false;
	}
	if (optind < argc)
		(void)fprintf(
		    stderr, "check: unexpected argument \"%s\"\n", argv[optind]);
	return optind == argc;
}

static void
say_lines(const char *prefix, struct slice lines)
{
	while (lines.n > 0) {
		size_t n = slice_find(lines, '\n');

		(void)fprintf(stderr, "%s%.*s\n", prefix, (int)n, lines.p);
		lines = slice_from(lines, n + 1);
	}
}

static int
show(const struct config *c, const struct options *o)
{
	struct buf text;
	int rc = 0;

	if (!o->print) {
		(void)printf("%s: ok, %zu source%s, %zu output%s\n", o->file,
		    c->nsources, c->nsources == 1 ? "" : "s", c->noutputs,
		    c->noutputs == 1 ? "" : "s");
	} else {
		buf_init(&text, CHECK_PRINTED);
		rc = config_print(c, &text);
		if (rc == 0)
			(void)fwrite(text.p, 1, text.n, stdout);
		buf_free(&text);
	}
	if (rc < 0 || fflush(stdout) != 0) {
		(void)fputs("check: the configuration cannot be written\n", stderr);
		return EX_IOERR;
	}
	return 0;
}

int
cmd_check(int argc, char **argv)
{
	struct options o = { 0 };
	struct config_faults faults, notes;
	struct config *c = NULL;
	int rc = EX_CONFIG;

	if (!parse_options(argc, argv, &o)) {
		(void)fputs("Try bouncefeed check --help.\n", stderr);
		return EX_USAGE;
	}
	if (o.help)
		return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? EX_IOERR : 0;
	o.file = config_path(o.file);
	config_faults_init(&faults);
	config_faults_init(&notes);
	int loaded = config_load(o.file, o.offline, &c, &faults, &notes);
	say_lines("", buf_slice(&faults.text));
	say_lines("note: ", buf_slice(&notes.text));
	if (loaded == 0)
		rc = show(c, &o);
	config_free(c);
	config_faults_free(&faults);
	config_faults_free(&notes);
	return rc;
}
