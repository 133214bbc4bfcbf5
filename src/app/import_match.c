/*
 * import_match.c - which file a line of the sincedb is of.
 *
 * By its inode on the line's device. Device numbers change with a reboot, and
 * containers have their own: where none fits, the inode alone, if only one file has it
 * or one of them has the line's path.
 */
#include "app/import_internal.h"

static size_t
first_of(const struct import *im, uint64_t ino)
{
	size_t low = 0, high = im->nfiles;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (im->file[middle].s->ino < ino)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum { RANK_DEVICE = 4, RANK_PATH = 2, RANK_LIVE = 1 };

/* The archive of one source may be another's path: there the live one counts. */
static int
rank_of(const struct import_line *l, const struct source_file *s)
{
	return (sincedb_is_on(&l->entry, s->dev) ? RANK_DEVICE : 0) +
	       (slice_eq(slice_of(s->path), l->entry.path) ? RANK_PATH : 0) +
	       (s->live ? RANK_LIVE : 0);
}

static struct import_file *
choose(struct import *im, struct import_line *l)
{
	struct import_file *best = NULL;
	bool devices = false, tie = false;
	int rank = -1;

	for (size_t i = first_of(im, l->entry.inode);
	     i < im->nfiles && im->file[i].s->ino == l->entry.inode; i++) {
		struct import_file *f = &im->file[i];
		int r = rank_of(l, f->s);
		devices |= best && best->s->dev != f->s->dev;
		tie = r == rank || (tie && r < rank);
		if (r > rank) {
			best = f;
			rank = r;
		}
	}
	l->is = best ? IMPORT_TWO_FILES : IMPORT_NO_FILE;
	/* on several devices, being live tells nothing */
	if (tie || (devices && rank < RANK_PATH))
		return NULL;
	return best;
}

/* Of two lines of one file: the one whose device fits, the one that moved last. */
static bool
is_better(const struct import_line *a, const struct import_line *b)
{
	if (a->other_device != b->other_device)
		return !a->other_device;
	return a->entry.at_ms >= b->entry.at_ms;
}

void
import_match(struct import *im, struct import_line *l)
{
	struct import_file *f = choose(im, l);

	if (!f)
		return;
	l->other_device = !sincedb_is_on(&l->entry, f->s->dev);
	l->file = f;
	if (f->line && !is_better(l, f->line)) {
		l->is = IMPORT_TWO_LINES;
		l->other = f->line->number;
		return;
	}
	if (f->line) {
		f->line->is = IMPORT_TWO_LINES;
		f->line->other = l->number;
	}
	f->line = l;
	l->is = IMPORT_TAKEN;
}
