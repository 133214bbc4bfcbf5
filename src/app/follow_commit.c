/*
 * follow_commit.c - the places of a source's files into the state file.
 *
 * What is put becomes true with the commit; only follow_committed() then calls it
 * stored.
 */
#include "app/follow_internal.h"

bool
follow_urgent(const struct follow *f)
{
	return f->stored_scan_ns == 0 && f->scanned_ns != 0;
}

bool
follow_dirty(const struct follow *f)
{
	if (f->scanned_ns != f->stored_scan_ns && f->stored_scan_ns == 0)
		return true;
	for (const struct source_file *s = source_files(f->source); s; s = s->next) {
		if (s->dirty)
			return true;
	}
	return f->bad.total > 0;
}

int
follow_put(struct follow *f, struct err *e)
{
	struct slice name = slice_of(f->conf->name);
	struct store *st = f->env->store;
	int rc = store_source_put(st, name, f->scanned_ns, e);

	for (struct source_file *s = source_files(f->source); rc == 0 && s;
	     s = s->next) {
		if (!s->dirty)
			continue;
		struct store_file sf = {
			.id = s->id,
			.source = name,
			.dev = s->dev,
			.ino = s->ino,
			.has_key = s->has_key,
			.key = s->key,
			.offset = s->offset,
			.skip = s->skip,
			.start_ms = s->start_ms,
			.marker = s->marker,
			.header = buf_slice(&s->header),
			.path = slice_of(s->path),
			.seen_ms = s->seen_ms,
			.size = s->packed ? (int64_t)s->length : -1,
		};
		rc = store_file_put(st, &sf, &s->put_id, e);
	}
	if (rc == 0 && f->event_ms != f->stored_event_ms)
		rc = store_source_event(st, name, f->event_ms, e);
	if (rc == 0)
		rc = bad_log_put(&f->bad, st, name, e);
	return rc < 0 ? rc : follow_forget_put(f, e);
}

void
follow_committed(struct follow *f)
{
	for (struct source_file *s = source_files(f->source); s; s = s->next) {
		if (s->dirty) {
			s->id = s->put_id;
			s->dirty = false;
			s->stored_seen_ms = s->seen_ms;
		}
	}
	f->stored_scan_ns = f->scanned_ns;
	f->stored_event_ms = f->event_ms;
	bad_log_clear(&f->bad);
	follow_forgotten(f);
}
