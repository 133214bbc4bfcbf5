/*
 * sink.h - `bouncefeed sink`: a backend to try things against.
 *
 * sink_batch.c says whether a body is a batch as the contract (section 4) has it;
 * sink.c serves HTTP; cmd_sink.c reads the options and waits for the end.
 */
#ifndef BOUNCEFEED_SINK_H
#define BOUNCEFEED_SINK_H

#include "base/base.h"

enum {
	SINK_BODY_MAX = 64 << 20,   /* bytes of a body, packed and unpacked */
	SINK_LINES_MAX = 256 << 20, /* bytes of a batch as lines: numbers may grow */
	SINK_CONNECTIONS_MAX = 64,  /* a thread and a body each */
	SINK_KEYS_KEPT = 4096, /* a batch repeated under one of them is not printed */
	SINK_DELAY_MAX = 3600 * 1000, /* milliseconds */
};

struct sink_options {
	unsigned status;     /* answer every request so; 0: as it deserves */
	uint64_t fail_every; /* each N-th request gets a 503; 0: none */
	uint64_t delay_ms;   /* before each answer */
};

struct sink_counts {
	uint64_t requests;
	uint64_t batches;
	uint64_t repeats; /* batches that had been taken already */
	uint64_t events;
	bool failed; /* standard output could not be written */
};

/*
 * Unpacks a gzip body, appended to out. 0, -EBADMSG where it is damaged or cut short,
 * -E2BIG past out's cap less 64 KiB (the step), -ENOMEM.
 */
int sink_gunzip(struct slice body, struct buf *out);

/*
 * Checks a batch and appends its events to `lines`, one compact JSON object a line.
 * key: the Idempotency-Key. 0 with the number of events, or -EINVAL with what is wrong
 * in *e (its own words: nothing of the body stands in it), -E2BIG, -ENOMEM.
 */
int sink_batch_lines(struct slice body, bool ndjson, struct slice key,
    struct buf *lines, size_t *events_out, struct err *e);

struct sink;

/*
 * Serves on a listening socket, which it takes over, in threads of its own; events go
 * to standard output. After a failed write there it answers 503 and sends this process
 * a SIGTERM once that answer is out. Block SIGTERM and SIGINT before. NULL: see *e.
 */
struct sink *sink_start(int fd, const struct sink_options *o, struct err *e);

/* Ends all connections, frees the sink, answers what it did. */
struct sink_counts sink_stop(struct sink *s);

#endif
