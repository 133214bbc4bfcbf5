/*
 * status_text.c - the status for people.
 */
#include "app/status.h"

#include "app/command.h"

#include <string.h>

typedef unsigned long long big;

enum { FILES_SHOWN = 20 }; /* of a source, one a line; --json has all */

static void
put_counts(struct buf *out, const char *when, const status_counts counts)
{
	const char *before = ": ";

	for (int t = EVENT_TYPE_NONE; t < EVENT_TYPE_COUNT; t++) {
		for (int c = EVENT_CLASS_NONE; c < EVENT_CLASS_COUNT; c++) {
			const char *type = event_type_name((enum event_type)t);
			const char *class = event_class_name((enum event_class)c);
			if (counts[t][c] == 0)
				continue;
			if (before[0] == ':')
				(void)buf_printf(out, "  last %s", when);
			(void)buf_printf(out, "%s%llu %s%s%s", before,
			    (big)counts[t][c], type ? type : "others", class ? " " : "",
			    class ? class : "");
			before = ", ";
		}
	}
	if (before[0] == ',')
		(void)buf_addc(out, '\n');
}

/* 803:1234, key 0123456789abcdef, packed */
static void
put_file(struct buf *out, const struct status_file *f)
{
	char key[2 * STATUS_KEY_BYTES];

	(void)buf_add(out, SLICE("  "));
	command_show(out, f->path);
	(void)buf_printf(out, ": at %llu of %llu bytes, %llu behind", (big)f->offset,
	    (big)f->size, (big)f->lag);
	if (f->lag > 0)
		(void)buf_printf(out, ", %lld s", (long long)f->waits_ms / 1000);
	(void)buf_printf(out, " (%llu:%llu", (big)f->dev, (big)f->ino);
	hex_write(f->key.b, STATUS_KEY_BYTES, key);
	if (f->has_key)
		(void)buf_printf(out, ", key %.*s", (int)sizeof key, key);
	if (!f->live)
		(void)buf_add(out, SLICE(", archive"));
	if (f->packed)
		(void)buf_add(out, SLICE(", packed"));
	if (f->is == STATUS_FILE_NEW)
		(void)buf_add(out, SLICE(", new"));
	if (f->error)
		(void)buf_printf(out, ", unreadable: %s", strerror(f->error));
	(void)buf_add(out, SLICE(")\n"));
}

/* Those that matter most, a line each; the rest as numbers. */
static void
put_files(struct buf *out, const struct status_source *o)
{
	size_t n = o->nfiles - o->nignored, shown = 0;
	uint64_t lag = 0, behind = 0;

	if (o->list_error)
		(void)buf_printf(
		    out, "  the files cannot be listed: %s\n", strerror(o->list_error));
	if (o->lag > 0)
		(void)buf_printf(out, "  %llu bytes behind, %lld s\n", (big)o->lag,
		    (long long)o->waits_ms / 1000);
	for (; shown < n && shown < FILES_SHOWN; shown++)
		put_file(out, &o->file[shown]);
	for (size_t i = shown; i < n; i++) {
		lag += o->file[i].lag;
		behind += o->file[i].lag > 0;
	}
	if (shown < n && behind > 0)
		(void)buf_printf(out,
		    "  and %zu more files, %llu of them behind, %llu bytes\n",
		    n - shown, (big)behind, (big)lag);
	else if (shown < n)
		(void)buf_printf(out, "  and %zu more files, all read\n", n - shown);
	if (o->nignored > 0)
		(void)buf_printf(out, "  %zu more %s ignored: old, or a copy\n",
		    o->nignored, o->nignored == 1 ? "is" : "are");
}

static void
put_bad(struct buf *out, const struct store_source *v)
{
	(void)buf_printf(out, ", %llu bad records (last: ", (big)v->bad);
	command_show(out, v->bad_reason);
	(void)buf_add(out, SLICE(" in "));
	command_show(out, v->bad_file);
	(void)buf_printf(out, " at %llu)", (big)v->bad_offset);
}

static void
put_silence(struct buf *out, const struct status *s, const struct status_source *o)
{
	int64_t since = o->heard_ms ? o->heard_ms : s->started_ms;

	(void)buf_add(out, SLICE("  silent: nothing was written since "));
	command_show_time(out, since);
	(void)buf_printf(out, ", %lld s\n", (long long)(s->now_ms - since) / 1000);
}

static void
put_source(struct buf *out, const struct status *s, const struct status_source *o)
{
	const struct store_source *v = &o->stored;

	(void)buf_add(out, SLICE("source "));
	command_show(out, o->name);
	if (!o->configured)
		(void)buf_add(out, SLICE(": removed"));
	(void)buf_add(out, SLICE(": last event "));
	if (v->event_ms)
		command_show_time(out, v->event_ms);
	else
		(void)buf_add(out, SLICE("none yet"));
	if (v->bad > 0)
		put_bad(out, v);
	(void)buf_addc(out, '\n');
	if (v->bad_bytes.n > 0) {
		(void)buf_add(out, SLICE("  last bad record: "));
		command_show(out, v->bad_bytes);
		(void)buf_addc(out, '\n');
	}
	if (o->silent)
		put_silence(out, s, o);
	put_files(out, o);
	if (o->per_second_hour > 0)
		(void)buf_printf(out,
		    "  %.3f events a second in the last minute, %.3f in the last "
		    "hour\n",
		    o->per_second_minute, o->per_second_hour);
	put_counts(out, "hour", o->hour);
	put_counts(out, "day", o->day);
}

static void
put_apart(struct buf *out, const struct status_output *o)
{
	struct status_apart n = status_apart(o);

	if (n.suspects + n.aside + n.damaged == 0)
		return;
	(void)buf_printf(out, "  set apart: %llu suspects, %llu aside", (big)n.suspects,
	    (big)n.aside);
	if (n.damaged > 0)
		(void)buf_printf(out, ", %llu damaged batches", (big)n.damaged);
	if (o->next_ms > 0) {
		(void)buf_add(out, SLICE(", next try "));
		command_show_time(out, o->next_ms);
	}
	(void)buf_addc(out, '\n');
}

static void
put_output(struct buf *out, const struct status_output *o)
{
	const struct store_output *v = &o->stored;

	(void)buf_add(out, SLICE("output "));
	command_show(out, v->name);
	(void)buf_add(out, SLICE(": "));
	if (o->configured)
		command_show(out, v->state);
	else
		(void)buf_add(out, SLICE("removed: its queue sleeps"));
	(void)buf_printf(out, ", %llu events accepted, %llu queued in %llu batches",
	    (big)v->accepted, (big)v->queue.events, (big)v->queue.batches);
	if (v->queue.oldest_ms) {
		(void)buf_add(out, SLICE(" since "));
		command_show_time(out, v->queue.oldest_ms);
	}
	(void)buf_printf(out, ", %llu dead letters\n", (big)v->dead_letters);
	if (v->queue.bytes > 0)
		(void)buf_printf(
		    out, "  %llu bytes in the state file\n", (big)v->queue.bytes);
	put_apart(out, o);
	if (v->error.n == 0)
		return;
	(void)buf_add(out, SLICE("  last error "));
	command_show_time(out, v->error_ms);
	(void)buf_add(out, SLICE(": "));
	command_show(out, v->error);
	(void)buf_addc(out, '\n');
}

void
status_text(const struct status *s, struct buf *out)
{
	const struct config *c = s->config;

	if (s->pid > 0)
		(void)buf_printf(out, "daemon runs as process %ld", s->pid);
	else
		(void)buf_printf(out, s->pid < 0 ? "a daemon runs" : "no daemon runs");
	(void)buf_add(out, SLICE("; state file "));
	command_show(out, slice_of(c->state_path));
	(void)buf_printf(
	    out, " has %llu bytes of %llu", (big)s->bytes, (big)c->state_max_size);
	if (s->full)
		(void)buf_printf(out, "; full (%s): the sources wait", s->full);
	(void)buf_addc(out, '\n');
	for (size_t i = 0; i < s->nsources; i++)
		put_source(out, s, &s->source[i]);
	for (size_t i = 0; i < s->noutputs; i++)
		put_output(out, &s->output[i]);
}
