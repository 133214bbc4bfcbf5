/*
 * json.c - an event as JSON: the hot writer.
 *
 * Strings are json_string.c's. The maps share what the event's own limit leaves.
 */
#include "event/event.h"

#include <errno.h>
#include <string.h>

/* A key as it stands in JSON, with the comma before it. */
#define KEY(name) SLICE(",\"" #name "\":")

struct string_key {
	struct slice key;
	size_t offset; /* of the slice in struct event */
	size_t max;
};

static const struct string_key before_code[] = {
	{ KEY(recipient), offsetof(struct event, recipient), LIMIT_ADDRESS },
	{ KEY(recipient_domain), offsetof(struct event, recipient_domain),
	    LIMIT_ADDRESS },
	{ KEY(final_recipient), offsetof(struct event, final_recipient),
	    LIMIT_ADDRESS },
	{ KEY(sender), offsetof(struct event, sender), LIMIT_ADDRESS },
};

static const struct string_key after_code[] = {
	{ KEY(command), offsetof(struct event, command), LIMIT_TEXT },
	{ KEY(diagnostic), offsetof(struct event, diagnostic), LIMIT_DIAGNOSTIC },
	{ KEY(remote_mta), offsetof(struct event, remote_mta), LIMIT_TEXT },
	{ KEY(remote_ip), offsetof(struct event, remote_ip), LIMIT_TEXT },
};

static const struct string_key after_port[] = {
	{ KEY(local_ip), offsetof(struct event, local_ip), LIMIT_TEXT },
	{ KEY(queue_id), offsetof(struct event, queue_id), LIMIT_TEXT },
	{ KEY(message_id), offsetof(struct event, message_id), LIMIT_TEXT },
	{ KEY(envelope_id), offsetof(struct event, envelope_id), LIMIT_TEXT },
	{ KEY(job_id), offsetof(struct event, job_id), LIMIT_TEXT },
	{ KEY(vmta), offsetof(struct event, vmta), LIMIT_TEXT },
	{ KEY(pool), offsetof(struct event, pool), LIMIT_TEXT },
	{ KEY(queue), offsetof(struct event, queue), LIMIT_TEXT },
	{ KEY(fbl_id), offsetof(struct event, fbl_id), LIMIT_TEXT },
	{ KEY(submitter), offsetof(struct event, submitter), LIMIT_TEXT },
};

static const struct string_key in_verp[] = {
	{ KEY(scheme), offsetof(struct event, verp.scheme), LIMIT_TEXT },
	{ KEY(recipient), offsetof(struct event, verp.recipient), LIMIT_ADDRESS },
	{ KEY(list), offsetof(struct event, verp.list), LIMIT_TEXT },
	{ KEY(id), offsetof(struct event, verp.id), LIMIT_TEXT },
};

#define FEEDBACK(key)                                                      \
	{                                                                  \
		KEY(key), offsetof(struct event, feedback.key), LIMIT_TEXT \
	}

static const struct string_key in_feedback[] = {
	FEEDBACK(type),
	FEEDBACK(format),
	FEEDBACK(reported_domain),
	FEEDBACK(user_agent),
	FEEDBACK(source_ip),
	FEEDBACK(reporting_mta),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum {
	CUT_MAX = 32, /* names in "truncated" */
	TAIL_ROOM =
	    8192, /* bytes of the event kept free for what follows the headers */
};

struct writer {
	struct buf *out;
	size_t start;              /* where the event begins in out */
	struct slice cut[CUT_MAX]; /* as keys */
	size_t ncut;
	size_t nnative; /* how many of them go out */
};

static void
note_cut(struct writer *w, struct slice key)
{
	if (w->ncut > 0 && w->cut[w->ncut - 1].p == key.p)
		return;
	if (w->ncut < CUT_MAX)
		w->cut[w->ncut++] = key;
}

static inline void
put_key(struct buf *out, struct slice key)
{
	(void)buf_add(out, key);
}

/* What was written from `at` on are members of an object: the first one's comma becomes
 * its brace. */
static void
close_object(struct buf *out, size_t at)
{
	if (out->n > at)
		out->p[at] = '{';
	else
		(void)buf_addc(out, '{');
	(void)buf_addc(out, '}');
}

static void
put_text(struct writer *w, struct slice key, struct slice s, size_t max)
{
	if (s.n == 0)
		return;
	if (!event_json_member(w->out, key, s, max))
		note_cut(w, key);
}

static void
put_texts(
    struct writer *w, const struct event *ev, const struct string_key *k, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *base = (const char *)ev + k[i].offset;
		struct slice s;
		memcpy(&s, base, sizeof s);
		put_text(w, k[i].key, s, k[i].max);
	}
}

static void
put_name(struct writer *w, struct slice key, const char *name)
{
	if (name)
		put_text(w, key, slice_of(name), LIMIT_TEXT);
}

static void
put_number(struct writer *w, struct slice key, int64_t v)
{
	char text[24];
	size_t i = sizeof text;
	uint64_t left = (uint64_t)v; /* v >= 0 */

	put_key(w->out, key);
	do {
		text[--i] = (char)('0' + left % 10);
	} while ((left /= 10) > 0);
	(void)buf_add(w->out, (struct slice){ text + i, sizeof text - i });
}

static void
put_when(struct writer *w, struct slice key, struct when t)
{
	char text[WHEN_TEXT_MAX];
	size_t n = when_write(t, text);

	put_key(w->out, key);
	(void)buf_addc(w->out, '"');
	(void)buf_add(w->out, (struct slice){ text, n });
	(void)buf_addc(w->out, '"');
}

/* {"name":"value",...}; what does not fit into the event is left out and told. */
static void
put_pairs(struct writer *w, struct slice key, const struct event_pair *v, size_t n)
{
	struct buf *out = w->out;

	if (n == 0)
		return;
	if (out->n > w->start + LIMIT_EVENT - TAIL_ROOM) {
		note_cut(w, key); /* not even one */
		return;
	}
	put_key(out, key);
	(void)buf_addc(out, '{');
	for (size_t i = 0; i < n && !out->failed; i++) {
		size_t before = out->n;
		if (before > w->start + LIMIT_EVENT - TAIL_ROOM) {
			note_cut(w, key);
			break;
		}
		if (before > 0 && out->p[before - 1] != '{')
			(void)buf_addc(out, ',');
		bool whole = event_json_string(out, v[i].name, LIMIT_TEXT);
		(void)buf_addc(out, ':');
		if (!event_json_string(out, v[i].value, LIMIT_TEXT) || !whole)
			note_cut(w, key);
	}
	(void)buf_addc(out, '}');
}

/* An object of texts; what is cut in it is told as its own key. */
static void
put_inner(struct writer *w, struct slice key, const struct event *ev,
    const struct string_key *k, size_t n)
{
	struct writer in = { .out = w->out, .start = w->start };

	put_key(w->out, key);
	size_t at = w->out->n;
	put_texts(&in, ev, k, n);
	close_object(w->out, at);
	if (in.ncut > 0)
		note_cut(w, key);
}

static void
put_source(struct writer *w, const struct event_source *s)
{
	struct writer in = { .out = w->out, .start = w->start };

	put_key(w->out, KEY(source));
	size_t at = w->out->n;
	put_text(&in, KEY(name), s->name, LIMIT_TEXT);
	put_text(&in, KEY(format), s->format, LIMIT_TEXT);
	put_text(&in, KEY(host), s->host, LIMIT_TEXT);
	put_text(&in, KEY(instance), s->instance, LIMIT_TEXT);
	put_text(&in, KEY(file), s->file, LIMIT_TEXT);
	put_number(&in, KEY(offset), (int64_t)s->offset);
	close_object(w->out, at);
	if (in.ncut > 0)
		note_cut(w, KEY(source));
}

static void
put_truncated(struct writer *w)
{
	if (w->ncut == 0)
		return;
	put_key(w->out, KEY(truncated));
	(void)buf_addc(w->out, '[');
	for (size_t i = 0; i < w->ncut; i++) {
		if (i > 0)
			(void)buf_addc(w->out, ',');
		/* without its comma and colon the key is the name in quotes */
		struct slice name = slice_from(w->cut[i], 1);
		(void)buf_add(w->out, (struct slice){ name.p, name.n - 1 });
	}
	(void)buf_addc(w->out, ']');
}

static void
put_event(struct writer *w, const struct event *ev)
{
	put_text(w, KEY(id), (struct slice){ ev->id, sizeof ev->id }, sizeof ev->id);
	put_name(w, KEY(type), event_type_name(ev->type));
	put_name(w, KEY(mode), event_mode_name(ev->mode));
	put_name(w, KEY(class), event_class_name(ev->class));
	put_name(w, KEY(reason), event_reason_name(ev->reason));
	put_text(w, KEY(rule), ev->rule, LIMIT_TEXT);
	put_text(w, KEY(category), ev->category, LIMIT_TEXT);
	put_when(w, KEY(time), ev->time);
	if (ev->queued.sec != 0)
		put_when(w, KEY(queued), ev->queued);
	put_texts(w, ev, before_code, COUNT(before_code));
	put_name(w, KEY(action), event_action_name(ev->action));
	put_text(w, KEY(status), ev->status, LIMIT_TEXT);
	if (ev->smtp_code != 0)
		put_number(w, KEY(smtp_code), ev->smtp_code);
	put_texts(w, ev, after_code, COUNT(after_code));
	if (ev->remote_port != 0)
		put_number(w, KEY(remote_port), ev->remote_port);
	put_texts(w, ev, after_port, COUNT(after_port));
	if (ev->verp.scheme.n > 0)
		put_inner(w, KEY(verp), ev, in_verp, COUNT(in_verp));
	if (ev->feedback.type.n > 0)
		put_inner(w, KEY(feedback), ev, in_feedback, COUNT(in_feedback));
	if (ev->attempts != 0)
		put_number(w, KEY(attempts), ev->attempts);
	if (ev->delay >= 0)
		put_number(w, KEY(delay), ev->delay);
	if (ev->expired)
		(void)buf_add(w->out, SLICE(",\"expired\":true"));
	put_source(w, &ev->source);
	if (ev->test)
		(void)buf_add(w->out, SLICE(",\"test\":true"));
	put_pairs(w, KEY(labels), ev->labels, ev->nlabels);
	put_pairs(w, KEY(metadata), ev->metadata, ev->nmetadata);
	put_pairs(w, KEY(headers), ev->headers, ev->nheaders);
	put_pairs(w, KEY(native), ev->native, w->nnative);
	put_truncated(w);
	close_object(w->out, w->start);
}

static int
write_event(const struct event *ev, size_t nnative, struct buf *out)
{
	struct writer w = { .out = out, .start = out->n, .nnative = nnative };

	if (out->failed)
		return -ENOMEM;
	put_event(&w, ev);
	if (out->failed || out->n - w.start > LIMIT_EVENT) {
		int rc = out->failed && out->max - w.start > LIMIT_EVENT ? -ENOMEM
									 : -E2BIG;
		out->n = w.start;
		out->failed = false;
		return rc;
	}
	return 0;
}

int
event_json(const struct event *ev, struct buf *out)
{
	return write_event(ev, ev->nextra, out);
}

int
event_json_native(const struct event *ev, struct buf *out)
{
	return write_event(ev, ev->nnative, out);
}
