/*
 * utf8.c - one character of UTF-8 at a time, as Unicode's table 3-7 has them.
 */
#include "base/base.h"

bool
utf8_next(struct slice in, size_t *n)
{
	const unsigned char *p = (const unsigned char *)in.p;
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t need;

	*n = 1;
	if (p[0] < 0x80)
		return true;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return false;
	need = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0; /* no overlong forms */
	else if (p[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f; /* nothing above U+10FFFF */
	while (*n < need) {
		if (*n >= in.n || p[*n] < low || p[*n] > high)
			return false;
		low = 0x80;
		high = 0xbf;
		(*n)++;
	}
	return true;
}
