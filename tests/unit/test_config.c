/*
 * test_config.c - the configuration's faults: each is the one line at its place.
 *
 * Files are written to a directory of their own, which stands before the names in
 * faults; the wanted lines are without it. What good files give is in
 * test_config_good.c.
 */
#include "test_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *suite_config(void);

enum { PATH_ROOM = 4200 };

static char dir[] = "/tmp/bouncefeed-config-XXXXXX";

static void
setup(void)
{
	char inc[PATH_ROOM];

	(void)snprintf(dir, sizeof dir, "/tmp/bouncefeed-config-XXXXXX");
	ck_assert_msg(mkdtemp(dir) != NULL, "mkdtemp %s: %s", dir, strerror(errno));
	(void)snprintf(inc, sizeof inc, "%s/inc", dir);
	ck_assert_msg(mkdir(inc, 0700) == 0, "mkdir %s: %s", inc, strerror(errno));
	(void)setenv("BF_SET", "hello", 1);
	(void)setenv("BF_EMPTY", "", 1);
	(void)setenv("BF_LATIN1", "caf\xe9", 1);
	(void)setenv("BF_LINES", "a\nb", 1);
	(void)unsetenv("BF_UNSET");
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}

static void
teardown(void)
{
	static const char *const names[] = { "t.yaml", "back.yaml", "inc/a.yaml",
		"inc/b.yaml", "secret", "inc" };
	char path[PATH_ROOM];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)remove(path);
	}
	(void)rmdir(dir);
}

const char *
config_test_put(const char *name, struct slice text)
{
	static char path[PATH_ROOM];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_msg(fwrite(text.p, 1, text.n, file) == text.n, "write %s", path);
	ck_assert_msg(fclose(file) == 0, "close %s", path);
	return path;
}

/* The lines with every "DIR/" taken out. */
static char *
lines_of(const struct config_faults *f)
{
	char *text = strndup(f->text.n ? f->text.p : "", f->text.n);
	size_t skip = strlen(dir) + 1;

	ck_assert_msg(text != NULL, "no memory");
	for (char *at = text; (at = strstr(at, dir));)
		memmove(at, at + skip, strlen(at + skip) + 1);
	return text;
}

int
config_test_load(
    struct slice yaml, bool offline, struct config **out, char **lines, char **notes)
{
	struct config_faults faults, said;

	config_faults_init(&faults);
	config_faults_init(&said);
	int rc = config_load(
	    config_test_put("t.yaml", yaml), offline, out, &faults, &said);
	*lines = lines_of(&faults);
	*notes = lines_of(&said);
	config_faults_free(&faults);
	config_faults_free(&said);
	return rc;
}

struct config *
config_test_good(const char *yaml)
{
	struct config *c = NULL;
	char *lines, *notes;
	int rc = config_test_load(slice_of(yaml), true, &c, &lines, &notes);

	ck_assert_msg(rc == 0, "got %d and\n%s\nwant no fault of\n%s", rc, lines, yaml);
	free(lines);
	free(notes);
	return c;
}

/* Loads, compares all lines of faults and notes, frees. */
static void
expect(const char *name, struct slice yaml, const char *want, const char *want_notes)
{
	struct config *c = NULL;
	char *lines, *notes;

	(void)config_test_load(yaml, true, &c, &lines, &notes);
	ck_assert_msg(
	    strcmp(lines, want) == 0, "%s: got\n%swant\n%s", name, lines, want);
	ck_assert_msg(strcmp(notes, want_notes) == 0, "%s: got notes\n%swant\n%s", name,
	    notes, want_notes);
	free(lines);
	free(notes);
	config_free(c);
}

START_TEST(an_empty_file_has_no_sources_and_no_outputs)
{
	static const char want[] = "t.yaml:1:1: no sources\nt.yaml:1:1: no outputs\n";

	expect("empty", SLICE(""), want, "");
	expect("a comment", SLICE("# nothing\n"), want, "");
	expect("null", SLICE("~\n"), want, "");
	expect("a document's head", SLICE("---\n"), want, "");
}
END_TEST

START_TEST(several_faults_are_all_told)
{
	expect("four faults",
	    SLICE("colour: red\n"
		  "sources:\n"
		  "  - {name: s, pth: /x, max_record: big}\n"
		  "  - {name: t}\n"
		  "outputs:\n"
		  "  - {name: o, url: https://h, batch: {linger: x}}\n"),
	    "t.yaml:1:1: unknown key \"colour\"\n"
	    "t.yaml:3:15: unknown key \"pth\", did you mean \"path\"?\n"
	    "t.yaml:3:36: max_record: \"big\" is not a size such as 64KiB\n"
	    "t.yaml:6:47: batch.linger: \"x\" is not a duration such as 30s\n"
	    "t.yaml:4:5: path is missing\n",
	    "");
}
END_TEST

START_TEST(faults_end_at_a_limit)
{
	struct buf text;
	struct config *c = NULL;
	struct config_faults f;

	buf_init(&text, 1 << 20);
	for (int i = 0; i < 500; i++)
		buf_printf(&text, "unknown%d: 1\n", i);
	config_faults_init(&f);
	int rc = config_load(
	    config_test_put("t.yaml", buf_slice(&text)), true, &c, &f, NULL);
	ck_assert_msg(rc == -EINVAL && f.count == CONFIG_FAULTS,
	    "got %d and %zu faults, want %d and %d", rc, f.count, -EINVAL,
	    CONFIG_FAULTS);
	config_faults_free(&f);
	buf_free(&text);
}
END_TEST

START_TEST(sizes_have_limits)
{
	size_t n = (size_t)2 << 20;
	char *big = malloc(n);
	struct buf list;

	ck_assert_msg(big != NULL, "no memory");
	memset(big, '#', n);
	expect("2 MiB", (struct slice){ big, n },
	    "t.yaml:1:1: the file is larger than 1 MiB\n", "");
	expect("1 MiB", (struct slice){ big, LIMIT_CONFIG },
	    "t.yaml:1:1: no sources\nt.yaml:1:1: no outputs\n", "");
	memset(big, '[', n);
	expect("1 MiB of brackets", (struct slice){ big, LIMIT_CONFIG },
	    "t.yaml:1:17: nested too deep (limit 16)\n", "");
	free(big);
	buf_init(&list, LIMIT_CONFIG);
	for (int i = 0; i <= NODE_CHILDREN; i++)
		buf_printf(&list, "- %d\n", i);
	expect("a long list", buf_slice(&list),
	    "t.yaml:4097:3: too many entries in one list or mapping (limit 4096)\n",
	    "");
	buf_free(&list);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told)
{
	static const struct {
		const char *file;
		int rc;
		const char *want;
	} cases[] = {
		{ "/nowhere/x.yaml", -ENOENT,
		    "/nowhere/x.yaml:1:1: cannot be read: No such file or "
		    "directory\n" },
		{ "/tmp", -EISDIR, "/tmp:1:1: cannot be read: Is a directory\n" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config *c = NULL;
		struct config_faults f;

		config_faults_init(&f);
		int rc = config_load(cases[i].file, true, &c, &f, NULL);
		ck_assert_msg(rc == cases[i].rc &&
				  slice_eq(buf_slice(&f.text), slice_of(cases[i].want)),
		    "got %d %.*swant %d %s", rc, (int)f.text.n, f.text.p, cases[i].rc,
		    cases[i].want);
		config_faults_free(&f);
	}
}
END_TEST

START_TEST(included_files_join_and_their_faults_name_them)
{
	struct config *c;

	config_test_put("inc/a.yaml", SLICE("sources:\n  - {name: s, path: /a}\n"));
	config_test_put(
	    "inc/b.yaml", SLICE("outputs:\n  - {name: p, url: https://h}\n"));
	c = config_test_good("include: [inc/*.yaml]\n" OUTPUTS);
	ck_assert_msg(c->nsources == 1 && c->noutputs == 2,
	    "got %zu sources, %zu outputs, want 1 and 2", c->nsources, c->noutputs);
	const char *base = strrchr(c->source[0].at.file, '/');
	ck_assert_msg(strcmp(base, "/a.yaml") == 0, "got mark in %s, want a.yaml",
	    c->source[0].at.file);
	config_free(c);
	expect("nothing matches", SLICE("include: [no/*.yaml]\n" BOTH), "",
	    "t.yaml:1:11: include: \"no/*.yaml\" matches nothing\n");
	config_test_put("inc/b.yaml",
	    SLICE("host: x\nsorces: []\noutputs:\n  - {name: o, url: 7}\n"));
	expect("faults in it", SLICE("include: inc/*.yaml\n" OUTPUTS),
	    "inc/b.yaml:1:1: \"host\" cannot stand in an included file, only sources "
	    "and "
	    "outputs\n"
	    "inc/b.yaml:2:1: unknown key \"sorces\", did you mean \"sources\"?\n"
	    "inc/b.yaml:4:12: name: \"o\" is there twice\n"
	    "inc/b.yaml:4:20: url: has to begin with https:// or http://\n",
	    "");
	config_test_put("inc/b.yaml", SLICE("sources: ["));
	expect("syntax", SLICE("include: [inc/b.yaml]\n" OUTPUTS),
	    "inc/b.yaml:2:1: did not find expected node content, while parsing a flow "
	    "node\n",
	    "");
}
END_TEST

Suite *
suite_config(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("faults");

	tcase_add_checked_fixture(t, setup, teardown);
	config_add_fault_tests(t);
	tcase_add_test(t, an_empty_file_has_no_sources_and_no_outputs);
	tcase_add_test(t, several_faults_are_all_told);
	tcase_add_test(t, faults_end_at_a_limit);
	tcase_add_test(t, sizes_have_limits);
	tcase_add_test(t, a_file_that_cannot_be_read_is_told);
	tcase_add_test(t, included_files_join_and_their_faults_name_them);
	suite_add_tcase(s, t);
	t = tcase_create("good");
	tcase_add_checked_fixture(t, setup, teardown);
	config_add_value_tests(t);
	config_add_print_tests(t);
	suite_add_tcase(s, t);
	return s;
}
