/*
 * status_check.c - the status as one line and a number, as Nagios plugins have it:
 * OK - 3 sources, 1 output, 0 queued.
 *
 * Critical: no daemon, a held output, a state file that is full or damaged. Warning: an
 * output that retries, events set apart, a silent source, a file that cannot be read,
 * notes on the configuration. Dead letters by
 * themselves are none: refusing them was the backend's decision.
 */
#include "app/status.h"

#include "app/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PART_MAX = 64 * 1024 };

struct check {
	struct buf critical;
	struct buf warning;
};

/* 1,234,567 */
static void
put_number(struct buf *out, uint64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%llu", (unsigned long long)v);

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			(void)buf_addc(out, ',');
		(void)buf_addc(out, text[i]);
	}
}

/* The list that a new fault is written to. */
static struct buf *
begin(struct buf *list)
{
	if (list->n > 0)
		(void)buf_add(list, SLICE("; "));
	return list;
}

static void
put_state(struct buf *out, const struct store_output *v)
{
	int64_t since = v->queue.oldest_ms ? v->queue.oldest_ms : v->error_ms;

	(void)buf_add(out, SLICE("output "));
	command_show(out, v->name);
	(void)buf_add(out, SLICE(": "));
	command_show(out, v->state);
	if (since) {
		(void)buf_add(out, SLICE(" since "));
		command_show_time(out, since);
	}
	(void)buf_add(out, SLICE(", "));
	put_number(out, v->queue.events);
	(void)buf_add(out, SLICE(" queued"));
}

static void
check_output(struct check *k, const struct status_output *o)
{
	const struct store_output *v = &o->stored;
	struct status_apart n = status_apart(o);
	uint64_t apart = n.suspects + n.aside + n.damaged;

	if (!o->configured)
		return;
	if (slice_eq(v->state, SLICE("hold")))
		put_state(begin(&k->critical), v);
	else if (!slice_eq(v->state, SLICE("ok")))
		put_state(begin(&k->warning), v);
	if (apart == 0)
		return;
	struct buf *out = begin(&k->warning);
	(void)buf_add(out, SLICE("output "));
	command_show(out, v->name);
	(void)buf_add(out, SLICE(": "));
	put_number(out, apart);
	(void)buf_add(out, SLICE(" set apart"));
}

static void
check_source(struct check *k, const struct status *s, const struct status_source *o)
{
	struct buf *out;

	if (o->silent) {
		out = begin(&k->warning);
		(void)buf_add(out, SLICE("source "));
		command_show(out, o->name);
		(void)buf_add(out, SLICE(": silent since "));
		command_show_time(out, o->heard_ms ? o->heard_ms : s->started_ms);
	}
	if (o->nunreadable == 0 && o->list_error == 0)
		return;
	out = begin(&k->warning);
	(void)buf_add(out, SLICE("source "));
	command_show(out, o->name);
	(void)buf_add(out, SLICE(": "));
	if (o->list_error) {
		(void)buf_printf(
		    out, "its files cannot be listed: %s", strerror(o->list_error));
		return;
	}
	put_number(out, o->nunreadable);
	(void)buf_add(out, SLICE(" unreadable: "));
	command_show(out, o->file[0].path); /* they come first */
	(void)buf_printf(out, ": %s", strerror(o->file[0].error));
}

static void
check_all(struct check *k, const struct status *s, struct slice notes)
{
	int rc = s->trouble.code;

	if (s->pid == 0)
		(void)buf_add(begin(&k->critical), SLICE("no daemon runs"));
	if (rc == -EBADMSG || rc == -ENOENT)
		command_show(begin(&k->critical), slice_of(s->trouble.text));
	if (s->full)
		(void)buf_printf(
		    begin(&k->critical), "the state file is full (%s)", s->full);
	for (size_t i = 0; i < s->noutputs; i++)
		check_output(k, &s->output[i]);
	for (size_t i = 0; i < s->nsources; i++)
		check_source(k, s, &s->source[i]);
	notes.n = slice_find(notes, '\n'); /* one of them is enough for one line */
	if (notes.n > 0)
		command_show(begin(&k->warning), notes);
}

static void
put_count(struct buf *out, uint64_t n, const char *what)
{
	put_number(out, n);
	(void)buf_printf(out, " %s%s, ", what, n == 1 ? "" : "s");
}

/* 3 sources, 1 output, 0 queued */
static void
put_sums(const struct status *s, struct buf *out)
{
	uint64_t queued = 0;

	for (size_t i = 0; i < s->noutputs; i++)
		queued += s->output[i].configured ? s->output[i].stored.queue.events
						  : 0;
	put_count(out, s->config->nsources, "source");
	put_count(out, s->config->noutputs, "output");
	put_number(out, queued);
	(void)buf_add(out, SLICE(" queued"));
}

int
status_check(const struct status *s, struct slice notes, struct buf *out)
{
	static const char *const word[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	struct check k;
	int rc = s->trouble.code, level;

	buf_init(&k.critical, PART_MAX);
	buf_init(&k.warning, PART_MAX);
	check_all(&k, s, notes);
	level = k.critical.n > 0 ? 2 : k.warning.n > 0;
	if (k.critical.n > 0 && k.warning.n > 0)
		(void)buf_add(&k.critical, SLICE("; "));
	(void)buf_add(&k.critical, buf_slice(&k.warning));
	if (rc < 0 && rc != -EBADMSG && rc != -ENOENT)
		level = 3;
	(void)buf_printf(out, "%s - ", word[level]);
	if (level == 3)
		command_show(out, slice_of(s->trouble.text));
	else if (level == 0)
		put_sums(s, out);
	else
		(void)buf_add(out, buf_slice(&k.critical));
	(void)buf_addc(out, '\n');
	buf_free(&k.critical);
	buf_free(&k.warning);
	return level;
}
