/*
 * filter.h - narrows what a command shows: --type, --class, --reason, --recipient,
 * --since, --until.
 */
#ifndef BOUNCEFEED_FILTER_H
#define BOUNCEFEED_FILTER_H

#include "event/event.h"

struct filter {
	uint32_t types, classes, reasons; /* bits; 0: any */
	struct slice recipient;           /* empty: any */
	bool has_since, has_until;
	int64_t since, until; /* seconds since 1970 */
};

/* For getopt_long's val. */
enum filter_option {
	FILTER_TYPE = 256,
	FILTER_CLASS,
	FILTER_REASON,
	FILTER_RECIPIENT,
	FILTER_SINCE,
	FILTER_UNTIL,
};

/* 0, or -EINVAL with the text. */
int filter_set(
    struct filter *f, int option, const char *value, int64_t now_ms, struct err *e);

bool filter_takes(const struct filter *f, const struct event *ev);

#endif
