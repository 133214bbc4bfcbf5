/*
 * sink_batch.c - is this body a batch as the contract, section 4, has it? If so, its
 * events as lines.
 *
 * Pure: bytes in, lines or a reason out. Three forms: `json` and `array` are told apart
 * by their first value, `ndjson` by the caller, who has seen the Content-Type. jansson
 * reads at most 2,048 levels deep and refuses U+0000; key order is kept. Error texts
 * hold nothing of the body, so they may be printed.
 */
#include "app/sink.h"
#include "pack/pack.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

enum { UNPACK_STEP = 64 * 1024, HEX_ID = 32 };

int
sink_gunzip(struct slice body, struct buf *out)
{
	struct unpack *u = unpack_new(PACK_GZIP);
	int rc = u ? 0 : -ENOMEM;

	while (rc == 0) {
		size_t n = 0;
		if ((rc = buf_reserve(out, UNPACK_STEP)) < 0)
			break;
		rc = unpack_feed(u, &body, out->p + out->n, UNPACK_STEP, &n);
		if (rc < 0)
			break;
		out->n += n;
		if (body.n == 0 && n < UNPACK_STEP)
			break;
	}
	if (rc == 0 && !unpack_complete(u))
		rc = -EBADMSG;
	unpack_free(u);
	return rc;
}

static bool
is_hex_id(struct slice s)
{
	if (s.n != HEX_ID)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	}
	return true;
}

static struct slice
text_of(const json_t *value)
{
	if (!json_is_string(value))
		return (struct slice){ 0 };
	return (struct slice){ json_string_value(value), json_string_length(value) };
}

static json_t *
parse(struct slice text, struct err *e)
{
	json_error_t je;
	json_t *value = json_loadb(
	    text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &je);

	if (value)
		return value;
	if (json_error_code(&je) == json_error_out_of_memory) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	/* jansson ends its text with: near 'what the sender wrote' */
	char *near = strstr(je.text, " near ");
	if (near)
		*near = '\0';
	err_set(e, -EINVAL, "not JSON at byte %d: %s", je.position, je.text);
	return NULL;
}

static const struct event_key {
	const char *name;
	bool object;
} event_keys[] = {
	{ "id", false },
	{ "type", false },
	{ "time", false },
	{ "source", true },
};

/* number: the event's place in the batch, from 1 */
static int
check_event(const json_t *event, size_t number, struct err *e)
{
	if (!json_is_object(event))
		return err_set(e, -EINVAL, "event %zu: not an object", number);
	for (size_t i = 0; i < sizeof event_keys / sizeof event_keys[0]; i++) {
		const struct event_key *k = &event_keys[i];
		const json_t *value = json_object_get(event, k->name);
		bool good = k->object ? json_is_object(value) : text_of(value).n > 0;
		if (!good)
			return err_set(e, -EINVAL, "event %zu: %s is %s", number,
			    k->name,
			    !value      ? "missing"
			    : k->object ? "not an object"
					: "not a string with text in it");
	}
	if (!is_hex_id(text_of(json_object_get(event, "id"))))
		return err_set(e, -EINVAL,
		    "event %zu: id is not 32 lower-case hex digits", number);
	return 0;
}

static int
dump_piece(const char *p, size_t n, void *to)
{
	return buf_add(to, (struct slice){ p, n }) < 0 ? -1 : 0;
}

static int
add_event(const json_t *event, size_t number, struct buf *lines, struct err *e)
{
	int rc = check_event(event, number, e);

	if (rc < 0)
		return rc;
	if (json_dump_callback(
		event, dump_piece, lines, JSON_COMPACT | JSON_PRESERVE_ORDER) < 0 ||
	    buf_addc(lines, '\n') < 0)
		return err_set(e, lines->failed ? -E2BIG : -ENOMEM,
		    "event %zu: too large to write again", number);
	return 0;
}

static int
add_array(const json_t *events, struct buf *lines, size_t *events_out, struct err *e)
{
	size_t n = json_array_size(events);

	if (n == 0)
		return err_set(e, -EINVAL, "a batch without events");
	for (size_t i = 0; i < n; i++) {
		int rc = add_event(json_array_get(events, i), i + 1, lines, e);
		if (rc < 0)
			return rc;
	}
	*events_out = n;
	return 0;
}

static int
add_wrapped(const json_t *batch, struct slice key, struct buf *lines,
    size_t *events_out, struct err *e)
{
	const json_t *schema = json_object_get(batch, "schema");
	const json_t *events = json_object_get(batch, "events");
	const json_t *count = json_object_get(batch, "count");
	struct slice id = text_of(json_object_get(batch, "batch_id"));

	if (!json_is_integer(schema) || json_integer_value(schema) != 1)
		return err_set(e, -EINVAL, "schema is not 1");
	if (!is_hex_id(id))
		return err_set(e, -EINVAL, "batch_id is not 32 lower-case hex digits");
	if (!slice_eq(id, key))
		return err_set(e, -EINVAL, "batch_id is not the Idempotency-Key");
	if (text_of(json_object_get(batch, "host")).n == 0)
		return err_set(e, -EINVAL, "host is not a string with text in it");
	if (!json_is_array(events))
		return err_set(e, -EINVAL, "events is not an array");
	if (!json_is_integer(count) ||
	    json_integer_value(count) != (json_int_t)json_array_size(events))
		return err_set(e, -EINVAL, "count is not the number of events");
	return add_array(events, lines, events_out, e);
}

static int
add_ndjson(struct slice body, struct buf *lines, size_t *events_out, struct err *e)
{
	size_t n = 0;

	while (body.n > 0) {
		size_t end = slice_find(body, '\n');
		json_t *event = parse((struct slice){ body.p, end }, e);
		if (!event) {
			char why[LIMIT_ERR_TEXT];
			memcpy(why, e->text, sizeof why);
			return err_set(e, e->code, "line %zu: %.400s", n + 1, why);
		}
		int rc = add_event(event, ++n, lines, e);
		json_decref(event);
		if (rc < 0)
			return rc;
		body = slice_from(body, end + 1);
	}
	if (n == 0)
		return err_set(e, -EINVAL, "a batch without events");
	*events_out = n;
	return 0;
}

int
sink_batch_lines(struct slice body, bool ndjson, struct slice key, struct buf *lines,
    size_t *events_out, struct err *e)
{
	if (key.n == 0)
		return err_set(e, -EINVAL, "no Idempotency-Key header");
	if (ndjson)
		return add_ndjson(body, lines, events_out, e);
	json_t *batch = parse(body, e);
	if (!batch)
		return e->code;
	int rc = json_is_object(batch) ? add_wrapped(batch, key, lines, events_out, e)
		 : json_is_array(batch)
		     ? add_array(batch, lines, events_out, e)
		     : err_set(e, -EINVAL, "neither an object nor an array");
	json_decref(batch);
	return rc;
}
