/*
 * pmta_columns.c - which column of a PowerMTA file is which, and a record's values by
 * it.
 *
 * Names are compared without regard to case. Where one occurs twice, the first value
 * that is not empty counts. Columns that nobody asks for are ignored, as are header_
 * columns past LIMIT_HEADERS.
 */
#include "parse/pmta.h"

#include <string.h>

static const char *const column_name[PMTA_COLUMN_COUNT] = {
	[PMTA_TYPE] = "type",
	[PMTA_TIME_LOGGED] = "timeLogged",
	[PMTA_TIME_QUEUED] = "timeQueued",
	[PMTA_ORIG] = "orig",
	[PMTA_RCPT] = "rcpt",
	[PMTA_ORCPT] = "orcpt",
	[PMTA_DSN_ACTION] = "dsnAction",
	[PMTA_DSN_STATUS] = "dsnStatus",
	[PMTA_DSN_DIAG] = "dsnDiag",
	[PMTA_DSN_MTA] = "dsnMta",
	[PMTA_BOUNCE_CAT] = "bounceCat",
	[PMTA_DLV_SOURCE_IP] = "dlvSourceIp",
	[PMTA_DLV_DESTINATION_IP] = "dlvDestinationIp",
	[PMTA_VMTA] = "vmta",
	[PMTA_VMTA_POOL] = "vmtaPool",
	[PMTA_JOB_ID] = "jobId",
	[PMTA_ENV_ID] = "envId",
	[PMTA_QUEUE] = "queue",
	[PMTA_TOTAL_SECONDS_QUEUED] = "totalSecondsQueued",
	[PMTA_RCV_SMTP_USER] = "rcvSmtpUser",
	[PMTA_REP_SOURCE_IP] = "repSourceIp",
	[PMTA_FEEDBACK_TYPE] = "feedbackType",
	[PMTA_FORMAT] = "format",
	[PMTA_USER_AGENT] = "userAgent",
	[PMTA_REPORTING_MTA] = "reportingMta",
	[PMTA_REPORTED_DOMAIN] = "reportedDomain",
	[PMTA_ARF_FEEDBACK_TYPE] = "arf_Feedback-Type",
	[PMTA_ARF_USER_AGENT] = "arf_User-Agent",
	[PMTA_ARF_REPORTED_DOMAIN] = "arf_Reported-Domain",
	[PMTA_ARF_SOURCE_IP] = "arf_Source-IP",
	[PMTA_ARF_REPORTING_MTA] = "arf_Reporting-MTA",
	[PMTA_ARF_ENVELOPE_ID] = "arf_Original-Envelope-Id",
	[PMTA_ARF_MAIL_FROM] = "arf_Original-Mail-From",
	[PMTA_ARF_RCPT_TO] = "arf_Original-Rcpt-To",
};

/* Header names are printable ASCII without blanks (RFC 5322 section 2.2). */
static bool
is_header_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	}
	return name.n > 0 && name.n <= LIMIT_TEXT;
}

static const struct slice header_prefix = { "header_", 7 };

/* The slot of a header_ column: the one it has already, or a new one. */
static size_t
slot_of(struct pmta *p, struct slice name)
{
	for (size_t i = 0; i < p->nslots; i++) {
		if (slice_ieq(p->slot_name[i], name))
			return PMTA_COLUMN_COUNT + i;
	}
	if (p->nslots == LIMIT_HEADERS || !is_header_name(name))
		return PMTA_IGNORED;
	char *at = p->names.p + p->names.n; /* reserved in full: does not move */
	for (size_t i = 0; i < name.n; i++)
		at[i] = to_lower(name.p[i]);
	p->names.n += name.n;
	p->slot_name[p->nslots] = (struct slice){ at, name.n };
	return PMTA_COLUMN_COUNT + p->nslots++;
}

static size_t
column_of(struct pmta *p, struct slice name)
{
	name = slice_trim(name);
	for (size_t i = 0; i < PMTA_COLUMN_COUNT; i++) {
		if (slice_ieq(slice_of(column_name[i]), name))
			return i;
	}
	if (slice_istarts(name, header_prefix))
		return slot_of(p, slice_from(name, header_prefix.n));
	return PMTA_IGNORED;
}

int
pmta_read_header(struct pmta *p, const struct record *rec)
{
	buf_clear(&p->names);
	int rc = buf_reserve(&p->names, p->names.max);
	if (rc < 0)
		return rc;
	p->nslots = 0;
	p->width = rec->nfields;
	p->map[0] = PMTA_TYPE; /* that makes it a header, whatever else is around it */
	for (size_t i = 1; i < rec->nfields; i++)
		p->map[i] = (unsigned short)column_of(p, rec->field[i]);
	return p->native ? pmta_native_header(p, rec) : 0;
}

void
pmta_read_values(struct pmta *p, const struct record *rec)
{
	memset(p->value, 0, sizeof p->value);
	memset(p->slot_value, 0, p->nslots * sizeof p->slot_value[0]);
	for (size_t i = 0; i < rec->nfields; i++) {
		size_t c = p->map[i];
		if (c == PMTA_IGNORED || rec->field[i].n == 0)
			continue;
		struct slice *v = c < PMTA_COLUMN_COUNT
				      ? &p->value[c]
				      : &p->slot_value[c - PMTA_COLUMN_COUNT];
		if (v->n == 0)
			*v = slice_trim(rec->field[i]);
	}
}

struct slice
pmta_header(const struct pmta *p, struct slice name)
{
	for (size_t i = 0; i < p->nslots; i++) {
		if (slice_ieq(p->slot_name[i], name))
			return p->slot_value[i];
	}
	return (struct slice){ 0 };
}
