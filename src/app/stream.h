/*
 * stream.h - one file's way from bytes to events: frame, parse, classify, id.
 */
#ifndef BOUNCEFEED_STREAM_H
#define BOUNCEFEED_STREAM_H

#include "base/base.h"
#include "classify/classify.h"
#include "event/event.h"
#include "parse/parse.h"
#include "parse/track.h"

/* The track's limits, until the configuration's are read: track.max_messages, max_age.
 */
enum { TRACK_MESSAGES = 1000000, TRACK_SECONDS = 7 * 24 * 3600 };

struct metadata;

/* What all files of a source share; outlives their streams. */
struct stream_env {
	struct parse_env parse;
	const struct parse_format *format; /* NULL: found by the first record */
	struct classifier *classifier;
	struct hash_state *hash;
	size_t max_record;
	struct slice source; /* name */
	struct slice host;   /* ours, where the record names none */
	const struct event_pair *labels;
	size_t nlabels;
	struct metadata *metadata; /* NULL: none is wanted */
	/* Types that an output wants, as bits; 0: all. Events of the others have no id
	 * and no metadata: they are only counted. */
	uint32_t types;
	/* one whole event: 0, or -errno to stop before it (-EAGAIN: it comes again) */
	int (*on_event)(void *arg, const struct event *ev);
	/* a record that gives no event by its kind: counted; NULL: not even that */
	void (*on_skip)(void *arg);
	/* what is no record: counted and sampled */
	void (*on_bad)(void *arg, struct slice file, uint64_t offset,
	    struct slice bytes, const char *why);
	void *arg;
};

struct stream;

/* Where a stream stands: what is stored with a file, and taken from there. */
struct stream_place {
	uint64_t offset;  /* of the first byte that is not done with */
	uint64_t skip;    /* records that end at or before it make no events ... */
	int64_t start_ms; /* ... but those of this time or later do; 0: none does */
	bool has_key;
	struct file_key key;
	struct slice header; /* the header record in force at the offset, or empty */
	struct slice tail;   /* the up to LIMIT_MARKER bytes before the offset */
};

struct stream *stream_new(const struct stream_env *env); /* NULL without memory */
void stream_free(struct stream *s);

/* Goes on from a place (all zero: the beginning of a file). */
int stream_resume(struct stream *s, const struct stream_place *p);

/*
 * The bytes that follow. last: the file ends here. file, undated: where they come from
 * and the time for records that have none. 0; -EAGAIN where on_event wants a pause:
 * feed nothing (0 bytes) to go on; or -errno.
 */
int stream_feed(struct stream *s, struct slice bytes, bool last, struct slice file,
    struct when undated);

/* The offset of the next byte to feed. */
uint64_t stream_next(const struct stream *s);

/* Where it stands now; slices are good until the next feed. The offset stays 0 as long
 * as the file has no key. */
void stream_where(const struct stream *s, struct stream_place *out);

/* The format in use; NULL: not known yet. */
const struct parse_format *stream_format(const struct stream *s);

/* The key of a file from its first bytes, as streams make it: 1, 0 (more bytes are
 * needed), -errno. arg: a struct stream_env. */
int stream_file_key(void *arg, struct slice head, bool last, struct file_key *out);

#endif
