/*
 * log.c - the program's own messages: `event=rotated source=maillog from=812`.
 *
 * To stderr: under systemd with the level as sd-daemon(3) has it and without a time
 * (the journal has its own), else with one; or as JSON. A value with anything but plain
 * printable ASCII in it is quoted and escaped: strangers write into what we log.
 */
#include "app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096, SLOTS = 8, SLOT_BYTES = 256 };

static struct {
	enum log_level level;
	enum { FORMAT_TEXT, FORMAT_JOURNAL, FORMAT_JSON } format;
} settings = { LOG_LEVEL_INFO, FORMAT_TEXT };

static const char *const level_name[] = { "error", "warn", "info", "debug" };
static const int sd_level[] = { 3, 4, 6, 7 };

void
log_set_up(const char *level, const char *format)
{
	for (unsigned i = 0; i < sizeof level_name / sizeof level_name[0]; i++) {
		if (!strcmp(level, level_name[i]))
			settings.level = (enum log_level)i;
	}
	settings.format = getenv("JOURNAL_STREAM") ? FORMAT_JOURNAL : FORMAT_TEXT;
	if (!strcmp(format, "json"))
		settings.format = FORMAT_JSON;
	else if (!strcmp(format, "text"))
		settings.format = FORMAT_TEXT;
}

void
text_shown(struct buf *out, struct slice s)
{
	while (s.n > 0) {
		size_t n = 1;
		unsigned char c = (unsigned char)s.p[0];
		bool plain = utf8_next(s, &n) && c >= ' ' && c != 0x7f &&
			     !(c == 0xc2 && (unsigned char)s.p[1] < 0xa0);
		if (plain && c != '"' && c != '\\') {
			(void)buf_add(out, (struct slice){ s.p, n });
		} else {
			for (size_t i = 0; i < n; i++)
				(void)buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
		}
		s = slice_from(s, n);
	}
}

static bool
needs_quotes(struct slice s)
{
	if (s.n == 0)
		return true;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\' ||
		    s.p[i] == 0x7f || (unsigned char)s.p[i] >= 0x80)
			return true;
	}
	return false;
}

static void
put_pair(struct buf *line, const char *key, const char *value)
{
	struct slice v = slice_of(value);

	if (settings.format == FORMAT_JSON) {
		(void)buf_printf(line, ",\"%s\":\"", key);
		for (size_t i = 0; i < v.n; i++) {
			size_t n;
			struct slice rest = slice_from(v, i);
			unsigned char c = (unsigned char)v.p[i];
			if (!utf8_next(rest, &n) || c < ' ' || c == '"' || c == '\\') {
				/* a byte that is no character stands for itself in
				 * Latin-1 */
				(void)buf_printf(line, "\\u%04x", c);
				continue;
			}
			(void)buf_add(line, (struct slice){ rest.p, n });
			i += n - 1;
		}
		(void)buf_addc(line, '"');
		return;
	}
	if (!needs_quotes(v)) {
		(void)buf_printf(line, " %s=%s", key, value);
		return;
	}
	(void)buf_printf(line, " %s=\"", key);
	text_shown(line, v);
	(void)buf_addc(line, '"');
}

static void
put_head(struct buf *line, enum log_level level, const char *event)
{
	char time[WHEN_TEXT_MAX];
	int64_t ms = clock_wall_ms();
	struct when now = {
		.sec = ms / 1000, .nsec = (int32_t)(ms % 1000) * 1000000, .digits = 3
	};
	size_t n = when_write(now, time);

	switch (settings.format) {
	case FORMAT_JOURNAL:
		(void)buf_printf(line, "<%d>event=%s", sd_level[level], event);
		break;
	case FORMAT_JSON:
		(void)buf_printf(line,
		    "{\"time\":\"%.*s\",\"level\":\"%s\",\"event\":\"%s\"", (int)n,
		    time, level_name[level], event);
		break;
	default:
		(void)buf_printf(
		    line, "%.*s %s event=%s", (int)n, time, level_name[level], event);
	}
}

void
log_event(enum log_level level, const char *event, ...)
{
	struct buf line;
	const char *key;
	va_list ap;

	if (level > settings.level)
		return;
	buf_init(&line, LINE_MAX_BYTES);
	put_head(&line, level, event);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);
		if (!value)
			break;
		put_pair(&line, key, value);
	}
	va_end(ap);
	if (settings.format == FORMAT_JSON)
		(void)buf_addc(&line, '}');
	(void)buf_addc(&line, '\n');
	(void)fwrite(line.p, 1, line.n, stderr); /* one write: lines stay whole */
	buf_free(&line);
}

static char *
slot(void)
{
	static char text[SLOTS][SLOT_BYTES];
	static unsigned next;

	return text[next++ % SLOTS];
}

const char *
log_number(int64_t v)
{
	char *p = slot();

	(void)snprintf(p, SLOT_BYTES, "%lld", (long long)v);
	return p;
}

const char *
log_slice(struct slice s)
{
	char *p = slot();
	size_t n = s.n < SLOT_BYTES - 1 ? s.n : SLOT_BYTES - 1;

	for (size_t i = 0; i < n; i++)
		p[i] = s.p[i] ? s.p[i] : ' ';
	p[n] = '\0';
	return p;
}
