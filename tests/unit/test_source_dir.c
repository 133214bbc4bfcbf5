/*
 * test_source_dir.c - the directory, the source and the reader that the tests of the
 * source share. A record is a line; a file's key is of its first line.
 */
#include "test_source.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MAX = 256 };

struct source_test source_test;

static char dir[64];

static const char *
join(char out[SOURCE_TEST_ROOM], const char *name)
{
	int n = snprintf(out, SOURCE_TEST_ROOM, "%s/%s", dir, name);

	ck_assert_msg(n > 0 && n < SOURCE_TEST_ROOM, "%s: too long", name);
	return out;
}

static int
key_of(void *arg, struct slice head, bool last, struct file_key *out)
{
	size_t lf = slice_find(head, '\n');

	ck_assert_msg(arg == &source_test, "key: got other arguments");
	if (lf == head.n && (!last || head.n == 0))
		return 0;
	return hash_file_key((struct slice){ head.p, lf }, (struct slice){ 0 }, out) < 0
		   ? -EIO
		   : 1;
}

const char *
source_test_at(const char *name)
{
	static char path[4][SOURCE_TEST_ROOM];
	static unsigned next;

	return join(path[next++ % 4], name);
}

void
source_test_path(size_t i, const char *name)
{
	struct source_test *t = &source_test;

	t->paths[i] = join(t->path[i], name);
	t->o.npaths = i + 1;
}

void
source_test_archive(size_t i, const char *name)
{
	struct source_test *t = &source_test;

	t->archives[i] = join(t->archive[i], name);
	t->o.narchives = i + 1;
}

void
source_test_setup(void)
{
	struct source_test *t = &source_test;
	struct err e = { 0 };

	*t = (struct source_test){ .last_ns = 1, .now_ms = 1000000 };
	(void)snprintf(dir, sizeof dir, "/tmp/bouncefeed-source-XXXXXX");
	ck_assert_msg(mkdtemp(dir) != NULL, "mkdtemp: %s", strerror(errno));
	buf_init(&t->got, 1 << 20);
	t->o.path = t->paths;
	t->o.archive = t->archives;
	t->o.key = key_of;
	t->o.key_arg = t;
	source_test_path(0, "acct.csv");
	t->watch = source_watch_new(&e);
	ck_assert_msg(t->watch != NULL, "source_watch_new: %s", e.text);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

void
source_test_teardown(void)
{
	struct source_test *t = &source_test;

	source_free(t->source);
	source_watch_free(t->watch);
	buf_free(&t->got);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
source_test_start(void)
{
	source_test.source = source_new(source_test.watch, &source_test.o);
	ck_assert_msg(source_test.source != NULL, "source_new: got NULL");
}

void
source_test_restart(void)
{
	struct source_test *t = &source_test;
	struct source *old = t->source;

	source_test_start();
	for (struct source_file *f = source_files(old); f; f = f->next) {
		if (f->ignored)
			continue; /* is not stored */
		struct source_file *n = source_add(t->source);
		ck_assert_msg(n != NULL, "source_add: got NULL");
		n->id = 1;
		n->dev = f->dev;
		n->ino = f->ino;
		n->has_key = f->has_key;
		n->key = f->key;
		n->offset = n->read = f->offset;
		n->skip = f->skip;
		n->marker = f->marker;
		n->seen_ms = f->seen_ms;
		n->path = strdup(f->path);
	}
	source_free(old);
}

static void
put(const char *name, const char *text, int flags)
{
	const char *path = source_test_at(name);
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
	size_t n = strlen(text);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_msg(write(fd, text, n) == (ssize_t)n, "write %s", path);
	close(fd);
}

void
source_test_write(const char *name, const char *text)
{
	put(name, text, O_TRUNC);
}

void
source_test_append(const char *name, const char *text)
{
	put(name, text, O_APPEND);
}

void
source_test_move(const char *from, const char *to)
{
	ck_assert_msg(rename(source_test_at(from), source_test_at(to)) == 0,
	    "rename %s %s: %s", from, to, strerror(errno));
}

void
source_test_copy(const char *from, const char *to)
{
	char text[8192];
	struct stat st;
	int fd = open(source_test_at(from), O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	ck_assert_msg(n >= 0 && fstat(fd, &st) == 0, "%s: %s", from, strerror(errno));
	close(fd);
	text[n] = '\0';
	source_test_write(to, text);
	struct timespec times[2] = { st.st_mtim, st.st_mtim };
	ck_assert_msg(
	    utimensat(AT_FDCWD, source_test_at(to), times, 0) == 0, "utimensat");
}

void
source_test_age(const char *name, int seconds)
{
	struct timespec now, times[2];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec -= seconds;
	times[0] = times[1] = now;
	ck_assert_msg(utimensat(AT_FDCWD, source_test_at(name), times, 0) == 0,
	    "utimensat %s: %s", name, strerror(errno));
}

void
source_test_scan(void)
{
	struct source_test *t = &source_test;
	struct err e = { 0 };
	int64_t ns = source_scan(t->source, t->last_ns, t->now_ms, &e);

	ck_assert_msg(ns > 0, "source_scan: got %lld %s", (long long)ns, e.text);
	t->last_ns = ns;
	for (struct source_file *f = source_files(t->source); f; f = f->next) {
		if (f->ended)
			source_close(t->source, f);
	}
}

/* Takes the whole lines of a piece; what comes behind is read again. */
static void
take(struct source_file *f, uint64_t at, struct slice piece)
{
	char first[SOURCE_TEST_ROOM], tail[LIMIT_MARKER];
	bool agrees;

	while (slice_find(piece, '\n') < piece.n) {
		size_t lf = slice_find(piece, '\n');
		at += lf + 1;
		if (at > f->skip)
			(void)buf_add(
			    &source_test.got, (struct slice){ piece.p, lf + 1 });
		piece = slice_from(piece, lf + 1);
	}
	f->offset = f->read = at;
	if (at == 0)
		return;
	ssize_t n = pread(f->fd, first, sizeof first, 0);
	f->has_key = n > 0 && key_of(&source_test, (struct slice){ first, (size_t)n },
				  false, &f->key) == 1;
	f->marker = hash_of(source_tail(source_test.source, f, tail, &agrees));
}

void
source_test_read(void)
{
	static char piece[8192];
	struct source *s = source_test.source;
	struct err e = { 0 };

	for (struct source_file *f = source_unread(s, NULL); f;
	     f = source_unread(s, f)) {
		uint64_t at = f->read;
		ssize_t n = source_read(s, f, piece, sizeof piece, &e);
		ck_assert_msg(n >= 0, "source_read %s: got %zd %s", f->path, n, e.text);
		take(f, at, (struct slice){ piece, (size_t)n });
	}
}

static int
by_text(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = n ? memcmp(x->p, y->p, n) : 0;

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

void
source_test_gives(const char *name, const char *want)
{
	struct slice line[LINES_MAX], rest;
	struct buf out;
	size_t n = 0;

	source_test_scan();
	source_test_read();
	for (rest = buf_slice(&source_test.got); rest.n > 0; n++) {
		size_t lf = slice_find(rest, '\n');
		ck_assert_msg(
		    n < LINES_MAX, "%s: got more than %d lines", name, LINES_MAX);
		line[n] = (struct slice){ rest.p, lf };
		rest = slice_from(rest, lf + 1);
	}
	qsort(line, n, sizeof *line, by_text);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < n; i++)
		(void)buf_printf(
		    &out, "%s%.*s", i ? " " : "", (int)line[i].n, line[i].p);
	ck_assert_msg(slice_eq(buf_slice(&out), slice_of(want)),
	    "%s: got \"%.*s\", want \"%s\"", name, (int)out.n, out.n ? out.p : "",
	    want);
	buf_free(&out);
	buf_clear(&source_test.got);
}

struct source_file *
source_test_file(const char *name)
{
	const char *path = source_test_at(name);

	for (struct source_file *f = source_files(source_test.source); f; f = f->next) {
		if (f->path && !strcmp(f->path, path))
			return f;
	}
	return NULL;
}
