/*
 * replay_place.c - how far a file was replayed, in the table of the state file that is
 * for it.
 *
 * A place is three numbers under three hashes: offset, events of the record there, and
 * the marker. Before any byte is fed, the file is read once to see whether the places
 * are to be believed: what is packed cannot be looked at from behind. Two files with
 * the same first record share a place, and the marker tells them apart: the one that
 * was replayed last goes on, the other one begins anew.
 */
#include "app/replay_place.h"
#include "app/app.h"
#include "app/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD_MAX = 4 << 20, /* two records of the largest size */
	OF_MAX = 64 * 1024, /* a name and the options */
};

/* What is stored of a place: its row's letter. */
static const char part[] = { 'o', 'e', 'm' };

enum { PARTS = sizeof part };

bool
replay_place_after(const struct replay_place *a, const struct replay_place *b)
{
	return a->offset > b->offset ||
	       (a->offset == b->offset && a->events > b->events);
}

static int
hash_parts(const struct replay_of *of, struct hash128 out[PARTS], struct err *e)
{
	struct buf text;

	buf_init(&text, OF_MAX);
	(void)buf_add(
	    &text, (struct slice){ (const char *)of->key.b, sizeof of->key.b });
	(void)buf_add(&text, of->output);
	(void)buf_addc(&text, '\0');
	(void)buf_add(&text, of->narrowed);
	(void)buf_addc(&text, '\0');
	for (size_t i = 0; i < PARTS && !text.failed; i++) {
		(void)buf_addc(&text, part[i]);
		out[i] = hash_of(buf_slice(&text));
		text.n--;
	}
	int rc = text.failed ? err_set(e, -ENOMEM, "no memory") : 0;
	buf_free(&text);
	return rc;
}

int
replay_place_get(struct store *st, const struct replay_of *of, struct replay_place *out,
    struct err *e)
{
	struct hash128 what[PARTS];
	uint64_t v[PARTS];
	int rc = hash_parts(of, what, e);

	for (size_t i = 0; rc == 0 && i < PARTS; i++)
		rc = store_replay_get(st, what[i], &v[i], e);
	if (rc == 0)
		*out = (struct replay_place){ v[0], v[1], v[2] };
	return rc;
}

int
replay_place_put(struct store *st, const struct replay_of *of,
    const struct replay_place *p, struct err *e)
{
	const uint64_t v[PARTS] = { p->offset, p->events, p->marker };
	struct hash128 what[PARTS];
	int64_t now = clock_wall_ms();
	int rc = hash_parts(of, what, e);

	for (size_t i = 0; rc == 0 && i < PARTS; i++)
		rc = store_replay_put(st, what[i], v[i], now, e);
	return rc;
}

int
replay_place_key(
    struct reader *in, void *env, struct buf *head, struct file_key *out, struct err *e)
{
	int rc = 0;

	while (rc == 0 && head->n < HEAD_MAX) {
		if (buf_reserve(head, LIMIT_READ) < 0)
			return err_set(e, -ENOMEM, "no memory");
		ssize_t n = reader_read(in, head->p + head->n, LIMIT_READ, e);
		if (n < 0)
			return (int)n;
		head->n += (size_t)n;
		rc = stream_file_key(env, buf_slice(head), n == 0, out);
		if (n == 0)
			break;
	}
	return rc < 0 ? err_set(e, rc, "the key of a file: %s", strerror(-rc)) : rc;
}

/* --- is it to be believed? -----------------------------------------------------------
 */

/* The bytes before a place, as they come by. */
struct before {
	struct replay_place *place;
	char bytes[LIMIT_MARKER];
	size_t n;    /* have come */
	size_t want; /* are there */
};

/* What of `bytes`, which begin at `at` in the file, stands right before the place. */
static void
collect(struct before *b, uint64_t at, struct slice bytes)
{
	uint64_t from = b->place->offset - b->want, to = b->place->offset;
	uint64_t first = at > from ? at : from;
	uint64_t end = at + bytes.n < to ? at + bytes.n : to;

	if (first >= end)
		return;
	memcpy(b->bytes + (first - from), bytes.p + (first - at), end - first);
	b->n += end - first;
}

static void
judge(struct before *b)
{
	struct slice seen = { b->bytes, b->n };

	if (b->n < b->want || hash64_of(seen) != b->place->marker)
		*b->place = (struct replay_place){ 0 };
}

static int
read_through(struct reader *in, struct before *b, size_t n, uint64_t at, uint64_t until,
    struct err *e)
{
	char *chunk = malloc(LIMIT_READ);
	ssize_t got = chunk ? 1 : err_set(e, -ENOMEM, "no memory");

	while (at < until && got > 0) {
		if ((got = reader_read(in, chunk, LIMIT_READ, e)) <= 0)
			break;
		for (size_t i = 0; i < n; i++)
			collect(&b[i], at, (struct slice){ chunk, (size_t)got });
		at += (uint64_t)got;
	}
	free(chunk);
	/* damaged further on: what comes before that is replayed all the same */
	return got == -EBADMSG ? 0 : got < 0 ? (int)got : 0;
}

int
replay_place_check(struct reader *in, struct slice head, struct replay_place **p,
    size_t n, struct err *e)
{
	struct before *b = calloc(n + 1, sizeof *b);
	uint64_t until = 0;

	if (!b)
		return err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; i < n; i++) {
		uint64_t offset = p[i]->offset;
		b[i].place = p[i];
		b[i].want = offset < LIMIT_MARKER ? (size_t)offset : LIMIT_MARKER;
		until = offset > until ? offset : until;
		collect(&b[i], 0, head);
	}
	int rc = read_through(in, b, n, head.n, until, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		judge(&b[i]);
	free(b);
	return rc;
}

/* --- the narrowing -------------------------------------------------------------------
 */

static const char *
type_name(unsigned i)
{
	return event_type_name((enum event_type)i);
}

static const char *
class_name(unsigned i)
{
	return event_class_name((enum event_class)i);
}

static const char *
reason_name(unsigned i)
{
	return event_reason_name((enum event_reason)i);
}

/* By name: the numbers may be others in the next version. */
static void
add_names(
    struct buf *out, const char *key, uint32_t bits, const char *(*name)(unsigned))
{
	for (unsigned i = 0; i < 32; i++) {
		if (bits >> i & 1)
			(void)buf_printf(out, "%s=%s\n", key, name(i));
	}
}

int
replay_place_narrowed(
    const struct filter *f, const char *since, const char *until, struct buf *out)
{
	add_names(out, "type", f->types, type_name);
	add_names(out, "class", f->classes, class_name);
	add_names(out, "reason", f->reasons, reason_name);
	if (f->recipient.n > 0)
		(void)buf_add(out, SLICE("recipient="));
	for (size_t i = 0; i < f->recipient.n; i++)
		(void)buf_addc(out, to_lower(f->recipient.p[i]));
	if (since)
		(void)buf_printf(out, "\nsince=%s", since);
	/* an age means another time with each run: more is let through later */
	if (until)
		(void)buf_printf(out, "\nuntil=%lld", (long long)f->until);
	return out->failed ? -ENOMEM : 0;
}
