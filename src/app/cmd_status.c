/*
 * cmd_status.c - `bouncefeed status`: what each source and output is doing, read from
 * the state file beside the daemon. Writes nothing.
 */
#include "app/app.h"
#include "app/config.h"
#include "event/event.h"
#include "store/store.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: bouncefeed status [-c FILE] [--json]\n"
    "What each source and output is doing. Exit 0, or 1 where something is held or no\n"
    "daemon runs.\n";

enum { OUT_MAX = 64 << 20 };

struct status {
	struct store *store;
	struct buf out;
	bool json;
	bool first; /* of a JSON list */
	bool held;
	struct err *e;
};

/* --- small words -------------------------------------------------------------------
 */

static void
put_time(struct buf *out, int64_t ms)
{
	char text[WHEN_TEXT_MAX];
	size_t n = when_write((struct when){ .sec = ms / 1000 }, text);

	(void)buf_add(out, (struct slice){ text, n });
}

static void
json_text(struct buf *out, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	(void)buf_printf(out, ",\"%s\":", key);
	(void)event_json_string(out, v, LIMIT_DIAGNOSTIC);
}

static void
json_number(struct buf *out, const char *key, uint64_t v)
{
	(void)buf_printf(out, ",\"%s\":%llu", key, (unsigned long long)v);
}

static void
json_time(struct buf *out, const char *key, int64_t ms)
{
	if (ms == 0)
		return;
	(void)buf_printf(out, ",\"%s\":\"", key);
	put_time(out, ms);
	(void)buf_addc(out, '"');
}

static void
json_next(struct status *s)
{
	if (!s->first)
		(void)buf_addc(&s->out, ',');
	s->first = false;
}

/* --- files, sources, outputs ---------------------------------------------------------
 */

/* Bytes of the file that are not read yet; false: it is not where it was. */
static bool
lag_of(const struct store_file *f, uint64_t *size)
{
	char path[4096];
	struct stat st;

	if (f->path.n >= sizeof path)
		return false;
	(void)snprintf(path, sizeof path, "%.*s", (int)f->path.n, f->path.p);
	if (stat(path, &st) < 0 || st.st_dev != f->dev || st.st_ino != f->ino)
		return false;
	*size = (uint64_t)st.st_size;
	return true;
}

static int
show_file(void *arg, const struct store_file *f)
{
	struct status *s = arg;
	uint64_t size, lag;
	bool there = lag_of(f, &size);

	if (!there)
		return 0; /* known, and gone: not of interest to people */
	lag = size > f->offset ? size - f->offset : 0;
	if (f->offset < f->skip)
		lag = 0; /* what start: end passes over, waiting for its first record */
	if (s->json) {
		json_next(s);
		(void)buf_add(&s->out, SLICE("{\"path\":"));
		(void)event_json_string(&s->out, f->path, LIMIT_DIAGNOSTIC);
		json_number(&s->out, "offset", f->offset);
		json_number(&s->out, "size", size);
		json_number(&s->out, "lag_bytes", lag);
		(void)buf_addc(&s->out, '}');
		return 0;
	}
	(void)buf_add(&s->out, SLICE("  "));
	text_shown(&s->out, f->path);
	(void)buf_printf(&s->out, ": at %llu of %llu bytes, %llu behind\n",
	    (unsigned long long)f->offset, (unsigned long long)size,
	    (unsigned long long)lag);
	return 0;
}

static void
source_text(struct status *s, const struct store_source *o)
{
	struct buf *out = &s->out;

	(void)buf_add(out, SLICE("source "));
	text_shown(out, o->name);
	(void)buf_add(out, SLICE(": last event "));
	if (o->event_ms)
		put_time(out, o->event_ms);
	else
		(void)buf_add(out, SLICE("none yet"));
	if (o->bad > 0) {
		(void)buf_printf(
		    out, ", %llu bad records (last: ", (unsigned long long)o->bad);
		text_shown(out, o->bad_reason);
		(void)buf_add(out, SLICE(" in "));
		text_shown(out, o->bad_file);
		(void)buf_printf(out, " at %llu)", (unsigned long long)o->bad_offset);
	}
	(void)buf_addc(out, '\n');
}

static void
source_json(struct status *s, const struct store_source *o)
{
	struct buf *out = &s->out;

	json_next(s);
	(void)buf_add(out, SLICE("{\"name\":"));
	(void)event_json_string(out, o->name, LIMIT_TEXT);
	json_time(out, "last_event", o->event_ms);
	json_number(out, "bad_records", o->bad);
	json_text(out, "last_bad_reason", o->bad_reason);
	json_text(out, "last_bad_file", o->bad_file);
	if (o->bad_reason.n > 0)
		json_number(out, "last_bad_offset", o->bad_offset);
	(void)buf_add(out, SLICE(",\"files\":["));
}

static int
show_source(void *arg, const struct store_source *o)
{
	struct status *s = arg;

	if (s->json)
		source_json(s, o);
	else
		source_text(s, o);
	s->first = true;
	int rc = store_file_each(s->store, o->name, show_file, s, s->e);
	if (s->json)
		(void)buf_add(&s->out, SLICE("]}"));
	s->first = false;
	return rc;
}

static void
output_text(struct status *s, const struct store_output *o)
{
	struct buf *out = &s->out;

	(void)buf_add(out, SLICE("output "));
	text_shown(out, o->name);
	(void)buf_printf(out,
	    ": %.*s, %llu events accepted, %llu queued in %llu batches",
	    (int)o->state.n, o->state.p, (unsigned long long)o->accepted,
	    (unsigned long long)o->queue.events, (unsigned long long)o->queue.batches);
	if (o->queue.oldest_ms) {
		(void)buf_add(out, SLICE(" since "));
		put_time(out, o->queue.oldest_ms);
	}
	(void)buf_printf(
	    out, ", %llu dead letters\n", (unsigned long long)o->dead_letters);
	if (o->error.n > 0) {
		(void)buf_add(out, SLICE("  last error "));
		put_time(out, o->error_ms);
		(void)buf_add(out, SLICE(": "));
		text_shown(out, o->error);
		(void)buf_addc(out, '\n');
	}
}

static void
output_json(struct status *s, const struct store_output *o)
{
	struct buf *out = &s->out;

	json_next(s);
	(void)buf_add(out, SLICE("{\"name\":"));
	(void)event_json_string(out, o->name, LIMIT_TEXT);
	json_text(out, "state", o->state);
	json_number(out, "accepted_events", o->accepted);
	json_number(out, "queued_batches", o->queue.batches);
	json_number(out, "queued_events", o->queue.events);
	json_number(out, "queued_bytes", o->queue.bytes);
	json_time(out, "oldest", o->queue.oldest_ms);
	json_number(out, "dead_letters", o->dead_letters);
	json_text(out, "last_error", o->error);
	json_time(out, "last_error_time", o->error_ms);
	(void)buf_addc(out, '}');
}

static int
show_output(void *arg, const struct store_output *o)
{
	struct status *s = arg;

	s->held |= slice_eq(o->state, SLICE("hold"));
	if (s->json)
		output_json(s, o);
	else
		output_text(s, o);
	return 0;
}

static int
show(struct status *s, const char *path, long pid)
{
	struct buf *out = &s->out;
	unsigned long long bytes = store_bytes(s->store);
	int rc;

	if (s->json) {
		(void)buf_printf(out, "{\"daemon\":%s,\"pid\":%ld,\"state_bytes\":%llu",
		    pid ? "true" : "false", pid, bytes);
		(void)buf_add(out, SLICE(",\"sources\":["));
	} else {
		if (pid)
			(void)buf_printf(out, "daemon runs as process %ld", pid);
		else
			(void)buf_add(out, SLICE("no daemon runs"));
		(void)buf_printf(out, "; state file %s has %llu bytes\n", path, bytes);
	}
	s->first = true;
	if ((rc = store_source_each(s->store, show_source, s, s->e)) < 0)
		return rc;
	if (s->json)
		(void)buf_add(out, SLICE("],\"outputs\":["));
	s->first = true;
	if ((rc = store_output_each(s->store, show_output, s, s->e)) < 0)
		return rc;
	if (s->json)
		(void)buf_add(out, SLICE("]}\n"));
	return out->failed ? err_set(s->e, -ENOMEM, "no memory") : 0;
}

static int
status(const char *path, bool json)
{
	struct store_options o = { .version = BOUNCEFEED_VERSION };
	struct err e = { 0 };
	struct status s = { .json = json, .e = &e };
	long pid = store_holder(path), holder;
	int rc = store_open(path, STORE_READ, &o, &s.store, &holder, &e);
	int code = 0;

	if (rc < 0) {
		(void)fprintf(stderr, "bouncefeed status: %s\n", e.text);
		return rc == -EBADMSG ? 70 : rc == -EACCES ? EX_NOPERM : 1;
	}
	buf_init(&s.out, OUT_MAX);
	if ((rc = show(&s, path, pid)) < 0) {
		(void)fprintf(stderr, "bouncefeed status: %s\n", e.text);
		code = rc == -EBADMSG ? 70 : EX_IOERR;
	} else if (fwrite(s.out.p, 1, s.out.n, stdout) != s.out.n) {
		code = EX_IOERR;
	} else {
		code = s.held || pid == 0;
	}
	buf_free(&s.out);
	store_close(s.store);
	return code;
}

int
cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *file = NULL;
	bool json = false;
	struct config_faults faults;
	struct config *c;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
		if (opt == '?')
			return EX_USAGE;
		if (opt == 'c')
			file = optarg;
		json |= opt == 'j';
	}
	config_faults_init(&faults);
	if (config_load(config_path(file), true, &c, &faults, NULL) < 0) {
		(void)fwrite(faults.text.p, 1, faults.text.n, stderr);
		config_faults_free(&faults);
		return EX_CONFIG;
	}
	config_faults_free(&faults);
	int code = status(c->state_path, json);
	config_free(c);
	return code;
}
