/*
 * watch_path.c - which directories are watched, so that nothing that a pattern stands
 * for appears unseen: each directory that may hold files of it, and the way there.
 *
 * From the top down, each before it is listed. Where an element is a pattern, its
 * directory is watched for names that fit; where one is not there yet, what is above is
 * watched for it; where one is a symbolic link, the directories of the link and of its
 * target are. What is above a directory that is there is watched for going away.
 */
#include "source/source_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	PATTERNS_MAX = 16, /* elements of a path that are patterns */
	LINKS_MAX = 8,     /* in a row */
	TRIES_MAX = 16,    /* what appears while it is looked for */
};

/* "/a/b" to "/a" and "b"; false: there is nothing above it. */
static bool
split(const char *path, char dir[PATH_MAX], const char **leaf)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0 || (n == 1 && path[0] == '/') || n >= PATH_MAX)
		return false;
	memmove(dir, path, n);
	dir[n] = '\0';
	char *slash = strrchr(dir, '/');
	if (!slash) {
		static const char here[] = ".";
		if (!strcmp(dir, here))
			return false;
		*leaf = path; /* relative, without a slash behind it */
		(void)snprintf(dir, PATH_MAX, "%s", here);
		return true;
	}
	*leaf = path + (slash + 1 - dir);
	while (slash > dir && slash[-1] == '/')
		slash--;
	slash[slash == dir] = '\0';
	return true;
}

static bool
is_gone(int rc)
{
	return rc == -ENOENT || rc == -ENOTDIR || rc == -ELOOP;
}

/* The last element of the path, in the directory that should have it. */
static int
watch_element(struct source *s, const char *path, enum watch_kind kind)
{
	char dir[PATH_MAX], name[NAME_MAX + 1];
	const char *leaf;

	if (!split(path, dir, &leaf))
		return -ENOENT;
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(leaf, "/"), leaf);
	return source_watch_dir(s, dir, kind, name, NULL);
}

/* What the link at path points to, by its own path; false: it is none. */
static bool
follow_link(const char *path, char to[PATH_MAX])
{
	char text[PATH_MAX], dir[PATH_MAX];
	const char *leaf;
	ssize_t n = readlink(path, text, sizeof text - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (text[0] == '/' || !split(path, dir, &leaf))
		return snprintf(to, PATH_MAX, "%s", text) < PATH_MAX;
	return snprintf(to, PATH_MAX, "%s/%s", dir, text) < PATH_MAX;
}

static bool watch_missing(struct source *s, const char *path, int links);

/*
 * What is above the path, which is there, and links among it. The directory above is
 * watched for the name: a directory that is deleted tells nothing of itself as long as
 * a deleted file of it is open here. Those further up cannot be deleted before it.
 */
static void
watch_way(struct source *s, const char *path, size_t floor, int links)
{
	char at[PATH_MAX], dir[PATH_MAX], target[PATH_MAX];
	const char *leaf;
	bool above = false;

	(void)snprintf(at, sizeof at, "%s", path);
	for (; strlen(at) > floor && split(at, dir, &leaf); above = true) {
		/* where these are not permitted, the safety rescan serves */
		if (above)
			(void)source_watch_dir(s, at, WATCH_SELF, NULL, NULL);
		else
			(void)watch_element(s, at, WATCH_LEAVES);
		if (links < LINKS_MAX && follow_link(at, target)) {
			(void)watch_element(s, at, WATCH_LEAVES);
			if (watch_element(s, target, WATCH_LEAVES) >= 0)
				watch_way(s, target, 0, links + 1);
		}
		(void)snprintf(at, sizeof at, "%s", dir);
	}
}

/* All that is above the path, each for the next element: it may go, or come, any time.
 * *nearest is the first that is there. -errno: that cannot be watched. */
static int
watch_above(struct source *s, const char *path, char nearest[PATH_MAX])
{
	char at[PATH_MAX], dir[PATH_MAX];
	const char *leaf;
	int rc = -ENOENT;

	(void)snprintf(at, sizeof at, "%s", path);
	nearest[0] = '\0';
	while (split(at, dir, &leaf)) {
		int got = watch_element(s, at, WATCH_NAMES);
		if (!nearest[0] && !is_gone(got)) {
			(void)snprintf(nearest, PATH_MAX, "%s", dir);
			rc = got;
		}
		(void)snprintf(at, sizeof at, "%s", dir);
	}
	return rc;
}

/*
 * The path is not there: the directories above it are watched for what is missing.
 * true: it is there by now, or what was nearest is not.
 */
static bool
watch_missing(struct source *s, const char *path, int links)
{
	char at[PATH_MAX], dir[PATH_MAX], nearest[PATH_MAX], target[PATH_MAX];
	const char *leaf;
	struct stat st;
	int rc = watch_above(s, path, nearest);

	if (rc < 0) {
		source_watch_blind(s, -rc, nearest[0] ? nearest : path);
		return false;
	}
	/* a link that leads nowhere is what stands below */
	(void)snprintf(at, sizeof at, "%s", path);
	while (split(at, dir, &leaf) && strcmp(dir, nearest) != 0)
		(void)snprintf(at, sizeof at, "%s", dir);
	if (stat(at, &st) == 0)
		return S_ISDIR(st.st_mode);
	if (stat(nearest, &st) < 0)
		return true;
	if (links < LINKS_MAX && follow_link(at, target))
		return watch_missing(s, target, links + 1);
	return false;
}

/* 0: the directory is watched. */
static int
watch_literal(struct source *s, const char *path, size_t floor, enum watch_kind kind,
    const char *name)
{
	int rc = -ENOENT;

	for (int i = 0; i < TRIES_MAX; i++) {
		rc = source_watch_dir(s, path, kind, name, NULL);
		if (rc == 0)
			watch_way(s, path, floor, 0);
		if (rc >= 0)
			return 0;
		if (!is_gone(rc)) {
			source_watch_blind(s, -rc, path);
			return rc;
		}
		if (!watch_missing(s, path, 0))
			return rc;
	}
	return rc;
}

/* The path element where the first pattern begins, or the end. */
static const char *
first_pattern(const char *path)
{
	size_t n = strcspn(path, "*?[\\");

	if (!path[n])
		return path + n;
	while (n > 0 && path[n - 1] != '/')
		n--;
	return path + n;
}

static void walk(
    struct source *s, const char *above, size_t floor, const char *rest, int depth);

/* Each directory in `dir` whose name fits. `above` ends in a slash, or is empty. */
static void
walk_into(struct source *s, const char *above, const char *element, const char *rest,
    int depth)
{
	DIR *d = opendir(above[0] ? above : ".");
	struct dirent *e;
	char path[PATH_MAX];

	while (d && (e = readdir(d))) {
		bool may = e->d_type == DT_DIR || e->d_type == DT_LNK ||
			   e->d_type == DT_UNKNOWN;
		if (!may || fnmatch(element, e->d_name, FNM_PERIOD) != 0 ||
		    !strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		int n = snprintf(path, sizeof path, "%s%s", above, e->d_name);
		if (n > 0 && n < (int)sizeof path)
			walk(s, path, (size_t)n, rest, depth + 1);
	}
	if (d)
		closedir(d);
}

/* `above` is there; `rest` is what of the directory's pattern comes behind it. */
static void
walk(struct source *s, const char *above, size_t floor, const char *rest, int depth)
{
	char path[PATH_MAX], dir[PATH_MAX], element[NAME_MAX + 1];
	const char *pattern = first_pattern(rest);
	int n = snprintf(
	    path, sizeof path, "%s%.*s", above, (int)(pattern - rest), rest);

	if (n >= (int)sizeof path || depth > PATTERNS_MAX)
		return;
	if (!*pattern) {
		(void)watch_literal(s, path, floor, WATCH_FILES, NULL);
		return;
	}
	size_t len = strcspn(pattern, "/");
	if (len > NAME_MAX)
		return;
	(void)snprintf(element, sizeof element, "%.*s", (int)len, pattern);
	(void)snprintf(dir, sizeof dir, "%s", n > 0 ? path : ".");
	for (size_t end = strlen(dir); end > 1 && dir[end - 1] == '/';)
		dir[--end] = '\0';
	if (watch_literal(s, dir, floor, WATCH_NAMES, element) == 0)
		walk_into(s, path, element, pattern + len, depth);
}

void
source_watch_pattern(struct source *s, const char *pattern)
{
	char dir[PATH_MAX];
	const char *leaf;

	if (source_polls(s) || !split(pattern, dir, &leaf))
		return;
	walk(s, "", 0, dir, 0);
}

void
source_watch_link(struct source *s, const char *path)
{
	char at[PATH_MAX], to[PATH_MAX], dir[PATH_MAX];
	const char *leaf;

	(void)snprintf(at, sizeof at, "%s", path);
	for (int i = 0; i < LINKS_MAX && !source_polls(s) && follow_link(at, to); i++) {
		if (!split(to, dir, &leaf))
			return;
		int rc = source_watch_dir(s, dir, WATCH_FILES, leaf, path);
		if (rc == 0)
			watch_way(s, dir, 0, 0);
		if (is_gone(rc))
			(void)watch_missing(s, dir, 0);
		else if (rc < 0)
			source_watch_blind(s, -rc, dir);
		(void)snprintf(at, sizeof at, "%s", to);
	}
}
