/*
 * pmta.h - inside the PowerMTA parser: the columns of a file and one record's values.
 */
#ifndef BOUNCEFEED_PMTA_H
#define BOUNCEFEED_PMTA_H

#include "parse/parse.h"

enum pmta_column {
	PMTA_TYPE,
	PMTA_TIME_LOGGED,
	PMTA_TIME_QUEUED,
	PMTA_ORIG,
	PMTA_RCPT,
	PMTA_ORCPT,
	PMTA_DSN_ACTION,
	PMTA_DSN_STATUS,
	PMTA_DSN_DIAG,
	PMTA_DSN_MTA,
	PMTA_BOUNCE_CAT,
	PMTA_DLV_SOURCE_IP,
	PMTA_DLV_DESTINATION_IP,
	PMTA_VMTA,
	PMTA_VMTA_POOL,
	PMTA_JOB_ID,
	PMTA_ENV_ID,
	PMTA_QUEUE,
	PMTA_TOTAL_SECONDS_QUEUED,
	PMTA_RCV_SMTP_USER,
	PMTA_REP_SOURCE_IP,
	PMTA_FEEDBACK_TYPE,
	PMTA_FORMAT,
	PMTA_USER_AGENT,
	PMTA_REPORTING_MTA,
	PMTA_REPORTED_DOMAIN,
	PMTA_COLUMN_COUNT, /* from here on: header_ columns, by their slot */
	PMTA_IGNORED = PMTA_COLUMN_COUNT + LIMIT_HEADERS,
};

struct pmta {
	const struct parse_env *env;
	size_t width; /* of the header; 0: none was seen */
	unsigned short map[LIMIT_COLUMNS];
	size_t nslots;
	struct slice slot_name[LIMIT_HEADERS]; /* lower case, into names */
	struct buf names;
	/* one record's values */
	struct slice value[PMTA_COLUMN_COUNT];
	struct slice slot_value[LIMIT_HEADERS];
	struct event_pair pair[LIMIT_HEADERS];
	char domain[LIMIT_ADDRESS];
	char orcpt[LIMIT_TEXT];
};

/* Takes the map of columns from a header row. 0, or -ENOMEM. */
int pmta_read_header(struct pmta *p, const struct record *rec);

/* Fills value and slot_value from a record as wide as the header. */
void pmta_read_values(struct pmta *p, const struct record *rec);

/* The value of a message header by its name in any case; empty: no such column. */
struct slice pmta_header(const struct pmta *p, struct slice name);

/* Cleaning, in pmta_value.c: */

/* "smtp;550 5.1.1 text" without the type before it. Of several parts
 * ("smtp;450 4.0.0 (undefined status);smtp;421 Refused") the last is the server's. */
struct slice pmta_diagnostic(struct slice in);

/* "rfc822;a+2Bb@c" to "a+b@c" (RFC 3461 section 4: xtext) in out, empty: no address. */
struct slice pmta_orcpt(struct slice in, char out[LIMIT_TEXT]);

/* The one address of a To: header, or empty where there are several or it is unclear.
 */
struct slice pmta_only_address(struct slice to);

#endif
