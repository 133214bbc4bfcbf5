/*
 * sendmail.c - sendmail's lines in a mail log: deliveries, expired messages, and what
 * joins them to messages.
 *
 * A `to=` line gives one event for each of its recipients. Not understood: sendmail
 * before 8.7, whose deliveries are several lines.
 */
#include "parse/maillog.h"

static bool
owns(const struct maillog *p)
{
	struct slice tag = p->log.tag, in = p->rest;
	struct sendmail_arrival unused;

	/* another's programs have names of their own */
	if (slice_find(tag, '/') < tag.n)
		return false;
	if (slice_starts(tag, SLICE("sm-")) || slice_istarts(tag, SLICE("sendmail")))
		return true;
	if (p->part.n > 0 && !slice_eq(p->part, SLICE("1")))
		return sendmail_split_open(p);
	if (slice_starts(in, SLICE("to=")))
		return sendmail_is_delivery(in) ||
		       (p->part.n > 0 && !slice_starts(in, SLICE("to=<>,")));
	if (slice_starts(in, SLICE("from=")))
		return sendmail_read_arrival(in, &unused);
	return sendmail_joins(p);
}

static bool
concerns(struct maillog *p)
{
	struct sendmail *x = &p->is.sendmail;

	x->on_taken = SENDMAIL_TAKES_NOTHING;
	x->lost = false;
	p->key.instance.n = 0; /* all of a machine's name the same messages */
	if (p->part.n > 0) {
		enum sendmail_part part = sendmail_split_take(p, &p->rest);
		x->lost = part == SENDMAIL_PART_LOST;
		if (part != SENDMAIL_PART_LAST)
			return x->lost;
	}
	return slice_starts(p->rest, SLICE("to=")) || sendmail_joins(p);
}

/* --- outcomes ----------------------------------------------------------------------
 */

/* The message goes on under another queue id of this machine. */
static void
go_on(struct maillog *p, struct slice queue_id)
{
	struct sendmail *x = &p->is.sendmail;
	struct track_key next = p->key;
	struct track_message *m;
	unsigned n = 0;

	next.queue_id = queue_id;
	sendmail_hop_end(p);
	struct track_message *to = track_follow(
	    p->env->track, &p->key, &next, p->named);
	for (size_t at = 0; n == 0 || at > 0; at = x->next, n++) {
		sendmail_take_recipient(x, at);
		m = track_find(p->env->track, &p->key);
		sendmail_find_original(x, m);
		if (to && x->original.n > 0)
			track_name(to, x->to, x->original);
		struct track_recipient *r = m ? track_known(m, x->to, x->original)
					      : NULL;
		if (r)
			r->deferred = false;
	}
	m = track_find(p->env->track, &p->key);
	if (m && m->expected <= n) /* read again, it says the same */
		track_close(p->env->track, m);
}

static void
fill_outcome(struct sendmail *x, struct event *ev, const struct track_recipient *r)
{
	const struct sendmail_answer *a = &x->answer;
	uint64_t tries = 0;

	ev->mode = ev->type == EVENT_DELIVERY ? EVENT_MODE_NONE : EVENT_SYNC;
	ev->action = ev->type == EVENT_BOUNCE     ? ACTION_FAILED
		     : ev->type == EVENT_DEFERRAL ? ACTION_DELAYED
		     : a->local                   ? ACTION_DELIVERED
						  : ACTION_RELAYED;
	ev->status = a->status;
	ev->diagnostic = a->text;
	ev->smtp_code = a->code;
	ev->remote_mta = a->host;
	ev->remote_ip = a->ip;
	(void)sendmail_duration(x->d.delay, &ev->delay);
	/* one attempt may be deferred by several hosts: its priority stays the same */
	x->attempt = slice_u64(x->d.pri, &tries) ? (int64_t)(tries & INT64_MAX)
						 : ev->delay;
	bool same = r && r->attempts > 0 && r->attempt == x->attempt;
	ev->attempts = r ? r->attempts + !same : 1;
	if (slice_u64(x->d.ntries, &tries) && tries > 0 && tries < INT32_MAX)
		ev->attempts = (unsigned)tries;
	x->attempts = ev->attempts;
}

static enum parse_result
read_outcome(
    struct maillog *p, enum event_type type, struct event *ev, const char **why)
{
	struct sendmail *x = &p->is.sendmail;
	struct track_message *m = track_find(p->env->track, &p->key);
	size_t at = sendmail_progress(p)->next;

	if (at >= x->d.list.n)
		at = 0; /* another record at that offset */
	sendmail_take_recipient(x, at);
	if (x->to.n == 0) {
		*why = "no recipient";
		return PARSE_BAD;
	}
	sendmail_find_original(x, m);
	*ev = (struct event){ .type = type };
	maillog_fill(p, ev, m);
	maillog_recipient(p, ev,
	    sendmail_readable(x->to, x->decoded, sizeof x->decoded), x->original);
	ev->id_recipient = x->to;
	ev->id_n = sendmail_count_same(x, at);
	fill_outcome(x, ev, m ? track_known(m, x->to, x->original) : NULL);
	x->on_taken = type == EVENT_DEFERRAL ? SENDMAIL_TAKES_DEFERRED
					     : SENDMAIL_TAKES_FINAL;
	return x->next > 0 ? PARSE_MORE : PARSE_EVENT;
}

/*
 * In this queue already? A server logs what it takes before it says so: later than this
 * message, with the same message id. Where that line was not read, sendmail's own words
 * with an id of this day do. A server of another kind on this machine is the end of
 * the way.
 */
static bool
is_ours(struct maillog *p, struct slice queue_id)
{
	struct track_key k = p->key;
	struct when made;

	k.queue_id = queue_id;
	if (slice_eq(queue_id, p->key.queue_id))
		return false;
	const struct track_message *m = track_find(p->env->track, &p->key);
	const struct track_message *next = track_find(p->env->track, &k);
	if (next)
		return !m || (next->serial > m->serial &&
				 (m->message_id.n == 0 || next->message_id.n == 0 ||
				     slice_eq(track_slice(&m->message_id),
					 track_slice(&next->message_id))));
	return slice_search(p->is.sendmail.answer.text,
		   SLICE(" Message accepted for delivery")) <
		   p->is.sendmail.answer.text.n &&
	       queue_id_time_sendmail(queue_id, p->time.sec, &made) &&
	       made.sec > p->time.sec - 86400;
}

/* "stat=queued": nothing was tried, and it may expire before anything is. */
static void
keep_waiting(struct maillog *p)
{
	struct sendmail *x = &p->is.sendmail;
	struct track_message *m = maillog_message(p);

	size_t at = 0;

	do {
		sendmail_take_recipient(x, at);
		at = x->next;
		sendmail_find_original(x, m);
		if (!m || x->to.n == 0 || track_known(m, x->to, x->original))
			continue;
		struct track_recipient *r = track_recipient(m, x->to, x->original);
		if (r)
			track_defer(m, r);
	} while (at > 0);
}

static enum parse_result
read_delivery(struct maillog *p, struct event *ev, const char **why)
{
	static const enum event_type types[] = {
		[SENDMAIL_SENT] = EVENT_DELIVERY,
		[SENDMAIL_DEFERRED] = EVENT_DEFERRAL,
		[SENDMAIL_FAILED] = EVENT_BOUNCE,
	};
	struct sendmail *x = &p->is.sendmail;

	if (!sendmail_read_delivery(p->rest, &x->d, why))
		return PARSE_BAD;
	if (slice_eq(x->d.list, SLICE("NO-TO-LIST")))
		return PARSE_SKIP;
	if (x->d.outcome == SENDMAIL_NO_OUTCOME) {
		if (x->d.waits)
			keep_waiting(p);
		return PARSE_SKIP;
	}
	sendmail_read_answer(&x->d, &x->answer);
	struct slice next = sendmail_next_hop(&x->d, &x->answer);
	if (next.n > 0 && is_ours(p, next)) {
		go_on(p, next);
		return PARSE_SKIP;
	}
	return read_outcome(p, types[x->d.outcome], ev, why);
}

/* --- expired -----------------------------------------------------------------------
 */

/* It names no recipient: all that are deferred. */
static enum parse_result
read_expiry(struct maillog *p, struct event *ev, const char **why)
{
	struct sendmail *x = &p->is.sendmail;
	struct track_message *m = track_find(p->env->track, &p->key);
	struct track_recipient *r = m ? track_next_deferred(m) : NULL;

	/* its own notice may have put it out */
	if (!m && sendmail_is_told(p))
		return PARSE_SKIP;
	if (!m || !m->recipients) {
		*why = "expired, and its recipients are not known";
		return PARSE_BAD;
	}
	if (!r)
		return PARSE_SKIP;
	struct slice to = track_slice(&r->to);
	enum parse_result more = maillog_expired(
	    p, ev, m, r, sendmail_readable(to, x->decoded, sizeof x->decoded));
	if (ev->status.n == 0 && ev->diagnostic.n == 0)
		ev->status = SLICE("4.4.7"); /* as its own notice says it */
	x->expiring = r;
	x->on_taken = SENDMAIL_TAKES_EXPIRED;
	return more;
}

/* --- taken -------------------------------------------------------------------------
 */

static void
keep_deferral(struct maillog *p)
{
	const struct sendmail *x = &p->is.sendmail;
	const struct sendmail_answer *a = &x->answer;
	struct track_message *m = maillog_message(p);
	struct track_recipient *r = m ? track_recipient(m, x->to, x->original) : NULL;

	if (!r)
		return;
	track_reopen(p->env->track, m);
	track_defer(m, r);
	r->attempts = x->attempts;
	r->attempt = x->attempt;
	r->smtp_code = a->code;
	track_set(&r->status, a->status, LIMIT_TEXT);
	track_set(&r->diagnostic, a->text, LIMIT_DIAGNOSTIC + 64);
	track_set(&r->remote_mta, a->host, LIMIT_TEXT);
	track_set(&r->remote_ip, a->ip, LIMIT_TEXT);
}

static void
keep_final(struct maillog *p)
{
	struct sendmail *x = &p->is.sendmail;
	struct track_message *m = track_find(p->env->track, &p->key);
	struct track_recipient *r = m ? track_known(m, x->to, x->original) : NULL;

	if (r)
		r->deferred = false;
	if (m)
		sendmail_settle(p, m);
}

static void
taken(struct maillog *p)
{
	struct sendmail *x = &p->is.sendmail;
	struct track_message *m;

	switch (x->on_taken) {
	case SENDMAIL_TAKES_DEFERRED:
		keep_deferral(p);
		sendmail_progress(p)->next = x->next;
		break;
	case SENDMAIL_TAKES_FINAL:
		keep_final(p);
		sendmail_progress(p)->next = x->next;
		break;
	case SENDMAIL_TAKES_EXPIRED:
		track_expire(track_find(p->env->track, &p->key), x->expiring);
		if ((m = track_find(p->env->track, &p->key)))
			sendmail_settle(p, m);
		break;
	default:
		break;
	}
	x->on_taken = SENDMAIL_TAKES_NOTHING;
}

static enum parse_result
parse(struct maillog *p, struct event *ev, const char **why)
{
	if (p->is.sendmail.lost) {
		*why = "a part of a line that was cut is missing";
		return PARSE_BAD;
	}
	if (slice_starts(p->rest, SLICE("to=")))
		return read_delivery(p, ev, why);
	if (!sendmail_is_expiry(p->rest)) {
		sendmail_join(p);
		return PARSE_SKIP;
	}
	enum parse_result r = read_expiry(p, ev, why);
	if (r == PARSE_SKIP)
		sendmail_join(p); /* the notice, too */
	return r;
}

const struct maillog_mta maillog_sendmail = {
	.name = "sendmail",
	.owns = owns,
	.concerns = concerns,
	.id_time = queue_id_time_sendmail,
	.parse = parse,
	.taken = taken,
};
