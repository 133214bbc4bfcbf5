/*
 * source_internal.h - what the files of this folder share.
 */
#ifndef BOUNCEFEED_SOURCE_INTERNAL_H
#define BOUNCEFEED_SOURCE_INTERNAL_H

#include "source/source.h"

#include <limits.h>
#include <sys/stat.h>

/* A file that is not read (history.c). */
struct past {
	uint64_t dev, ino, size;
	int64_t mtime_ns;
	bool live;
};

struct past_list {
	struct past *v; /* by inode */
	size_t n, cap;
};

struct source {
	struct source *next; /* in the watch's list */
	struct source_watch *watch;
	struct source_options o;
	struct source_file *files;
	size_t nfiles;
	size_t nopen;
	bool starved;
	bool want_scan;
	bool want_look;
	bool waiting; /* the last scan left copies alone, and what is being written */
	bool renamed; /* an event said so since it was last set to false */
	int64_t last_scan_ns; /* the scan before this one */
	int64_t undecided_ns; /* the scan before the first that saw a packed file of
				 which it is not known yet whether it is history */
	struct probe *probes; /* packed files of the archive */
	struct past_list past, seen_past; /* seen: by the scan that runs */
	int64_t settle_ms; /* when one that was being written is looked at; 0: none */
	int64_t now_ms;    /* of the turn, as source_asked() was told */
	/* poll.c */
	int64_t poll_look_ms, poll_scan_ms; /* when it is looked at, looked over */
	int64_t list_began_ms, list_ms;     /* how long the last listing took */
	size_t nresting;
	size_t nunseen;        /* names that the last scan could not look at */
	unsigned unseen_scans; /* ... and scans in a row of which that is true */
	int64_t unseen_ms;     /* when it tries again; 0: none */
	int unseen;            /* errno and path of one that is no known file */
	char unseen_at[PATH_MAX];
	/* watch.c */
	int blind;               /* errno, see source_watch_trouble() */
	char blind_at[PATH_MAX]; /* what could not be watched */
	int blinded;             /* ... as far as the scan under way knows */
};

/* A file found on disk. */
struct candidate {
	char *path;
	struct stat st;
	bool live;
	bool packed;              /* .gz, .zst: never live */
	struct source_file *file; /* what it turned out to be */
	bool has_key;             /* plain ones: its bytes were looked at */
	struct file_key key;
	bool bare; /* ... all of them, and no record in it is whole */
	bool wait; /* a copy of a known file, or not to be told yet: the next scan looks
		    */
};

struct candidates {
	struct candidate *v;
	size_t n, cap;
};

/* history.c: the files that are not read. _is: this one is still, and was seen now;
 * _turn: after a scan (whole: those that it did not see are dropped). */
int source_past_add(struct source *s, const struct stat *st, bool live);
bool source_past_is(struct source *s, const struct stat *st, bool live);
void source_past_turn(struct source *s, bool whole);
void source_past_free(struct source *s);

/* list.c: what is there now under path and archive; adds the directories to the watch.
 */
int source_list(struct source *s, struct candidates *out, struct err *e);
void source_list_free(struct candidates *c);

/* true where both are dated names of one PowerMTA file and `later` is the later one */
bool source_supersedes(const struct source *s, const char *later, const char *path);

/* names.c: packed, so that we can unpack it; packed otherwise: passed over; one of
 * PowerMTA's dated names of the path, which may be a glob; where the extension begins
 */
bool source_is_packed(const char *path);
bool source_is_foreign(const char *path);
bool source_is_dated(const char *pattern, const char *path);
size_t source_stem_end(const char *path);

/* true where a file of this name in this directory may be ours */
bool source_wants(const struct source *s, const char *dir, const char *name);

/* identity.c */
/* bytes of a file that are looked at for its key: two records of the largest size */
enum { SOURCE_HEAD_MAX = 4 << 20 };
/* 1, 0 or -errno; from the bytes that were taken of it, 0: from all that there are */
int source_key_of(struct source *s, int fd, uint64_t taken, struct file_key *out);
/* 1, 0 or -errno; _same: have both the bytes that a marker there is made of? */
int source_marker_agrees(int fd, uint64_t offset, const struct hash128 *marker);
int source_same_tail(int fd, int other, uint64_t offset);
/* Is what was taken of f in the file, or its key where nothing was? Also true where it
 * cannot be read. */
bool source_holds(struct source *s, int fd, const struct source_file *f);
/* What was read last moves f->tail on; are those bytes still before f->read (1, 0,
 * -errno)? */
void source_tail_move(struct source_file *f, struct slice bytes);
int source_tail_stands(const struct source_file *f);

static inline bool
source_in_sight(const struct source_file *f)
{
	return f->present || f->fd >= 0;
}

/* relate.c */
enum relation {
	UNRELATED,
	CONTINUES,
	SHORTER, /* the same file, but less of it than was taken: a copy in the making
		  */
	DARK,    /* its bytes cannot be read now */
};

/* What the candidate, whose key is known, may be to a file. A copy of one in sight is
 * none of its own, but for two under path. */
enum fit {
	OTHER,
	LATER, /* not to be told yet, or less than was taken */
	ITS_COPY,
	GOES_ON,
};

/* -1 with errno, or where another file has the name now (a new scan is asked for). */
int source_open_candidate(struct source *s, struct candidate *c);
/* To f, which has a key; of one in sight with the same key. */
enum relation source_relation_of(int fd, const struct candidate *c,
    const struct file_key *key, const struct source_file *f);
enum fit source_fit_of(
    struct source *s, int fd, const struct candidate *c, const struct source_file *f);
/* Keys of files in sight that are not read yet. */
void source_learn_keys(struct source *s);

/* packed.c: the fd is borrowed. _read: plain bytes, 0 at the end of what can be
 * unpacked, -errno. _tail: the up to LIMIT_MARKER plain bytes before _at. */
struct packed;
struct packed *source_packed_new(int fd);
void source_packed_free(struct packed *p);
ssize_t source_packed_read(struct packed *p, char *out, size_t cap);
uint64_t source_packed_at(const struct packed *p);
struct slice source_packed_tail(const struct packed *p);
bool source_packed_whole(const struct packed *p); /* at its end: nothing is missing */

/* probe.c: what is known of a packed candidate */
enum source_packed_is {
	PACKED_CUT,   /* damaged, being written, or without a whole record */
	PACKED_KEYED, /* its key is known, the rest was not looked at */
	PACKED_WHOLE, /* ... and all of it was */
};

struct source_packed {
	enum source_packed_is is;
	struct file_key key;
	int64_t since_ns; /* the scan before the first that saw it */
	uint64_t length;  /* plain bytes, if whole */
	struct source_file
	    *match; /* whole: the known file that it continues, or NULL */
};

int source_probe(
    struct source *s, const struct candidate *c, struct source_packed *out);
void source_probe_want(struct source *s, const struct candidate *c); /* look at all */
/* Forgets what no candidate was asked for since the last call (all: everything). */
void source_probe_sweep(struct source *s, bool all);

/* watch.c: what a scan asks for between _begin and _end is watched afterwards, and
 * nothing else. */
enum watch_kind {
	WATCH_FILES,  /* files in it; those of the name, or without one as the source's
			 patterns say */
	WATCH_NAMES,  /* only that the name appears, goes or changes hands */
	WATCH_LEAVES, /* only that the name, which is there, goes or is replaced */
	WATCH_SELF,   /* only that the directory itself moves or goes */
};

void source_watch_join(struct source_watch *w, struct source *s);
void source_watch_leave(struct source_watch *w, struct source *s);
void source_watch_begin(struct source *s);
void source_watch_end(struct source *s);
/* name: one path element or a pattern of it, or NULL; as: by which path the source
 * knows that file, or NULL. 1: asked for already in this scan, 0, or -errno. */
int source_watch_dir(struct source *s, const char *dir, enum watch_kind kind,
    const char *name, const char *as);
/* The source cannot rely on inotify: the first such fault of a scan counts. */
void source_watch_blind(struct source *s, int error, const char *at);

/* watch_path.c: which directories are watched for a pattern of files (before they are
 * listed), and for a file that is a symbolic link */
void source_watch_pattern(struct source *s, const char *pattern);
void source_watch_link(struct source *s, const char *path);

/* poll.c */
bool source_polls(const struct source *s);         /* by its configuration */
int64_t source_poll_every(const struct source *s); /* 0: inotify tells */
void source_poll_ask(struct source *s, int64_t now_ms, bool *scan, bool *look);
int64_t source_poll_deadline(const struct source *s); /* of files that rest, too */
int64_t source_backoff_ms(unsigned failures);
void source_rest_end(struct source *s, struct source_file *f); /* at once */
int64_t source_clock_ms(void);

/* seen.c: a listing is made between _begin and _end */
void source_list_begin(struct source *s);
void source_list_end(struct source *s);
/* A path that cannot be looked at; f: the known file there, or NULL. */
void source_list_unseen(
    struct source *s, struct source_file *f, const char *path, int error);
/* What is there, by the path of a link's target; a known file that cannot be looked at
 * now (EIO, ESTALE, EACCES) is as it was. false: nothing. */
bool source_look_up(struct source *s, const char *path, struct stat *st);

/* tail.c, look.c */
/* Drops what the reader keeps for the file. */
void source_drop_user(struct source *s, struct source_file *f);
/* source_look() that also compares what grew with what was read of it. */
void source_look_for_scan(struct source *s, int64_t now_ms);
void source_begin_grace(struct source *s, int64_t now_ms); /* at the end of a scan */
int64_t source_mtime_ns(const struct stat *st);
/* Now by the clock that stamps files: comparable with an mtime, unlike the fine one. */
int64_t source_stamp_ns(void);
/* More than a tick of that clock: what was written so shortly before a look may have
 * been written, or replaced, once more after it and bear the same mtime. */
#define STAMP_TICK_NS INT64_C(20000000)

#endif
