/*
 * cmd_test.c - `bouncefeed test`: one event with "test": true to each output, past the
 * spool, by the code that the daemon posts with; shows the request, the answer and what
 * that answer would do.
 *
 * The state file is not touched. Secrets are masked. What went wrong at one output does
 * not stop the others.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/test.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
	EVENT_MAX = LIMIT_EVENT + 1,
	SHOWN_MAX = 4 << 20,
};

static const char usage[] =
    "usage: bouncefeed test [-c FILE] [--output NAME] [--type T] [--recipient "
    "ADDRESS]\n"
    "Sends one event with \"test\": true to each output, past the spool, and shows "
    "the\n"
    "request, the answer and what that answer would do. Exit 69 where an output did "
    "not\n"
    "accept it.\n"
    "      --output NAME        only this output\n"
    "      --type T             bounce (default), deferral, delivery, complaint, "
    "returned\n"
    "      --recipient ADDRESS  default test@example.com\n"
    "  -c, --config FILE        the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                           /etc/bouncefeed/bouncefeed.yaml)\n"
    "  -h, --help               this text\n";

static int
test(struct test *t, const char *output)
{
	struct output_http *h = output_http_new();

	if (!h)
		return EX_OSERR;
	buf_init(&t->out, SHOWN_MAX);
	for (size_t i = 0; i < t->config->noutputs; i++) {
		const struct config_output *c = &t->config->output[i];
		if (output && strcmp(c->name, output) != 0)
			continue;
		if (t->tested++ > 0)
			(void)buf_addc(&t->out, '\n');
		test_output(t, h, c);
		if (!command_print("test", &t->out, &t->code))
			break;
	}
	buf_free(&t->out);
	output_http_free(h);
	return t->code ? t->code : t->refused ? EX_UNAVAILABLE : 0;
}

/* --- options -------------------------------------------------------------------------
 */

struct options {
	const char *file, *output, *type, *recipient;
	bool help;
};

/* False: not understood, and it was told what. */
static bool
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "output", required_argument, NULL, 'o' },
		{ "recipient", required_argument, NULL, 'r' },
		{ "type", required_argument, NULL, 't' },
		{ 0 },
	};
	const struct {
		int option;
		const char **to;
	} values[] = { { 'c', &o->file }, { 'o', &o->output }, { 'r', &o->recipient },
		{ 't', &o->type } };
	int c;

	optind = 0; /* glibc: start anew, whoever has used getopt before */
	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		if (c == '?')
			return false;
		o->help |= c == 'h';
		for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
			if (values[i].option == c)
				*values[i].to = optarg;
		}
	}
	if (optind < argc)
		command_tell("test", "what is \"%s\"? See --help", argv[optind]);
	return optind == argc;
}

/* An exit code. */
static int
begin(struct test *t, const struct options *o)
{
	const struct config *c = t->config;

	if (c->noutputs == 0) {
		command_tell("test", "no output is configured");
		return EX_CONFIG;
	}
	if (o->output && !command_output(c, o->output)) {
		command_tell("test", "there is no output \"%s\"", o->output);
		return EX_USAGE;
	}
	int rc = test_event(c, o->type, o->recipient, &t->event);
	if (rc == 0)
		return 0;
	if (rc == -EINVAL)
		command_tell("test", "there is no type \"%s\"", o->type);
	else
		command_tell("test", "%s", strerror(-rc));
	return rc == -EINVAL ? EX_USAGE : EX_OSERR;
}

int
cmd_test(int argc, char **argv)
{
	struct options o = { .type = "bounce", .recipient = "test@example.com" };
	struct test t = { 0 };

	if (!parse_options(argc, argv, &o))
		return EX_USAGE;
	if (o.help)
		return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
	if (slice_trim(slice_of(o.recipient)).n == 0) {
		command_tell("test", "a recipient is wanted");
		return EX_USAGE;
	}
	/* offline: what one output lacks is said when its turn comes */
	struct config *c = command_config(o.file, true);
	if (!c)
		return EX_CONFIG;
	(void)signal(SIGPIPE, SIG_IGN);
	t.config = c;
	buf_init(&t.event, EVENT_MAX);
	int code = begin(&t, &o);
	if (code == 0)
		code = test(&t, o.output);
	buf_free(&t.event);
	config_free(c);
	return code;
}
