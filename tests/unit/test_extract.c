/*
 * test_extract.c - what a source's configuration takes out of its records: metadata,
 * VERP, columns for native; through the stream, from YAML and CSV.
 *
 * Wanted is a part of the event's JSON that has to be there, or after a ! must not be.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_internal.h"
#include "app/extract.h"
#include "app/metadata.h"
#include "app/pattern.h"

Suite *suite_extract(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define HEAD                                                                   \
	"type,timeLogged,orig,rcpt,dsnStatus,jobId,userString,header_X-FBLId," \
	"header_Return-Path,srcType,srcType,format,dlvSize\n"
#define B                                                                         \
	"b,1700000000,b+17-anna=x.example@l.example,a@y.example,5.1.1 (x),job-9," \
	"u/7,c17.l3,,,api,dsn,42\n"
#define F "f,1700000000,,,,,,,<b+17-anna=x.example@l.example>,,,arf,\n"

static const struct extract_case {
	const char *name;
	const char *source; /* keys of the source */
	bool native;        /* of the output */
	const char *row;
	const char *want[6];
} extract_cases[] = {
	{ "nothing is asked for", "{}", false, B,
	    { "!\"metadata\"", "!\"verp\"", "!\"native\"",
		"\"recipient\":\"a@y.example\"" } },
	{ "a whole value", "{metadata: {job: {from: job_id}}}", false, B,
	    { "\"metadata\":{\"job\":\"job-9\"}", "!\"native\"" } },
	{ "the group of that name",
	    "{metadata: {c: {from: headers.x-fblid, pattern: '^c(?<c>\\d+)\\.'}}}",
	    false, B, { "\"metadata\":{\"c\":\"17\"}" } },
	{ "header names in any case, order of the configuration",
	    "{metadata: {z: {from: headers.X-FBLID}, a: {from: source.host}}}", false,
	    B, { "\"metadata\":{\"z\":\"c17.l3\",\"a\":\"h\"}" } },
	{ "a pattern without groups only has to match",
	    "{metadata: {j: {from: job_id, pattern: '^job'}, k: {from: job_id, "
	    "pattern: '^no'}}}",
	    false, B, { "\"metadata\":{\"j\":\"job-9\"}", "!\"k\"" } },
	{ "what is not there gives no pair",
	    "{metadata: {m: {from: message_id}, n: {from: headers.x}}}", false, B,
	    { "!\"metadata\"" } },
	{ "an empty group gives no pair",
	    "{metadata: {m: {from: job_id, pattern: '(?<m>x*)job'}}}", false, B,
	    { "!\"metadata\"" } },
	{ "a column by its own name stays out of native",
	    "{metadata: {u: {from: native.USERSTRING, pattern: '/(?<u>.*)'}}}", false,
	    B, { "\"metadata\":{\"u\":\"7\"}", "!\"native\"" } },
	{ "a column with a key of its own", "{metadata: {s: {from: native.dsnStatus}}}",
	    true, B, { "\"metadata\":{\"s\":\"5.1.1 (x)\"}", "!dsnStatus" } },
	{ "VERP names the recipient",
	    "{bounces: {verp: ['^x(?<id>.)', '^b\\+(?<id>\\d+)-(?<recipient>.+)@']}}",
	    false, B,
	    { "\"recipient\":\"anna@x.example\",\"recipient_domain\":\"x.example\"",
		"\"final_recipient\":\"a@y.example\"",
		"\"verp\":{\"scheme\":\"user:2\",\"recipient\":\"anna@x.example\","
		"\"id\":\"17\"}" } },
	{ "metadata out of VERP",
	    "{bounces: {verp: ['^b\\+(?<id>\\d+)-']}, metadata: {i: {from: verp.id}}}",
	    false, B,
	    { "\"metadata\":{\"i\":\"17\"}", "\"recipient\":\"a@y.example\"",
		"!final_recipient" } },
	{ "VERP without a recipient leaves it",
	    "{bounces: {verp: ['^b\\+(?<recipient>\\d+)-']}}", false, B,
	    { "\"verp\":{\"scheme\":\"user:1\",\"recipient\":\"17\"}",
		"\"recipient\":\"a@y.example\"" } },
	{ "VERP in angle brackets",
	    "{bounces: {verp: ['-(?<recipient>.+)@(?<list>.*)']}}", false,
	    "b,1700000000,b+1-<x@y.example>@l.example,,,,,,,,,,\n",
	    { "\"verp\":{\"scheme\":\"user:1\",\"recipient\":\"x@y.example\","
	      "\"list\":\"l.example\"}",
		"\"recipient\":\"x@y.example\"" } },
	{ "VERP that does not fit", "{bounces: {verp: ['^z(?<id>.)']}}", false, B,
	    { "!\"verp\"" } },
	{ "VERP of a complaint stands in the Return-Path",
	    "{bounces: {verp: ['-(?<recipient>.+)@']}}", false, F,
	    { "\"type\":\"complaint\"", "\"recipient\":\"anna@x.example\"",
		"!final_recipient", "!\"sender\"" } },
	{ "other columns", "{}", true, B,
	    { "\"native\":{\"userString\":\"u/7\",\"srcType\":\"api\",\"format\":"
	      "\"dsn\",\"dlvSize\":\"42\"}" } },
	{ "a report's format has its key", "{}", true, F,
	    { "\"format\":\"arf\"", "!\"native\"" } },
	{ "further columns for every output", "{extra: [USERstring, dsnStatus, gone]}",
	    false, B,
	    { "\"native\":{\"dsnStatus\":\"5.1.1 (x)\",\"userString\":\"u/7\"}" } },
	{ "further columns stand first among all", "{extra: [dlvSize, jobId]}", true, B,
	    { "\"native\":{\"jobId\":\"job-9\",\"dlvSize\":\"42\",\"userString\":"
	      "\"u/7\",\"srcType\":\"api\",\"format\":\"dsn\"}" } },
};

struct got {
	struct buf json;
	bool native;
	size_t bad;
};

static int
on_event(void *arg, const struct event *ev)
{
	struct got *g = arg;

	return g->native ? event_json_native(ev, &g->json) : event_json(ev, &g->json);
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	(void)file;
	(void)offset;
	(void)bytes;
	(void)why;
	((struct got *)arg)->bad++;
}

/* The source's keys as they are read, without faults. */
static void
read_source(const struct extract_case *c, struct config_source *out)
{
	struct config_faults f;
	struct target t = { &config_source_table, (char *)out, NULL, &f };

	memset(out, 0, sizeof *out);
	config_faults_init(&f);
	t.mark = calloc(t.table->n, sizeof *t.mark);
	ck_assert_msg(t.mark && table_defaults(t.table, out), "no memory");
	struct node *n = node_parse(slice_of(c->source), "t.yaml", &f);
	ck_assert_msg(
	    n && table_walk(&t, n), "%s: got %.*s", c->name, (int)f.text.n, f.text.p);
	check_metadata(out, &f);
	check_verp(out, &f);
	ck_assert_msg(f.count == 0, "%s: got %.*s", c->name, (int)f.text.n, f.text.p);
	node_free(n);
	free(t.mark);
	config_faults_free(&f);
}

static void
feed(struct stream_env *env, const char *text)
{
	struct stream *s = stream_new(env);

	ck_assert_msg(s != NULL, "no memory");
	int rc = stream_feed(
	    s, slice_of(text), true, SLICE("f.csv"), (struct when){ .sec = 1 });
	ck_assert_msg(rc == 0, "stream_feed: got %d, want 0", rc);
	stream_free(s);
}

static void
is_wanted(const char *name, struct slice json, const char *want)
{
	bool no = want[0] == '!';
	bool there = memmem(json.p, json.n, want + no, strlen(want + no)) != NULL;

	ck_assert_msg(there != no, "%s: got %.*s, want %s%s", name, (int)json.n, json.p,
	    no ? "nowhere " : "", want + no);
}

START_TEST(what_the_configuration_asks_for_is_in_the_event)
{
	const struct extract_case *c = &extract_cases[_i];
	struct config_output output = { .native = c->native };
	struct config conf = { .output = &output, .noutputs = 1 };
	struct config_source source;
	struct got got = { .native = c->native };
	struct stream_env env = {
		.format = &parse_pmta,
		.classifier = classify_new(),
		.hash = hash_new(),
		.max_record = 1 << 16,
		.source = SLICE("s"),
		.host = SLICE("h"),
		.on_event = on_event,
		.on_bad = on_bad,
		.arg = &got,
	};
	struct extract x;
	struct err e = { 0 };
	char text[1024];

	buf_init(&got.json, LIMIT_EVENT);
	read_source(c, &source);
	int rc = extract_init(&x, &conf, &source, &env, &e);
	ck_assert_msg(rc == 0, "%s: extract_init: %d %s", c->name, rc, e.text);
	(void)snprintf(text, sizeof text, "%s%s", HEAD, c->row);
	feed(&env, text);
	ck_assert_msg(got.json.n > 0 && got.bad == 0, "%s: got no event", c->name);
	for (size_t i = 0; i < COUNT(c->want) && c->want[i]; i++)
		is_wanted(c->name, buf_slice(&got.json), c->want[i]);
	extract_free(&x);
	buf_free(&got.json);
	classify_free(env.classifier);
	hash_free(env.hash);
	table_free(&config_source_table, &source);
}
END_TEST

/* A pattern that backtracks for ever gives up soon. */
START_TEST(a_pattern_costs_no_more_than_its_limit)
{
	struct err e = { 0 };
	struct pattern *p = pattern_new("^(?<a>(a|aa)+)+$", &e);
	char text[1024];

	ck_assert_msg(p != NULL, "got %s", e.text);
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = 'b';
	ck_assert_msg(!pattern_match(p, (struct slice){ text, sizeof text }),
	    "got a match, want none");
	ck_assert_msg(pattern_match(p, SLICE("aaa")), "got no match, want one");
	pattern_free(p);
	ck_assert_msg((p = pattern_new("^\xc3\xbc(?<g>.)", &e)) != NULL, "%s", e.text);
	ck_assert_msg(!pattern_match(p, SLICE("\xc3")), "half a character matches");
	ck_assert_msg(pattern_match(p, SLICE("\xc3\xbc\xe2\x82\xac\xff")) &&
			  slice_eq(pattern_group(p, "g"), SLICE("\xe2\x82\xac")),
	    "want the euro sign");
	ck_assert_msg(!pattern_match(p, (struct slice){ 0 }), "nothing matches");
	pattern_free(p);
	pattern_free(NULL);
}
END_TEST

Suite *
suite_extract(void)
{
	Suite *s = suite_create("extract");
	TCase *t = tcase_create("extract");

	tcase_add_loop_test(t, what_the_configuration_asks_for_is_in_the_event, 0,
	    COUNT(extract_cases));
	tcase_add_test(t, a_pattern_costs_no_more_than_its_limit);
	suite_add_tcase(s, t);
	return s;
}
