/*
 * pack.h - zstd and gzip, one-shot and streaming, bounded.
 */
#ifndef BOUNCEFEED_PACK_H
#define BOUNCEFEED_PACK_H

#include "base/base.h"

/* zstd, one-shot: appends the packed form of `in` to `out`. 0 or -errno. */
struct pack_zstd; /* a compressor kept between calls */
struct pack_zstd *pack_zstd_new(void);
void pack_zstd_free(struct pack_zstd *z);
int pack_zstd(struct pack_zstd *z, struct slice in, struct buf *out);

/* The reverse: appends; -EBADMSG where `in` is damaged, -E2BIG past out's cap. */
int pack_unzstd(struct slice in, struct buf *out);

enum pack_kind { PACK_PLAIN, PACK_GZIP, PACK_ZSTD };

/* By the first bytes (4 are enough): what the stream is packed with. */
enum pack_kind pack_probe(struct slice head);

/* Unpacks a stream, several gzip members or zstd frames in a row included. */
struct unpack;

struct unpack *unpack_new(enum pack_kind kind); /* NULL without memory */
void unpack_free(struct unpack *u);

/*
 * Takes bytes from *in (moves it on) and writes at most `cap` unpacked ones to `out`:
 * their number in *n_out. Call again with the same *in until it is empty and *n_out <
 * cap. 0 or -EBADMSG.
 */
int unpack_feed(
    struct unpack *u, struct slice *in, char *out, size_t cap, size_t *n_out);

/* At the end of the input: true where it did not end in mid-stream. */
bool unpack_complete(const struct unpack *u);

#endif
