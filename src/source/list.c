/*
 * list.c - which files a source has: its paths, PowerMTA's dated names, the archive.
 *
 * Patterns are glob(3)'s. A PowerMTA path /d/stem.ext also stands for
 * /d/stem-YYYY-MM-DD-N+.ext of exactly that shape: `acct-*` would catch `acct-t-...`,
 * too. A packed file is one of the archive, wherever it lies. At most LIMIT_FILES
 * files.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of more files than there is room for, those of the archive that were written before
 * the last scan are history unseen. */
static int
add_past(struct source *s, const struct stat *st, bool live)
{
	bool old = s->last_scan_ns == 0 || source_mtime_ns(st) < s->last_scan_ns;

	return live || !old ? -E2BIG : source_past_add(s, st, live);
}

static int
add(struct source *s, struct candidates *c, const char *path, bool live)
{
	struct stat st;

	if (!source_look_up(s, path, &st) || !S_ISREG(st.st_mode))
		return 0; /* not there any more, or nothing to follow */
	if (!live && source_past_is(s, &st, live))
		return 0;
	if (c->n == LIMIT_FILES)
		return add_past(s, &st, live);
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 16;
		struct candidate *v = realloc(c->v, cap * sizeof *v);
		if (!v)
			return -ENOMEM;
		c->v = v;
		c->cap = cap;
	}
	char *copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	bool packed = source_is_packed(path);
	c->v[c->n++] = (struct candidate){
		.path = copy, .st = st, .live = live && !packed, .packed = packed
	};
	return 0;
}

/* glob() has no argument for it: the errno of a directory that cannot be listed. */
static int list_error;

/* A directory that may not be read has nothing for us. But where the fault is not its
 * own, what lies in it is unknown, not gone: that ends the listing. */
static int
note_error(const char *dir, int error)
{
	(void)dir;
	if (error != ENOENT && error != ENOTDIR)
		list_error = error;
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* What is known to be in a directory that cannot be listed is looked at all the same.
 */
static int
add_known(struct source *s, struct candidates *c, const char *pattern, bool live)
{
	int rc = 0;

	for (const struct source_file *f = s->files; rc == 0 && f; f = f->next) {
		if (f->present && f->path &&
		    fnmatch(pattern, f->path, FNM_PATHNAME) == 0)
			rc = add(s, c, f->path, live);
	}
	return rc;
}

/* All that fits the pattern; `stem`: only its dated names. */
static int
add_glob(struct source *s, struct candidates *c, const char *pattern, bool live,
    const char *stem)
{
	glob_t g = { 0 };
	int rc = 0;

	if (!strpbrk(pattern, "*?[\\"))
		return source_is_foreign(pattern) ? 0 : add(s, c, pattern, live);
	list_error = 0;
	switch (glob(pattern, GLOB_NOSORT, note_error, &g)) {
	case GLOB_NOSPACE:
		rc = -ENOMEM;
		break;
	case GLOB_ABORTED:
		rc = -list_error;
		break;
	}
	if (rc == 0 && list_error && list_error != EACCES)
		source_list_unseen(s, NULL, pattern, list_error);
	if (rc == 0 && list_error)
		rc = add_known(s, c, pattern, live);
	for (size_t i = 0; rc == 0 && i < g.gl_pathc; i++) {
		const char *path = g.gl_pathv[i];
		if (stem && !source_is_dated(stem, path))
			continue;
		if (source_is_foreign(path))
			continue;
		rc = add(s, c, path, live);
	}
	globfree(&g);
	return rc;
}

/* The patterns that one configured path or archive stands for: at most two. */
struct patterns {
	char text[2][PATH_MAX];
	size_t n;
};

static void
put_pattern(struct patterns *p, const char *head, size_t n, const char *tail)
{
	int len = snprintf(p->text[p->n], PATH_MAX, "%.*s%s", (int)n, head, tail);

	if (len > 0 && len < PATH_MAX)
		p->n++;
}

/* suffix: of packed ones, or empty */
static void
dated_pattern(const char *path, const char *suffix, struct patterns *p)
{
	char tail[PATH_MAX];
	size_t stem = source_stem_end(path);

	(void)snprintf(tail, sizeof tail, "-*%s%s", path + stem, suffix);
	put_pattern(p, path, stem, tail);
}

static void
default_archive(const char *path, struct patterns *p)
{
	p->n = 0;
	put_pattern(p, path, strlen(path), ".*");
	put_pattern(p, path, strlen(path), "-*");
}

static void
archive_pattern(const char *archive, struct patterns *p)
{
	struct stat st;
	bool dir = (archive[0] && archive[strlen(archive) - 1] == '/') ||
		   (stat(archive, &st) == 0 && S_ISDIR(st.st_mode));

	size_t n = strlen(archive);

	while (n > 1 && archive[n - 1] == '/')
		n--;
	p->n = 0;
	put_pattern(p, archive, n, dir ? "/*" : "");
}

static int
add_patterns(struct source *s, struct candidates *c, const struct patterns *p,
    bool live, const char *stem)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		source_watch_pattern(s, p->text[i]);
		rc = add_glob(s, c, p->text[i], live, stem);
	}
	return rc;
}

static int
list_paths(struct source *s, struct candidates *c)
{
	struct patterns p;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->o.npaths; i++) {
		const char *path = s->o.path[i];
		p.n = 0;
		put_pattern(&p, path, strlen(path), "");
		rc = add_patterns(s, c, &p, true, NULL);
		if (rc == 0 && s->o.dated) {
			p.n = 0;
			dated_pattern(path, "", &p);
			rc = add_patterns(s, c, &p, true, path);
		}
	}
	return rc;
}

static int
list_archive(struct source *s, struct candidates *c)
{
	struct patterns p;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->o.narchives; i++) {
		archive_pattern(s->o.archive[i], &p);
		rc = add_patterns(s, c, &p, false, NULL);
	}
	for (size_t i = 0; rc == 0 && s->o.narchives == 0 && i < s->o.npaths; i++) {
		const char *path = s->o.path[i];
		default_archive(path, &p);
		rc = add_patterns(s, c, &p, false, NULL);
		if (rc == 0 && s->o.dated) {
			p.n = 0;
			dated_pattern(path, ".gz", &p);
			dated_pattern(path, ".zst", &p);
			rc = add_patterns(s, c, &p, false, path);
		}
	}
	return rc;
}

/* By inode, what is under path before what is in the archive, else as listed. */
static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->st.st_dev != y->st.st_dev)
		return x->st.st_dev < y->st.st_dev ? -1 : 1;
	if (x->st.st_ino != y->st.st_ino)
		return x->st.st_ino < y->st.st_ino ? -1 : 1;
	if (x->live != y->live)
		return x->live ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* Plain files before packed ones, then by time: earlier files are bound and read first.
 */
static int
compare_age(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->packed != y->packed)
		return x->packed ? 1 : -1;
	int64_t m = source_mtime_ns(&x->st), n = source_mtime_ns(&y->st);

	return m != n ? (m < n ? -1 : 1) : strcmp(x->path, y->path);
}

/* One file by two names is one file. */
static void
unite(struct candidates *c)
{
	size_t kept = 0;

	if (c->n == 0)
		return;
	qsort(c->v, c->n, sizeof *c->v, compare);
	for (size_t i = 1; i < c->n; i++) {
		if (c->v[i].st.st_ino == c->v[kept].st.st_ino &&
		    c->v[i].st.st_dev == c->v[kept].st.st_dev)
			free(c->v[i].path);
		else
			c->v[++kept] = c->v[i];
	}
	c->n = kept + 1;
	qsort(c->v, c->n, sizeof *c->v, compare_age);
}

int
source_list(struct source *s, struct candidates *out, struct err *e)
{
	source_list_begin(s);
	int rc = list_paths(s, out);
	if (rc == 0)
		rc = list_archive(s, out);
	source_list_end(s);
	if (rc < 0)
		return err_set(e, rc, "look over %s: %s", s->o.path[0], strerror(-rc));
	unite(out);
	return 0;
}

void
source_list_free(struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].path);
	free(c->v);
	*c = (struct candidates){ 0 };
}

static bool
fits(const struct patterns *p, const char *path)
{
	for (size_t i = 0; i < p->n; i++) {
		if (fnmatch(p->text[i], path, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

bool
source_wants(const struct source *s, const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct patterns p;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return true; /* a needless look costs little */
	for (size_t i = 0; i < s->o.npaths; i++) {
		p.n = 0;
		put_pattern(&p, s->o.path[i], strlen(s->o.path[i]), "");
		if (fits(&p, path) ||
		    (s->o.dated && source_is_dated(s->o.path[i], path)))
			return true;
		default_archive(s->o.path[i], &p);
		if (s->o.narchives == 0 && fits(&p, path))
			return true;
	}
	for (size_t i = 0; i < s->o.narchives; i++) {
		archive_pattern(s->o.archive[i], &p);
		if (fits(&p, path))
			return true;
	}
	return false;
}
