/*
 * sink.c - the HTTP side of `bouncefeed sink`: takes requests, answers as told.
 *
 * Owns one body per connection and the counts. A thread per connection, so that a delay
 * or a large batch holds up nobody else; one lock covers the counts and standard
 * output. There the lines of a batch stand together, and they are written before the
 * answer goes out: a batch that was answered 2xx has been printed. A wrong request gets
 * a 4xx with an error text as JSON, and a line on stderr; a body past SINK_BODY_MAX a
 * 413. Known: a stop may come between printing and answering; then the sender repeats
 * the batch, as the contract says.
 */
#include "app/sink.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sink {
	struct sink_options options;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock; /* over all below, and over standard output */
	pthread_cond_t wake;  /* ends the delays when stopping */
	bool stopping;
	struct sink_counts counts;
	struct hash128 key[SINK_KEYS_KEPT]; /* of the last batches taken, a ring */
};

/* One request while its body comes in. */
struct request {
	struct buf body;
	int rc; /* why the body is not whole: -E2BIG, -ENOMEM */
};

struct reply {
	unsigned code;
	const char *type;
	const char *allow; /* for 405 */
	char *text;        /* owned; NULL: no body */
};

static void
reply_text(struct reply *r, unsigned code, json_t *body)
{
	r->code = code;
	r->type = "application/json";
	r->text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
}

/* A request that does not deserve better: said to the sender and on stderr. */
static void
reply_refuse(struct reply *r, unsigned code, const char *why)
{
	(void)fprintf(stderr, "bouncefeed sink: answered %u: %s\n", code, why);
	reply_text(r, code, json_pack("{s:s}", "error", why));
}

static int
write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n >= 0) {
			s = slice_from(s, (size_t)n);
		} else if (errno == EAGAIN) {
			/* a terminal or pipe that somebody else made non-blocking */
			struct pollfd p = { .fd = fd, .events = POLLOUT };
			(void)poll(&p, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* A batch that was taken before under this key, as after an answer that got lost. */
static bool
is_repeat(const struct sink *s, struct hash128 key)
{
	for (size_t i = 0; i < SINK_KEYS_KEPT && i < s->counts.batches; i++) {
		if (memcmp(s->key[i].b, key.b, sizeof key.b) == 0)
			return true;
	}
	return false;
}

/* 0, or -errno: the first failure or, after it, -EPIPE; nothing is written any more. */
static int
print_batch(struct sink *s, struct slice key, struct slice lines, size_t events)
{
	struct hash128 hash = hash_of(key);
	int rc = -EPIPE;

	(void)pthread_mutex_lock(&s->lock);
	if (is_repeat(s, hash)) {
		s->counts.repeats++;
		(void)pthread_mutex_unlock(&s->lock);
		return 0;
	}
	if (!s->counts.failed)
		rc = write_all(STDOUT_FILENO, lines);
	if (rc == 0) {
		s->key[s->counts.batches++ % SINK_KEYS_KEPT] = hash;
		s->counts.events += events;
	} else {
		s->counts.failed = true;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

static struct slice
header_of(struct MHD_Connection *c, const char *name)
{
	return slice_of(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

/* A field value without its parameters: "application/json; charset=utf-8". */
static struct slice
media_type(struct slice value)
{
	return slice_trim((struct slice){ value.p, slice_find(value, ';') });
}

static void
take_batch(struct sink *s, struct MHD_Connection *c, struct slice body, struct reply *r)
{
	struct slice type = media_type(header_of(c, MHD_HTTP_HEADER_CONTENT_TYPE));
	bool ndjson = slice_ieq(type, SLICE("application/x-ndjson"));
	struct buf lines;
	struct err e = { 0 };
	size_t events = 0;

	if (!ndjson && !slice_ieq(type, SLICE("application/json"))) {
		reply_refuse(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		    "Content-Type is neither application/json nor "
		    "application/x-ndjson");
		return;
	}
	buf_init(&lines, SINK_LINES_MAX);
	struct slice key = header_of(c, "Idempotency-Key");
	int rc = sink_batch_lines(body, ndjson, key, &lines, &events, &e);
	if (rc < 0) {
		reply_refuse(r,
		    rc == -EINVAL  ? MHD_HTTP_BAD_REQUEST
		    : rc == -E2BIG ? MHD_HTTP_CONTENT_TOO_LARGE
				   : MHD_HTTP_SERVICE_UNAVAILABLE,
		    e.text);
	} else if ((rc = print_batch(s, key, buf_slice(&lines), events)) < 0) {
		(void)fprintf(
		    stderr, "bouncefeed sink: standard output: %s\n", strerror(-rc));
		reply_text(r, MHD_HTTP_SERVICE_UNAVAILABLE,
		    json_pack("{s:s}", "error", "standard output cannot be written"));
	} else {
		reply_text(r, s->options.status ? s->options.status : MHD_HTTP_OK,
		    json_pack("{s:I}", "accepted", (json_int_t)events));
	}
	buf_free(&lines);
}

/* What a POST whose body is there deserves. */
static void
take_post(struct sink *s, struct MHD_Connection *c, const struct request *req,
    struct reply *r)
{
	struct slice coding = slice_trim(
	    header_of(c, MHD_HTTP_HEADER_CONTENT_ENCODING));
	struct buf plain;
	int rc = req->rc;

	buf_init(&plain, SINK_BODY_MAX);
	if (rc < 0 || coding.n == 0 || slice_ieq(coding, SLICE("identity"))) {
		if (rc == 0)
			take_batch(s, c, buf_slice(&req->body), r);
	} else if (slice_ieq(coding, SLICE("gzip")) ||
		   slice_ieq(coding, SLICE("x-gzip"))) {
		rc = sink_gunzip(buf_slice(&req->body), &plain);
		if (rc == 0)
			take_batch(s, c, buf_slice(&plain), r);
	} else {
		reply_refuse(
		    r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is not gzip");
	}
	if (rc == -E2BIG)
		reply_refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is over 64 MiB");
	else if (rc == -EBADMSG)
		reply_refuse(r, MHD_HTTP_BAD_REQUEST, "the body is not gzip");
	else if (rc < 0)
		reply_refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory");
	buf_free(&plain);
}

static bool
is_post(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
}

static void
decide(struct sink *s, struct MHD_Connection *c, const char *url, const char *method,
    const struct request *req, struct reply *r)
{
	const struct sink_options *o = &s->options;

	(void)pthread_mutex_lock(&s->lock);
	uint64_t number = ++s->counts.requests;
	(void)pthread_mutex_unlock(&s->lock);

	if (o->fail_every && number % o->fail_every == 0) {
		reply_text(r, MHD_HTTP_SERVICE_UNAVAILABLE,
		    json_pack("{s:s}", "error", "told to fail"));
	} else if (o->status && o->status / 100 != 2) {
		reply_text(
		    r, o->status, json_pack("{s:s}", "error", "told to answer so"));
	} else if (is_post(method)) {
		take_post(s, c, req, r);
	} else if (strcmp(url, "/") == 0 &&
		   (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
		       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)) {
		*r = (struct reply){ MHD_HTTP_OK, "text/plain", NULL,
			strdup("bouncefeed sink\n") };
	} else {
		reply_refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, "the method is not POST");
		r->allow = strcmp(url, "/") == 0 ? "GET, HEAD, POST" : "POST";
	}
}

static void
wait_delay(struct sink *s)
{
	struct timespec until;

	if (s->options.delay_ms == 0 || clock_gettime(CLOCK_MONOTONIC, &until) < 0)
		return;
	until.tv_sec += (time_t)(s->options.delay_ms / 1000);
	until.tv_nsec += (long)(s->options.delay_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_lock(&s->lock);
	while (!s->stopping &&
	       pthread_cond_clockwait(&s->wake, &s->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	(void)pthread_mutex_unlock(&s->lock);
}

static enum MHD_Result
send_reply(struct MHD_Connection *c, const struct reply *r)
{
	/* RFC 9110: these have no content */
	bool bare = r->code == MHD_HTTP_NO_CONTENT ||
		    r->code == MHD_HTTP_RESET_CONTENT ||
		    r->code == MHD_HTTP_NOT_MODIFIED;
	struct slice text = slice_of(bare ? NULL : r->text);
	struct MHD_Response *m = MHD_create_response_from_buffer(
	    text.n, (void *)(uintptr_t)text.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc = MHD_NO;

	if (!m)
		return MHD_NO;
	if ((text.n == 0 ||
		MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, r->type)) &&
	    (!r->allow || MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, r->allow)))
		rc = MHD_queue_response(c, r->code, m);
	MHD_destroy_response(m);
	return rc;
}

static bool
says_too_large(struct MHD_Connection *c)
{
	uint64_t n;

	return slice_u64(header_of(c, MHD_HTTP_HEADER_CONTENT_LENGTH), &n) &&
	       n > SINK_BODY_MAX;
}

/* MHD calls this once with the header, once for each piece of the body, once at its
 * end. */
static enum MHD_Result
on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *data, size_t *n, void **state)
{
	struct sink *s = cls;
	struct request *req = *state;
	struct reply r = { 0 };

	(void)version;
	if (!req) {
		if (!(req = calloc(1, sizeof *req)))
			return MHD_NO;
		buf_init(&req->body, SINK_BODY_MAX);
		*state = req;
		if (is_post(method) && !says_too_large(c))
			return MHD_YES;
		/* answered before the body comes, MHD closes after it */
		req->rc = -E2BIG;
	} else if (*n > 0) {
		if (req->rc == 0)
			req->rc = buf_add(&req->body, (struct slice){ data, *n });
		if (req->rc < 0)
			buf_free(&req->body);
		*n = 0;
		return MHD_YES;
	}
	decide(s, c, url, method, req, &r);
	wait_delay(s);
	enum MHD_Result rc = send_reply(c, &r);
	free(r.text);
	return rc;
}

static void
on_completed(void *cls, struct MHD_Connection *c, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct sink *s = cls;
	struct request *req = *state;

	(void)c;
	(void)why;
	if (req) {
		buf_free(&req->body);
		free(req);
		*state = NULL;
	}
	(void)pthread_mutex_lock(&s->lock);
	bool over = s->counts.failed;
	(void)pthread_mutex_unlock(&s->lock);
	if (over) /* the 503 is out: now the command may end */
		(void)kill(getpid(), SIGTERM);
}

struct sink *
sink_start(int fd, const struct sink_options *o, struct err *e)
{
	struct sink *s = calloc(1, sizeof *s);

	if (!s) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	s->options = *o;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->wake, NULL);
	s->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
					 MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
	    0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)SINK_CONNECTIONS_MAX, MHD_OPTION_END);
	if (!s->daemon) {
		err_set(e, -EIO, "the HTTP server does not start");
		free(s);
		return NULL;
	}
	return s;
}

struct sink_counts
sink_stop(struct sink *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->stopping = true;
	(void)pthread_cond_broadcast(&s->wake);
	(void)pthread_mutex_unlock(&s->lock);
	MHD_stop_daemon(s->daemon); /* joins all threads */

	struct sink_counts counts = s->counts;
	(void)pthread_cond_destroy(&s->wake);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return counts;
}
