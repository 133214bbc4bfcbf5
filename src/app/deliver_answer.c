/*
 * deliver_answer.c - what a backend answered, as delivery needs it: verdict, words, the
 * events that it names as rejected.
 */
#include "app/deliver_internal.h"
#include "app/app.h"

#include <string.h>

/* At most max bytes of it, without line ends and NULs. */
static void
add_line(struct buf *out, struct slice s, size_t max)
{
	for (size_t i = 0; i < s.n && i < max; i++) {
		bool gap = s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\0';
		(void)buf_addc(out, gap ? ' ' : s.p[i]);
	}
}

static int
note_rejected(void *arg, struct slice id, struct slice reason)
{
	struct deliver_output *o = arg;

	(void)buf_add(&o->rejected, id);
	(void)buf_addc(&o->rejected, ' ');
	add_line(&o->rejected, reason, 200);
	(void)buf_addc(&o->rejected, '\n');
	o->nrejected++;
	return 0;
}

/* A 2xx may name events that it did not take; all of a batch: that is a refusal. */
static void
take_rejected(struct deliver_output *o, const struct output_answer *a)
{
	buf_clear(&o->rejected);
	o->nrejected = 0;
	if (o->verdict != VERDICT_ACCEPTED)
		return;
	(void)output_rejected(a->body, note_rejected, o);
	/* a list too long to be read may name any of them: smaller batches have shorter
	 * ones */
	bool unread = a->cut && a->body.n > 0 && a->body.p[0] == '{';
	if (o->batch.count > 1 && (unread || o->nrejected >= o->batch.count))
		o->verdict = VERDICT_REFUSED;
}

/* What the backend said, or what went wrong, on one line: raw bytes, which whoever
 * shows them escapes. */
static void
set_answer(struct deliver_output *o, const struct output_answer *a)
{
	struct buf text;

	buf_init(&text, sizeof o->answer);
	if (a->code > 0)
		(void)buf_printf(&text, "HTTP %u ", a->code);
	if (a->location)
		(void)buf_printf(&text, "to %.160s ", a->location);
	if (!a->complete)
		(void)buf_printf(&text, "%.160s ", a->error);
	add_line(&text, slice_trim(a->body), 160);
	size_t n = text.n < sizeof o->answer - 1 ? text.n : sizeof o->answer - 1;
	if (n > 0)
		memcpy(o->answer, text.p, n);
	o->answer[n] = '\0';
	buf_free(&text);
}

void
deliver_take(struct deliver_output *o, const struct output_answer *a)
{
	o->code = a->code;
	o->verdict = output_verdict_of(a->code, a->complete);
	take_rejected(o, a);
	o->step = STEP_ANSWERED;
	o->next_ms = 0;
	set_answer(o, a);
}
