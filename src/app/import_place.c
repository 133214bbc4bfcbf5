/*
 * import_place.c - what is stored for a file that a line of the sincedb is of.
 *
 * What `follow` would have stored there: the file is run through its stream up to the
 * offset, for no events. All that ends at or before the offset is passed over (`skip`)
 * whatever framing makes of it later; a record that the offset cuts was not delivered
 * whole and is read from its beginning. A mail log's lines explain later ones: its
 * place is the file's beginning, so that the daemon learns from what it passes over.
 *
 * A position is not believed where the file was made after it last moved: Logstash
 * forgets a deleted file after two weeks, its inode may be another's by then. One found
 * by its inode alone, or whose line may have been cut off, has to be behind a line.
 */
#include "app/import_internal.h"
#include "app/app.h"
#include "app/follow_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BORN_SLACK_MS = 2000 }; /* the clock of the file system and the JVM's */

static int
pass_event(void *arg, const struct event *ev)
{
	(void)arg, (void)ev;
	return 0;
}

static void
pass_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	(void)arg, (void)file, (void)offset, (void)bytes, (void)why;
}

/* Feeds the stream all up to the offset; *last is the byte before it. -ESTALE: there is
 * less by now. */
static int
run_up_to(struct follow *f, struct source_file *s, struct stream *st, uint64_t offset,
    char *last, struct err *e)
{
	struct when undated = clock_of_file(s->mtime_ns / 1000000000);
	int rc = 0;

	while (rc == 0 && s->read < offset) {
		uint64_t left = offset - s->read;
		ssize_t n = source_read(f->source, s, f->chunk,
		    left < LIMIT_READ ? (size_t)left : LIMIT_READ, e);
		if (n <= 0)
			return n < 0 ? (int)n : -ESTALE;
		*last = f->chunk[n - 1];
		rc = stream_feed(st, (struct slice){ f->chunk, (size_t)n }, false,
		    slice_of(s->path), undated);
		if (rc < 0)
			err_set(e, rc, "%s: %s", s->path, strerror(-rc));
	}
	return rc;
}

/* Takes over where the stream stands. */
static int
note(struct import_line *l, const struct stream *st, struct err *e)
{
	struct source_file *s = l->file->s;

	if (follow_note_place(s, st) < 0)
		return err_set(e, -ENOMEM, "no memory");
	/* without a key nothing counts as done, but nothing was a record either */
	l->at = s->has_key ? s->offset : l->entry.offset;
	if (stream_format(st) && stream_format(st)->ordered) {
		s->offset = 0;
		s->marker = hash_of(SLICE(""));
		buf_clear(&s->header);
	}
	s->skip = l->entry.offset;
	s->start_ms = 0;
	s->seen_ms = clock_wall_ms();
	s->ignored = false;
	s->dirty = true;
	return 0;
}

static int
place_with(struct follow *f, struct import_line *l, struct stream *st, struct err *e)
{
	struct source_file *s = l->file->s;
	const struct stream_place p = { .skip = l->entry.offset };
	char last = '\n';
	int rc;

	/* what may have been known of it is known no more */
	s->offset = s->read = 0;
	s->has_key = false;
	buf_clear(&s->header);
	if (!source_open(f->source, s))
		return err_set(e, s->error ? -s->error : -EAGAIN, "%s: %s", s->path,
		    s->error ? strerror(s->error) : "has just been moved, try again");
	if ((rc = stream_resume(st, &p)) == 0)
		rc = run_up_to(f, s, st, p.skip, &last, e);
	if (rc == -ESTALE)
		l->is = IMPORT_SHORTER;
	else if (last != '\n' && (l->other_device || l->unended))
		l->is = IMPORT_DOUBTFUL;
	else if (rc == 0)
		return note(l, st, e);
	return rc == -ESTALE ? 0 : rc;
}

static int
place(struct follow *f, struct import_line *l, struct err *e)
{
	struct stream_env env = f->stream;

	env.on_event = pass_event;
	env.on_bad = pass_bad;
	struct stream *st = stream_new(&env);
	int rc = st ? place_with(f, l, st, e) : err_set(e, -ENOMEM, "no memory");

	stream_free(st);
	source_close(f->source, l->file->s);
	return rc;
}

/* Was the file made after the position last moved? Not every file system tells. */
static bool
is_reused(const struct import_line *l)
{
	const struct source_file *s = l->file->s;
	struct statx st;

	if (l->entry.at_ms == 0 ||
	    statx(AT_FDCWD, s->path, 0, STATX_INO | STATX_BTIME, &st) < 0 ||
	    !(st.stx_mask & STATX_BTIME) || st.stx_ino != s->ino)
		return false;
	return st.stx_btime.tv_sec * 1000 + st.stx_btime.tv_nsec / 1000000 >
	       l->entry.at_ms + BORN_SLACK_MS;
}

int
import_take(struct import *im, struct import_line *l, struct err *e)
{
	struct import_source *source = &im->source[l->file->source];
	const struct source_file *s = l->file->s;
	int rc = 0;

	if (source->known && !im->force)
		l->is = IMPORT_KNOWN;
	else if (s->packed)
		l->is = IMPORT_PACKED;
	else if (is_reused(l))
		l->is = IMPORT_REUSED;
	else if (l->entry.offset > s->size)
		l->is = l->other_device ? IMPORT_DOUBTFUL : IMPORT_SHORTER;
	else
		rc = place(source->follow, l, e);
	source->named |= l->is == IMPORT_TAKEN || l->is == IMPORT_SHORTER;
	return rc;
}
