/*
 * count_alloc.h - the page that the preloaded counter, the sink and the bench share.
 */
#ifndef BENCH_COUNT_ALLOC_H
#define BENCH_COUNT_ALLOC_H

#include <stdint.h>

enum {
	COUNT_MALLOC,
	COUNT_CALLOC,
	COUNT_REALLOC,
	COUNT_ALIGNED,
	COUNT_FREE,
	COUNT_KINDS
};

struct counts {
	uint64_t now[COUNT_KINDS];
	uint64_t half[COUNT_KINDS]; /* when the sink had half of the events */
	uint64_t half_events;
	uint64_t all[COUNT_KINDS]; /* when it had all of them */
	uint64_t all_events;
};

#endif
