/*
 * clock.c - the clocks and the randomness that the pure layers get as arguments.
 */
#include "app/app.h"

#include <sys/random.h>
#include <time.h>

static int64_t
read_ms(clockid_t which)
{
	struct timespec ts;

	(void)clock_gettime(which, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t
clock_cpu_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

uint64_t
clock_random(void)
{
	uint64_t v = 0;

	/* 8 bytes come whole or not at all (getrandom(2)); the clock is better than
	 * nothing */
	if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v)
		v = (uint64_t)read_ms(CLOCK_MONOTONIC) * 0x9e3779b97f4a7c15u;
	return v;
}
