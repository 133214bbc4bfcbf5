/*
 * fuzz_answer.c - JSON from outside: what a backend answers, and what the sink is sent.
 *
 * Input: after how many entries the listener has enough (0: never), the body.
 */
#include "fuzz.h"
#include "app/sink.h"
#include "output/output.h"

#include <errno.h>
#include <jansson.h>

enum { ENOUGH = -7777 };

struct listener {
	unsigned enough;
	unsigned heard;
};

static int
on_rejected(void *arg, struct slice id, struct slice reason)
{
	struct listener *l = arg;
	json_t *copy = json_stringn(id.p, id.n);

	fuzz_check(id.n > 0 && copy, "an id of %zu bytes that is no text", id.n);
	json_decref(copy);
	copy = json_stringn(reason.n ? reason.p : "", reason.n);
	fuzz_check(copy != NULL, "a reason that is no text");
	json_decref(copy);
	return ++l->heard == l->enough ? ENOUGH : 0;
}

static void
check_rejected(struct slice body, unsigned enough)
{
	struct listener l = { .enough = enough };
	int rc = output_rejected(body, on_rejected, &l);

	fuzz_check(rc == 0 || rc == -EINVAL || rc == ENOUGH, "output_rejected: %d", rc);
	fuzz_check((rc == ENOUGH) == (enough > 0 && l.heard == enough),
	    "%d after %u entries", rc, l.heard);
	fuzz_check(
	    rc != -EINVAL || l.heard == 0, "no such JSON, but %u entries", l.heard);
	json_t *root = json_loadb(body.n ? body.p : "", body.n, 0, NULL);
	fuzz_check(root || rc == -EINVAL, "no JSON, but %d", rc);
	json_decref(root);
}

/* Lines that the sink makes of a batch: as many as it says, each of them JSON. */
static void
check_batch(struct slice body, bool ndjson)
{
	struct buf lines;
	struct err e = { 0 };
	size_t n = 0;

	buf_init(&lines, 1 << 20);
	int rc = sink_batch_lines(body, ndjson, SLICE("key"), &lines, &n, &e);
	struct slice rest = buf_slice(&lines);
	for (; rc == 0 && rest.n > 0; n--) {
		size_t lf = slice_find(rest, '\n');
		json_t *one = json_loadb(rest.p, lf, 0, NULL);
		fuzz_check(n > 0 && lf < rest.n && json_is_object(one), "line: %.*s",
		    (int)lf, rest.p);
		json_decref(one);
		rest = slice_from(rest, lf + 1);
	}
	fuzz_check(rc != 0 || n == 0, "%zu lines are missing", n);
	fuzz_check(rc != -EINVAL || e.text[0], "refused without a word");
	buf_free(&lines);
}

void
fuzz_answer(struct slice in)
{
	unsigned enough = fuzz_byte(&in);

	check_rejected(in, enough);
	check_batch(in, false);
	check_batch(in, true);
}
