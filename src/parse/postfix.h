/*
 * postfix.h - inside the Postfix reader: one delivery status line, taken apart.
 */
#ifndef BOUNCEFEED_POSTFIX_H
#define BOUNCEFEED_POSTFIX_H

#include "parse/parse.h"
#include "parse/syslog.h"
#include "parse/track.h"

/* One line, taken apart as far as all kinds share it. */
struct postfix_line {
	struct syslog_line log;
	struct slice daemon; /* "smtp" */
	struct track_key key;
	struct slice rest; /* of the message, behind the queue id */
	struct when time;
};

/* false: no line of Postfix's with a queue id. `time` is not read yet. */
bool postfix_split(struct slice line, struct postfix_line *out);

/* Source: Postfix src/global/log_adhoc.c, and 3.11's tls= between delays and dsn. */
struct postfix_delivery {
	struct slice to;
	struct slice original; /* orig_to, or empty */
	struct slice relay;
	struct slice delay;
	struct slice dsn;
	struct slice word; /* sent, deferred, bounced ... */
	struct slice text; /* between the parentheses */
};

/* in: from "to=<" on. false: not of that form. */
bool postfix_read_delivery(struct slice in, struct postfix_delivery *out);

/* The address behind "to=<" or "from=<", up to its ">"; *in moves behind that. Quoted
 * local parts may hold anything. false: it has no end. */
bool postfix_take_address(struct slice *in, struct slice *out);

/* What TEXT says: who answered, what, to which command. All may be empty. */
struct postfix_answer {
	struct slice host, ip;
	unsigned port;
	struct slice reply; /* the server's words, or Postfix's own where it had none */
	struct slice command;
	bool remote; /* reply is the server's */
};

void postfix_read_text(struct slice text, struct postfix_answer *out);

/* "mx.example.net[192.0.2.1]:25" taken apart; ip only where it is an address. */
void postfix_read_relay(struct slice relay, struct postfix_answer *out);

/* The parser of one file. */
struct postfix {
	const struct parse_env *env;
	struct postfix_line line;
	struct postfix_delivery delivery;
	struct postfix_answer answer;
	struct track_recipient *expiring;
	int64_t named; /* the line's time, to the track */
	enum { TAKEN_NOTHING, TAKEN_DEFERRED, TAKEN_FINAL, TAKEN_EXPIRED } on_taken;
	char domain[LIMIT_ADDRESS];
};

/* The message that the line names, begun where it is not known; NULL without memory. */
struct track_message *postfix_message(struct postfix *p);

/* A line that is no outcome: does it join, and what it says into the track. */
bool postfix_joins(const struct postfix *p);
void postfix_join(struct postfix *p);

#endif
