/*
 * probe.c - which of the known files a packed one in the archive continues.
 *
 * The key takes its first bytes, the marker all bytes up to the offset, and whether it
 * is whole all of it: a file is unpacked once from end to end, a little each turn, and
 * what was learnt is kept as long as inode, size and mtime stay. A copy that is being
 * written is not whole; it is looked at again when it has changed.
 */
#include "source/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEAD_MAX = 4 << 20, /* plain bytes looked at for a key: two long records */
	STEP_MAX = 2 << 20, /* plain bytes unpacked in one turn */
	CHUNK = 256 * 1024,
};

struct probe {
	struct probe *next;
	/* what it is of */
	uint64_t dev, ino, on_disk;
	int64_t mtime_ns;
	char *path;
	bool seen;        /* at this scan */
	int64_t since_ns; /* the scan before the one that saw it first */
	/* what is known */
	enum source_packed_is is;
	struct file_key key;
	uint64_t length; /* plain bytes, once whole */
	const struct source_file *match;
	uint64_t match_offset;
	/* while it is unpacked */
	bool wanted;
	int fd;
	struct packed *packed;
};

static void
stop(struct probe *p)
{
	source_packed_free(p->packed);
	p->packed = NULL;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->wanted = false;
}

static void
drop(struct probe *p)
{
	stop(p);
	free(p->path);
	free(p);
}

/* -ENOENT: another file has the name now, or none. */
static int
start(struct probe *p)
{
	struct stat st;

	p->fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (p->fd < 0)
		return -errno;
	if (fstat(p->fd, &st) < 0 || st.st_dev != p->dev || st.st_ino != p->ino)
		return -ENOENT;
	p->packed = source_packed_new(p->fd);
	return p->packed ? 0 : -ENOMEM;
}

/* The key by the first plain bytes; without one it is as good as not whole. */
static void
find_key(struct source *s, struct probe *p)
{
	struct buf head;
	char *chunk = malloc(CHUNK);
	int rc = chunk ? start(p) : -ENOMEM;
	ssize_t n = 1;

	buf_init(&head, HEAD_MAX + CHUNK);
	p->is = PACKED_CUT;
	while (rc == 0 && n > 0 && head.n < HEAD_MAX) {
		if ((n = source_packed_read(p->packed, chunk, CHUNK)) < 0 ||
		    buf_add(&head, (struct slice){ chunk, (size_t)n }) < 0)
			break;
		rc = s->o.key(s->o.key_arg, buf_slice(&head), false, &p->key);
	}
	if (rc == 1)
		p->is = PACKED_KEYED;
	if (rc < 0 || n < 0)
		p->mtime_ns = -1; /* not of its bytes: looked at anew next time */
	stop(p);
	buf_free(&head);
	free(chunk);
}

static struct probe *
find(struct source *s, const struct candidate *c)
{
	for (struct probe *p = s->probes; p; p = p->next) {
		if (p->dev == c->st.st_dev && p->ino == c->st.st_ino &&
		    p->on_disk == (uint64_t)c->st.st_size &&
		    p->mtime_ns == source_mtime_ns(&c->st))
			return p;
	}
	return NULL;
}

/* Its inode was seen before: being written it changes, and at its end may get the mtime
 * of the file that it was made from. */
static int64_t
first_seen(struct source *s, const struct candidate *c)
{
	for (struct probe *p = s->probes; p; p = p->next) {
		if (p->dev == c->st.st_dev && p->ino == c->st.st_ino)
			return p->since_ns;
	}
	return s->last_scan_ns;
}

static struct probe *
add(struct source *s, const struct candidate *c)
{
	struct probe *p = calloc(1, sizeof *p);

	if (!p || !(p->path = strdup(c->path))) {
		free(p);
		return NULL;
	}
	p->fd = -1;
	p->since_ns = first_seen(s, c);
	p->dev = c->st.st_dev;
	p->ino = c->st.st_ino;
	p->on_disk = (uint64_t)c->st.st_size;
	p->mtime_ns = source_mtime_ns(&c->st);
	p->next = s->probes;
	s->probes = p;
	find_key(s, p);
	return p;
}

int
source_probe(struct source *s, const struct candidate *c, struct source_packed *out)
{
	struct probe *p = find(s, c);

	if (!p && !(p = add(s, c)))
		return -ENOMEM;
	p->seen = true;
	if (strcmp(p->path, c->path) != 0) {
		char *path = strdup(c->path);
		if (!path)
			return -ENOMEM;
		free(p->path);
		p->path = path;
	}
	*out = (struct source_packed){
		.is = p->is, .key = p->key, .length = p->length, .since_ns = p->since_ns
	};
	/* the file that it was found to continue, if that still is where it was */
	for (struct source_file *f = s->files; f; f = f->next) {
		/* the key, too: that one may be forgotten and its memory another's */
		if (f == p->match && f->offset == p->match_offset &&
		    !memcmp(f->key.b, p->key.b, sizeof f->key.b))
			out->match = f;
	}
	/* what was known then is not known now: once more */
	if (p->match && !out->match) {
		p->match = NULL;
		out->is = p->is = PACKED_KEYED;
	}
	return 0;
}

void
source_probe_want(struct source *s, const struct candidate *c)
{
	struct probe *p = find(s, c);

	if (p && p->is == PACKED_KEYED)
		p->wanted = true;
}

/* The markers of the known files whose offset lies in the plain bytes [at, at + n),
 * which end where the unpacker stands, or right behind them. */
static void
compare_markers(struct source *s, struct probe *p, struct slice before,
    struct slice chunk, uint64_t at)
{
	for (struct source_file *f = s->files; f; f = f->next) {
		if (f->ignored || !f->has_key ||
		    memcmp(f->key.b, p->key.b, sizeof p->key.b) != 0 ||
		    f->offset < at || f->offset > at + chunk.n)
			continue;
		char text[2 * LIMIT_MARKER];
		size_t in = (size_t)(f->offset - at);
		size_t from = in < LIMIT_MARKER ? in : LIMIT_MARKER;
		size_t old = LIMIT_MARKER - from < before.n ? LIMIT_MARKER - from
							    : before.n;
		memcpy(text, before.p + before.n - old, old);
		memcpy(text + old, chunk.p + in - from, from);
		struct hash128 h = hash_of((struct slice){ text, old + from });
		if (f->offset > 0 && memcmp(h.b, f->marker.b, sizeof h.b) != 0)
			continue;
		if (!p->match || f->offset >= p->match_offset) {
			p->match = f;
			p->match_offset = f->offset;
		}
	}
}

/* true: there is more of it */
static bool
step(struct source *s, struct probe *p)
{
	static char chunk[CHUNK];
	char before[LIMIT_MARKER];
	size_t done = 0;
	ssize_t n = 1;

	int rc = p->packed ? 0 : start(p);
	if (rc < 0) { /* the next scan finds it under its new name, or tries again */
		stop(p);
		s->want_scan |= rc == -ENOENT;
		return false;
	}
	while (n > 0 && done < STEP_MAX) {
		struct slice tail = source_packed_tail(p->packed);
		uint64_t at = source_packed_at(p->packed);
		memcpy(before, tail.p, tail.n);
		tail.p = before;
		n = source_packed_read(p->packed, chunk, sizeof chunk);
		if (n > 0)
			compare_markers(
			    s, p, tail, (struct slice){ chunk, (size_t)n }, at);
		done += n > 0 ? (size_t)n : 0;
	}
	if (n > 0)
		return true;
	if (n < 0) { /* it cannot be read now: that says nothing of its bytes */
		stop(p);
		p->match = NULL;
		source_list_unseen(s, NULL, p->path, (int)-n);
		return false;
	}
	p->is = PACKED_CUT;
	if (source_packed_whole(p->packed)) {
		p->is = PACKED_WHOLE;
		p->length = source_packed_at(p->packed);
	}
	stop(p);
	s->want_scan = true; /* it can be told now what it is */
	return true;
}

bool
source_probe_turn(struct source *s)
{
	bool more = false;

	for (struct probe *p = s->probes; p; p = p->next) {
		if (!p->wanted)
			continue;
		if (more)
			return true; /* one after the other */
		more = step(s, p);
	}
	return more;
}

void
source_probe_sweep(struct source *s, bool all)
{
	struct probe **at = &s->probes, *p;

	while ((p = *at)) {
		if (p->seen && !all) {
			p->seen = false;
			at = &p->next;
			continue;
		}
		*at = p->next;
		drop(p);
	}
}
