/*
 * http.c - POSTs by libcurl's multi interface. Nothing else here knows libcurl.
 *
 * A request keeps its easy handle, so that connections live on between POSTs. Redirects
 * are not followed: a batch does not go where the configuration does not say. Only the
 * first LIMIT_ANSWER bytes of an answer are kept; the rest is read and dropped.
 */
#include "output/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>

enum {
	WAIT_FDS_MAX = 16,
	RETRY_AFTER_MAX = 3600, /* seconds of a Retry-After that are believed */
};

struct output_http {
	CURLM *multi;
	int busy; /* POSTs whose answer nobody has taken yet */
};

struct output_request {
	struct output_http *http;
	CURL *easy;
	void *owner;
	bool busy;
	struct curl_slist *headers;
	struct buf answer;
	bool cut;
	char error[CURL_ERROR_SIZE];
};

struct output_http *
output_http_new(void)
{
	struct output_http *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !(h->multi = curl_multi_init())) {
		free(h);
		return NULL;
	}
	return h;
}

void
output_http_free(struct output_http *h)
{
	if (!h)
		return;
	(void)curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

static size_t
on_answer(char *p, size_t size, size_t n, void *arg)
{
	struct output_request *r = arg;
	size_t room = LIMIT_ANSWER - r->answer.n, take = size * n;

	r->cut |= take > room;
	(void)buf_add(&r->answer, (struct slice){ p, take < room ? take : room });
	return size * n;
}

static long
tls_version(const char *name)
{
	return name && !strcmp(name, "1.3") ? CURL_SSLVERSION_TLSv1_3
					    : CURL_SSLVERSION_TLSv1_2;
}

static CURLcode
set_target(CURL *c, const struct output_target *t)
{
	CURLcode rc = CURLE_OK;
	const struct {
		CURLoption option;
		const char *text;
	} texts[] = {
		{ CURLOPT_URL, t->url },
		{ CURLOPT_PROXY,
		    t->proxy ? t->proxy : "" }, /* the environment's is not ours */
		{ CURLOPT_CAINFO, t->ca_file },
		{ CURLOPT_SSLCERT, t->cert_file },
		{ CURLOPT_SSLKEY, t->key_file },
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_USERAGENT, "bouncefeed/" BOUNCEFEED_VERSION },
	};
	const struct {
		CURLoption option;
		long number;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_QUICK_EXIT,
		    1 }, /* a dead name server must not hold SIGTERM up */
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_SSLVERSION, tls_version(t->min_version) },
		{ CURLOPT_SSL_VERIFYPEER, t->verify },
		{ CURLOPT_SSL_VERIFYHOST, t->verify ? 2 : 0 },
		{ CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms },
		{ CURLOPT_TIMEOUT_MS, (long)t->total_ms },
		{ CURLOPT_TCP_KEEPALIVE, 1 },
	};

	for (size_t i = 0; rc == CURLE_OK && i < sizeof texts / sizeof texts[0]; i++) {
		if (texts[i].text)
			rc = curl_easy_setopt(c, texts[i].option, texts[i].text);
	}
	for (size_t i = 0; rc == CURLE_OK && i < sizeof numbers / sizeof numbers[0];
	     i++)
		rc = curl_easy_setopt(c, numbers[i].option, numbers[i].number);
	return rc;
}

struct output_request *
output_request_new(
    struct output_http *h, const struct output_target *t, void *owner, struct err *e)
{
	struct output_request *r = calloc(1, sizeof *r);
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	if (!r || !(r->easy = curl_easy_init()))
		goto fail;
	r->http = h;
	r->owner = owner;
	buf_init(&r->answer, LIMIT_ANSWER);
	if ((rc = set_target(r->easy, t)) != CURLE_OK)
		goto fail;
	(void)curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_answer);
	(void)curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	(void)curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	(void)curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	return r;
fail:
	err_set(e, -EINVAL, "http: %s", curl_easy_strerror(rc));
	output_request_free(r);
	return NULL;
}

void
output_request_free(struct output_request *r)
{
	if (!r)
		return;
	if (r->busy) {
		(void)curl_multi_remove_handle(r->http->multi, r->easy);
		r->http->busy--;
	}
	curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	buf_free(&r->answer);
	free(r);
}

static int
set_headers(struct output_request *r, const struct output_post *p)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; list && i < p->nheaders; i++) {
		struct curl_slist *longer = curl_slist_append(list, p->headers[i]);
		if (!longer)
			curl_slist_free_all(list);
		list = longer;
	}
	if (!list)
		return -ENOMEM;
	(void)curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, list);
	curl_slist_free_all(r->headers);
	r->headers = list;
	return 0;
}

int
output_post(struct output_request *r, const struct output_post *p, struct err *e)
{
	if (set_headers(r, p) < 0)
		return err_set(e, -ENOMEM, "http: no memory");
	(void)curl_easy_setopt(r->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	(void)curl_easy_setopt(r->easy, CURLOPT_USERNAME, p->user);
	(void)curl_easy_setopt(r->easy, CURLOPT_PASSWORD, p->password);
	buf_clear(&r->answer);
	r->cut = false;
	r->error[0] = '\0';
	if (curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE,
		(curl_off_t)p->body.n) != CURLE_OK ||
	    curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, p->body.p) != CURLE_OK ||
	    curl_multi_add_handle(r->http->multi, r->easy) != CURLM_OK)
		return err_set(e, -EIO, "http: cannot start a request");
	r->busy = true;
	r->http->busy++;
	int running;
	(void)curl_multi_perform(r->http->multi, &running);
	return 0;
}

/* The whole request went out, and the time for the answer ran out. */
static bool
timed_out(struct output_request *r, CURLcode rc)
{
	curl_off_t began = 0;

	(void)curl_easy_getinfo(r->easy, CURLINFO_PRETRANSFER_TIME_T, &began);
	return rc == CURLE_OPERATION_TIMEDOUT && began > 0;
}

bool
output_sent(const struct output_request *r)
{
	curl_off_t began = 0;

	(void)curl_easy_getinfo(r->easy, CURLINFO_PRETRANSFER_TIME_T, &began);
	return r->busy && began > 0;
}

static void
read_answer(struct output_request *r, CURLcode rc, struct output_answer *a)
{
	long code = 0;
	char *location = NULL;
	curl_off_t after = 0;

	(void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &code);
	(void)curl_easy_getinfo(r->easy, CURLINFO_REDIRECT_URL, &location);
	(void)curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &after);
	if (after > RETRY_AFTER_MAX)
		after = RETRY_AFTER_MAX;
	*a = (struct output_answer){
		.code = (unsigned)code,
		.complete = rc == CURLE_OK,
		.body = buf_slice(&r->answer),
		.cut = r->cut,
		.error = rc == CURLE_OK ? ""
			 : r->error[0]  ? r->error
					: curl_easy_strerror(rc),
		.location = location,
		.timed_out = timed_out(r, rc),
		.retry_after_ms = after > 0 ? (uint64_t)after * 1000 : 0,
	};
}

void *
output_next(struct output_http *h, struct output_answer *a)
{
	int left;
	CURLMsg *m;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct output_request *r = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		CURLcode rc = m->data.result; /* m dies with the removal */
		CURL *easy = m->easy_handle;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&r);
		(void)curl_multi_remove_handle(h->multi, easy);
		r->busy = false;
		h->busy--;
		read_answer(r, rc, a);
		return r->owner;
	}
	return NULL;
}

int
output_wait(
    struct output_http *h, const int *fds, bool *ready, size_t n, int timeout_ms)
{
	struct curl_waitfd w[WAIT_FDS_MAX];
	int running, count = 0;

	if (n > WAIT_FDS_MAX)
		n = WAIT_FDS_MAX;
	for (size_t i = 0; i < n; i++)
		w[i] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
	/* an answer that came while its request was sent makes no fd ready */
	(void)curl_multi_perform(h->multi, &running);
	if (running < h->busy)
		timeout_ms = 0;
	(void)curl_multi_poll(h->multi, w, (unsigned)n, timeout_ms, NULL);
	for (size_t i = 0; i < n; i++) {
		ready[i] = w[i].revents != 0;
		count += ready[i];
	}
	(void)curl_multi_perform(h->multi, &running);
	return count;
}
