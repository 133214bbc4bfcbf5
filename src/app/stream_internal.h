/*
 * stream_internal.h - what stream.c (bytes to frames) and stream_record.c (frames to
 * events) share.
 */
#ifndef BOUNCEFEED_STREAM_INTERNAL_H
#define BOUNCEFEED_STREAM_INTERNAL_H

#include "app/keying.h"
#include "app/stream.h"
#include "frame/frame.h"

/* The last bytes before a place. */
struct tail {
	char p[LIMIT_MARKER];
	size_t n;
};

struct stream {
	const struct stream_env *env;
	const struct parse_format *format;
	void *parser;
	struct frame_csv *csv;
	struct frame_line line;
	struct buf pending;
	uint64_t begin; /* offset of the first byte not done with */
	bool lead_done;
	struct keying keying;
	struct buf header; /* in force */
	uint64_t skip;
	int64_t start_ms;
	bool key_only;    /* nothing but the file key is wanted */
	struct tail tail; /* of what is done with */
	/* While the rest of an over-long line is passed over, the place stays at its
	 * beginning: what follows in it is no record for whoever goes on from there. */
	bool held;
	uint64_t held_at;
	struct tail held_tail;
	char held_sample[LIMIT_BAD_SAMPLE]; /* told when the line ends, so only once */
	size_t held_n;
	const char *held_why;
	struct slice file;
	struct when undated;
};

/* One framed record; in: the bytes it was framed from. out->used may change. */
int stream_take_record(
    struct stream *s, struct slice in, uint64_t at, struct frame_out *out);

/* What is no record, to on_bad, unless it is passed over. */
void stream_bad(struct stream *s, uint64_t offset, uint64_t end, struct slice bytes,
    const char *why);

#endif
