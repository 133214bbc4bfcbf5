/*
 * import.c - the positions of a sincedb into the state file.
 *
 * Files of a source that the sincedb does not name: what was written after Logstash
 * last moved a position is new to it and is read from its beginning; what was there
 * before is left to `start`, and to nobody in the archive. Files that appear later are
 * new to the daemon, too: its last scan is said to have been at that move.
 */
#include "app/import_internal.h"
#include "app/app.h"
#include "app/follow_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A file not named that was last written so long before Logstash's last move had its
 * time to be discovered: each 15 s, where it is not configured otherwise. */
static const int64_t UNSEEN_NS = INT64_C(3600) * 1000000000;

size_t
import_read(struct slice text, struct import_line *line, size_t cap)
{
	unsigned number = 0;
	size_t n = 0;

	while (text.n > 0 && n < cap) {
		size_t lf = slice_find(text, '\n');
		struct slice in = { text.p, lf };
		struct import_line *l = &line[n];

		number++;
		if (slice_trim(in).n > 0) {
			*l = (struct import_line){ .number = number };
			l->unended = lf == text.n;
			l->why = sincedb_read(in, &l->entry);
			n++;
		}
		text = slice_from(text, lf + 1);
	}
	return n;
}

/* --- the files
 * ------------------------------------------------------------------------
 */

static int
look_over(struct import *im, size_t i, struct err *e)
{
	const struct config_source *c = &im->env->config->source[i];
	struct import_source *s = &im->source[i];
	int rc;

	if (!(s->follow = follow_new(im->env, c, e)))
		return e->code;
	s->known = s->follow->stored_scan_ns != 0;
	if ((rc = follow_look(s->follow, clock_ms())) < 0)
		return err_set(e, rc, "source %s cannot be looked over", c->name);
	for (struct source_file *f = source_files(s->follow->source); f; f = f->next)
		im->nfiles += f->present;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct source_file *x = ((const struct import_file *)a)->s;
	const struct source_file *y = ((const struct import_file *)b)->s;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x->live != y->live ? (x->live ? -1 : 1) : strcmp(x->path, y->path);
}

static int
list_files(struct import *im, struct err *e)
{
	size_t nsources = im->env->config->nsources, n = 0;
	int rc = 0;

	if (!(im->source = calloc(nsources + 1, sizeof *im->source)))
		return err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; rc == 0 && i < nsources; i++)
		rc = look_over(im, i, e);
	if (rc < 0)
		return rc;
	if (!(im->file = calloc(im->nfiles + 1, sizeof *im->file)))
		return err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; i < nsources; i++) {
		struct source_file *f = source_files(im->source[i].follow->source);
		for (; f; f = f->next) {
			if (f->present)
				im->file[n++] = (struct import_file){ .s = f,
					.source = i };
		}
	}
	qsort(im->file, im->nfiles, sizeof *im->file, compare);
	return 0;
}

/* --- what the sincedb does not name
 * ---------------------------------------------------
 */

/* When Logstash last moved a position: what is written after it is new. */
static int64_t
last_move_ns(const struct import *im)
{
	int64_t last_ms = 0;

	for (size_t i = 0; i < im->nlines; i++) {
		if (!im->line[i].why && im->line[i].entry.at_ms > last_ms)
			last_ms = im->line[i].entry.at_ms;
	}
	if (last_ms > 0 && last_ms < im->written_ns / 1000000)
		return last_ms * 1000000;
	return im->written_ns > 0 ? im->written_ns : 1;
}

/* Sets f->rest, and whether the file is stored: a new one is found as such by the
 * daemon. */
static void
judge(struct import_file *f, const struct config_source *c, int64_t last_ns)
{
	struct source_file *s = f->s;
	bool shrunk = f->line && f->line->is == IMPORT_SHORTER;
	int64_t new_ns = s->live ? last_ns - UNSEEN_NS : last_ns;

	s->dirty = false;
	if ((shrunk && s->live) || s->mtime_ns >= new_ns) {
		f->rest = IMPORT_REST_NEW;
	} else if (s->live) {
		f->rest = IMPORT_REST_START;
		s->dirty = strcmp(c->start, "beginning") != 0;
	}
}

static void
judge_rest(struct import *im)
{
	int64_t last_ns = last_move_ns(im);

	for (size_t i = 0; i < im->env->config->nsources; i++) {
		struct import_source *s = &im->source[i];
		if (s->named && !s->known)
			s->follow->scanned_ns = last_ns;
		else
			s->follow->scanned_ns = s->follow->stored_scan_ns;
		/* what the scan found of files out of sight is the daemon's to find */
		for (struct source_file *f = source_files(s->follow->source); f;
		     f = f->next)
			f->dirty &= f->present;
	}
	for (size_t i = 0; i < im->nfiles; i++) {
		struct import_file *f = &im->file[i];
		struct import_source *s = &im->source[f->source];
		if (f->line && f->line->is == IMPORT_TAKEN)
			continue;
		if (s->named && !s->known)
			judge(f, &im->env->config->source[f->source], last_ns);
		else
			f->s->dirty = false;
	}
}

/* --- all of it
 * ------------------------------------------------------------------------
 */

static int
store(struct import *im, struct err *e)
{
	int rc = store_begin(im->env->store, STORE_DURABLE, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < im->env->config->nsources; i++) {
		if (im->source[i].named)
			rc = follow_put(im->source[i].follow, e);
	}
	if (rc < 0) {
		store_rollback(im->env->store);
		return rc;
	}
	return store_commit(im->env->store, e);
}

int
import_run(struct import *im, struct err *e)
{
	int rc = list_files(im, e);

	for (size_t i = 0; rc == 0 && i < im->nlines; i++) {
		if (!im->line[i].why)
			import_match(im, &im->line[i]);
	}
	for (size_t i = 0; rc == 0 && i < im->nlines; i++) {
		if (im->line[i].is == IMPORT_TAKEN)
			rc = import_take(im, &im->line[i], e);
	}
	if (rc < 0)
		return rc;
	judge_rest(im);
	return store(im, e);
}

void
import_free(struct import *im)
{
	for (size_t i = 0; im->source && i < im->env->config->nsources; i++)
		follow_free(im->source[i].follow);
	free(im->source);
	free(im->file);
	im->source = NULL;
	im->file = NULL;
	im->nfiles = 0;
}
