/*
 * source.h - finds the files of a source, tells which is which after a rotation, reads
 * them.
 *
 * inotify is a hint, stat is the truth: an event, a slow timer and the start all lead
 * to the same source_scan(). A file is told by its inode while it is open, and by its
 * key and the marker before its offset when it was out of sight.
 */
#ifndef BOUNCEFEED_SOURCE_H
#define BOUNCEFEED_SOURCE_H

#include "base/base.h"

#include <sys/types.h>

enum {
	SOURCE_OPEN_MAX = 64,        /* files of a source that are open at once */
	SOURCE_OPEN_MIN = 4,         /* ... however few fds there are */
	SOURCE_GRACE_MS = 30 * 1000, /* a file that rotated away is watched that long */
	SOURCE_RESCAN_MS = 60 * 1000, /* the safety rescan */
	SOURCE_AGAIN_MS = 10,         /* after a scan that asked for another one */
	SOURCE_DRAIN_MS = 1000, /* how often a file in its grace time is looked at */
	SOURCE_POLL_MS = 1000,  /* ... and all of them, where inotify does not tell */
	SOURCE_POLL_MIN_MS = 100,
	SOURCE_WATCH_AGAIN_MS = 5000, /* inotify had no room: it is asked again */
	SOURCE_REST_MIN_MS = 500, /* a file that failed rests, longer each time ... */
	SOURCE_REST_MAX_MS = 30 * 1000, /* ... but no longer than that */
};

/* Another file is in the inode now (truncated and written anew): see source_restart().
 * No errno. */
enum { SOURCE_REPLACED = -100000 };

struct source_file {
	struct source_file *next;
	/* as stored */
	int64_t id; /* in the state file, 0: not there yet */
	uint64_t dev, ino;
	bool has_key;
	struct file_key key;
	uint64_t offset;  /* all before it is done with */
	uint64_t skip;    /* records that end at or before it make no events ... */
	int64_t start_ms; /* ... but those of this time or later do; 0: none does */
	struct hash128 marker; /* of the up to LIMIT_MARKER bytes before offset */
	struct buf header;     /* the header record in force at offset */
	char *path;            /* where it was last seen */
	int64_t seen_ms;       /* wall clock, the reader's to set */
	int64_t stored_seen_ms;
	bool packed;     /* it lies in the archive as .gz or .zst, whole */
	uint64_t length; /* ... of so many plain bytes */
	/* as it is now */
	int fd;                /* -1: not open */
	struct packed *unpack; /* of a packed one that is open */
	uint64_t on_disk;      /* bytes of the file itself, packed or not */
	uint64_t read;         /* the next byte to read */
	char *tail;            /* the up to LIMIT_MARKER bytes before `read`, of an open
				  plain file: still there, it is still the same */
	size_t tail_n;
	bool racy; /* written so lately that its mtime may stay after a change */
	uint64_t size;
	int64_t mtime_ns;
	int64_t grown_ms; /* when it was last seen to grow */
	bool present;     /* seen on disk at the last scan */
	bool unsure;      /* ... by its inode, its bytes could not be looked at */
	bool live;        /* ... under the source's path, not in the archive */
	bool was_live;    /* ... at the scan before */
	uint64_t seen;    /* of a closed file: its size when it was read to its end */
	bool ended; /* read to its end, still, and nobody expects more: to be closed */
	bool over;  /* ... and its writer is done with it: what is left may be taken */
	bool ignored;    /* history: was there before us and continues nothing, or older
			    than older_ns when it was found */
	bool doomed;     /* source_sweep() forgets it */
	bool dirty;      /* differs from the state file */
	int64_t put_id;  /* its id there, if the commit under way succeeds */
	int error;       /* why it cannot be read: errno, 0: it can */
	int look_error;  /* why its path cannot be looked at, the same */
	int tail_error;  /* why source_tail() could not tell */
	int shown_error; /* what of that was told */
	bool resting;    /* it failed, and is left alone until retry_ms */
	int64_t retry_ms;
	unsigned failures;    /* in a row */
	uint64_t failed_turn; /* the reader's turn in which it could not be read */
	uint64_t round;       /* ... and the one in which it was read last */
	void *user;           /* the reader's: what it keeps for the file */
};

/* The key of a file from its first bytes: 1 and *out, 0 more bytes are needed (or, with
 * `last`, there is none). */
typedef int source_key_fn(
    void *arg, struct slice head, bool last, struct file_key *out);

struct source_options {
	const char *const *path;
	size_t npaths;
	const char *const
	    *archive; /* directories, globs, files; none: PATH.* and PATH-* */
	size_t narchives;
	bool dated;       /* a path stem.ext stands for stem-YYYY-MM-DD-N+.ext, too */
	int64_t poll_ms;  /* looked over that often, without inotify; 0: with it */
	bool from_start;  /* first look: read what is there */
	int64_t start_ms; /* ... what is of this time or later; 0: none of it */
	int64_t
	    older_ns; /* a new file not written to for so long is ignored; 0: none is */
	size_t open_max;   /* 0 or more than SOURCE_OPEN_MAX: that */
	bool keep_ignored; /* those are among the files, too, as far as one scan goes */
	source_key_fn *key;
	void *key_arg;
	void (*drop_user)(void *user);
};

struct source;
struct source_watch; /* inotify, for all sources */

/* Without inotify, too (no room for another instance): all sources are polled then. */
struct source_watch *source_watch_new(struct err *e);
void source_watch_free(struct source_watch *w);
int source_watch_fd(const struct source_watch *w); /* may change; -1: none */
/* Takes the events that have come and marks the sources that they concern. */
void source_watch_take(struct source_watch *w);

/* Why inotify does not tell of all that the source follows, so that it is polled every
 * SOURCE_POLL_MS until it does: the errno and what could not be watched; 0: it does.
 * ENOSPC: the user has no more watches, EMFILE: no more instances, E2BIG: more
 * directories than we watch, EACCES and others: of that directory. */
int source_watch_trouble(const struct source *s, const char **what_out);

/* A path that the last scan could not look at and that is no known file's (those have
 * look_error): the errno and the path; 0: none. */
int source_unseen(const struct source *s, const char **path_out);

struct source *source_new(struct source_watch *w, const struct source_options *o);
void source_free(struct source *s); /* before its watch */

/* A file known from earlier: its stored part is taken over. NULL without memory. */
struct source_file *source_add(struct source *s);

/*
 * Looks over path and archive. last_scan_ns: when that was done last, 0: never (the
 * first look). Answers the time of this one, or -errno. Afterwards some files may be
 * dirty.
 */
int64_t source_scan(
    struct source *s, int64_t last_scan_ns, int64_t now_ms, struct err *e);

/* What events asked for since the last call; both are false then. */
void source_asked(struct source *s, int64_t now_ms, bool *scan, bool *look);
bool source_asks(const struct source *s); /* did they? */

/* fstat of the open files: sizes, truncation. Marks as `ended` what had its grace time.
 */
void source_look(struct source *s, int64_t now_ms);

/* Closes the file and drops what the reader keeps for it. It is opened again should it
 * grow. */
void source_close(struct source *s, struct source_file *f);

/* Has it unread bytes, as far as is known, without opening it? */
bool source_has_unread(const struct source_file *f);
bool source_open(struct source *s, struct source_file *f);

/* The next file after `f` (NULL: the first) with unread bytes; NULL: none. */
struct source_file *source_unread(struct source *s, struct source_file *f);
/* Was a file left closed since the last call because too many are open? */
bool source_starved(struct source *s);

struct source_file *source_files(struct source *s); /* all, by ->next */

/* Up to cap bytes from f->read on, which moves. 0 at the end, -errno, or
 * SOURCE_REPLACED. */
ssize_t source_read(
    struct source *s, struct source_file *f, char *out, size_t cap, struct err *e);

/* A packed file is unpacked up to its offset, a little each turn: 1 it is there, 0 not
 * yet, -errno. Others are there. */
int source_reach(struct source_file *f);

/* Goes on with finding out what packed files of the archive are; true: there is more to
 * do at once. */
bool source_probe_turn(struct source *s);

/* The up to LIMIT_MARKER bytes before f->offset, where f->read stands; *agrees: they
 * have f's marker. Not to be told where f->tail_error is set: they cannot be read now.
 */
struct slice source_tail(
    struct source *s, struct source_file *f, char out[LIMIT_MARKER], bool *agrees);

/* What is in the open file now is another one than was known: that stays known, a new
 * file begins at 0. false: there is no room for one. */
bool source_restart(struct source *s, struct source_file *f, int64_t now_ms);

/* It could not be opened, looked at or read (f->error says why): it is
 * closed if it can be opened again, and left alone for a while, longer each time. */
void source_fail(struct source *s, struct source_file *f, int64_t now_ms);

/* It is not what it was taken for: out of sight until a scan says what it is. */
void source_lose(struct source *s, struct source_file *f);

/* When source_look() is wanted next for open files that are to be closed one day;
 * INT64_MAX: for none. */
int64_t source_deadline(struct source *s, int64_t now_ms);

/* Forgets a file for good; all that are `doomed`. */
void source_forget(struct source *s, struct source_file *f);
void source_sweep(struct source *s);
size_t source_count(const struct source *s); /* files that are known or ignored */

/* --- what is there (found.c) ---------------------------------------------------------
 */

struct source_found {
	const char *path;
	uint64_t dev, ino;
	uint64_t size; /* on disk */
	int64_t mtime_ns;
	bool live; /* under path, not in the archive */
	bool packed;
};

/* Calls fn for each file that lies under path and archive now, as source_scan() finds
 * them; follows none. 0, what fn answered, or -errno. */
typedef int source_found_fn(void *arg, const struct source_found *f);
int source_find(
    const struct source_options *o, source_found_fn *fn, void *arg, struct err *e);

/* --- one file that others touch (wake.c) ---------------------------------------------
 */

/* An fd that can be read when somebody touched the file; -errno. */
int source_wake_open(const char *path, struct err *e);
void source_wake_take(int fd);

#endif
