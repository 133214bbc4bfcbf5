/*
 * test_config_good.c - what good configurations give: values, defaults, expansion,
 * secrets, the printed form that reads back, and config/bouncefeed.yaml beside the
 * tables.
 */
#include "test_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
is_text(const char *what, const char *got, const char *want)
{
	ck_assert_msg(got && strcmp(got, want) == 0, "%s: got %s, want %s", what,
	    got ? got : "(none)", want);
}

static void
is_number(const char *what, uint64_t got, uint64_t want)
{
	ck_assert_msg(got == want, "%s: got %llu, want %llu", what,
	    (unsigned long long)got, (unsigned long long)want);
}

START_TEST(values_are_what_the_file_says)
{
	struct config *c = config_test_good(config_test_full);
	const struct config_source *s = &c->source[0];
	const struct config_output *o = &c->output[0];

	is_text("host", c->host, "mx1.example.com");
	is_number("labels", c->labels.n, 2);
	is_text("labels[1]", c->labels.v[1].value, "M\xc3\xbcller # 1");
	is_number("label's line", c->labels.v[1].at.line, 2);
	is_text("path[1]", s->path.v[1], "/x/*.csv");
	is_number("path[1]'s column", s->path.at[1].column, 33);
	is_text("archive", s->archive.v[0], "/var/log/pmta/old");
	is_text("start", s->start, "beginning");
	is_number("max_record", s->max_record, 65536);
	is_text("source label", s->labels.v[0].value, "");
	is_number("select.type", o->select.type.n, 0);
	is_text("select.reason", o->select.reason.v[0], "user_unknown");
	is_text("select.labels", o->select.labels.v[0].value, "eu1");
	is_text("select.not.sender", o->select_not.sender.v[0], "<>");
	is_number("headers", o->headers.n, 1);
	is_text("auth.header.name", o->auth_header_name, "X-Api-Key");
	is_number("auth.header.value", o->auth_header_value.kind, CONFIG_SECRET_ENV);
	is_text("tls.min_version", o->tls_min_version, "1.3");
	ck_assert_msg(
	    !o->tls_cert_file && !o->tls_verify, "tls: want no cert, no verify");
	is_number("batch.max_events", o->batch_max_events, 7);
	is_number("batch.max_bytes", o->batch_max_bytes, 2 << 20);
	is_number("batch.linger", o->batch_linger, 250);
	is_number("timeout.total", o->timeout_total, 120000);
	is_number("retry.min", o->retry_min, 50);
	is_number("retry.hold", o->retry_hold, 3600000);
	is_text("url of two", c->output[1].url.text, "/etc/u");
	is_number("kind of it", c->output[1].url.kind, CONFIG_SECRET_FILE);
	is_number("its line", c->output[1].url.at.line, 29);
	is_text("class_of", c->class_of.v[0].value, "hard");
	is_text("bounce_cat", c->bounce_cat.v[0].name, "spam-related");
	is_number("fbl_headers", c->fbl_headers.n, 0);
	is_number("state.max_size", c->state_max_size, 1 << 30);
	is_number("state.min_free", c->state_min_free, 0);
	is_text("log.level", c->log_level, "debug");
	config_free(c);
}
END_TEST

START_TEST(without_a_file_all_is_default)
{
	struct config *c = NULL;
	struct config_faults f;
	struct buf text;

	config_faults_init(&f);
	buf_init(&text, 1 << 20);
	int rc = config_load(NULL, false, &c, &f, NULL);
	ck_assert_msg(
	    rc == 0 && f.count == 0, "got %d, %zu faults, want none", rc, f.count);
	ck_assert_msg(c->host && *c->host, "host: got none, want the machine's");
	is_number("fbl_headers", c->fbl_headers.n, 4);
	is_text("state.path", c->state_path, "/var/lib/bouncefeed/state.db");
	is_number("state.max_size", c->state_max_size, UINT64_C(4) << 30);
	rc = config_print(c, &text);
	ck_assert_msg(rc == 0, "config_print: got %d", rc);
	config_free(c);
	config_faults_free(&f);
	buf_free(&text);
}
END_TEST

static const struct expand_case {
	const char *in;
	const char *want; /* NULL: refused */
} expand_cases[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "${BF_SET}", "hello" },
	{ "a${BF_SET}b${BF_SET}c", "ahellobhelloc" },
	{ "${BF_EMPTY}", "" },
	{ "${BF_EMPTY:-x}", "x" },
	{ "${BF_UNSET:-x y}", "x y" },
	{ "${BF_UNSET:-}", "" },
	{ "${BF_UNSET:-a:-b}", "a:-b" },
	{ "${BF_SET:-x}", "hello" },
	{ "$${BF_SET}", "${BF_SET}" },
	{ "$$${BF_SET}", "$${BF_SET}" },
	{ "$", "$" },
	{ "$BF_SET $$ $1", "$BF_SET $$ $1" },
	{ "${BF_UNSET}", NULL },
	{ "${", NULL },
	{ "${}", NULL },
	{ "${BF_SET", NULL },
	{ "${BF-SET}", NULL },
	{ "${BF_SET:x}", NULL },
	{ "${ BF_SET }", NULL },
	{ "${BF_LATIN1}", NULL },
};

START_TEST(the_environment_expands)
{
	const struct expand_case *k = &expand_cases[_i];
	struct err e = { 0 };
	struct buf out;

	buf_init(&out, CONFIG_VALUE);
	bool ok = expand_text(k->in, &out, &e);
	ck_assert_msg(ok == (k->want != NULL), "\"%s\": got %s, want %s", k->in,
	    ok ? "taken" : e.text, k->want ? k->want : "refused");
	if (ok)
		ck_assert_msg(slice_eq(buf_slice(&out), slice_of(k->want)),
		    "\"%s\": got \"%.*s\", want \"%s\"", k->in, (int)out.n, out.p,
		    k->want);
	buf_free(&out);
}
END_TEST

static const struct unit_case {
	const char *in;
	bool (*parse)(const char *text, uint64_t *out);
	bool ok;
	uint64_t want;
} unit_cases[] = {
	{ "0", parse_duration, true, 0 },
	{ "0s", parse_duration, true, 0 },
	{ "15ms", parse_duration, true, 15 },
	{ "2m", parse_duration, true, 120000 },
	{ "7d", parse_duration, true, 604800000 },
	{ "5", parse_duration, false, 0 },
	{ "s", parse_duration, false, 0 },
	{ "", parse_duration, false, 0 },
	{ "1 s", parse_duration, false, 0 },
	{ "1S", parse_duration, false, 0 },
	{ "512", parse_size, true, 512 },
	{ "1K", parse_size, true, 1024 },
	{ "3MiB", parse_size, true, 3 << 20 },
	{ "4G", parse_size, true, UINT64_C(4) << 30 },
	{ "18446744073709551615", parse_size, true, UINT64_MAX },
	{ "18446744073709551615K", parse_size, false, 0 },
	{ "1kb", parse_size, false, 0 },
	{ "+1", parse_size, false, 0 },
	{ "", parse_size, false, 0 },
};

START_TEST(units_are_read)
{
	const struct unit_case *k = &unit_cases[_i];
	uint64_t got = 0;
	bool ok = k->parse(k->in, &got);

	ck_assert_msg(ok == k->ok && got == k->want,
	    "\"%s\": got %d %llu, want %d %llu", k->in, ok, (unsigned long long)got,
	    k->ok, (unsigned long long)k->want);
}
END_TEST

static const struct start_case {
	const char *in;
	int64_t want; /* at 2026-03-02T08:00:00Z; 0: no time */
} start_cases[] = {
	{ "2h", INT64_C(1772431200000) },
	{ "7d", INT64_C(1771833600000) },
	{ "1500ms", INT64_C(1772438398500) },
	{ "20514d", 28800000 },
	{ "99999d", 1 },
	{ "213503982334d", 1 },
	{ "2026-03-02T08:00:00Z", INT64_C(1772438400000) },
	{ "2026-03-02T08:00:00.25Z", INT64_C(1772438400250) },
	{ "2026-03-02T09:30:00+01:30", INT64_C(1772438400000) },
	{ "2026-03-01T23:00:00-09:00", INT64_C(1772438400000) },
	{ "2026-03-02 08:00:00Z", INT64_C(1772438400000) },
	{ "2036-03-02T08:00:00Z", INT64_C(2088057600000) },
	{ "1970-01-01T00:00:00Z", 1 },
	{ "end", 0 },
	{ "beginning", 0 },
	{ "", 0 },
	{ "0", 0 },
	{ "0s", 0 },
	{ "2", 0 },
	{ "-2h", 0 },
	{ "2 h", 0 },
	{ "2hours", 0 },
	{ "213503982335d", 0 },
	{ "1772438400", 0 },
	{ "2026-03-02", 0 },
	{ "2026-03-02T08:00Z", 0 },
	{ "2026-03-02T08:00:00", 0 },
	{ "2026-03-02T08:00:00 Z", 0 },
	{ "2026-03-02T08:00:00Zulu", 0 },
	{ "2026-02-30T08:00:00Z", 0 },
	{ "1969-12-31T23:59:59Z", 0 },
	{ "2026-13-02T08:00:00Z", 0 },
};

START_TEST(a_start_is_a_word_a_time_or_an_age)
{
	const struct start_case *k = &start_cases[_i];
	int64_t got = config_start_ms(k->in, INT64_C(1772438400000));

	ck_assert_msg(got == k->want, "\"%s\": got %lld, want %lld", k->in,
	    (long long)got, (long long)k->want);
}
END_TEST

START_TEST(a_url_is_shown_without_its_secrets)
{
	static const struct {
		const char *in;
		const char *want;
	} cases[] = {
		{ "https://h/p", "https://h/p" },
		{ "https://u:p@h:8/p?token=x#y", "https://h:8/p" },
		{ "https://h?x@y", "https://h" },
		{ "https://a@b@h/", "https://h/" },
		{ "u:p@h/x?y", "h/x" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out;

		buf_init(&out, 100);
		(void)config_url_shown(cases[i].in, &out);
		ck_assert_msg(slice_eq(buf_slice(&out), slice_of(cases[i].want)),
		    "%s: got %.*s, want %s", cases[i].in, (int)out.n,
		    out.n ? out.p : "", cases[i].want);
		buf_free(&out);
	}
}
END_TEST

START_TEST(a_secret_is_read_without_its_line_end)
{
	static const struct {
		struct slice in;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ { "s3cret", 6 }, "s3cret" },
		{ { "s3cret\n", 7 }, "s3cret" },
		{ { "s3cret\r\n", 8 }, "s3cret" },
		{ { " a b ", 5 }, " a b " },
		{ { "\n", 1 }, NULL },
		{ { "a\n\n", 3 }, NULL },
		{ { "a\0b", 3 }, NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config_secret s = { CONFIG_SECRET_FILE };
		struct err e = { 0 };
		struct buf out;

		s.text = strdup(config_test_put("secret", cases[i].in));
		buf_init(&out, 100);
		int rc = config_secret_read(&s, &out, &e);
		ck_assert_msg((rc == 0) == (cases[i].want != NULL) &&
				  slice_eq(buf_slice(&out), slice_of(cases[i].want)),
		    "case %zu: got %d \"%.*s\" %s, want %s", i, rc, (int)out.n,
		    out.n ? out.p : "", e.text,
		    cases[i].want ? cases[i].want : "refused");
		buf_free(&out);
		free(s.text);
	}
}
END_TEST

void
config_add_value_tests(TCase *t)
{
	tcase_add_test(t, values_are_what_the_file_says);
	tcase_add_test(t, without_a_file_all_is_default);
	tcase_add_loop_test(
	    t, the_environment_expands, 0, sizeof expand_cases / sizeof *expand_cases);
	tcase_add_loop_test(
	    t, units_are_read, 0, sizeof unit_cases / sizeof *unit_cases);
	tcase_add_loop_test(t, a_start_is_a_word_a_time_or_an_age, 0,
	    sizeof start_cases / sizeof *start_cases);
	tcase_add_test(t, a_url_is_shown_without_its_secrets);
	tcase_add_test(t, a_secret_is_read_without_its_line_end);
}
