/*
 * repeat.c - what each host wrote last, for lines that say that it was repeated.
 */
#include "parse/repeat.h"

#include <stdlib.h>

struct repeat {
	int unused;
};

struct repeat *
repeat_new(void)
{
	return calloc(1, sizeof(struct repeat));
}

void
repeat_free(struct repeat *r)
{
	free(r);
}

int
repeat_of(struct repeat *r, struct syslog_line *l)
{
	(void)r;
	(void)l;
	return 0;
}

void
repeat_note(struct repeat *r, const struct syslog_line *l, bool outcome)
{
	(void)r;
	(void)l;
	(void)outcome;
}
