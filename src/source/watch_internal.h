/*
 * watch_internal.h - what watch.c (which directories are watched) and watch_event.c
 * (what is told of them) share.
 */
#ifndef BOUNCEFEED_WATCH_INTERNAL_H
#define BOUNCEFEED_WATCH_INTERNAL_H

#include "source/source_internal.h"

#include <sys/inotify.h>

enum {
	MASK_SELF = IN_DELETE_SELF | IN_MOVE_SELF,
	MASK_LEAVES = MASK_SELF | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO,
	MASK_NAMES = MASK_SELF | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
		     IN_ATTRIB,
	MASK_FILES = MASK_NAMES | IN_MODIFY,
	WATCH_ROWS_MAX = 4096,
};

/* What one source wants to know of one directory. Several rows may share a watch: the
 * kernel has one for an inode, by whatever name. */
struct watched {
	int wd;
	uint32_t mask;
	struct source *source;
	bool wanted; /* by the scan under way */
	char *dir;
	char *name; /* NULL: what the source's patterns say */
	char *as;   /* the file of that name by its path in the source, or NULL */
};

struct source_watch {
	int fd;                /* -1: no instance */
	int error;             /* ... and why */
	int64_t again_ms;      /* when an instance is asked for again */
	int64_t full_until_ms; /* no watches are left: none are asked for */
	struct source *sources;
	struct watched *row;
	size_t nrows, cap;
	size_t cursor; /* scans ask in the same order: where the next one may be */
};

void source_watch_drop(struct source_watch *w, size_t row);

#endif
