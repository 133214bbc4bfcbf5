/*
 * lock.c - one daemon per state file: flock on PATH.lock, which holds the owner's pid.
 *
 * Never on the database itself: SQLite has locks of its own there, and closing any fd
 * of a file drops them. The kernel drops our lock when the process dies, however it
 * dies.
 */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 5 };

static int
lock_path(const char *path, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s.lock", path);

	return n > 0 && n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static long
read_pid(int fd)
{
	char text[24];
	uint64_t pid;
	ssize_t n = pread(fd, text, sizeof text, 0);

	if (n > 0 && slice_u64(slice_trim((struct slice){ text, (size_t)n }), &pid) &&
	    pid <= INT32_MAX)
		return (long)pid;
	return -1;
}

/* `status` asks by a lock of its own, for an instant: that is waited out. */
static int
try_lock(int fd)
{
	static const struct timespec nap = { .tv_nsec = 20 * 1000 * 1000 };
	int rc = 0;

	for (int i = 0; i < LOCK_TRIES; i++) {
		rc = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
		if (rc != -EWOULDBLOCK)
			break;
		(void)nanosleep(&nap, NULL);
	}
	return rc == -EWOULDBLOCK ? -EAGAIN : rc;
}

int
store_lock(struct store *s, long *holder, struct err *e)
{
	char path[PATH_MAX];
	int rc = lock_path(s->path, path);

	if (rc < 0)
		return err_set(e, rc, "state file %s: name too long", s->path);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return err_set(e, -errno, "lock %s: %s", path, strerror(errno));
	if ((rc = try_lock(s->lock_fd)) < 0) {
		*holder = read_pid(s->lock_fd);
		return err_set(
		    e, rc, "state file %s is in use by process %ld", s->path, *holder);
	}
	if (ftruncate(s->lock_fd, 0) < 0 ||
	    dprintf(s->lock_fd, "%ld\n", (long)getpid()) < 0)
		return err_set(e, -errno, "lock %s: %s", path, strerror(errno));
	return 0;
}

long
store_holder(const char *path)
{
	char lock[PATH_MAX];
	long pid = 0;

	if (lock_path(path, lock) < 0)
		return -1;
	int fd = open(lock, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		pid = errno == EWOULDBLOCK ? read_pid(fd) : -1;
	close(fd);
	return pid;
}
