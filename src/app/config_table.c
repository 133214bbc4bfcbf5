/*
 * config_table.c - every key of the configuration, once: what it holds, where it goes,
 * its default, what it may be. The loader, `check --print` and the test of
 * config/bouncefeed.yaml read these tables and nothing else.
 *
 * A row without `built` belongs to a later version: it is known and taken at its
 * default alone. Rows of one section stand together, in the order of
 * config/bouncefeed.yaml.
 */
#include "app/config_internal.h"

#include <string.h>

#include "event/event.h"
#include "output/output.h"

#define ROOT(field)   .built = true, .offset = offsetof(struct config, field)
#define SOURCE(field) .built = true, .offset = offsetof(struct config_source, field)
#define OUTPUT(field) .built = true, .offset = offsetof(struct config_output, field)

enum {
	MS_SECOND = 1000,
	MS_HOUR = 3600 * MS_SECOND,
	MS_DAY = 24 * MS_HOUR,
};

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define TIB (1024 * 1024 * MIB)

#define MS_YEARS (INT64_C(3650) * MS_DAY)

static const char *
type_word(size_t i)
{
	return i + 1 < EVENT_TYPE_COUNT ? event_type_name((enum event_type)(i + 1))
					: NULL;
}

static const char *
class_word(size_t i)
{
	return i + 1 < EVENT_CLASS_COUNT ? event_class_name((enum event_class)(i + 1))
					 : NULL;
}

static const char *
reason_word(size_t i)
{
	return i + 1 < REASON_COUNT ? event_reason_name((enum event_reason)(i + 1))
				    : NULL;
}

static const struct key_words event_types = { "an event type", type_word };
static const struct key_words event_classes = { "a class", class_word };
static const struct key_words event_reasons = { "a reason", reason_word };

static const char *
answer_word(size_t i)
{
	static const enum output_verdict verdict[] = { VERDICT_ACCEPTED, VERDICT_AGAIN,
		VERDICT_REFUSED, VERDICT_HOLD };

	return i < sizeof verdict / sizeof *verdict ? output_verdict_name(verdict[i])
						    : NULL;
}

/* "100" to "599" */
static const char *
code_word(size_t i)
{
	static char text[500][4]; /* each stays: a suggestion may name it */

	if (i >= sizeof text / sizeof *text)
		return NULL;
	text[i][0] = (char)('1' + i / 100);
	text[i][1] = (char)('0' + i / 10 % 10);
	text[i][2] = (char)('0' + i % 10);
	return text[i];
}

static const struct key_words answer_words = { "a meaning", answer_word };
static const struct key_words status_codes = { "a status code", code_word };

static const struct config_key root_keys[] = {
	{ "host", KEY_TEXT, ROOT(host), .fallback = "",
	    .help = "name of this host in events and request headers" },
	{ "labels", KEY_MAP, ROOT(labels), .fallback = "{}",
	    .help = "fixed pairs that go into every event" },
	{ "include", KEY_INCLUDE, .built = true, .fallback = "[]",
	    .help = "further files with sources and outputs, globs" },
	{ "sources", KEY_SOURCES, .built = true, .fallback = "[]",
	    .help = "the logs to follow" },
	{ "outputs", KEY_OUTPUTS, .built = true, .fallback = "[]",
	    .help = "where the events go" },
	{ "classify.class_of", KEY_MAP, ROOT(class_of), .fallback = "{}",
	    .names = &event_reasons, .items = &event_classes,
	    .help = "reason: class, in place of the reason's usual class" },
	{ "classify.bounce_cat", KEY_MAP, ROOT(bounce_cat), .fallback = "{}",
	    .items = &event_reasons, .help = "PowerMTA bounce category: reason" },
	{ "classify.rules", KEY_ANY, .fallback = "[]", .help = "own rules" },
	{ "classify.rules_file", KEY_TEXT, .fallback = "",
	    .help = "file of own rules" },
	{ "fbl_headers", KEY_LIST, ROOT(fbl_headers),
	    .fallback = "[X-FBLId, X-FBL, x-job, CFBL-Feedback-ID]",
	    .help = "message headers that name the campaign in a complaint" },
	{ "dead.max_age", KEY_DURATION, ROOT(dead_max_age), .fallback = "0",
	    .help = "dead letters are deleted after it; 0: never" },
	{ "dead.max_size", KEY_SIZE, ROOT(dead_max_size), .fallback = "1GiB",
	    .min = 64 * KIB, .max = TIB,
	    .help = "size of all dead letters, at most a quarter of state.max_size" },
	{ "state.path", KEY_TEXT, ROOT(state_path),
	    .fallback = "/var/lib/bouncefeed/state.db", .help = "the state file" },
	{ "state.max_size", KEY_SIZE, ROOT(state_max_size), .fallback = "4GiB",
	    .min = MIB, .max = TIB, .help = "size of the state file with its WAL" },
	{ "state.min_free", KEY_SIZE, ROOT(state_min_free), .fallback = "512MiB",
	    .max = TIB, .help = "what stays free on the file system" },
	{ "state.secure_delete", KEY_BOOL, ROOT(state_secure_delete),
	    .fallback = "false", .help = "overwrite what is deleted" },
	{ "metrics.listen", KEY_TEXT, .fallback = "",
	    .help = "address of the metrics" },
	{ "log.level", KEY_WORD, ROOT(log_level), .fallback = "info",
	    .words = "error warn info debug", .help = "what is logged" },
	{ "log.format", KEY_WORD, ROOT(log_format), .fallback = "auto",
	    .words = "auto text json", .help = "how it is logged" },
	{ "shutdown.drain", KEY_DURATION, ROOT(shutdown_drain), .fallback = "0s",
	    .max = MS_HOUR, .help = "time to empty the queue at the end" },
};

static const struct config_key source_keys[] = {
	{ "name", KEY_TEXT, SOURCE(name), .fallback = "",
	    .help = "identity of the source: its positions belong to it" },
	{ "type", KEY_WORD, SOURCE(type), .fallback = "file", .words = "file",
	    .reserved = "journal stdin", .help = "kind of source" },
	{ "format", KEY_WORD, SOURCE(format), .fallback = "auto",
	    .words = "auto pmta maillog postfix sendmail", .reserved = "dsn",
	    .help = "what the log is" },
	{ "path", KEY_PATHS, SOURCE(path), .fallback = "", .help = "files, globs" },
	{ "archive", KEY_PATHS, SOURCE(archive), .fallback = "[]",
	    .help = "where rotated files go" },
	{ "start", KEY_START, SOURCE(start), .fallback = "end",
	    .words = "end beginning",
	    .help = "where to begin in files that are there at the first look" },
	{ "timezone", KEY_TEXT, SOURCE(timezone), .fallback = "local",
	    .help = "of time stamps without a zone" },
	{ "silent_after", KEY_DURATION, SOURCE(silent_after), .fallback = "0",
	    .max = MS_YEARS,
	    .help = "warn when nothing was written for so long; 0: never" },
	{ "ignore_older", KEY_DURATION, SOURCE(ignore_older), .fallback = "0",
	    .max = MS_YEARS,
	    .help = "new files not written to for so long are passed over; 0: off" },
	{ "poll", KEY_DURATION, SOURCE(poll), .fallback = "0", .max = MS_HOUR,
	    .help = "look in this interval, without inotify; 0: inotify tells" },
	{ "max_record", KEY_SIZE, SOURCE(max_record), .fallback = "1MiB", .min = 4096,
	    .max = 64 * MIB, .help = "a longer record is passed over" },
	{ "extra", KEY_LIST, SOURCE(extra), .fallback = "[]",
	    .help = "columns to put into native" },
	{ "track.max_age", KEY_DURATION, .fallback = "7d",
	    .help = "memory of messages" },
	{ "track.max_messages", KEY_SIZE, .fallback = "1M",
	    .help = "number of messages" },
	{ "bounces.domains", KEY_LIST, .fallback = "[]",
	    .help = "of bounce addresses" },
	{ "bounces.prefixes", KEY_LIST, .fallback = "[]",
	    .help = "of bounce addresses" },
	{ "bounces.verp", KEY_LIST, SOURCE(bounces_verp), .fallback = "[]",
	    .help = "patterns of VERP" },
	{ "metadata", KEY_METADATA, SOURCE(metadata), .fallback = "{}",
	    .help = "pairs found in events" },
	{ "labels", KEY_MAP, SOURCE(labels), .fallback = "{}",
	    .help = "fixed pairs that go into every event of this source" },
};

/* The keys of select: and, alike, of its not:. p begins their names, b is the field. */
#define SELECT(p, b, types)                                                         \
	SELECT_KEY(p, b, type, KEY_LIST, types, &event_types, "types of event"),    \
	    SELECT_KEY(p, b, class, KEY_LIST, "[]", &event_classes, "classes"),     \
	    SELECT_KEY(p, b, reason, KEY_LIST, "[]", &event_reasons, "reasons"),    \
	    SELECT_KEY(p, b, source, KEY_LIST, "[]", NULL, "sources by name"),      \
	    SELECT_KEY(p, b, recipient_domain, KEY_DOMAINS, "[]", NULL, "domains"), \
	    SELECT_KEY(p, b, sender_domain, KEY_DOMAINS, "[]", NULL, "domains"),    \
	    SELECT_KEY(p, b, sender, KEY_LIST, "[]", NULL, "addresses"),            \
	    SELECT_KEY(p, b, vmta, KEY_LIST, "[]", NULL, "virtual MTAs"),           \
	    SELECT_KEY(p, b, job_id, KEY_LIST, "[]", NULL, "jobs"),                 \
	    SELECT_KEY(p, b, submitter, KEY_LIST, "[]", NULL, "SASL users"),        \
	    SELECT_KEY(p, b, labels, KEY_MAP, "{}", NULL, "labels")
#define SELECT_KEY(p, b, key, kind, standard, words, text)                         \
	{                                                                          \
		p #key, kind, OUTPUT(b.key), .fallback = standard, .items = words, \
					     .help = text                          \
	}

static const struct config_key output_keys[] = {
	{ "name", KEY_TEXT, OUTPUT(name), .fallback = "",
	    .help = "identity of the output: its queue belongs to it" },
	{ "type", KEY_WORD, OUTPUT(type), .fallback = "http", .words = "http",
	    .help = "kind of output" },
	{ "url", KEY_SECRET, OUTPUT(url), .fallback = "", .help = "where to post" },
	{ "insecure", KEY_BOOL, OUTPUT(insecure), .fallback = "false",
	    .help = "http:// to another machine is wanted" },
	{ "format", KEY_WORD, OUTPUT(format), .fallback = "json",
	    .words = "json array ndjson", .reserved = "pmta listmonk octeth",
	    .help = "form of a batch" },
	{ "native", KEY_BOOL, OUTPUT(native), .fallback = "false",
	    .help = "the record's other columns" },
	SELECT("select.", select, "[bounce, complaint]"),
	SELECT("select.not.", select_not, "[]"),
	{ "headers", KEY_MAP, OUTPUT(headers), .fallback = "{}",
	    .help = "further request headers" },
	{ "auth.bearer", KEY_SECRET, OUTPUT(auth_bearer), .fallback = "",
	    .help = "Authorization: Bearer" },
	{ "auth.basic.user", KEY_TEXT, OUTPUT(auth_basic_user), .fallback = "",
	    .help = "Authorization: Basic" },
	{ "auth.basic.password", KEY_SECRET, OUTPUT(auth_basic_password),
	    .fallback = "", .help = "its password" },
	{ "auth.header.name", KEY_TEXT, OUTPUT(auth_header_name), .fallback = "",
	    .help = "a header with a secret value" },
	{ "auth.header.value", KEY_SECRET, OUTPUT(auth_header_value), .fallback = "",
	    .help = "that value" },
	{ "auth.signature", KEY_SECRET, .fallback = "", .help = "Standard Webhooks" },
	{ "tls.ca_file", KEY_TEXT, OUTPUT(tls_ca_file), .fallback = "",
	    .help = "CA certificates in place of the system's" },
	{ "tls.cert_file", KEY_TEXT, OUTPUT(tls_cert_file), .fallback = "",
	    .help = "client certificate" },
	{ "tls.key_file", KEY_TEXT, OUTPUT(tls_key_file), .fallback = "",
	    .help = "its key" },
	{ "tls.server_name", KEY_TEXT, .fallback = "", .help = "name to verify" },
	{ "tls.min_version", KEY_WORD, OUTPUT(tls_min_version), .fallback = "\"1.2\"",
	    .words = "1.2 1.3", .help = "oldest TLS version" },
	{ "tls.verify", KEY_BOOL, OUTPUT(tls_verify), .fallback = "true",
	    .help = "verify the backend's certificate" },
	{ "proxy", KEY_TEXT, OUTPUT(proxy), .fallback = "", .help = "URL of a proxy" },
	{ "batch.max_events", KEY_NUMBER, OUTPUT(batch_max_events), .fallback = "500",
	    .min = 1, .max = 100000, .help = "events in one batch" },
	{ "batch.max_bytes", KEY_SIZE, OUTPUT(batch_max_bytes), .fallback = "1MiB",
	    .min = KIB, .max = 64 * MIB, .help = "bytes of one batch" },
	{ "batch.linger", KEY_DURATION, OUTPUT(batch_linger), .fallback = "1s",
	    .max = MS_HOUR, .help = "how long a batch waits for company" },
	{ "compression", KEY_WORD, .fallback = "none", .words = "none gzip",
	    .help = "of the request's body" },
	{ "timeout.connect", KEY_DURATION, OUTPUT(timeout_connect), .fallback = "5s",
	    .min = 1, .max = MS_HOUR, .help = "for the connection" },
	{ "timeout.total", KEY_DURATION, OUTPUT(timeout_total), .fallback = "30s",
	    .min = 1, .max = MS_HOUR, .help = "for the whole request" },
	{ "retry.min", KEY_DURATION, OUTPUT(retry_min), .fallback = "1s", .min = 1,
	    .max = MS_DAY, .help = "shortest backoff" },
	{ "retry.max", KEY_DURATION, OUTPUT(retry_max), .fallback = "30s", .min = 1,
	    .max = MS_DAY, .help = "longest backoff" },
	{ "retry.hold", KEY_DURATION, OUTPUT(retry_hold), .fallback = "5m", .min = 1,
	    .max = MS_DAY, .help = "between tries while held" },
	{ "retry.aside_after", KEY_DURATION, OUTPUT(retry_aside_after),
	    .fallback = "10m", .min = 1, .max = MS_DAY,
	    .help = "a batch that only fails lets the next one try after it" },
	{ "answers", KEY_MAP, OUTPUT(answers), .fallback = "{}", .names = &status_codes,
	    .items = &answer_words,
	    .help = "status code: accepted, again, refused or hold" },
	{ "max_size", KEY_SIZE, OUTPUT(max_size), .fallback = "0", .max = TIB,
	    .help = "this output's share of the spool; 0: all of it" },
	{ "max_age", KEY_DURATION, OUTPUT(max_age), .fallback = "0",
	    .help = "what is not delivered by then becomes a dead letter; 0: never" },
	{ "concurrency", KEY_NUMBER, OUTPUT(concurrency), .fallback = "1", .min = 1,
	    .max = LIMIT_CONCURRENCY, .help = "requests at a time" },
	{ "redact.recipient", KEY_WORD, .fallback = "none", .words = "none hmac domain",
	    .help = "what becomes of the recipient" },
	{ "redact.diagnostic", KEY_WORD, .fallback = "none",
	    .words = "none hmac domain", .help = "what becomes of the diagnostic" },
	{ "redact.drop", KEY_LIST, .fallback = "[]", .help = "keys that are left out" },
	{ "redact.key", KEY_SECRET, .fallback = "", .help = "key of the HMAC" },
};

const struct config_table config_root_table = { root_keys,
	sizeof root_keys / sizeof *root_keys };
const struct config_table config_source_table = { source_keys,
	sizeof source_keys / sizeof *source_keys };
const struct config_table config_output_table = { output_keys,
	sizeof output_keys / sizeof *output_keys };

size_t
config_key_find(const struct config_table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->key[i].name, name) != 0)
		i++;
	return i;
}
