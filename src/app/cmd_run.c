/*
 * cmd_run.c - `bouncefeed run`: follow the sources and deliver, in the foreground.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/daemon.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

static const char usage[] =
    "usage: bouncefeed run [-c FILE]\n"
    "Follows the configured sources and delivers, in the foreground, until SIGTERM.\n"
    "  -c, --config FILE   the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                      /etc/bouncefeed/bouncefeed.yaml)\n";

/* From here on they wait for the loop: opening the state file may take seconds. */
static void
block_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static int
run(const struct config *c)
{
	struct store_options o = { .version = BOUNCEFEED_VERSION,
		.secure_delete = c->state_secure_delete };
	struct store *st;
	struct err e = { 0 };
	long holder = 0;
	block_signals();
	int rc = store_open(c->state_path, STORE_OWN, &o, &st, &holder, &e);

	if (rc < 0) {
		(void)fprintf(stderr, "bouncefeed: %s\n", e.text);
		return command_exit(rc);
	}
	rc = daemon_run(c, st, &e);
	store_close(st);
	if (rc == 0)
		return 0;
	(void)fprintf(stderr, "bouncefeed: %s\n", e.text);
	return command_exit(rc);
}

int
cmd_run(int argc, char **argv)
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
	if (optind < argc) {
		(void)fprintf(stderr, "bouncefeed run: what is \"%s\"? See --help\n",
		    argv[optind]);
		return EX_USAGE;
	}
	struct config *c = command_config(file, false);
	if (!c)
		return EX_CONFIG;
	log_set_up(c->log_level, c->log_format);
	int rc = run(c);
	config_free(c);
	return rc;
}
