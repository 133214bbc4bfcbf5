/*
 * dead_work.c - changes of any number of dead letters in transactions of bounded size.
 */
#include "app/dead.h"

#include "app/app.h"
#include "app/command.h"

#include <string.h>
#include <time.h>

static const struct timespec rest = { .tv_nsec = 2 * 1000 * 1000 };

int
dead_work(struct store *s, dead_step_fn *step, void *arg, uint64_t *done, size_t n,
    struct err *e)
{
	uint64_t committed[4] = { 0 };
	int rc, more;

	do {
		memcpy(committed, done, n * sizeof *done);
		if ((rc = store_begin(s, STORE_DURABLE, e)) < 0)
			break;
		if ((more = step(arg, e)) < 0) {
			store_rollback(s);
			rc = more;
		} else {
			rc = store_commit(s, e);
		}
		if (rc == 0)
			(void)store_checkpoint(s, false); /* the WAL stays short */
		if (rc == 0 && more > 0)
			(void)nanosleep(&rest, NULL);
	} while (rc == 0 && more > 0);
	if (rc < 0)
		memcpy(done, committed, n * sizeof *done);
	return rc;
}

int
dead_fail(const struct dead *d, int rc, const struct err *e)
{
	command_tell(d->command, "%s", e->text[0] ? e->text : strerror(-rc));
	return command_exit(rc);
}
