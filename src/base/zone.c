/*
 * zone.c - a time zone as a table of UTC offsets, so that parsers need no system call.
 *
 * The C library knows the zones: it is asked once for every week from 1970 to 2100 and
 * the weeks in which the offset changed are searched to the second. zone_load() changes
 * the process's TZ for a moment: call it before there are threads. Known bug: two
 * changes within one week are seen as one.
 */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHANGES_MAX = 512 };

struct zone {
	size_t n;
	struct {
		int64_t at;   /* UTC seconds from which the offset holds */
		int64_t east; /* seconds east of UTC */
	} change[CHANGES_MAX];
};

static int64_t
east_at(int64_t utc)
{
	time_t t = (time_t)utc;
	struct tm tm;

	return localtime_r(&t, &tm) ? (int64_t)tm.tm_gmtoff : 0;
}

/* The first second in (low, high] with another offset than `low` has. */
static int64_t
search(int64_t low, int64_t high)
{
	int64_t east = east_at(low);

	while (high - low > 1) {
		int64_t mid = low + (high - low) / 2;
		if (east_at(mid) == east)
			low = mid;
		else
			high = mid;
	}
	return high;
}

static void
sample(struct zone *z)
{
	const int64_t week = 7 * 86400, last = INT64_C(4102444800); /* 2100-01-01 */
	int64_t east = east_at(0);

	z->n = 1;
	z->change[0].at = INT64_MIN;
	z->change[0].east = east;
	for (int64_t t = week; t <= last && z->n < CHANGES_MAX; t += week) {
		if (east_at(t) == east)
			continue;
		east = east_at(t);
		z->change[z->n].at = search(t - week, t);
		z->change[z->n].east = east;
		z->n++;
	}
}

/* glibc takes any text for a zone; only one with a file under the zone directory is. */
static bool
known(const char *name)
{
	const char *dir = getenv("TZDIR");
	char path[512];

	if (strstr(name, "..") || name[0] == '/' || name[0] == '\0')
		return false;
	int n = snprintf(
	    path, sizeof path, "%s/%s", dir ? dir : "/usr/share/zoneinfo", name);
	return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

int
zone_load(const char *name, struct zone **out)
{
	bool local = strcmp(name, "local") == 0, utc = strcmp(name, "UTC") == 0;
	char *kept = NULL;

	if (!local && !utc && !known(name))
		return -ENOENT;
	struct zone *z = calloc(1, sizeof *z);
	if (!z)
		return -ENOMEM;
	const char *tz = getenv("TZ");
	if (tz && !(kept = strdup(tz))) {
		free(z);
		return -ENOMEM;
	}
	if (!local)
		(void)setenv("TZ", name, 1);
	tzset();
	sample(z);
	if (kept)
		(void)setenv("TZ", kept, 1);
	else
		(void)unsetenv("TZ");
	tzset();
	free(kept);
	*out = z;
	return 0;
}

void
zone_free(struct zone *z)
{
	free(z);
}

int64_t
zone_to_utc(const struct zone *z, int64_t wall)
{
	if (!z)
		return wall;
	/* The first period that has not ended by then: in the hour that a change
	 * repeats that is the first reading. Where the period has not begun either, the
	 * reading was skipped: the offset before the change then holds. */
	for (size_t i = 0; i < z->n; i++) {
		int64_t utc = wall - z->change[i].east;
		if (i + 1 < z->n && utc >= z->change[i + 1].at)
			continue;
		return i > 0 && utc < z->change[i].at ? wall - z->change[i - 1].east
						      : utc;
	}
	return wall;
}
