/*
 * test_config_fault.c - each fault of a configuration is one line at its place.
 */
#include "test_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE(keys) \
	OUTPUTS "sources:\n  - name: s\n    path: /nowhere/a.csv\n    " keys "\n"
#define OUTPUT(keys) \
	SOURCES "outputs:\n  - name: o\n    url: https://h.example/p\n    " keys "\n"
#define NO_START \
	" is none of: end beginning, a time as 2026-03-02T08:00:00Z, an age as 2h"
#define NOT_BUILT ": not built yet in this version (only the default "

static const struct fault_case {
	const char *name;
	const char *yaml;
	const char *want; /* the only line, without its LF */
} fault_cases[] = {
	{ "unknown key, root", "sorces: []\n" OUTPUTS,
	    "t.yaml:1:1: unknown key \"sorces\", did you mean \"sources\"?" },
	{ "unknown key, nothing near", BOTH "colour: red\n",
	    "t.yaml:5:1: unknown key \"colour\"" },
	{ "unknown key, section of the root", BOTH "state: {pth: /x}\n",
	    "t.yaml:5:9: unknown key \"pth\", did you mean \"path\"?" },
	{ "unknown key, source", SOURCE("formt: pmta"),
	    "t.yaml:6:5: unknown key \"formt\", did you mean \"format\"?" },
	{ "unknown key, output", OUTPUT("selcet: {}"),
	    "t.yaml:6:5: unknown key \"selcet\", did you mean \"select\"?" },
	{ "unknown key, section of an output", OUTPUT("batch: {max_event: 1}"),
	    "t.yaml:6:13: unknown key \"max_event\", did you mean \"max_events\"?" },
	{ "unknown key, two deep", OUTPUT("auth: {basic: {usr: a, password: b}}"),
	    "t.yaml:6:20: unknown key \"usr\", did you mean \"user\"?" },
	{ "unknown key, secret", OUTPUT("auth: {bearer: {fil: /x}}"),
	    "t.yaml:6:21: auth.bearer: unknown key \"fil\", did you mean \"file\"?" },
	{ "unknown key, dotted", OUTPUT("batch.max_events: 5"),
	    "t.yaml:6:5: unknown key \"batch.max_events\"" },
	{ "unknown key, empty", BOTH "\"\": 5\n", "t.yaml:5:1: unknown key \"\"" },
	{ "unknown key, escaped and cut",
	    BOTH
	    "\"\\e[2J\\u009b"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": 1",
	    "t.yaml:5:1: unknown key \"\\x1b[2J\\xc2\\x9b"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"" },
	{ "duplicate key", OUTPUT("insecure: true\n    insecure: true"),
	    "t.yaml:7:5: duplicate key \"insecure\", first on line 6" },
	{ "duplicate key, root", BOTH "outputs: []\n",
	    "t.yaml:5:1: duplicate key \"outputs\", first on line 3" },
	{ "duplicate key, map", BOTH "labels: {a: b, a: c}\n",
	    "t.yaml:5:16: duplicate key \"a\", first on line 5" },
	{ "wrong type, number", OUTPUT("batch: {max_events: many}"),
	    "t.yaml:6:25: batch.max_events: \"many\" is not a number" },
	{ "wrong type, number is a list", OUTPUT("batch: {max_events: [1]}"),
	    "t.yaml:6:25: batch.max_events: expected a number" },
	{ "wrong type, list", OUTPUT("select: {type: bounce}"),
	    "t.yaml:6:20: select.type: expected a list" },
	{ "wrong type, list in a list", OUTPUT("select: {type: [[bounce]]}"),
	    "t.yaml:6:21: select.type: expected a text" },
	{ "wrong type, mapping", BOTH "labels: [a]\n",
	    "t.yaml:5:9: labels: expected a mapping" },
	{ "wrong type, section", BOTH "state: /x\n",
	    "t.yaml:5:8: state: expected a mapping" },
	{ "wrong type, map's value", BOTH "labels: {a: [b]}\n",
	    "t.yaml:5:13: labels: expected a text for \"a\"" },
	{ "wrong type, bool", OUTPUT("insecure: yes"),
	    "t.yaml:6:15: insecure: \"yes\" is not true or false" },
	{ "wrong type, sources", "sources: s\n" OUTPUTS,
	    "t.yaml:1:10: sources: expected a list" },
	{ "wrong type, a source", "sources: [s]\n" OUTPUTS,
	    "t.yaml:1:11: expected a mapping such as {name: X, ...}" },
	{ "wrong type, secret", OUTPUT("auth: {bearer: [a]}"),
	    "t.yaml:6:20: auth.bearer: expected a text, or a mapping such as "
	    "{file: PATH}" },
	{ "wrong type, root", "- a\n", "t.yaml:1:1: expected a mapping of keys" },
	{ "empty entry of a list",
	    BOTH "fbl_headers: [X-A, ]\nlog: {level: info}\n"
		 "include: [\"\"]\n",
	    "t.yaml:7:11: include: an empty entry" },
	{ "duration without a unit", OUTPUT("timeout: {total: 30}"),
	    "t.yaml:6:22: timeout.total: \"30\" is not a duration such as 30s" },
	{ "duration, unknown unit", OUTPUT("timeout: {total: 3min}"),
	    "t.yaml:6:22: timeout.total: \"3min\" is not a duration such as 30s" },
	{ "duration, negative", OUTPUT("timeout: {total: -3s}"),
	    "t.yaml:6:22: timeout.total: \"-3s\" is not a duration such as 30s" },
	{ "duration, overflow", OUTPUT("timeout: {total: 18446744073709551615d}"),
	    "t.yaml:6:22: timeout.total: \"18446744073709551615d\" is not a duration "
	    "such "
	    "as 30s" },
	{ "duration, out of range", OUTPUT("timeout: {total: 0}"),
	    "t.yaml:6:22: timeout.total: \"0\" is out of range (1ms to 1h)" },
	{ "size, unknown unit", SOURCE("max_record: 1MB"),
	    "t.yaml:6:17: max_record: \"1MB\" is not a size such as 64KiB" },
	{ "size, fraction", SOURCE("max_record: 1.5MiB"),
	    "t.yaml:6:17: max_record: \"1.5MiB\" is not a size such as 64KiB" },
	{ "size, out of range", SOURCE("max_record: 1GiB"),
	    "t.yaml:6:17: max_record: \"1GiB\" is out of range (4KiB to 64MiB)" },
	{ "number, out of range", OUTPUT("batch: {max_events: 0}"),
	    "t.yaml:6:25: batch.max_events: \"0\" is out of range (1 to 100000)" },
	{ "environment, unset", OUTPUT("batch: {max_events: \"${BF_UNSET}\"}"),
	    "t.yaml:6:25: the environment variable BF_UNSET is not set "
	    "(${BF_UNSET:-default} helps)" },
	{ "environment, unset in a list", OUTPUT("select: {source: [\"${BF_UNSET}\"]}"),
	    "t.yaml:6:23: the environment variable BF_UNSET is not set "
	    "(${BF_UNSET:-default} helps)" },
	{ "environment, unset name",
	    OUTPUTS "sources:\n  - name: ${BF_UNSET}\n    path: x",
	    "t.yaml:4:11: the environment variable BF_UNSET is not set "
	    "(${BF_UNSET:-default} helps)" },
	{ "environment, no end", BOTH "host: ${BF_SET\n", "t.yaml:5:7: ${ without }" },
	{ "environment, bad name", BOTH "host: ${1X}\n",
	    "t.yaml:5:7: ${...} has to be ${NAME} or ${NAME:-default}" },
	{ "environment, no UTF-8", BOTH "host: ${BF_LATIN1}\n",
	    "t.yaml:5:7: what the environment holds is not UTF-8" },
	{ "anchor", BOTH "host: &a mx1\n",
	    "t.yaml:5:7: anchors (&name) are not taken" },
	{ "alias", BOTH "host: *a\n",
	    "t.yaml:5:7: aliases (*name) are not taken; a text that starts with * "
	    "needs "
	    "quotes" },
	{ "alias as a needed value", OUTPUTS "sources:\n  - {name: s, path: *csv }\n",
	    "t.yaml:4:21: aliases (*name) are not taken; a text that starts with * "
	    "needs "
	    "quotes" },
	{ "tag", BOTH "host: !!str mx1\n", "t.yaml:5:7: tags (!name) are not taken" },
	{ "second document", BOTH "---\nhost: b\n",
	    "t.yaml:5:1: a second document is not taken" },
	{ "key that is a list", BOTH "[a]: b\n", "t.yaml:5:1: a key has to be a text" },
	{ "tab", "sources:\n\t- name: s\n",
	    "t.yaml:2:1: a tab: YAML indents with blanks only" },
	{ "flow without end", BOTH "labels: {a: b\n",
	    "t.yaml:6:1: did not find expected ',' or '}', while parsing a flow "
	    "mapping" },
	{ "NUL", BOTH "host: \"a\\0b\"\n",
	    "t.yaml:5:7: a NUL character inside a text" },
	{ "invalid UTF-8", BOTH "# gr\xc3\xbc\xc3\x9f\nhost: \xff\n",
	    "t.yaml:6:7: invalid leading UTF-8 octet" },
	{ "control character", BOTH "host: a\x01\n",
	    "t.yaml:5:8: control characters are not allowed" },
	{ "too deep", "a: [[[[[[[[[[[[[[[[[[[[",
	    "t.yaml:1:19: nested too deep (limit 16)" },
	{ "no outputs", SOURCES, "t.yaml:1:1: no outputs" },
	{ "no sources", OUTPUTS "sources: []\n", "t.yaml:1:1: no sources" },
	{ "native", OUTPUT("native: yes"),
	    "t.yaml:6:13: native: \"yes\" is not true or false" },
	{ "later: metrics", BOTH "metrics: {listen: \"127.0.0.1:1\"}\n",
	    "t.yaml:5:19: metrics.listen" NOT_BUILT "\"\" is taken)" },
	{ "poll, too often", SOURCE("poll: 99ms"),
	    "t.yaml:6:11: poll: at least 100ms, or 0 for inotify" },
	{ "metadata, a text for an entry", SOURCE("metadata: {c: job_id}"),
	    "t.yaml:6:19: metadata: expected a mapping such as "
	    "{from: headers.x-campaign-id}" },
	{ "metadata without from", SOURCE("metadata: {c: {pattern: x}}"),
	    "t.yaml:6:19: metadata: from is missing" },
	{ "metadata, unknown part", SOURCE("metadata: {c: {fron: job_id}}"),
	    "t.yaml:6:20: metadata: unknown key \"fron\", did you mean \"from\"?" },
	{ "metadata, a list for from", SOURCE("metadata: {c: {from: [job_id]}}"),
	    "t.yaml:6:26: metadata: expected a text for \"from\"" },
	{ "metadata, a name", SOURCE("metadata: {\"c d\": {from: job_id}}"),
	    "t.yaml:6:16: metadata: \"c d\" has to be 1 to 64 of A-Z a-z 0-9 . _ -" },
	{ "metadata, a key that is none", SOURCE("metadata: {c: {from: job-id}}"),
	    "t.yaml:6:26: metadata: \"job-id\" is no key of an event that can be "
	    "looked at, did you mean \"job_id\"?" },
	{ "metadata, a header without a name",
	    SOURCE("metadata: {c: {from: headers.}}"),
	    "t.yaml:6:26: metadata: \"headers.\" is no key of an event that can be "
	    "looked at, did you mean \"headers.\"?" },
	{ "metadata, a broken pattern",
	    SOURCE("metadata: {c: {from: job_id, pattern: \"(a\"}}"),
	    "t.yaml:6:43: metadata: pattern: missing closing parenthesis, at byte 3" },
	{ "metadata, a group of another name",
	    SOURCE("metadata: {c: {from: job_id, pattern: \"(?<d>a)\"}}"),
	    "t.yaml:6:43: metadata: pattern: none of its groups is called \"c\"" },
	{ "VERP, a broken pattern", SOURCE("bounces: {verp: [a, \"[\"]}"),
	    "t.yaml:6:22: bounces.verp: it has none of the groups recipient, list, id, "
	    "as in (?<recipient>.+)\n"
	    "t.yaml:6:25: bounces.verp: missing terminating ] for character class, at "
	    "byte 2" },
	{ "later: rules", BOTH "classify: {rules: [{text: x}]}\n",
	    "t.yaml:5:19: classify.rules" NOT_BUILT "[] is taken)" },
	{ "later: signature", OUTPUT("auth: {signature: [a, b]}"),
	    "t.yaml:6:23: auth.signature" NOT_BUILT "\"\" is taken)" },
	{ "later: compression", OUTPUT("compression: gzip"),
	    "t.yaml:6:18: compression" NOT_BUILT "none is taken)" },
	{ "answers, no meaning", OUTPUT("answers: {409: acepted}"),
	    "t.yaml:6:20: answers: \"acepted\" is not a meaning, did you mean "
	    "\"accepted\"?" },
	{ "answers, no code", OUTPUT("answers: {4090: accepted}"),
	    "t.yaml:6:15: answers: \"4090\" is not a status code, did you mean "
	    "\"400\"?" },
	{ "later: source type", SOURCE("type: journal"),
	    "t.yaml:6:11: type" NOT_BUILT "file is taken)" },
	{ "later: source format", SOURCE("format: dsn"),
	    "t.yaml:6:13: format: \"dsn\" is not built yet in this version (taken "
	    "are: auto pmta maillog postfix sendmail)" },
	{ "later: output format", OUTPUT("format: listmonk"),
	    "t.yaml:6:13: format: \"listmonk\" is not built yet in this version (taken "
	    "are: json array ndjson)" },
	{ "start, a slip", SOURCE("start: begining"),
	    "t.yaml:6:12: start: \"begining\"" NO_START ", did you mean "
	    "\"beginning\"?" },
	{ "start, a day", SOURCE("start: 2026-03-02"),
	    "t.yaml:6:12: start: \"2026-03-02\"" NO_START },
	{ "start, a list", SOURCE("start: [end]"),
	    "t.yaml:6:12: start: expected a word, a time or an age" },
	{ "word", BOTH "log: {level: warning}\n",
	    "t.yaml:5:14: log.level: \"warning\" is not one of: error warn info debug, "
	    "did "
	    "you mean \"warn\"?" },
	{ "event type", OUTPUT("select: {type: [bonce]}"),
	    "t.yaml:6:21: select.type: \"bonce\" is not an event type, did you mean "
	    "\"bounce\"?" },
	{ "event class", OUTPUT("select: {class: [hardly]}"),
	    "t.yaml:6:22: select.class: \"hardly\" is not a class, did you mean "
	    "\"hard\"?" },
	{ "event reason", OUTPUT("select: {reason: [user_unknow]}"),
	    "t.yaml:6:23: select.reason: \"user_unknow\" is not a reason, did you mean "
	    "\"user_unknown\"?" },
	{ "class_of, name", BOTH "classify: {class_of: {mailbox_ful: hard}}\n",
	    "t.yaml:5:23: classify.class_of: \"mailbox_ful\" is not a reason, did you "
	    "mean "
	    "\"mailbox_full\"?" },
	{ "class_of, value", BOTH "classify: {class_of: {mailbox_full: dead}}\n",
	    "t.yaml:5:37: classify.class_of: \"dead\" is not a class" },
	{ "bounce_cat, value", BOTH "classify: {bounce_cat: {spam: sspam_rejected}}\n",
	    "t.yaml:5:31: classify.bounce_cat: \"sspam_rejected\" is not a reason, did "
	    "you "
	    "mean \"spam_rejected\"?" },
	{ "select.source", OUTPUT("select: {source: [t]}"),
	    "t.yaml:6:23: select.source: \"t\" is no configured source" },
	{ "select.not.source", OUTPUT("select: {not: {source: [t]}}"),
	    "t.yaml:6:29: select.not.source: \"t\" is no configured source" },
	{ "missing name", OUTPUTS "sources:\n  - path: /x\n",
	    "t.yaml:4:5: name is missing" },
	{ "missing path", OUTPUTS "sources:\n  - name: s\n",
	    "t.yaml:4:5: path is missing" },
	{ "missing url", SOURCES "outputs:\n  - name: o\n",
	    "t.yaml:4:5: url is missing" },
	{ "name that is not set", OUTPUTS "sources:\n  - name: ~\n    path: /x\n",
	    "t.yaml:4:5: name is missing" },
	{ "name, impossible", OUTPUTS "sources:\n  - {name: a b, path: /x}\n",
	    "t.yaml:4:12: name: \"a b\" has to be 1 to 64 of A-Z a-z 0-9 . _ -" },
	{ "duplicate source",
	    OUTPUTS "sources:\n  - {name: s, path: /x}\n  - {name: s, path: /y}\n",
	    "t.yaml:5:12: name: \"s\" is there twice" },
	{ "duplicate output",
	    SOURCES "outputs:\n  - {name: o, url: https://a}\n  - {name: o, url: "
		    "https://b}\n",
	    "t.yaml:5:12: name: \"o\" is there twice" },
	{ "same path in two sources (case RES5)",
	    OUTPUTS
	    "sources:\n  - {name: s, path: [/y, /x]}\n  - {name: t, path: /x}\n",
	    "t.yaml:5:21: path: \"/x\" is in source \"s\" already" },
	{ "url, http", SOURCES "outputs:\n  - {name: o, url: http://127.evil.com/}\n",
	    "t.yaml:4:20: url: http:// to another machine is not safe; take https://, "
	    "or "
	    "set insecure: true" },
	{ "url, http behind userinfo",
	    SOURCES "outputs:\n  - {name: o, url: \"http://localhost:1@evil.com/\"}\n",
	    "t.yaml:4:20: url: http:// to another machine is not safe; take https://, "
	    "or "
	    "set insecure: true" },
	{ "url, other scheme", SOURCES "outputs:\n  - {name: o, url: ftp://u:p@h/}\n",
	    "t.yaml:4:20: url: has to begin with https:// or http://" },
	{ "url, no host", SOURCES "outputs:\n  - {name: o, url: https:///p}\n",
	    "t.yaml:4:20: url: has no host" },
	{ "url, password with a slash",
	    SOURCES "outputs:\n  - {name: o, url: https://u:p/w@h/}\n",
	    "t.yaml:4:20: url: its port is no number from 1 to 65535" },
	{ "url, blank", SOURCES "outputs:\n  - {name: o, url: https://h/a b}\n",
	    "t.yaml:4:20: url: has a blank, a backslash or a control character in it" },
	{ "retry.min over retry.max", OUTPUT("retry: {min: 40s}"),
	    "t.yaml:6:18: retry.min is longer than retry.max" },
	{ "time zone", SOURCE("timezone: Mars/Olympus"),
	    "t.yaml:6:15: timezone: \"Mars/Olympus\" is not known to this system" },
	{ "two kinds of auth",
	    OUTPUT("auth: {bearer: a, basic: {user: b, password: c}}"),
	    "t.yaml:6:20: auth: at most one of bearer, basic, header is taken" },
	{ "basic without a password", OUTPUT("auth: {basic: {user: b}}"),
	    "t.yaml:6:26: auth.basic.password is missing" },
	{ "secret of two kinds", OUTPUT("auth: {bearer: {file: /x, env: Y}}"),
	    "t.yaml:6:20: auth.bearer: expected exactly one of file, env, credential" },
	{ "secret of two lines", OUTPUT("auth: {bearer: \"${BF_LINES}\"}"),
	    "t.yaml:6:20: auth.bearer: the value has to be one line without control "
	    "characters" },
	{ "header name", OUTPUT("headers: {\"X A\": b}"),
	    "t.yaml:6:22: headers: \"X A\" is no header name" },
	{ "header value", OUTPUT("headers: {X-A: \"${BF_LINES}\"}"),
	    "t.yaml:6:20: headers: a line end in the value of \"X-A\"" },
};

START_TEST(each_fault_is_one_line)
{
	const struct fault_case *k = &fault_cases[_i];
	struct config *c = NULL;
	char want[2048] = "", *lines, *notes;
	int rc = config_test_load(slice_of(k->yaml), true, &c, &lines, &notes);
	int want_rc = k->want ? -EINVAL : 0;

	if (k->want)
		(void)snprintf(want, sizeof want, "%s\n", k->want);
	ck_assert_msg(strcmp(lines, want) == 0 && rc == want_rc,
	    "%s: got %d\n%swant %d\n%s", k->name, rc, lines, want_rc, want);
	free(lines);
	free(notes);
	config_free(c);
}
END_TEST

/* What is named is opened; the source's path is a note each time. */
static const struct fault_case online_cases[] = {
	{ "secret file missing", OUTPUT("auth: {bearer: {file: /nowhere/t}}"),
	    "t.yaml:6:27: auth.bearer: \"/nowhere/t\" cannot be read: No such file or "
	    "directory\n" },
	{ "secret file is a directory", OUTPUT("auth: {bearer: {file: /}}"),
	    "t.yaml:6:27: auth.bearer: \"/\" cannot be read: Is a directory\n" },
	{ "secret file empty", OUTPUT("auth: {bearer: {file: /dev/null}}"),
	    "t.yaml:6:27: auth.bearer: \"/dev/null\" is empty\n" },
	{ "secret file too long", OUTPUT("auth: {bearer: {file: /dev/zero}}"),
	    "t.yaml:6:27: auth.bearer: \"/dev/zero\" is too long for a secret (limit "
	    "16 "
	    "KiB)\n" },
	{ "secret env unset", OUTPUT("auth: {bearer: {env: BF_UNSET}}"),
	    "t.yaml:6:26: auth.bearer: the environment variable \"BF_UNSET\" is not "
	    "set\n" },
	{ "secret env set", OUTPUT("auth: {bearer: {env: BF_SET}}"), "" },
	{ "credential without systemd", OUTPUT("auth: {bearer: {credential: t}}"),
	    "t.yaml:6:33: auth.bearer: credential \"t\": $CREDENTIALS_DIRECTORY is not "
	    "set "
	    "(LoadCredential= in the unit)\n" },
	{ "credential that leaves its directory",
	    OUTPUT("auth: {bearer: {credential: ../t}}"),
	    "t.yaml:6:33: auth.bearer: \"../t\" is no credential's name\n" },
	{ "CA missing", OUTPUT("tls: {ca_file: /nowhere/ca.pem}"),
	    "t.yaml:6:20: tls.ca_file: \"/nowhere/ca.pem\" cannot be read: No such "
	    "file or "
	    "directory\n" },
	{ "key and certificate missing",
	    OUTPUT("tls: {cert_file: /nowhere/c, key_file: /nowhere/k}"),
	    "t.yaml:6:22: tls.cert_file: \"/nowhere/c\" cannot be read: No such file "
	    "or "
	    "directory\n"
	    "t.yaml:6:44: tls.key_file: \"/nowhere/k\" cannot be read: No such file or "
	    "directory\n" },
	{ "secret url missing",
	    SOURCES "outputs:\n  - {name: o, url: {file: /nowhere/u}}\n",
	    "t.yaml:4:27: url: \"/nowhere/u\" cannot be read: No such file or "
	    "directory\n" },
};

START_TEST(what_is_named_has_to_be_there)
{
	const struct fault_case *k = &online_cases[_i];
	struct config *c = NULL;
	char *lines, *notes;
	static const char want_note[] =
	    "t.yaml:2:21: path: \"/nowhere/a.csv\" is not there "
	    "yet: No such file or directory\n";

	int rc = config_test_load(slice_of(k->yaml), false, &c, &lines, &notes);
	ck_assert_msg(strcmp(lines, k->want) == 0, "%s: got %d\n%swant\n%s", k->name,
	    rc, lines, k->want);
	ck_assert_msg(strcmp(notes, want_note) == 0, "%s: got note\n%swant\n%s",
	    k->name, notes, want_note);
	free(lines);
	free(notes);
	config_free(c);
	/* offline nothing of this is opened */
	c = config_test_good(k->yaml);
	config_free(c);
}
END_TEST

void
config_add_fault_tests(TCase *t)
{
	tcase_add_loop_test(
	    t, each_fault_is_one_line, 0, sizeof fault_cases / sizeof *fault_cases);
	tcase_add_loop_test(t, what_is_named_has_to_be_there, 0,
	    sizeof online_cases / sizeof *online_cases);
}
