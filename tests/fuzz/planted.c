/*
 * planted.c - src/frame/csv.c with a bug in it, to see that the fuzzer finds bugs:
 * built with -DPLANT_BUG it is linked in place of the good one.
 *
 * The bug: room for the fields with doubled quotes is no longer reserved in one go, so
 * the second of two such fields in a record may move the buffer under the first one.
 */
#include "frame/frame.h"

#ifdef PLANT_BUG
static int
reserve_nothing(struct buf *b, size_t more)
{
	(void)b;
	(void)more;
	return 0;
}
#define buf_reserve reserve_nothing
#endif

#include "frame/csv.c"
