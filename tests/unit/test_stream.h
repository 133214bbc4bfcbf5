/*
 * test_stream.h - what the tests of the stream share: a file of mixed records, what it
 * has to give, and a listener that writes down what a stream says.
 */
#ifndef BOUNCEFEED_TEST_STREAM_H
#define BOUNCEFEED_TEST_STREAM_H

#include <check.h>

#include "app/stream.h"

/* A physical line (or a record with line breaks inside) and what it comes to: "+a@b" an
 * event, "-why" bad, "" nothing. */
struct stream_test_row {
	const char *text;
	const char *want;
};

extern const struct stream_test_row stream_test_rows[];
extern const size_t stream_test_nrows;

/* A line for each event and bad record. refuse: on_event answers -EAGAIN then. */
struct stream_test_log {
	struct buf text;
	unsigned seed;  /* 0: on_event never refuses */
	unsigned asked; /* how often on_event was called */
};

struct stream_test {
	struct stream_env env;
	struct stream_test_log log;
	struct buf file; /* all rows */
	struct buf want; /* the lines that the whole file gives */
};

extern struct stream_test stream_test; /* made anew for each test */

void stream_test_setup(void);
void stream_test_teardown(void);

/* The wanted lines where records that end at or before `skip` are passed over. */
void stream_test_expect(uint64_t skip, struct buf *out);

/* A new stream at a place, which may be NULL. */
struct stream *stream_test_new(const struct stream_place *p);

/* Feeds the file's bytes from..to, `step` at a time. */
void stream_test_feed(struct stream *s, size_t from, size_t to, size_t step, bool last);

/* The log is as wanted; it is empty after that. */
void stream_test_same(const char *name, size_t at, struct slice want);

void stream_add_place_tests(TCase *t);
void stream_add_long_tests(TCase *t); /* test_stream_long.c */

#endif
