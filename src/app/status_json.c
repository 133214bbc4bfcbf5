/*
 * status_json.c - the status for programs: one JSON object on one line. A key without a
 * value is left out.
 */
#include "app/status.h"

#include "app/command.h"

#include <string.h>

static void
put_comma(struct buf *out)
{
	if (out->n > 0 && out->p[out->n - 1] == '}')
		(void)buf_addc(out, ',');
}

/* {"key":"text" without its end */
static void
begin(struct buf *out, const char *key, struct slice text)
{
	put_comma(out);
	(void)buf_printf(out, "{\"%s\":", key);
	(void)event_json_string(out, text, LIMIT_DIAGNOSTIC);
}

static void
put_counts(struct buf *out, const char *key, const status_counts counts)
{
	(void)buf_printf(out, ",\"%s\":[", key);
	for (int t = EVENT_TYPE_NONE + 1; t < EVENT_TYPE_COUNT; t++) {
		for (int c = EVENT_CLASS_NONE; c < EVENT_CLASS_COUNT; c++) {
			if (counts[t][c] == 0)
				continue;
			begin(
			    out, "type", slice_of(event_type_name((enum event_type)t)));
			command_json_text(out, "class",
			    slice_of(event_class_name((enum event_class)c)));
			command_json_number(out, "events", counts[t][c]);
			(void)buf_addc(out, '}');
		}
	}
	(void)buf_addc(out, ']');
}

static void
put_flag(struct buf *out, const char *key, bool set)
{
	if (set)
		(void)buf_printf(out, ",\"%s\":true", key);
}

static void
put_file(struct buf *out, const struct status_file *f)
{
	char key[2 * STATUS_KEY_BYTES];

	begin(out, "path", f->path);
	command_json_number(out, "device", f->dev);
	command_json_number(out, "inode", f->ino);
	hex_write(f->key.b, STATUS_KEY_BYTES, key);
	if (f->has_key)
		command_json_text(out, "key", (struct slice){ key, sizeof key });
	command_json_number(out, "offset", f->offset);
	command_json_number(out, "size", f->size);
	command_json_number(out, "lag_bytes", f->lag);
	command_json_number(out, "lag_seconds", (uint64_t)f->waits_ms / 1000);
	command_json_time(out, "modified", f->mtime_ms);
	put_flag(out, "live", f->live);
	put_flag(out, "packed", f->packed);
	put_flag(out, "new", f->is == STATUS_FILE_NEW);
	put_flag(out, "ignored", f->is == STATUS_FILE_IGNORED);
	if (f->error)
		command_json_text(out, "unreadable", slice_of(strerror(f->error)));
	(void)buf_addc(out, '}');
}

static void
put_bad(struct buf *out, const struct store_source *v)
{
	command_json_number(out, "bad_records", v->bad);
	command_json_text(out, "last_bad_reason", v->bad_reason);
	command_json_text(out, "last_bad_file", v->bad_file);
	if (v->bad_reason.n > 0)
		command_json_number(out, "last_bad_offset", v->bad_offset);
	command_json_text(out, "last_bad_bytes", v->bad_bytes);
	command_json_time(out, "last_bad_time", v->bad_ms);
}

static void
put_source(struct buf *out, const struct status_source *o)
{
	begin(out, "name", o->name);
	put_flag(out, "removed", !o->configured);
	command_json_time(out, "last_event", o->stored.event_ms);
	command_json_time(out, "last_written", o->heard_ms);
	if (o->configured)
		(void)buf_printf(out, ",\"silent\":%s", o->silent ? "true" : "false");
	command_json_number(out, "lag_bytes", o->lag);
	command_json_number(out, "lag_seconds", (uint64_t)o->waits_ms / 1000);
	(void)buf_printf(out, ",\"events_per_second\":{\"minute\":%.3f,\"hour\":%.3f}",
	    o->per_second_minute, o->per_second_hour);
	put_bad(out, &o->stored);
	put_counts(out, "last_hour", o->hour);
	put_counts(out, "last_day", o->day);
	if (o->list_error)
		command_json_text(out, "list_error", slice_of(strerror(o->list_error)));
	(void)buf_add(out, SLICE(",\"files\":["));
	for (size_t i = 0; i < o->nfiles; i++)
		put_file(out, &o->file[i]);
	(void)buf_add(out, SLICE("]}"));
}

static void
put_output(struct buf *out, const struct status_output *o)
{
	const struct store_output *v = &o->stored;
	struct status_apart apart = status_apart(o);

	begin(out, "name", v->name);
	if (!o->configured)
		(void)buf_add(out, SLICE(",\"removed\":true"));
	command_json_text(out, "state", v->state);
	command_json_number(out, "accepted_events", v->accepted);
	command_json_number(out, "queued_batches", v->queue.batches);
	command_json_number(out, "queued_events", v->queue.events);
	command_json_number(out, "queued_bytes", v->queue.bytes);
	command_json_time(out, "oldest", v->queue.oldest_ms);
	command_json_number(out, "suspects", apart.suspects);
	command_json_number(out, "aside", apart.aside);
	command_json_number(out, "damaged_batches", apart.damaged);
	command_json_time(out, "next_try", o->next_ms);
	command_json_number(out, "dead_letters", v->dead_letters);
	command_json_text(out, "last_error", v->error);
	command_json_time(out, "last_error_time", v->error_ms);
	(void)buf_addc(out, '}');
}

void
status_json(const struct status *s, struct buf *out)
{
	const struct config *c = s->config;

	(void)buf_printf(
	    out, "{\"daemon\":%s,\"pid\":%ld", s->pid ? "true" : "false", s->pid);
	command_json_text(out, "state", slice_of(c->state_path));
	command_json_number(out, "state_bytes", s->bytes);
	command_json_number(out, "state_max_bytes", c->state_max_size);
	(void)buf_printf(out, ",\"full\":%s", s->full ? "true" : "false");
	command_json_text(out, "full_limit", slice_of(s->full));
	command_json_text(out, "error", slice_of(s->trouble.text));
	(void)buf_add(out, SLICE(",\"sources\":["));
	for (size_t i = 0; i < s->nsources; i++)
		put_source(out, &s->source[i]);
	(void)buf_add(out, SLICE("],\"outputs\":["));
	for (size_t i = 0; i < s->noutputs; i++)
		put_output(out, &s->output[i]);
	(void)buf_add(out, SLICE("]}\n"));
}
