/*
 * sendmail.c - sendmail's lines in a mail log.
 */
#include "parse/maillog.h"

#include <stdlib.h>

struct sendmail_split {
	int unused;
};

struct sendmail_split *
sendmail_split_new(void)
{
	return calloc(1, sizeof(struct sendmail_split));
}

void
sendmail_split_free(struct sendmail_split *s)
{
	free(s);
}

static bool
owns(const struct maillog *p)
{
	return slice_istarts(p->log.tag, SLICE("sendmail")) ||
	       slice_starts(p->log.tag, SLICE("sm-"));
}

static bool
concerns(struct maillog *p)
{
	(void)p;
	return false;
}

static enum parse_result
parse(struct maillog *p, struct event *ev, const char **why)
{
	(void)p;
	(void)ev;
	(void)why;
	return PARSE_SKIP;
}

static void
taken(struct maillog *p)
{
	(void)p;
}

const struct maillog_mta maillog_sendmail = {
	.name = "sendmail",
	.owns = owns,
	.concerns = concerns,
	.id_time = queue_id_time_sendmail,
	.parse = parse,
	.taken = taken,
};
