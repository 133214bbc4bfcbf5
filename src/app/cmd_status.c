/*
 * cmd_status.c - `bouncefeed status`: what each source and output is doing, read from
 * the state file beside the daemon. Writes nothing.
 *
 * status_read.c reads, status_text.c, status_json.c and status_check.c show.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/status.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: bouncefeed status [-c FILE] [--json | --check]\n"
    "What each source and output is doing. Exit 0, or 1 where something is held, "
    "full,\n"
    "silent or unreadable or no daemon runs, 70 where the state file is damaged.\n"
    "      --json          one JSON object\n"
    "      --check         one line, and exit 0 ok, 1 warning, 2 critical, 3 unknown\n"
    "  -c, --config FILE   the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                      /etc/bouncefeed/bouncefeed.yaml)\n"
    "  -h, --help          this text\n";

enum { OUT_MAX = 256 << 20, WHY_MAX = 256 * 1024, UNKNOWN = 3 };

/* 0 or 77 with the reason. */
static int
own(const struct config *c, struct buf *why)
{
	/* what is not there yet belongs to nobody */
	if (access(c->state_path, F_OK) < 0 && errno == ENOENT)
		return 0;
	return command_own(c->state_path, why);
}

static int
code_of(const struct status *s)
{
	int rc = s->trouble.code;
	bool bad = s->full != NULL || s->pid == 0;

	if (rc == -ENOENT || rc == -EAGAIN)
		return 1; /* no daemon of this version has run yet */
	if (rc < 0)
		return command_exit(rc);
	for (size_t i = 0; i < s->noutputs; i++)
		bad |= s->output[i].configured &&
		       slice_eq(s->output[i].stored.state, SLICE("hold"));
	for (size_t i = 0; i < s->nsources; i++)
		bad |= s->source[i].silent || s->source[i].nunreadable > 0 ||
		       s->source[i].list_error;
	return bad;
}

static int
show(const struct config *c, bool json)
{
	struct status s;
	struct buf out;

	buf_init(&out, OUT_MAX);
	int code = own(c, &out);
	if (code != 0) {
		(void)fprintf(stderr, "bouncefeed status: %.*s\n", (int)out.n, out.p);
		buf_free(&out);
		return code;
	}
	status_read(&s, c);
	code = code_of(&s);
	if (s.trouble.code < 0)
		command_tell("status", "%s", s.trouble.text);
	if (json)
		status_json(&s, &out);
	else if (s.bytes > 0)
		status_text(&s, &out);
	(void)command_print("status", &out, &code);
	buf_free(&out);
	status_free(&s);
	return code;
}

/* --- one line ------------------------------------------------------------------------
 */

/* What only shows when all that the configuration names is opened, too: a path that is
 * not there yet. Its faults do not count: credentials are only there for the daemon. */
static void
add_notes(const char *file, struct config_faults *notes)
{
	struct config_faults faults;
	struct config *c = NULL;

	config_faults_init(&faults);
	if (config_load(file, false, &c, &faults, notes) == 0)
		config_free(c);
	config_faults_free(&faults);
}

static int
check_state(const struct config *c, struct slice notes, struct buf *out)
{
	struct status s;
	struct buf why;
	int level = UNKNOWN;

	buf_init(&why, WHY_MAX);
	if (own(c, &why) == 0) {
		status_read(&s, c);
		level = status_check(&s, notes, out);
		status_free(&s);
	} else {
		(void)buf_printf(out, "UNKNOWN - %.*s\n", (int)why.n, why.p);
	}
	buf_free(&why);
	return level;
}

static int
check(const char *file)
{
	struct config_faults faults, notes;
	struct config *c = NULL;
	struct buf out;
	int level = UNKNOWN;

	buf_init(&out, OUT_MAX);
	config_faults_init(&faults);
	config_faults_init(&notes);
	if (config_load(file, true, &c, &faults, NULL) == 0) {
		add_notes(file, &notes);
		level = check_state(c, buf_slice(&notes.text), &out);
		config_free(c);
	} else {
		struct slice first = buf_slice(&faults.text);
		first.n = slice_find(first, '\n');
		(void)buf_add(&out, SLICE("UNKNOWN - "));
		command_show(&out, first);
		(void)buf_addc(&out, '\n');
	}
	(void)command_print("status", &out, &level);
	config_faults_free(&faults);
	config_faults_free(&notes);
	buf_free(&out);
	return level;
}

int
cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'k' },
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	const char *file = NULL;
	bool json = false, line = false;
	int opt;

	optind = 0; /* glibc: start anew, whoever has used getopt before */
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
		if (opt == '?')
			return EX_USAGE;
		if (opt == 'c')
			file = optarg;
		json |= opt == 'j';
		line |= opt == 'k';
	}
	if (optind < argc || (json && line)) {
		command_tell("status", "what is \"%s\"? See --help",
		    optind < argc ? argv[optind] : "--json --check");
		return EX_USAGE;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (line)
		return check(config_path(file));
	struct config *c = command_config(file, true);
	if (!c)
		return EX_CONFIG;
	int code = show(c, json);
	config_free(c);
	return code;
}
