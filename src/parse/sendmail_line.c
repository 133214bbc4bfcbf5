/*
 * sendmail_line.c - the line `to=...`, taken apart.
 *
 * `to=LIST[, ctladdr=ADDR[ (UID/GID)]], delay=D[, KEY=VALUE ...][, reply=TEXT],
 * stat=TEXT`: what strangers choose are LIST, ADDR, TEXT and the relay's name.
 * Addresses are skipped as sendmail reads them, so that nothing in them is taken for a
 * key; a relay with a name that is none, or TEXT that could end in two places, must
 * leave one reading.
 */
#include "parse/sendmail.h"

enum {
	LINE_MAX_BYTES =
	    16384, /* sendmail's own have 1024, and are joined up to that */
	LIST_MAX =
	    2048, /* bytes of a list: it writes 924, and goes on in another line */
	CONTROL_CHARS = 83 /* from that length on it is shortened in its middle */
};

size_t
sendmail_duration(struct slice in, int64_t *out)
{
	struct slice at = in;
	uint64_t days = 0, part[3];

	if (!sendmail_take_number(&at, &part[0]))
		return 0;
	if (sendmail_take(&at, SLICE("+"))) {
		days = part[0];
		if (!sendmail_take_number(&at, &part[0]))
			return 0;
	}
	for (size_t i = 1; i < 3; i++) {
		if (!sendmail_take(&at, SLICE(":")) ||
		    !sendmail_take_number(&at, &part[i]))
			return 0;
	}
	if (days > 100000 || part[0] > 100000 || part[1] > 59 || part[2] > 59)
		return 0;
	*out = (int64_t)(days * 86400 + part[0] * 3600 + part[1] * 60 + part[2]);
	return in.n - at.n;
}

/* The list ends where a blank follows a comma: inside it there is none. */
static bool
take_list(struct slice *in, struct slice *out)
{
	size_t at = 0, end;

	for (;; at++) {
		if (!sendmail_address_end(slice_from(*in, at), &end))
			return false;
		at += end;
		if (at + 1 >= in->n)
			return false;
		if (in->p[at + 1] == ' ')
			break;
	}
	*out = (struct slice){ in->p, at };
	*in = slice_from(*in, at + 2);
	(void)sendmail_take(in, SLICE("[more], "));
	return true;
}

/* Where the next c at or behind `at` is, or in.n. */
static size_t
next_of(struct slice in, size_t at, char c)
{
	return at < in.n ? at + slice_find(slice_from(in, at), c) : in.n;
}

/* " (1001/0)" where it is, then ", delay=". */
static bool
ends_control(struct slice in)
{
	uint64_t unused;
	struct slice at = in;

	if (sendmail_take(&at, SLICE(" (")) &&
	    (!sendmail_take_number(&at, &unused) || !sendmail_take(&at, SLICE("/")) ||
		!sendmail_take_number(&at, &unused) || !sendmail_take(&at, SLICE(")"))))
		at = in;
	return slice_starts(at, SLICE(", delay="));
}

/* A controlling address of 83 characters and more has "..." in its middle. */
static bool
take_shortened(struct slice *in)
{
	size_t dots = sendmail_raw_length(*in, (CONTROL_CHARS - 3) / 2);

	if (!slice_starts(slice_from(*in, dots), SLICE("...")))
		return false;
	size_t all = sendmail_raw_length(*in, CONTROL_CHARS);
	if (!ends_control(slice_from(*in, all)))
		return false;
	*in = slice_from(*in, all);
	return true;
}

/* "ctladdr=ADDR (UID/GID), ", of which ADDR to *out where it is whole. */
static bool
take_control(struct slice *in, struct slice *out)
{
	size_t end;

	if (take_shortened(in)) {
		end = 0;
	} else {
		if (!sendmail_address_end(*in, &end))
			return false;
		*out = (struct slice){ in->p, end };
		/* "(1001/0)" is a comment to the scan */
		for (size_t at = next_of(*in, 0, ' '); at < end;
		     at = next_of(*in, at + 1, ' ')) {
			if (ends_control(slice_from(*in, at)))
				out->n = at;
		}
	}
	*in = slice_from(*in, end + slice_search(slice_from(*in, end), SLICE(", ")));
	return sendmail_take(in, SLICE(", "));
}

static bool
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

/* "KEY=" at the start of in: its length with the "=", or 0. */
static size_t
key_length(struct slice in)
{
	size_t n = 0;

	while (n < in.n && is_key_char(in.p[n]))
		n++;
	return n > 0 && n < in.n && in.p[n] == '=' ? n + 1 : 0;
}

/* Does a relay end here: at a comma and one of the keys that may follow it? */
static bool
ends_relay(struct slice in)
{
	static const struct slice keys[] = { { "dsn=", 4 }, { "ntries=", 7 },
		{ "stage=", 6 }, { "reply=", 6 }, { "status=", 7 }, { "stat=", 5 } };

	if (!sendmail_take(&in, SLICE(",")))
		return false;
	(void)sendmail_take(&in, SLICE(" "));
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		if (slice_starts(in, keys[i]))
			return true;
	}
	return false;
}

/* A host name or address, and perhaps " [ADDRESS]": what DNS and the local
 * configuration can give. The domain of an address that has no host may hold more. */
static bool
is_plain_relay(struct slice in)
{
	static const bool plain[256] = { ['0' ... '9'] = true,
		['A' ... 'Z'] = true,
		['a' ... 'z'] = true,
		['/'] = true,
		['.'] = true,
		['-'] = true,
		['_'] = true,
		[':'] = true,
		['%'] = true,
		['@'] = true };
	int open = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (plain[(unsigned char)c])
			continue;
		if (c == '[' || c == ']')
			open += c == '[' ? 1 : -1;
		else if (c != ' ' || i + 1 == in.n || in.p[i + 1] != '[')
			return false;
	}
	return open == 0;
}

/* A relay that may be anything must leave one place for what follows it. */
static bool
take_relay(struct slice *in, struct slice *out, const char **why)
{
	static const struct slice stat = { "stat=", 5 };
	size_t end = next_of(*in, 0, ',');

	while (end < in->n && !ends_relay(slice_from(*in, end)))
		end = next_of(*in, end + 1, ',');
	*out = (struct slice){ in->p, end };
	*in = slice_from(*in, end);
	if (is_plain_relay(*out))
		return true;
	struct slice rest = slice_from(*in, slice_search(*in, stat) + 1);
	if (slice_search(rest, stat) == rest.n)
		return true;
	*why = "a relay's name holds a status: two readings";
	return false;
}

/* One field of the tail; *at is behind its key. */
static bool
take_field(
    struct slice *in, struct slice key, struct sendmail_delivery *out, const char **why)
{
	struct slice unknown = { 0 }, *value = &unknown;

	if (slice_eq(key, SLICE("mailer=")))
		value = &out->mailer;
	else if (slice_eq(key, SLICE("pri=")))
		value = &out->pri;
	else if (slice_eq(key, SLICE("dsn=")))
		value = &out->dsn;
	else if (slice_eq(key, SLICE("ntries=")))
		value = &out->ntries;
	else if (slice_eq(key, SLICE("relay=")))
		value = &out->relay;
	if (value->p) {
		*why = "a field stands there twice";
		return false;
	}
	if (value == &out->relay)
		return take_relay(in, value, why);
	*value = (struct slice){ in->p, slice_find(*in, ',') };
	*in = slice_from(*in, value->n);
	out->tried |= slice_eq(key, SLICE("xdelay="));
	return true;
}

/* From behind "delay=HH:MM:SS" to the end. */
static bool
take_tail(struct slice in, struct sendmail_delivery *out, const char **why)
{
	size_t n;

	while (sendmail_take(&in, SLICE(","))) {
		(void)sendmail_take(&in, SLICE(" "));
		if ((n = key_length(in)) == 0)
			break;
		struct slice key = { in.p, n };
		if (slice_eq(key, SLICE("stat=")) || slice_eq(key, SLICE("reply=")))
			return sendmail_read_stat(in, out, why);
		if (slice_eq(key, SLICE("quarantine=")))
			return true; /* a text of the filter's; stat=quarantined */
		in = slice_from(in, n);
		if (!take_field(&in, key, out, why))
			return false;
	}
	*why = "delivery line without stat=, or a field of it not understood";
	return false;
}

bool
sendmail_read_delivery(struct slice in, struct sendmail_delivery *out, const char **why)
{
	int64_t unused;

	*out = (struct sendmail_delivery){ 0 };
	*why = "longer than any line of sendmail's";
	if (in.n > LINE_MAX_BYTES)
		return false;
	*why = "list of recipients not understood";
	if (!sendmail_take(&in, SLICE("to=")) || !take_list(&in, &out->list) ||
	    out->list.n > LIST_MAX)
		return false;
	*why = "controlling address not understood";
	if (sendmail_take(&in, SLICE("ctladdr=")) && !take_control(&in, &out->control))
		return false;
	*why = "delay not understood";
	if (slice_starts(in, SLICE("stat="))) /* a template that left out all between */
		return sendmail_read_bare(in, out);
	if (!sendmail_take(&in, SLICE("delay=")) ||
	    (out->delay.n = sendmail_duration(in, &unused)) == 0)
		return false;
	out->delay.p = in.p;
	return take_tail(slice_from(in, out->delay.n), out, why);
}

bool
sendmail_is_delivery(struct slice in)
{
	struct slice unused;
	int64_t delay;

	if (!sendmail_take(&in, SLICE("to=")) || !take_list(&in, &unused))
		return false;
	return slice_starts(in, SLICE("ctladdr=")) ||
	       (sendmail_take(&in, SLICE("delay=")) &&
		   sendmail_duration(in, &delay) > 0);
}
