/*
 * cmd_replay.c - `bouncefeed replay`: whole files once, events as JSON Lines on stdout.
 *
 * Events of all types, in the order of the files. The ids are those that `run` gives.
 * An input that cannot be opened is told and the others are still read. A closed pipe
 * at stdout ends it quietly.
 */
#include "app/app.h"
#include "app/config.h"
#include "app/filter.h"
#include "app/follow.h"
#include "app/reader.h"
#include "app/stream.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: bouncefeed replay [-f FORMAT] [OPTIONS] FILE...\n"
    "Reads whole files once (- is standard input; .gz and .zst are unpacked) and "
    "prints\n"
    "their events of all types as JSON Lines.\n"
    "  -f, --format FORMAT     auto (default), pmta, maillog, postfix\n"
    "  -c, --config FILE       for labels, host, classification; the usual one if "
    "there\n"
    "      --type T            only bounce, deferral, delivery, complaint (may "
    "repeat)\n"
    "      --class C           only hard, soft, block, undetermined (may repeat)\n"
    "      --reason R          only this reason (may repeat)\n"
    "      --recipient ADDRESS only this recipient\n"
    "      --since T --until T RFC 3339, or an age such as 2h\n"
    "      --strict            exit 65 where some input was not understood\n";

enum { OUT_FLUSH = 128 * 1024, BAD_SHOWN = 10 };

struct replay {
	struct stream_env env;
	struct filter filter;
	struct buf out;
	bool strict;
	bool closed; /* stdout takes no more */
	bool shows_progress;
	uint64_t files, events, bad;
	int code;
};

static int
flush(struct replay *r)
{
	struct slice s = buf_slice(&r->out);

	while (s.n > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r->closed = true;
			r->code = errno == EPIPE ? 0 : EX_IOERR;
			if (errno != EPIPE)
				(void)fprintf(stderr, "bouncefeed replay: stdout: %s\n",
				    strerror(errno));
			return -EPIPE;
		}
		s = slice_from(s, (size_t)n);
	}
	buf_clear(&r->out);
	return 0;
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	struct replay *r = arg;
	struct buf text;

	if (++r->bad > BAD_SHOWN)
		return;
	buf_init(&text, 16 * 1024);
	if (bytes.n > 60)
		bytes.n = 60;
	text_shown(&text, file);
	(void)buf_printf(&text, ": at %llu: %s: \"", (unsigned long long)offset, why);
	text_shown(&text, bytes);
	(void)buf_addc(&text, '"');
	(void)fprintf(stderr, "%.*s\n", (int)text.n, text.p);
	buf_free(&text);
}

static int
on_event(void *arg, const struct event *ev)
{
	struct replay *r = arg;
	int rc;

	if (!filter_takes(&r->filter, ev))
		return 0;
	rc = event_json(ev, &r->out);
	if (rc == -E2BIG) {
		on_bad(r, ev->source.file, ev->source.offset, (struct slice){ 0 },
		    "event over 64 KiB");
		return 0;
	}
	if (rc < 0 || (rc = buf_addc(&r->out, '\n')) < 0)
		return rc;
	r->events++;
	return r->out.n >= OUT_FLUSH ? flush(r) : 0;
}

static int
feed_file(struct replay *r, struct reader *in, struct stream *s, const char *path,
    struct err *e)
{
	static char chunk[LIMIT_READ];
	struct when undated = reader_time(in);
	ssize_t n;
	int rc = 0, shown = -1;

	do {
		if ((n = reader_read(in, chunk, sizeof chunk, e)) < 0)
			return (int)n;
		rc = stream_feed(s, (struct slice){ chunk, (size_t)n }, n == 0,
		    slice_of(path), undated);
		if (rc == 0 && r->out.n > 0 && (size_t)n < sizeof chunk)
			rc = flush(r); /* a slow writer's events are not kept waiting */
		if (r->shows_progress && reader_progress(in) != shown) {
			shown = reader_progress(in);
			(void)fprintf(stderr, "\r%s: %d%%", path, shown);
		}
	} while (rc == 0 && n > 0);
	if (r->shows_progress)
		(void)fprintf(stderr, "\r\033[K");
	return rc < 0 ? err_set(e, rc, "%s: %s", path, strerror(-rc)) : 0;
}

static void
replay_file(struct replay *r, const char *path)
{
	struct err e = { 0 };
	struct stream *s = stream_new(&r->env);
	struct reader *in = s ? reader_open(path, &e) : NULL;

	if (!in) {
		(void)fprintf(
		    stderr, "bouncefeed replay: %s\n", s ? e.text : "no memory");
		r->code = EX_NOINPUT;
	} else if (feed_file(r, in, s, path, &e) < 0 && !r->closed) {
		(void)fprintf(stderr, "bouncefeed replay: %s\n", e.text);
		r->code = EX_IOERR;
	}
	r->files += in != NULL;
	reader_close(in);
	stream_free(s);
}

static int
replay(struct replay *r, const struct config *c, int n, char **files)
{
	struct config_source none = { 0 };
	struct zone *zone = NULL;

	if (zone_load("local", &zone) < 0)
		zone = NULL;
	r->env.hash = hash_new();
	r->env.classifier = config_classifier(c);
	struct event_pair *labels = config_labels(c, &none, &r->env.nlabels);
	struct slice *fbl = config_fbl_headers(c, &r->env.parse.nfbl_headers);
	r->env.labels = labels;
	r->env.parse.fbl_headers = fbl;
	r->env.parse.zone = zone;
	r->env.parse.track = track_new(TRACK_MESSAGES, TRACK_SECONDS);
	r->env.host = slice_of(c->host);
	bool ready = r->env.hash && r->env.classifier && r->env.parse.track;
	for (int i = 0; i < n && !r->closed && ready; i++)
		replay_file(r, files[i]);
	if (!r->closed)
		(void)flush(r);
	if (!r->closed)
		(void)fprintf(stderr, "%llu files, %llu events, %llu bad records\n",
		    (unsigned long long)r->files, (unsigned long long)r->events,
		    (unsigned long long)r->bad);
	track_free(r->env.parse.track);
	hash_free(r->env.hash);
	classify_free(r->env.classifier);
	zone_free(zone);
	free(labels);
	free(fbl);
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
		{ "strict", no_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct replay r = { .env = { .max_record = 1 << 20,
				.source = SLICE("replay"),
				.on_event = on_event,
				.on_bad = on_bad } };
	const char *file = NULL;
	struct err e;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:f:h", options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
		case 'c':
			file = optarg;
			break;
		case 'f':
			if (!set_format(&r, optarg))
				return EX_USAGE;
			break;
		case 'S':
			r.strict = true;
			break;
		case '?':
			return EX_USAGE;
		default:
			if (filter_set(&r.filter, opt, optarg, clock_wall_ms(), &e) ==
			    0)
				break;
			(void)fprintf(stderr, "bouncefeed replay: %s\n", e.text);
			return EX_USAGE;
		}
	}
	if (optind == argc) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	struct config *c = load_config(file);
	if (!c)
		return EX_CONFIG;
	(void)signal(SIGPIPE, SIG_IGN);
	r.env.arg = &r;
	r.shows_progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
	buf_init(&r.out, OUT_FLUSH + LIMIT_EVENT + 1);
	int code = replay(&r, c, argc - optind, argv + optind);
	buf_free(&r.out);
	config_free(c);
	return code;
}
