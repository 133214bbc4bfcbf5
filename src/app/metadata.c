/*
 * metadata.c - pairs of the user's own out of an event: a key's value, or what the
 * group of that name takes of it.
 *
 * Looked at are the event's texts, message headers (headers.NAME) and columns by their
 * own names (native.COLUMN). What is not there or does not match gives no pair.
 */
#include "app/metadata.h"
#include "app/pattern.h"

#include <errno.h>
#include <stdlib.h>

static const struct key {
	const char *name;
	size_t offset; /* of a slice in struct event */
} keys[] = {
	{ "recipient", offsetof(struct event, recipient) },
	{ "recipient_domain", offsetof(struct event, recipient_domain) },
	{ "final_recipient", offsetof(struct event, final_recipient) },
	{ "sender", offsetof(struct event, sender) },
	{ "message_id", offsetof(struct event, message_id) },
	{ "envelope_id", offsetof(struct event, envelope_id) },
	{ "queue_id", offsetof(struct event, queue_id) },
	{ "job_id", offsetof(struct event, job_id) },
	{ "vmta", offsetof(struct event, vmta) },
	{ "pool", offsetof(struct event, pool) },
	{ "queue", offsetof(struct event, queue) },
	{ "fbl_id", offsetof(struct event, fbl_id) },
	{ "submitter", offsetof(struct event, submitter) },
	{ "category", offsetof(struct event, category) },
	{ "status", offsetof(struct event, status) },
	{ "diagnostic", offsetof(struct event, diagnostic) },
	{ "remote_mta", offsetof(struct event, remote_mta) },
	{ "remote_ip", offsetof(struct event, remote_ip) },
	{ "local_ip", offsetof(struct event, local_ip) },
	{ "verp.recipient", offsetof(struct event, verp.recipient) },
	{ "verp.list", offsetof(struct event, verp.list) },
	{ "verp.id", offsetof(struct event, verp.id) },
	{ "feedback.type", offsetof(struct event, feedback.type) },
	{ "feedback.format", offsetof(struct event, feedback.format) },
	{ "feedback.reported_domain",
	    offsetof(struct event, feedback.reported_domain) },
	{ "feedback.user_agent", offsetof(struct event, feedback.user_agent) },
	{ "feedback.source_ip", offsetof(struct event, feedback.source_ip) },
	{ "feedback.reporting_mta", offsetof(struct event, feedback.reporting_mta) },
	{ "source.host", offsetof(struct event, source.host) },
	{ "source.instance", offsetof(struct event, source.instance) },
	{ "source.file", offsetof(struct event, source.file) },
};

enum { KEYS = sizeof keys / sizeof keys[0] };

static const struct slice header_prefix = { "headers.", 8 };
static const struct slice native_prefix = { "native.", 7 };

struct rule {
	struct slice name;
	const struct key *key; /* NULL: a header or a column */
	struct slice header;
	struct slice column;
	struct pattern *pattern; /* NULL: the whole value */
	const char *group;       /* NULL: it only has to match */
};

struct metadata {
	size_t n;
	struct rule *rule;
	struct event_pair *pair;
	struct slice *column; /* ncolumns of them */
	size_t ncolumns;
};

static const struct key *
find_key(const char *from)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, from) == 0)
			return &keys[i];
	}
	return NULL;
}

const char *
metadata_key(size_t i)
{
	return i < KEYS ? keys[i].name : NULL;
}

bool
metadata_is_key(const char *from)
{
	struct slice s = slice_of(from);

	return find_key(from) ||
	       (slice_starts(s, header_prefix) && s.n > header_prefix.n) ||
	       (slice_starts(s, native_prefix) && s.n > native_prefix.n);
}

static int
set_up_rule(struct metadata *m, const struct config_metadata *c, struct err *e)
{
	struct rule *r = &m->rule[m->n];
	struct slice from = slice_of(c->from);

	r->name = slice_of(c->name);
	r->key = find_key(c->from);
	if (slice_starts(from, header_prefix))
		r->header = slice_from(from, header_prefix.n);
	if (slice_starts(from, native_prefix)) {
		r->column = slice_from(from, native_prefix.n);
		m->column[m->ncolumns++] = r->column;
	}
	if (c->pattern && !(r->pattern = pattern_new(c->pattern, e)))
		return e->code;
	if (r->pattern && pattern_has_group(r->pattern, c->name))
		r->group = c->name;
	m->n++;
	return 0;
}

int
metadata_new(
    const struct config_metadata_list *list, struct metadata **out, struct err *e)
{
	struct metadata *m;
	int rc = 0;

	*out = NULL;
	if (list->n == 0)
		return 0;
	if (!(m = calloc(1, sizeof *m)))
		return err_set(e, -ENOMEM, "no memory");
	m->rule = calloc(list->n, sizeof *m->rule);
	m->pair = calloc(list->n, sizeof *m->pair);
	m->column = calloc(list->n, sizeof *m->column);
	if (!m->rule || !m->pair || !m->column)
		rc = err_set(e, -ENOMEM, "no memory");
	for (size_t i = 0; rc == 0 && i < list->n; i++)
		rc = set_up_rule(m, &list->v[i], e);
	if (rc == 0)
		*out = m;
	else
		metadata_free(m);
	return rc;
}

void
metadata_free(struct metadata *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		pattern_free(m->rule[i].pattern);
	free(m->rule);
	free(m->pair);
	free(m->column);
	free(m);
}

const struct slice *
metadata_columns(const struct metadata *m, size_t *n)
{
	*n = m ? m->ncolumns : 0;
	return m ? m->column : NULL;
}

static struct slice
find_pair(const struct event_pair *v, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_ieq(v[i].name, name))
			return v[i].value;
	}
	return (struct slice){ 0 };
}

static struct slice
value_of(const struct rule *r, const struct event *ev)
{
	struct slice v;

	if (!r->key)
		return r->column.n > 0
			   ? find_pair(ev->native, ev->ncolumns, r->column)
			   : find_pair(ev->headers, ev->nheaders, r->header);
	memcpy(&v, (const char *)ev + r->key->offset, sizeof v);
	return v;
}

void
metadata_find(struct metadata *m, struct event *ev)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct rule *r = &m->rule[i];
		struct slice v = value_of(r, ev);
		if (v.n == 0 || (r->pattern && !pattern_match(r->pattern, v)))
			continue;
		if (r->group)
			v = pattern_group(r->pattern, r->group);
		if (v.n > 0)
			m->pair[n++] = (struct event_pair){ r->name, v };
	}
	ev->metadata = m->pair;
	ev->nmetadata = n;
}
