/*
 * track.h - what earlier lines said of the messages in the queue: sender, message id,
 * the recipients that are deferred.
 *
 * By host, instance and queue id. Services of one Postfix may log under names of their
 * own, so where no message has that instance the only one of that host and queue id is
 * meant. Bounded: at most max_messages, none that was not
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
	uint32_t n, cap;
};

struct track_recipient {
	struct track_recipient *next;
	struct track_recipient *chain; /* in its bucket of the message's index */
	struct track_text to;
	struct track_text original; /* orig_to */
	unsigned attempts;
	int64_t attempt; /* which one the last was: sendmail's priority, that grows */
	bool expired;    /* by the expiry line that is being read */
	bool named;      /* only known as what `to` was called before an earlier hop */
	bool deferred;   /* its last outcome; false: delivered or failed */
	/* of the last deferral */
	struct track_text status, diagnostic, command, remote_mta, remote_ip;
	unsigned smtp_code, remote_port;
};

/* A header that a header check logged; the name in lower case. */
struct track_header {
	struct track_text name, value;
};

enum { TRACK_HEADERS = 16 }; /* of a message that are kept */

struct track_message {
	struct track_message *chain;         /* in its hash bucket */
	struct track_message *newer, *older; /* by last use */
	uint64_t hash;
	struct track_text host, instance, queue_id;
	int64_t seen;    /* log time of the last line that named it */
	uint64_t serial; /* grows from one that began to the next */
	struct track_text sender, message_id, submitter;
	struct track_text client; /* address of who handed it in */
	/* Where it goes on with what another message brought: the first one's. */
	struct track_text first_id, first_sender, first_message_id;
	struct track_text first_to; /* who was sent to there: all of a forward's */
	/* It tells of this message's fate (a DSN): its queue id. */
	struct track_text notifies;
	struct track_header *header; /* TRACK_HEADERS, or NULL: none yet */
	size_t nheaders;
	bool active;                /* ... or been seen to be tried */
	bool closed;                /* it has left the queue */
	unsigned grave;             /* which of the closed ones */
	unsigned expected, settled; /* recipients: as announced, with a final outcome */
	struct track_recipient *recipients, *last; /* in the order of the log */
	struct track_recipient **index;            /* by address, where they are many */
	size_t nindex;                             /* buckets: a power of two, or 0 */
	size_t nrecipients, nnamed;
	struct track_recipient *expiry; /* nobody before this one is deferred */
};

/* NULL: nothing is known of it. */
struct track_message *track_find(struct track *t, const struct track_key *k);

/* Finds or begins; it counts as named at log time `now`. NULL without memory. */
struct track_message *track_get(
    struct track *t, const struct track_key *k, int64_t now);

/* Begins a message: another one of that instance and queue id is forgotten. NULL
 * without memory. */
struct track_message *track_begin(
    struct track *t, const struct track_key *k, int64_t now);

/* The message has left the queue. The last few such are kept: not all lines come in the
 * order in which they were written. */
void track_close(struct track *t, struct track_message *m);

/* It is still there: an alias had more recipients than were announced. */
void track_reopen(struct track *t, struct track_message *m);

void track_drop(struct track *t, struct track_message *m);

/* A recipient of the message by address and orig_to (aliases may share an address), or
 * NULL. */
struct track_recipient *track_known(
    struct track_message *m, struct slice to, struct slice original);

void track_recipients_free(struct track_message *m);

/* ... begun where it is not known; NULL without memory or over the limit. */
struct track_recipient *track_recipient(
    struct track_message *m, struct slice to, struct slice original);

/* The last outcome of r was a deferral; the next one still deferred, or NULL; r has
 * expired; how many expired before it whose address is the same. */
void track_defer(struct track_message *m, struct track_recipient *r);
struct track_recipient *track_next_deferred(struct track_message *m);
void track_expire(struct track_message *m, struct track_recipient *r);
unsigned track_expired_alike(
    const struct track_message *m, const struct track_recipient *r);

/* What the address was called in the first message, where it is another name; or empty.
 */
struct slice track_original(const struct track_message *m, struct slice to);

/*
 * The message `to`, begun where it is not known, goes on with what `from` brought: its
 * outcomes are those of the first message. NULL without memory, or where it would go on
 * with itself.
 */
struct track_message *track_follow(struct track *t, const struct track_key *from,
    const struct track_key *to, int64_t now);

/* `to` is what was sent to as `original` before the hop. */
void track_name(struct track_message *m, struct slice to, struct slice original);

/* Keeps a header; the first one of a name counts. */
void track_header(struct track_message *m, struct slice name, struct slice value);

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
