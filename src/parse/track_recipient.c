/*
 * track_recipient.c - the recipients of a message that are worth remembering: deferred
 * ones, and those that had another name before a hop.
 *
 * In a list in the order of the log, and by a hash of the address where there are many.
 */
#include "parse/track.h"

#include <stdlib.h>

enum {
	RECIPIENTS_MAX = 50000, /* of one message that are kept */
	INDEX_FROM = 16,        /* fewer are found sooner in the list */
};

static struct slice
cut(struct slice s)
{
	return (struct slice){ s.p, s.n < LIMIT_TEXT ? s.n : LIMIT_TEXT };
}

void
track_recipients_free(struct track_message *m)
{
	for (struct track_recipient *r = m->recipients, *next; r; r = next) {
		struct track_text *text[] = { &r->to, &r->original, &r->status,
			&r->diagnostic, &r->command, &r->remote_mta, &r->remote_ip };

		next = r->next;
		for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
			free(text[i]->p);
		free(r);
	}
	free(m->index);
}

/* Those that may have the address: its bucket's, or all. */
static struct track_recipient *
candidates(const struct track_message *m, struct slice to)
{
	return m->nindex ? m->index[hash64_of(to) & (m->nindex - 1)] : m->recipients;
}

static struct track_recipient *
next_candidate(const struct track_message *m, const struct track_recipient *r)
{
	return m->nindex ? r->chain : r->next;
}

struct track_recipient *
track_known(struct track_message *m, struct slice to, struct slice original)
{
	to = cut(to);
	original = cut(original);
	for (struct track_recipient *r = candidates(m, to); r;
	     r = next_candidate(m, r)) {
		if (slice_eq(track_slice(&r->to), to) &&
		    slice_eq(track_slice(&r->original), original))
			return r;
	}
	return NULL;
}

struct slice
track_original(const struct track_message *m, struct slice to)
{
	if (m->nnamed == 0)
		return (struct slice){ 0 };
	to = cut(to);
	for (const struct track_recipient *r = candidates(m, to); r;
	     r = next_candidate(m, r)) {
		if (r->named && slice_eq(track_slice(&r->to), to))
			return track_slice(&r->original);
	}
	return (struct slice){ 0 };
}

static void
put(struct track_message *m, struct track_recipient *r)
{
	size_t at = hash64_of(track_slice(&r->to)) & (m->nindex - 1);

	r->chain = m->index[at];
	m->index[at] = r;
}

/* Twice the buckets; without memory it stays as it is, only slower. */
static void
grow(struct track_message *m)
{
	size_t n = m->nindex ? 2 * m->nindex : (size_t)4 * INDEX_FROM;
	struct track_recipient **index = calloc(n, sizeof(struct track_recipient *));

	if (!index)
		return;
	free(m->index);
	m->index = index;
	m->nindex = n;
	for (struct track_recipient *r = m->recipients; r; r = r->next)
		put(m, r);
}

struct track_recipient *
track_recipient(struct track_message *m, struct slice to, struct slice original)
{
	struct track_recipient *r = track_known(m, to, original);

	if (r || m->nrecipients == RECIPIENTS_MAX || !(r = calloc(1, sizeof *r)))
		return r;
	track_keep(&r->to, to, LIMIT_TEXT);
	track_keep(&r->original, original, LIMIT_TEXT);
	if (m->nindex)
		put(m, r);
	*(m->last ? &m->last->next : &m->recipients) = r;
	m->last = r;
	m->nrecipients++;
	if (m->nrecipients >= (m->nindex ? m->nindex : INDEX_FROM))
		grow(m);
	return r;
}

void
track_name(struct track_message *m, struct slice to, struct slice original)
{
	struct track_recipient *r = track_recipient(m, to, original);

	if (!r || r->named)
		return;
	r->named = true;
	m->nnamed++;
}

void
track_defer(struct track_message *m, struct track_recipient *r)
{
	r->deferred = true;
	m->expiry = m->recipients;
}

struct track_recipient *
track_next_deferred(struct track_message *m)
{
	struct track_recipient *r = m->expiry;

	while (r && !r->deferred)
		r = r->next;
	m->expiry = r;
	return r;
}

void
track_expire(struct track_message *m, struct track_recipient *r)
{
	r->deferred = false;
	r->expired = true;
	if (m && m->expiry == r)
		m->expiry = r->next;
}

unsigned
track_expired_alike(const struct track_message *m, const struct track_recipient *r)
{
	unsigned n = 0;

	for (const struct track_recipient *o = candidates(m, track_slice(&r->to)); o;
	     o = next_candidate(m, o))
		n += o->expired && o != r &&
		     slice_eq(track_slice(&o->to), track_slice(&r->to));
	return n;
}
