/*
 * syslog.c - splits the syslog prefix off a line.
 *
 * Forms: RFC 3164 (rsyslog's traditional file format, postlogd), ISO 8601 (rsyslog's
 * default on Debian 12) and RFC 5424 files, whose APP-NAME ends at the slash. The host
 * is one word. A line that has another form is none.
 */
#include "parse/syslog.h"

#include <errno.h>
#include <stdlib.h>

enum { TIME_3164 = 15 }; /* "Nov  1 02:11:18" */

struct syslog {
	int64_t before; /* time of the line before; 0: none */
};

struct syslog *
syslog_new(void)
{
	return calloc(1, sizeof(struct syslog));
}

void
syslog_free(struct syslog *s)
{
	free(s);
}

/* The first word of *in, which moves behind the blanks that follow it. */
static struct slice
take_word(struct slice *in)
{
	struct slice word = { in->p, slice_find(*in, ' ') };

	*in = slice_from(*in, word.n);
	while (in->n > 0 && in->p[0] == ' ')
		*in = slice_from(*in, 1);
	return word;
}

static bool
looks_3164(struct slice in)
{
	return in.n > TIME_3164 && in.p[3] == ' ' && in.p[6] == ' ' && in.p[9] == ':' &&
	       in.p[12] == ':' && in.p[TIME_3164] == ' ' && in.p[0] >= 'A' &&
	       in.p[0] <= 'Z';
}

static bool
looks_iso(struct slice in)
{
	return in.n > 20 && is_digit(in.p[0]) && in.p[4] == '-' && in.p[7] == '-' &&
	       in.p[10] == 'T' && in.p[13] == ':';
}

/* "<22>1 " */
static bool
looks_5424(struct slice in)
{
	size_t close = slice_find(in, '>');

	return in.n > 10 && in.p[0] == '<' && close >= 2 && close <= 4 &&
	       slice_starts(slice_from(in, close), SLICE(">1 "));
}

/* "<PRI>1 TIME HOST APP PROCID MSGID SD MESSAGE". SD is "-" in what syslog daemons
 * write of mail; one with elements is no line for us. */
static bool
split_5424(struct slice rest, struct syslog_line *out)
{
	(void)take_word(&rest);
	out->time = take_word(&rest);
	out->host = take_word(&rest);
	out->tag = take_word(&rest);
	(void)take_word(&rest);
	(void)take_word(&rest);
	struct slice sd = take_word(&rest);
	out->short_tag = true;
	out->message = rest;
	return slice_eq(sd, SLICE("-")) && out->host.n > 0 && out->tag.n > 0;
}

static bool
split_plain(struct slice line, struct syslog_line *out)
{
	struct slice rest;
	bool pid = false;

	if (looks_5424(line))
		return split_5424(line, out);

	if (looks_3164(line)) {
		out->time = (struct slice){ line.p, TIME_3164 };
		rest = slice_from(line, TIME_3164 + 1);
	} else if (looks_iso(line)) {
		rest = line;
		out->time = take_word(&rest);
	} else {
		return false;
	}
	out->host = take_word(&rest);
	/* the tag ends at its colon; "[pid]" before that is not part of it */
	size_t end = 0;
	while (end < rest.n && rest.p[end] != ' ' && rest.p[end] != ':' &&
	       rest.p[end] != '[')
		end++;
	out->tag = (struct slice){ rest.p, end };
	rest = slice_from(rest, end);
	if (rest.n > 0 && rest.p[0] == '[') {
		size_t close = slice_find(rest, ']');
		rest = slice_from(rest, close + 1);
		pid = true;
	}
	/* what came in as RFC 5424 has no colon behind the pid */
	if (rest.n == 0 || (rest.p[0] != ':' && !(pid && rest.p[0] == ' ')))
		return false;
	out->message = slice_from(rest, rest.p[0] == ':');
	if (out->message.n > 0 && out->message.p[0] == ' ')
		out->message = slice_from(out->message, 1);
	return out->host.n > 0 && out->tag.n > 0;
}

bool
syslog_split(
    struct syslog *s, struct slice line, struct syslog_line *out, const char **why)
{
	(void)s;
	*why = NULL;
	*out = (struct syslog_line){ 0 };
	return split_plain(line, out);
}

int
syslog_time(struct syslog *s, const struct syslog_line *l, const struct zone *z,
    int64_t near, int64_t anchor, struct when *out)
{
	struct slice in = l->time;
	int rc = in.n == TIME_3164 && !is_digit(in.p[0])
		     ? when_rfc3164(&in, z, anchor ? anchor : near, out)
		     : when_iso(&in, z, out);

	if (rc < 0 || in.n != 0)
		return -EINVAL;
	s->before = out->sec;
	return 0;
}

bool
queue_id_time_postfix(struct slice id, int64_t near, struct when *out)
{
	(void)id;
	(void)near;
	(void)out;
	return false;
}

bool
queue_id_time_sendmail(struct slice id, int64_t near, struct when *out)
{
	(void)id;
	(void)near;
	(void)out;
	return false;
}
