/*
 * post.c - a batch as a request.
 *
 * Secrets are read for each request, so that a file that changed counts from the next
 * try on. A value with a line end in it would add headers of its own: it is refused.
 */
#include "app/post.h"

#include <errno.h>
#include <string.h>

enum { HEADERS_MAX = 64, SECRET_MAX = 64 * 1024, HEADERS_BYTES = 256 * 1024 };

struct headers {
	struct buf text; /* each with its NUL */
	const char *at[HEADERS_MAX];
	size_t n;
	bool broken;
};

static void
add(struct headers *h, const char *name, struct slice value)
{
	if (h->n == HEADERS_MAX || slice_find(value, '\n') < value.n ||
	    slice_find(value, '\r') < value.n || slice_find(value, '\0') < value.n) {
		h->broken = true;
		return;
	}
	/* libcurl drops a header without a value but takes "Name;" for an empty one */
	(void)buf_printf(&h->text, value.n ? "%s: " : "%s;", name);
	(void)buf_add(&h->text, value);
	(void)buf_addc(&h->text, '\0');
	h->n++;
}

/* The addresses, once the text does not move any more. */
static void
fix(struct headers *h)
{
	const char *p = h->text.p;

	for (size_t i = 0; i < h->n; i++) {
		h->at[i] = p;
		p += strlen(p) + 1;
	}
}

static int
add_auth(struct headers *h, const struct config_output *c, struct err *e)
{
	struct buf secret, value;
	int rc = 0;

	buf_init(&secret, SECRET_MAX);
	buf_init(&value, SECRET_MAX + 16);
	if (c->auth_bearer.kind != CONFIG_SECRET_NONE) {
		if ((rc = config_secret_read(&c->auth_bearer, &secret, e)) == 0) {
			(void)buf_add(&value, SLICE("Bearer "));
			(void)buf_add(&value, buf_slice(&secret));
			add(h, "Authorization", buf_slice(&value));
		}
	} else if (c->auth_header_value.kind != CONFIG_SECRET_NONE) {
		if ((rc = config_secret_read(&c->auth_header_value, &secret, e)) == 0)
			add(h, c->auth_header_name, buf_slice(&secret));
	}
	buf_free(&secret);
	buf_free(&value);
	return rc;
}

static void
add_fixed(struct headers *h, const struct config_output *c, const struct store_batch *b)
{
	enum output_format format = OUTPUT_JSON;
	struct buf number;

	(void)output_format_of(b->format, &format);
	buf_init(&number, 32);
	(void)buf_printf(&number, "%llu", (unsigned long long)b->tries + 1);
	add(h, "Content-Type", slice_of(output_content_type(format)));
	add(h, "Accept", SLICE("application/json"));
	add(h, "Idempotency-Key", b->key);
	add(h, "Bouncefeed-Schema", SLICE("1"));
	add(h, "Bouncefeed-Host", b->host);
	add(h, "Bouncefeed-Attempt", buf_slice(&number));
	buf_free(&number);
	for (size_t i = 0; i < c->headers.n; i++)
		add(h, c->headers.v[i].name, slice_of(c->headers.v[i].value));
}

/* user and password into one buf, each with its NUL */
static int
basic(const struct config_output *c, struct buf *out, struct output_post *p,
    struct err *e)
{
	struct buf password;
	int rc;

	if (c->auth_basic_password.kind == CONFIG_SECRET_NONE || !c->auth_basic_user)
		return 0;
	buf_init(&password, SECRET_MAX);
	if ((rc = config_secret_read(&c->auth_basic_password, &password, e)) == 0) {
		size_t n = strlen(c->auth_basic_user) + 1;
		(void)buf_add(out, (struct slice){ c->auth_basic_user, n });
		(void)buf_add(out, buf_slice(&password));
		(void)buf_addc(out, '\0');
		p->user = out->p;
		p->password = out->p + n;
		rc = out->failed ? err_set(e, -ENOMEM, "no memory") : 0;
	}
	buf_free(&password);
	return rc;
}

int
post_send(struct output_request *r, const struct config_output *c,
    const struct store_batch *b, struct slice body, struct err *e)
{
	struct headers h = { .n = 0 };
	struct output_post p = { .body = body };
	struct buf login;
	int rc;

	buf_init(&h.text, HEADERS_BYTES);
	buf_init(&login, SECRET_MAX);
	add_fixed(&h, c, b);
	if ((rc = add_auth(&h, c, e)) < 0 || (rc = basic(c, &login, &p, e)) < 0)
		goto out;
	if (h.broken || h.text.failed) {
		rc = err_set(e, -EINVAL, "output %s: a header or secret cannot be sent",
		    c->name);
		goto out;
	}
	fix(&h);
	p.headers = h.at;
	p.nheaders = h.n;
	rc = output_post(r, &p, e);
out:
	buf_free(&h.text);
	buf_free(&login);
	return rc;
}

enum output_verdict
post_verdict(const struct config_output *c, const struct output_answer *a)
{
	enum output_verdict v = output_verdict_of(a->code, a->complete);
	uint64_t code;

	for (size_t i = 0; a->complete && i < c->answers.n; i++) {
		if (slice_u64(slice_of(c->answers.v[i].name), &code) && code == a->code)
			(void)output_verdict_by_name(
			    slice_of(c->answers.v[i].value), &v);
	}
	return v;
}

int
post_headers_shown(
    const struct config_output *c, const struct store_batch *b, struct buf *out)
{
	struct headers h = { .n = 0 };

	buf_init(&h.text, HEADERS_BYTES);
	add_fixed(&h, c, b);
	if (c->auth_bearer.kind != CONFIG_SECRET_NONE ||
	    c->auth_basic_password.kind != CONFIG_SECRET_NONE)
		add(&h, "Authorization", SLICE("***"));
	if (c->auth_header_value.kind != CONFIG_SECRET_NONE)
		add(&h, c->auth_header_name, SLICE("***"));
	fix(&h);
	for (size_t i = 0; i < h.n; i++)
		(void)buf_printf(out, "%s\n", h.at[i]);
	buf_free(&h.text);
	return out->failed ? -ENOMEM : 0;
}

struct output_request *
post_request(
    struct output_http *h, const struct config_output *c, void *owner, struct err *e)
{
	struct output_request *r = NULL;
	struct buf url;

	buf_init(&url, SECRET_MAX);
	if (config_secret_read(&c->url, &url, e) < 0)
		return NULL;
	if (buf_addc(&url, '\0') < 0) {
		err_set(e, -ENOMEM, "no memory");
		goto out;
	}
	struct output_target t = {
		.url = url.p,
		.proxy = c->proxy,
		.ca_file = c->tls_ca_file,
		.cert_file = c->tls_cert_file,
		.key_file = c->tls_key_file,
		.min_version = c->tls_min_version,
		.verify = c->tls_verify,
		.connect_ms = c->timeout_connect,
		.total_ms = c->timeout_total,
	};
	r = output_request_new(h, &t, owner, e);
out:
	buf_free(&url);
	return r;
}
