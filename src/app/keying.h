/*
 * keying.h - the making of a file key: the header (if there is one), then the first
 * data record, each cut at LIMIT_KEY_TEXT bytes.
 */
#ifndef BOUNCEFEED_KEYING_H
#define BOUNCEFEED_KEYING_H

#include "base/base.h"

struct keying {
	bool done;
	struct buf header;
	struct file_key key;
};

/* Takes a record of the file's beginning; nothing once the key is made. 0 or -errno. */
int keying_take(struct keying *k, struct slice record, bool header);

#endif
