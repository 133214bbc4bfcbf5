/*
 * pattern.h - a user's own pattern (PCRE2, with named groups), over texts of strangers.
 */
#ifndef BOUNCEFEED_PATTERN_H
#define BOUNCEFEED_PATTERN_H

#include "base/base.h"

struct pattern;

/* NULL: it does not compile, and e says why and where. */
struct pattern *pattern_new(const char *text, struct err *e);
void pattern_free(struct pattern *p); /* takes NULL */

bool pattern_has_group(const struct pattern *p, const char *name);
bool pattern_has_groups(const struct pattern *p); /* any with a name */

/* Somewhere in it? Invalid UTF-8 matches nothing; what takes too long is no match. */
bool pattern_match(struct pattern *p, struct slice in);

/* Of the last match: what the group took, into `in`; empty: nothing. */
struct slice pattern_group(const struct pattern *p, const char *name);

#endif
