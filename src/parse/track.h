/*
 * track.h - what earlier lines said of the messages in the queue: sender, message id,
 * the recipients that are deferred.
 *
 * By host, instance and queue id. Bounded: at most max_messages, none that was not
 * named for max_age seconds of log time; the least recently named goes first. Memory
 * only.
 */
#ifndef BOUNCEFEED_TRACK_H
#define BOUNCEFEED_TRACK_H

#include "base/base.h"

struct track;

struct track *track_new(size_t max_messages, int64_t max_age); /* NULL without memory */
void track_free(struct track *t);

struct track_key {
	struct slice host;
	struct slice instance;
	struct slice queue_id;
};

/* A text that is kept; n == 0: not known. */
struct track_text {
	char *p;
	size_t n;
};

struct track_recipient {
	struct track_recipient *next;
	struct track_text to;
	struct track_text original; /* orig_to */
	unsigned attempts;
	bool expired;  /* by the expiry line that is being read */
	bool deferred; /* its last outcome; false: delivered or failed */
	/* of the last deferral */
	struct track_text status, diagnostic, command, remote_mta, remote_ip;
	unsigned smtp_code, remote_port;
};

struct track_message {
	struct track_message *chain;         /* in its hash bucket */
	struct track_message *newer, *older; /* by last use */
	uint64_t hash;
	struct track_text key;
	int64_t seen; /* log time of the last line that named it */
	struct track_text sender, message_id, submitter;
	struct track_recipient *recipients, *last; /* in the order of the log */
	size_t nrecipients;
};

/* NULL: nothing is known of it. */
struct track_message *track_find(struct track *t, const struct track_key *k);

/* Finds or begins; it counts as named at log time `now`. NULL without memory. */
struct track_message *track_get(
    struct track *t, const struct track_key *k, int64_t now);

/* The message has left the queue. */
void track_drop(struct track *t, struct track_message *m);

/* A recipient of the message by address and orig_to (aliases may share an address), or
 * NULL. */
struct track_recipient *track_known(
    struct track_message *m, struct slice to, struct slice original);

/* ... begun where it is not known; NULL without memory or over the limit. */
struct track_recipient *track_recipient(
    struct track_message *m, struct slice to, struct slice original);

/* Keeps a copy (cut to `max` bytes) unless s is empty or the same already. */
void track_keep(struct track_text *t, struct slice s, size_t max);

/* As track_keep(), but an empty s forgets what was kept. */
void track_set(struct track_text *t, struct slice s, size_t max);

static inline struct slice
track_slice(const struct track_text *t)
{
	return (struct slice){ t->p, t->n };
}

size_t track_count(const struct track *t);

#endif
