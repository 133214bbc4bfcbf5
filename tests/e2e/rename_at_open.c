/*
 * rename_at_open.c - preloaded by 26-renamed-in-scan.sh: a rotation at the worst
 * moment. When the file RENAME_PATH is to be opened and RENAME_WHEN is there,
 * RENAME_PATH goes to RENAME_PATH.1 and RENAME_WHEN takes its place; then it is opened.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int opener(const char *, int, ...);

static void
rotate(const char *path)
{
	const char *victim = getenv("RENAME_PATH"), *next = getenv("RENAME_WHEN");
	char to[4096];

	if (!victim || !next || strcmp(path, victim) != 0 || access(next, F_OK) < 0)
		return;
	(void)snprintf(to, sizeof to, "%s.1", path);
	if (rename(path, to) < 0 || rename(next, path) < 0)
		perror("rename_at_open");
}

static int
go_on(const char *name, const char *path, int flags, int mode)
{
	opener *real;

	rotate(path);
	*(void **)&real = dlsym(RTLD_NEXT, name);
	return real(path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
	va_end(rest);
	return go_on("open", path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list rest;

	va_start(rest, flags);
	int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
	va_end(rest);
	return go_on("open64", path, flags, mode);
}
