/*
 * postfix_line.c - a delivery status line, taken apart.
 *
 * `to=<A>[, orig_to=<B>], relay=R[, conn_use=N], delay=D, delays=a/b/c/d[, KEY=V ...],
 * dsn=X, status=WORD (TEXT)`: the order is fixed. A and B are strangers' (who signs up,
 * chooses them), and so may be TEXT (what a server answers). Since Postfix 3.5 an
 * address that needs it is quoted and has an end; in the older form it may hold
 * anything, a whole line included, and so may TEXT. So a line is read as one of quoted
 * addresses, and if it can be another one too - if a second whole tail follows - only a
 * reading that Postfix cannot write is thrown out: what is left over as two readings is
 * told as such, and no event.
 *
 * Before Postfix 2.3 there is no dsn= and no delays=: such a tail counts only where no
 * whole one is. Addresses without <> are read where the line has but one reading.
 */
#include "parse/postfix.h"
#include "parse/parse.h"

enum {
	OTHERS_MAX = 16, /* keys of a line that are not known here */
	PLACES_MAX = 64, /* where an address could end: more is no honest line */
};

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
	if (n == 0 || !slice_starts(in, SLICE(" (")))
		return false;
	out->text = slice_from(in, 2);
	out->cut = out->text.n == 0 || out->text.p[out->text.n - 1] != ')';
	out->text.n -= !out->cut;
	return true;
}

static bool
is_relay(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' || s.p[i] == '<' || s.p[i] == '>')
			return false;
	}
	return s.n > 0;
}

/* From "relay=" to the end. exact: with all that Postfix writes since 2.3. */
static bool
take_tail(struct slice in, bool exact, struct postfix_delivery *out)
{
	struct slice unused;

	if (!take_value(&in, SLICE("relay="), &out->relay) || !is_relay(out->relay))
		return false;
	(void)take_value(&in, SLICE("conn_use="), &unused);
	out->delay = out->dsn = (struct slice){ 0 };
	if (!take_value(&in, SLICE("delay="), &out->delay) && exact)
		return false;
	(void)take_value(&in, SLICE("delays="), &unused);
	unsigned others = 0;
	while (!slice_starts(in, SLICE("dsn=")) && !slice_starts(in, SLICE("status=")))
		if (others++ == OTHERS_MAX || !take_other(&in))
			return false;
	if (!take_value(&in, SLICE("dsn="), &out->dsn) && exact)
		return false;
	return event_status_scan(out->dsn) == out->dsn.n && take_status(in, out);
}

/* --- readings ----------------------------------------------------------------------
 */

enum { UNCUT_MAX = 900 }; /* bytes of a line that no syslog daemon has cut */

static const struct slice between_to = { ">, orig_to=<", 12 };
static const struct slice before_relay = { ">, relay=", 9 };

static bool
ends_with_command(struct slice text)
{
	static const struct slice end = { " command)", 9 };

	return text.n > end.n && slice_eq(slice_from(text, text.n - end.n), end) &&
	       slice_search(text, SLICE(" (in reply to ")) < text.n;
}

/* Is there a whole tail in it? */
static bool
holds_tail(struct slice text)
{
	struct postfix_delivery d;
	unsigned places = 0;

	for (size_t at = slice_search(text, before_relay); at < text.n;
	     at = slice_search(text, before_relay)) {
		text = slice_from(text, at + 3);
		if (++places == PLACES_MAX || take_tail(text, true, &d))
			return true;
	}
	return false;
}

/* Does Postfix write such a TEXT after this relay and word? A server's own words are
 * wrapped: what a server or an address forges is not, or not as it should. !whole: the
 * line may have been cut just behind a parenthesis in it. */
static bool
is_written(const struct postfix_delivery *d, bool whole)
{
	static const struct slice wrapped[] = { { "host ", 5 },
		{ "Protocol error: host ", 21 },
		{ "delivery temporarily suspended: ", 32 },
		{ "SASL authentication failed; server ", 35 } };
	bool network = slice_find(d->relay, '[') < d->relay.n;
	bool answered = ends_with_command(d->text), wrap = false;

	if (slice_eq(d->word, SLICE("sent"))) {
		/* a server's reply as it is; else our own words */
		bool reply = d->text.n == 0 || d->text.p[0] == '2';
		return (network && reply) ||
		       (!holds_tail(d->text) && (network || !answered));
	}
	for (size_t i = 0; i < sizeof wrapped / sizeof wrapped[0]; i++)
		wrap |= slice_starts(d->text, wrapped[i]);
	if (whole && slice_starts(d->text, wrapped[0]) && !answered && !d->cut &&
	    slice_search(d->text, SLICE(" said: ")) < d->text.n)
		return false;
	if (wrap)
		return true;
	if (answered && (network || slice_eq(d->relay, SLICE("none"))))
		return false;
	return !slice_eq(d->relay, SLICE("none")) || !holds_tail(d->text);
}

/* The line as one of addresses that are quoted where they need it. certain: one of them
 * has quotes, so that the line cannot be of the older form. */
static bool
read_external(struct slice in, bool exact, struct postfix_delivery *out, bool *certain)
{
	struct slice all = in;
	size_t n = postfix_external_address(in);

	if (n == in.n)
		return false;
	*certain = in.p[0] == '"';
	out->original = (struct slice){ 0 };
	out->to = (struct slice){ in.p, n };
	in = slice_from(in, n);
	if (slice_starts(in, between_to)) {
		in = slice_from(in, between_to.n);
		n = postfix_external_address(in);
		if (n == in.n)
			return false;
		*certain |= in.p[0] == '"';
		out->original = (struct slice){ in.p, n };
		in = slice_from(in, n);
	}
	if (!slice_starts(in, SLICE(">, ")))
		return false;
	out->head = (size_t)(in.p - all.p);
	return take_tail(slice_from(in, 3), exact, out);
}

/* What stands before a tail, as unquoted addresses: in how many ways it can be read. */
static unsigned
split_internal(struct slice head, struct postfix_delivery *out)
{
	unsigned ways = postfix_is_unquoted(head), places = 0;

	out->original = (struct slice){ 0 };
	out->to = head;
	for (size_t from = 0, at = slice_search(head, between_to); at < head.n;
	     from = at + 1,
		    at = from + slice_search(slice_from(head, from), between_to)) {
		if (++places == PLACES_MAX)
			return 2;
		struct slice to = { head.p, at };
		struct slice original = slice_from(head, at + between_to.n);
		ways += postfix_is_unquoted(to) && postfix_is_unquoted(original);
	}
	return ways;
}

/*
 * In how many ways the line can be read with unquoted addresses, so that Postfix could
 * have written it; one of them to *out. Not counted: the tail that begins at `but`.
 */
static unsigned
read_internal(struct slice in, bool exact, size_t but, struct postfix_delivery *out)
{
	unsigned ways = 0, places = 0;
	struct postfix_delivery d;

	for (size_t from = 0, at = slice_search(in, before_relay); at < in.n;
	     from = at + 1,
		    at = from + slice_search(slice_from(in, from), before_relay)) {
		if (++places == PLACES_MAX)
			return 2;
		if (at == but || !take_tail(slice_from(in, at + 3), exact, &d) ||
		    !is_written(&d, in.n < UNCUT_MAX))
			continue;
		unsigned n = split_internal((struct slice){ in.p, at }, &d);
		if (n > 0)
			*out = d;
		ways += n;
	}
	return ways;
}

/* Only local parts are quoted: a domain that is none stands there as it is
 * ("gmail,com"), and just such a message bounces. With one place where the addresses
 * can end, there is but one reading. */
static enum postfix_reading
read_only_place(struct slice in, bool exact, struct postfix_delivery *out)
{
	size_t at = slice_search(in, before_relay);
	struct slice head = { in.p, at }, tail = slice_from(in, at + 3);
	size_t to = slice_search(head, between_to);
	struct slice original = slice_from(head, to + between_to.n);

	if (at == in.n || slice_search(tail, before_relay) < tail.n ||
	    slice_search(original, between_to) < original.n ||
	    postfix_is_quoted(slice_from(in, to + between_to.n)) ||
	    !take_tail(tail, exact, out))
		return POSTFIX_UNREAD;
	out->head = at;
	out->to = (struct slice){ head.p, to };
	out->original = original;
	return POSTFIX_READ;
}

static enum postfix_reading
read_marked(struct slice in, bool exact, struct postfix_delivery *out)
{
	struct postfix_delivery other;
	bool certain = false;

	if (!read_external(in, exact, out, &certain)) {
		if (postfix_is_quoted(in))
			return POSTFIX_UNREAD;
		unsigned ways = read_internal(in, exact, in.n, out);
		if (ways == 0)
			return read_only_place(in, exact, out);
		return ways == 1 ? POSTFIX_READ : POSTFIX_AMBIGUOUS;
	}
	unsigned ways = 0;
	if (!certain && slice_search(out->text, before_relay) < out->text.n)
		ways = read_internal(in, exact, out->head, &other);
	if (ways == 0)
		return POSTFIX_READ;
	if (ways > 1 || is_written(out, false))
		return POSTFIX_AMBIGUOUS;
	*out = other;
	return POSTFIX_READ;
}

/* "to=a@example.net, relay=..." as some tools write it. */
static enum postfix_reading
read_bare(struct slice in, struct postfix_delivery *out)
{
	static const struct slice marks[] = { { ", orig_to=", 10 }, { ", relay=", 8 } };
	size_t relay = slice_search(in, marks[1]);
	struct slice head = { in.p, relay };
	size_t at = slice_search(head, marks[0]);

	if (relay == in.n || !take_tail(slice_from(in, relay + 2), false, out))
		return POSTFIX_UNREAD;
	out->to = (struct slice){ head.p, at };
	out->original = parse_address(slice_from(head, at + marks[0].n));
	if (slice_find(out->to, ' ') < at || slice_find(out->to, '<') < at)
		return POSTFIX_UNREAD;
	return holds_tail(out->text) ? POSTFIX_AMBIGUOUS : POSTFIX_READ;
}

enum postfix_reading
postfix_read_delivery(struct slice in, struct postfix_delivery *out)
{
	if (!slice_starts(in, SLICE("to=")))
		return POSTFIX_UNREAD;
	in = slice_from(in, 3);
	if (!slice_starts(in, SLICE("<")))
		return read_bare(in, out);
	in = slice_from(in, 1);
	enum postfix_reading r = read_marked(in, true, out);

	if (r == POSTFIX_UNREAD)
		r = read_marked(in, false, out);
	return r;
}
