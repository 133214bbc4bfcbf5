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
	/* fields of the report itself: for what the columns above leave empty */
	PMTA_ARF_FEEDBACK_TYPE,
	PMTA_ARF_USER_AGENT,
	PMTA_ARF_REPORTED_DOMAIN,
	PMTA_ARF_SOURCE_IP,
	PMTA_ARF_REPORTING_MTA,
	PMTA_ARF_ENVELOPE_ID,
	PMTA_ARF_MAIL_FROM,
	PMTA_ARF_RCPT_TO,
	PMTA_COLUMN_COUNT, /* from here on: header_ columns, by their slot */
	PMTA_IGNORED = PMTA_COLUMN_COUNT + LIMIT_HEADERS,
};

enum { PMTA_ARF_FIRST = PMTA_ARF_FEEDBACK_TYPE };

/* The columns that go into native; in pmta_native.c. */
struct pmta_native {
	/* slots: a name each, the first one's spelling; for all outputs, then for those
	 * that want all, then for nobody but metadata */
	size_t n, nextra, nnative;
	unsigned short slot[LIMIT_COLUMNS];   /* of a column, from 1; 0: none */
	unsigned short column[LIMIT_COLUMNS]; /* of a slot: enum pmta_column */
	struct slice name[LIMIT_COLUMNS];     /* into names */
	struct slice value[LIMIT_COLUMNS];
	struct event_pair pair[LIMIT_COLUMNS];
	struct buf names;
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
	struct pmta_native *native; /* NULL: nobody wants it */
	char domain[LIMIT_ADDRESS];
	char orcpt[LIMIT_TEXT];
	char address[LIMIT_TEXT];
	char nested[PMTA_COLUMN_COUNT - PMTA_ARF_FIRST][LIMIT_TEXT];
};

/* Takes the map of columns from a header row. 0, or -ENOMEM. */
int pmta_read_header(struct pmta *p, const struct record *rec);

/* Fills value and slot_value from a record as wide as the header. */
void pmta_read_values(struct pmta *p, const struct record *rec);

/* The same for native: the header's columns (after pmta_read_header()), and a record's
 * values to ev->native, whose type is known. p->native is there. */
int pmta_native_header(struct pmta *p, const struct record *rec);
void pmta_native_read(struct pmta *p, const struct record *rec, struct event *ev);
void pmta_native_free(struct pmta_native *n); /* takes NULL */

/* The value of a message header by its name in any case; empty: no such column. */
struct slice pmta_header(const struct pmta *p, struct slice name);

/* Cleaning, in pmta_value.c: */

/* "smtp;550 5.1.1 text" without the type before it. Of several parts
 * ("smtp;450 4.0.0 (undefined status);smtp;421 Refused") the last is the server's. */
struct slice pmta_diagnostic(struct slice in);

/* "rfc822;a+2Bb@c" to "a+b@c" (RFC 3461 section 4: xtext) in out, empty: no address. */
struct slice pmta_orcpt(struct slice in, char out[LIMIT_TEXT]);

/*
 * The next value of CSV nested in one field: true and *value, which points into *rest
 * or, where it is quoted, to out (cut at LIMIT_TEXT); *rest moves behind it.
 */
bool pmta_nested_next(struct slice *rest, char out[LIMIT_TEXT], struct slice *value);

/* In pmta_address.c: the one address of a To: header, or empty where there are several
 * different ones or it is unclear. Points into `to` or to out. */
struct slice pmta_only_address(struct slice to, char out[LIMIT_TEXT]);

#endif
