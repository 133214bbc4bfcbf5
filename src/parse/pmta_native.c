/*
 * pmta_native.c - a record's other columns by their own names: what has no key of its
 * own in the event, and what `extra` asks for whether it has one or not.
 *
 * Names are the header's, in its spelling; where one occurs twice, the first value that
 * is not empty counts. Columns whose name is no printable ASCII are left out: cleaned
 * in JSON two of them might become one.
 */
#include "parse/pmta.h"

#include <stdlib.h>

void
pmta_native_free(struct pmta_native *n)
{
	if (n)
		buf_free(&n->names);
	free(n);
}

static bool
is_among(const struct slice *list, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_ieq(list[i], name))
			return true;
	}
	return false;
}

static bool
is_plain(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < ' ' || name.p[i] >= 0x7f)
			return false;
	}
	return name.n > 0 && name.n <= LIMIT_TEXT;
}

/* Has an event of this type a key for it? Those of a report are its columns alone. */
static bool
has_key(unsigned column, enum event_type type)
{
	if (column >= PMTA_ARF_FIRST && column < PMTA_COLUMN_COUNT)
		return false; /* CSV may be nested in it */
	if (column >= PMTA_REP_SOURCE_IP && column < PMTA_ARF_FIRST)
		return type == EVENT_COMPLAINT;
	return column != PMTA_IGNORED;
}

static void
add(struct pmta_native *n, size_t column, unsigned kind, struct slice name)
{
	size_t slot = 0;

	while (slot < n->n && !slice_ieq(n->name[slot], name))
		slot++;
	if (slot == n->n) {
		n->name[slot] = (struct slice){ n->names.p + n->names.n, name.n };
		(void)buf_add(&n->names, name); /* reserved: does not move */
		n->column[slot] = (unsigned short)kind;
		n->n++;
	}
	n->slot[column] = (unsigned short)(slot + 1);
}

static bool
is_extra(const struct parse_env *env, unsigned column, struct slice name)
{
	(void)column;
	return is_among(env->extra, env->nextra, name);
}

static bool
is_other(const struct parse_env *env, unsigned column, struct slice name)
{
	(void)name;
	return env->native && !has_key(column, EVENT_TYPE_NONE);
}

static bool
is_looked_at(const struct parse_env *env, unsigned column, struct slice name)
{
	(void)column;
	return is_among(env->looked_at, env->nlooked_at, name);
}

/* A slot for each column that is wanted and has none yet. */
static void
add_wanted(struct pmta_native *n, const struct pmta *p, const struct record *rec,
    bool (*wanted)(const struct parse_env *env, unsigned column, struct slice name))
{
	for (size_t i = 0; i < rec->nfields; i++) {
		struct slice name = slice_trim(rec->field[i]);
		if (n->slot[i] == 0 && is_plain(name) &&
		    wanted(p->env, p->map[i], name))
			add(n, i, p->map[i], name);
	}
}

int
pmta_native_header(struct pmta *p, const struct record *rec)
{
	struct pmta_native *n = p->native;
	size_t room = 0;

	n->n = 0;
	buf_clear(&n->names);
	for (size_t i = 0; i < rec->nfields; i++) {
		n->slot[i] = 0;
		room += rec->field[i].n;
	}
	int rc = buf_reserve(&n->names, room < n->names.max ? room : n->names.max);
	if (rc < 0)
		return rc;
	add_wanted(n, p, rec, is_extra);
	n->nextra = n->n;
	add_wanted(n, p, rec, is_other);
	n->nnative = n->n;
	add_wanted(n, p, rec, is_looked_at);
	return 0;
}

void
pmta_native_read(struct pmta *p, const struct record *rec, struct event *ev)
{
	struct pmta_native *n = p->native;

	for (size_t i = 0; i < n->n; i++)
		n->value[i] = (struct slice){ 0 };
	for (size_t i = 0; i < rec->nfields; i++) {
		size_t slot = n->slot[i];
		if (slot > 0 && n->value[slot - 1].n == 0)
			n->value[slot - 1] = slice_trim(rec->field[i]);
	}
	ev->native = n->pair;
	for (size_t i = 0; i < n->n; i++) {
		bool other = i >= n->nextra && i < n->nnative;
		if (n->value[i].n == 0 || (other && has_key(n->column[i], ev->type)))
			continue;
		n->pair[ev->ncolumns++] = (struct event_pair){ n->name[i],
			n->value[i] };
		ev->nextra += i < n->nextra;
		ev->nnative += i < n->nnative;
	}
}
