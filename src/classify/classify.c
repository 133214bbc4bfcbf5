/*
 * classify.c - weighs the status code, the MTA's own category and the reply's code.
 *
 * The order: a decisive status, unless it calls the address dead while the category
 * blames the sender (precision of "hard" counts most: PowerMTA files `550 5.1.1 ...
 * blocked` under spam-related, and a blocklisted sender's recipients are not dead); the
 * category; a weak status; the code inside the reply. What retried or never became
 * final is at most soft. Pure but for the rule's text, which lives until the next call.
 */
#include "classify/classify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { USER_CATEGORIES = 64, RULE_MAX = 96 };

struct classifier {
	enum event_class class[REASON_COUNT];
	size_t nuser;
	struct {
		char *name;
		enum event_reason reason;
	} user[USER_CATEGORIES];
	char rule[RULE_MAX];
};

/* What one piece of evidence says. */
struct verdict {
	enum event_reason reason; /* REASON_NONE: nothing */
	enum classify_weight weight;
	const char *kind; /* of the rule's name */
	struct slice name;
	bool is_status;
};

struct classifier *
classify_new(void)
{
	struct classifier *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	for (unsigned r = 0; r < REASON_COUNT; r++)
		c->class[r] = event_reason_class((enum event_reason)r);
	return c;
}

void
classify_free(struct classifier *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nuser; i++)
		free(c->user[i].name);
	free(c);
}

void
classify_set_class(struct classifier *c, enum event_reason r, enum event_class class)
{
	c->class[r] = class;
}

int
classify_set_category(struct classifier *c, struct slice name, enum event_reason r)
{
	if (c->nuser == USER_CATEGORIES)
		return -E2BIG;
	if (!(c->user[c->nuser].name = strndup(name.p, name.n)))
		return -ENOMEM;
	c->user[c->nuser].reason = r;
	c->nuser++;
	return 0;
}

/* "5.7.26" to its subject and detail; in is what event_status_scan() found. */
static void
split_status(struct slice in, unsigned *subject, unsigned *detail)
{
	unsigned *at = subject;

	*subject = *detail = 0;
	for (size_t i = 2; i < in.n; i++) {
		if (in.p[i] == '.')
			at = detail;
		else
			*at = *at * 10 + (unsigned)(in.p[i] - '0');
	}
}

static const struct classify_status *
find_status(unsigned subject, unsigned detail)
{
	for (size_t i = 0; i < classify_nstatuses; i++) {
		const struct classify_status *s = &classify_statuses[i];
		if (s->subject == subject && s->detail == detail)
			return s;
	}
	return NULL;
}

static struct verdict
by_status(struct slice status)
{
	struct verdict v = { .kind = "status:", .name = status, .is_status = true };
	unsigned subject, detail;

	if (status.n == 0 || status.p[0] == '2')
		return v;
	split_status(status, &subject, &detail);
	const struct classify_status *s = find_status(subject, detail);
	bool known = s != NULL;
	if (!known && !(s = find_status(subject, 0)))
		return v;
	v.reason = status.p[0] == '4' ? s->retried : s->final;
	v.weight = s->weight;
	/* a detail that nobody registered says too little to call an address dead */
	if (!known && event_reason_class(v.reason) == EVENT_HARD)
		v.weight = CLASSIFY_VOID;
	if (v.weight == CLASSIFY_VOID)
		v.reason = REASON_NONE;
	return v;
}

static struct verdict
by_category(const struct classifier *c, struct slice name)
{
	struct verdict v = { .kind = "pmta:", .name = name, .weight = CLASSIFY_WEAK };

	if (name.n == 0)
		return v;
	for (size_t i = 0; i < c->nuser; i++) {
		if (slice_ieq(slice_of(c->user[i].name), name)) {
			v.reason = c->user[i].reason;
			return v;
		}
	}
	for (size_t i = 0; i < classify_ncategories; i++) {
		if (slice_ieq(slice_of(classify_categories[i].name), name))
			v.reason = classify_categories[i].reason;
	}
	return v;
}

static struct verdict
weigh(const struct classifier *c, struct verdict status, struct verdict category,
    struct verdict reply)
{
	if (status.weight == CLASSIFY_DECISIVE && status.reason != REASON_NONE) {
		bool dead = c->class[status.reason] == EVENT_HARD;
		bool sender = c->class[category.reason] == EVENT_BLOCK;
		return dead && sender ? category : status;
	}
	if (category.reason != REASON_NONE)
		return category;
	if (status.reason != REASON_NONE)
		return status;
	if (reply.reason != REASON_NONE)
		return reply;
	return (struct verdict){ .reason = REASON_UNDETERMINED, .kind = "none" };
}

static struct slice
rule_text(struct classifier *c, const struct verdict *v)
{
	struct slice kind = slice_of(v->kind);
	size_t n = v->name.n < RULE_MAX - kind.n ? v->name.n : RULE_MAX - kind.n;

	memcpy(c->rule, kind.p, kind.n);
	if (n > 0)
		memcpy(c->rule + kind.n, v->name.p, n);
	return (struct slice){ c->rule, kind.n + n };
}

/* Says something else than that the time is over. */
static bool
says_more(const struct verdict *v)
{
	return v->reason != REASON_NONE && v->reason != REASON_EXPIRED;
}

/* Our MTA retried and gave up: the reason is the last attempt's, where it is known. */
static struct verdict
expired(struct verdict status, struct verdict category, struct verdict reply)
{
	if (says_more(&reply))
		return reply;
	if (says_more(&status))
		return status;
	return category.reason != REASON_NONE ? category : status;
}

/* 4.x.x: it may change yet, and proves nothing, even where the MTA gave up. Where the
 * reply to the last attempt decided, what counts is what that says: an expiry has a
 * 4.4.7 of our MTA's own, and the attempt may have proved the address dead. */
static bool
may_change(struct slice status, struct slice in_reply, unsigned code, bool by_reply)
{
	if (by_reply)
		return in_reply.p[0] == '4' || code / 100 == 4;
	return status.n > 0 ? status.p[0] == '4' : code / 100 == 4;
}

void
classify(struct classifier *c, struct event *ev)
{
	struct slice in_reply;

	if (ev->type != EVENT_BOUNCE && ev->type != EVENT_DEFERRAL)
		return;
	unsigned code = event_reply_scan(ev->diagnostic, &in_reply);
	struct verdict status = by_status(ev->status);
	struct verdict category = by_category(c, ev->category);
	struct verdict reply = by_status(in_reply);
	struct verdict v;

	if (ev->type == EVENT_BOUNCE &&
	    (category.reason == REASON_EXPIRED || status.reason == REASON_EXPIRED)) {
		ev->expired = true;
		v = expired(status, category, reply);
	} else {
		v = weigh(c, status, category, reply);
	}
	/* given up, and the last attempt says nothing that is known */
	if (ev->expired && v.reason == REASON_UNDETERMINED)
		v = (struct verdict){ .reason = REASON_EXPIRED, .kind = "expired" };
	ev->reason = v.reason;
	ev->rule = rule_text(c, &v);
	ev->class = c->class[v.reason];
	bool by_reply = ev->expired && in_reply.n > 0 && v.name.p == in_reply.p;
	bool soft = ev->type == EVENT_DEFERRAL ||
		    may_change(ev->status, in_reply, code, by_reply) ||
		    (ev->expired && !v.is_status);
	if (ev->class == EVENT_HARD && soft)
		ev->class = EVENT_SOFT;
}
