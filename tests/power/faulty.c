/*
 * faulty.c - see faulty.h; fault.c says what is expected of the store.
 */
#include "faulty.h"
#include "check.h"
#include "plan.h"
#include "tool.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

static int
hook(void *arg, struct vfs_call *c)
{
	struct faulty *r = arg;

	if (!r->armed || c->op != r->kind->op)
		return SQLITE_OK;
	r->calls++;
	if (r->sticky ? r->calls < r->n : r->calls != r->n)
		return SQLITE_OK;
	r->fired++;
	c->part = r->kind->part < c->n ? r->kind->part : 0;
	return r->kind->code;
}

static void __attribute__((format(printf, 2, 3)))
wrong(struct faulty *r, const char *format, ...)
{
	va_list ap;

	if (r->failed) /* the first one says it */
		return;
	r->failed = true;
	printf("fault: %s, call %u%s, %s, %s after transaction %zu: ", r->kind->name,
	    r->n, r->sticky ? " and all after it" : "",
	    r->after == AFTER_RETRY ? "tried again" : "restarted", r->steps,
	    r->model.ntx - 1);
	va_start(ap, format);
	(void)vprintf(format, ap);
	va_end(ap);
	(void)putchar('\n');
}

/* A function failed: is the answer what it has to be? */
static void
judge_answer(struct faulty *r, const char *what, int rc, unsigned fired_before,
    const struct err *e)
{
	r->told++;
	if (r->fired == fired_before)
		wrong(r, "%s failed (%d %s), but no call had", what, rc, e->text);
	else if (rc != r->kind->want || e->text[0] == '\0')
		wrong(r, "%s: got %d \"%s\", want %d and a text", what, rc, e->text,
		    r->kind->want);
}

/* --- steps -------------------------------------------------------------------------
 */

void
faulty_open(struct faulty *r)
{
	struct err e = { 0 };
	unsigned before = r->fired;

	vfs_watch(r->path, hook, r);
	int rc = drive_open(r->path, &r->drive, &e);
	if (rc == 0)
		return;
	judge_answer(r, "open", rc, before, &e);
	r->armed = false;
	r->drive = NULL;
	if ((rc = drive_open(r->path, &r->drive, &e)) < 0)
		wrong(r, "open, fault cleared: %d %s", rc, e.text);
}

static void
reopen(struct faulty *r)
{
	drive_close(r->drive);
	r->drive = NULL;
	faulty_open(r);
}

void
faulty_copy(const char *from, const char *to)
{
	char name[PATH_MAX + 16];
	struct buf b;

	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < VFS_FILES; i++) {
		(void)snprintf(name, sizeof name, "%s%s", from, vfs_suffix[i]);
		buf_clear(&b);
		if (tool_load(name, &b) < 0)
			continue;
		(void)snprintf(name, sizeof name, "%s%s", to, vfs_suffix[i]);
		tool_save(name, buf_slice(&b));
	}
	buf_free(&b);
}

/* The process was killed: another one finds the files as they are. */
static void
restart_from_copy(struct faulty *r)
{
	char path[PATH_MAX];

	tool_place(r->places++ % 2 ? "run-1" : "run-2", path, sizeof path);
	faulty_copy(r->path, path);
	vfs_watch(NULL, NULL, NULL);
	drive_close(r->drive);
	memcpy(r->path, path, sizeof r->path);
	r->drive = NULL;
	faulty_open(r);
}

static void
after_failure(struct faulty *r, size_t t)
{
	struct err e = { 0 };
	int rc;

	r->armed = false;
	if (r->after == AFTER_RESTART) {
		restart_from_copy(r);
		if (!r->drive)
			return;
		int64_t serial = drive_serial(r->drive);
		if (serial == (int64_t)t) /* said to have failed, stored whole */
			return;
		if (serial != (int64_t)t - 1)
			wrong(r, "restarted: the last transaction is %lld, want %zu",
			    (long long)serial, t - 1);
	}
	if ((rc = drive_tx(r->drive, &r->model, t, &e)) < 0)
		wrong(r, "transaction %zu, fault cleared: %d %s", t, rc, e.text);
}

static void
transact(struct faulty *r)
{
	size_t t = r->model.ntx - 1;
	struct err e = { 0 };

	/* a fault that lasts is met more than once, with a checkpoint between */
	for (int tries = r->sticky ? 3 : 1; tries > 0; tries--) {
		unsigned before = r->fired;
		int rc = drive_tx(r->drive, &r->model, t, &e);
		if (rc == 0)
			return;
		judge_answer(r, "transaction", rc, before, &e);
		if (tries > 1)
			(void)drive_checkpoint(r->drive, tries == 2);
	}
	after_failure(r, t);
}

/* The item that has to come first: halves keep the place of their batch. */
static size_t
first_item(const struct model *m)
{
	size_t first = m->nitems;

	for (size_t i = model_next(m, 0); i < m->nitems; i = model_next(m, i + 1)) {
		if (first == m->nitems || m->item[i].place < m->item[first].place)
			first = i;
	}
	return first;
}

/* Reads the oldest batch, as a delivery does. */
static void
read_first(struct faulty *r)
{
	size_t want = first_item(&r->model);
	char key[MODEL_KEY + 1], want_key[MODEL_KEY + 1];
	uint64_t hash;
	struct err e = { 0 };
	unsigned before = r->fired;
	int rc = drive_first(r->drive, key, &hash, &e);

	if (rc < 0 && rc != -ENOENT) {
		judge_answer(r, "read", rc, before, &e);
		r->armed = false;
		rc = drive_first(r->drive, key, &hash, &e);
	}
	model_key(want, want_key);
	if (want == r->model.nitems ? rc != -ENOENT
				    : rc < 0 || strcmp(key, want_key) != 0 ||
					  hash != r->model.item[want].hash)
		wrong(r, "read: got %d %s, want batch %s", rc, rc < 0 ? e.text : key,
		    want_key);
}

static bool
plan(struct faulty *r, char step)
{
	struct model *m = &r->model;

	switch (step) {
	case 'u':
		return plan_seal(m, &r->random, 1, 1);
	case 's':
		return plan_seal(m, &r->random, 2, 10);
	case 'm':
		return plan_seal(m, &r->random, 1, 100);
	case 'S':
		return plan_seal(m, &r->random, 2, 1000);
	case 'a':
		return plan_accept(m, 1);
	case 'A':
		return plan_accept(m, 3);
	case 'p':
		return plan_accept_part(m, &r->random);
	case 'h':
		return plan_split(m, &r->random);
	default:
		return plan_dead(m);
	}
}

void
faulty_step(struct faulty *r, char step)
{
	switch (step) {
	case 'c':
	case 'C':
		(void)drive_checkpoint(r->drive, step == 'C');
		break;
	case 'o':
		reopen(r);
		break;
	case 'k':
		restart_from_copy(r);
		break;
	default:
		read_first(r);
		if (!r->failed && plan(r, step))
			transact(r);
	}
}

static void
check(struct faulty *r, const char *when)
{
	struct check c;

	check_file(r->path, &r->model, r->model.ntx - 1, r->model.ntx - 1, &c);
	if (c.state != CHECK_HOLDS)
		wrong(r, "%s: %s", when, c.text);
}

void
faulty_end(struct faulty *r)
{
	char wal[PATH_MAX + 8];
	struct stat st;

	r->armed = false;
	check(r, "at the end");
	bool rest = drive_rest(r->drive);
	(void)snprintf(wal, sizeof wal, "%s-wal", r->path);
	if (!rest || stat(wal, &st) < 0 || st.st_size != 0)
		wrong(r, "checkpoints at rest leave a WAL or free pages");
	reopen(r);
	if (r->drive)
		check(r, "closed and opened");
}
