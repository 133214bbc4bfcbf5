/*
 * select.h - whether an output wants an event: `select` of its configuration.
 *
 * Every list of select that is not empty has to have the event's value, and none of
 * those of select.not may have it. An event without the value is in no list. Domains
 * are compared as A-labels, senders without regard to ASCII case, all else byte by
 * byte.
 */
#ifndef BOUNCEFEED_SELECT_H
#define BOUNCEFEED_SELECT_H

#include "app/config.h"
#include "event/event.h"

struct select;

/* Borrows the texts of the output's configuration. NULL: no memory. */
struct select *select_new(const struct config_output *o);
void select_free(struct select *s); /* takes NULL */

/* An event on its way past all outputs: what has to be worked out is so once. It points
 * into itself, so it is not to be copied. */
struct select_view {
	const struct event *ev;
	bool looked; /* sender_domain is known */
	struct slice sender_domain;
	char domain[LIMIT_ADDRESS];
};

void select_view(struct select_view *v, const struct event *ev);
bool select_wants(const struct select *s, struct select_view *v);

#endif
