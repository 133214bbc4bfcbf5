/*
 * cmd_retry.c - `bouncefeed retry`: ends every backoff and hold of the daemon now.
 *
 * Leaves a request in the state file and wakes the daemon. Without a daemon there is
 * nothing to end: it tries everything when it starts.
 */
#include "app/app.h"
#include "app/command.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: bouncefeed retry [-c FILE] [OUTPUT]\n"
    "Ends every backoff and hold now, of one output or of all.\n"
    "  -c, --config FILE   the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                      /etc/bouncefeed/bouncefeed.yaml)\n"
    "  -h, --help          this text\n";

static int
ask(struct store *s, struct slice output, struct err *e)
{
	int rc = store_begin(s, STORE_DURABLE, e);

	if (rc < 0)
		return rc;
	if ((rc = store_request_put(s, SLICE("retry"), output, e)) < 0) {
		store_rollback(s);
		return rc;
	}
	return store_commit(s, e);
}

static int
retry(const struct config *c, const char *output)
{
	struct store *s;
	struct err e = { 0 };
	int code = command_become_owner("retry", c->state_path);

	if (code != 0)
		return code;
	if (store_holder(c->state_path) == 0) {
		(void)puts("no daemon runs: everything is tried when it starts");
		return 0;
	}
	if ((code = command_store("retry", c, STORE_BESIDE, &s)) != 0)
		return code;
	int rc = ask(s, slice_of(output), &e);
	if (rc == 0)
		rc = store_wake(c->state_path, &e);
	store_close(s);
	if (rc < 0) {
		command_tell("retry", "%s", e.text);
		return command_exit(rc);
	}
	return 0;
}

int
cmd_retry(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *file = NULL;
	int opt;

	optind = 0; /* glibc: start anew, whoever has used getopt before */
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
		if (opt == '?')
			return EX_USAGE;
		file = optarg;
	}
	const char *output = optind < argc ? argv[optind++] : NULL;
	if (optind < argc) {
		command_tell("retry", "what is \"%s\"? See --help", argv[optind]);
		return EX_USAGE;
	}
	struct config *c = command_config(file, true);
	if (!c)
		return EX_CONFIG;
	int code = EX_USAGE;
	if (output && !command_output(c, output))
		command_tell("retry", "there is no output \"%s\"", output);
	else
		code = retry(c, output);
	config_free(c);
	return code;
}
