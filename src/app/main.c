/*
 * main.c - the commands and the exit.
 */
#include "app/app.h"
#include "app/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} command[] = {
	{ "run", cmd_run, "follow the configured sources and deliver" },
	{ "replay", cmd_replay,
	    "read whole files once, print or deliver their events" },
	{ "check", cmd_check, "read the configuration, say every fault" },
	{ "status", cmd_status, "what each source and output is doing" },
	{ "retry", cmd_retry, "end every backoff and hold now" },
	{ "dead", cmd_dead, "the events that an output refused for good" },
	{ "test", cmd_test, "send one test event, show what comes of it" },
	{ "sink", cmd_sink, "a backend to try things against" },
	{ "import-sincedb", cmd_import, "take over the positions of Logstash" },
	{ "pmta-config", cmd_pmta_config,
	    "the <acct-file> directives that fit the sources" },
};

#define COUNT (sizeof command / sizeof command[0])

static void
usage(FILE *to)
{
	(void)fputs("usage: bouncefeed COMMAND [ARGUMENTS]\n\n", to);
	for (size_t i = 0; i < COUNT; i++)
		(void)fprintf(to, "  %-14s %s\n", command[i].name, command[i].help);
	(void)fputs(
	    "\nbouncefeed COMMAND --help says more; bouncefeed --version.\n", to);
}

static int
dispatch(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EX_USAGE;
	}
	if (!strcmp(argv[1], "--version")) {
		(void)printf("bouncefeed %s\n", BOUNCEFEED_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < COUNT; i++) {
		if (!strcmp(argv[1], command[i].name))
			return command[i].run(argc - 1, argv + 1);
	}
	(void)fprintf(
	    stderr, "bouncefeed: no command \"%s\"; see bouncefeed --help\n", argv[1]);
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	command_remember(argc, argv);
	int rc = dispatch(argc, argv);

	/* what stdout could not take must not look like success */
	if (fflush(stdout) != 0 && rc == 0)
		rc = EX_IOERR;
	exit(rc);
}
