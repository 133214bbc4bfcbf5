/*
 * syslog_internal.h - what the files of the syslog prefix share.
 */
#ifndef BOUNCEFEED_SYSLOG_INTERNAL_H
#define BOUNCEFEED_SYSLOG_INTERNAL_H

#include "parse/syslog.h"

enum { TIME_3164 = 15 }; /* "Nov  1 02:11:18" */

struct syslog {
	struct buf text;   /* what had to be decoded of the line, JSON's strings */
	int64_t before;    /* time of the line before; INT64_MIN: none */
	char day_text[7];  /* "Nov  1 " as read last, */
	int64_t day;       /* and its day since 1970 in the year that was found */
	int64_t wall_day;  /* a day on which the clock was not changed, */
	int64_t wall_east; /* its seconds east of UTC, */
	const struct zone *wall_zone; /* in this zone */
};

static inline bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Has p[0..15) the shape of a RFC 3164 time? */
static inline bool
has_shape_3164(const char *p)
{
	return p[3] == ' ' && p[6] == ' ' && p[9] == ':' && p[12] == ':' &&
	       is_upper(p[0]);
}

/* The first word of *in, which moves behind it and one blank. */
struct slice syslog_take_word(struct slice *in);

/*
 * Forms that are rarely seen (syslog_form.c). Each looks at the start of *in, and moves
 * it only where it answers true.
 */

/* A time of another form than plain RFC 3164 or ISO 8601, and the blank behind it. */
bool syslog_rare_time(struct slice *in, struct slice *time);

/* "<22>1 TIME HOST APP PROCID MSGID SD MESSAGE": the whole line. */
bool syslog_take_5424(struct slice *in, struct syslog_line *out);

/* What stands in front of a whole line: "<22>", docker compose's "mail-1  | ". */
bool syslog_take_wrapping(struct slice *in);

/* What Kubernetes puts behind its time: "stdout F ". */
bool syslog_take_stream(struct slice *in);

/* Facility and level before host (FreeBSD) or tag: "mail.info ". */
bool syslog_take_level(struct slice *in);

/* A tag of another form than "TAG[PID]: " or "TAG: ", behind facility and level, too.
 * Where there is no tag, all is message. */
void syslog_rare_tag(struct slice in, struct syslog_line *out);

/* The message without Solaris' "[ID 801593 mail.info] ". */
struct slice syslog_strip_msgid(struct slice message);

/* Is it one of the strings that end with a colon, or are in brackets, and yet a host?
 */
bool syslog_is_host(struct slice word);

/* Whether a time as written names year and zone. */
bool syslog_time_is_whole(struct slice time);

/* Without the line ends that a syslog daemon made visible or left: "#015", "#012"; and
 * without blanks, which the journal drops. */
struct slice syslog_trim(struct slice message);

/* What a line of journalctl -o json or of docker's json-file says (syslog_json.c). A
 * slice borrows from the line or from the buffer. */
struct syslog_json {
	struct slice log, time;               /* docker's */
	struct slice message, tag, host, pid; /* the journal's */
	struct slice other_pid;               /* _PID, where SYSLOG_PID is missing */
	struct slice microseconds;
	enum { SYSLOG_MISSING, SYSLOG_NULL, SYSLOG_THERE } message_is;
};

/* false: no JSON, or neither of the two; then *why is set where it was one of them. */
bool syslog_read_json(
    struct slice line, struct buf *text, struct syslog_json *out, const char **why);

#endif
