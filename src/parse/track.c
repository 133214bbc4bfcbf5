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
	KEY_MAX = 128,     /* of a part of a key */
	INSTANCES_MAX = 8, /* of one queue id of a host */
	CLOSED_MAX = 512,  /* messages that have left the queue and are kept */
	SPARE_MAX = 1024,  /* ... whose memory is kept for the next ones */
	SPARE_TEXT = 256,  /* bytes of a text that are kept so */
};

struct track {
	struct track_message **bucket;
	size_t nbuckets; /* a power of two */
	size_t n;
	size_t max;
	int64_t max_age;
	struct track_message *newest, *oldest;
	struct track_message *closed[CLOSED_MAX]; /* a ring */
	unsigned next_closed;
	struct track_message *spare; /* by chain */
	size_t nspare;
	uint64_t begun;
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

enum { TEXTS = 12 };

static void
texts_of(struct track_message *m, struct track_text *text[TEXTS])
{
	struct track_text *const all[TEXTS] = { &m->host, &m->instance, &m->queue_id,
		&m->sender, &m->message_id, &m->submitter, &m->client, &m->first_id,
		&m->first_sender, &m->first_message_id, &m->first_to, &m->notifies };

	memcpy(text, all, sizeof all);
}

static void
free_message(struct track_message *m)
{
	struct track_text *text[TEXTS];

	texts_of(m, text);
	for (size_t i = 0; i < TEXTS; i++)
		free(text[i]->p);
	track_recipients_free(m);
	for (size_t i = 0; i < m->nheaders; i++) {
		free(m->header[i].name.p);
		free(m->header[i].value.p);
	}
	free(m->header);
	free(m);
}

/* Messages come and go by the million: their memory serves the next ones. */
static void
put_aside(struct track *t, struct track_message *m)
{
	struct track_text *text[TEXTS], kept[TEXTS];

	if (t->nspare == SPARE_MAX || m->recipients || m->header) {
		free_message(m);
		return;
	}
	texts_of(m, text);
	for (size_t i = 0; i < TEXTS; i++) {
		if (text[i]->cap > SPARE_TEXT) {
			free(text[i]->p);
			*text[i] = (struct track_text){ 0 };
		}
		text[i]->n = 0;
		kept[i] = *text[i];
	}
	*m = (struct track_message){ .chain = t->spare };
	for (size_t i = 0; i < TEXTS; i++)
		*text[i] = kept[i];
	t->spare = m;
	t->nspare++;
}

static struct track_message *
new_message(struct track *t)
{
	struct track_message *m = t->spare;

	if (!m)
		return calloc(1, sizeof *m);
	t->spare = m->chain;
	t->nspare--;
	m->chain = NULL;
	return m;
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
	for (struct track_message *m = t->spare, *next; m; m = next) {
		next = m->chain;
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

static struct slice
cut(struct slice s, size_t max)
{
	return (struct slice){ s.p, s.n < max ? s.n : max };
}

static struct track_key
cut_key(const struct track_key *k)
{
	return (struct track_key){ cut(k->host, KEY_MAX), cut(k->instance, KEY_MAX),
		cut(k->queue_id, KEY_MAX) };
}

/* Without the instance: see track.h. */
static uint64_t
hash_key(const struct track_key *k)
{
	return hash64_of(k->queue_id) + 31 * hash64_of(k->host);
}

/* exact: of that instance. */
static struct track_message *
lookup(struct track *t, const struct track_key *k, uint64_t hash, bool exact)
{
	struct track_message *m = t->bucket[hash & (t->nbuckets - 1)], *other = NULL;
	size_t others = 0;

	for (; m; m = m->chain) {
		if (m->hash != hash ||
		    !slice_eq(track_slice(&m->queue_id), k->queue_id) ||
		    !slice_eq(track_slice(&m->host), k->host))
			continue;
		if (slice_eq(track_slice(&m->instance), k->instance))
			return m;
		other = m;
		others++;
	}
	return others == 1 && !exact ? other : NULL;
}

struct track_message *
track_find(struct track *t, const struct track_key *key)
{
	struct track_key k = cut_key(key);

	return lookup(t, &k, hash_key(&k), false);
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
	if (m->closed)
		t->closed[m->grave] = NULL;
	put_aside(t, m);
}

void
track_close(struct track *t, struct track_message *m)
{
	if (m->closed)
		return;
	unsigned at = t->next_closed++ % CLOSED_MAX;
	if (t->closed[at])
		track_drop(t, t->closed[at]);
	t->closed[at] = m;
	m->closed = true;
	m->grave = at;
}

void
track_reopen(struct track *t, struct track_message *m)
{
	if (m->closed)
		t->closed[m->grave] = NULL;
	m->closed = false;
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

/* Names of instances are free text: one queue id has but a few. */
static void
make_room(struct track *t, const struct track_key *k, uint64_t hash)
{
	struct track_message *last = NULL;
	unsigned n = 0;

	for (struct track_message *m = t->bucket[hash & (t->nbuckets - 1)]; m;
	     m = m->chain) {
		if (m->hash != hash ||
		    !slice_eq(track_slice(&m->queue_id), k->queue_id))
			continue;
		last = m;
		n++;
	}
	if (n >= INSTANCES_MAX)
		track_drop(t, last);
}

static struct track_message *
add(struct track *t, const struct track_key *k, uint64_t hash)
{
	struct track_message *m = new_message(t);

	if (!m)
		return NULL;
	track_keep(&m->host, k->host, KEY_MAX);
	track_keep(&m->instance, k->instance, KEY_MAX);
	track_keep(&m->queue_id, k->queue_id, KEY_MAX);
	if (m->host.n != k->host.n || m->instance.n != k->instance.n ||
	    m->queue_id.n != k->queue_id.n) { /* no memory */
		free_message(m);
		return NULL;
	}
	make_room(t, k, hash);
	if (t->n >= t->nbuckets)
		grow(t);
	struct track_message **at = &t->bucket[hash & (t->nbuckets - 1)];
	m->hash = hash;
	m->serial = ++t->begun;
	m->chain = *at;
	*at = m;
	link_newest(t, m);
	t->n++;
	return m;
}

/* The message was named: it is the newest; what nobody named for long goes. */
static struct track_message *
name(struct track *t, struct track_message *m, int64_t now)
{
	if (t->newest != m) {
		unlink_use(t, m);
		link_newest(t, m);
	}
	m->seen = now;
	while (t->oldest != m && (t->n > t->max || now - t->oldest->seen > t->max_age))
		track_drop(t, t->oldest);
	return m;
}

struct track_message *
track_get(struct track *t, const struct track_key *key, int64_t now)
{
	struct track_key k = cut_key(key);
	uint64_t hash = hash_key(&k);
	struct track_message *m = lookup(t, &k, hash, false);

	if (!m && !(m = add(t, &k, hash)))
		return NULL;
	return name(t, m, now);
}

struct track_message *
track_begin(struct track *t, const struct track_key *key, int64_t now)
{
	struct track_key k = cut_key(key);
	uint64_t hash = hash_key(&k);
	struct track_message *m = lookup(t, &k, hash, true);

	if (m)
		track_drop(t, m);
	m = add(t, &k, hash);
	return m ? name(t, m, now) : NULL;
}

void
track_keep(struct track_text *t, struct slice s, size_t max)
{
	if (s.n > max)
		s.n = max;
	if (s.n == 0 || slice_eq(track_slice(t), s))
		return;
	if (s.n > t->cap) {
		char *p = realloc(t->p, s.n);
		if (!p)
			return;
		t->p = p;
		t->cap = (uint32_t)s.n;
	}
	memcpy(t->p, s.p, s.n);
	t->n = (uint32_t)s.n;
}

void
track_set(struct track_text *t, struct slice s, size_t max)
{
	if (s.n == 0)
		t->n = 0;
	track_keep(t, s, max);
}
