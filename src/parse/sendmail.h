/*
 * sendmail.h - inside the sendmail reader: one line of its own, taken apart.
 *
 * What sendmail logs went through its str2prt(): a backslash is doubled, other bytes
 * that do not print are \t \n \r or \ooo. Slices called raw are as the log has them.
 */
#ifndef BOUNCEFEED_SENDMAIL_H
#define BOUNCEFEED_SENDMAIL_H

#include "base/base.h"
#include "parse/track.h"

/* `what`, or a number, off the start of *in; false: it is not there. */
static inline bool
sendmail_take_number(struct slice *in, uint64_t *out)
{
	enum { SURE = 19 }; /* digits that fit */
	uint64_t v = 0;
	size_t n = 0;

	for (; n < in->n && is_digit(in->p[n]); n++)
		v = v * 10 + (uint64_t)(in->p[n] - '0');
	if (n == 0 || (n > SURE && !slice_u64((struct slice){ in->p, n }, &v)))
		return false;
	*out = v;
	*in = slice_from(*in, n);
	return true;
}

static inline bool
sendmail_take(struct slice *in, struct slice what)
{
	if (!slice_starts(*in, what))
		return false;
	*in = slice_from(*in, what.n);
	return true;
}

/* --- addresses: sendmail_address.c */

/* Where the address that begins at in[0] ends: at the first comma outside of quotes,
 * angle brackets and comments, or in.n. false: what it opens is not closed, or closes
 * what is not open. */
bool sendmail_address_end(struct slice in, size_t *end);

/* The address inside one of a list: without angle brackets, phrase and comments, raw.
 */
struct slice sendmail_address(struct slice in);

/* How long the first `chars` characters of raw text are in the log; in.n where there
 * are fewer. */
size_t sendmail_raw_length(struct slice in, size_t chars);

/* Raw text as its bytes were, to out; as it is where that is no UTF-8 without control
 * characters or does not fit. Answers what counts. */
struct slice sendmail_decode(struct slice in, char *out, size_t max);

/* --- lines: sendmail_line.c, sendmail_stat.c, sendmail_answer.c, sendmail_arrival.c */

enum sendmail_outcome {
	SENDMAIL_NO_OUTCOME, /* queued, quarantined, refused while it was handed in */
	SENDMAIL_SENT,
	SENDMAIL_DEFERRED,
	SENDMAIL_FAILED,
};

/* Source: sendmail/deliver.c, logdelivery(). All slices raw, empty where not there. */
struct sendmail_delivery {
	struct slice list;    /* of recipients, without [more] */
	struct slice control; /* ctladdr, where it is whole */
	struct slice delay, mailer, pri, relay, dsn, ntries;
	struct slice reply; /* the server's first line */
	struct slice stat;
	bool tried; /* it has an xdelay: a mailer was called */
	bool waits; /* no outcome, and it is in the queue */
	enum sendmail_outcome outcome;
};

/* in: from "to=" on. false: *why says why not. */
bool sendmail_read_delivery(
    struct slice in, struct sendmail_delivery *out, const char **why);

/* Is it "to=LIST, ctladdr=" or "to=LIST, delay=HH:MM:SS"? Nobody else writes so. */
bool sendmail_is_delivery(struct slice in);

/* "stat=Sent" or "stat=Deferred..." behind the list alone: its outcome; false: another
 * word, of which nothing can be said without the mailer. */
bool sendmail_read_bare(struct slice in, struct sendmail_delivery *out);

/* in: from "reply=" or "stat=" on. false: two readings, or none. */
bool sendmail_read_stat(
    struct slice in, struct sendmail_delivery *out, const char **why);

/* Is a stat= this text of sendmail's, alone or with more as sendmail adds it? */
bool sendmail_is_text(struct slice stat, struct slice text);

/* The text of "Deferred: TEXT"; empty where it has none. */
struct slice sendmail_deferred_text(struct slice stat);

/* "[D+]HH:MM:SS" at the start of in: its length, or 0; the seconds to *out. */
size_t sendmail_duration(struct slice in, int64_t *out);

/* What an outcome line says about its reason. */
struct sendmail_answer {
	struct slice text;   /* the server's words, or sendmail's own */
	struct slice status; /* only where it is the server's, or known by sendmail */
	unsigned code;       /* of the server's reply */
	struct slice host, ip;
	bool local; /* delivered by this machine itself */
};

void sendmail_read_answer(
    const struct sendmail_delivery *d, struct sendmail_answer *out);

/* "from=<S>, size=N, class=N, nrcpts=N[, msgid=<ID>] ... , relay=R" */
struct sendmail_arrival {
	struct slice sender;     /* raw; empty: cut */
	struct slice message_id; /* without <>, raw; empty: none, or cut */
	struct slice client; /* address of who handed it in; empty: a program here */
	unsigned recipients;
};

bool sendmail_read_arrival(struct slice in, struct sendmail_arrival *out);

/* --- lines that sendmail cut into parts, "QID[1]: ... ...", "QID[2]: ...":
 * sendmail_split.c */

/* What the reader of one file keeps from line to line. Bounded. */
struct sendmail_split;

struct sendmail_split *sendmail_split_new(void); /* NULL without memory */
void sendmail_split_free(struct sendmail_split *s);

struct maillog;

enum sendmail_part {
	SENDMAIL_PART_KEPT, /* more parts follow, or they are of no line that counts */
	SENDMAIL_PART_LAST, /* *whole has the line; it borrows until the next call */
	SENDMAIL_PART_LOST, /* one before it is missing */
};

/* Takes p->rest as the part p->part of p->key and the line's pid. The same record may
 * be given again. */
enum sendmail_part sendmail_split_take(const struct maillog *p, struct slice *whole);

/* Is a line of that host, queue id and pid in the making? */
bool sendmail_split_open(const struct maillog *p);

/* How far a record's list of recipients gave its events. */
struct sendmail_progress {
	uint64_t at; /* of which record: its offset */
	size_t next; /* where in the list the next one begins */
};

struct sendmail_progress *sendmail_progress(const struct maillog *p);

/* --- hops on this machine: sendmail_hop.c */

/* Messages that programs handed in, and that have not gone on yet. */
enum { SENDMAIL_RING = 128 };

struct sendmail_submitted {
	struct {
		uint64_t message; /* hash of host and message id; 0: it has gone on */
		uint64_t sender;  /* hash */
		char id[40];      /* queue id */
		size_t n;
	} one[SENDMAIL_RING]; /* a ring */
	size_t next;
};

struct sendmail_submitted *sendmail_submitted(const struct maillog *p);

/* Such a message came, or has gone on. */
void sendmail_hop_begin(
    const struct maillog *p, struct slice message_id, struct slice sender);
void sendmail_hop_end(const struct maillog *p);

/* The queue id of the only one that has this message id and sender; empty: none, or
 * more. */
struct slice sendmail_hop_from(
    const struct maillog *p, struct slice message_id, struct slice sender);

/* It was handed to this machine again, under another queue id: "Sent (NEWQID Message
 * accepted for delivery)". Empty: it was not. */
struct slice sendmail_next_hop(
    const struct sendmail_delivery *d, const struct sendmail_answer *a);

/* --- the reader: sendmail.c */

/* What one line says. */
struct sendmail {
	bool lost; /* a part of it */
	struct sendmail_delivery d;
	struct sendmail_answer answer;
	struct slice to;       /* of the event, raw */
	struct slice original; /* what it was sent to, or empty */
	size_t next;           /* recipient of the list; 0: that was the last one */
	unsigned attempts;
	int64_t attempt; /* which one: the priority, that grows with each */
	struct track_recipient *expiring;
	enum {
		SENDMAIL_TAKES_NOTHING,
		SENDMAIL_TAKES_DEFERRED,
		SENDMAIL_TAKES_FINAL,
		SENDMAIL_TAKES_EXPIRED
	} on_taken;
	char decoded[LIMIT_TEXT], control[LIMIT_TEXT];
};

/* --- one recipient: sendmail_recipient.c */

/* The recipient at `at` of the list to x->to, the next one's place to x->next. */
void sendmail_take_recipient(struct sendmail *x, size_t at);

/* How many before `at` in the list are the same. */
uint32_t sendmail_count_same(const struct sendmail *x, size_t at);

/* What x->to was sent to, to x->original: before an alias, before a hop. */
void sendmail_find_original(struct sendmail *x, const struct track_message *m);

/* "\\joe" is joe, whatever his aliases are. Decoded to text, where it has to be. */
struct slice sendmail_readable(struct slice raw, char *text, size_t max);

/* --- what joins: sendmail_join.c */

/* A line that is no delivery: does it join, and what it says into the track. */
bool sendmail_joins(const struct maillog *p);
void sendmail_join(struct maillog *p);

/* "NEWQID: DSN: Cannot send message for 5 days": all that are deferred have failed. */
bool sendmail_is_expiry(struct slice in);

/* The notice that the line is about was read: the message was known then. */
bool sendmail_is_told(const struct maillog *p);

/* One recipient more has its final outcome. */
void sendmail_settle(struct maillog *p, struct track_message *m);

#endif
