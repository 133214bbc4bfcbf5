/*
 * reader.h - a whole file, once: plain, .gz or .zst, a FIFO or standard input.
 */
#ifndef BOUNCEFEED_READER_H
#define BOUNCEFEED_READER_H

#include "base/base.h"

#include <sys/types.h>

struct reader;

/* "-" is standard input. NULL with *e. */
struct reader *reader_open(const char *path, struct err *e);
void reader_close(struct reader *r); /* takes NULL */

/* Unpacked bytes: their number, 0 at the end, -errno (a packed file that breaks off:
 * -EBADMSG). */
ssize_t reader_read(struct reader *r, char *out, size_t cap, struct err *e);

/* When the file was last written; now for what has no such time. */
struct when reader_time(const struct reader *r);

/* A regular file: it can be read again and is never waited for. */
bool reader_is_file(const struct reader *r);

/* To the beginning of a regular file. */
int reader_rewind(struct reader *r, struct err *e);

/* What becomes readable when a read will not block; -1: the next one will not. */
int reader_fd(const struct reader *r);

/* How much of the file has been read, 0 to 100; -1: not known. */
int reader_progress(const struct reader *r);

#endif
