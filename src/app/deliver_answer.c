/*
 * deliver_answer.c - what a backend answered, as delivery needs it: verdict, words, the
 * events that it names as rejected.
 */
#include "app/deliver_internal.h"
#include "app/app.h"
#include "app/post.h"

#include <string.h>

/* At most max bytes of it, without line ends and NULs. */
static void
add_line(struct buf *out, struct slice text, size_t max)
{
	for (size_t i = 0; i < text.n && i < max; i++) {
		bool gap = text.p[i] == '\n' || text.p[i] == '\r' || text.p[i] == '\0';
		(void)buf_addc(out, gap ? ' ' : text.p[i]);
	}
}

static int
note_rejected(void *arg, struct slice id, struct slice reason)
{
	struct deliver_slot *s = arg;

	(void)buf_add(&s->rejected, id);
	(void)buf_addc(&s->rejected, ' ');
	add_line(&s->rejected, reason, 200);
	(void)buf_addc(&s->rejected, '\n');
	s->nrejected++;
	return 0;
}

/* A 2xx may name events that it did not take; all of a batch: that is a refusal. */
static void
take_rejected(struct deliver_slot *s, const struct output_answer *a)
{
	buf_clear(&s->rejected);
	s->nrejected = 0;
	if (s->heard.verdict != VERDICT_ACCEPTED)
		return;
	(void)output_rejected(a->body, note_rejected, s);
	/* a list too long to be read may name any of them: smaller batches have shorter
	 * ones */
	bool unread = a->cut && a->body.n > 0 && a->body.p[0] == '{';
	if (s->batch.count > 1 && (unread || s->nrejected >= s->batch.count))
		s->heard.verdict = VERDICT_REFUSED;
}

/* What the backend said, or what went wrong, on one line: raw bytes, which whoever
 * shows them escapes. */
static void
set_answer(struct deliver_slot *s, const struct output_answer *a)
{
	struct buf text;

	buf_init(&text, LIMIT_ANSWER);
	if (a->code > 0)
		(void)buf_printf(&text, "HTTP %u ", a->code);
	if (a->location) {
		/* libcurl makes it absolute with the password of the URL in it */
		(void)buf_add(&text, SLICE("to "));
		(void)config_url_shown(a->location, &text);
		(void)buf_addc(&text, ' ');
	}
	if (!a->complete)
		(void)buf_printf(&text, "%.160s ", a->error);
	add_line(&text, slice_trim(a->body), 160);
	size_t n = text.n < sizeof s->answer - 1 ? text.n : sizeof s->answer - 1;
	if (n > 0)
		memcpy(s->answer, text.p, n);
	s->answer[n] = '\0';
	buf_free(&text);
}

static bool
ends_word(char c)
{
	return c == '\0' || strchr(" \t\"'<>()[]{},;:=", c) != NULL;
}

void
deliver_mask(const char *answer, char *out, size_t cap)
{
	static const char masked[] = "<address>";
	size_t n = 0;

	while (*answer) {
		size_t len = 1;
		while (!ends_word(*answer) && !ends_word(answer[len]))
			len++;
		bool address = memchr(answer, '@', len) != NULL;
		const char *word = address ? masked : answer;
		size_t put = address ? sizeof masked - 1 : len;
		if (n + put >= cap)
			break;
		memcpy(out + n, word, put);
		n += put;
		answer += len;
	}
	out[n] = '\0';
}

void
deliver_take(struct deliver_slot *s, const struct output_answer *a)
{
	s->code = a->code;
	s->heard = (struct output_heard){
		.verdict = post_verdict(s->output->conf, a),
		.timed_out = a->timed_out,
		.retry_after_ms = a->retry_after_ms,
	};
	take_rejected(s, a);
	s->step = STEP_ANSWERED;
	s->judged = false;
	set_answer(s, a);
}
