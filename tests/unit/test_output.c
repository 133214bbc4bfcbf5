/*
 * test_output.c - what an answer means, how long to wait, what a body looks like.
 */
#include <check.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output/output.h"

Suite *suite_output(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The contract's table, section 4. */
static enum output_verdict
contract(unsigned code, bool complete)
{
	if (!complete || code == 0)
		return VERDICT_AGAIN; /* cut short, no answer */
	if (code >= 200 && code < 300)
		return VERDICT_ACCEPTED;
	if (code >= 500)
		return VERDICT_AGAIN;
	switch (code) {
	case 408:
	case 409:
	case 421:
	case 423:
	case 425:
	case 429:
		return VERDICT_AGAIN;
	case 413:
		return VERDICT_HALVE;
	case 400:
	case 422:
		return VERDICT_REFUSED;
	default:
		return VERDICT_HOLD;
	}
}

START_TEST(an_answer_means_what_the_contract_says)
{
	for (unsigned code = 0; code < 600; code++) {
		for (int complete = 0; complete < 2; complete++) {
			enum output_verdict got = output_verdict_of(code, complete);
			enum output_verdict want = contract(code, complete);
			ck_assert_msg(got == want, "%u%s: got %s, want %s", code,
			    complete ? "" : " cut short", output_verdict_name(got),
			    output_verdict_name(want));
		}
	}
}
END_TEST

START_TEST(a_code_that_is_none_loses_nothing)
{
	static const unsigned codes[] = { 600, 999, 1000, 65535, 4294967295u };

	for (size_t i = 0; i < COUNT(codes); i++) {
		enum output_verdict got = output_verdict_of(codes[i], true);
		ck_assert_msg(got == VERDICT_HOLD || got == VERDICT_AGAIN,
		    "%u: got %s, want hold or again", codes[i],
		    output_verdict_name(got));
	}
}
END_TEST

START_TEST(verdicts_have_names)
{
	static const struct {
		enum output_verdict v;
		const char *want;
	} cases[] = { { VERDICT_ACCEPTED, "accepted" }, { VERDICT_AGAIN, "again" },
		{ VERDICT_REFUSED, "refused" }, { VERDICT_HOLD, "hold" } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = output_verdict_name(cases[i].v);
		ck_assert_msg(
		    !strcmp(got, cases[i].want), "got %s, want %s", got, cases[i].want);
	}
}
END_TEST

START_TEST(a_backoff_is_at_most_what_its_number_allows)
{
	static const struct {
		uint64_t min, max, n, limit;
	} cases[] = {
		{ 1000, 30000, 0, 1000 },
		{ 1000, 30000, 1, 1000 },
		{ 1000, 30000, 2, 2000 },
		{ 1000, 30000, 5, 16000 },
		{ 1000, 30000, 6, 30000 },
		{ 1000, 30000, 1000000, 30000 },
		{ 1000, 30000, UINT64_MAX, 30000 },
		{ 1, 1, UINT64_MAX, 1 },
		{ 5000, 5000, 3, 5000 },
		{ 9000, 5000, 1, 5000 },
		{ 3, INT64_MAX, UINT64_MAX, INT64_MAX },
		{ 0, 0, 3, 0 },
		{ 0, 1000, 64, 0 },
	};
	static const uint64_t random[] = { 0, 1, 999, 1000, 1001, 123456789,
		UINT64_C(0x8000000000000000), UINT64_MAX - 1, UINT64_MAX };

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t limit = cases[i].limit;
		for (size_t k = 0; k < COUNT(random); k++) {
			uint64_t got = output_backoff(
			    cases[i].min, cases[i].max, cases[i].n, random[k]);
			ck_assert_msg(got <= limit,
			    "min %llu max %llu try %llu: got %llu, want at most %llu",
			    (unsigned long long)cases[i].min,
			    (unsigned long long)cases[i].max,
			    (unsigned long long)cases[i].n, (unsigned long long)got,
			    (unsigned long long)limit);
		}
		ck_assert_msg(
		    output_backoff(cases[i].min, cases[i].max, cases[i].n, 0) == 0,
		    "case %zu: random 0: want 0", i);
		ck_assert_msg(output_backoff(cases[i].min, cases[i].max, cases[i].n,
				  limit) == limit,
		    "case %zu: want the limit to be reached", i);
	}
}
END_TEST

START_TEST(a_backoff_is_uniform)
{
	unsigned seen[4] = { 0 };
	uint64_t x = 1;

	for (int i = 0; i < 40000; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		seen[output_backoff(1000, 30000, 3, x >> 16) * 4 / 4001]++;
	}
	for (int i = 0; i < 4; i++)
		ck_assert_msg(seen[i] > 9500 && seen[i] < 10500,
		    "quarter %d of [0, 4000]: got %u of 40000, want about 10000", i,
		    seen[i]);
}
END_TEST

#define ONE   "{\"id\":\"1\",\"diagnostic\":\"a\\nb\"}"
#define TWO   "{\"id\":\"2\",\"recipient\":\"\xc3\xbc@b.example\"}"
#define THREE "{\"id\":\"3\"}"

static const struct slice key = { "0123456789abcdef0123456789abcdef", 32 };

static void
body(enum output_format f, const char *host, uint64_t n, const char *events,
    struct buf *out)
{
	buf_clear(out);
	int rc = output_body(f, key, slice_of(host), n, slice_of(events), out);
	ck_assert_msg(rc == 0, "output_body: got %d, want 0", rc);
}

/* The events of a body, as the receiver reads them. */
static json_t *
read_back(enum output_format f, struct slice in)
{
	json_t *all = f == OUTPUT_NDJSON ? json_array()
					 : json_loadb(in.p, in.n, 0, NULL);

	while (f == OUTPUT_NDJSON && in.n > 0) {
		size_t lf = slice_find(in, '\n');
		ck_assert_msg(lf < in.n, "ndjson: got a last line without LF");
		json_t *one = json_loadb(in.p, lf, 0, NULL);
		ck_assert_msg(one && !json_array_append_new(all, one),
		    "ndjson: got %.*s, want an object", (int)lf, in.p);
		in = slice_from(in, lf + 1);
	}
	ck_assert_msg(all != NULL, "got no JSON: %.*s", (int)in.n, in.p);
	return all;
}

static const char *
text_at(const json_t *o, const char *name)
{
	const char *v = json_string_value(json_object_get(o, name));

	return v ? v : "(none)";
}

static void
check_events(const char *name, const json_t *events, size_t n)
{
	ck_assert_msg(json_is_array(events) && json_array_size(events) == n,
	    "%s: got %zu events, want %zu", name, json_array_size(events), n);
	for (size_t i = 0; i < n; i++) {
		char want[2] = { (char)('1' + i), '\0' };
		const char *got = text_at(json_array_get(events, i), "id");
		ck_assert_msg(!strcmp(got, want), "%s: event %zu: got %s, want %s",
		    name, i, got, want);
	}
}

START_TEST(a_body_reads_back)
{
	static const struct {
		const char *events;
		size_t n;
	} cases[] = { { ONE "\n", 1 }, { ONE "\n" TWO "\n", 2 },
		{ ONE "\n" TWO "\n" THREE "\n", 3 } };
	struct buf out, again;

	buf_init(&out, 1 << 16);
	buf_init(&again, 1 << 16);
	for (unsigned f = 0; f < OUTPUT_FORMAT_COUNT; f++) {
		const char *name = output_format_name((enum output_format)f);
		for (size_t i = 0; i < COUNT(cases); i++) {
			body((enum output_format)f, "mx \"1\"", cases[i].n,
			    cases[i].events, &out);
			body((enum output_format)f, "mx \"1\"", cases[i].n,
			    cases[i].events, &again);
			ck_assert_msg(slice_eq(buf_slice(&out), buf_slice(&again)),
			    "%s: got other bytes the second time", name);
			json_t *all = read_back((enum output_format)f, buf_slice(&out));
			const json_t *events = f == OUTPUT_JSON
						   ? json_object_get(all, "events")
						   : all;
			check_events(name, events, cases[i].n);
			json_decref(all);
		}
	}
	buf_free(&out);
	buf_free(&again);
}
END_TEST

START_TEST(the_envelope_is_what_the_contract_says)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	body(OUTPUT_JSON, "mx1.example.com", 2, ONE "\n" TWO "\n", &out);
	struct slice want = SLICE("{\"schema\":1,\"batch_id\":"
				  "\"0123456789abcdef0123456789abcdef\","
				  "\"host\":\"mx1.example.com\",\"count\":2,"
				  "\"events\":[" ONE "," TWO "]}");
	ck_assert_msg(
	    slice_eq(buf_slice(&out), want), "json: got %.*s", (int)out.n, out.p);
	body(OUTPUT_ARRAY, "h", 2, ONE "\n" TWO "\n", &out);
	ck_assert_msg(slice_eq(buf_slice(&out), SLICE("[" ONE "," TWO "]")),
	    "array: got %.*s", (int)out.n, out.p);
	body(OUTPUT_NDJSON, "h", 2, ONE "\n" TWO "\n", &out);
	ck_assert_msg(slice_eq(buf_slice(&out), SLICE(ONE "\n" TWO "\n")),
	    "ndjson: got %.*s", (int)out.n, out.p);
	buf_free(&out);
}
END_TEST

START_TEST(a_body_is_appended_or_not_there)
{
	enum { ROOM = 1000 };
	static char events[ROOM + 1];
	struct buf out;

	memset(events, 'x', ROOM);
	events[ROOM - 1] = '\n';
	for (unsigned f = 0; f < OUTPUT_FORMAT_COUNT; f++) {
		buf_init(&out, ROOM);
		(void)buf_add(&out, SLICE("ab"));
		int rc = output_body((enum output_format)f, key, SLICE("h"), 1,
		    (struct slice){ events, ROOM }, &out);
		ck_assert_msg(rc < 0 && slice_eq(buf_slice(&out), SLICE("ab")),
		    "%s: no room: got %d and %zu bytes, want an error and 2",
		    output_format_name((enum output_format)f), rc, out.n);
		buf_free(&out);
	}
	buf_init(&out, ROOM);
	(void)buf_add(&out, SLICE("ab"));
	int rc = output_body(OUTPUT_ARRAY, key, SLICE("h"), 1, SLICE(THREE "\n"), &out);
	ck_assert_msg(rc == 0 && slice_eq(buf_slice(&out), SLICE("ab[" THREE "]")),
	    "got %d %.*s", rc, (int)out.n, out.p);
	buf_free(&out);
}
END_TEST

START_TEST(formats_have_names_and_types)
{
	static const struct {
		const char *name;
		enum output_format f;
		const char *type;
	} cases[] = { { "json", OUTPUT_JSON, "application/json" },
		{ "array", OUTPUT_ARRAY, "application/json" },
		{ "ndjson", OUTPUT_NDJSON, "application/x-ndjson" } };
	enum output_format f;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(output_format_of(slice_of(cases[i].name), &f) &&
				  f == cases[i].f &&
				  !strcmp(output_format_name(f), cases[i].name),
		    "%s: got another format", cases[i].name);
		ck_assert_msg(!strcmp(output_content_type(f), cases[i].type),
		    "%s: got %s, want %s", cases[i].name, output_content_type(f),
		    cases[i].type);
	}
	ck_assert_msg(
	    !output_format_of(SLICE("JSON"), &f) && !output_format_of(SLICE(""), &f),
	    "JSON, \"\": got a format, want none");
}
END_TEST

START_TEST(events_are_cut_at_their_lines)
{
	static const struct {
		const char *events;
		uint64_t n;
		size_t want;
	} cases[] = {
		{ "", 0, 0 },
		{ "", 5, 0 },
		{ "a\nbb\nccc\n", 0, 0 },
		{ "a\nbb\nccc\n", 1, 2 },
		{ "a\nbb\nccc\n", 2, 5 },
		{ "a\nbb\nccc\n", 3, 9 },
		{ "a\nbb\nccc\n", 4, 9 },
		{ "a\nbb\nccc\n", UINT64_MAX, 9 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t got = output_events_cut(slice_of(cases[i].events), cases[i].n);
		ck_assert_msg(got == cases[i].want, "\"%s\" %llu: got %zu, want %zu",
		    cases[i].events, (unsigned long long)cases[i].n, got,
		    cases[i].want);
	}
}
END_TEST

Suite *
suite_output(void)
{
	Suite *s = suite_create("output");
	TCase *t = tcase_create("output");

	tcase_add_test(t, an_answer_means_what_the_contract_says);
	tcase_add_test(t, a_code_that_is_none_loses_nothing);
	tcase_add_test(t, verdicts_have_names);
	tcase_add_test(t, a_backoff_is_at_most_what_its_number_allows);
	tcase_add_test(t, a_backoff_is_uniform);
	tcase_add_test(t, a_body_reads_back);
	tcase_add_test(t, the_envelope_is_what_the_contract_says);
	tcase_add_test(t, a_body_is_appended_or_not_there);
	tcase_add_test(t, formats_have_names_and_types);
	tcase_add_test(t, events_are_cut_at_their_lines);
	suite_add_tcase(s, t);
	return s;
}
