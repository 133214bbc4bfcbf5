/*
 * test_post.c - one test event to one output: what is sent, what comes back, and what
 * the daemon would make of it.
 */
#include "app/test.h"

#include "app/app.h"
#include "app/command.h"
#include "app/post.h"
#include "app/spool.h"

#include <string.h>

enum {
	ANSWER_SHOWN = 1000,
	WAIT_MS = 1000,
	BODY_MAX = 2 * LIMIT_EVENT,
	HEADERS_MAX = 256 * 1024,
	URL_MAX = 64 * 1024,
};

/* --- the request ---------------------------------------------------------------------
 */

/* Each line behind the mark. */
static void
put_lines(struct buf *out, const char *mark, struct slice text)
{
	while (text.n > 0) {
		size_t n = slice_find(text, '\n');
		(void)buf_printf(out, "%s ", mark);
		command_show(out, (struct slice){ text.p, n });
		(void)buf_addc(out, '\n');
		text = slice_from(text, n + 1);
	}
}

static void
put_url(struct buf *out, const struct config_output *c)
{
	struct buf url;
	struct err e;

	buf_init(&url, URL_MAX);
	(void)buf_add(out, SLICE("> POST "));
	if (config_secret_read(&c->url, &url, &e) == 0 && buf_addc(&url, '\0') == 0)
		(void)config_url_shown(url.p, out);
	(void)buf_addc(out, '\n');
	buf_free(&url);
}

static void
put_request(struct buf *out, const struct config_output *c, const struct store_batch *b,
    struct slice body)
{
	struct buf headers;

	(void)buf_add(out, SLICE("output "));
	command_show(out, b->output);
	(void)buf_addc(out, '\n');
	put_url(out, c);
	buf_init(&headers, HEADERS_MAX);
	(void)post_headers_shown(c, b, &headers);
	put_lines(out, ">", buf_slice(&headers));
	buf_free(&headers);
	(void)buf_add(out, SLICE(">\n"));
	put_lines(out, ">", body);
}

/* --- the answer ----------------------------------------------------------------------
 */

static int
found(void *arg, struct slice id, struct slice reason)
{
	const struct test *t = arg;

	(void)reason;
	/* {"id":"... begins every event (json.c) */
	return id.n == 32 && slice_starts(slice_from(buf_slice(&t->event), 7), id);
}

static void
put_meaning(
    struct test *t, const struct config_output *c, const struct output_answer *a)
{
	static const char *const meaning[] = {
		[VERDICT_ACCEPTED] = "accepted",
		[VERDICT_AGAIN] = "the same batch again after a while",
		[VERDICT_HALVE] = "halved; one event alone: refused",
		[VERDICT_REFUSED] = "refused: a suspect, and a dead letter if refused "
				    "again after something else was accepted",
		[VERDICT_HOLD] = "the output would be held",
	};
	enum output_verdict v = post_verdict(c, a),
			    usual = output_verdict_of(a->code, a->complete);
	bool named = v == VERDICT_ACCEPTED && output_rejected(a->body, found, t) > 0;

	t->refused |= v != VERDICT_ACCEPTED || named;
	(void)buf_add(&t->out, slice_of(meaning[v]));
	if (named)
		(void)buf_add(&t->out, SLICE(", but it names the event as rejected: a "
					     "dead letter"));
	if (v == VERDICT_HOLD && a->location) {
		(void)buf_add(&t->out, SLICE(": it has moved to "));
		struct buf shown;
		buf_init(&shown, LIMIT_ANSWER);
		(void)config_url_shown(a->location, &shown);
		command_show(&t->out, buf_slice(&shown));
		buf_free(&shown);
	}
	if (v != usual)
		(void)buf_printf(&t->out, " (answers: says so; without it: %s)",
		    output_verdict_name(usual));
	(void)buf_addc(&t->out, '\n');
}

static void
put_answer(struct test *t, const struct output_answer *a)
{
	struct slice body = slice_trim(a->body);
	bool cut = a->cut || body.n > ANSWER_SHOWN;

	if (a->code > 0)
		(void)buf_printf(&t->out, "< HTTP %u\n", a->code);
	if (!a->complete)
		put_lines(&t->out, "<", slice_of(a->error));
	if (body.n > ANSWER_SHOWN)
		body.n = ANSWER_SHOWN;
	put_lines(&t->out, "<", body);
	if (cut)
		(void)buf_add(&t->out, SLICE("< ...\n"));
}

/* --- posting -------------------------------------------------------------------------
 */

/* Until the answer, which lives until the request does. */
static void
await(struct output_http *h, struct output_answer *a)
{
	bool ready[1];

	while (!output_next(h, a))
		(void)output_wait(h, NULL, ready, 0, WAIT_MS);
}

static int
post(struct test *t, struct output_http *h, const struct config_output *c,
    const struct store_batch *b, struct slice body, struct err *e)
{
	struct output_answer a;
	struct output_request *r = post_request(h, c, t, e);
	int rc = r ? post_send(r, c, b, body, e) : e->code;

	if (rc == 0) {
		await(h, &a);
		put_answer(t, &a);
		put_meaning(t, c, &a);
	}
	output_request_free(r);
	return rc;
}

void
test_output(struct test *t, struct output_http *h, const struct config_output *c)
{
	enum output_format format = OUTPUT_JSON;
	char key[SPOOL_KEY];
	struct buf body;
	struct err e = { 0 };

	spool_key(key);
	struct store_batch b = {
		.output = slice_of(c->name),
		.key = { key, sizeof key },
		.format = slice_of(c->format),
		.host = slice_of(t->config->host),
		.events = buf_slice(&t->event),
		.count = 1,
		.sealed_ms = clock_wall_ms(),
	};
	buf_init(&body, BODY_MAX);
	(void)output_format_of(b.format, &format);
	int rc = output_body(format, b.key, b.host, 1, b.events, &body);
	if (rc < 0)
		err_set(&e, rc, "%s", strerror(-rc));
	put_request(&t->out, c, &b, buf_slice(&body));
	if (rc == 0)
		rc = post(t, h, c, &b, buf_slice(&body), &e);
	if (rc < 0) {
		t->refused = true;
		(void)buf_add(&t->out, SLICE("nothing was sent: "));
		command_show(&t->out, slice_of(e.text));
		(void)buf_addc(&t->out, '\n');
	}
	buf_free(&body);
}
