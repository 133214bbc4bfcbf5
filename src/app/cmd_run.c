/*
 * cmd_run.c - `bouncefeed run`: follow the sources and deliver, in the foreground.
 */
#include "app/app.h"
#include "app/config.h"
#include "app/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: bouncefeed run [-c FILE]\n"
    "Follows the configured sources and delivers, in the foreground, until SIGTERM.\n"
    "  -c, --config FILE   the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                      /etc/bouncefeed/bouncefeed.yaml)\n";

/* Why it did not start, as an exit code. */
static int
exit_code(int rc)
{
	switch (rc) {
	case -EAGAIN:
	case -ENOSPC:
	case -EBUSY:
		return EX_TEMPFAIL;
	case -EBADMSG:
		return 70; /* damaged, or newer than this program */
	case -EINVAL:
		return EX_CONFIG;
	case -ENOMEM:
		return EX_OSERR;
	case -EACCES:
	case -EPERM:
		return EX_NOPERM;
	case -EIO:
	case -EROFS:
		return EX_IOERR;
	default:
		return EX_CANTCREAT;
	}
}

static int
run(const struct config *c)
{
	struct store_options o = { .version = BOUNCEFEED_VERSION,
		.secure_delete = c->state_secure_delete };
	struct store *st;
	struct err e = { 0 };
	long holder = 0;
	int rc = store_open(c->state_path, STORE_OWN, &o, &st, &holder, &e);

	if (rc < 0) {
		(void)fprintf(stderr, "bouncefeed: %s\n", e.text);
		return exit_code(rc);
	}
	rc = daemon_run(c, st, &e);
	store_close(st);
	if (rc == 0)
		return 0;
	(void)fprintf(stderr, "bouncefeed: %s\n", e.text);
	return exit_code(rc);
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
	struct config_faults faults;
	struct config *c;
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
	config_faults_init(&faults);
	int rc = config_load(config_path(file), false, &c, &faults, NULL);
	if (rc < 0) {
		(void)fwrite(faults.text.p, 1, faults.text.n, stderr);
		config_faults_free(&faults);
		return EX_CONFIG;
	}
	config_faults_free(&faults);
	log_set_up(c->log_level, c->log_format);
	rc = run(c);
	config_free(c);
	return rc;
}
