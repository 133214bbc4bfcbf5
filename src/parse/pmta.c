/*
 * pmta.c - PowerMTA accounting records, from the CSV files of <acct-file>.
 *
 * Columns are found by name, case-insensitively, from the header row; one header serves
 * several record types, and a row leaves foreign columns empty. Where a name occurs
 * twice the first value that is not empty counts. A row of another width than its
 * header, of an unknown type or with a time that is none is bad; an address is never
 * judged. The recipient is what VERP names, else orcpt, else rcpt; a complaint's, else
 * the report's Original-Rcpt-To, else the one address of header_To, else there is none.
 * Source: PowerMTA v4.0 and v5.0 user's guides, chapters 3.3.11 and 11. Limits:
 * LIMIT_COLUMNS columns, LIMIT_HEADERS header_ columns; further ones are ignored.
 */
#include "parse/pmta.h"

#include <stdlib.h>
#include <string.h>

/* The record types; EVENT_TYPE_NONE: counted and passed over. */
static const struct record_type {
	const char *name;
	enum event_type type;
	enum event_mode mode;
} record_type[] = {
	{ "b", EVENT_BOUNCE, EVENT_SYNC },
	{ "rb", EVENT_BOUNCE, EVENT_ASYNC },
	{ "f", EVENT_COMPLAINT, EVENT_MODE_NONE },
	{ "d", EVENT_DELIVERY, EVENT_MODE_NONE },
	{ "t", EVENT_DEFERRAL, EVENT_SYNC },
	{ "rs", EVENT_DELIVERY, EVENT_ASYNC }, /* or a delay: see dsnAction */
	{ "tq", EVENT_TYPE_NONE, EVENT_MODE_NONE },
	{ "r", EVENT_TYPE_NONE, EVENT_MODE_NONE },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void *
make(const struct parse_env *env)
{
	struct pmta *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->env = env;
	buf_init(&p->names, LIMIT_HEADERS * LIMIT_TEXT);
	if (!env->native && env->nextra == 0 && env->nlooked_at == 0)
		return p;
	if (!(p->native = calloc(1, sizeof *p->native))) {
		free(p);
		return NULL;
	}
	buf_init(&p->native->names, LIMIT_COLUMNS * LIMIT_TEXT);
	return p;
}

static void
drop(void *parser)
{
	struct pmta *p = parser;

	if (!p)
		return;
	pmta_native_free(p->native);
	buf_free(&p->names);
	free(p);
}

static bool
is_header(const struct record *rec)
{
	return rec->nfields > 1 && slice_eq(rec->field[0], SLICE("type"));
}

/*
 * As good as a header: no record type is called so. What follows has other columns, or
 * may have; read by the old map its values would stand under wrong names. (The key of a
 * file goes by is_header() alone.)
 */
static bool
names_columns(struct slice first)
{
	if (slice_starts(first, SLICE("\xef\xbb\xbf")))
		first = slice_from(
		    first, 3); /* of a file that was put behind another */
	return slice_ieq(slice_trim(first), SLICE("type"));
}

static const struct record_type *
type_of(struct slice name)
{
	for (size_t i = 0; i < COUNT(record_type); i++) {
		if (slice_eq(slice_of(record_type[i].name), name))
			return &record_type[i];
	}
	return NULL;
}

static bool
probe(struct slice line)
{
	struct slice first = { line.p, slice_find(line, ',') };

	if (first.n == line.n)
		return false;
	if (first.n > 2 && first.p[0] == '"' && first.p[first.n - 1] == '"')
		first = (struct slice){ first.p + 1, first.n - 2 };
	/* a file may have lost its header: its records are ours, and bad */
	return names_columns(first) || type_of(first);
}

/* The only one that the report names as Original-Rcpt-To; it may name several. */
static struct slice
reported_recipient(struct pmta *p)
{
	struct slice rest = p->value[PMTA_ARF_RCPT_TO], one, only = { 0 };
	char *scratch = p->nested[PMTA_ARF_RCPT_TO - PMTA_ARF_FIRST];

	while (pmta_nested_next(&rest, scratch, &one)) {
		one = parse_address(one);
		if (slice_find(one, '@') == one.n || one.n > sizeof p->address)
			continue;
		if (only.n == 0) {
			memcpy(p->address, one.p, one.n);
			only = (struct slice){ p->address, one.n };
		} else if (!slice_ieq(one, only)) {
			return (struct slice){ 0 };
		}
	}
	return only;
}

/*
 * What the bounce address says: orig, or of a complaint the Return-Path of the message.
 * Where it names the recipient, that is the one in the sender's list.
 */
static struct slice
decode_verp(struct pmta *p, struct event *ev)
{
	const struct parse_env *env = p->env;
	struct slice address = ev->sender, none = { 0 };

	if (address.n == 0 && ev->type == EVENT_COMPLAINT)
		address = parse_address(pmta_header(p, SLICE("return-path")));
	if (address.n == 0 || !env->verp(env->verp_arg, address, &ev->verp))
		return none;
	struct slice r = ev->verp.recipient;
	return slice_find(r, '@') < r.n ? r : none;
}

static void
read_recipient(struct pmta *p, struct event *ev)
{
	struct slice rcpt = parse_address(p->value[PMTA_RCPT]), original = { 0 };

	if (p->env->verp)
		original = decode_verp(p, ev);
	if (original.n == 0)
		original = pmta_orcpt(p->value[PMTA_ORCPT], p->orcpt);
	ev->id_recipient = rcpt;
	ev->recipient = original.n > 0 ? original : rcpt;
	/* of a complaint rcpt is what the reporter left of it */
	if (original.n > 0 && rcpt.n > 0 && ev->type != EVENT_COMPLAINT &&
	    !slice_ieq(original, rcpt))
		ev->final_recipient = rcpt;
	if (ev->recipient.n == 0 && ev->type == EVENT_COMPLAINT)
		ev->recipient = reported_recipient(p);
	if (ev->recipient.n == 0 && ev->type == EVENT_COMPLAINT)
		ev->recipient = pmta_only_address(
		    pmta_header(p, SLICE("to")), p->address);
	size_t n = event_domain(ev->recipient, p->domain);
	ev->recipient_domain = (struct slice){ p->domain, n };
}

/* "5.1.1 (bad destination mailbox address)" and "smtp;550 5.1.1 text". */
static void
read_outcome(struct pmta *p, struct event *ev)
{
	struct slice status = p->value[PMTA_DSN_STATUS], in_reply;

	ev->action = event_action_of(p->value[PMTA_DSN_ACTION]);
	ev->category = p->value[PMTA_BOUNCE_CAT];
	ev->diagnostic = pmta_diagnostic(p->value[PMTA_DSN_DIAG]);
	ev->smtp_code = event_reply_scan(ev->diagnostic, &in_reply);
	ev->status = (struct slice){ status.p, event_status_scan(status) };
	if (ev->status.n == 0)
		ev->status = in_reply;
	parse_host(p->value[PMTA_DSN_MTA], &ev->remote_mta, &ev->remote_ip);
	if (ev->remote_ip.n == 0)
		ev->remote_ip = p->value[PMTA_DLV_DESTINATION_IP];
	/* a delay is no failure and no success, whatever the record type says of it */
	if (ev->action == ACTION_DELAYED && ev->mode == EVENT_ASYNC)
		ev->type = EVENT_DEFERRAL;
	if (ev->type == EVENT_DELIVERY)
		ev->mode = EVENT_MODE_NONE;
}

static void
read_headers(struct pmta *p, struct event *ev)
{
	for (size_t i = 0; i < p->nslots; i++) {
		if (p->slot_value[i].n > 0)
			p->pair[ev->nheaders++] = (struct event_pair){ p->slot_name[i],
				p->slot_value[i] };
	}
	if (ev->nheaders == 0)
		return;
	ev->headers = p->pair;
	ev->message_id = parse_address(pmta_header(p, SLICE("message-id")));
	for (size_t i = 0; i < p->env->nfbl_headers && ev->fbl_id.n == 0; i++)
		ev->fbl_id = pmta_header(p, p->env->fbl_headers[i]);
}

/* The column's value, else the first one of the report's own field. */
static struct slice
reported(struct pmta *p, enum pmta_column column, enum pmta_column arf)
{
	struct slice v = p->value[column], rest = p->value[arf];

	if (v.n == 0)
		(void)pmta_nested_next(&rest, p->nested[arf - PMTA_ARF_FIRST], &v);
	return v;
}

static void
read_feedback(struct pmta *p, struct event *ev)
{
	struct slice type = reported(p, PMTA_FEEDBACK_TYPE, PMTA_ARF_FEEDBACK_TYPE);

	ev->feedback = (struct event_feedback){
		.type = type.n > 0 ? type : SLICE("abuse"),
		.format = p->value[PMTA_FORMAT],
		.reported_domain = reported(
		    p, PMTA_REPORTED_DOMAIN, PMTA_ARF_REPORTED_DOMAIN),
		.user_agent = reported(p, PMTA_USER_AGENT, PMTA_ARF_USER_AGENT),
		.source_ip = reported(p, PMTA_DLV_SOURCE_IP, PMTA_ARF_SOURCE_IP),
		.reporting_mta = reported(
		    p, PMTA_REPORTING_MTA, PMTA_ARF_REPORTING_MTA),
	};
	ev->remote_ip = p->value[PMTA_REP_SOURCE_IP];
	ev->envelope_id = reported(p, PMTA_ENV_ID, PMTA_ARF_ENVELOPE_ID);
	ev->sender = parse_address(reported(p, PMTA_ORIG, PMTA_ARF_MAIL_FROM));
}

/* false: a time is there and is none. */
static bool
read_times(struct pmta *p, struct when undated, struct event *ev)
{
	struct slice logged = p->value[PMTA_TIME_LOGGED],
		     queued = p->value[PMTA_TIME_QUEUED];
	uint64_t seconds;

	ev->delay = -1;
	if (queued.n > 0 && when_pmta(queued, p->env->zone, &ev->queued) < 0)
		return false;
	ev->time = queued.n > 0 ? ev->queued : undated;
	if (logged.n > 0 && when_pmta(logged, p->env->zone, &ev->time) < 0)
		return false;
	if (slice_u64(p->value[PMTA_TOTAL_SECONDS_QUEUED], &seconds) &&
	    seconds <= INT32_MAX)
		ev->delay = (int64_t)seconds;
	else if (logged.n > 0 && queued.n > 0 && ev->time.sec >= ev->queued.sec)
		ev->delay = ev->time.sec - ev->queued.sec;
	return true;
}

static void
read_ids(struct pmta *p, struct event *ev)
{
	ev->sender = parse_address(p->value[PMTA_ORIG]);
	ev->local_ip = p->value[PMTA_DLV_SOURCE_IP];
	ev->envelope_id = p->value[PMTA_ENV_ID];
	ev->job_id = p->value[PMTA_JOB_ID];
	ev->vmta = p->value[PMTA_VMTA];
	ev->pool = p->value[PMTA_VMTA_POOL];
	ev->queue = p->value[PMTA_QUEUE];
	ev->submitter = p->value[PMTA_RCV_SMTP_USER];
}

static enum parse_result
read_record(struct pmta *p, const struct record_type *t, struct when undated,
    struct event *ev, const char **why)
{
	*ev = (struct event){ .type = t->type, .mode = t->mode };
	if (!read_times(p, undated, ev)) {
		*why = "time not understood";
		return PARSE_BAD;
	}
	read_ids(p, ev);
	read_outcome(p, ev);
	read_headers(p, ev);
	if (ev->type == EVENT_COMPLAINT)
		read_feedback(p, ev);
	read_recipient(p, ev);
	if (ev->type == EVENT_COMPLAINT) {
		if (slice_ieq(ev->feedback.type, SLICE("not-spam")) ||
		    slice_ieq(ev->feedback.type, SLICE("auth-failure")))
			return PARSE_SKIP;
	} else if (ev->recipient.n == 0) {
		*why = "no recipient";
		return PARSE_BAD;
	}
	ev->source.format = SLICE("pmta");
	return PARSE_EVENT;
}

static enum parse_result
parse(void *parser, const struct record *rec, struct when undated, struct event *ev,
    const char **why, bool *torn)
{
	struct pmta *p = parser;

	*torn = false;
	if (rec->nfields > 1 && names_columns(rec->field[0])) {
		*why = "no memory";
		return pmta_read_header(p, rec) < 0 ? PARSE_BAD : PARSE_HEADER;
	}
	if (p->width == 0) {
		*why = "no header before this record";
		return PARSE_BAD;
	}
	if (rec->nfields != p->width) {
		*why = "not as many columns as the header";
		*torn = true;
		return PARSE_BAD;
	}
	pmta_read_values(p, rec);
	const struct record_type *t = type_of(p->value[PMTA_TYPE]);
	if (!t) {
		*why = "unknown record type";
		return PARSE_BAD;
	}
	if (t->type == EVENT_TYPE_NONE)
		return PARSE_SKIP;
	enum parse_result r = read_record(p, t, undated, ev, why);
	if (p->native && r == PARSE_EVENT)
		pmta_native_read(p, rec, ev);
	return r;
}

const struct parse_format parse_pmta = {
	.name = "pmta",
	.framing = PARSE_CSV,
	.tells_skipped = true,
	.probe = probe,
	.make = make,
	.drop = drop,
	.parse = parse,
	.is_header = is_header,
};
