/*
 * sendmail_stat.c - `[reply=TEXT, ]stat=TEXT`: what became of a delivery, and why.
 *
 * stat= has one of few texts of sendmail's own. Behind "Deferred: ", in reply= and in
 * the parentheses of "Sent" stands what the other server said, which may look like a
 * field. Without reply= the first stat= counts; with it, one that sendmail could have
 * written behind that reply.
 */
#include "parse/sendmail.h"
#include "event/event.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { SHORTENED = 190 }; /* a text of that length may lack its middle */

/* libsm/strexit.c. The error of the system may follow, or what an LMTP server said. */
static const struct {
	struct slice text;
	enum sendmail_outcome outcome;
} generic[] = {
	{ { "Command line usage error", 24 }, SENDMAIL_FAILED },
	{ { "Data format error", 17 }, SENDMAIL_FAILED },
	{ { "Cannot open input", 17 }, SENDMAIL_FAILED },
	{ { "User unknown", 12 }, SENDMAIL_FAILED },
	{ { "Host unknown", 12 }, SENDMAIL_FAILED },
	{ { "Service unavailable", 19 }, SENDMAIL_FAILED },
	{ { "Internal error", 14 }, SENDMAIL_FAILED },
	{ { "System file missing", 19 }, SENDMAIL_FAILED },
	{ { "Can't create output", 19 }, SENDMAIL_FAILED },
	{ { "Remote protocol error", 21 }, SENDMAIL_FAILED },
	{ { "Insufficient permission", 23 }, SENDMAIL_FAILED },
	{ { "Local configuration error", 25 }, SENDMAIL_FAILED },
	/* it stays in the queue (markfailure) */
	{ { "Operating system error", 22 }, SENDMAIL_DEFERRED },
	{ { "I/O error", 9 }, SENDMAIL_DEFERRED },
};

static const struct slice deferred = { "Deferred", 8 }, sent = { "Sent", 4 },
			  reply_key = { "reply=", 6 }, stat_key = { "stat=", 5 };

/* `text`, alone or with more behind it as sendmail adds it. */
bool
sendmail_is_text(struct slice in, struct slice text)
{
	if (!slice_starts(in, text))
		return false;
	in = slice_from(in, text.n);
	return in.n == 0 || slice_starts(in, SLICE(": ")) ||
	       slice_starts(in, SLICE(" ("));
}

/* What only sendmail itself writes; NO_OUTCOME: nothing that is known. */
static enum sendmail_outcome
generic_outcome(struct slice in)
{
	if (sendmail_is_text(in, deferred))
		return SENDMAIL_DEFERRED;
	for (size_t i = 0; i < COUNT(generic); i++) {
		if (sendmail_is_text(in, generic[i].text))
			return generic[i].outcome;
	}
	return slice_starts(in, SLICE("unknown mailer error ")) ? SENDMAIL_FAILED
								: SENDMAIL_NO_OUTCOME;
}

/* The text of "Deferred: TEXT"; empty where it has none. */
struct slice
sendmail_deferred_text(struct slice stat)
{
	if (!slice_starts(stat, SLICE("Deferred: ")))
		return (struct slice){ 0 };
	return slice_trim(slice_from(stat, 10));
}

/* Could `stat` stand behind that reply? A deferral repeats a reply of the server's, so
 * one that repeats another has its own `stat=` inside the reply. */
static bool
fits(struct slice reply, struct slice stat, bool *repeats)
{
	struct slice text = sendmail_deferred_text(stat), status;

	*repeats = text.n > 0 && slice_eq(text, reply);
	if (*repeats || text.n > SHORTENED || reply.n > SHORTENED)
		return true;
	return event_reply_scan(text, &status) == 0 ||
	       event_reply_scan(reply, &status) == 0;
}

/* A place where the reply may end. */
struct place {
	struct slice reply, stat;
	enum sendmail_outcome outcome;
	bool repeats;
};

/* The next place in `in` (behind "reply=") at or behind *at; false: none. */
static bool
next_place(struct slice in, size_t *at, struct place *out)
{
	while (*at < in.n) {
		size_t n = *at + slice_search(slice_from(in, *at), stat_key);
		if (n >= in.n)
			return false;
		*at = n + stat_key.n;
		size_t end = n;
		while (end > 0 && in.p[end - 1] == ' ')
			end--;
		if (end == 0 || in.p[end - 1] != ',')
			continue;
		out->reply = slice_trim((struct slice){ in.p, end - 1 });
		out->stat = slice_from(in, *at);
		out->outcome = generic_outcome(out->stat);
		if (out->outcome != SENDMAIL_NO_OUTCOME &&
		    fits(out->reply, out->stat, &out->repeats))
			return true;
	}
	return false;
}

/* A text of the configuration's: where there is but one place, and a reply's class. */
static bool
only_place(struct slice in, struct place *out)
{
	static const struct slice key = { ", stat=", 7 };
	size_t end = slice_search(in, key);

	out->stat = slice_from(in, end + key.n);
	out->reply = slice_trim((struct slice){ in.p, end });
	if (out->stat.n == 0 || slice_search(out->stat, stat_key) < out->stat.n ||
	    sendmail_is_text(out->stat, sent))
		return false;
	out->outcome = in.p[0] == '4'   ? SENDMAIL_DEFERRED
		       : in.p[0] == '5' ? SENDMAIL_FAILED
					: SENDMAIL_NO_OUTCOME;
	return out->outcome != SENDMAIL_NO_OUTCOME;
}

/* Which of two places counts, by the class of the reply; false: neither. A deferral
 * that repeats its reply is a 4.y.z's, or one of a server that was not the last. */
static bool
decide(struct place *best, const struct place *other, char class)
{
	enum sendmail_outcome want = class == '4' ? SENDMAIL_DEFERRED : SENDMAIL_FAILED;

	if (best->outcome == other->outcome) {
		/* a generic text ends the line: the last one; a deferral's may hold
		 * more */
		if (other->outcome == SENDMAIL_FAILED ||
		    (other->repeats && !best->repeats))
			*best = *other;
		return true;
	}
	if ((class != '4' && class != '5') ||
	    (class == '5' && (best->repeats || other->repeats)))
		return false;
	if (other->outcome == want)
		*best = *other;
	return true;
}

/* in: behind "reply=". */
static bool
read_reply(struct slice in, struct sendmail_delivery *out, const char **why)
{
	struct place best = { 0 }, other = { 0 };
	size_t at = 0;
	char class = in.n > 0 ? in.p[0] : 0;

	if (!next_place(in, &at, &best) && !only_place(in, &best)) {
		*why = "reply= without a stat= that is sendmail's";
		return false;
	}
	while (next_place(in, &at, &other)) {
		if (!decide(&best, &other, class)) {
			*why = "a reply holds a status: two readings";
			return false;
		}
	}
	out->reply = best.reply;
	out->stat = best.stat;
	out->outcome = best.outcome;
	return true;
}

/* Is it sendmail's word for what is no outcome: the message waits, or was never taken?
 */
static bool
is_no_outcome(struct slice stat)
{
	static const struct slice words[] = { { "queued", 6 }, { "quarantined", 11 },
		{ "discarded", 9 }, { "aborted by sender", 17 },
		{ "Return receipt", 14 } };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (slice_eq(stat, words[i]))
			return true;
	}
	return false;
}

bool
sendmail_read_bare(struct slice in, struct sendmail_delivery *out)
{
	out->stat = slice_trim(slice_from(in, stat_key.n));
	if (sendmail_is_text(out->stat, sent))
		out->outcome = SENDMAIL_SENT;
	else if (sendmail_is_text(out->stat, deferred))
		out->outcome = SENDMAIL_DEFERRED;
	return out->outcome != SENDMAIL_NO_OUTCOME;
}

bool
sendmail_read_stat(struct slice in, struct sendmail_delivery *out, const char **why)
{
	if (slice_starts(in, reply_key))
		return read_reply(slice_from(in, reply_key.n), out, why);
	out->stat = slice_trim(slice_from(in, stat_key.n));
	/* with a status, a name could not be looked up; without one, nothing was tried
	 */
	out->waits = slice_eq(out->stat, SLICE("queued"));
	if (out->waits && out->mailer.n > 0 && out->dsn.n > 0 && out->dsn.p[0] == '4') {
		out->outcome = SENDMAIL_DEFERRED;
		return true;
	}
	/* without a mailer it is a message that was refused while it was handed in */
	if (out->mailer.n == 0 || out->stat.n == 0 || is_no_outcome(out->stat))
		return true;
	if (sendmail_is_text(out->stat, sent)) {
		out->outcome = SENDMAIL_SENT;
		*why = "sent, and dsn= says another thing";
		return out->dsn.n == 0 || out->dsn.p[0] == '2';
	}
	out->outcome = generic_outcome(out->stat);
	if (out->outcome != SENDMAIL_NO_OUTCOME)
		return true;
	/* a text of the configuration's, or a known one that was cut */
	char class = out->dsn.n > 0 ? out->dsn.p[0] : 0;
	out->outcome = class == '5'   ? SENDMAIL_FAILED
		       : class == '4' ? SENDMAIL_DEFERRED
				      : SENDMAIL_NO_OUTCOME;
	*why = "stat= not understood";
	return out->outcome != SENDMAIL_NO_OUTCOME;
}
