/*
 * parked.c - what a reader costs that begins a transaction and does not end it.
 *
 * SQLite lets a WAL begin anew only when nobody reads from it any more, so beside such
 * a reader it grows with every commit and no checkpoint can help. What bounds it is the
 * spool's max_size: store_used() counts the WAL, and who heeds it stops storing events.
 * Deliveries go on and write, too: what they add is held to a share of max_size here.
 * Once the reader is gone a checkpoint gives all of it back.
 */
#include "parked.h"
#include "check.h"
#include "drive.h"
#include "plan.h"
#include "tool.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

static const uint64_t MAX_SIZE = 16 << 20;
static const uint64_t WAL_LIMIT = 4 << 20; /* journal_size_limit */
enum { PAGE = 4096, DELIVERY_PAGES = 12 };
static const uint64_t COMMIT_MAX = 2 << 20; /* more than one commit of this test */

struct parked {
	char path[PATH_MAX];
	char wal[PATH_MAX + 8];
	struct drive *drive;
	struct model model;
	uint64_t random;
	sqlite3 *reader;
	bool failed;
	/* measured */
	size_t commits;
	size_t delivered;
	uint64_t at_start; /* bytes of the WAL */
	uint64_t at_max;
	uint64_t at_end;
	double wait; /* the longest checkpoint at rest */
};

static void __attribute__((format(printf, 2, 3)))
wrong(struct parked *p, const char *format, ...)
{
	va_list ap;

	p->failed = true;
	(void)fputs("parked: ", stdout);
	va_start(ap, format);
	(void)vprintf(format, ap);
	va_end(ap);
	(void)putchar('\n');
}

static uint64_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static double
mib(uint64_t bytes)
{
	return (double)bytes / (1 << 20);
}

static void
transact(struct parked *p)
{
	struct err e;

	if (drive_tx(p->drive, &p->model, p->model.ntx - 1, &e) < 0)
		tool_die("%s", e.text);
	if (drive_used(p->drive) < size_of(p->wal))
		wrong(p, "store_used() is %.1f MiB, the WAL alone has %.1f",
		    mib(drive_used(p->drive)), mib(size_of(p->wal)));
}

static void
seal(struct parked *p)
{
	(void)plan_seal(&p->model, &p->random, 4, 400);
	transact(p);
	(void)drive_checkpoint(p->drive, false);
}

static void
park_reader(struct parked *p)
{
	if (sqlite3_open(p->path, &p->reader) != SQLITE_OK ||
	    sqlite3_exec(p->reader, "BEGIN; SELECT count(*) FROM batch", NULL, NULL,
		NULL) != SQLITE_OK)
		tool_die("reader: %s", sqlite3_errmsg(p->reader));
}

/* As the daemon does: stores until there is no room. */
static void
fill(struct parked *p)
{
	p->at_start = size_of(p->wal);
	while (drive_used(p->drive) < MAX_SIZE && !p->failed) {
		seal(p);
		p->commits++;
	}
	p->at_max = size_of(p->wal);
	uint64_t bytes = size_of(p->path) + p->at_max;
	if (bytes > MAX_SIZE + COMMIT_MAX)
		wrong(
		    p, "%.1f MiB on disk, max_size is %.1f", mib(bytes), mib(MAX_SIZE));
	if (p->at_max < MAX_SIZE / 2)
		wrong(p, "the WAL did not grow: is the reader there?");
}

/* As the daemon does when there is no room: delivers, with checkpoints as at rest. Each
 * delivery writes some pages; nothing else may be written now. */
static void
deliver(struct parked *p)
{
	while (plan_accept(&p->model, 1) && !p->failed) {
		transact(p);
		if (p->delivered++ % 16 != 0)
			continue;
		double begin = tool_seconds();
		(void)drive_checkpoint(p->drive, true);
		double t = tool_seconds() - begin;
		p->wait = t > p->wait ? t : p->wait;
	}
	p->at_end = size_of(p->wal);
	if (p->at_end - p->at_max > p->delivered * DELIVERY_PAGES * PAGE)
		wrong(p, "%zu deliveries made the WAL grow from %.1f to %.1f MiB",
		    p->delivered, mib(p->at_max), mib(p->at_end));
}

static void
let_go(struct parked *p)
{
	(void)sqlite3_close(p->reader);
	seal(p); /* its checkpoint moves all there is */
	seal(p); /* begins the WAL anew */
	if (size_of(p->wal) > WAL_LIMIT)
		wrong(
		    p, "after the reader: the WAL has %.1f MiB", mib(size_of(p->wal)));
	bool rest = drive_rest(p->drive);
	uint64_t left = size_of(p->path) + size_of(p->wal);
	if (!rest || size_of(p->wal) != 0 || left > COMMIT_MAX)
		wrong(p, "after the reader, at rest: %.1f MiB are left", mib(left));
}

bool
parked_reader(void)
{
	struct parked p = { .random = 11 };
	struct check c;
	struct err e;

	tool_place("parked", p.path, sizeof p.path);
	(void)snprintf(p.wal, sizeof p.wal, "%s-wal", p.path);
	model_init(&p.model, 11);
	if (drive_open(p.path, &p.drive, &e) < 0)
		tool_die("%s", e.text);
	seal(&p);
	park_reader(&p);
	fill(&p);
	deliver(&p);
	let_go(&p);
	check_file(p.path, &p.model, p.model.ntx - 1, p.model.ntx - 1, &c);
	if (c.state != CHECK_HOLDS)
		wrong(&p, "%s", c.text);
	printf(
	    "parked: beside a reader that stays the WAL grew from %.1f to %.1f MiB in "
	    "%zu commits, then max_size (%.0f MiB) held; %zu deliveries added %.2f "
	    "MiB; a checkpoint at rest took up to %.0f ms; after the reader all is "
	    "given back: %s\n",
	    mib(p.at_start), mib(p.at_max), p.commits, mib(MAX_SIZE), p.delivered,
	    mib(p.at_end - p.at_max), 1000 * p.wait, p.failed ? "FAILED" : "holds");
	drive_close(p.drive);
	model_free(&p.model);
	return !p.failed;
}
