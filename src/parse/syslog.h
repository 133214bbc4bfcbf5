/*
 * syslog.h - the prefix that syslog daemons put before a message.
 */
#ifndef BOUNCEFEED_SYSLOG_H
#define BOUNCEFEED_SYSLOG_H

#include "base/base.h"

struct syslog_line {
	struct slice time; /* as written; see syslog_time() */
	struct slice host;
	struct slice tag; /* "postfix/smtp", without [pid] */
	struct slice message;
};

/*
 * Splits "TIME HOST TAG[PID]: MESSAGE" with a time of RFC 3164 or ISO 8601. false: no
 * such line. Cheap: the time is only found, not read.
 */
bool syslog_split(struct slice line, struct syslog_line *out);

/* near: for times without a year, what they must be close to. 0 or -EINVAL. */
int syslog_time(
    const struct syslog_line *l, const struct zone *z, int64_t near, struct when *out);

#endif
