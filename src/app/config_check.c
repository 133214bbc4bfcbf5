/*
 * config_check.c - what one value cannot tell by itself: names and paths that meet
 * twice, what is missing, URLs, pairs of values, and files that have to be there.
 *
 * An entry that had a fault already is passed over, so that one mistake is one line.
 * Offline, nothing that the configuration names is opened.
 */
#include "app/config_internal.h"
#include "source/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct check {
	const struct config *c;
	struct config_faults *faults;
	struct config_faults *notes;
	bool offline;
};

/* Where a key's value stands, or its entry where it is not set. */
static struct config_mark
at_output(const struct config_output *o, const char *key)
{
	size_t i = config_key_find(&config_output_table, key);

	return o->mark[i].line ? o->mark[i] : o->at;
}

static struct config_mark
at_source(const struct config_source *s, const char *key)
{
	size_t i = config_key_find(&config_source_table, key);

	return s->mark[i].line ? s->mark[i] : s->at;
}

bool
config_is_name(const char *name)
{
	struct slice s = slice_of(name);

	for (size_t i = 0; i < s.n; i++) {
		char c = to_lower(s.p[i]);

		if ((c < 'a' || c > 'z') && !is_digit(c) && !strchr("._-", c))
			return false;
	}
	return s.n > 0 && s.n <= CONFIG_NAME;
}

/* One name: there, well formed, and not `other`s'. */
static void
check_name(struct check *k, const char *name, struct config_mark at,
    const char *const *seen, size_t n)
{
	if (!name) {
		fault_add(k->faults, at, "name is missing");
		return;
	}
	if (!config_is_name(name)) {
		fault_add(k->faults, at,
		    "name: \"%s\" has to be 1 to 64 of A-Z a-z 0-9 . _ -",
		    cut_text(name).s);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (seen[i] && strcmp(seen[i], name) == 0) {
			fault_add(k->faults, at, "name: \"%s\" is there twice", name);
			return;
		}
}

static bool
has_path(const struct config_list *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], path) == 0)
			return true;
	return false;
}

/* The same file in two sources would be read twice. */
static void
check_paths(struct check *k, size_t index)
{
	const struct config_source *s = &k->c->source[index];

	if (s->path.n == 0)
		fault_add(k->faults, at_source(s, "path"), "path is missing");
	for (size_t i = 0; i < s->path.n; i++) {
		const char *path = s->path.v[i];

		for (size_t j = 0; j < index; j++)
			if (has_path(&k->c->source[j].path, path)) {
				fault_add(k->faults, s->path.at[i],
				    "path: \"%s\" is in source \"%s\" already",
				    cut_text(path).s, cut_text(k->c->source[j].name).s);
				break;
			}
		if (!k->offline && !strpbrk(path, "*?[") && access(path, F_OK) < 0)
			fault_add(k->notes, s->path.at[i],
			    "path: \"%s\" is not there yet: %s", cut_text(path).s,
			    strerror(errno));
	}
}

static void
check_timezone(struct check *k, const struct config_source *s)
{
	struct zone *z = NULL;
	int rc = zone_load(s->timezone, &z);

	if (rc < 0)
		fault_add(k->faults, at_source(s, "timezone"), "timezone: \"%s\" %s",
		    cut_text(s->timezone).s,
		    rc == -ENOENT ? "is not known to this system" : strerror(-rc));
	zone_free(z);
}

static void
check_sources(struct check *k)
{
	const char *seen[CONFIG_ENTRIES];

	for (size_t i = 0; i < k->c->nsources; i++) {
		const struct config_source *s = &k->c->source[i];

		seen[i] = s->name;
		if (s->faulty)
			continue;
		check_name(k, s->name, at_source(s, "name"), seen, i);
		check_paths(k, i);
		check_timezone(k, s);
		if (s->poll > 0 && s->poll < SOURCE_POLL_MIN_MS)
			fault_add(k->faults, at_source(s, "poll"),
			    "poll: at least 100ms, or 0 for inotify");
		check_verp(s, k->faults);
		check_metadata(s, k->faults);
	}
}

static bool
is_local_host(struct slice host)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr ip;
	size_t colon;

	if (slice_starts(host, SLICE("["))) {
		host.n = slice_find(host, ']');
		return slice_eq(host, SLICE("[::1"));
	}
	colon = slice_find(host, ':');
	host.n = colon;
	if (slice_ieq(host, SLICE("localhost")))
		return true;
	if (host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	return inet_pton(AF_INET, text, &ip) == 1 && ntohl(ip.s_addr) >> 24 == 127;
}

static bool
has_blank(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '\\')
			return true;
	return false;
}

/* Nothing, or a colon and a number: else part of a password may have got there. */
static bool
is_port(struct slice host)
{
	struct slice s = slice_from(host, slice_starts(host, SLICE("["))
					      ? slice_find(host, ']') + 1
					      : slice_find(host, ':'));
	uint64_t port;

	return s.n == 0 || (s.p[0] == ':' && slice_u64(slice_from(s, 1), &port) &&
			       port > 0 && port <= 65535);
}

/* Its text is not shown: it may come from a file that is secret. */
static void
check_url_text(struct check *k, const struct config_output *o, struct slice text)
{
	struct config_mark at = at_output(o, "url");
	struct url u = url_split(text);
	bool http = slice_ieq(u.scheme, SLICE("http"));

	if (!http && !slice_ieq(u.scheme, SLICE("https")))
		fault_add(k->faults, at, "url: has to begin with https:// or http://");
	else if (u.host.n == 0 || u.host.p[0] == ':')
		fault_add(k->faults, at, "url: has no host");
	else if (!is_port(u.host))
		fault_add(k->faults, at, "url: its port is no number from 1 to 65535");
	else if (has_blank(text))
		fault_add(k->faults, at,
		    "url: has a blank, a backslash or a control "
		    "character in it");
	else if (http && !o->insecure && !is_local_host(u.host))
		fault_add(k->faults, at,
		    "url: http:// to another machine is not safe; take https://, or "
		    "set "
		    "insecure: true");
}

/* A secret that can be had; its text goes to `then` where one is given. */
static void
check_secret(struct check *k, const struct config_output *o, const char *key,
    const struct config_secret *s,
    void (*then)(struct check *k, const struct config_output *o, struct slice text))
{
	struct err e = { 0 };
	struct buf text;

	if (s->kind == CONFIG_SECRET_NONE ||
	    (k->offline && s->kind != CONFIG_SECRET_TEXT))
		return;
	buf_init(&text, CONFIG_SECRET_MAX);
	if (config_secret_read(s, &text, &e) < 0)
		fault_add(k->faults, s->at, "%s: %s", key, e.text);
	else if (then)
		then(k, o, buf_slice(&text));
	if (text.p)
		explicit_bzero(text.p, text.n);
	buf_free(&text);
}

/* The first of the auth keys that is set. */
static struct config_mark
at_auth(const struct config_output *o)
{
	for (size_t i = 0; i < config_output_table.n; i++)
		if (o->mark[i].line &&
		    strncmp(config_output_table.key[i].name, "auth.", 5) == 0)
			return o->mark[i];
	return o->at;
}

static void
check_auth(struct check *k, const struct config_output *o)
{
	bool bearer = o->auth_bearer.kind != CONFIG_SECRET_NONE;
	bool password = o->auth_basic_password.kind != CONFIG_SECRET_NONE;
	bool value = o->auth_header_value.kind != CONFIG_SECRET_NONE;
	bool basic = o->auth_basic_user || password;
	bool header = o->auth_header_name || value;
	const char *missing = basic && !o->auth_basic_user     ? "auth.basic.user"
			      : basic && !password             ? "auth.basic.password"
			      : header && !o->auth_header_name ? "auth.header.name"
			      : header && !value               ? "auth.header.value"
							       : NULL;

	if (bearer + basic + header > 1)
		fault_add(k->faults, at_auth(o),
		    "auth: at most one of bearer, basic, header is taken");
	else if (missing)
		fault_add(k->faults, at_auth(o), "%s is missing", missing);
	check_secret(k, o, "auth.bearer", &o->auth_bearer, NULL);
	check_secret(k, o, "auth.basic.password", &o->auth_basic_password, NULL);
	check_secret(k, o, "auth.header.value", &o->auth_header_value, NULL);
}

/* RFC 9110, 5.6.2: a token */
static bool
is_header_name(const char *name)
{
	for (size_t i = 0; name[i]; i++) {
		char c = to_lower(name[i]);

		if ((c < 'a' || c > 'z') && !is_digit(c) &&
		    !strchr("!#$%&'*+-.^_`|~", c))
			return false;
	}
	return name[0] != '\0';
}

/* A line end in a header would begin another one. */
static void
check_headers(struct check *k, const struct config_output *o)
{
	if (o->auth_header_name && !is_header_name(o->auth_header_name))
		fault_add(k->faults, at_output(o, "auth.header.name"),
		    "auth.header.name: \"%s\" is no header name",
		    cut_text(o->auth_header_name).s);
	for (size_t i = 0; i < o->headers.n; i++) {
		const struct config_pair *p = &o->headers.v[i];

		if (!is_header_name(p->name))
			fault_add(k->faults, p->at, "headers: \"%s\" is no header name",
			    cut_text(p->name).s);
		else if (strpbrk(p->value, "\r\n"))
			fault_add(k->faults, p->at,
			    "headers: a line end in the value of \"%s\"",
			    cut_text(p->name).s);
	}
}

static void
check_file(
    struct check *k, const struct config_output *o, const char *key, const char *path)
{
	char c;

	if (!path || k->offline)
		return;
	ssize_t n = file_read(path, &c, 1);
	if (n <= 0)
		fault_add(k->faults, at_output(o, key), "%s: \"%s\" %s%s", key,
		    cut_text(path).s, n < 0 ? "cannot be read: " : "is empty",
		    n < 0 ? strerror((int)-n) : "");
}

/* Only where every source has its name: a missing one may be the one that is meant. */
static void
check_selected(struct check *k, const char *key, const struct config_list *names)
{
	for (size_t i = 0; i < k->c->nsources; i++)
		if (!k->c->source[i].name)
			return;
	for (size_t i = 0; i < names->n; i++) {
		struct nearest near;
		const char *want = names->v[i];
		size_t j = 0;

		nearest_init(&near, want);
		while (j < k->c->nsources && strcmp(k->c->source[j].name, want) != 0)
			nearest_offer(&near, slice_of(k->c->source[j++].name));
		if (j == k->c->nsources)
			fault_add(k->faults, names->at[i],
			    "%s: \"%s\" is no configured source%s", key,
			    cut_text(want).s, nearest_hint(&near).s);
	}
}

static void
check_output(struct check *k, const struct config_output *o)
{
	if (o->url.kind == CONFIG_SECRET_NONE)
		fault_add(k->faults, at_output(o, "url"), "url is missing");
	check_secret(k, o, "url", &o->url, check_url_text);
	check_auth(k, o);
	check_headers(k, o);
	check_file(k, o, "tls.ca_file", o->tls_ca_file);
	check_file(k, o, "tls.cert_file", o->tls_cert_file);
	check_file(k, o, "tls.key_file", o->tls_key_file);
	if (o->retry_min > o->retry_max)
		fault_add(k->faults, at_output(o, "retry.min"),
		    "retry.min is longer than retry.max");
	check_selected(k, "select.source", &o->select.source);
	check_selected(k, "select.not.source", &o->select_not.source);
}

static void
check_outputs(struct check *k)
{
	const char *seen[CONFIG_ENTRIES];

	for (size_t i = 0; i < k->c->noutputs; i++) {
		const struct config_output *o = &k->c->output[i];

		seen[i] = o->name;
		if (o->faulty)
			continue;
		check_name(k, o->name, at_output(o, "name"), seen, i);
		check_output(k, o);
	}
}

void
config_check(const struct config *c, bool offline, struct config_faults *f,
    struct config_faults *notes)
{
	struct check k = { c, f, notes, offline };

	check_sources(&k);
	check_outputs(&k);
}
