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
	bool cut;          /* the line ends within it */
	size_t head;       /* bytes before the tail: both addresses */
};

enum postfix_reading {
	POSTFIX_UNREAD, /* no delivery line, or broken */
	POSTFIX_READ,
	POSTFIX_AMBIGUOUS, /* an address or a reply holds a line of its own */
};

/* in: from "to=" on. */
enum postfix_reading postfix_read_delivery(
    struct slice in, struct postfix_delivery *out);

/* The length of an address as it stands before its ">" where nothing in it that needs
 * quotes has none; in.n where there is no such one. */
size_t postfix_external_address(struct slice in);

/* An address with quotes: what is in them is the address's, also where the line was cut
 * within. A quote that closes no local part is a character of the older form. */
bool postfix_is_quoted(struct slice in);

/* Could it be an address of the older form? */
bool postfix_is_unquoted(struct slice address);

/* The address behind "to=<" or "from=<", up to its ">"; *in moves behind that. Quoted
 * local parts may hold anything. false: it has no end. */
bool postfix_take_address(struct slice *in, struct slice *out);

/* What TEXT says: who answered, what, to which command. All may be empty. */
struct postfix_answer {
	struct slice host, ip; /* ip: empty where it is none */
	struct slice path;     /* of a socket on this machine, in place of the ip */
	unsigned port;
	struct slice reply; /* the server's words, or Postfix's own where it had none */
	struct slice command;
	bool remote; /* reply is the server's */
};

void postfix_read_text(struct slice text, struct postfix_answer *out);

/* What follows the last "queued as " of the text: a queue id, and more; or empty. */
struct slice postfix_queued_as(struct slice text);

/* "mx.example.net[192.0.2.1]:25" taken apart; ip only where it is an address. */
void postfix_read_relay(struct slice relay, struct postfix_answer *out);

/* What one line says. */
struct postfix {
	struct postfix_delivery delivery;
	struct postfix_answer answer;
	struct slice original; /* what `to` was called in the first message, or empty */
	struct track_recipient *expiring;
	unsigned joins; /* of postfix_join.c's table */
	enum { TAKEN_NOTHING, TAKEN_DEFERRED, TAKEN_FINAL, TAKEN_EXPIRED } on_taken;
};

struct maillog;

/* The queue id under which the message goes on here, where it does; else empty. */
struct slice postfix_next_hop(struct maillog *p);

/* Messages that became active lately; message: a hash of message id and host. */
enum { POSTFIX_ACTIVE = 256 };

struct postfix_active {
	uint64_t message, serial, size;
	size_t n;
	char id[24];
};

/* The message that the line names has become active: it may be one that came back. */
void postfix_hop_active(struct maillog *p, struct track_message *m, uint64_t size);

/* It does. r: its recipient, where one is known. */
void postfix_go_on(struct maillog *p, struct slice queue_id, struct track_recipient *r);

/* A line that is no outcome, from behind the queue id on: does it join, and as which
 * kind; what it says into the track. */
bool postfix_joins(struct slice rest, unsigned *which);
void postfix_join(struct maillog *p);

#endif
