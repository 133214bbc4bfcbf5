/*
 * postfix_line.c - a delivery status line and its text, taken apart.
 *
 * `to=<A>[, orig_to=<A>], relay=R[, conn_use=N], delay=D, delays=a/b/c/d[, KEY=V ...],
 * dsn=X, status=WORD (TEXT)`: the order is fixed, so a key that a stranger writes into
 * an address or a reply stands where none is expected. The first "to" after which the
 * whole tail is valid counts; TEXT goes to the end of the line, whatever is in it.
 */
#include "parse/postfix.h"
#include "event/event.h"

/* Takes `key` off *in and the value up to ", " or the end. */
static bool
take_value(struct slice *in, struct slice key, struct slice *out)
{
	if (!slice_starts(*in, key))
		return false;
	*in = slice_from(*in, key.n);
	for (size_t comma = slice_find(*in, ','); comma < in->n;
	     comma += 1 + slice_find(slice_from(*in, comma + 1), ',')) {
		if (comma + 1 < in->n && in->p[comma + 1] == ' ') {
			*out = (struct slice){ in->p, comma };
			*in = slice_from(*in, comma + 2);
			return true;
		}
	}
	return false; /* a status must follow */
}

/* KEY=VALUE of a key that is not known here: letters and underscores. */
static bool
take_other(struct slice *in)
{
	size_t n = 0;
	struct slice value;

	while (n < in->n && ((in->p[n] >= 'a' && in->p[n] <= 'z') || in->p[n] == '_'))
		n++;
	if (n == 0 || n >= in->n || in->p[n] != '=')
		return false;
	return take_value(in, (struct slice){ in->p, n + 1 }, &value);
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* "status=WORD (TEXT)"; a line that was cut has no ")" at its end. */
static bool
take_status(struct slice in, struct postfix_delivery *out)
{
	size_t n = 0;

	if (!slice_starts(in, SLICE("status=")))
		return false;
	in = slice_from(in, 7);
	while (n < in.n && is_word(in.p[n]))
		n++;
	out->word = (struct slice){ in.p, n };
	in = slice_from(in, n);
	if (n == 0 || (in.n > 0 && !slice_starts(in, SLICE(" ("))))
		return false;
	out->text = slice_from(in, 2);
	if (out->text.n > 0 && out->text.p[out->text.n - 1] == ')')
		out->text.n--;
	return true;
}

/* From "relay=" to the end. exact: with the delay that Postfix always writes. */
static bool
take_tail(struct slice in, bool exact, struct postfix_delivery *out)
{
	struct slice unused;

	if (!take_value(&in, SLICE("relay="), &out->relay))
		return false;
	(void)take_value(&in, SLICE("conn_use="), &unused);
	out->delay = (struct slice){ 0 };
	if (!take_value(&in, SLICE("delay="), &out->delay) && exact)
		return false;
	(void)take_value(&in, SLICE("delays="), &unused);
	while (!slice_starts(in, SLICE("dsn="))) {
		if (slice_starts(in, SLICE("status=")) || !take_other(&in))
			return false;
	}
	if (!take_value(&in, SLICE("dsn="), &out->dsn) ||
	    event_status_scan(out->dsn) != out->dsn.n)
		return false;
	return take_status(in, out);
}

/* Where a quoted string that begins at in[0] has its closing quote, or in.n. */
static size_t
quote_end(struct slice in)
{
	for (size_t i = 1; i < in.n; i++) {
		if (in.p[i] == '\\')
			i++;
		else if (in.p[i] == '"')
			return i;
	}
	return in.n;
}

bool
postfix_take_address(struct slice *in, struct slice *out)
{
	size_t from = in->n > 0 && in->p[0] == '"' ? quote_end(*in) : 0;
	/* a quote that closes no local part is a character of the old, unquoted form */
	if (from + 1 >= in->n ||
	    (from > 0 && in->p[from + 1] != '@' && in->p[from + 1] != '>'))
		from = 0;
	size_t close = from + slice_find(slice_from(*in, from), '>');

	if (close >= in->n)
		return false;
	*out = (struct slice){ in->p, close };
	*in = slice_from(*in, close + 1);
	return true;
}

/* What follows an address: an optional orig_to, then the tail. */
static bool
take_rest(struct slice in, bool exact, struct postfix_delivery *out)
{
	if (!slice_starts(in, SLICE(", ")))
		return false;
	in = slice_from(in, 2);
	out->original = (struct slice){ 0 };
	if (slice_starts(in, SLICE("orig_to=<"))) {
		in = slice_from(in, 9);
		if (!postfix_take_address(&in, &out->original) ||
		    !slice_starts(in, SLICE(", ")))
			return false;
		in = slice_from(in, 2);
	}
	return take_tail(in, exact, out);
}

/* in: behind "to=<". An unquoted address of the old form may hold ">, ": where the tail
 * behind one is none, the next one is tried. */
static bool
read_delivery(struct slice in, bool exact, struct postfix_delivery *out)
{
	struct slice rest = in, part;

	while (postfix_take_address(&rest, &part)) {
		if (take_rest(rest, exact, out)) {
			out->to = (struct slice){ in.p, (size_t)(rest.p - in.p) - 1 };
			return true;
		}
	}
	return false;
}

bool
postfix_read_delivery(struct slice in, struct postfix_delivery *out)
{
	if (!slice_starts(in, SLICE("to=<")))
		return false;
	in = slice_from(in, 4);
	/* a tail without delay only where there is no better one: a forged one is
	 * shorter */
	return read_delivery(in, true, out) || read_delivery(in, false, out);
}

/* --- TEXT --------------------------------------------------------------------------
 */

static bool
is_address(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = to_lower(s.p[i]);
		if (!is_digit(c) && !(c >= 'a' && c <= 'f') && c != '.' && c != ':')
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
	struct slice rest = slice_from(relay, close + 1);
	if (rest.n > 1 && rest.p[0] == ':' && slice_u64(slice_from(rest, 1), &port) &&
	    port < 65536)
		out->port = (unsigned)port;
}

/* Who is named after these words, up to the first blank or the last colon before it. */
static const struct slice who_follows[] = {
	{ "host ", 5 },
	{ "connect to ", 11 },
	{ "lost connection with ", 21 },
	{ "conversation with ", 18 },
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
	struct slice rest = take_who(text, out);
	for (size_t i = 0; i < 2; i++) {
		if (slice_starts(rest, said[i])) {
			out->reply = slice_from(rest, said[i].n);
			out->remote = true;
			split_command(&out->reply, &out->command);
		}
	}
}
