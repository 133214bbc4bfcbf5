/*
 * daemon_internal.h - what the files of the daemon share: daemon.c (the loop),
 * daemon_commit.c (what was read is stored), daemon_room.c (room, and what commands
 * wrote beside us), daemon_watch.c (where inotify fails).
 */
#ifndef BOUNCEFEED_DAEMON_INTERNAL_H
#define BOUNCEFEED_DAEMON_INTERNAL_H

#include "app/daemon.h"
#include "app/deliver.h"
#include "app/follow.h"

enum {
	DAEMON_ASK_MS = 1000, /* the state file, where nobody tells of commands */
	DAEMON_RETRY_MS =
	    1000, /* after a commit that failed, and while there is no room */
	DAEMON_PLACES_MS = 1000, /* places without events wait so long for a commit */
};

struct daemon {
	const struct config *config;
	struct follow_env env;
	struct follow **follow;
	size_t nfollows;
	struct output_http *http;
	struct deliver *deliver;
	int signals; /* a signalfd */
	int wake;    /* a command wrote into the state file; -1: it is asked */
	int wake_error;
	int64_t wake_open_ms; /* when it is opened again */
	unsigned told_watch;  /* kinds of trouble with inotify that were logged */
	bool stop;
	bool stuck;      /* the last commit failed */
	bool told_stuck; /* ... and that was logged */
	unsigned busy;   /* commits in a row that found it locked */
	int64_t
	    squeeze_ms; /* when the state file was last made smaller for want of room */
	bool told_full; /* ... and that was logged, at full_ms */
	int64_t full_ms;
	bool tight;            /* ... because of state.max_size */
	bool full;             /* the spool has no room */
	int delivery_rc;       /* the state file's last answer to delivery: told once */
	int64_t retry_ms;      /* of a failed commit */
	int64_t dirty_ms;      /* since when places wait; 0: none do */
	int64_t rest_ms;       /* since when nothing happens */
	int64_t wake_again_ms; /* it is tried again */
	bool wake_pending;     /* ... and was not taken yet */
	int64_t wake_ms;       /* when what others wrote was looked for */
	int64_t room_ms;       /* when room was looked for */
	int64_t dead_ms;       /* when old dead letters were looked for */
	bool tidy;
};

/* --- daemon_commit.c */
bool daemon_dirty(const struct daemon *d); /* places wait for a commit */
void daemon_commit(struct daemon *d, int64_t now_ms);
void daemon_commit_if_due(struct daemon *d, int64_t now_ms, bool dry);

/* --- daemon_room.c */
void daemon_check_room(struct daemon *d, int64_t now_ms);
/* A command wrote beside us; hint: it says so itself. */
void daemon_take_wake(struct daemon *d, int64_t now_ms, bool hint);
void daemon_expire_dead(struct daemon *d, int64_t now_ms);

/* --- daemon_watch.c */
int daemon_open_wake(struct daemon *d, int64_t now_ms, struct err *e);
void daemon_try_wake(struct daemon *d, int64_t now_ms);
void daemon_tell_watch(struct daemon *d);

#endif
