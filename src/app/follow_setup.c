/*
 * follow_setup.c - a source made ready: what it shares with its streams, what the state
 * file knows of its files.
 */
#include "app/follow_internal.h"
#include "app/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { FDS_RESERVED = 28 };

static void
drop_reading(void *user)
{
	struct reading *r = user;

	stream_free(r->stream);
	free(r);
}

static int
on_event(void *arg, const struct event *ev)
{
	struct follow *f = arg;
	int rc = spool_event(f->env->spool, ev, f->now_ms);

	if (rc == -E2BIG) {
		bad_log_add(&f->bad, ev->source.file, ev->source.offset,
		    (struct slice){ 0 }, "event over 64 KiB");
		return 0;
	}
	if (rc == 0) {
		f->event_ms = clock_wall_ms();
		tally_event(f->env->tally, ev);
	}
	return rc;
}

static void
on_skip(void *arg)
{
	struct follow *f = arg;

	tally_other(f->env->tally, slice_of(f->conf->name));
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	struct follow *f = arg;

	bad_log_add(&f->bad, file, offset, bytes, why);
}

static int
take_stored(void *arg, const struct store_file *sf)
{
	struct follow *f = arg;
	struct source_file *file = source_add(f->source);

	if (!file)
		return -ENOMEM;
	file->id = sf->id;
	file->dev = sf->dev;
	file->ino = sf->ino;
	file->has_key = sf->has_key;
	file->key = sf->key;
	file->offset = file->read = sf->offset;
	file->skip = sf->skip;
	file->start_ms = sf->start_ms;
	file->marker = sf->marker;
	file->seen_ms = file->stored_seen_ms = sf->seen_ms;
	file->packed = sf->size >= 0;
	file->length = file->packed ? (uint64_t)sf->size : 0;
	if (buf_add(&file->header, sf->header) < 0 ||
	    !(file->path = strndup(sf->path.p ? sf->path.p : "", sf->path.n)))
		return -ENOMEM;
	return 0;
}

static int
take_event_ms(void *arg, const struct store_source *stored)
{
	struct follow *f = arg;

	if (slice_eq(stored->name, slice_of(f->conf->name)))
		f->event_ms = f->stored_event_ms = stored->event_ms;
	return 0;
}

static int
take_over(struct follow *f, struct err *e)
{
	struct slice name = slice_of(f->conf->name);
	struct err ignored;
	int rc = store_source_get(f->env->store, name, &f->scanned_ns, e);

	f->started_ms = clock_wall_ms();
	if (rc == -ENOENT)
		return 0; /* the first look */
	f->stored_scan_ns = f->scanned_ns;
	/* no more than a time to be told: where it cannot be read, it is not known */
	(void)store_source_each(f->env->store, take_event_ms, f, &ignored);
	return rc < 0 ? rc : store_file_each(f->env->store, name, take_stored, f, e);
}

static int
set_up_stream(struct follow *f, struct err *e)
{
	const struct config_source *c = f->conf;

	f->stream = (struct stream_env){
		.parse = { .zone = f->zone, .track = f->track },
		.format = parse_format_of(slice_of(c->format)),
		.classifier = f->env->classifier,
		.hash = f->env->hash,
		.max_record = (size_t)c->max_record,
		.source = slice_of(c->name),
		.host = f->env->host,
		.on_event = on_event,
		.on_skip = on_skip,
		.on_bad = on_bad,
		.arg = f,
	};
	f->labels = config_labels(f->env->config, c, &f->stream.nlabels);
	f->stream.labels = f->labels;
	f->fbl_headers = config_fbl_headers(
	    f->env->config, &f->stream.parse.nfbl_headers);
	f->stream.parse.fbl_headers = f->fbl_headers;
	f->stream.types = config_wanted_types(f->env->config);
	return extract_init(&f->extract, f->env->config, c, &f->stream, e);
}

/* What is left for the files of one source when the state file, inotify, curl and a
 * scan have theirs. */
static size_t
open_max(const struct config *c)
{
	size_t reserved = FDS_RESERVED;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return SOURCE_OPEN_MAX;
	for (size_t i = 0; i < c->noutputs; i++)
		reserved += c->output[i].concurrency;
	if (limit.rlim_cur <= reserved)
		return SOURCE_OPEN_MIN;
	size_t share = (limit.rlim_cur - reserved) / c->nsources;
	return share < SOURCE_OPEN_MIN ? SOURCE_OPEN_MIN : share;
}

static int
set_up_source(struct follow *f, struct err *e)
{
	const struct config_source *c = f->conf;
	struct source_options o = {
		.path = (const char *const *)c->path.v,
		.npaths = c->path.n,
		.archive = (const char *const *)c->archive.v,
		.narchives = c->archive.n,
		.dated = !strcmp(c->format, "pmta"),
		.poll_ms = (int64_t)c->poll,
		.from_start = !strcmp(c->start, "beginning"),
		.start_ms = config_start_ms(c->start, clock_wall_ms()),
		.older_ns = (int64_t)c->ignore_older * 1000000,
		.open_max = open_max(f->env->config),
		.keep_ignored = f->env->keep_ignored,
		.key = stream_file_key,
		.key_arg = &f->stream,
		.drop_user = drop_reading,
	};

	f->source = source_new(f->env->watch, &o);
	f->chunk = malloc(LIMIT_READ);
	return f->source && f->chunk ? 0 : err_set(e, -ENOMEM, "no memory");
}

struct follow *
follow_new(
    const struct follow_env *env, const struct config_source *conf, struct err *e)
{
	struct follow *f = calloc(1, sizeof *f);

	if (!f) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	f->env = env;
	f->conf = conf;
	f->round = 1;
	if (zone_load(conf->timezone, &f->zone) < 0) {
		err_set(e, -EINVAL, "time zone %s is not known", conf->timezone);
		goto fail;
	}
	if (!(f->track = track_new(TRACK_MESSAGES, TRACK_SECONDS))) {
		err_set(e, -ENOMEM, "no memory");
		goto fail;
	}
	if (set_up_stream(f, e) < 0 || set_up_source(f, e) < 0 || take_over(f, e) < 0)
		goto fail;
	return f;
fail:
	follow_free(f);
	return NULL;
}

void
follow_free(struct follow *f)
{
	if (!f)
		return;
	source_free(f->source);
	bad_log_clear(&f->bad);
	track_free(f->track);
	zone_free(f->zone);
	free(f->labels);
	free(f->fbl_headers);
	extract_free(&f->extract);
	free(f->chunk);
	free(f);
}

int
follow_watch_trouble(const struct follow *f, const char **what_out)
{
	return source_watch_trouble(f->source, what_out);
}

const char *
follow_name(const struct follow *f)
{
	return f->conf->name;
}
