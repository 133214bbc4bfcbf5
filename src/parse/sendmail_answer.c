/*
 * sendmail_answer.c - why a delivery came to what it did, and who said so.
 *
 * dsn= is the server's status only where the server had one; else sendmail makes one up
 * from the reply's code: 5.1.1 for any 550, "relaying denied" included. Only what the
 * server said itself counts, or what this machine found out (deliver.c, usersmtp.c).
 */
#include "parse/sendmail.h"
#include "event/event.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Mailers of this machine: what they say of a user is true. */
static bool
is_local(const struct sendmail_delivery *d, struct slice ip)
{
	static const struct slice names[] = { { "local", 5 }, { "prog", 4 },
		{ "*file*", 6 }, { "*include*", 9 }, { "*error*", 7 }, { "error", 5 },
		{ "discard", 7 }, { "procmail", 8 } };
	static const struct slice remote[] = { { "esmtp", 5 }, { "smtp", 4 },
		{ "smtp8", 5 }, { "dsmtp", 5 }, { "relay", 5 } };

	for (size_t i = 0; i < COUNT(remote); i++) { /* first: most are */
		if (slice_ieq(d->mailer, remote[i]))
			return false;
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		if (slice_ieq(d->mailer, names[i]))
			return true;
	}
	return ip.n == 0 || slice_istarts(d->mailer, SLICE("cyrus"));
}

/* "mx.test. [192.0.2.1]"; a name that was shortened is none. */
static void
read_relay(struct slice relay, struct slice *host, struct slice *ip)
{
	enum { HOST_CHARS = 18 }; /* on each side of the dots */
	size_t open = slice_search(relay, SLICE(" ["));

	*host = (struct slice){ relay.p, open };
	*ip = slice_from(relay, open + 2);
	if (ip->n > 0 && ip->p[ip->n - 1] == ']')
		ip->n--;
	else
		*ip = (struct slice){ 0 };
	if (slice_istarts(*ip, SLICE("IPv6:")))
		*ip = slice_from(*ip, 5);
	if (ip->n > 0 && ip->p[0] == '[') /* "[[UNIX: /run/lmtp]]" */
		*ip = (struct slice){ 0 };
	if (host->n > 0 && host->p[host->n - 1] == '.')
		host->n--;
	if (slice_starts(slice_from(*host, HOST_CHARS), SLICE("...")))
		host->n = 0;
}

/* What sendmail makes up from a reply's code (usersmtp.c: smtptodsn(), smtprcpt()). */
static bool
is_made_up(struct slice dsn)
{
	static const struct slice codes[] = { { "5.1.1", 5 }, { "5.1.6", 5 },
		{ "5.1.3", 5 }, { "5.1.0", 5 }, { "5.2.0", 5 }, { "5.2.2", 5 } };

	for (size_t i = 0; i < COUNT(codes); i++) {
		if (slice_eq(dsn, codes[i]))
			return true;
	}
	return false;
}

/* dsn=, where it is what sendmail knows. An older one does not log the reply. */
static struct slice
own_status(const struct sendmail_delivery *d, bool local)
{
	char class = d->outcome == SENDMAIL_SENT       ? '2'
		     : d->outcome == SENDMAIL_DEFERRED ? '4'
						       : '5';

	if (d->dsn.n == 0 || d->dsn.p[0] != class ||
	    event_status_scan(d->dsn) != d->dsn.n)
		return (struct slice){ 0 };
	if (!local && d->outcome == SENDMAIL_FAILED && is_made_up(d->dsn))
		return (struct slice){ 0 };
	return d->dsn;
}

/* "Sent (Ok: queued as X)": what is between the parentheses. */
static struct slice
sent_text(struct slice stat)
{
	stat = slice_from(stat, 6);
	if (stat.n > 0 && stat.p[stat.n - 1] == ')')
		stat.n--;
	return stat;
}

/* What the server said of this recipient. A deferral for another reason, and a host
 * that is none, stand behind the reply to another recipient of that transaction. */
static struct slice
servers_words(const struct sendmail_delivery *d)
{
	struct slice text = sendmail_deferred_text(d->stat), status;
	bool refused = d->reply.n > 0 && d->reply.p[0] == '5';

	if (d->outcome == SENDMAIL_DEFERRED) {
		if (text.n > 0 && event_reply_scan(text, &status) == 0)
			return text;
		return refused || d->reply.n == 0 ? text : d->reply;
	}
	if (sendmail_is_text(d->stat, SLICE("Host unknown")))
		return (struct slice){ 0 };
	return d->reply;
}

void
sendmail_read_answer(const struct sendmail_delivery *d, struct sendmail_answer *out)
{
	static const struct slice reset = { "421 4.4.1 Connection reset by ", 30 };
	struct slice in_reply, said = servers_words(d);

	*out = (struct sendmail_answer){ 0 };
	if (slice_starts(said, reset)) /* usersmtp.c, reply(): no server said it */
		said = slice_from(said, 10);
	read_relay(d->relay, &out->host, &out->ip);
	out->local = is_local(d, out->ip);
	if (d->outcome == SENDMAIL_SENT) {
		out->text = sent_text(d->stat);
		out->status = own_status(d, out->local);
	} else if ((out->code = event_reply_scan(said, &in_reply)) != 0) {
		out->text = said;
		if (in_reply.n > 0 && in_reply.p[0] == said.p[0])
			out->status = in_reply;
		if (out->local && !d->tried)
			out->code = 0; /* sendmail's own, of a user that is none */
	} else {
		out->text = said.n > 0 ? said : d->stat;
		out->status = own_status(d, out->local);
	}
	/* where nobody answered, the relay is only who was looked for */
	if (out->ip.n == 0 && out->code == 0 && d->outcome != SENDMAIL_SENT)
		out->host.n = 0;
}
