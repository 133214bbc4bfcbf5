/*
 * keying.c - a file's key from its first records. A bad record counts as framed.
 */
#include "app/keying.h"

static struct slice
cut(struct slice s)
{
	return (struct slice){ s.p, s.n < LIMIT_KEY_TEXT ? s.n : LIMIT_KEY_TEXT };
}

int
keying_take(struct keying *k, struct slice record, bool header)
{
	int rc;

	if (k->done)
		return 0;
	if (header)
		return k->header.n > 0 ? 0 : buf_add(&k->header, cut(record));
	if ((rc = hash_file_key(buf_slice(&k->header), cut(record), &k->key)) == 0)
		k->done = true;
	return rc;
}
