/*
 * test_policy_queue.c - the state file as the delivery policy sees it: a queue by place
 * and id, and what is set apart.
 */
#include "test_policy.h"

struct sim_store sim_store;

static void
take_out(struct sim_batch *b)
{
	b->prev->next = b->next;
	b->next->prev = b->prev;
}

static void
put_before(struct sim_batch *b, struct sim_batch *at)
{
	b->next = at;
	b->prev = at->prev;
	at->prev->next = b;
	at->prev = b;
}

static void
drop(struct sim_batch *b)
{
	take_out(b);
	b->next = sim_store.unused;
	sim_store.unused = b;
}

void
sim_store_init(const struct sim_case *c)
{
	struct sim_store *s = &sim_store;

	*s = (struct sim_store){ 0 };
	s->queue.prev = s->queue.next = &s->queue;
	s->apart.prev = s->apart.next = &s->apart;
	for (size_t i = 0; i < sizeof s->pool / sizeof s->pool[0]; i++) {
		s->pool[i].next = s->unused;
		s->unused = &s->pool[i];
	}
	for (unsigned i = 0; i < SIM_EVENTS + SIM_TRICKLE; i++)
		s->event[i].bytes = SIM_SMALL;
	for (unsigned i = 0; i < SIM_MARKS; i++) {
		const struct sim_mark *m = &c->mark[i];
		for (unsigned k = 0; k < m->count; k++) {
			struct sim_event *v = &s->event[m->first + k * m->step];
			v->marks |= (unsigned char)(1U << i);
			v->bytes = m->bytes ? m->bytes : v->bytes;
		}
	}
}

/* Behind a place and id in the queue. The newer id comes first at a place, so that a
 * half is done with before the other is begun: else a backend that refuses everything
 * is asked for all of a batch before the first event has been refused alone. */
static bool
is_behind(const struct sim_batch *b, int64_t place, int64_t id)
{
	return b->place > place || (b->place == place && b->id < id);
}

static struct sim_batch *
put(struct sim_batch *near, int64_t place, unsigned first, unsigned count)
{
	struct sim_store *s = &sim_store;
	struct sim_batch *b = s->unused;

	if (!b)
		sim_fail("got no room for a batch, want as many as events");
	s->unused = b->next;
	*b = (struct sim_batch){
		.place = place, .id = ++s->id, .first = first, .count = count
	};
	while (near->prev != &s->queue && is_behind(near->prev, place, b->id))
		near = near->prev;
	while (near != &s->queue && !is_behind(near, place, b->id))
		near = near->next;
	put_before(b, near);
	return b;
}

void
sim_arrive(unsigned first, unsigned count)
{
	(void)put(&sim_store.queue, ++sim_store.place, first, count);
	sim_store.is[STANDING_QUEUED] += count;
}

struct sim_batch *
sim_split(struct sim_batch *b, unsigned n, bool newest)
{
	bool part = b->part || b->failed_ms > 0;
	/* the newer id is the first of the two */
	struct sim_batch *tail = put(b->next, b->place, b->first + n, b->count - n);
	struct sim_batch *head = put(b->next, b->place, b->first, n);

	head->part = tail->part = part;
	drop(b);
	return newest ? tail : head;
}

static void
change(const struct sim_batch *b, int to)
{
	for (unsigned i = b->first; i < b->first + b->count; i++) {
		struct sim_event *v = &sim_store.event[i];
		if (v->is != b->standing)
			sim_fail("event %u: got %d, want %d", i, v->is, b->standing);
		v->is = (unsigned char)to;
	}
	sim_store.is[b->standing] -= b->count;
	sim_store.is[to] += b->count;
}

void
sim_stand(struct sim_batch *b, int standing, int64_t due_ms)
{
	if (b->count != 1)
		sim_fail("set apart: got %u events in a batch, want 1", b->count);
	change(b, standing);
	take_out(b);
	put_before(b, &sim_store.apart);
	b->standing = standing;
	b->due_ms = due_ms;
}

void
sim_restand(int from, int to)
{
	struct sim_batch *head = &sim_store.apart;

	for (struct sim_batch *b = head->next; b != head; b = b->next) {
		if (b->standing != from)
			continue;
		change(b, to);
		b->standing = to;
	}
}

void
sim_leave(struct sim_batch *b, int to)
{
	change(b, to);
	drop(b);
}

uint64_t
sim_bytes(const struct sim_batch *b)
{
	uint64_t n = 0;

	for (unsigned i = b->first; i < b->first + b->count; i++)
		n += sim_store.event[i].bytes;
	return n;
}

struct sim_batch *
sim_first(int64_t place, int64_t id)
{
	struct sim_batch *head = &sim_store.queue;

	for (struct sim_batch *b = head->next; b != head; b = b->next) {
		if (is_behind(b, place, id) && !b->under_way)
			return b;
	}
	return NULL;
}

struct sim_batch *
sim_newest(void)
{
	struct sim_batch *head = &sim_store.queue, *b = head->prev;

	while (b != head && b->under_way)
		b = b->prev;
	if (b == head)
		return NULL;
	return b->count > 1 ? sim_split(b, b->count - 1, true) : b;
}

struct sim_batch *
sim_due(int standing, int64_t due_ms)
{
	struct sim_batch *head = &sim_store.apart, *first = NULL;

	for (struct sim_batch *b = head->next; b != head; b = b->next) {
		if (b->standing == standing && !b->under_way && b->due_ms <= due_ms &&
		    (!first || b->due_ms < first->due_ms))
			first = b;
	}
	return first;
}

static unsigned
count(const struct sim_batch *head)
{
	unsigned n = 0;

	for (const struct sim_batch *b = head->next; b != head; b = b->next) {
		n += b->count;
		for (unsigned i = b->first; i < b->first + b->count; i++) {
			if (sim_store.event[i].is != b->standing)
				sim_fail("event %u: got %d, want %d", i,
				    sim_store.event[i].is, b->standing);
		}
	}
	return n;
}

void
sim_store_check(void)
{
	const struct sim_store *s = &sim_store;
	unsigned queued = count(&s->queue), apart = count(&s->apart);
	unsigned want = s->is[STANDING_SUSPECT] + s->is[STANDING_WITNESSED] +
			s->is[STANDING_ASIDE];

	if (queued != s->is[STANDING_QUEUED] || apart != want)
		sim_fail("queue and apart: got %u and %u events, want %u and %u",
		    queued, apart, s->is[STANDING_QUEUED], want);
}
