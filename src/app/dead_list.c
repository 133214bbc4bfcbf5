/*
 * dead_list.c - `bouncefeed dead list`: one line for each dead letter, or each event
 * that is set apart.
 *
 * They are read page by page, and nothing is read while a page is printed: a reader
 * that stays (a pager, say) would keep the daemon's WAL from being emptied. Memory: one
 * page.
 */
#include "app/dead.h"

#include "app/app.h"
#include "app/command.h"
#include "output/policy.h"

#include <errno.h>
#include <jansson.h>

enum {
	PAGE = 256 * 1024,
	LINE_ROOM = 2 << 20, /* of a page for its last line */
	ANSWER_SHOWN = 60,
};

struct list {
	const struct dead *dead;
	struct buf out;
	int64_t last; /* printed */
};

/* A dead letter or what is set apart. */
struct entry {
	int64_t id;
	const struct store_batch *apart; /* NULL: a dead letter */
	struct slice output;
	struct slice event;
	int64_t code;
	struct slice answer;
	int64_t at_ms;
};

/* --- for people ----------------------------------------------------------------------
 */

/* A blank and the value of that key in the event, or - */
static void
put_key(struct buf *out, const json_t *event, const char *key)
{
	const json_t *v = json_object_get(event, key);
	struct slice s = { json_string_value(v), json_string_length(v) };

	(void)buf_addc(out, ' ');
	command_show(out, s.n > 0 ? s : SLICE("-"));
}

/* " 422 {"error":"no such list"}": "HTTP 422 " need not stand there twice */
static void
put_answer(struct buf *out, int64_t code, struct slice answer)
{
	char head[32];
	int n = snprintf(head, sizeof head, "HTTP %lld ", (long long)code);

	if (slice_starts(answer, (struct slice){ head, (size_t)n }))
		answer = slice_from(answer, (size_t)n);
	if (answer.n > ANSWER_SHOWN) {
		answer.n = ANSWER_SHOWN;
		while (answer.n > 0 && (answer.p[answer.n] & 0xc0) == 0x80)
			answer.n--; /* not within a character */
	}
	(void)buf_printf(out, " %lld ", (long long)code);
	command_show(out, answer);
}

static void
put_standing(struct buf *out, const struct store_batch *b)
{
	const char *name = b->standing < STANDING_COUNT
			       ? output_standing_name((enum output_standing)b->standing)
			       : "aside";

	(void)buf_printf(out, " %s, %llu tries", name, (unsigned long long)b->tries);
	if (b->count != 1) /* damaged: they cannot be shown */
		(void)buf_printf(out, ", %llu events", (unsigned long long)b->count);
	if (b->due_ms > 0) {
		(void)buf_add(out, SLICE(", next "));
		command_show_time(out, b->due_ms);
	}
	(void)buf_addc(out, ':');
}

static void
put_text(struct buf *out, const struct entry *n, const json_t *event)
{
	(void)buf_printf(out, "%s%lld ", n->apart ? "a" : "", (long long)n->id);
	command_show_time(out, n->at_ms);
	(void)buf_addc(out, ' ');
	command_show(out, n->output);
	put_key(out, event, "type");
	put_key(out, event, "recipient");
	if (n->apart)
		put_standing(out, n->apart);
	put_answer(out, n->code, n->answer);
}

/* --- for programs --------------------------------------------------------------------
 */

static void
put_json(struct buf *out, const struct entry *n, const json_t *event)
{
	const struct store_batch *b = n->apart;

	(void)buf_printf(
	    out, b ? "{\"id\":\"a%lld\"" : "{\"id\":%lld", (long long)n->id);
	command_json_text(out, "output", n->output);
	if (b && b->standing < STANDING_COUNT)
		command_json_text(out, "standing",
		    slice_of(output_standing_name((enum output_standing)b->standing)));
	if (b)
		command_json_number(out, "tries", b->tries);
	if (b && b->count != 1)
		command_json_number(out, "events", b->count);
	command_json_time(out, b ? "since" : "time", n->at_ms);
	command_json_time(out, "next_try", b ? b->due_ms : 0);
	command_json_number(out, "code", (uint64_t)n->code);
	command_json_text(out, "answer", n->answer);
	if (json_is_object(event)) { /* else damaged: the line is to stay JSON */
		(void)buf_add(out, SLICE(",\"event\":"));
		(void)buf_add(out, n->event);
	}
	(void)buf_addc(out, '}');
}

/* --- pages ---------------------------------------------------------------------------
 */

/* 1: the page is full */
static int
put_entry(struct list *l, const struct entry *n)
{
	json_t *event = json_loadb(n->event.p ? n->event.p : "", n->event.n, 0, NULL);

	if (l->dead->json)
		put_json(&l->out, n, event);
	else
		put_text(&l->out, n, event);
	(void)buf_addc(&l->out, '\n');
	json_decref(event);
	l->last = n->id;
	return l->out.failed ? -ENOMEM : l->out.n >= PAGE;
}

static int
on_letter(void *arg, const struct store_dead *d)
{
	struct entry n = {
		.id = d->id,
		.output = d->output,
		.event = d->event,
		.code = d->code,
		.answer = d->answer,
		.at_ms = d->at_ms,
	};

	return put_entry(arg, &n);
}

static int
on_apart(void *arg, const struct store_batch *b)
{
	struct list *l = arg;
	struct entry n = {
		.id = b->id,
		.apart = b,
		.output = b->output,
		.event = slice_trim(b->events),
		.code = b->code,
		.answer = b->answer,
		.at_ms = b->sealed_ms,
	};

	/* there is no query behind an id: those of earlier pages are passed over */
	return b->id <= l->last ? 0 : put_entry(l, &n);
}

static int
next_page(struct list *l, struct err *e)
{
	const struct dead *d = l->dead;
	struct slice output = slice_of(d->output);

	if (d->aside)
		return store_apart_each(d->store, output, on_apart, l, e);
	return store_dead_each(d->store, output, l->last, on_letter, l, e);
}

int
dead_list(const struct dead *d)
{
	struct list l = { .dead = d };
	struct err e = { 0 };
	int code = 0, rc = 0;

	if (d->output && !command_output(d->config, d->output))
		rc = dead_find_output(d->store, d->output, NULL, &e);
	if (rc == -ENOENT) {
		command_tell(d->command, "there is no output \"%s\"", d->output);
		return EX_USAGE;
	}
	buf_init(&l.out, PAGE + LINE_ROOM);
	for (bool more = rc == 0; more;) {
		rc = next_page(&l, &e);
		/* what was read before it went wrong is shown, too */
		more = command_print(d->command, &l.out, &code) && rc == 1;
	}
	buf_free(&l.out);
	return rc < 0 && code == 0 ? dead_fail(d, rc, &e) : code;
}
