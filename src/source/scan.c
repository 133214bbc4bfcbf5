/*
 * scan.c - what is on disk now, and which of the known files each of it is.
 *
 * First by inode, which an open fd proves; an inode alone may have been reused and has
 * to agree in key and marker. Then what is left by key and marker: moved to another
 * file system, restored, or never open here. A file that continues nothing is new under
 * path; in the archive it is read only if it was written after the last scan, else it
 * is history.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t SETTLE_NS = INT64_C(2000000000);

/* A packed file is written once: inode and key are enough, the marker is compared when
 * it is read. */
static bool
packed_still_is(
    struct source *s, const struct candidate *c, const struct source_file *f)
{
	struct source_packed p;

	return source_probe(s, c, &p) == 0 && p.is != PACKED_CUT &&
	       !memcmp(p.key.b, f->key.b, sizeof p.key.b);
}

/* Is the file of this inode still the one that f is? One that cannot be opened now
 * counts as such: to call it another would mean to read it again from its beginning. */
static bool
still_is(struct source *s, struct candidate *c, struct source_file *f)
{
	struct file_key key;

	if (f->packed != c->packed)
		return false;
	if (f->packed)
		return packed_still_is(s, c, f);
	if ((uint64_t)c->st.st_size < f->offset)
		return false;
	if (!f->has_key)
		return true; /* nothing of it was taken yet */
	int fd = source_open_candidate(s, c);
	f->unsure = fd < 0;
	if (fd < 0)
		return true;
	int rc = source_key_of(s, fd, f->offset, &key);
	enum relation r = rc == 1 ? source_relation_of(fd, c, &key, f) : UNRELATED;
	close(fd);
	f->unsure = rc < 0 || r == DARK;
	return f->unsure || r == CONTINUES;
}

static int
bind(struct candidate *c, struct source_file *f, int64_t now_ms)
{
	if (!f->has_key && !c->packed && (uint64_t)c->st.st_size < f->skip) {
		f->skip = 0; /* it began anew since the first look */
		f->start_ms = 0;
		f->dirty = true;
	}
	bool moved = !f->path || strcmp(f->path, c->path) != 0 ||
		     f->dev != c->st.st_dev || f->ino != c->st.st_ino;
	uint64_t size = c->packed ? f->length : (uint64_t)c->st.st_size;

	if (moved) {
		char *path = strdup(c->path);
		if (!path)
			return -ENOMEM;
		free(f->path);
		f->path = path;
		f->dev = c->st.st_dev;
		f->ino = c->st.st_ino;
		f->dirty = !f->ignored;
	}
	if (size > f->size || !f->present)
		f->grown_ms = now_ms;
	if (f->fd < 0) {
		if (f->mtime_ns != source_mtime_ns(&c->st))
			f->seen = 0; /* it was written to, whatever its size says */
		f->size = size;
		f->mtime_ns = source_mtime_ns(&c->st);
	}
	f->on_disk = (uint64_t)c->st.st_size;
	f->packed = c->packed;
	f->present = true;
	f->live = c->live;
	c->file = f;
	return 0;
}

/* The known files by inode, as they were when the scan began. */
struct known {
	uint64_t dev, ino;
	struct source_file *file;
};

static int
compare_known(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static struct known *
index_known(struct source *s)
{
	struct known *v = calloc(s->nfiles + 1, sizeof *v);
	size_t n = 0;

	for (struct source_file *f = s->files; v && f; f = f->next)
		v[n++] = (struct known){ f->dev, f->ino, f };
	if (v)
		qsort(v, n, sizeof *v, compare_known);
	return v;
}

/* Pass 1. An inode that does not agree was reused: the known file is out of sight. */
static int
bind_by_inode(struct source *s, struct candidate *c, const struct known *index,
    size_t n, int64_t now_ms)
{
	struct known wanted = { c->st.st_dev, c->st.st_ino, NULL };
	struct known *k = bsearch(&wanted, index, n, sizeof *index, compare_known);
	struct source_file *f = k ? k->file : NULL;

	if (!f)
		return 0;
	if (f->ignored) {
		if ((c->live && !f->live) || source_mtime_ns(&c->st) != f->mtime_ns ||
		    (uint64_t)c->st.st_size != f->on_disk) {
			source_forget(s, f); /* written to again: judge it anew */
			return 0;
		}
		return bind(c, f, now_ms);
	}
	bool as_seen = f->present && !f->unsure &&
		       (uint64_t)c->st.st_size == f->on_disk &&
		       source_mtime_ns(&c->st) == f->mtime_ns &&
		       f->mtime_ns < s->last_scan_ns - STAMP_TICK_NS;
	if (f->fd >= 0 || as_seen || still_is(s, c, f))
		return bind(c, f, now_ms);
	f->dev = f->ino = 0;
	f->dirty = true;
	return 0;
}

/*
 * Pass 2: by key and marker. A file of the archive that is a copy of one in sight, or
 * of less than was taken, is no file of its own: it is looked at again at the next
 * scan, and continues that one should it be truncated or go. Where it goes on from
 * several, one of which is the beginning of another, the one of which most was taken is
 * meant.
 */
static int
bind_by_key(struct source *s, struct candidate *c, int64_t now_ms)
{
	int fd = source_open_candidate(s, c);
	int read = fd >= 0 ? source_key_of(s, fd, 0, &c->key) : -1;
	struct source_file *best = NULL;
	enum fit fit = OTHER, most = OTHER;

	c->has_key = read == 1;
	c->bare = read == 0 && c->st.st_size <= SOURCE_HEAD_MAX;
	for (struct source_file *f = s->files; f; f = f->next) {
		if (f->ignored || !f->has_key)
			continue;
		fit = c->has_key                        ? source_fit_of(s, fd, c, f)
		      : read < 0 && !source_in_sight(f) ? LATER /* it may be this one */
							: OTHER;
		if (fit == GOES_ON && (!best || best->offset < f->offset))
			best = f;
		most = fit == ITS_COPY || most == OTHER ? fit : most;
	}
	bool goes_on = best && most != ITS_COPY;
	if (most == LATER && fd >= 0 && read < 0) /* looked at again soon */
		source_list_unseen(s, NULL, c->path, -read);
	/* one of the archive that has no whole record yet may become a copy */
	c->wait |= !goes_on && most != OTHER;
	c->wait |= !c->has_key && !c->live && fd >= 0;
	s->waiting |= c->wait;
	if (fd >= 0)
		close(fd);
	if (!goes_on)
		return 0;
	source_close(s, best); /* a copy of less, if it is open */
	return bind(c, best, now_ms);
}

static int begin_file(
    struct source *s, struct candidate *c, int64_t last_scan_ns, int64_t now_ms);

/* Is there a known file with this key, of which more than that was taken? */
static bool
has_kin(struct source *s, const struct file_key *key, uint64_t over)
{
	for (struct source_file *f = s->files; f; f = f->next) {
		if (!f->ignored && f->has_key &&
		    !memcmp(f->key.b, key->b, sizeof key->b) && f->offset >= over)
			return true;
	}
	return false;
}

/* One that is written right now is left alone until it rests; a time to come (another
 * machine's clock, or ours was set back) does not tell. */
static void
want_probe(struct source *s, const struct candidate *c, int64_t now_ms)
{
	int64_t age_ns = source_stamp_ns() - source_mtime_ns(&c->st);

	if (age_ns > SETTLE_NS || age_ns < -SETTLE_NS)
		source_probe_want(s, c);
	else
		s->settle_ms = now_ms + SETTLE_NS / 1000000;
}

/* An earlier copy in the archive, of less, and all of that was read. */
static bool
is_short_of(const struct source_packed *p, const struct source_file *f)
{
	return f->present && !f->live && !source_has_unread(f) && f->size < p->length;
}

/*
 * A packed file: by the same rule as the others, but that it takes its time. Until it
 * is known what it is, and while it is a copy of a file in sight, it waits.
 */
static int
bind_packed(struct source *s, struct candidate *c, int64_t now_ms)
{
	struct source_packed p;

	if (s->last_scan_ns == 0)
		return begin_file(s, c, 0, now_ms); /* ignored */
	int rc = source_probe(s, c, &p);
	c->wait = s->waiting = true;
	if (rc < 0 || p.is == PACKED_CUT)
		return rc;
	if (source_mtime_ns(&c->st) < p.since_ns && !has_kin(s, &p.key, 0)) {
		c->wait = false;
		return begin_file(s, c, p.since_ns, now_ms); /* ignored */
	}
	if (p.is == PACKED_KEYED) {
		want_probe(s, c, now_ms);
		s->undecided_ns = p.since_ns < s->undecided_ns ? p.since_ns
							       : s->undecided_ns;
		return 0;
	}
	if (p.match && is_short_of(&p, p.match))
		source_close(s, p.match);
	else if (p.match ? source_in_sight(p.match) : has_kin(s, &p.key, p.length + 1))
		return 0; /* a copy, or one of less */
	c->wait = false;
	if (!p.match)
		rc = begin_file(s, c, p.since_ns, now_ms);
	if (!p.match && (rc < 0 || !c->file || c->file->ignored))
		return rc;
	struct source_file *f = p.match ? p.match : c->file;
	f->length = p.length;
	return bind(c, f, now_ms);
}

/* What is there at the first look is left to `start`, unless all of that is wanted. */
static bool
is_too_old(const struct source *s, const struct candidate *c, bool first)
{
	return s->o.older_ns > 0 && (!first || s->o.from_start) &&
	       source_stamp_ns() - source_mtime_ns(&c->st) > s->o.older_ns;
}

static int
begin_file(struct source *s, struct candidate *c, int64_t last_scan_ns, int64_t now_ms)
{
	bool first = last_scan_ns == 0;
	int64_t mtime = source_mtime_ns(&c->st);
	bool ignored = (!c->live && (first || mtime < last_scan_ns)) ||
		       is_too_old(s, c, first);

	c->wait = ignored && !s->o.keep_ignored;
	if (c->wait)
		return source_past_add(s, &c->st, c->live);
	struct source_file *f = source_add(s);
	if (!f)
		return -ENOMEM;
	f->ignored = ignored;
	f->has_key = c->has_key && !ignored; /* should it go before it is read */
	f->key = c->key;
	/* where no record was whole there is nothing to pass over */
	if (first && !s->o.from_start && !c->bare) {
		f->skip = (uint64_t)c->st.st_size;
		f->start_ms = s->o.start_ms;
	}
	int rc = bind(c, f, now_ms);
	f->mtime_ns = mtime;
	return rc;
}

/* Those that no inode told. */
static int
bind_rest(struct source *s, struct candidates *c, bool live, int64_t now_ms)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n; i++) {
		struct candidate *k = &c->v[i];
		if (k->file || k->wait || k->live != live)
			continue;
		if (k->packed) {
			rc = bind_packed(s, k, now_ms);
			continue;
		}
		rc = bind_by_key(s, k, now_ms);
		if (rc == 0 && !k->file && !k->wait)
			rc = begin_file(s, k, s->last_scan_ns, now_ms);
	}
	return rc;
}

static int
bind_all(struct source *s, struct candidates *c, int64_t now_ms)
{
	struct known *index = index_known(s);
	size_t n = s->nfiles;
	int rc = index ? 0 : -ENOMEM;

	for (struct source_file *f = s->files; f; f = f->next)
		f->was_live = f->live;
	for (size_t i = 0; rc == 0 && i < c->n; i++) {
		rc = bind_by_inode(s, &c->v[i], index, n, now_ms);
		if (!c->v[i].file)
			c->v[i].wait = source_past_is(s, &c->v[i].st, c->v[i].live);
	}
	free(index);
	/* those not seen now are what the rest may continue */
	for (struct source_file *f = s->files; f; f = f->next)
		f->present = f->live = false;
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].file) {
			c->v[i].file->present = true;
			c->v[i].file->live = c->v[i].live;
		}
	}
	source_learn_keys(s);
	/* what is under path first: a copy of it is none of its own */
	rc = rc == 0 ? bind_rest(s, c, true, now_ms) : rc;
	rc = rc == 0 ? bind_rest(s, c, false, now_ms) : rc;
	source_begin_grace(s, now_ms);
	return rc;
}

int64_t
source_scan(struct source *s, int64_t last_scan_ns, int64_t now_ms, struct err *e)
{
	struct candidates c = { 0 };
	int64_t began = source_stamp_ns();

	s->last_scan_ns = last_scan_ns;
	s->undecided_ns = INT64_MAX;
	s->waiting = false;

	/* what events told up to now is seen by this scan; first what was truncated:
	 * its copy, found below, then continues it */
	source_watch_take(s->watch);
	s->want_look = s->renamed = false;
	source_look_for_scan(s, now_ms);
	s->want_scan = false;
	int rc = source_list(s, &c, e);
	source_watch_take(s->watch);

	if (rc == 0 && (rc = bind_all(s, &c, now_ms)) < 0)
		err_set(e, rc, "look over %s: %s", s->o.path[0], strerror(-rc));
	source_list_free(&c);
	source_past_turn(s, rc == 0);
	if (rc < 0)
		return rc; /* what it did not come to see is not forgotten */
	source_probe_sweep(s, false);
	/* what vanished from sight stays open for its grace time: the files with an fd
	 */
	source_look(s, now_ms);
	/* Where names change while a directory is read, a file may be passed over, or
	 * not be found under its name, and what cannot be looked at may be new: to be
	 * called history in the archive one day, it must have been seen. So this scan
	 * was none as far as time goes. */
	if ((s->renamed || s->unseen) && last_scan_ns != 0)
		return last_scan_ns;
	return s->undecided_ns < began ? s->undecided_ns : began;
}
