/*
 * syslog.c - splits the prefix off a line: time, host, tag, pid; what is left is the
 * message.
 *
 * The plain forms are read here: RFC 3164 (rsyslog's traditional file format, postlogd,
 * journalctl) and ISO 8601 (rsyslog's default on Debian 12); the others in
 * syslog_form.c and syslog_json.c. Prefixes may stand one behind the other, as where a
 * container's log goes into its host's: the innermost names host and tag, and the time
 * if it has a year and a zone, else that is the next outer one's. A host may be
 * missing. A line without any time is none.
 */
#include "parse/syslog.h"
#include "parse/syslog_internal.h"

#include <stdlib.h>

enum { STACK_MAX = 6, ISO_MAX = 24 }; /* prefixes; bytes behind the seconds */

static const uint64_t MICROSECONDS_MAX = UINT64_C(253402300799999999); /* year 9999 */

struct syslog *
syslog_new(void)
{
	struct syslog *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	buf_init(&s->text, 1 << 20);
	s->before = INT64_MIN;
	s->wall_day = INT64_MIN;
	s->day_text[0] = '-'; /* no day */
	return s;
}

void
syslog_free(struct syslog *s)
{
	if (s)
		buf_free(&s->text);
	free(s);
}

struct slice
syslog_trim(struct slice m)
{
	while (m.n > 0) {
		if (m.p[m.n - 1] == '\r' || m.p[m.n - 1] == '\n' || m.p[m.n - 1] == ' ')
			m.n--;
		else if (m.n >= 4 && memcmp(m.p + m.n - 4, "#01", 3) == 0 &&
			 (m.p[m.n - 1] == '5' || m.p[m.n - 1] == '2'))
			m.n -= 4;
		else
			break;
	}
	return m;
}

static inline bool
has_shape_iso(const char *p)
{
	return p[4] == '-' && p[7] == '-' && p[13] == ':' && p[16] == ':' &&
	       is_digit(p[0]);
}

/* The time at the start of *in, which moves behind it and the blank. */
static inline bool
take_plain_time(struct slice *in, struct slice *time)
{
	const char *p = in->p;
	size_t n = TIME_3164;

	if (in->n <= 20)
		return false;
	if (!has_shape_3164(p) || p[TIME_3164] != ' ') {
		if (!has_shape_iso(p) || p[10] != 'T')
			return false;
		size_t room = in->n - 19 < ISO_MAX ? in->n - 19 : ISO_MAX;
		const char *blank = memchr(p + 19, ' ', room);
		if (!blank)
			return false;
		n = (size_t)(blank - p);
	}
	*time = (struct slice){ p, n };
	*in = (struct slice){ p + n + 1, in->n - n - 1 };
	return true;
}

/* Another prefix may begin here: what is asked of every line has to be cheap. */
static inline bool
begins_time(struct slice in)
{
	return in.n > 20 && (has_shape_3164(in.p) || has_shape_iso(in.p) ||
				(in.p[4] == ' ' && has_shape_3164(in.p + 5)));
}

/* "TAG[PID]: ", "TAG: ", and "TAG[PID] " as of what came in as RFC 5424. */
static inline void
take_tag(struct slice in, struct syslog_line *out)
{
	size_t w = slice_find(in, ' '), n = w, k;
	bool colon = w > 0 && in.p[w - 1] == ':';

	n -= colon;
	if (n > 2 && in.p[n - 1] == ']') {
		for (k = n - 2; k > 0 && is_digit(in.p[k]); k--)
			;
		if (in.p[k] != '[' || k == 0 || k == n - 2) {
			syslog_rare_tag(in, out);
			return;
		}
		out->tag = (struct slice){ in.p, k };
		out->pid = (struct slice){ in.p + k + 1, n - k - 2 };
	} else if (colon && n > 0 && !memchr(in.p, '[', n)) {
		out->tag = (struct slice){ in.p, n };
		out->pid = (struct slice){ 0 };
	} else {
		syslog_rare_tag(in, out);
		return;
	}
	while (w < in.n && in.p[w] == ' ')
		w++;
	out->message = slice_from(in, w);
}

/* What stands behind the time: "HOST TAG MESSAGE" or "TAG MESSAGE". */
static inline bool
take_host_and_tag(struct slice in, struct syslog_line *out)
{
	size_t n = slice_find(in, ' ');

	if (n == in.n)
		return false;
	char last = n > 0 ? in.p[n - 1] : ' ';
	out->host = (struct slice){ in.p, n };
	if ((last == ':' || last == ']') && !syslog_is_host(out->host))
		out->host.n = 0;
	else
		in = (struct slice){ in.p + n + 1, in.n - n - 1 };
	take_tag(in, out);
	return true;
}

static void split_inside(struct syslog_line *out, unsigned depth);

/* The inner time, unless only the outer one names year and zone. */
static void
choose_time(struct syslog_line *out, struct slice inner)
{
	bool none = out->time.n == 0 && out->stamp.digits == 0;
	bool poor = out->time.n > 0 && !syslog_time_is_whole(out->time);

	if (none || poor || syslog_time_is_whole(inner))
		out->time = inner;
}

/*
 * The line that begins at `in`, behind `depth` other prefixes. timed: one of them named
 * the time, so that this one may do without. *out has what the outer ones said.
 */
static bool
split_at(struct slice in, struct syslog_line *out, bool timed, unsigned depth)
{
	struct syslog_line l = { 0 };

	if (depth == STACK_MAX)
		return false;
	if (syslog_take_5424(&in, &l)) {
		choose_time(out, l.time);
	} else if (take_plain_time(&in, &l.time) || syslog_rare_time(&in, &l.time)) {
		choose_time(out, l.time);
		if (begins_time(in) || syslog_take_stream(&in))
			return split_at(in, out, true, depth + 1);
		(void)syslog_take_level(&in);
		if (!take_host_and_tag(in, &l))
			return false;
	} else if (syslog_take_wrapping(&in)) {
		return split_at(in, out, timed, depth + 1);
	} else if (!timed || !take_host_and_tag(in, &l)) {
		return false;
	}
	out->host = l.host;
	out->tag = l.tag;
	out->short_tag = l.short_tag;
	out->pid = l.pid;
	out->message = l.message;
	split_inside(out, depth + 1);
	return true;
}

/* Docker's log drivers for syslog and the journal tag with the container's id, 12 hex
 * digits, or what the daemon is called. */
static bool
is_container(struct slice tag)
{
	size_t n = 0;

	while (
	    n < tag.n && (is_digit(tag.p[n]) || (tag.p[n] >= 'a' && tag.p[n] <= 'f')))
		n++;
	return (n == 12 && tag.n == 12) || slice_starts(tag, SLICE("docker")) ||
	       slice_starts(tag, SLICE("podman")) || slice_starts(tag, SLICE("conmon"));
}

/* The message may be a whole line itself: a container's, under its host's prefix. Under
 * any other tag it is text, which strangers may have chosen. */
static void
split_inside(struct syslog_line *out, unsigned depth)
{
	struct syslog_line inner = *out;

	if (is_container(out->tag) && begins_time(out->message) &&
	    split_at(out->message, &inner, true, depth) && inner.tag.n > 0)
		*out = inner;
}

static bool
split_json(
    struct syslog *s, struct slice line, struct syslog_line *out, const char **why)
{
	struct syslog_json j;
	uint64_t us;

	buf_clear(&s->text);
	if (!syslog_read_json(line, &s->text, &j, why))
		return false;
	if (j.log.p) {
		out->time = j.time;
		return split_at(syslog_trim(j.log), out, j.time.n > 0, 1);
	}
	if (!slice_u64(j.microseconds, &us) || us > MICROSECONDS_MAX) {
		*why = "__REALTIME_TIMESTAMP not understood";
		return false;
	}
	out->stamp = (struct when){ .sec = (int64_t)(us / 1000000),
		.nsec = (int32_t)(us % 1000000) * 1000,
		.digits = 6 };
	out->host = j.host;
	out->tag = j.tag;
	out->pid = j.pid.n > 0 ? j.pid : j.other_pid;
	out->message = j.message;
	split_inside(out, 1);
	return true;
}

bool
syslog_split(
    struct syslog *s, struct slice line, struct syslog_line *out, const char **why)
{
	struct slice in = line;

	*why = NULL;
	*out = (struct syslog_line){ 0 };
	/* nearly every line is of this form; what is not, is split anew */
	bool plain = take_plain_time(&in, &out->time) && !begins_time(in) &&
		     take_host_and_tag(in, out) && out->tag.n > 0 &&
		     !begins_time(out->message);
	if (!plain) {
		*out = (struct syslog_line){ 0 };
		if (line.n > 0 && line.p[0] == '{' ? !split_json(s, line, out, why)
						   : !split_at(line, out, false, 0))
			return false;
	}
	if (out->message.n > 0 && out->message.p[0] == '[')
		out->message = syslog_strip_msgid(out->message);
	out->message = syslog_trim(out->message);
	return true;
}
