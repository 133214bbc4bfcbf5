/*
 * dead_drop.c - `bouncefeed dead drop`: deletes dead letters, what is set apart, or all
 * that an output which is not configured any more has left.
 */
#include "app/dead.h"

#include "app/app.h"
#include "app/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP = 512 }; /* in one transaction */

struct drop {
	const struct dead *d;
	struct dead_ids ids;
	size_t at;
	int64_t after, last; /* --all */
	int64_t page[STEP];
	size_t npage;
	uint64_t done;
};

/* Gone already, by the daemon or another command: that is what was wanted. */
static int
delete_one(struct drop *p, const struct dead_id *id, struct err *e)
{
	int rc = id->apart ? store_batch_delete(p->d->store, id->id, e)
			   : store_dead_delete(p->d->store, id->id, e);

	p->done += rc == 0;
	return rc == -ENOENT ? 0 : rc;
}

static int
step_named(void *arg, struct err *e)
{
	struct drop *p = arg;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < STEP && p->at < p->ids.n; i++)
		rc = delete_one(p, &p->ids.v[p->at++], e);
	return rc < 0 ? rc : p->at < p->ids.n;
}

static int
add_id(void *arg, const struct store_dead *d)
{
	struct drop *p = arg;

	if (p->npage == STEP || d->id > p->last)
		return 1;
	p->page[p->npage++] = d->id;
	return 0;
}

static int
step_all(void *arg, struct err *e)
{
	struct drop *p = arg;
	struct slice output = slice_of(p->d->output);

	p->npage = 0;
	int rc = store_dead_each(p->d->store, output, p->after, add_id, p, e);
	for (size_t i = 0; rc >= 0 && i < p->npage; i++)
		rc = delete_one(p, &(struct dead_id){ .id = p->page[i] }, e);
	if (rc < 0 || p->npage == 0)
		return rc < 0 ? rc : 0;
	p->after = p->page[p->npage - 1];
	return p->npage == STEP;
}

static void
wake(const struct dead *d)
{
	struct err e;

	if (store_wake(d->config->state_path, &e) < 0)
		command_tell(d->command, "%s", e.text);
}

static int
drop_letters(struct drop *p)
{
	const struct dead *d = p->d;
	struct err e = { 0 };
	int rc, code = 0;

	if (!d->all)
		code = dead_ids_find(d, false, &p->ids);
	if (code != 0)
		return code;
	if (d->all && (rc = dead_last(d->store, &p->last, &e)) < 0)
		return dead_fail(d, rc, &e);
	rc = dead_work(d->store, d->all ? step_all : step_named, p, &p->done, 1, &e);
	(void)printf("%llu dropped\n", (unsigned long long)p->done);
	wake(d);
	free(p->ids.v);
	return rc < 0 ? dead_fail(d, rc, &e) : 0;
}

/* --- an output that is not configured any more
 * ----------------------------------------
 */

static int
step_output(void *arg, struct err *e)
{
	const struct dead *d = arg;

	return store_output_drop(d->store, slice_of(d->output), e);
}

static int
drop_output(const struct dead *d)
{
	struct store_output o = { 0 };
	struct err e = { 0 };
	uint64_t apart = 0;
	int rc = dead_find_output(d->store, d->output, &o, &e);

	if (rc == 0)
		rc = dead_work(d->store, step_output, (void *)d, &apart, 1, &e);
	if (rc == -ENOENT) {
		command_tell(d->command, "there is no output \"%s\"", d->output);
		return EX_USAGE;
	}
	if (rc < 0)
		return dead_fail(d, rc, &e);
	for (size_t i = 1; i < sizeof o.queue.apart / sizeof o.queue.apart[0]; i++)
		apart += o.queue.apart[i];
	(void)printf("%llu events dropped: %llu queued, %llu set apart, %llu dead "
		     "letters\n",
	    (unsigned long long)(o.queue.events + apart + o.dead_letters),
	    (unsigned long long)o.queue.events, (unsigned long long)apart,
	    (unsigned long long)o.dead_letters);
	wake(d);
	return 0;
}

int
dead_drop(const struct dead *d)
{
	struct drop p = { .d = d };

	if (!d->output || d->all) {
		struct err e = { 0 };
		if (!d->output || command_output(d->config, d->output))
			return drop_letters(&p);
		int rc = dead_find_output(d->store, d->output, NULL, &e);
		if (rc == 0)
			return drop_letters(&p);
		if (rc != -ENOENT)
			return dead_fail(d, rc, &e);
		command_tell(d->command, "there is no output \"%s\"", d->output);
		return EX_USAGE;
	}
	if (!command_output(d->config, d->output))
		return drop_output(d);
	command_tell(d->command,
	    "output \"%s\" is configured, and its queue is live; dead drop --all "
	    "--output \"%s\" drops its dead letters",
	    d->output, d->output);
	return EX_USAGE;
}
