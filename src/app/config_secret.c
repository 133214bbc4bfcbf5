/*
 * config_secret.c - fetches secrets from where the configuration says they are, and
 * URLs without what is secret in them.
 *
 * A secret is one line without control characters, for it ends in a request header. Its
 * text is in no error. Limit: CONFIG_SECRET_MAX.
 */
#include "app/config_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t
file_read(const char *path, char *p, size_t room)
{
	size_t n = 0;
	ssize_t got = 1;
	/* O_NONBLOCK: a FIFO in place of the file does not stop us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	while (got > 0 && n < room) {
		got = read(fd, p + n, room - n);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	ssize_t rc = got < 0 ? -errno : (ssize_t)n;
	close(fd);
	return rc;
}

/* What every secret has to be, whatever it came from. */
static int
add_secret(struct slice s, const char *what, struct buf *out, struct err *e)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	if (s.n == 0)
		return err_set(e, -ENODATA, "%s is empty", what);
	if (s.n > CONFIG_SECRET_MAX)
		return err_set(
		    e, -E2BIG, "%s is too long for a secret (limit 16 KiB)", what);
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return err_set(e, -EINVAL,
			    "%s has to be one line without control characters", what);
	int rc = buf_add(out, s);
	return rc < 0 ? err_set(e, rc, "%s: %s", what, strerror(-rc)) : 0;
}

static int
read_secret_file(const char *path, struct buf *out, struct err *e)
{
	char text[CONFIG_SECRET_MAX + 3]; /* line end, and one that is too much */
	char what[3 * CONFIG_SHOWN];
	ssize_t n = file_read(path, text, sizeof text);

	if (n < 0)
		return err_set(e, (int)n, "\"%s\" cannot be read: %s", cut_text(path).s,
		    strerror((int)-n));
	(void)snprintf(what, sizeof what, "\"%s\"", cut_text(path).s);
	int rc = add_secret((struct slice){ text, (size_t)n }, what, out, e);
	explicit_bzero(text, sizeof text);
	return rc;
}

static int
read_secret_env(const char *name, struct buf *out, struct err *e)
{
	const char *value = getenv(name);
	char what[3 * CONFIG_SHOWN];

	(void)snprintf(
	    what, sizeof what, "the environment variable \"%s\"", cut_text(name).s);
	if (!value)
		return err_set(e, -ENOENT, "%s is not set", what);
	return add_secret(slice_of(value), what, out, e);
}

/* systemd.exec(5), LoadCredential= */
static int
read_credential(const char *name, struct buf *out, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	if (strchr(name, '/') || name[0] == '.')
		return err_set(
		    e, -EINVAL, "\"%s\" is no credential's name", cut_text(name).s);
	if (!dir)
		return err_set(e, -ENOENT,
		    "credential \"%s\": $CREDENTIALS_DIRECTORY is not set "
		    "(LoadCredential= "
		    "in the unit)",
		    cut_text(name).s);
	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return err_set(e, -ENAMETOOLONG, "credential \"%s\": path too long",
		    cut_text(name).s);
	return read_secret_file(path, out, e);
}

static int
read_secret_text(const char *text, struct buf *out, struct err *e)
{
	return add_secret(slice_of(text), "the value", out, e);
}

int
config_secret_read(const struct config_secret *s, struct buf *out, struct err *e)
{
	static int (*const fetch[])(
	    const char *text, struct buf *out, struct err *e) = {
		[CONFIG_SECRET_TEXT] = read_secret_text,
		[CONFIG_SECRET_FILE] = read_secret_file,
		[CONFIG_SECRET_ENV] = read_secret_env,
		[CONFIG_SECRET_CREDENTIAL] = read_credential,
	};

	return s->kind == CONFIG_SECRET_NONE ? 0 : fetch[s->kind](s->text, out, e);
}

struct url
url_split(struct slice s)
{
	struct url u = { .rest = s };
	struct slice authority;
	size_t colon = slice_find(s, ':');

	/* a scheme has letters and + - . only: the first colon ends it */
	if (slice_starts(slice_from(s, colon), SLICE("://"))) {
		u.scheme = (struct slice){ s.p, colon };
		u.rest = slice_from(s, colon + 3);
	}
	authority = u.rest;
	for (size_t i = 0; i < authority.n; i++)
		if (memchr("/?#\\", authority.p[i], 4))
			authority.n = i;
	u.rest = slice_from(u.rest, authority.n);
	u.rest.n = slice_find(u.rest, '?');
	u.rest.n = slice_find(u.rest, '#');
	size_t at = slice_rfind(authority, '@');
	u.host = at < authority.n ? slice_from(authority, at + 1) : authority;
	return u;
}

int
config_url_shown(const char *url, struct buf *out)
{
	struct url u = url_split(slice_of(url));

	if (u.scheme.p) {
		buf_add(out, u.scheme);
		buf_add(out, SLICE("://"));
	}
	buf_add(out, u.host);
	buf_add(out, u.rest);
	return out->failed ? -ENOMEM : 0;
}
