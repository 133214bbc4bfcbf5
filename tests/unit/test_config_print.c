/*
 * test_config_print.c - the printed form reads back and holds no secret; the tables,
 * config/bouncefeed.yaml and docs/bouncefeed.yaml.5 agree.
 */
#include "test_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char config_test_full[] =
    "host: mx1.example.com\n"
    "labels: {cluster: eu1, tenant: \"M\xc3\xbcller # 1\"}\n"
    "sources:\n"
    "  - name: pmta\n"
    "    format: pmta\n"
    "    path: [/var/log/pmta/b.csv, \"/x/*.csv\"]\n"
    "    archive: /var/log/pmta/old\n"
    "    start: beginning\n"
    "    timezone: UTC\n"
    "    max_record: 64K\n"
    "    labels: {a: \"\"}\n"
    "    extra: [userString, dsnDiag]\n"
    "    bounces: {verp: [\"^b\\\\+(?<id>.*)@\"]}\n"
    "    metadata: {c: {from: headers.x-fblid, pattern: \"^(?<c>c\\\\d+)\"}, "
    "job.2: {from: job_id}}\n"
    "outputs:\n"
    "  - name: one\n"
    "    native: true\n"
    "    url: http://127.0.0.1:8025/in\n"
    "    format: ndjson\n"
    "    select: {type: [], class: [hard], reason: [user_unknown], "
    "source: [pmta], recipient_domain: [A.example, xn--bcher-kva.example], "
    "labels: {cluster: eu1}, not: {sender: [\"<>\"], source: [pmta], "
    "vmta: [v1, \"2\"], labels: {a: \"\"}}}\n"
    "    headers: {X-Tenant: eu1, X-None: }\n"
    "    auth: {header: {name: X-Api-Key, value: {env: KEY}}}\n"
    "    tls: {ca_file: /x/ca.pem, cert_file: ~, min_version: 1.3, "
    "verify: false}\n"
    "    proxy: http://proxy:3128\n"
    "    batch: {max_events: 7, max_bytes: 2MiB, linger: 250ms}\n"
    "    timeout: {connect: 1s, total: 2m}\n"
    "    retry: {min: 50ms, max: 90s, hold: 1h, aside_after: 600s}\n"
    "  - name: two\n"
    "    url: {file: /etc/u}\n"
    "    auth: {basic: {user: bob, password: {credential: pw}}}\n"
    "classify: {class_of: {mailbox_full: hard}, bounce_cat: "
    "{spam-related: spam_rejected}}\n"
    "fbl_headers: []\n"
    "state: {path: /s.db, max_size: 1G, min_free: 0, secure_delete: "
    "true}\n"
    "log: {level: debug, format: json}\n";

/* Prints, reads that, prints again: the same text, and valid. */
static void
print_twice(const char *yaml, struct buf *first)
{
	struct config *c = config_test_good(yaml), *back = NULL;
	struct config_faults f;
	struct buf second;

	config_faults_init(&f);
	buf_init(&second, 1 << 20);
	ck_assert_msg(config_print(c, first) == 0, "config_print failed");
	int rc = config_load(
	    config_test_put("back.yaml", buf_slice(first)), true, &back, &f, NULL);
	ck_assert_msg(rc == 0, "reads back: got %d\n%.*sof\n%.*s", rc, (int)f.text.n,
	    f.text.p, (int)first->n, first->p);
	ck_assert_msg(config_print(back, &second) == 0, "config_print failed");
	ck_assert_msg(slice_eq(buf_slice(first), buf_slice(&second)),
	    "got\n%.*s\nwant\n%.*s", (int)second.n, second.p, (int)first->n, first->p);
	config_free(c);
	config_free(back);
	config_faults_free(&f);
	buf_free(&second);
}

START_TEST(what_is_printed_reads_back)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	print_twice(config_test_full, &out);
	buf_clear(&out);
	print_twice("labels: {a: \"${BF_SET} $${x} $$${y} \\\" \\\\ \\u2028 \\x9b \\t "
		    "\\U0001f600 : #\", \"null\": \"~\", \"- b\": \"null\", c: \" \"}\n"
		    "sources: [{name: \"-1.5\", path: \"@x\"}]\n"
		    "outputs: [{name: \"null\", url: https://h}]\n",
	    &out);
	buf_free(&out);
}
END_TEST

START_TEST(secrets_are_not_printed)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	print_twice(
	    "sources: [{name: s, path: /x}]\n"
	    "outputs:\n"
	    "  - {name: a, url: \"https://u:GEHEIM@h/p?GEHEIM\", auth: {bearer: "
	    "GEHEIM},\n"
	    "     headers: {X-My-Token: GEHEIM, X-B: seen}, proxy: "
	    "\"http://GEHEIM@p\"}\n"
	    "  - {name: b, url: https://h, auth: {basic: {user: seen, password: "
	    "GEHEIM}}}\n"
	    "  - {name: c, url: https://h, auth: {header: {name: X, value: GEHEIM}}}\n"
	    "  - {name: d, url: https://h, auth: {bearer: {file: /etc/token}}}\n",
	    &out);
	buf_addc(&out, '\0');
	ck_assert_msg(!strstr(out.p, "GEHEIM"), "got a secret in\n%s", out.p);
	ck_assert_msg(
	    strstr(out.p, "      bearer: {file: /etc/token}\n") != NULL &&
		strstr(out.p, "headers: {X-My-Token: \"***\", X-B: seen}\n") != NULL,
	    "want the file and the masked header in\n%s", out.p);
	buf_free(&out);
}
END_TEST

/* config/bouncefeed.yaml with every key that is commented out taken in. */
static void
uncommented(struct buf *out)
{
	char line[512];
	FILE *file = fopen("config/bouncefeed.yaml", "r");

	ck_assert_msg(file != NULL, "config/bouncefeed.yaml: %s", strerror(errno));
	while (fgets(line, sizeof line, file)) {
		size_t at = strspn(line, " ");
		size_t key = at + (line[at] == '#' && line[at + 1] == ' ' ? 2 : 0);

		key += strspn(line + key, " ");
		size_t end = key + strspn(line + key, "abcdefghijklmnopqrstuvwxyz_");
		if (line[at] == '#' && end > key && line[end] == ':' &&
		    strchr(" \n", line[end + 1]))
			memmove(line + at, line + at + 2, strlen(line + at + 2) + 1);
		buf_add(out, slice_of(line));
	}
	(void)fclose(file);
	buf_addc(out, '\0');
}

static void
check_shown(const struct config_table *t, const struct node *map)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct config_key *k = &t->key[i];
		const struct node *n = map;
		char part[CONFIG_KEY];

		for (struct slice s = slice_of(k->name); s.n > 0 && n;) {
			size_t dot = slice_find(s, '.');

			(void)snprintf(part, sizeof part, "%.*s", (int)dot, s.p);
			n = node_get(n, part);
			s = slice_from(s, dot + 1);
		}
		ck_assert_msg(n != NULL, "%s: not in config/bouncefeed.yaml", k->name);
		if (value_size(k->type) == 0 && k->type != KEY_ANY)
			continue;
		if (!k->fallback[0] && !node_is_null(n) &&
		    (strcmp(k->name, "name") == 0 || strcmp(k->name, "path") == 0 ||
			strcmp(k->name, "url") == 0))
			continue; /* those that a user has to write */
		ck_assert_msg(
		    value_is_default(k, n) && node_is_null(n) == !k->fallback[0],
		    "%s: got line %u of config/bouncefeed.yaml, want %s", k->name,
		    n->at.line, k->fallback);
	}
}

START_TEST(the_example_shows_every_key_with_its_default)
{
	struct config *c = NULL;
	struct config_faults f;
	struct buf text, shown, plain;

	config_faults_init(&f);
	buf_init(&text, 1 << 20);
	buf_init(&shown, 1 << 20);
	buf_init(&plain, 1 << 20);
	uncommented(&text);
	struct node *root = node_parse(slice_of(text.p), "bouncefeed.yaml", &f);
	ck_assert_msg(root && f.count == 0, "got %.*s", (int)f.text.n, f.text.p);
	check_shown(&config_root_table, root);
	check_shown(&config_source_table, node_get(root, "sources")->first);
	check_shown(&config_output_table, node_get(root, "outputs")->first);
	node_free(root);
	print_twice(text.p, &shown);
	int rc = config_load("config/bouncefeed.yaml", true, &c, &f, NULL);
	ck_assert_msg(rc == 0, "got %d %.*s", rc, (int)f.text.n, f.text.p);
	ck_assert_msg(config_print(c, &plain) == 0, "config_print failed");
	ck_assert_msg(slice_eq(buf_slice(&plain), buf_slice(&shown)),
	    "with and without comments: got\n%.*s\nwant\n%.*s", (int)shown.n, shown.p,
	    (int)plain.n, plain.p);
	config_free(c);
	config_faults_free(&f);
	buf_free(&text);
	buf_free(&shown);
	buf_free(&plain);
}
END_TEST

START_TEST(every_default_is_taken_by_its_own_row)
{
	static const struct config_table *const tables[] = { &config_root_table,
		&config_source_table, &config_output_table };

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (size_t j = 0; j < tables[i]->n; j++) {
			const struct config_key *k = &tables[i]->key[j];
			union config_value v;

			if (value_size(k->type) == 0)
				continue;
			ck_assert_msg(value_default(k, &v),
			    "%s: got its default %s refused", k->name, k->fallback);
			value_free(k->type, &v);
		}
}
END_TEST

/* The manual page without \&, which only keeps mdoc from reading more into a value. */
static void
manual(struct buf *out)
{
	char line[512];
	FILE *file = fopen("docs/bouncefeed.yaml.5", "r");

	ck_assert_msg(file != NULL, "docs/bouncefeed.yaml.5: %s", strerror(errno));
	while (fgets(line, sizeof line, file)) {
		char *mark;

		while ((mark = strstr(line, "\\&")))
			memmove(mark, mark + 2, strlen(mark + 2) + 1);
		buf_add(out, slice_of(line));
	}
	(void)fclose(file);
	buf_addc(out, '\0');
}

/* Every row has its line in the section, and nothing else has one. */
static void
check_described(const struct config_table *t, const char *section, const char *page)
{
	char head[CONFIG_KEY], line[CONFIG_KEY * 4];
	size_t n = 0;

	(void)snprintf(head, sizeof head, "\n.Sh %s\n", section);
	const char *from = strstr(page, head);
	const char *to = from ? strstr(from + strlen(head), "\n.Sh ") : NULL;
	ck_assert_msg(to != NULL, "no section %s", section);
	char *text = strndup(from, (size_t)(to - from));
	ck_assert_msg(text != NULL, "no memory");
	for (size_t i = 0; i < t->n; i++) {
		const struct config_key *k = &t->key[i];

		(void)snprintf(line, sizeof line, "\n.It Ic %s :%s%s%s\n", k->name,
		    k->fallback[0] ? " Cm " : "", k->fallback,
		    k->built ? "" : " Pq later");
		ck_assert_msg(strstr(text, line) != NULL, "%s: want in %s:%s", k->name,
		    section, line);
	}
	for (const char *p = text; (p = strstr(p, "\n.It Ic ")); p++)
		n++;
	ck_assert_msg(n == t->n, "%s: got %zu keys, want %zu", section, n, t->n);
	free(text);
}

START_TEST(the_manual_names_every_key_with_its_default)
{
	struct buf page;

	buf_init(&page, 1 << 20);
	manual(&page);
	check_described(&config_root_table, "GENERAL KEYS", page.p);
	check_described(&config_source_table, "SOURCES", page.p);
	check_described(&config_output_table, "OUTPUTS", page.p);
	buf_free(&page);
}
END_TEST

void
config_add_print_tests(TCase *t)
{
	tcase_add_test(t, what_is_printed_reads_back);
	tcase_add_test(t, secrets_are_not_printed);
	tcase_add_test(t, the_example_shows_every_key_with_its_default);
	tcase_add_test(t, every_default_is_taken_by_its_own_row);
	tcase_add_test(t, the_manual_names_every_key_with_its_default);
}
