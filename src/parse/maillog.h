/*
 * maillog.h - inside the mail log reader: one line, and what Postfix's and sendmail's
 * readers share.
 *
 * maillog.c takes off the prefix, unfolds repetitions, finds the queue id and whose
 * line it is; postfix.c and sendmail.c read what is behind the queue id.
 */
#ifndef BOUNCEFEED_MAILLOG_H
#define BOUNCEFEED_MAILLOG_H

#include "parse/parse.h"
#include "parse/postfix.h"
#include "parse/repeat.h"
#include "parse/sendmail.h"
#include "parse/syslog.h"
#include "parse/track.h"

/* Bytes of a queue id. */
enum { MAILLOG_ID_MIN = 5, MAILLOG_ID_MAX = 40 };

/* The parser of one file. */
struct maillog {
	const struct parse_env *env;
	const struct maillog_mta *only; /* the format's; NULL: both */
	struct syslog *syslog;
	struct repeat *repeat;
	struct sendmail_split *split;
	struct postfix_active active[POSTFIX_ACTIVE];
	size_t next_active;
	bool filters; /* messages were seen to come back from a filter */
	/* of the line that is being read */
	const struct record *rec;
	struct syslog_line log;
	struct slice daemon;  /* the last part of the tag: "smtp" */
	struct track_key key; /* host, instance, queue id */
	struct slice part;    /* of a split line, "1" in `QID[1]:`; else empty */
	struct slice rest;    /* of the message, behind the queue id */
	struct when time;
	int64_t named; /* the line's time, to the track */
	const struct maillog_mta *mta;
	bool repeats;         /* the line says that another one was repeated */
	uint32_t repeated;    /* how often it gave that one's event */
	uint64_t repeated_at; /* ... being the record at this offset */
	union {
		struct postfix postfix;
		struct sendmail sendmail;
	} is;               /* `mta` says which; good until the next line */
	struct when queued; /* where the queue id says it */
	struct event_pair header[TRACK_HEADERS];
	char domain[LIMIT_ADDRESS];
};

/* A kind of mail server, as far as its lines go. */
struct maillog_mta {
	const char *name; /* source.format of its events */
	/* Could the line be its own? By tag, then by what is behind the queue id. */
	bool (*owns)(const struct maillog *p);
	/* Does the line say anything? It has no time yet. false: it is passed over. */
	bool (*concerns)(struct maillog *p);
	bool (*id_time)(struct slice queue_id, int64_t near, struct when *out);
	enum parse_result (*parse)(
	    struct maillog *p, struct event *ev, const char **why);
	void (*taken)(struct maillog *p); /* as of parse_format */
};

extern const struct maillog_mta maillog_postfix, maillog_sendmail;

/* What all events of a mail log have: time, queue id, source, and of the message (NULL:
 * nothing is known of it) sender, message id, submitter, headers. */
void maillog_fill(struct maillog *p, struct event *ev, const struct track_message *m);

/* The recipient that the record names (for the id, too), and the one that it was sent
 * to where that is another (else empty). */
void maillog_recipient(
    struct maillog *p, struct event *ev, struct slice to, struct slice original);

/* The bounce of a recipient that was still deferred when the message expired; readable:
 * its address as people write it. Answers PARSE_MORE: there may be others. */
enum parse_result maillog_expired(struct maillog *p, struct event *ev,
    struct track_message *m, const struct track_recipient *r, struct slice readable);

/* The length of the queue id that begins in, or 0. */
size_t maillog_id_length(struct slice in);

/* Is it this machine's own address? */
bool maillog_is_loopback(struct slice ip);

/* Of a message id on the line's host; never 0. */
uint64_t maillog_hash_message(const struct maillog *p, struct slice message_id);

/* The message that the line names, begun where it is not known; NULL without memory. */
struct track_message *maillog_message(struct maillog *p);

#endif
