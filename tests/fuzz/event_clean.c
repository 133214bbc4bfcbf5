/*
 * event_clean.c - looks at an event's JSON with another library's eyes: jansson refuses
 * what is no JSON or no UTF-8.
 */
#include "event_clean.h"
#include "fuzz.h"

#include <errno.h>
#include <jansson.h>

/* No byte of C0 or DEL, none of C1 in UTF-8; written as an escape only a tab. */
static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned char next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
		if (c < ' ' || c == 0x7f || (c == 0xc2 && next < 0xa0))
			return true;
		if (c == '\\') {
			if (next != 't' && next != '"' && next != '\\')
				return true;
			i++;
		}
	}
	return false;
}

void
event_clean(const struct event *ev, struct buf *log)
{
	static const char *const keys[] = { "id", "type", "time", "source" };
	struct buf *out = fuzz_buf(2);
	int rc = event_json_native(ev, out); /* all that there is */
	fuzz_check(rc == 0 || rc == -E2BIG, "event_json: %d", rc);
	if (rc == 0) {
		struct slice text = buf_slice(out);
		json_t *json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
		fuzz_check(json_is_object(json), "no JSON: %.*s", (int)out->n, out->p);
		fuzz_check(!has_control(text), "controls: %.*s", (int)out->n, out->p);
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
			fuzz_check(json_object_get(json, keys[i]) != NULL,
			    "no %s: %.*s", keys[i], (int)out->n, out->p);
		json_decref(json);
		(void)buf_add(log, text);
	} else {
		(void)buf_add(log, SLICE("too large"));
	}
}
