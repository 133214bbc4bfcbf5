/*
 * stale.c - preloaded: calls on files below $STALE_PATH fail while the file $STALE_FLAG
 * exists, as those of a network file system do. The flag says which and how: "ERRNO
 * WHAT", WHAT one of open, stat (by name), fstat, read or all.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The errno with which this call on the path fails; 0: it does not. */
static int
fails(const char *path, const char *what)
{
	const char *flag = getenv("STALE_FLAG"), *below = getenv("STALE_PATH");
	char said[16] = "";
	int error = 0, saved = errno;

	if (!flag || !below || strncmp(path, below, strlen(below)) != 0)
		return 0;
	FILE *f = fopen(flag, "re");
	if (f) {
		if (fscanf(f, "%d %15s", &error, said) != 2)
			error = 0;
		(void)fclose(f);
	}
	errno = saved;
	return !strcmp(said, "all") || !strcmp(said, what) ? error : 0;
}

static int
fails_fd(int fd, const char *what)
{
	char link[64], name[PATH_MAX];
	int saved = errno;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, name, sizeof name - 1);
	errno = saved;
	if (n < 0)
		return 0;
	name[n] = '\0';
	return fails(name, what);
}

static void *
next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

#define STAT(name)                                                   \
	int name(const char *path, struct stat *st)                  \
	{                                                            \
		static int (*real)(const char *, struct stat *);     \
		int error = fails(path, "stat");                     \
		if (!real)                                           \
			*(void **)&real = next(#name);               \
		return error ? (errno = error, -1) : real(path, st); \
	}

#define PREAD(name, offset)                                              \
	ssize_t name(int fd, void *p, size_t n, offset at)               \
	{                                                                \
		static ssize_t (*real)(int, void *, size_t, offset);     \
		int error = fails_fd(fd, "read");                        \
		if (!real)                                               \
			*(void **)&real = next(#name);                   \
		return error ? (errno = error, -1) : real(fd, p, n, at); \
	}

#define OPEN(name)                                                                \
	int name(const char *path, int flags, ...)                                \
	{                                                                         \
		static int (*real)(const char *, int, ...);                       \
		va_list rest;                                                     \
		int error = fails(path, "open");                                  \
		va_start(rest, flags);                                            \
		int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0; \
		va_end(rest);                                                     \
		if (!real)                                                        \
			*(void **)&real = next(#name);                            \
		return error ? (errno = error, -1) : real(path, flags, mode);     \
	}

STAT(stat)
STAT(lstat)
PREAD(pread, off_t)
PREAD(pread64, off64_t)
OPEN(open)
OPEN(open64)

int
fstat(int fd, struct stat *st)
{
	static int (*real)(int, struct stat *);
	int error = fails_fd(fd, "fstat");

	if (!real)
		*(void **)&real = next("fstat");
	return error ? (errno = error, -1) : real(fd, st);
}
