/*
 * command_text.c - what the commands say: messages to stderr, data to stdout.
 *
 * What strangers wrote (answers, addresses, names of files) is escaped wherever people
 * read it, so that it can neither move their cursor nor begin a line of its own.
 */
#include "app/command.h"

#include "app/app.h"
#include "event/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TELL_MAX = 64 * 1024 };

#define LAST_MS INT64_C(253402300799999) /* of the year 9999 */

void
command_show(struct buf *out, struct slice s)
{
	while (s.n > 0) {
		size_t n = 0;
		while (n < s.n && s.p[n] != '"' && s.p[n] != '\\')
			n++;
		text_shown(out, (struct slice){ s.p, n });
		if (n < s.n)
			(void)buf_addc(out, s.p[n]);
		s = slice_from(s, n + 1);
	}
}

void
command_show_time(struct buf *out, int64_t ms)
{
	char text[WHEN_TEXT_MAX];
	/* a damaged state file may say anything */
	int64_t sane = ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms;
	size_t n = when_write((struct when){ .sec = sane / 1000 }, text);

	(void)buf_add(out, (struct slice){ text, n });
}

void
command_tell(const char *command, const char *format, ...)
{
	char text[4096];
	struct buf line;
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	buf_init(&line, TELL_MAX);
	(void)buf_printf(&line, "bouncefeed %s: ", command);
	command_show(&line, slice_of(text));
	(void)fprintf(stderr, "%.*s\n", (int)line.n, line.p);
	buf_free(&line);
}

/* --- JSON ----------------------------------------------------------------------------
 */

void
command_json_text(struct buf *out, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	(void)buf_printf(out, ",\"%s\":", key);
	(void)event_json_string(out, v, LIMIT_DIAGNOSTIC);
}

void
command_json_number(struct buf *out, const char *key, uint64_t v)
{
	(void)buf_printf(out, ",\"%s\":%llu", key, (unsigned long long)v);
}

void
command_json_time(struct buf *out, const char *key, int64_t ms)
{
	if (ms == 0)
		return;
	(void)buf_printf(out, ",\"%s\":\"", key);
	command_show_time(out, ms);
	(void)buf_addc(out, '"');
}

/* --- stdout --------------------------------------------------------------------------
 */

bool
command_print(const char *command, struct buf *out, int *code)
{
	struct slice s = buf_slice(out);
	int rc = out->failed ? -ENOMEM : 0;

	while (rc == 0 && s.n > 0) {
		ssize_t n = write(STDOUT_FILENO, s.p, s.n);
		if (n >= 0)
			s = slice_from(s, (size_t)n);
		else if (errno != EINTR)
			rc = -errno;
	}
	buf_clear(out);
	if (rc == 0)
		return true;
	if (rc != -EPIPE)
		command_tell(command, "standard output: %s", strerror(-rc));
	*code = rc == -EPIPE ? 0 : EX_IOERR;
	return false;
}
