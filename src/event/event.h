/*
 * event.h - one clean event: what a mail server said about one recipient.
 *
 * An event lives for one call. Its slices point into the framed record or into the
 * parser's own memory and die with the next record; event_json() copies out. No value
 * is an empty slice (n == 0), a zero number, or the NONE of its enum: such a key is
 * left out. Strings may hold any bytes: event_json() makes them valid UTF-8 and keeps
 * the limits.
 */
#ifndef BOUNCEFEED_EVENT_H
#define BOUNCEFEED_EVENT_H

#include "base/base.h"

enum event_type {
	EVENT_TYPE_NONE,
	EVENT_BOUNCE,   /* final failure */
	EVENT_DEFERRAL, /* an attempt failed, the MTA goes on */
	EVENT_DELIVERY,
	EVENT_COMPLAINT, /* feedback loop */
	EVENT_RETURNED, /* mail from <> came back and the log does not tell what it says
			 */
	EVENT_TYPE_COUNT
};

enum event_mode { EVENT_MODE_NONE, EVENT_SYNC, EVENT_ASYNC, EVENT_MODE_COUNT };

enum event_class {
	EVENT_CLASS_NONE,
	EVENT_HARD,  /* the address is dead */
	EVENT_SOFT,  /* try again another day */
	EVENT_BLOCK, /* the sender or the content was refused: not the address's fault
		      */
	EVENT_UNDETERMINED,
	EVENT_CLASS_COUNT
};

enum event_reason {
	REASON_NONE,
	REASON_USER_UNKNOWN,
	REASON_MAILBOX_DISABLED,
	REASON_MAILBOX_MOVED,
	REASON_DOMAIN_UNKNOWN,
	REASON_DOMAIN_NO_MAIL,
	REASON_SUPPRESSED,
	REASON_RECIPIENT_REFUSED,
	REASON_MAILBOX_FULL,
	REASON_MESSAGE_TOO_LARGE,
	REASON_GREYLISTED,
	REASON_RATE_LIMITED,
	REASON_NETWORK_ERROR,
	REASON_REPUTATION_BLOCK,
	REASON_POLICY_REJECTED,
	REASON_AUTH_FAILURE,
	REASON_SPAM_REJECTED,
	REASON_CONTENT_REJECTED,
	REASON_VIRUS_REJECTED,
	REASON_SENDER_REJECTED,
	REASON_RELAY_DENIED,
	REASON_PROTOCOL_ERROR,
	REASON_TLS_REQUIRED,
	REASON_EXPIRED,
	REASON_SYSTEM_ERROR,
	REASON_UNDETERMINED,
	REASON_COUNT
};

enum event_action {
	ACTION_NONE,
	ACTION_FAILED,
	ACTION_DELAYED,
	ACTION_DELIVERED,
	ACTION_RELAYED,
	ACTION_EXPANDED,
	ACTION_COUNT
};

struct event_pair {
	struct slice name;
	struct slice value;
};

struct event_feedback {
	struct slice type; /* "abuse" ... ; empty: the event has no feedback */
	struct slice format;
	struct slice reported_domain;
	struct slice user_agent;
	struct slice source_ip;
	struct slice reporting_mta;
};

/* What the address says that the message was sent from, or that the report came to. */
struct event_verp {
	struct slice scheme;    /* empty: the event has no verp */
	struct slice recipient; /* as an address */
	struct slice list;
	struct slice id;
};

struct event_source {
	struct slice name;   /* the source's name in the configuration */
	struct slice format; /* "pmta" ... */
	struct slice host;   /* the MTA's host as the record names it, else ours */
	struct slice instance;
	struct slice file;
	uint64_t offset; /* of the record's first byte in the uncompressed file */
};

struct event {
	char id[32]; /* hex digits, from event_id() */
	enum event_type type;
	enum event_mode mode;
	enum event_class class;
	enum event_reason reason;
	enum event_action action;
	struct slice rule;     /* what decided class and reason: "status:5.1.1" */
	struct slice category; /* the MTA's own verdict, untouched: bounceCat */
	struct when time;
	struct when queued; /* queued.sec == 0: not known */
	struct slice recipient;
	struct slice recipient_domain; /* lower case, A-label */
	struct slice
	    final_recipient; /* the address that failed, where it is another one */
	struct slice id_recipient; /* as the record names it, without <>: for the id */
	uint32_t id_n; /* 0, 1, 2 ... among events of one record, type and recipient */
	struct slice sender; /* "<>" for the null sender */
	struct slice status; /* "5.1.1" */
	unsigned smtp_code;
	struct slice command;
	struct slice diagnostic;
	struct slice remote_mta;
	struct slice remote_ip;
	unsigned remote_port;
	struct slice local_ip;
	struct slice queue_id;
	struct slice message_id; /* without <> */
	struct slice envelope_id;
	struct slice job_id;
	struct slice vmta;
	struct slice pool;
	struct slice queue;
	struct slice fbl_id;
	struct slice submitter;
	struct event_verp verp;
	struct event_feedback feedback;
	const struct event_pair *headers; /* names in lower case, each once */
	size_t nheaders;
	const struct event_pair *metadata; /* what the source's metadata: found */
	size_t nmetadata;
	/* Columns by their own names, each once: the first nextra are for all outputs
	 * (extra:), the first nnative for those with native: true; the rest only for
	 * metadata. */
	const struct event_pair *native;
	size_t nextra, nnative, ncolumns;
	const struct event_pair *labels;
	size_t nlabels;
	unsigned attempts;
	int64_t delay; /* seconds in queue, -1: not known */
	bool expired;  /* our MTA gave up after retrying */
	struct event_source source;
	bool test;
};

/* The names that stand in JSON and in configurations; NULL for NONE. */
const char *event_type_name(enum event_type t);
const char *event_mode_name(enum event_mode m);
const char *event_class_name(enum event_class c);
const char *event_reason_name(enum event_reason r);
const char *event_action_name(enum event_action a);

/* The other way round: NONE where the name is not known. */
enum event_type event_type_of(struct slice name);
enum event_class event_class_of(struct slice name);
enum event_reason event_reason_of(struct slice name);
enum event_action event_action_of(struct slice name); /* ASCII case folded */

/* A reason's usual class. */
enum event_class event_reason_class(enum event_reason r);

/* Length of the RFC 3463 code ("5.1.1") at the start of in, or 0. */
size_t event_status_scan(struct slice in);

/* The SMTP code (200 to 599) that begins the reply, or 0; *status is the enhanced code
 * behind it, or empty. */
unsigned event_reply_scan(struct slice reply, struct slice *status);

/*
 * The id of an event, 32 lower-case hex digits to out: XXH3-128 of file key, offset
 * (8 bytes LE), the record's bytes, the type's name, 0, id_recipient, 0, n (4 bytes
 * LE). n: 0, and 1, 2 ... for further events of the same record, type and recipient. h
 * is scratch.
 */
void event_id(struct hash_state *h, const struct file_key *key, uint64_t offset,
    struct slice record, const struct event *ev, uint32_t n, char out[32]);

/*
 * The domain of an address, lower case and as A-labels, to out: its length, or 0 where
 * there is none or it cannot be written so.
 */
size_t event_domain(struct slice address, char out[LIMIT_ADDRESS]);

/*
 * Appends the event as one JSON object, without a line end: at most LIMIT_EVENT bytes.
 * Keys without a value are left out; strings are made valid UTF-8 without control
 * characters but tab; what was cut is named in "truncated". 0, -E2BIG or -ENOMEM (then
 * out is as before). Of native only what is for all outputs; event_json_native(): all.
 */
int event_json(const struct event *ev, struct buf *out);
int event_json_native(const struct event *ev, struct buf *out);

/* Appends s as a JSON string, at most max bytes of it, by the same rules; false: cut.
 */
bool event_json_string(struct buf *out, struct slice s, size_t max);

/* The same behind `key`, which is JSON already: `,"name":`. */
bool event_json_member(struct buf *out, struct slice key, struct slice s, size_t max);

#endif
