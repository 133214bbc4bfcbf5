/*
 * clock.c - the test's own time, in place of src/app/clock.c and the kernel's.
 *
 * clock_gettime() and stat() of the C library are replaced for the whole program, so
 * that the time of a scan and the mtimes of files agree with the virtual clock. The
 * real mtimes are not touched: setting them would make inotify events that no writer
 * makes.
 */
#include "model.h"
#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int64_t EPOCH_MS = INT64_C(1795327200000); /* 2026-11-22T06:00:00Z */

int64_t model_now_ms;
static uint64_t random_state;

int64_t
clock_ms(void)
{
	return model_now_ms;
}

int64_t
clock_wall_ms(void)
{
	return EPOCH_MS + model_now_ms;
}

int64_t
clock_cpu_us(void)
{
	return 0;
}

uint64_t
clock_random(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
model_random_seed(uint64_t seed)
{
	random_state = seed;
}

int64_t
model_wall_ns(void)
{
	return clock_wall_ms() * 1000000;
}

int
clock_gettime(clockid_t which, struct timespec *out)
{
	if (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)
		return (int)syscall(SYS_clock_gettime, which, out);
	out->tv_sec = (time_t)(clock_wall_ms() / 1000);
	out->tv_nsec = (long)(clock_wall_ms() % 1000 * 1000000);
	return 0;
}

double
model_real_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
put_mtime(struct stat *st)
{
	for (unsigned i = world.nfiles; i > 0; i--) {
		const struct file *f = &world.file[i - 1];
		if (f->ino != st->st_ino)
			continue;
		st->st_mtim.tv_sec = (time_t)(f->mtime_ns / 1000000000);
		st->st_mtim.tv_nsec = (long)(f->mtime_ns % 1000000000);
		return;
	}
}

int
stat(const char *path, struct stat *st)
{
	int rc = fstatat(AT_FDCWD, path, st, 0);

	if (rc == 0)
		put_mtime(st);
	return rc;
}

int
lstat(const char *path, struct stat *st)
{
	int rc = fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);

	if (rc == 0)
		put_mtime(st);
	return rc;
}

int
fstat(int fd, struct stat *st)
{
	int rc = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (rc == 0)
		put_mtime(st);
	return rc;
}
