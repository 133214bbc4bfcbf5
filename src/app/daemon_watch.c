/*
 * daemon_watch.c - what inotify cannot tell us of: said once for each kind of trouble,
 * with the mend, and once that it is over. The sources that it concerns are polled, and
 * so is the state file if its wake file cannot be watched.
 */
#include "app/daemon_internal.h"
#include "app/app.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Kinds of trouble: what mends one does not mend the other. */
enum { NO_WATCHES, NO_INSTANCES, TOO_MANY, OTHER, KINDS };

struct trouble {
	bool is;
	int64_t sources;
	const char *source, *what, *error; /* of the first of them */
};

static const char *const error_text[KINDS] = {
	[NO_WATCHES] = "no inotify watches are left",
	[NO_INSTANCES] = "no inotify instance is left",
	[TOO_MANY] = "too many directories",
};

static const char *const mend[KINDS] = {
	[NO_WATCHES] = "raise fs.inotify.max_user_watches with sysctl",
	[NO_INSTANCES] = "raise fs.inotify.max_user_instances with sysctl, or "
			 "LimitNOFILE= of the unit",
	[TOO_MANY] = "narrower globs, or poll: of the source",
	[OTHER] = "let the daemon's user read the directory, or poll: of the source",
};

static int
kind_of(int error)
{
	switch (error) {
	case ENOSPC:
		return NO_WATCHES;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOSYS:
		return NO_INSTANCES;
	case E2BIG:
		return TOO_MANY;
	default:
		return OTHER;
	}
}

static void
add(struct trouble *all, const char *source, const char *what, int error)
{
	int k = kind_of(error);
	struct trouble *t = &all[k];

	t->sources += source != NULL;
	if (t->is && (t->source || !source))
		return;
	t->is = true;
	t->source = source;
	t->what = what;
	t->error = error_text[k] ? error_text[k] : strerror(error);
}

static void
tell(const struct trouble *t, int kind)
{
	if (!t->is)
		log_event(LOG_LEVEL_INFO, "watch-works-again", "after",
		    error_text[kind] ? error_text[kind] : "watch-failed", LOG_END);
	else if (!t->source)
		log_event(LOG_LEVEL_WARN, "watch-failed", "file", t->what, "error",
		    t->error, "mend", mend[kind], LOG_END);
	else
		log_event(LOG_LEVEL_WARN, "watch-failed", "directory", t->what, "error",
		    t->error, "mend", mend[kind], "source", t->source, "sources",
		    log_number(t->sources), "until-then", "polled", LOG_END);
}

/* Once something is polled for want of inotify, and once it no longer is. */
void
daemon_tell_watch(struct daemon *d)
{
	struct trouble all[KINDS] = { { 0 } };
	const char *what = "";

	if (d->wake < 0)
		add(all, NULL, d->config->state_path, d->wake_error);
	for (size_t i = 0; i < d->nfollows; i++) {
		int error = follow_watch_trouble(d->follow[i], &what);
		if (error)
			add(all, follow_name(d->follow[i]), what, error);
	}
	for (int k = 0; k < KINDS; k++) {
		unsigned bit = 1u << k;
		if (all[k].is == ((d->told_watch & bit) != 0))
			continue;
		d->told_watch ^= bit;
		tell(&all[k], k);
	}
}

/* The state file's wake file: commands touch it. Not watched, it is asked now and then.
 */
int
daemon_open_wake(struct daemon *d, int64_t now_ms, struct err *e)
{
	const char *state = d->config->state_path;
	char path[PATH_MAX];
	int rc = store_wake(state, e); /* makes it */

	if (rc < 0 || (rc = store_wake_path(state, path, sizeof path)) < 0)
		return rc;
	d->wake = source_wake_open(path, e);
	d->wake_error = d->wake < 0 ? -d->wake : 0;
	d->wake_open_ms = now_ms + SOURCE_WATCH_AGAIN_MS;
	return 0;
}

void
daemon_try_wake(struct daemon *d, int64_t now_ms)
{
	struct err e;

	if (d->wake < 0 && now_ms >= d->wake_open_ms)
		(void)daemon_open_wake(d, now_ms, &e);
}
