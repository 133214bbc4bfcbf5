/*
 * wake.c - an inotify watch on one file that others touch. A hint, as all inotify is:
 * who waits for it looks now and then, too.
 */
#include "source/source.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int
source_wake_open(const char *path, struct err *e)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), rc;

	if (fd < 0)
		return err_set(e, -errno, "inotify: %s", strerror(errno));
	if (inotify_add_watch(fd, path, IN_ATTRIB | IN_MODIFY) < 0) {
		rc = err_set(e, -errno, "watch %s: %s", path, strerror(errno));
		close(fd);
		return rc;
	}
	return fd;
}

void
source_wake_take(int fd)
{
	char text[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(fd, text, sizeof text) > 0)
		;
}
