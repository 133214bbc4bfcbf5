/*
 * tool.c - see tool.h. Everything here dies rather than fails: a test that cannot run
 * must not look like one that found nothing.
 */
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char scratch[256];
static bool keep;

void
tool_die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)fputs("cannot run: ", stderr);
	(void)vfprintf(stderr, format, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(TOOL_BROKEN);
}

/* splitmix64 */
uint64_t
tool_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t
tool_below(uint64_t *state, uint64_t n)
{
	return tool_random(state) % n;
}

bool
tool_chance(uint64_t *state, unsigned n, unsigned of)
{
	return tool_below(state, of) < n;
}

/* Removes the file or directory `name`, with the files and directories in it. */
static void
remove_all(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] != '.')
			remove_all(fd, entry->d_name);
	}
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		close(fd);
	(void)unlinkat(at, name, fd < 0 ? 0 : AT_REMOVEDIR);
}

static void
clean_up(void)
{
	if (!keep)
		remove_all(AT_FDCWD, scratch);
}

const char *
tool_scratch(void)
{
	const char *const place[] = { getenv("TMPDIR"), "/dev/shm", "/tmp" };

	for (size_t i = 0; !scratch[0] && i < sizeof place / sizeof place[0]; i++) {
		if (!place[i])
			continue;
		int n = snprintf(
		    scratch, sizeof scratch, "%s/bouncefeed-power-XXXXXX", place[i]);
		if (n >= (int)sizeof scratch || !mkdtemp(scratch))
			scratch[0] = '\0';
		else if (atexit(clean_up) != 0)
			tool_die("atexit");
	}
	if (!scratch[0])
		tool_die("no place for a directory: %s", strerror(errno));
	return scratch;
}

void
tool_keep(void)
{
	keep = true;
}

void
tool_place(const char *name, char *path, size_t size)
{
	char dir[PATH_MAX];

	(void)snprintf(dir, sizeof dir, "%s/%s", tool_scratch(), name);
	remove_all(AT_FDCWD, dir);
	if (mkdir(dir, 0700) < 0)
		tool_die("%s: %s", dir, strerror(errno));
	(void)snprintf(path, size, "%s/state.db", dir);
}

int
tool_load(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	do {
		if (buf_reserve(out, 1 << 16) < 0)
			tool_die("no memory for %s", path);
		n = read(fd, out->p + out->n, out->cap - out->n);
		out->n += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	int rc = n < 0 ? -errno : 0;
	close(fd);
	return rc;
}

void
tool_save(const char *path, struct slice bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		tool_die("%s: %s", path, strerror(errno));
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n <= 0)
			tool_die("write %s: %s", path, strerror(errno));
		bytes = slice_from(bytes, (size_t)n);
	}
	close(fd);
}

void *
tool_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 64;
	p = reallocarray(p, *cap, size);
	if (!p)
		tool_die("no memory");
	return p;
}

double
tool_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
