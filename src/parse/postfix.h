/*
 * postfix.h - inside the Postfix reader: one delivery status line, taken apart.
 */
#ifndef BOUNCEFEED_POSTFIX_H
#define BOUNCEFEED_POSTFIX_H

#include "base/base.h"
#include "parse/track.h"

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

/* What one line says. */
struct postfix {
	struct postfix_delivery delivery;
	struct postfix_answer answer;
	struct track_recipient *expiring;
	enum { TAKEN_NOTHING, TAKEN_DEFERRED, TAKEN_FINAL, TAKEN_EXPIRED } on_taken;
};

struct maillog;

/* A line that is no outcome: does it join, and what it says into the track. */
bool postfix_joins(const struct maillog *p);
void postfix_join(struct maillog *p);

#endif
