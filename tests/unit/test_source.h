/*
 * test_source.h - what the tests of the source share: a directory, a source that
 * follows files in it, and a reader that takes whole lines, as the daemon does.
 */
#ifndef BOUNCEFEED_TEST_SOURCE_H
#define BOUNCEFEED_TEST_SOURCE_H

#include <check.h>

#include "source/source.h"

enum { SOURCE_TEST_ROOM = 256 };

struct source_test {
	char path[4][SOURCE_TEST_ROOM];    /* what o.path points to */
	char archive[2][SOURCE_TEST_ROOM]; /* what o.archive points to */
	const char *paths[4];
	const char *archives[2];
	struct source_options o;
	struct source_watch *watch;
	struct source *source;
	int64_t last_ns; /* of the last scan */
	int64_t now_ms;
	struct buf got; /* the lines read, in order */
};

extern struct source_test source_test;

void source_test_setup(void); /* follows acct.csv, as if it had been known for long */
void source_test_teardown(void);

/* A name in the directory as a path; good for the four calls that follow. */
const char *source_test_at(const char *name);

void source_test_path(size_t i, const char *name);    /* follow this, too */
void source_test_archive(size_t i, const char *name); /* archive: */
void source_test_start(void);                         /* makes the source */
void source_test_restart(void); /* another process with what was stored */

void source_test_write(const char *name, const char *text); /* makes it anew */
void source_test_append(const char *name, const char *text);
void source_test_move(const char *from, const char *to);
void source_test_copy(const char *from, const char *to); /* new inode, old mtime */
void source_test_age(const char *name, int seconds);     /* mtime that long ago */

void source_test_scan(void);
void source_test_read(void); /* reads all that can be read */

/* Scans, reads, and compares the new lines, sorted: "a1 a2 b1". */
void source_test_gives(const char *name, const char *want);

/* The known file of that name, or NULL. */
struct source_file *source_test_file(const char *name);

void source_add_name_tests(TCase *t);
void source_add_old_tests(TCase *t);
void source_add_restart_tests(TCase *t);
void source_add_poll_tests(TCase *t);

#endif
