/*
 * parse.h - records to events, one file a format.
 *
 * To add a format: write its file, add a row to the table in parse.c, put samples and
 * their golden transcripts under samples/NAME/.
 */
#ifndef BOUNCEFEED_PARSE_H
#define BOUNCEFEED_PARSE_H

#include "base/base.h"
#include "event/event.h"

enum parse_result {
	PARSE_EVENT,
	PARSE_MORE, /* an event, and perhaps more of the same record: parse it again */
	PARSE_SKIP, /* understood, and no event */
	PARSE_HEADER, /* names the columns of the records that follow */
	PARSE_BAD,    /* ours, broken: `why` says why */
};

enum parse_framing { PARSE_CSV, PARSE_LINES };

struct track;

/* What a parser knows beside the record. All of it outlives the parser. */
struct parse_env {
	const struct zone *zone; /* for times without a zone */
	const struct slice
	    *fbl_headers; /* names, lower case: the first one there is fbl_id */
	size_t nfbl_headers;
	/* Columns by their own names, without regard to case: those that go into native
	 * for all outputs, and those that are only looked at. native: all of them. */
	const struct slice *extra;
	size_t nextra;
	const struct slice *looked_at;
	size_t nlooked_at;
	bool native;
	/* What an envelope sender or bounce address says, to *out; false: nothing. The
	 * slices are good until the next call. NULL: nobody knows. */
	bool (*verp)(void *arg, struct slice address, struct event_verp *out);
	void *verp_arg;
	struct track
	    *track; /* what earlier lines said: one for all files of a source */
};

struct parse_format {
	const char *name; /* as in the configuration and in source.format */
	enum parse_framing framing;
	bool tells_skipped; /* what gives no event is still a record of its own: counted
			     */
	bool ordered; /* earlier files are read first: their lines explain later ones */
	/* true where the first line of a file looks like this format */
	bool (*probe)(struct slice line);
	/* -> a parser for one file, NULL without memory */
	void *(*make)(const struct parse_env *env);
	void (*drop)(void *parser);
	/*
	 * One record. undated: the time to use where the record has none. EVENT: *ev is
	 * filled but for class, reason, rule, source.name, source.file, labels and id.
	 * BAD and `torn`: the record may be two; go on at its second physical line.
	 */
	enum parse_result (*parse)(void *parser, const struct record *rec,
	    struct when undated, struct event *ev, const char **why, bool *torn);
	/* The event of the last parse() was taken: what its record changes in the track
	 * is changed now, not before. NULL: nothing. */
	void (*taken)(void *parser);
	/* true where the record only names the columns of others (a CSV header) */
	bool (*is_header)(const struct record *rec);
};

extern const struct parse_format *const parse_formats[]; /* ends with NULL */

const struct parse_format *parse_format_of(struct slice name); /* NULL: not known */

/* The format whose probe fits the first line of a file; NULL: none. */
const struct parse_format *parse_probe(struct slice line);

extern const struct parse_format parse_pmta, parse_maillog, parse_postfix,
    parse_sendmail;

/* Shared by the formats. */

/* An address without blanks and the angle brackets around it. */
struct slice parse_address(struct slice in);

/* "host (ip)", "[ip] (ip)", "host", "": what there is. */
void parse_host(struct slice in, struct slice *host, struct slice *ip);

#endif
