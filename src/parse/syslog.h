/*
 * syslog.h - the prefix that syslog daemons put before a message.
 */
#ifndef BOUNCEFEED_SYSLOG_H
#define BOUNCEFEED_SYSLOG_H

#include "base/base.h"

struct syslog_line {
	struct slice time; /* as written; n == 0: `stamp` has it */
	struct when stamp; /* where the record says it otherwise (journal, docker) */
	struct slice host; /* empty: it names none */
	struct slice tag;  /* "postfix/smtp", without [pid] */
	bool short_tag;    /* RFC 5424's APP-NAME: it ends at the first slash */
	struct slice pid;  /* empty: none */
	struct slice message;
};

/* What a file's prefixes need: decoded text, the time of the line before. */
struct syslog;

struct syslog *syslog_new(void); /* NULL without memory */
void syslog_free(struct syslog *s);

/*
 * Splits prefix and message. false: no such line (then *why is set where it is one that
 * cannot be read, else NULL). Cheap: the time is only found, not read. The slices
 * borrow from the line and from s, until the next call.
 */
bool syslog_split(
    struct syslog *s, struct slice line, struct syslog_line *out, const char **why);

/*
 * The line's time. A year that it does not name is the one nearest to `anchor` (a time
 * that the message itself names, at most a day before it; 0: none), else to the line
 * before, else to `near`. 0 or -EINVAL. The same line may be asked for again.
 */
int syslog_time(struct syslog *s, const struct syslog_line *l, const struct zone *z,
    int64_t near, int64_t anchor, struct when *out);

/* When a queue id was made, where it says so: Postfix's long ones, sendmail's. false:
 * it does not, or what it says is no time between 1990 and `near` + a day. */
bool queue_id_time_postfix(struct slice id, int64_t near, struct when *out);
bool queue_id_time_sendmail(struct slice id, int64_t near, struct when *out);

#endif
