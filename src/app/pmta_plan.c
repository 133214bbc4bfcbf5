/*
 * pmta_plan.c - which accounting records PowerMTA has to write to which file, and with
 * which columns, so that the events of the configured sources are whole.
 *
 * A record goes to one file only: in two it would be two events. Where there are
 * several files, those whose name says what they are for (fbl, deliveries ...) take
 * that, and the first of the others takes the rest.
 */
#include "app/pmta_config.h"

#include <string.h>

#include "event/event.h"

#define LOCAL  (PMTA_D | PMTA_B | PMTA_T)
#define REMOTE (PMTA_RB | PMTA_RS)
#define ALL    (LOCAL | REMOTE | PMTA_F)

static const struct {
	const char *name, *setting, *also;
} record[PMTA_RECORDS] = {
	{ "d", "d", "delivery" },
	{ "b", "b", "bounce" },
	{ "t", "t", "transient" },
	{ "rb", "rb", "remote-bounce" },
	{ "rs", "rs", "remote-status" },
	{ "f", "feedback-loop", "feedback-loop" },
};

/* The columns that a pmta event has keys for. */
static const struct {
	const char *name;
	unsigned records;
} columns[] = {
	{ "timeLogged", ALL },
	{ "timeQueued", LOCAL },
	{ "repSourceIp", PMTA_F },
	{ "feedbackType", PMTA_F },
	{ "format", PMTA_F },
	{ "userAgent", PMTA_F },
	{ "orig", ALL },
	{ "rcpt", ALL },
	{ "orcpt", LOCAL | REMOTE },
	{ "dsnAction", LOCAL | REMOTE },
	{ "dsnStatus", LOCAL | REMOTE },
	{ "dsnDiag", LOCAL | REMOTE },
	{ "dsnMta", LOCAL | REMOTE },
	{ "bounceCat", PMTA_B | PMTA_T | PMTA_RB },
	{ "dlvSourceIp", LOCAL | PMTA_F },
	{ "dlvDestinationIp", LOCAL },
	{ "vmta", LOCAL },
	{ "vmtaPool", LOCAL },
	{ "jobId", LOCAL },
	{ "envId", ALL },
	{ "queue", LOCAL },
	{ "rcvSmtpUser", LOCAL },
	{ "reportingMta", PMTA_F },
	{ "reportedDomain", PMTA_F },
};

/* What the name of a file says that it is for. */
static const struct {
	const char *word;
	unsigned records;
} hints[] = {
	{ "fbl", PMTA_F },
	{ "feedback", PMTA_F },
	{ "complain", PMTA_F },
	{ "arf", PMTA_F },
	{ "deliver", PMTA_D },
	{ "transient", PMTA_T },
	{ "defer", PMTA_T },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *
pmta_record_name(size_t i)
{
	return record[i].name;
}

const char *
pmta_record_setting(size_t i)
{
	return record[i].setting;
}

unsigned
pmta_record_of(struct slice name)
{
	for (size_t i = 0; i < PMTA_RECORDS; i++) {
		if (slice_ieq(name, slice_of(record[i].name)) ||
		    slice_ieq(name, slice_of(record[i].also)))
			return 1u << i;
	}
	return 0;
}

static bool
has_text(const struct config_list *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i], text) == 0)
			return true;
	}
	return false;
}

static bool
wants_type(const struct config_output *o, enum event_type type)
{
	const char *name = event_type_name(type);

	return (o->select.type.n == 0 || has_text(&o->select.type, name)) &&
	       !has_text(&o->select_not.type, name);
}

/* What the outputs make of this source's records. */
static unsigned
wanted(const struct config *c, const char *source)
{
	unsigned r = 0;

	for (size_t i = 0; i < c->noutputs; i++) {
		const struct config_output *o = &c->output[i];
		if ((o->select.source.n > 0 && !has_text(&o->select.source, source)) ||
		    has_text(&o->select_not.source, source))
			continue;
		r |= wants_type(o, EVENT_BOUNCE) ? PMTA_B | PMTA_RB : 0;
		r |= wants_type(o, EVENT_COMPLAINT) ? PMTA_F : 0;
		r |= wants_type(o, EVENT_DELIVERY) ? PMTA_D | PMTA_RS : 0;
		r |= wants_type(o, EVENT_DEFERRAL) ? PMTA_T | PMTA_RS | PMTA_RB : 0;
	}
	return r;
}

static unsigned
hinted(const struct pmta_file *f)
{
	const char *slash = strrchr(f->path, '/');

	for (size_t i = 0; i < COUNT(hints); i++) {
		if (strcasestr(slash ? slash : f->path, hints[i].word) ||
		    strcasestr(f->source->name, hints[i].word))
			return hints[i].records;
	}
	return 0;
}

static void
add_column(struct pmta_file *f, const char *prefix, struct slice name, unsigned records)
{
	struct slice p = slice_of(prefix);
	size_t i = 0;

	if (name.n == 0 || (records &= f->records) == 0)
		return;
	while (i < f->ncolumns && !(slice_eq(f->column[i].prefix, p) &&
				      slice_ieq(f->column[i].name, name)))
		i++;
	if (i == PMTA_PLAN_COLUMNS)
		return;
	f->column[i].prefix = p;
	f->column[i].name = name;
	f->column[i].records |= records;
	if (i == f->ncolumns)
		f->ncolumns++;
}

/* Columns that were asked for by their own names. */
static void
add_native(struct pmta_file *f, struct slice name)
{
	static const struct slice header = { "header_", 7 };

	if (slice_istarts(name, header))
		add_column(f, "header_", slice_from(name, header.n), ALL);
	else if (slice_istarts(name, SLICE("arf_")))
		add_column(f, "", name, PMTA_F);
	else if (slice_ieq(name, SLICE("dsnReportingMta")))
		add_column(f, "", name, REMOTE);
	else if (slice_ieq(name, SLICE("format")))
		add_column(f, "", name, REMOTE | PMTA_F);
	else
		add_column(f, "", name, LOCAL);
}

static void
add_columns(const struct config *c, struct pmta_file *f)
{
	const struct config_source *s = f->source;
	const struct config_metadata_list *m = &s->metadata;

	for (size_t i = 0; i < COUNT(columns); i++)
		add_column(f, "", slice_of(columns[i].name), columns[i].records);
	add_column(f, "header_", SLICE("Message-ID"), ALL);
	add_column(f, "header_", SLICE("To"), PMTA_F);
	add_column(f, "header_", SLICE("Return-Path"), PMTA_F);
	for (size_t i = 0; i < c->fbl_headers.n; i++)
		add_column(f, "header_", slice_of(c->fbl_headers.v[i]), ALL);
	for (size_t i = 0; i < m->n; i++) {
		struct slice from = slice_of(m->v[i].from);
		if (slice_starts(from, SLICE("headers.")))
			add_column(f, "header_", slice_from(from, 8), ALL);
		else if (slice_starts(from, SLICE("native.")))
			add_native(f, slice_from(from, 7));
	}
	for (size_t i = 0; i < s->extra.n; i++)
		add_native(f, slice_of(s->extra.v[i]));
}

static bool
is_pmta(const struct config_source *s, const char *path)
{
	size_t n = strlen(path);

	return !strcmp(s->format, "pmta") ||
	       (!strcmp(s->format, "auto") && n > 4 && !strcmp(path + n - 4, ".csv"));
}

static void
list_files(const struct config *c, struct pmta_plan *plan)
{
	for (size_t i = 0; i < c->nsources; i++) {
		const struct config_source *s = &c->source[i];
		for (size_t k = 0; k < s->path.n; k++) {
			const char *path = s->path.v[k];
			if (!is_pmta(s, path) || plan->n == PMTA_PLAN_FILES)
				continue;
			if (strpbrk(path, "*?["))
				plan->globs++;
			else
				plan->file[plan->n++] = (struct pmta_file){ .source = s,
					.path = path };
		}
	}
}

/* The file for one kind of record: one that is made for it, else the first of no
 * special kind. */
static struct pmta_file *
home_of(const struct config *c, struct pmta_plan *plan, unsigned r)
{
	struct pmta_file *home = NULL;

	for (size_t i = 0; i < plan->n; i++) {
		struct pmta_file *f = &plan->file[i];
		if (!(wanted(c, f->source->name) & r))
			continue;
		if (hinted(f) & r)
			return f;
		if (!home && hinted(f) == 0)
			home = f;
	}
	return home;
}

void
pmta_plan_make(const struct config *c, struct pmta_plan *plan)
{
	unsigned all = 0;

	*plan = (struct pmta_plan){ 0 };
	list_files(c, plan);
	for (size_t i = 0; i < plan->n; i++)
		all |= wanted(c, plan->file[i].source->name);
	for (size_t i = 0; i < PMTA_RECORDS; i++) {
		if (!(all & 1u << i))
			continue;
		struct pmta_file *home = home_of(c, plan, 1u << i);
		if (home)
			home->records |= 1u << i;
		else
			plan->homeless |= 1u << i;
	}
	for (size_t i = 0; i < plan->n; i++)
		add_columns(c, &plan->file[i]);
}
