/*
 * event_clean.h - what holds for every event that goes out, whatever came in.
 */
#ifndef BOUNCEFEED_EVENT_CLEAN_H
#define BOUNCEFEED_EVENT_CLEAN_H

#include "event/event.h"

/*
 * Appends the event's JSON to log after looking at it: it parses, is valid UTF-8
 * without control characters, at most LIMIT_EVENT bytes, and has id, type, time and
 * source. "too large" where event_json() refuses it for its size.
 */
void event_clean(const struct event *ev, struct buf *log);

#endif
