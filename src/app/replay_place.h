/*
 * replay_place.h - how far a file was replayed: for each output and each narrowing a
 * place in the state file, which a broken-off replay goes on from.
 *
 * A place is believed where the file is still at least that long, unpacked, and has the
 * same bytes before it.
 */
#ifndef BOUNCEFEED_REPLAY_PLACE_H
#define BOUNCEFEED_REPLAY_PLACE_H

#include "app/filter.h"
#include "app/reader.h"
#include "store/store.h"

/* All records that begin before `offset` are done with, and of the one that begins
 * there the first `events` events. */
struct replay_place {
	uint64_t offset;
	uint64_t events;
	uint64_t marker; /* of the up to LIMIT_MARKER bytes before offset */
};

bool replay_place_after(const struct replay_place *a, const struct replay_place *b);

/* What a place belongs to. */
struct replay_of {
	struct file_key key;
	struct slice output;
	struct slice narrowed;
};

/* All zero where there is none. */
int replay_place_get(struct store *st, const struct replay_of *of,
    struct replay_place *out, struct err *e);
int replay_place_put(struct store *st, const struct replay_of *of,
    const struct replay_place *p, struct err *e);

/*
 * The file's key from the first bytes that are left to read, which go to `head`: 1, 0
 * where it has none yet, or -errno. env: a struct stream_env.
 */
int replay_place_key(struct reader *in, void *env, struct buf *head,
    struct file_key *out, struct err *e);

/*
 * Reads on behind `head`, as far as needed: n places of the file; those that are not to
 * be believed become all zero.
 */
int replay_place_check(struct reader *in, struct slice head, struct replay_place **p,
    size_t n, struct err *e);

/* The narrowing as text, the same for options that mean the same. since, until: as
 * given, or NULL. */
int replay_place_narrowed(
    const struct filter *f, const char *since, const char *until, struct buf *out);

#endif
