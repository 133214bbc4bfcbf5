/*
 * room.c - the bounds of the spool. Whoever fills it asks before it reads more; nothing
 * is ever dropped to make room.
 */
#include "app/room.h"

#include <sys/statvfs.h>

/* An output whose state cannot be read has no say: the next commit tells. */
static bool
has_share(struct store *s, const struct config_output *o)
{
	struct store_queue q;
	struct err ignored;

	return o->max_size == 0 ||
	       store_queue_get(s, slice_of(o->name), &q, &ignored) < 0 ||
	       q.bytes < o->max_size;
}

bool
room_left(struct store *s, const struct config *c, const char **why)
{
	struct statvfs fs;

	*why = "state.max_size";
	if (store_used(s) >= c->state_max_size)
		return false;
	*why = "state.min_free";
	if (statvfs(c->state_path, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < c->state_min_free)
		return false;
	*why = "max_size of an output";
	for (size_t i = 0; i < c->noutputs; i++) {
		if (!has_share(s, &c->output[i]))
			return false;
	}
	return true;
}
