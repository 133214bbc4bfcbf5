/*
 * postfix.c - Postfix's lines in a mail log: deliveries, and what joins them to
 * messages.
 *
 * Only lines of a Postfix daemon with a queue id count, by their form, not by the
 * service that wrote them. Sender, message id and the deferred recipients are
 * remembered in the track until the message leaves the queue; an expired message gives
 * one bounce for each recipient still deferred. What a line changes there is changed
 * when its event was taken, so that a record may be parsed again. A hop to a filter on
 * this machine and a forward are no outcome: that is the next message's, which goes on
 * with what this one brought.
 */
#include "parse/maillog.h"

/* What status= may say; EVENT_TYPE_NONE: no outcome for a message. */
static const struct {
	struct slice word;
	enum event_type type;
} status_word[] = {
	{ { "sent", 4 }, EVENT_DELIVERY },
	{ { "deferred", 8 }, EVENT_DEFERRAL },
	{ { "bounced", 7 }, EVENT_BOUNCE },
	{ { "SOFTBOUNCE", 10 },
	    EVENT_DEFERRAL }, /* soft_bounce: it stays in the queue */
	{ { "deliverable", 11 }, EVENT_TYPE_NONE }, /* address probes */
	{ { "undeliverable", 13 }, EVENT_TYPE_NONE },
	{ { "undeliverable-but-not-cached", 28 }, EVENT_TYPE_NONE },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The recipient as it is known by earlier lines; looking begins none. */
static struct track_recipient *
known_recipient(struct maillog *p, struct track_message *m)
{
	return m ? track_known(m, p->is.postfix.delivery.to, p->is.postfix.original)
		 : NULL;
}

static int64_t
whole_seconds(struct slice delay)
{
	uint64_t v;

	delay.n = slice_find(delay, '.');
	return slice_u64(delay, &v) && v <= INT32_MAX ? (int64_t)v : -1;
}

static enum event_action
action_of(enum event_type type, struct slice daemon, unsigned port)
{
	switch (type) {
	case EVENT_BOUNCE:
		return ACTION_FAILED;
	case EVENT_DEFERRAL:
		return ACTION_DELAYED;
	default: /* smtp's, or without a name (RFC 5424) what has a port as smtp's have
		  */
		return slice_eq(daemon, SLICE("smtp")) || (daemon.n == 0 && port != 0)
			   ? ACTION_RELAYED
			   : ACTION_DELIVERED;
	}
}

static void
fill_outcome(struct maillog *p, struct event *ev)
{
	const struct postfix_delivery *d = &p->is.postfix.delivery;
	struct postfix_answer *a = &p->is.postfix.answer;
	struct slice in_reply;

	postfix_read_text(d->text, a);
	postfix_read_relay(d->relay, a);
	ev->mode = ev->type == EVENT_DELIVERY ? EVENT_MODE_NONE : EVENT_SYNC;
	ev->action = action_of(ev->type, p->daemon, a->port);
	ev->status = d->dsn;
	ev->diagnostic = a->reply;
	if (a->remote || ev->type == EVENT_DELIVERY)
		ev->smtp_code = event_reply_scan(a->reply, &in_reply);
	if (d->dsn.n == 0 && ev->smtp_code > 0) /* before 2.3 there is no dsn= */
		ev->status = in_reply;
	ev->command = a->command;
	ev->remote_mta = a->host;
	ev->remote_ip = a->ip;
	ev->remote_port = a->port;
	ev->delay = whole_seconds(d->delay);
}

static enum parse_result
read_outcome(
    struct maillog *p, enum event_type type, struct event *ev, const char **why)
{
	struct postfix *x = &p->is.postfix;
	const struct postfix_delivery *d = &x->delivery;
	struct track_message *m = track_find(p->env->track, &p->key);

	if (d->to.n == 0 && d->original.n == 0) {
		*why = "no recipient";
		return PARSE_BAD;
	}
	x->original = d->original;
	struct slice name = m ? track_original(m, d->original.n ? d->original : d->to)
			      : d->original;
	if (name.n > 0)
		x->original = name;
	if (m && m->first_to.n > 0)
		x->original = track_slice(&m->first_to);
	struct track_recipient *r = known_recipient(p, m);
	struct slice next = postfix_next_hop(p);
	if (next.n > 0) {
		postfix_go_on(p, next, r);
		return PARSE_SKIP;
	}
	*ev = (struct event){ .type = type };
	maillog_fill(p, ev, m);
	maillog_recipient(p, ev, d->to, x->original);
	fill_outcome(p, ev);
	ev->attempts = (r ? r->attempts : 0) + 1;
	x->on_taken = type == EVENT_DEFERRAL ? TAKEN_DEFERRED : TAKEN_FINAL;
	return PARSE_EVENT;
}

static enum parse_result
read_delivery(struct maillog *p, struct event *ev, const char **why)
{
	struct postfix_delivery *d = &p->is.postfix.delivery;
	size_t i = 0;

	switch (postfix_read_delivery(p->rest, d)) {
	case POSTFIX_UNREAD:
		*why = "delivery line not understood";
		return PARSE_BAD;
	case POSTFIX_AMBIGUOUS:
		*why = "an address or a reply holds a delivery line: two readings";
		return PARSE_BAD;
	default:
		break;
	}
	while (i < COUNT(status_word) && !slice_eq(status_word[i].word, d->word))
		i++;
	if (i == COUNT(status_word)) {
		*why = "unknown status word";
		return PARSE_BAD;
	}
	if (status_word[i].type == EVENT_TYPE_NONE)
		return PARSE_SKIP;
	return read_outcome(p, status_word[i].type, ev, why);
}

/* "QID: from=<S>, status=expired, returned to sender" names no recipient. */
static enum parse_result
read_expiry(struct maillog *p, struct event *ev, const char **why)
{
	struct track_message *m = track_find(p->env->track, &p->key);

	if (!m || !m->recipients) {
		*why = "expired, and its recipients are not known";
		return PARSE_BAD;
	}
	struct track_recipient *r = track_next_deferred(m);
	if (!r)
		return PARSE_SKIP;
	p->is.postfix.expiring = r;
	p->is.postfix.on_taken = TAKEN_EXPIRED;
	return maillog_expired(p, ev, m, r, track_slice(&r->to));
}

static void
keep_deferral(struct maillog *p)
{
	const struct postfix_delivery *d = &p->is.postfix.delivery;
	const struct postfix_answer *a = &p->is.postfix.answer;
	struct track_message *m = track_get(p->env->track, &p->key, p->named);
	struct track_recipient *r = m ? track_recipient(
					    m, d->to, p->is.postfix.original)
				      : NULL;
	struct slice unused;

	if (!r)
		return;
	track_defer(m, r);
	r->attempts++;
	r->smtp_code = a->remote ? event_reply_scan(a->reply, &unused) : 0;
	r->remote_port = a->port;
	track_keep(&r->status, d->dsn, LIMIT_TEXT);
	track_keep(&r->diagnostic, a->reply, LIMIT_DIAGNOSTIC + 64);
	track_set(&r->command, a->command, LIMIT_TEXT);
	track_set(&r->remote_mta, a->host, LIMIT_TEXT);
	track_set(&r->remote_ip, a->ip, LIMIT_TEXT);
}

static void
taken(struct maillog *p)
{
	struct track_recipient *r;

	switch (p->is.postfix.on_taken) {
	case TAKEN_DEFERRED:
		keep_deferral(p);
		break;
	case TAKEN_FINAL:
		r = known_recipient(p, track_find(p->env->track, &p->key));
		if (r)
			r->deferred = false;
		break;
	case TAKEN_EXPIRED:
		track_expire(
		    track_find(p->env->track, &p->key), p->is.postfix.expiring);
		break;
	default:
		break;
	}
	p->is.postfix.on_taken = TAKEN_NOTHING;
}

/* "from=<S>, status=expired, returned to sender": the words stand at the end, for a
 * sender may have them in its address. */
static bool
is_expiry(struct slice rest)
{
	static const struct slice ends[] = {
		{ ">, status=expired, returned to sender", 37 },
		{ ">, status=force-expired, returned to sender", 43 },
	};

	for (size_t i = 0; i < COUNT(ends); i++) {
		if (rest.n > ends[i].n &&
		    slice_eq(slice_from(rest, rest.n - ends[i].n), ends[i]))
			return slice_starts(rest, SLICE("from=<"));
	}
	return false;
}

/* The daemons that name queue ids. A tag is free text (syslog_name); behind its last
 * slash stands the daemon, where the syslog daemon did not cut it off. */
static const struct slice daemons[] = { { "smtp", 4 }, { "lmtp", 4 }, { "qmgr", 4 },
	{ "cleanup", 7 }, { "smtpd", 5 }, { "pickup", 6 }, { "local", 5 },
	{ "virtual", 7 }, { "pipe", 4 }, { "error", 5 }, { "retry", 5 },
	{ "discard", 7 }, { "bounce", 6 }, { "nqmgr", 5 }, { "oqmgr", 5 } };

static bool
owns(const struct maillog *p)
{
	struct slice in = p->rest;

	/* the usual one first: it is a comparison of words */
	if (slice_starts(p->log.tag, SLICE("postfix")) ||
	    slice_istarts(p->log.tag, SLICE("postfix")))
		return true;
	for (size_t i = 0; i < COUNT(daemons); i++) {
		if (slice_eq(p->daemon, daemons[i]))
			return true;
	}
	if (!p->log.short_tag) /* else a tag of Postfix's has its daemon */
		return false;
	if (slice_starts(in, SLICE("to=")))
		return slice_search(in, SLICE(", relay=")) < in.n &&
		       slice_search(in, SLICE(", status=")) < in.n &&
		       slice_search(in, SLICE(", stat=")) == in.n;
	if (slice_starts(in, SLICE("from=")))
		return is_expiry(in) ||
		       slice_search(in, SLICE(" (queue active)")) < in.n;
	unsigned which;
	return postfix_joins(in, &which);
}

static bool
concerns(struct maillog *p)
{
	p->is.postfix.on_taken = TAKEN_NOTHING;
	return slice_starts(p->rest, SLICE("to=")) ||
	       postfix_joins(p->rest, &p->is.postfix.joins);
}

static enum parse_result
parse(struct maillog *p, struct event *ev, const char **why)
{
	if (slice_starts(p->rest, SLICE("to=")))
		return read_delivery(p, ev, why);
	if (is_expiry(p->rest))
		return read_expiry(p, ev, why);
	postfix_join(p);
	return PARSE_SKIP;
}

const struct maillog_mta maillog_postfix = {
	.name = "postfix",
	.owns = owns,
	.concerns = concerns,
	.id_time = queue_id_time_postfix,
	.parse = parse,
	.taken = taken,
};
