/*
 * pmta_config.h - what the files of `bouncefeed pmta-config` share: cmd_pmta_config.c
 * (the command), pmta_plan.c (which records go where, with which columns), pmta_found.c
 * (what PowerMTA's own configuration says now).
 */
#ifndef BOUNCEFEED_PMTA_CONFIG_H
#define BOUNCEFEED_PMTA_CONFIG_H

#include "app/config.h"

/* Record types, as bits. */
enum pmta_record {
	PMTA_D = 1 << 0,
	PMTA_B = 1 << 1,
	PMTA_T = 1 << 2,
	PMTA_RB = 1 << 3,
	PMTA_RS = 1 << 4,
	PMTA_F = 1 << 5,
	PMTA_RECORDS = 6,
};

const char *pmta_record_name(size_t i);     /* "rb": in rows and record-fields */
const char *pmta_record_setting(size_t i);  /* "rb", "feedback-loop": in records */
unsigned pmta_record_of(struct slice name); /* either, or the long name; 0: unknown */

enum { PMTA_PLAN_COLUMNS = 128, PMTA_PLAN_FILES = 64 };

/* One file that PowerMTA is to write. */
struct pmta_file {
	const struct config_source *source;
	const char *path;
	unsigned records;
	size_t ncolumns;
	struct {
		struct slice prefix, name; /* "header_" and "X-Job", or "" and "orig" */
		unsigned records;
	} column[PMTA_PLAN_COLUMNS];
};

struct pmta_plan {
	size_t n;
	struct pmta_file file[PMTA_PLAN_FILES];
	unsigned homeless; /* records that an output wants and no file takes */
	size_t globs;      /* paths that name no one file */
};

/* Fills in plan, which is large. */
void pmta_plan_make(const struct config *c, struct pmta_plan *plan);

/* An <acct-file> of PowerMTA's own configuration; its texts point into that. */
struct pmta_found {
	struct slice path, move_to;
	unsigned records; /* 0: all */
	size_t nfields;
	struct {
		unsigned record;
		struct slice list;
	} fields[2 * PMTA_RECORDS];
};

/* The block of this path in the text; false: there is none. */
bool pmta_found_read(struct slice text, const char *path, struct pmta_found *out);

/* Is the column in its record-fields of that record? True where there are none of it:
 * PowerMTA's defaults then. */
bool pmta_found_has(const struct pmta_found *f, unsigned record, struct slice prefix,
    struct slice name);

#endif
