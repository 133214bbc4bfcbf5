/*
 * batch.c - the body of a batch in the formats that backends take.
 */
#include "output/output.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	const char *content_type;
} format[OUTPUT_FORMAT_COUNT] = {
	[OUTPUT_JSON] = { "json", "application/json" },
	[OUTPUT_ARRAY] = { "array", "application/json" },
	[OUTPUT_NDJSON] = { "ndjson", "application/x-ndjson" },
};

const char *
output_format_name(enum output_format f)
{
	return format[f].name;
}

bool
output_format_of(struct slice name, enum output_format *out)
{
	for (unsigned i = 0; i < OUTPUT_FORMAT_COUNT; i++) {
		if (slice_eq(slice_of(format[i].name), name)) {
			*out = (enum output_format)i;
			return true;
		}
	}
	return false;
}

const char *
output_content_type(enum output_format f)
{
	return format[f].content_type;
}

/* The events with commas between them in place of the line ends. */
static void
put_array(struct buf *out, struct slice events)
{
	(void)buf_addc(out, '[');
	while (events.n > 0) {
		size_t lf = slice_find(events, '\n');
		(void)buf_add(out, (struct slice){ events.p, lf });
		events = slice_from(events, lf + 1);
		if (events.n > 0)
			(void)buf_addc(out, ',');
	}
	(void)buf_addc(out, ']');
}

int
output_body(enum output_format f, struct slice key, struct slice host, uint64_t count,
    struct slice events, struct buf *out)
{
	size_t start = out->n;

	switch (f) {
	case OUTPUT_NDJSON:
		(void)buf_add(out, events);
		break;
	case OUTPUT_ARRAY:
		put_array(out, events);
		break;
	default:
		(void)buf_printf(out,
		    "{\"schema\":1,\"batch_id\":\"%.*s\",\"host\":", (int)key.n, key.p);
		(void)event_json_string(out, host, LIMIT_TEXT);
		(void)buf_printf(
		    out, ",\"count\":%llu,\"events\":", (unsigned long long)count);
		put_array(out, events);
		(void)buf_addc(out, '}');
	}
	if (out->failed) {
		out->n = start;
		return -ENOMEM;
	}
	return 0;
}

size_t
output_events_cut(struct slice events, uint64_t n)
{
	size_t at = 0;

	for (uint64_t i = 0; i < n && at < events.n; i++)
		at += slice_find(slice_from(events, at), '\n') + 1;
	return at;
}
