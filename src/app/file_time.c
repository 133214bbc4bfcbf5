/*
 * file_time.c - what a file's own time is worth: log lines without a year are read by
 * it.
 */
#include "app/app.h"

struct when
clock_of_file(int64_t mtime)
{
	enum { YEAR_1990 = 631152000 };

	return (
	    struct when){ .sec = mtime < YEAR_1990 ? clock_wall_ms() / 1000 : mtime };
}
