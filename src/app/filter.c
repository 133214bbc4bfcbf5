/*
 * filter.c - narrows what a command shows.
 */
#include "app/filter.h"

#include <errno.h>

static int
add_bit(
    uint32_t *bits, unsigned index, const char *what, const char *value, struct err *e)
{
	if (index == 0)
		return err_set(e, -EINVAL, "there is no %s \"%s\"", what, value);
	*bits |= 1u << index;
	return 0;
}

/* RFC 3339, or an age: "90s", "2h", "7d". */
static int
time_of(const char *value, int64_t now_ms, int64_t *out, struct err *e)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct slice v = slice_of(value);
	struct when t;
	uint64_t n;

	for (size_t i = 0; v.n > 1 && i < sizeof units / sizeof units[0]; i++) {
		if (v.p[v.n - 1] == units[i].unit &&
		    slice_u64((struct slice){ v.p, v.n - 1 }, &n) && n < INT32_MAX) {
			*out = now_ms / 1000 - (int64_t)n * units[i].seconds;
			return 0;
		}
	}
	if (when_pmta(v, NULL, &t) < 0)
		return err_set(e, -EINVAL,
		    "\"%s\" is no time: RFC 3339 or an age such as 2h is wanted",
		    value);
	*out = t.sec;
	return 0;
}

int
filter_set(
    struct filter *f, int option, const char *value, int64_t now_ms, struct err *e)
{
	struct slice v = slice_of(value);

	switch (option) {
	case FILTER_TYPE:
		return add_bit(&f->types, event_type_of(v), "type", value, e);
	case FILTER_CLASS:
		return add_bit(&f->classes, event_class_of(v), "class", value, e);
	case FILTER_REASON:
		return add_bit(&f->reasons, event_reason_of(v), "reason", value, e);
	case FILTER_RECIPIENT:
		f->recipient = v;
		return 0;
	case FILTER_SINCE:
		f->has_since = true;
		return time_of(value, now_ms, &f->since, e);
	case FILTER_UNTIL:
		f->has_until = true;
		return time_of(value, now_ms, &f->until, e);
	}
	return err_set(e, -EINVAL, "no such option");
}

bool
filter_takes(const struct filter *f, const struct event *ev)
{
	if (f->types && !(f->types & 1u << ev->type))
		return false;
	if (f->classes && !(f->classes & 1u << ev->class))
		return false;
	if (f->reasons && !(f->reasons & 1u << ev->reason))
		return false;
	if (f->recipient.n > 0 && !slice_ieq(f->recipient, ev->recipient))
		return false;
	if (f->has_since && ev->time.sec < f->since)
		return false;
	return !f->has_until || ev->time.sec < f->until;
}
