/*
 * test.h - what the files of `bouncefeed test` share.
 */
#ifndef BOUNCEFEED_TEST_H
#define BOUNCEFEED_TEST_H

#include "app/config.h"
#include "event/event.h"
#include "output/output.h"

/* Appends the event as JSON with its LF. -EINVAL: there is no such type. */
int test_event(
    const struct config *c, const char *type, const char *recipient, struct buf *out);

struct test {
	const struct config *config;
	struct buf event;
	struct buf out;
	size_t tested;
	bool refused; /* one of them did not accept it */
	int code;     /* of stdout */
};

/* Sends it and adds request, answer and meaning to out. */
void test_output(struct test *t, struct output_http *h, const struct config_output *c);

#endif
