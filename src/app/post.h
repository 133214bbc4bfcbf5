/*
 * post.h - a batch as a request: target, headers and secrets from the configuration.
 */
#ifndef BOUNCEFEED_POST_H
#define BOUNCEFEED_POST_H

#include "app/config.h"
#include "output/output.h"
#include "store/store.h"

/* A connection's worth for this output; owner comes back with each answer. */
struct output_request *post_request(
    struct output_http *h, const struct config_output *c, void *owner, struct err *e);

/* Sends the batch. body lives until the answer. 0, or -errno: nothing was sent. */
int post_send(struct output_request *r, const struct config_output *c,
    const struct store_batch *b, struct slice body, struct err *e);

/* What the answer means: the table, or the output's `answers:` in its place. */
enum output_verdict post_verdict(
    const struct config_output *c, const struct output_answer *a);

/* The headers that go with a batch, "Name: value" and LF each, secrets as ***. */
int post_headers_shown(
    const struct config_output *c, const struct store_batch *b, struct buf *out);

#endif
