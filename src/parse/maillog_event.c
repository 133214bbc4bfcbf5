/*
 * maillog_event.c - what the events of Postfix's and of sendmail's lines have in
 * common: the message, the recipient, and an expired one's last attempt.
 */
#include "parse/maillog.h"

void
maillog_fill(struct maillog *p, struct event *ev, const struct track_message *m)
{
	ev->time = p->time;
	ev->queue_id = p->key.queue_id;
	ev->source.format = slice_of(p->mta->name);
	ev->source.host = p->key.host;
	ev->source.instance = p->key.instance;
	ev->delay = -1;
	ev->queued = p->queued;
	if (!m)
		return;
	ev->sender = track_slice(&m->sender);
	ev->message_id = track_slice(&m->message_id);
	ev->submitter = track_slice(&m->submitter);
	if (m->first_id.n > 0) {
		ev->queue_id = track_slice(&m->first_id);
		ev->queued = (struct when){ 0 };
		(void)p->mta->id_time(ev->queue_id, p->named, &ev->queued);
	}
	if (m->first_sender.n > 0)
		ev->sender = track_slice(&m->first_sender);
	if (m->first_message_id.n > 0)
		ev->message_id = track_slice(&m->first_message_id);
	for (size_t i = 0; i < m->nheaders; i++)
		p->header[i] = (struct event_pair){ track_slice(&m->header[i].name),
			track_slice(&m->header[i].value) };
	ev->headers = p->header;
	ev->nheaders = m->nheaders;
}

void
maillog_recipient(
    struct maillog *p, struct event *ev, struct slice to, struct slice original)
{
	const struct parse_env *env = p->env;
	struct slice named = { 0 };

	if (env->verp && ev->sender.n > 0 &&
	    env->verp(env->verp_arg, ev->sender, &ev->verp))
		named = ev->verp.recipient;
	if (slice_find(named, '@') < named.n)
		original = named;
	ev->id_recipient = to;
	ev->recipient = original.n > 0 ? original : to;
	if (original.n > 0 && !slice_ieq(original, to))
		ev->final_recipient = to;
	ev->recipient_domain.p = p->domain;
	ev->recipient_domain.n = event_domain(ev->recipient, p->domain);
}

enum parse_result
maillog_expired(struct maillog *p, struct event *ev, struct track_message *m,
    const struct track_recipient *r, struct slice readable)
{
	*ev = (struct event){ .type = EVENT_BOUNCE, .mode = EVENT_SYNC };
	maillog_fill(p, ev, m);
	maillog_recipient(p, ev, readable, track_slice(&r->original));
	ev->id_recipient = track_slice(&r->to);
	ev->action = ACTION_FAILED;
	ev->expired = true;
	ev->status = track_slice(&r->status);
	ev->diagnostic = track_slice(&r->diagnostic);
	ev->smtp_code = r->smtp_code;
	ev->command = track_slice(&r->command);
	ev->remote_mta = track_slice(&r->remote_mta);
	ev->remote_ip = track_slice(&r->remote_ip);
	ev->remote_port = r->remote_port;
	ev->attempts = r->attempts;
	/* two aliases of one address: the same record, type and recipient */
	ev->id_n = track_expired_alike(m, r);
	return PARSE_MORE;
}
