/*
 * count_alloc.c - LD_PRELOAD: counts the calls of the allocator into the file
 * COUNT_ALLOC.
 *
 * The file is as long as struct counts. Without it nothing is counted. Calls go on to
 * glibc's own names, which need no lookup that would itself allocate.
 */
#include "count_alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static struct counts nowhere;
static struct counts *counts = &nowhere;

__attribute__((constructor)) static void
open_counts(void)
{
	const char *path = getenv("COUNT_ALLOC");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *p = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		counts = p;
}

static void
count(int kind)
{
	(void)__atomic_fetch_add(&counts->now[kind], 1, __ATOMIC_RELAXED);
}

void *
malloc(size_t n)
{
	count(COUNT_MALLOC);
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	count(COUNT_CALLOC);
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	count(COUNT_REALLOC);
	return __libc_realloc(p, n);
}

void *
aligned_alloc(size_t align, size_t n)
{
	count(COUNT_ALIGNED);
	return __libc_memalign(align, n);
}

void *
memalign(size_t align, size_t n)
{
	count(COUNT_ALIGNED);
	return __libc_memalign(align, n);
}

int
posix_memalign(void **out, size_t align, size_t n)
{
	count(COUNT_ALIGNED);
	void *p = __libc_memalign(align, n);
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

void
free(void *p)
{
	if (p)
		count(COUNT_FREE);
	__libc_free(p);
}
