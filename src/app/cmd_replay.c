/*
 * cmd_replay.c - `bouncefeed replay`: whole files once, events as JSON Lines on stdout,
 * or with --deliver into the spool.
 *
 * Events of all types, in the order of the files. The ids are those that `run` gives.
 * An input that cannot be opened is told and the others are still read.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/config.h"
#include "app/extract.h"
#include "app/follow.h"
#include "app/replay.h"
#include "app/replay_deliver.h"
#include "app/replay_place.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: bouncefeed replay [-f FORMAT] [OPTIONS] FILE...\n"
    "       bouncefeed replay [-f FORMAT] [OPTIONS] --deliver [--output NAME]\n"
    "                         [--wait] [--again] FILE...\n"
    "Reads whole files once (- is standard input; .gz and .zst are unpacked) and "
    "prints\n"
    "their events of all types as JSON Lines.\n"
    "  -f, --format FORMAT     auto (default), pmta, maillog, postfix,\n"
    "                          sendmail\n"
    "  -c, --config FILE       for labels, host, classification; the usual one if "
    "there\n"
    "      --source NAME       the files are this source's: its format, timezone,\n"
    "                          labels, metadata, bounces, extra\n"
    "      --type T            only bounce, deferral, delivery, complaint (may "
    "repeat)\n"
    "      --class C           only hard, soft, block, undetermined (may repeat)\n"
    "      --reason R          only this reason (may repeat)\n"
    "      --recipient ADDRESS only this recipient\n"
    "      --since T --until T RFC 3339, or an age such as 2h\n"
    "      --strict            exit 65 where some input was not understood\n"
    "      --deliver           what the outputs select goes into the spool, once: a\n"
    "                          replay that was broken off goes on where it was\n"
    "      --output NAME       ... of this output alone\n"
    "      --wait              ... and end when it is delivered, else exit 69\n"
    "      --again             ... from the start of files that were replayed before\n";

enum {
	OPTION_SOURCE = 's',
	OPTION_STRICT = 'S',
	OPTION_DELIVER = 'd',
	OPTION_OUTPUT = 'o',
	OPTION_WAIT = 'w',
	OPTION_AGAIN = 'a',
};

enum { NARROWED_MAX = 16 * 1024 };

struct options {
	struct replay_options deliver;
	bool delivers;
	const char *config;
	const char *source;
	struct extract extract; /* what is made ready of it */
};

/* The source that the files are said to be of; *found stays where none was asked for.
 * False: there is none of this name. */
static bool
find_source(
    const struct config *c, const char *name, const struct config_source **found)
{
	for (size_t i = 0; name && i < c->nsources; i++) {
		if (strcmp(c->source[i].name, name) == 0) {
			*found = &c->source[i];
			return true;
		}
	}
	if (name)
		(void)fprintf(stderr, "bouncefeed replay: no source \"%s\"\n", name);
	return !name;
}

/* What the streams need; the labels and headers are borrowed until release(). */
static bool
prepare(struct replay *r, const struct config *c, const struct config_source *s,
    struct extract *x)
{
	struct zone *zone = NULL;
	struct err e = { 0 };

	if (zone_load(s->timezone ? s->timezone : "local", &zone) < 0)
		zone = NULL;
	r->env.hash = hash_new();
	r->env.classifier = config_classifier(c);
	r->env.labels = config_labels(c, s, &r->env.nlabels);
	r->env.parse.fbl_headers = config_fbl_headers(c, &r->env.parse.nfbl_headers);
	r->env.parse.zone = zone;
	r->env.parse.track = track_new(TRACK_MESSAGES, TRACK_SECONDS);
	r->env.host = slice_of(c->host);
	if (s->format && !r->env.format)
		r->env.format = parse_format_of(slice_of(s->format));
	if (s->max_record > 0)
		r->env.max_record = (size_t)s->max_record;
	return extract_init(x, c, s, &r->env, &e) == 0 && r->env.hash &&
	       r->env.classifier && r->env.parse.track;
}

static void
release(struct replay *r, struct extract *x)
{
	extract_free(x);
	for (size_t i = 0; i < r->nahead; i++)
		reader_close(r->ahead[i]);
	free(r->ahead);
	track_free(r->env.parse.track);
	hash_free(r->env.hash);
	classify_free(r->env.classifier);
	zone_free((struct zone *)r->env.parse.zone);
	free((struct event_pair *)r->env.labels);
	free((struct slice *)r->env.parse.fbl_headers);
	buf_free(&r->out);
	buf_free(&r->narrowed);
}

static void
read_files(struct replay *r, size_t n, char **files)
{
	for (size_t i = 0; i < n && !r->ended; i++)
		replay_read_file(r, i, files[i]);
}

static void
print_files(struct replay *r, size_t n, char **files)
{
	r->env.on_event = replay_print_event;
	replay_print_init(r);
	read_files(r, n, files);
	if (!r->closed)
		(void)replay_print_flush(r);
	if (!r->closed)
		replay_print_summary(r);
}

static void
deliver_files(struct replay *r, const struct config *c, const struct options *o,
    size_t n, char **files)
{
	int code;

	r->env.on_event = replay_deliver_event;
	if (replay_place_narrowed(&r->filter, r->since, r->until, &r->narrowed) < 0) {
		replay_fault(r, EX_OSERR, "no memory");
		return;
	}
	if (geteuid() == 0)
		replay_read_ahead(r, n, files);
	if ((r->code = replay_deliver_open(r, c, &o->deliver)) != 0)
		return;
	read_files(r, n, files);
	code = replay_deliver_finish(r->deliver);
	/* an input that could not be read is the lesser fault */
	r->code = code != 0 ? code : r->code;
	replay_deliver_summary(r->deliver);
	replay_deliver_close(r->deliver);
}

static int
replay(
    struct replay *r, const struct config *c, struct options *o, size_t n, char **files)
{
	struct config_source none = { 0 };
	const struct config_source *source = &none;

	if (!find_source(c, o->source, &source))
		return EX_USAGE;
	(void)signal(SIGPIPE, SIG_IGN);
	buf_init(&r->narrowed, NARROWED_MAX);
	r->env.arg = r;
	r->shows_progress = isatty(STDERR_FILENO) &&
			    (o->delivers || !isatty(STDOUT_FILENO));
	if (!prepare(r, c, source, &o->extract))
		replay_fault(r, EX_OSERR, "no memory");
	else if (o->delivers)
		deliver_files(r, c, o, n, files);
	else
		print_files(r, n, files);
	release(r, &o->extract);
	return r->code == 0 && r->strict && r->bad > 0 ? EX_DATAERR : r->code;
}

/* The configuration: the one asked for, the usual one if it is there, else defaults. */
static struct config *
load_config(const char *option)
{
	const char *file = config_path(option);
	struct config_faults faults;
	struct config *c = NULL;

	if (!option && !getenv("BOUNCEFEED_CONFIG") && access(file, R_OK) < 0)
		file = NULL;
	config_faults_init(&faults);
	if (config_load(file, true, &c, &faults, NULL) < 0) {
		(void)fwrite(faults.text.p, 1, faults.text.n, stderr);
		c = NULL;
	}
	config_faults_free(&faults);
	return c;
}

static bool
set_format(struct replay *r, const char *name)
{
	r->env.format = parse_format_of(slice_of(name));
	if (r->env.format || !strcmp(name, "auto"))
		return true;
	(void)fprintf(stderr, "bouncefeed replay: format \"%s\" is not known\n", name);
	return false;
}

/* One option; the exit code where it ends the command, else -1. */
static int
take_option(struct replay *r, struct options *o, int opt, const char *value)
{
	struct err e;

	switch (opt) {
	case 'h':
		return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
	case 'c':
		o->config = value;
		return -1;
	case 'f':
		return set_format(r, value) ? -1 : EX_USAGE;
	case OPTION_SOURCE:
		o->source = value;
		return -1;
	case OPTION_STRICT:
		r->strict = true;
		return -1;
	case OPTION_DELIVER:
		o->delivers = true;
		return -1;
	case OPTION_OUTPUT:
		o->deliver.output = value;
		return -1;
	case OPTION_WAIT:
		o->deliver.wait = true;
		return -1;
	case OPTION_AGAIN:
		o->deliver.again = true;
		return -1;
	case '?':
		return EX_USAGE;
	case FILTER_SINCE:
		r->since = value;
		break;
	case FILTER_UNTIL:
		r->until = value;
		break;
	}
	if (filter_set(&r->filter, opt, value, clock_wall_ms(), &e) == 0)
		return -1;
	(void)fprintf(stderr, "bouncefeed replay: %s\n", e.text);
	return EX_USAGE;
}

/* Without it these would do nothing. */
static bool
lacks_deliver(const struct options *o)
{
	const struct replay_options *d = &o->deliver;

	if (o->delivers || (!d->output && !d->wait && !d->again))
		return false;
	(void)fprintf(stderr, "bouncefeed replay: %s goes with --deliver\n",
	    d->output ? "--output"
	    : d->wait ? "--wait"
		      : "--again");
	return true;
}

int
cmd_replay(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "format", required_argument, NULL, 'f' },
		{ "type", required_argument, NULL, FILTER_TYPE },
		{ "class", required_argument, NULL, FILTER_CLASS },
		{ "reason", required_argument, NULL, FILTER_REASON },
		{ "recipient", required_argument, NULL, FILTER_RECIPIENT },
		{ "since", required_argument, NULL, FILTER_SINCE },
		{ "until", required_argument, NULL, FILTER_UNTIL },
		{ "source", required_argument, NULL, OPTION_SOURCE },
		{ "strict", no_argument, NULL, OPTION_STRICT },
		{ "deliver", no_argument, NULL, OPTION_DELIVER },
		{ "output", required_argument, NULL, OPTION_OUTPUT },
		{ "wait", no_argument, NULL, OPTION_WAIT },
		{ "again", no_argument, NULL, OPTION_AGAIN },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct replay r = { .env = { .max_record = 1 << 20,
				.source = SLICE("replay"),
				.on_skip = replay_skip,
				.on_bad = replay_bad } };
	struct options o = { 0 };
	int opt, code;

	while ((opt = getopt_long(argc, argv, "c:f:h", options, NULL)) != -1) {
		if ((code = take_option(&r, &o, opt, optarg)) >= 0)
			return code;
	}
	if (lacks_deliver(&o))
		return EX_USAGE;
	if (optind == argc) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	struct config *c = o.delivers ? command_config(o.config, true)
				      : load_config(o.config);
	if (!c)
		return EX_CONFIG;
	if (o.delivers)
		log_set_up("warn", "text");
	code = replay(&r, c, &o, (size_t)(argc - optind), argv + optind);
	config_free(c);
	return code;
}
