/*
 * wake.c - an inotify watch on PATH.wake. A hint, as all inotify is: the safety rescan
 * looks, too.
 */
#include "app/wake.h"
#include "store/store.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int
wake_open(const char *state_path, struct err *e)
{
	char path[PATH_MAX];
	int rc = store_wake(state_path, e); /* makes the file */

	if (rc < 0)
		return rc;
	(void)store_wake_path(state_path, path, sizeof path);
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
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
wake_take(int fd)
{
	char text[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(fd, text, sizeof text) > 0)
		;
}
