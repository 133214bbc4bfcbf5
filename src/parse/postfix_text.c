/*
 * postfix_text.c - what stands in the parentheses of a delivery status line, and who
 * said it.
 *
 * Source: Postfix src/smtp/smtp_proto.c, smtp_connect.c, smtp_trouble.c. What is behind
 * "said: " is a stranger's; the last ` (in reply to X command)` is Postfix's.
 */
#include "parse/postfix.h"

static bool
is_address(struct slice s)
{
	static const bool may_be[256] = { ['0' ... '9'] = true,
		['A' ... 'F'] = true,
		['a' ... 'f'] = true,
		['.'] = true,
		[':'] = true };

	for (size_t i = 0; i < s.n; i++) {
		if (!may_be[(unsigned char)s.p[i]])
			return false;
	}
	return s.n > 1;
}

void
postfix_read_relay(struct slice relay, struct postfix_answer *out)
{
	size_t open = slice_find(relay, '[');
	size_t close = slice_rfind(relay, ']');
	uint64_t port;

	if (open >= relay.n || close >= relay.n || close < open)
		return; /* none, local, a service's name */
	struct slice ip = { relay.p + open + 1, close - open - 1 };
	out->host = (struct slice){ relay.p, open };
	if (is_address(ip))
		out->ip = ip;
	else
		out->path = ip;
	struct slice rest = slice_from(relay, close + 1);
	if (rest.n > 1 && rest.p[0] == ':' && slice_u64(slice_from(rest, 1), &port) &&
	    port < 65536)
		out->port = (unsigned)port;
}

/* Who is named after these words, up to the first blank or the last colon before it. */
static const struct slice who_follows[] = {
	{ "host ", 5 },
	{ "Protocol error: host ", 21 },
	{ "connect to ", 11 },
	{ "lost connection with ", 21 },
	{ "conversation with ", 18 },
	{ "SASL authentication failed; server ", 35 },
	{ "TLS is required, but was not offered by host ", 45 },
};

static struct slice
take_who(struct slice text, struct postfix_answer *out)
{
	for (size_t i = 0; i < sizeof who_follows / sizeof who_follows[0]; i++) {
		if (!slice_starts(text, who_follows[i]))
			continue;
		struct slice rest = slice_from(text, who_follows[i].n);
		struct slice who = { rest.p, slice_find(rest, ' ') };
		rest = slice_from(rest, who.n);
		if (who.n > 0 && who.p[who.n - 1] == ':')
			who.n--;
		postfix_read_relay(who, out);
		return rest;
	}
	return (struct slice){ 0 };
}

/* "550 no (in reply to RCPT TO command)" to its two parts. The last one counts: it is
 * Postfix's, whatever the reply says before it. */
static void
split_command(struct slice *reply, struct slice *command)
{
	static const struct slice begin = { " (in reply to ", 14 };
	static const struct slice end = { " command)", 9 };

	if (reply->n < begin.n + end.n ||
	    !slice_eq(slice_from(*reply, reply->n - end.n), end))
		return;
	/* the blank that ends `begin` is not the one that begins `end` */
	for (size_t at = reply->n - end.n - begin.n + 1; at-- > 0;) {
		if (!slice_starts(slice_from(*reply, at), begin))
			continue;
		*command = slice_from(*reply, at + begin.n);
		command->n -= end.n;
		reply->n = at;
		return;
	}
}

void
postfix_read_text(struct slice text, struct postfix_answer *out)
{
	static const struct slice suspended = { "delivery temporarily suspended: ",
		32 };
	static const struct slice said[] = { { " said: ", 7 },
		{ " refused to talk to me: ", 24 } };

	*out = (struct postfix_answer){ .reply = text };
	if (slice_starts(text, suspended))
		text = out->reply = slice_from(text, suspended.n);
	/* Postfix names the command only behind these: else the words are the server's
	 */
	bool named = slice_starts(text, SLICE("host ")) ||
		     slice_starts(text, SLICE("Protocol error: host "));
	struct slice rest = take_who(text, out);
	for (size_t i = 0; i < 2; i++) {
		if (slice_starts(rest, said[i])) {
			out->reply = slice_from(rest, said[i].n);
			out->remote = true;
			if (named && i == 0)
				split_command(&out->reply, &out->command);
		}
	}
}

/* What follows the last "queued as ": that one is the answering server's. */
struct slice
postfix_queued_as(struct slice text)
{
	static const struct slice words = { "queued as ", 10 };
	struct slice last = { 0 };

	for (size_t at = slice_search(text, words); at < text.n;
	     at = slice_search(text, words))
		last = text = slice_from(text, at + words.n);
	return last;
}
