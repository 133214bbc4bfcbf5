/*
 * reader.c - a whole file, once. What it is packed with is told by its first bytes, not
 * by its name, so that standard input is unpacked, too.
 */
#include "app/reader.h"
#include "app/app.h"
#include "pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IN_BYTES = 64 * 1024, HEAD_BYTES = 4 };

struct reader {
	const char *path;
	int fd;
	struct stat st;
	uint64_t taken; /* bytes read from fd */
	bool eof;
	bool more; /* the last read filled its buffer: there may be more to unpack */
	struct unpack *unpack; /* NULL: not probed yet */
	struct slice rest;     /* of in, not unpacked yet */
	char in[IN_BYTES];
};

struct reader *
reader_open(const char *path, struct err *e)
{
	struct reader *r = calloc(1, sizeof *r);

	if (!r) {
		err_set(e, -ENOMEM, "no memory");
		return NULL;
	}
	r->path = path;
	r->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (r->fd < 0 || fstat(r->fd, &r->st) < 0) {
		err_set(e, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	if (S_ISDIR(r->st.st_mode)) {
		err_set(e, -EISDIR, "%s: is a directory", path);
		goto fail;
	}
	return r;
fail:
	reader_close(r);
	return NULL;
}

void
reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	unpack_free(r->unpack);
	free(r);
}

/* More bytes behind what is in r->in: rest grows, or eof is set. */
static int
fill(struct reader *r, struct err *e)
{
	ssize_t n;

	if (r->rest.n > 0 && r->rest.p != r->in)
		memmove(r->in, r->rest.p, r->rest.n);
	r->rest.p = r->in;
	do {
		n = read(r->fd, r->in + r->rest.n, sizeof r->in - r->rest.n);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, -errno, "%s: %s", r->path, strerror(errno));
	r->eof = n == 0;
	r->rest.n += (size_t)n;
	r->taken += (uint64_t)n;
	return 0;
}

static int
probe(struct reader *r, struct err *e)
{
	while (r->rest.n < HEAD_BYTES && !r->eof) {
		int rc = fill(r, e);
		if (rc < 0)
			return rc;
	}
	r->unpack = unpack_new(pack_probe(r->rest));
	return r->unpack ? 0 : err_set(e, -ENOMEM, "no memory");
}

ssize_t
reader_read(struct reader *r, char *out, size_t cap, struct err *e)
{
	size_t n = 0;
	int rc;

	if (!r->unpack && (rc = probe(r, e)) < 0)
		return rc;
	for (;;) {
		if ((rc = unpack_feed(r->unpack, &r->rest, out, cap, &n)) < 0)
			return err_set(
			    e, rc, "%s: the packed data is damaged", r->path);
		r->more = n == cap;
		if (n > 0)
			return (ssize_t)n;
		if (r->eof && r->rest.n == 0)
			break;
		if ((rc = fill(r, e)) < 0)
			return rc;
	}
	if (!unpack_complete(r->unpack))
		return err_set(e, -EBADMSG, "%s: the packed data breaks off", r->path);
	return 0;
}

bool
reader_is_file(const struct reader *r)
{
	return S_ISREG(r->st.st_mode);
}

int
reader_rewind(struct reader *r, struct err *e)
{
	if (lseek(r->fd, 0, SEEK_SET) < 0)
		return err_set(e, -errno, "%s: %s", r->path, strerror(errno));
	unpack_free(r->unpack);
	r->unpack = NULL;
	r->rest.n = 0;
	r->taken = 0;
	r->eof = r->more = false;
	return 0;
}

int
reader_fd(const struct reader *r)
{
	bool blocks = !reader_is_file(r) && !r->eof && !r->more && r->rest.n == 0;

	return blocks ? r->fd : -1;
}

struct when
reader_time(const struct reader *r)
{
	if (reader_is_file(r))
		return clock_of_file(r->st.st_mtim.tv_sec);
	return (struct when){ .sec = clock_wall_ms() / 1000 };
}

int
reader_progress(const struct reader *r)
{
	if (!reader_is_file(r) || r->st.st_size == 0)
		return -1;
	return (int)(r->taken * 100 / (uint64_t)r->st.st_size);
}
