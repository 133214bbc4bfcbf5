/*
 * track.c - messages in the queue, by a chained hash table and a list by last use.
 *
 * Allocates per open message, not per line: a line about a known message copies only
 * what it says anew.
 */
#include "parse/track.h"

#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS_FIRST = 1024,
	RECIPIENTS_MAX = 50000, /* deferred recipients of one message that are kept */
	KEY_MAX = 512,
};

struct track {
	struct track_message **bucket;
	size_t nbuckets; /* a power of two */
	size_t n;
	size_t max;
	int64_t max_age;
	struct track_message *newest, *oldest;
};

struct track *
track_new(size_t max_messages, int64_t max_age)
{
	struct track *t = calloc(1, sizeof *t);

	if (!t ||
	    !(t->bucket = calloc(BUCKETS_FIRST, sizeof(struct track_message *)))) {
		free(t);
		return NULL;
	}
	t->nbuckets = BUCKETS_FIRST;
	t->max = max_messages;
	t->max_age = max_age;
	return t;
}

static void
free_recipient(struct track_recipient *r)
{
	free(r->to.p);
	free(r->original.p);
	free(r->status.p);
	free(r->diagnostic.p);
	free(r->command.p);
	free(r->remote_mta.p);
	free(r->remote_ip.p);
	free(r);
}

static void
free_message(struct track_message *m)
{
	for (struct track_recipient *r = m->recipients, *next; r; r = next) {
		next = r->next;
		free_recipient(r);
	}
	free(m->key.p);
	free(m->sender.p);
	free(m->message_id.p);
	free(m->submitter.p);
	free(m);
}

void
track_free(struct track *t)
{
	if (!t)
		return;
	for (struct track_message *m = t->newest, *older; m; m = older) {
		older = m->older;
		free_message(m);
	}
	free(t->bucket);
	free(t);
}

size_t
track_count(const struct track *t)
{
	return t->n;
}

/* host NUL instance NUL queue id: no part can pose as another. */
static struct slice
key_text(const struct track_key *k, char out[KEY_MAX])
{
	const struct slice part[] = { k->host, k->instance, k->queue_id };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t take = part[i].n < KEY_MAX / 4 ? part[i].n : KEY_MAX / 4;
		if (take > 0)
			memcpy(out + n, part[i].p, take);
		n += take;
		out[n++] = '\0';
	}
	return (struct slice){ out, n };
}

static struct track_message *
lookup(struct track *t, struct slice key, uint64_t hash)
{
	struct track_message *m = t->bucket[hash & (t->nbuckets - 1)];

	while (m && !(m->hash == hash && slice_eq(track_slice(&m->key), key)))
		m = m->chain;
	return m;
}

struct track_message *
track_find(struct track *t, const struct track_key *k)
{
	char text[KEY_MAX];
	struct slice key = key_text(k, text);

	return lookup(t, key, hash64_of(key));
}

static void
unlink_use(struct track *t, struct track_message *m)
{
	*(m->newer ? &m->newer->older : &t->newest) = m->older;
	*(m->older ? &m->older->newer : &t->oldest) = m->newer;
}

static void
link_newest(struct track *t, struct track_message *m)
{
	m->newer = NULL;
	m->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = m;
	t->newest = m;
}

void
track_drop(struct track *t, struct track_message *m)
{
	struct track_message **at = &t->bucket[m->hash & (t->nbuckets - 1)];

	while (*at != m)
		at = &(*at)->chain;
	*at = m->chain;
	unlink_use(t, m);
	t->n--;
	free_message(m);
}

/* Twice the buckets; without memory it stays as it is, only slower. */
static void
grow(struct track *t)
{
	size_t n = 2 * t->nbuckets;
	struct track_message **b = calloc(n, sizeof(struct track_message *));

	if (!b)
		return;
	for (struct track_message *m = t->newest; m; m = m->older) {
		struct track_message **at = &b[m->hash & (n - 1)];
		m->chain = *at;
		*at = m;
	}
	free(t->bucket);
	t->bucket = b;
	t->nbuckets = n;
}

static struct track_message *
begin(struct track *t, struct slice key, uint64_t hash)
{
	struct track_message *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	track_keep(&m->key, key, KEY_MAX);
	if (m->key.n == 0) {
		free(m);
		return NULL;
	}
	if (t->n >= t->nbuckets)
		grow(t);
	struct track_message **at = &t->bucket[hash & (t->nbuckets - 1)];
	m->hash = hash;
	m->chain = *at;
	*at = m;
	link_newest(t, m);
	t->n++;
	return m;
}

struct track_message *
track_get(struct track *t, const struct track_key *k, int64_t now)
{
	char text[KEY_MAX];
	struct slice key = key_text(k, text);
	uint64_t hash = hash64_of(key);
	struct track_message *m = lookup(t, key, hash);

	if (m && t->newest != m) {
		unlink_use(t, m);
		link_newest(t, m);
	}
	if (!m && !(m = begin(t, key, hash)))
		return NULL;
	m->seen = now;
	while (t->oldest != m && (t->n > t->max || now - t->oldest->seen > t->max_age))
		track_drop(t, t->oldest);
	return m;
}

static struct slice
cut(struct slice s)
{
	return (struct slice){ s.p, s.n < LIMIT_TEXT ? s.n : LIMIT_TEXT };
}

struct track_recipient *
track_known(struct track_message *m, struct slice to, struct slice original)
{
	struct track_recipient *r = m->recipients;

	while (r && !(slice_eq(track_slice(&r->to), cut(to)) &&
			slice_eq(track_slice(&r->original), cut(original))))
		r = r->next;
	return r;
}

struct track_recipient *
track_recipient(struct track_message *m, struct slice to, struct slice original)
{
	struct track_recipient *r = track_known(m, to, original);

	if (r || m->nrecipients == RECIPIENTS_MAX || !(r = calloc(1, sizeof *r)))
		return r;
	track_keep(&r->to, to, LIMIT_TEXT);
	track_keep(&r->original, original, LIMIT_TEXT);
	*(m->last ? &m->last->next : &m->recipients) = r;
	m->last = r;
	m->nrecipients++;
	return r;
}

void
track_keep(struct track_text *t, struct slice s, size_t max)
{
	if (s.n > max)
		s.n = max;
	if (s.n == 0 || slice_eq(track_slice(t), s))
		return;
	char *p = realloc(t->p, s.n);
	if (!p)
		return;
	memcpy(p, s.p, s.n);
	t->p = p;
	t->n = s.n;
}

void
track_set(struct track_text *t, struct slice s, size_t max)
{
	if (s.n == 0)
		t->n = 0;
	track_keep(t, s, max);
}
