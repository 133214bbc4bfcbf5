/*
 * test_frame.h - what the tests of the framer share.
 */
#ifndef BOUNCEFEED_TEST_FRAME_H
#define BOUNCEFEED_TEST_FRAME_H

#include <check.h>

#include "frame/frame.h"

/*
 * Feeds `in` by pieces to a framer and writes down what comes: R
 * off+used/bytes[field]... for a record, B off/bytes:why for what is none, E off at the
 * end. LF stands as ~, CR as ^, NUL as _, eight equal bytes and more as a{8}, more than
 * eight fields as #9. The bytes themselves are compared with the input here. Of a bad
 * stretch longer than the record limit only that much counts: the rest of it is skipped
 * as it comes. piece[]: their lengths, 0-terminated, the last one repeated. late:
 * `last` is told only when all bytes have been seen.
 */
struct frame_feed {
	size_t max;
	const size_t *piece;
	bool late;
};

void frame_test_feed(const struct frame_feed *how, struct slice in, struct buf *out);

/* The input readable, for messages; until the next call. */
const char *frame_test_show(struct slice in);

#endif
