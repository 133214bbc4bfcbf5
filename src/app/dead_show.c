/*
 * dead_show.c - `bouncefeed dead show`: the answer, and the event in full.
 */
#include "app/dead.h"

#include "app/app.h"
#include "app/command.h"
#include "output/policy.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

enum { SHOWN_MAX = 8 << 20, EVENTS_MAX = 64 << 20 };

static void
put_time(struct buf *out, const char *name, int64_t ms)
{
	if (ms == 0)
		return;
	(void)buf_printf(out, "%s: ", name);
	command_show_time(out, ms);
	(void)buf_addc(out, '\n');
}

static void
put_answer(struct buf *out, int64_t code, struct slice answer)
{
	if (code > 0)
		(void)buf_printf(out, "code: %lld\n", (long long)code);
	(void)buf_add(out, SLICE("answer: "));
	command_show(out, answer);
	(void)buf_addc(out, '\n');
}

/* Indented; as it is where it is no JSON. */
static void
put_event(struct buf *out, struct slice event)
{
	json_t *v = json_loadb(event.p ? event.p : "", event.n, 0, NULL);
	char *text = v ? json_dumps(v, JSON_INDENT(2)) : NULL;
	struct slice rest = text ? slice_of(text) : event;

	while (rest.n > 0) {
		size_t n = slice_find(rest, '\n');
		command_show(out, (struct slice){ rest.p, n });
		(void)buf_addc(out, '\n');
		rest = slice_from(rest, n + 1);
	}
	free(text);
	json_decref(v);
}

static int
on_letter(void *arg, const struct store_dead *d)
{
	struct buf *out = arg;

	(void)buf_printf(out, "dead letter %lld of output ", (long long)d->id);
	command_show(out, d->output);
	(void)buf_addc(out, '\n');
	put_time(out, "time", d->at_ms);
	put_answer(out, d->code, d->answer);
	put_event(out, d->event);
	return 0;
}

static void
put_apart(struct buf *out, const struct store_batch *b)
{
	const char *name = b->standing < STANDING_COUNT
			       ? output_standing_name((enum output_standing)b->standing)
			       : "aside";

	(void)buf_printf(out, "event a%lld of output ", (long long)b->id);
	command_show(out, b->output);
	(void)buf_printf(
	    out, ", set apart: %s\ntries: %llu\n", name, (unsigned long long)b->tries);
	put_time(out, "since", b->sealed_ms);
	put_time(out, "next try", b->due_ms);
	put_answer(out, b->code, b->answer);
	put_event(out, slice_trim(b->events));
}

static int
show(const struct dead *d, const struct dead_id *id, struct buf *out, struct err *e)
{
	struct store_batch b;
	struct buf events;

	if (!id->apart)
		return store_dead_get(d->store, id->id, on_letter, out, e);
	buf_init(&events, EVENTS_MAX);
	int rc = dead_find_apart(d->store, id->id, &b, &events, e);
	if (rc == -EBADMSG && b.id == id->id && b.output.n > 0) {
		put_apart(out, &b);
		(void)buf_printf(out, "%llu events, which cannot be read: %s\n",
		    (unsigned long long)b.count, e->text);
		rc = 0;
	} else if (rc == 0) {
		put_apart(out, &b);
	}
	buf_free(&events);
	return rc;
}

int
dead_show(const struct dead *d)
{
	struct dead_id id;
	struct buf out;
	struct err e = { 0 };
	int code = 0;

	if (!dead_id_of(d->id[0], &id)) {
		command_tell(
		    d->command, "\"%s\" is no id, such as 17 or a17", d->id[0]);
		return EX_USAGE;
	}
	buf_init(&out, SHOWN_MAX);
	int rc = show(d, &id, &out, &e);
	if (rc == -ENOENT) {
		command_tell(d->command, "there is no %s", d->id[0]);
		code = EX_USAGE;
	} else if (rc < 0) {
		code = dead_fail(d, rc, &e);
	} else {
		(void)command_print(d->command, &out, &code);
	}
	buf_free(&out);
	return code;
}
