/*
 * output.h - what goes out: the body of a batch, the POST, and what the answer means.
 */
#ifndef BOUNCEFEED_OUTPUT_H
#define BOUNCEFEED_OUTPUT_H

#include "base/base.h"
#include "event/event.h"

/* --- body (batch.c) -------------------------------------------------------------- */

enum output_format { OUTPUT_JSON, OUTPUT_ARRAY, OUTPUT_NDJSON, OUTPUT_FORMAT_COUNT };

const char *output_format_name(enum output_format f);
bool output_format_of(struct slice name, enum output_format *out);
const char *output_content_type(enum output_format f);

/*
 * Appends the body of a batch: a pure function of its arguments, so that each try of a
 * batch has the same bytes. events: JSON objects, each with its LF.
 */
int output_body(enum output_format f, struct slice key, struct slice host,
    uint64_t count, struct slice events, struct buf *out);

/* The bytes of the first n events (lines). */
size_t output_events_cut(struct slice events, uint64_t n);

/* --- verdict (verdict.c) ---------------------------------------------------------- */

enum output_verdict {
	VERDICT_ACCEPTED,
	VERDICT_AGAIN,   /* the same batch after backoff */
	VERDICT_HALVE,   /* too large */
	VERDICT_REFUSED, /* halve, down to the events that are meant */
	VERDICT_HOLD,    /* nothing is lost, one try now and then, loudly */
};

const char *output_verdict_name(enum output_verdict v);
bool output_verdict_by_name(struct slice name, enum output_verdict *out);

/* code 0: no answer; complete: the answer came to its end. Pure; one table. */
enum output_verdict output_verdict_of(unsigned code, bool complete);

/*
 * Milliseconds to wait before try number n (1: the first repeat) : uniform in
 * [0, min(max, min * 2^(n-1))]; random is any 64 bits.
 */
uint64_t output_backoff(uint64_t min, uint64_t max, uint64_t n, uint64_t random);

/* --- what an answer says of single events (answer.c) -------------------------------
 */

typedef int output_rejected_fn(void *arg, struct slice id, struct slice reason);

/* Calls fn for each entry of {"rejected":[{"id","reason"}]}; ends early where it
 * answers not 0. 0, what fn answered, or -EINVAL: the body is no such JSON. */
int output_rejected(struct slice body, output_rejected_fn *fn, void *arg);

/* --- POST (http.c) ---------------------------------------------------------------- */

/* Where to and how; all strings outlive the request made from it. NULL: not set. */
struct output_target {
	const char *url;
	const char *proxy;
	const char *ca_file;
	const char *cert_file;
	const char *key_file;
	const char *min_version; /* "1.2", "1.3" */
	bool verify;
	uint64_t connect_ms;
	uint64_t total_ms;
};

struct output_post {
	struct slice body;          /* lives until the answer */
	const char *const *headers; /* "Name: value", n of them; copied */
	size_t nheaders;
	const char *user; /* basic authentication; NULL: none */
	const char *password;
};

struct output_answer {
	unsigned code; /* 0: none */
	bool complete;
	struct slice body;    /* its first LIMIT_ANSWER bytes, until the next POST */
	bool cut;             /* there was more of it */
	const char *error;    /* what went wrong without an answer, or "" */
	const char *location; /* of a 3xx, or NULL */
	bool timed_out;       /* the request went out, no answer came in time */
	uint64_t
	    retry_after_ms; /* what Retry-After asks for, in either form; 0: nothing */
};

struct output_http;    /* all requests of the program */
struct output_request; /* one connection's worth, used for one POST after the other */

struct output_http *output_http_new(void);    /* NULL without memory */
void output_http_free(struct output_http *h); /* after its requests */

struct output_request *output_request_new(
    struct output_http *h, const struct output_target *t, void *owner, struct err *e);
void output_request_free(struct output_request *r); /* breaks off a POST under way */

int output_post(struct output_request *r, const struct output_post *p, struct err *e);

/* Has it reached the backend, at least in part? One that still looks for its address or
 * connects has not. */
bool output_sent(const struct output_request *r);

/* A POST that has ended: its owner, or NULL. Call until NULL. */
void *output_next(struct output_http *h, struct output_answer *a);

/* Moves what is under way on; waits for it and for the fds at most timeout_ms. Answers
 * the number of fds that can be read, each marked in `ready`. */
int output_wait(
    struct output_http *h, const int *fds, bool *ready, size_t n, int timeout_ms);

#endif
