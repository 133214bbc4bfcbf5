/*
 * source_internal.h - what the files of this folder share.
 */
#ifndef BOUNCEFEED_SOURCE_INTERNAL_H
#define BOUNCEFEED_SOURCE_INTERNAL_H

#include "source/source.h"

#include <sys/stat.h>

struct source {
	struct source *next; /* in the watch's list */
	struct source_watch *watch;
	struct source_options o;
	struct source_file *files;
	size_t nfiles;
	size_t nopen;
	bool starved;
	bool want_scan;
	bool want_look;
};

/* A file found on disk. */
struct candidate {
	char *path;
	struct stat st;
	bool live;
	struct source_file *file; /* what it turned out to be */
	bool wait; /* a copy of a known file, or not to be told yet: the next scan looks
		    */
};

struct candidates {
	struct candidate *v;
	size_t n, cap;
};

/* list.c: what is there now under path and archive; adds the directories to the watch.
 */
int source_list(struct source *s, struct candidates *out, struct err *e);
void source_list_free(struct candidates *c);

/* true where both are dated names of one PowerMTA file and `later` is the later one */
bool source_supersedes(const struct source *s, const char *later, const char *path);

/* true where a file of this name in this directory may be ours */
bool source_wants(const struct source *s, const char *dir, const char *name);

/* identity.c */
int source_key_of(struct source *s, int fd, struct file_key *out); /* 1, 0 or -errno */
bool source_marker_agrees(int fd, uint64_t offset, const struct hash128 *marker);

/* watch.c */
void source_watch_dir(struct source_watch *w, const char *dir);
void source_watch_join(struct source_watch *w, struct source *s);
void source_watch_leave(struct source_watch *w, struct source *s);

/* tail.c */

int64_t source_mtime_ns(const struct stat *st);

#endif
