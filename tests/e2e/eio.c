/*
 * eio.c - LD_PRELOAD: calls on files below $EIO_PATH fail while the file $EIO_FLAG
 * exists.
 *
 * The flag says which and how: "ERRNO WHAT", WHAT one of write, sync, read, short (half
 * of the bytes are written, then it fails) or all.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The errno with which this call on fd fails; 0: it does not. *cut: half is written. */
static int
fails(int fd, const char *what, int *cut)
{
	const char *flag = getenv("EIO_FLAG"), *path = getenv("EIO_PATH");
	char link[64], name[PATH_MAX], said[16] = "";
	int error = 0, saved = errno;
	FILE *f = flag && path ? fopen(flag, "re") : NULL;

	if (f) {
		if (fscanf(f, "%d %15s", &error, said) != 2)
			error = 0;
		(void)fclose(f);
	}
	errno = saved;
	*cut = !strcmp(said, "short") && !strcmp(what, "write");
	if (error == 0 || (strcmp(said, "all") && strcmp(said, what) && !*cut))
		return 0;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, name, sizeof name - 1);
	errno = saved;
	if (n < 0)
		return 0;
	name[n] = '\0';
	return strncmp(name, path, strlen(path)) ? 0 : error;
}

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

#define PWRITE(name, offset)                                                        \
	ssize_t name(int fd, const void *p, size_t n, offset at)                    \
	{                                                                           \
		static ssize_t (*next)(int, const void *, size_t, offset);          \
		int cut, error = fails(fd, "write", &cut);                          \
		if (!next)                                                          \
			next = (ssize_t(*)(int, const void *, size_t, offset))real( \
			    #name);                                                 \
		if (error && cut && n > 1)                                          \
			return next(fd, p, n / 2, at);                              \
		if (error) {                                                        \
			errno = error;                                              \
			return -1;                                                  \
		}                                                                   \
		return next(fd, p, n, at);                                          \
	}

#define PREAD(name, offset)                                                          \
	ssize_t name(int fd, void *p, size_t n, offset at)                           \
	{                                                                            \
		static ssize_t (*next)(int, void *, size_t, offset);                 \
		int cut, error = fails(fd, "read", &cut);                            \
		if (!next)                                                           \
			next = (ssize_t(*)(int, void *, size_t, offset))real(#name); \
		if (error) {                                                         \
			errno = error;                                               \
			return -1;                                                   \
		}                                                                    \
		return next(fd, p, n, at);                                           \
	}

#define SYNC(name)                                        \
	int name(int fd)                                  \
	{                                                 \
		static int (*next)(int);                  \
		int cut, error = fails(fd, "sync", &cut); \
		if (!next)                                \
			next = (int (*)(int))real(#name); \
		if (error) {                              \
			errno = error;                    \
			return -1;                        \
		}                                         \
		return next(fd);                          \
	}

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
PREAD(pread, off_t)
PREAD(pread64, off64_t)
SYNC(fsync)
SYNC(fdatasync)
