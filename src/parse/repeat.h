/*
 * repeat.h - lines that say that another one was repeated.
 *
 * rsyslog: `message repeated 3 times: [ MESSAGE]` under the tag of MESSAGE; old
 * syslogds: `last message repeated 3 times`, without a tag or under "syslogd": the line
 * before of that host. It may come again: 3 more of the same.
 */
#ifndef BOUNCEFEED_REPEAT_H
#define BOUNCEFEED_REPEAT_H

#include "parse/syslog.h"

struct repeat; /* what each host wrote last; bounded in hosts and bytes */

struct repeat *repeat_new(void); /* NULL without memory */
void repeat_free(struct repeat *r);

enum {
	REPEAT_UNKNOWN = -1, /* what it repeats was not read, or is not kept */
	REPEAT_MAX = 10000,  /* more is taken for a broken line: REPEAT_UNKNOWN */
};

/*
 * How often the line repeats another one; 0: it is no such line; or REPEAT_UNKNOWN.
 * Where it is > 0, *l has tag, pid and message of what is repeated, and its own time
 * and host. The slices borrow from l and from r, until the next repeat_note(). Else *l
 * is as it was.
 */
int repeat_of(struct repeat *r, struct syslog_line *l);

/* The line is the last one of its host. outcome: it gave an event, and is kept; else
 * only that a repetition of it is none (repeat_of() gives then 1 with an empty
 * message). What repeat_of() made of a line may be noted, too. l is NULL for a line
 * that could not be split: it may be of any host. */
void repeat_note(struct repeat *r, const struct syslog_line *l, bool outcome);

#endif
