/*
 * classify.h - class and reason of a failure: the first rule that decides gives its
 * name.
 */
#ifndef BOUNCEFEED_CLASSIFY_H
#define BOUNCEFEED_CLASSIFY_H

#include "base/base.h"
#include "event/event.h"

struct classifier; /* the built-in tables and the user's changes to them */

struct classifier *classify_new(void); /* NULL without memory */
void classify_free(struct classifier *c);

/* class_of: a reason's class is another one here. */
void classify_set_class(
    struct classifier *c, enum event_reason r, enum event_class class);

/* bounce_cat: a category of PowerMTA's means this reason. The name is copied. */
int classify_set_category(struct classifier *c, struct slice name, enum event_reason r);

/*
 * Sets class, reason and rule (and expired, where the record says that our MTA gave up)
 * of a bounce or deferral; leaves other types alone. Looks at type, category, status
 * and diagnostic. ev->rule lives until the next call.
 */
void classify(struct classifier *c, struct event *ev);

/* Tables: rules.c, data only. */

/* How much a status code says: DECISIVE alone, WEAK where nothing better is known,
 * VOID. */
enum classify_weight { CLASSIFY_VOID, CLASSIFY_WEAK, CLASSIFY_DECISIVE };

struct classify_status {
	unsigned char subject; /* X.subject.detail */
	unsigned short detail;
	enum event_reason final;   /* of 5.x.x; REASON_NONE: not a failure */
	enum event_reason retried; /* of 4.x.x */
	enum classify_weight weight;
};

extern const struct classify_status classify_statuses[];
extern const size_t classify_nstatuses;

struct classify_category {
	const char *name;
	enum event_reason reason;
};

extern const struct classify_category classify_categories[]; /* PowerMTA's bounceCat */
extern const size_t classify_ncategories;

#endif
