/*
 * base.h - what every layer stands on: views and buffers, errors, limits, hashes,
 * times.
 *
 * A struct slice borrows: it is not stored past the call, not freed, not
 * NUL-terminated. A struct buf owns its bytes and has a cap. Functions answer 0 or
 * -errno; where there is something to say, the text is in struct err.
 */
#ifndef BOUNCEFEED_BASE_H
#define BOUNCEFEED_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Limits. Every buffer, table, queue and retry has one, and it is named here. */
enum {
	LIMIT_ERR_TEXT = 512,     /* bytes of one error text */
	LIMIT_COLUMNS = 512,      /* fields of one CSV record */
	LIMIT_HEADERS = 64,       /* message headers carried by one event */
	LIMIT_ADDRESS = 320,      /* bytes of an address in an event */
	LIMIT_DIAGNOSTIC = 2048,  /* bytes of a diagnostic in an event */
	LIMIT_TEXT = 1024,        /* bytes of any other string in an event */
	LIMIT_EVENT = 64 * 1024,  /* bytes of one event as JSON */
	LIMIT_KEY_TEXT = 4096,    /* bytes of a record that count in the file key */
	LIMIT_MARKER = 256,       /* bytes before the offset that the marker hashes */
	LIMIT_BAD_SAMPLE = 256,   /* first bytes kept of a bad record */
	LIMIT_BAD_KEPT = 20,      /* bad records kept per source */
	LIMIT_READ = 256 * 1024,  /* bytes read per source and turn */
	LIMIT_CONCURRENCY = 16,   /* requests of an output at a time */
	LIMIT_COMMIT_BATCHES = 8, /* batches in one commit */
	LIMIT_COMMIT_BYTES = 4 << 20, /* bytes of events in one commit */
	LIMIT_ANSWER = 1 << 20,       /* bytes kept of a backend's answer */
	LIMIT_CONFIG = 1 << 20,       /* bytes of one configuration file */
	LIMIT_FILES = 100000,         /* files that one source keeps in mind */
	LIMIT_GONE = 10000,           /* ... of them, that are gone */
	LIMIT_PAST = 1000000,         /* files of the archive that it passes over */
};

struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* A place in a file: first byte and the byte after the last, uncompressed. */
struct span {
	uint64_t off;
	uint64_t end;
};

/* One record as framed: its bytes without the line end, its place, its fields (CSV). */
struct record {
	struct slice bytes;
	struct span at;
	const struct slice *field;
	size_t nfields;
};

struct slice slice_of(const char *text); /* a NUL-terminated string; NULL gives empty */
bool slice_ieq(struct slice a, struct slice b); /* ASCII case folded */
bool slice_istarts(struct slice s, struct slice prefix);
struct slice slice_trim(struct slice s); /* without blanks, tabs, CR, LF at both ends */

/* In line, so that comparing with a literal is a comparison of words. */
static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || !memcmp(s.p, prefix.p, prefix.n));
}

static inline size_t /* index of the first c, or s.n */
slice_find(struct slice s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

static inline struct slice /* s[start..], empty past the end */
slice_from(struct slice s, size_t start)
{
	if (start >= s.n)
		return (struct slice){ 0 };
	return (struct slice){ s.p + start, s.n - start };
}

size_t slice_rfind(struct slice s, char c); /* index of the last c, or s.n */
size_t slice_search(struct slice s, struct slice what); /* where it first is, or s.n */
bool slice_u64(struct slice s, uint64_t *out); /* all of s is decimal digits and fits */

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/*
 * A growing buffer with a cap. An add that does not fit or finds no memory leaves the
 * content as it was and sets `failed`; a writer may add many pieces and look once.
 */
struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);             /* takes NULL; the buf is empty after it */
void buf_clear(struct buf *b);            /* keeps the memory */
int buf_grow(struct buf *b, size_t more); /* what buf_reserve() calls */
int buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t n); /* removes the first n bytes */

/* Room for more: 0, -E2BIG or -ENOMEM. In line, as are the adds: the hot writer lives
 * on them. */
static inline int
buf_reserve(struct buf *b, size_t more)
{
	return b->cap - b->n >= more ? 0 : buf_grow(b, more);
}

static inline int
buf_add(struct buf *b, struct slice s)
{
	int rc = buf_reserve(b, s.n);

	if (rc < 0 || s.n == 0)
		return rc;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
	return 0;
}

static inline int
buf_addc(struct buf *b, char c)
{
	int rc = buf_reserve(b, 1);

	if (rc == 0)
		b->p[b->n++] = c;
	return rc;
}

static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

struct err {
	int code; /* negative errno, or 0 */
	char text[LIMIT_ERR_TEXT];
};

/* Sets code and text (cut to fit), answers rc. e may be NULL. */
int err_set(struct err *e, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* XXH3-128, seed 0, in the canonical (big endian) order that prints as in xxhsum -H2.
 */
struct hash128 {
	uint8_t b[16];
};

struct hash_state; /* a running XXH3-128 */

struct hash_state *hash_new(void); /* NULL without memory */
void hash_free(struct hash_state *h);
void hash_reset(struct hash_state *h);
void hash_add(struct hash_state *h, const void *p, size_t n);
struct hash128 hash_end(const struct hash_state *h);

struct hash128 hash_of(struct slice s);
uint64_t hash64_of(struct slice s); /* XXH3-64, seed 0: checksums */

struct file_key {
	uint8_t b[32];
};

/* SHA-256 of a followed by b. */
int hash_file_key(struct slice a, struct slice b, struct file_key *out);

void hex_write(const uint8_t *bytes, size_t n, char *out); /* 2n digits, no NUL */

/* A point in time with the precision its source had. */
struct when {
	int64_t sec; /* since 1970-01-01T00:00:00Z */
	int32_t nsec;
	uint8_t digits; /* of the fraction: 0 to 9 */
};

enum { WHEN_TEXT_MAX = 40 };

/*
 * A time zone as a table of offsets, 1970 to 2100, made once from the C library's
 * knowledge so that the parsers need no system call. NULL stands for UTC.
 */
struct zone;

/* name: "local", "UTC" or an IANA name. -ENOENT where the system does not know it. */
int zone_load(const char *name, struct zone **out);
void zone_free(struct zone *z);

/* Seconds since the epoch of a wall clock reading taken as if it were UTC. In the hour
 * that a clock change repeats, the first reading; in the one it skips, as before it. */
int64_t zone_to_utc(const struct zone *z, int64_t wall);

/*
 * PowerMTA's times: "2019-02-08 21:54:05+0000", the same without a zone (then z), a "T"
 * for the blank, a fraction, or epoch seconds "1178807903". 0 or -EINVAL.
 */
int when_pmta(struct slice in, const struct zone *z, struct when *out);

/* ISO 8601 "2026-11-21T22:58:32.053127+00:00" at the start of *in, which moves behind
 * it; without a zone it is z's. 0 or -EINVAL. */
int when_iso(struct slice *in, const struct zone *z, struct when *out);

/* "22:58:32.053127" at the start of *in, which moves behind it: time since midnight. 0
 * or -EINVAL. */
int when_clock(struct slice *in, struct when *out);

/* Days since 1970-01-01 of a date; false: there is none such from 1970 to 9999. */
bool when_days(unsigned year, unsigned month, unsigned day, int64_t *days);

unsigned when_year(int64_t sec); /* in UTC; before 1970: 1970 */

/* RFC 3339 in UTC with Z: the length written to out, no NUL. */
size_t when_write(struct when t, char out[WHEN_TEXT_MAX]);

/*
 * One character of UTF-8 at in.p: its length (1 to 4) in *n and true; or false, and *n
 * is the length of the invalid part that one U+FFFD stands for (as Unicode's
 * chapter 3.9 recommends: the maximal subpart). in.n > 0.
 */
bool utf8_next(struct slice in, size_t *n);

#endif
