/*
 * sendmail_arrival.c - the line `from=...`, taken apart: `from=ADDR, size=N, class=N,
 * nrcpts=N[, msgid=ID][, KEY=VALUE ...], relay=NAME` (headers.c, logsender()).
 *
 * ADDR is cut at 200 characters, ID at 100: what was cut is not known.
 */
#include "parse/sendmail.h"

/* ", size=N, class=N, nrcpts=N" */
static bool
take_counts(struct slice *in, uint64_t *recipients)
{
	uint64_t unused;
	struct slice at = *in;

	if (!sendmail_take(&at, SLICE(", size=")) ||
	    !sendmail_take_number(&at, &unused) ||
	    !sendmail_take(&at, SLICE(", class=")))
		return false;
	(void)sendmail_take(&at, SLICE("-"));
	if (!sendmail_take_number(&at, &unused))
		return false;
	if (sendmail_take(&at, SLICE(", pri=")) && !sendmail_take_number(&at, &unused))
		return false; /* before 8.12 */
	if (!sendmail_take(&at, SLICE(", nrcpts=")) ||
	    !sendmail_take_number(&at, recipients))
		return false;
	*in = at;
	return true;
}

/* "host [192.0.2.1] (may be forged)" */
static struct slice
address_in(struct slice relay)
{
	size_t open = slice_rfind(relay, '[');
	struct slice ip = slice_from(relay, open + 1);

	if (open >= relay.n || slice_find(ip, ']') == ip.n)
		return (struct slice){ 0 };
	ip.n = slice_find(ip, ']');
	(void)sendmail_take(&ip, SLICE("IPv6:"));
	return ip;
}

/* The value of msgid=, without its angle brackets; empty where it was cut. */
static struct slice
take_message_id(struct slice in)
{
	enum { ID_CHARS = 100 };
	static const struct slice ends[] = { { ", bodytype=", 11 }, { ", proto=", 8 },
		{ ", daemon=", 9 }, { ", relay=", 8 } };

	for (size_t at = slice_find(in, ','); at < in.n;
	     at += 1 + slice_find(slice_from(in, at + 1), ',')) {
		for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
			if (slice_starts(slice_from(in, at), ends[i]))
				in.n = at;
		}
	}
	if (sendmail_raw_length(in, ID_CHARS - 1) < in.n)
		return (struct slice){ 0 };
	if (in.n > 1 && in.p[0] == '<' && in.p[in.n - 1] == '>')
		return (struct slice){ in.p + 1, in.n - 2 };
	return in;
}

bool
sendmail_read_arrival(struct slice in, struct sendmail_arrival *out)
{
	enum { SENDER_CHARS = 200 }; /* it is cut there */
	size_t end;
	uint64_t recipients;

	*out = (struct sendmail_arrival){ 0 };
	if (!sendmail_take(&in, SLICE("from=")))
		return false;
	struct slice sender = in;
	if (sendmail_address_end(in, &end)) {
		in = slice_from(in, end);
		out->sender = (struct slice){ sender.p, end };
	}
	if (!take_counts(&in, &recipients)) {
		out->sender.n = 0;
		in = slice_from(sender, sendmail_raw_length(sender, SENDER_CHARS));
		if (!take_counts(&in, &recipients))
			return false;
	}
	if (sendmail_raw_length(out->sender, SENDER_CHARS - 1) < out->sender.n)
		out->sender.n = 0; /* cut, and closed by chance */
	out->recipients = recipients < UINT32_MAX ? (unsigned)recipients : UINT32_MAX;
	if (sendmail_take(&in, SLICE(", msgid=")))
		out->message_id = take_message_id(in);
	out->client = address_in(in);
	return true;
}
