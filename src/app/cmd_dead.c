/*
 * cmd_dead.c - `bouncefeed dead`: the events that an output refused for good, and those
 * that are set apart. What it does stands in dead_*.c.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/dead.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: bouncefeed dead list [--aside] [--json] [--output NAME]\n"
    "       bouncefeed dead show ID\n"
    "       bouncefeed dead retry ID... | --all [--output NAME]\n"
    "       bouncefeed dead drop ID... | --all [--output NAME]\n"
    "       bouncefeed dead drop --output NAME\n"
    "\n"
    "Dead letters: the events that an output refused for good, with the answer that\n"
    "refused them. An id such as 17 is a dead letter; one such as a17 is an event "
    "that\n"
    "is set apart because it is refused or fails alone, and is still being tried.\n"
    "\n"
    "  list    one line each: id, time, output, type, recipient, code and answer\n"
    "  show    the answer and the whole event\n"
    "  retry   dead letters go back into the queue of their output; what is set apart\n"
    "          is tried at once\n"
    "  drop    delete them. With --output alone: everything that an output which is "
    "not\n"
    "          configured any more has left\n"
    "\n"
    "      --aside         list what is set apart\n"
    "      --all           all dead letters\n"
    "      --output NAME   of this output only\n"
    "      --json          JSON Lines: id, output, time, code, answer, event\n"
    "  -c, --config FILE   the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                      /etc/bouncefeed/bouncefeed.yaml)\n"
    "  -h, --help          this text\n"
    "\n"
    "Exit 64 where an id or a name is not known: then nothing was done.\n";

static const struct dead_command {
	const char *name;
	const char *full;
	int (*run)(const struct dead *d);
	enum store_mode mode;
	const char *flags; /* j, a(side), A(ll), o(utput) */
} commands[] = {
	{ "list", "dead list", dead_list, STORE_READ, "jao" },
	{ "show", "dead show", dead_show, STORE_READ, "" },
	{ "retry", "dead retry", dead_retry, STORE_BESIDE, "Ao" },
	{ "drop", "dead drop", dead_drop, STORE_BESIDE, "Ao" },
};

struct options {
	const char *file;
	bool help;
	char given[8]; /* which flags, for the check against the command's */
};

/* False: not understood, and getopt has said what. */
static bool
parse_options(int argc, char **argv, struct options *o, struct dead *d)
{
	static const struct option longs[] = {
		{ "all", no_argument, NULL, 'A' },
		{ "aside", no_argument, NULL, 'a' },
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ 0 },
	};
	int c;

	optind = 0; /* glibc: start anew, whoever has used getopt before */
	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		d->all |= c == 'A';
		d->aside |= c == 'a';
		d->json |= c == 'j';
		o->help |= c == 'h';
		if (c == 'c')
			o->file = optarg;
		if (c == 'o')
			d->output = optarg;
		if (c == '?')
			return false;
		if (strchr("Aajo", c) && !strchr(o->given, c))
			o->given[strlen(o->given)] = (char)c;
	}
	return true;
}

static const struct dead_command *
find_command(const char *name)
{
	for (size_t i = 0; name && i < sizeof commands / sizeof commands[0]; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/* What goes together; false after telling what does not. */
static bool
check_usage(const struct dead_command *k, const struct options *o, const struct dead *d)
{
	const char *fault = NULL;
	bool changes = k->mode == STORE_BESIDE;
	bool removed = k->run == dead_drop && d->output && !d->all;

	if (strspn(o->given, k->flags) != strlen(o->given))
		fault = "there is no such option here";
	else if (k->run == dead_list && d->nids > 0)
		fault = "list takes no id";
	else if (k->run == dead_show && d->nids != 1)
		fault = "one id is wanted";
	else if (changes && d->nids > 0 && (d->all || d->output))
		fault = "ids, or --all with or without --output";
	else if (changes && d->nids == 0 && !d->all && !removed)
		fault = "ids or --all are wanted";
	if (fault)
		command_tell(d->command, "%s; see bouncefeed dead --help", fault);
	return fault == NULL;
}

static int
run(const struct dead_command *k, struct dead *d, const char *file)
{
	struct config *c = command_config(file, true);

	if (!c)
		return EX_CONFIG;
	d->config = c;
	(void)signal(SIGPIPE, SIG_IGN);
	int code = command_store(k->full, c, k->mode, &d->store);
	if (code == 0) {
		code = k->run(d);
		store_close(d->store);
	}
	config_free(c);
	return code;
}

int
cmd_dead(int argc, char **argv)
{
	struct options o = { 0 };
	struct dead d = { .command = "dead" };

	if (!parse_options(argc, argv, &o, &d))
		return EX_USAGE;
	if (o.help)
		return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
	const char *name = optind < argc ? argv[optind++] : NULL;
	const struct dead_command *k = find_command(name);
	if (!k) {
		if (name)
			command_tell("dead", "what is \"%s\"? See --help", name);
		else
			(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	d.command = k->full;
	d.id = argv + optind;
	d.nids = (size_t)(argc - optind);
	return check_usage(k, &o, &d) ? run(k, &d, o.file) : EX_USAGE;
}
