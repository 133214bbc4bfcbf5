/*
 * hash.c - XXH3 for ids, markers and checksums; SHA-256 for file keys; hex.
 *
 * The xxhash implementation is the header of libxxhash-dev, inlined: its values are
 * the same in every version since 0.8.0, and ids rest on that.
 */
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct hash_state {
	XXH3_state_t x; /* 64-byte aligned: hash_new allocates accordingly */
};

struct hash_state *
hash_new(void)
{
	struct hash_state *h = aligned_alloc(64, sizeof *h);

	if (h) {
		XXH3_INITSTATE(&h->x);
		hash_reset(h);
	}
	return h;
}

void
hash_free(struct hash_state *h)
{
	free(h);
}

void
hash_reset(struct hash_state *h)
{
	(void)XXH3_128bits_reset(&h->x);
}

void
hash_add(struct hash_state *h, const void *p, size_t n)
{
	(void)XXH3_128bits_update(&h->x, p, n);
}

static struct hash128
canonical(XXH128_hash_t v)
{
	XXH128_canonical_t c;
	struct hash128 out;

	XXH128_canonicalFromHash(&c, v);
	memcpy(out.b, c.digest, sizeof out.b);
	return out;
}

struct hash128
hash_end(const struct hash_state *h)
{
	return canonical(XXH3_128bits_digest(&h->x));
}

struct hash128
hash_of(struct slice s)
{
	return canonical(XXH3_128bits(s.p, s.n));
}

uint64_t
hash64_of(struct slice s)
{
	return XXH3_64bits(s.p, s.n);
}

int
hash_file_key(struct slice a, struct slice b, struct file_key *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0;
	int rc = 0;

	if (!ctx)
		return -ENOMEM;
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, a.p, a.n) != 1 ||
	    EVP_DigestUpdate(ctx, b.p, b.n) != 1 ||
	    EVP_DigestFinal_ex(ctx, out->b, &n) != 1)
		rc = -EIO;
	EVP_MD_CTX_free(ctx);
	return rc;
}

void
hex_write(const uint8_t *bytes, size_t n, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digit[bytes[i] >> 4];
		out[2 * i + 1] = digit[bytes[i] & 15];
	}
}
