/*
 * test_syslog_json.c - journalctl's and docker's JSON lines, beside jansson.
 *
 * A seeded generator writes journal entries and breaks some of them. What jansson takes
 * gives the same here; what it refuses is refused, but for what is let pass on purpose:
 * control characters and invalid UTF-8 in strings, half a surrogate pair.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_layers.h"
#include "test_syslog.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define STAMP        "\"__REALTIME_TIMESTAMP\":\"1795301912247355\""
#define FROM                                                                      \
	STAMP ",\"_HOSTNAME\":\"mx1\",\"SYSLOG_IDENTIFIER\":\"postfix/smtp\",\"_" \
	      "PID\":\"9\""
#define CONTAINER                                                                 \
	STAMP ",\"_HOSTNAME\":\"mx1\",\"SYSLOG_IDENTIFIER\":\"3f2a9c8b1d2e\",\"_" \
	      "PID\":\"9\""
#define DOCKER(log) "{\"log\":\"" log "\",\"stream\":\"stdout\",\"time\":\"" NANO "\"}"
#define NANO        "2026-11-21T22:58:32.053127123Z"
#define LINE        "Nov  1 02:11:18 mx1 postfix/smtp[9]: "

static const struct json_case {
	const char *in;
	const char *message; /* NULL: no line */
	const char *why;     /* part of it, NULL: none */
	const char *time;    /* as written, NULL: the stamp */
} json_cases[] = {
	{ "{" FROM ",\"MESSAGE\":\"x\"}", "x", NULL, NULL },
	{ "{ \"MESSAGE\" : \"x\" , " FROM " } ", "x", NULL, NULL },
	{ "{" FROM ",\"MESSAGE\":\"\"}", "", NULL, NULL },
	{ "{" FROM ",\"MESSAGE\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t.\"}",
	    "a\"\\/\b\f\n\r\t.", NULL, NULL },
	{ "{" FROM ",\"MESSAGE\":\"\\u00fc\\u20AC\\ud83d\\ude00\\u007f\"}",
	    "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\x7f", NULL, NULL },
	{ "{" FROM ",\"MESSAGE\":\"\\ud83d.\\ude00\\ud83d\\u0041\\ud83d\"}",
	    "\xef\xbf\xbd.\xef\xbf\xbd\xef\xbf\xbd"
	    "A\xef\xbf\xbd",
	    NULL, NULL },
	{ "{" FROM ",\"MESSAGE\":\"#015\"}", "", NULL, NULL },
	{ "{" FROM ",\"\\u004dESSAGE\":\"x\"}", "x", NULL, NULL },
	{ "{" FROM ",\"MESSAGE\":[52,70,255,32,195,188]}", "4F\xff \xc3\xbc", NULL,
	    NULL },
	{ "{" FROM ",\"MESSAGE\":[\"a\",\"b\"]}", "a", NULL, NULL },
	{ "{" FROM ",\"MESSAGE\":[[97,98],\"b\"]}", "ab", NULL, NULL },
	{ "{" FROM
	  ",\"A\":[1,{\"b\":[]}],\"B\":{},\"C\":-1.5e+3,\"D\":true,\"E\":false,"
	  "\"F\":null,\"MESSAGE\":\"x\"}",
	    "x", NULL, NULL },
	{ "{" CONTAINER ",\"MESSAGE\":\"" LINE "x\"}", "x", NULL, NULL },
	{ "{" CONTAINER ",\"MESSAGE\":\"2026-11-21T22:58:32Z mx1 postfix/smtp[9]: x\"}",
	    "x", NULL, "2026-11-21T22:58:32Z" },
	/* not readable, and said */
	{ "{" FROM ",\"MESSAGE\":null}", NULL, "--all", NULL },
	{ "{" FROM ",\"MESSAGE\":[null,\"a\"]}", NULL, "--all", NULL },
	{ "{" FROM ",\"MESSAGE\":{}}", NULL, "MESSAGE", NULL },
	{ "{" FROM ",\"MESSAGE\":[]}", NULL, "MESSAGE", NULL },
	{ "{" FROM ",\"MESSAGE\":[256]}", NULL, "MESSAGE", NULL },
	{ "{" FROM ",\"MESSAGE\":[97,\"b\"]}", NULL, "MESSAGE", NULL },
	{ "{" FROM ",\"MESSAGE\":\"x", NULL, "JSON", NULL },
	{ "{" FROM ",\"MESSAGE\":\"\\x\"}", NULL, "JSON", NULL },
	{ "{" FROM ",\"MESSAGE\":\"\\u12\"}", NULL, "JSON", NULL },
	{ "{" FROM ",\"MESSAGE\":\"x\"},", NULL, "JSON", NULL },
	{ "{" FROM ",\"MESSAGE\":\"x\",}", NULL, "JSON", NULL },
	{ "{" FROM ",\"MESSAGE\":x}", NULL, "JSON", NULL },
	{ "{" FROM ",\"MESSAGE\":01}", NULL, "JSON", NULL },
	{ "{" FROM ",\"A\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],\"MESSAGE\":\"x\"}",
	    NULL, "JSON", NULL },
	{ "{\"__REALTIME_TIMESTAMP\":\"x\",\"MESSAGE\":\"x\"}", NULL, "TIMESTAMP",
	    NULL },
	{ "{\"__REALTIME_TIMESTAMP\":\"99999999999999999999\",\"MESSAGE\":\"x\"}", NULL,
	    "TIMESTAMP", NULL },
	/* others' */
	{ "{" FROM "}", NULL, NULL, NULL },
	{ "{\"level\":\"info\",\"msg\":\"x\"}", NULL, NULL, NULL },
	{ "{\"level\":", NULL, NULL, NULL },
	{ "{}", NULL, NULL, NULL },
	{ "{", NULL, NULL, NULL },
	/* docker's json-file */
	{ DOCKER(LINE "x\\n"), "x", NULL, NANO },
	{ DOCKER(LINE "\\u00fcx\\r\\n"), "\xc3\xbcx", NULL, NANO },
	{ DOCKER("postfix/smtp[9]: x\\n"), "x", NULL, NANO },
	{ DOCKER("2026-11-21T23:58:30+01:00 mx1 postfix/smtp[9]: x\\n"), "x", NULL,
	    "2026-11-21T23:58:30+01:00" },
	{ DOCKER("<22>1 - mx1 postfix/smtp 9 - - x\\n"), "x", NULL, NANO },
	{ "{\"log\":\"" LINE "x\\n\",\"attrs\":{\"tag\":\"a\"},\"time\":\"" NANO "\"}",
	    "x", NULL, NANO },
	{ "{\"log\":\"" LINE "x\\n\"}", "x", NULL, "Nov  1 02:11:18" },
	{ DOCKER("\\n"), NULL, NULL, NULL },
	{ DOCKER(LINE "x") "x", NULL, "JSON", NULL },
	{ "{\"log\":\"" LINE "x", NULL, NULL, NULL },
};

static void
json_row(struct syslog *s, const struct json_case *c)
{
	struct slice in = exact_copy(slice_of(c->in));
	struct syslog_line l;
	const char *why;
	bool is = syslog_split(s, in, &l, &why);

	if (is != (c->message != NULL) || !why != !c->why ||
	    (why && !strstr(why, c->why)))
		row_failed("%s: got %d (%s), want %d (%s)", c->in, is, why ? why : "",
		    c->message != NULL, c->why ? c->why : "");
	else if (is && (!slice_eq(l.message, slice_of(c->message)) ||
			   !slice_eq(l.tag, SLICE("postfix/smtp")) ||
			   !slice_eq(l.pid, SLICE("9")) ||
			   !slice_eq(l.time, slice_of(c->time)) ||
			   (!c->time && l.stamp.nsec != 247355000)))
		row_failed(
		    "%s: got \"%.*s\", tag \"%.*s\", pid \"%.*s\", time \"%.*s\"",
		    c->in, (int)l.message.n, l.message.p, (int)l.tag.n, l.tag.p,
		    (int)l.pid.n, l.pid.p, (int)l.time.n, l.time.p);
	free((char *)in.p);
}

START_TEST(a_json_line_is_read_as_its_table_says)
{
	struct syslog *s = syslog_new();

	for (size_t i = 0; i < COUNT(json_cases); i++)
		json_row(s, &json_cases[i]);
	syslog_free(s);
	rows_end(COUNT(json_cases));
}
END_TEST

START_TEST(a_json_line_that_is_cut_is_none)
{
	struct syslog *s = syslog_new();
	struct syslog_line l;
	const char *why;

	for (size_t i = 0; i < COUNT(json_cases); i++) {
		size_t n = strlen(json_cases[i].in);
		while (n > 0 && json_cases[i].in[n - 1] != '}')
			n--;
		for (; n-- > 0;) {
			struct slice in = exact_copy(
			    (struct slice){ json_cases[i].in, n });
			bool is = syslog_split(s, in, &l, &why);
			bool whole = memchr(in.p, '}', in.n) && json_cases[i].why;
			ck_assert_msg(!is || whole, "a line from half of one: %.*s",
			    (int)in.n, in.p);
			free((char *)in.p);
		}
	}
	syslog_free(s);
}
END_TEST

/* --- beside jansson ----------------------------------------------------------------
 */

enum { ENTRIES = 15000 };

static uint32_t seed;
static size_t told, refused; /* entries with a message, entries that are no JSON */

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * n) >> 32);
}

static void
add_text(struct buf *b, bool quote)
{
	static const char *const pieces[] = { "a", "4F9D: to=<x>", " ", "\\n", "\\\\",
		"\\\"", "\\/", "\\u0041", "\\u00FC", "\\u20ac", "\\ud83d\\ude00",
		"\xc3\xbc", "\xf0\x9f\x98\x80", "[", "]", "{", "}", ",", ":", "\\u0000",
		"\\t", "null", "#", "\x7f" };

	if (quote)
		(void)buf_addc(b, '"');
	for (uint32_t n = random_below(5); n > 0; n--)
		(void)buf_add(b, slice_of(pieces[random_below(COUNT(pieces))]));
	if (quote)
		(void)buf_addc(b, '"');
}

static void
add_value(struct buf *b, unsigned depth)
{
	static const char *const words[] = { "null", "true", "false", "0", "-1", "12",
		"97", "255", "256", "1.5", "-0.25e-3", "1E5", "01", "1.", "+1", "nul",
		"-", ".5", "1e" };
	uint32_t kind = random_below(depth > 3 ? 8 : 12);

	if (kind < 6) {
		add_text(b, true);
	} else if (kind < 8) {
		(void)buf_add(b,
		    slice_of(words[random_below(random_below(9) ? 12 : COUNT(words))]));
	} else {
		bool object = kind >= 10;
		(void)buf_addc(b, object ? '{' : '[');
		for (uint32_t i = 0, n = random_below(4); i < n; i++) {
			if (i > 0)
				(void)buf_addc(b, ',');
			if (object) {
				add_text(b, true);
				(void)buf_addc(b, ':');
			}
			if (!object && random_below(2))
				(void)buf_printf(b, "%u", random_below(256));
			else
				add_value(b, depth + 1);
		}
		(void)buf_addc(b, object ? '}' : ']');
	}
}

static void
write_entry(struct buf *b)
{
	static const char *const names[] = { "MESSAGE", "MESSAGE", "SYSLOG_IDENTIFIER",
		"_HOSTNAME", "_PID", "PRIORITY", "_CMDLINE", "X" };
	static const char damage[] = "\"\\{}[],:0n ";

	buf_clear(b);
	(void)buf_add(b, SLICE("{" STAMP));
	for (uint32_t n = random_below(5); n > 0; n--) {
		const char *name = names[random_below(COUNT(names))];
		(void)buf_printf(b, "%s\"%s\"%s:", random_below(9) ? "," : " , ", name,
		    random_below(9) ? "" : " ");
		add_value(b, 0);
	}
	(void)buf_add(b, SLICE("}"));
	if (random_below(4) == 0)
		b->p[random_below((uint32_t)b->n)] =
		    damage[random_below(sizeof damage - 1)];
	if (random_below(20) == 0)
		b->n = random_below((uint32_t)b->n);
}

/* What the journal's value means: text, byte numbers, or the first of several. */
static bool
text_of(const json_t *v, struct buf *out)
{
	buf_clear(out);
	if (json_is_string(v)) {
		(void)buf_add(
		    out, (struct slice){ json_string_value(v), json_string_length(v) });
		return true;
	}
	if (!json_is_array(v) || json_array_size(v) == 0)
		return false;
	size_t n = json_array_size(v);
	for (size_t i = 0; i < n; i++) {
		const json_t *byte = json_array_get(v, i);
		json_int_t is = json_integer_value(byte);
		if (!json_is_integer(byte) || is < 0 || is > 255)
			return !json_is_integer(json_array_get(v, 0)) &&
			       text_of(json_array_get(v, 0), out);
		(void)buf_addc(out, (char)is);
	}
	return true;
}

/* What jansson refuses and we let pass. */
static bool
is_let_pass(const char *error)
{
	static const char *const passes[] = { "NUL byte in object key",
		"invalid Unicode", "unable to decode byte", "control character" };

	for (size_t i = 0; i < COUNT(passes); i++) {
		if (strstr(error, passes[i]))
			return true;
	}
	return false;
}

static void
compare(struct syslog *s, struct slice line, struct buf *text)
{
	json_error_t e = { .text = "" };
	json_t *root = json_loadb(line.p, line.n, JSON_ALLOW_NUL, &e);
	struct slice in = exact_copy(line);
	struct syslog_line l;
	const char *why;
	bool is = syslog_split(s, in, &l, &why);
	bool stamped = !why || !strstr(why, "TIMESTAMP");
	bool tells = root && text_of(json_object_get(root, "MESSAGE"), text) &&
		     json_object_get(root, "__REALTIME_TIMESTAMP");

	if ((root && stamped) || (!root && !is_let_pass(e.text)))
		ck_assert_msg(is == tells, "got %d (%s), want %d (%s): %.*s", is,
		    why ? why : "", tells, e.text, (int)line.n, line.p);
	told += is && tells;
	refused += !root;
	if (is && tells) {
		struct slice want = buf_slice(text);
		while (want.n > 0 && memchr("\r\n ", want.p[want.n - 1], 3))
			want.n--;
		ck_assert_msg(slice_eq(l.message, want),
		    "got \"%.*s\", want \"%.*s\": %.*s", (int)l.message.n, l.message.p,
		    (int)want.n, want.p, (int)line.n, line.p);
	}
	json_decref(root);
	free((char *)in.p);
}

START_TEST(the_journal_s_text_is_what_jansson_reads)
{
	struct syslog *s = syslog_new();
	struct buf line, text;

	seed = 8259 + (uint32_t)_i;
	buf_init(&line, 1 << 20);
	buf_init(&text, 1 << 20);
	for (int i = 0; i < ENTRIES; i++) {
		write_entry(&line);
		compare(s, buf_slice(&line), &text);
	}
	ck_assert_msg(told > ENTRIES / 10 && refused > ENTRIES / 10,
	    "%zu told, %zu refused of %d: the generator is worn out", told, refused,
	    ENTRIES);
	buf_free(&line);
	buf_free(&text);
	syslog_free(s);
}
END_TEST

void
syslog_add_json_tests(TCase *t)
{
	tcase_add_test(t, a_json_line_is_read_as_its_table_says);
	tcase_add_test(t, a_json_line_that_is_cut_is_none);
	tcase_add_loop_test(t, the_journal_s_text_is_what_jansson_reads, 0, 3);
}
