/*
 * config.h - the configuration as the program uses it: config/bouncefeed.yaml has every
 * key with its default and a comment.
 *
 * The keys stand in one table (config_table.c): {key, type, offset, default as text,
 * limits, built or not, help}. Defaults go through the same parser as values.
 */
#ifndef BOUNCEFEED_CONFIG_H
#define BOUNCEFEED_CONFIG_H

#include "base/base.h"

/* Where a value stands in the YAML: line and column from 1, for messages. */
struct config_mark {
	const char *file;
	unsigned line;
	unsigned column;
};

/* A list of NUL-terminated strings. */
struct config_list {
	char **v;
	size_t n;
	struct config_mark *at; /* of each of them */
};

struct config_pair {
	char *name;
	char *value;
	struct config_mark at;
};

/* A map of strings, in the order of the file. */
struct config_map {
	struct config_pair *v;
	size_t n;
};

/* One name of metadata: where its value is looked for, and what of it counts. */
struct config_metadata {
	char *name;
	char *from;    /* "headers.x-campaign-id" */
	char *pattern; /* PCRE2; NULL: the whole value */
	struct config_mark at, from_at, pattern_at;
};

struct config_metadata_list {
	struct config_metadata *v;
	size_t n;
};

enum config_secret_kind {
	CONFIG_SECRET_NONE,
	CONFIG_SECRET_TEXT,       /* written in the YAML itself */
	CONFIG_SECRET_FILE,       /* {file: PATH}, re-read when it changes */
	CONFIG_SECRET_ENV,        /* {env: NAME} */
	CONFIG_SECRET_CREDENTIAL, /* {credential: NAME}: $CREDENTIALS_DIRECTORY/NAME */
};

struct config_secret {
	enum config_secret_kind kind;
	char *text; /* the secret, the path or the name */
	struct config_mark at;
};

struct config_source {
	char *name;
	char *type;   /* "file" */
	char *format; /* "pmta", "auto" */
	struct config_list path;
	struct config_list archive;
	char *start; /* "end", "beginning", a time or an age: config_start_ms() */
	char *timezone;
	uint64_t silent_after;           /* ms; 0: never */
	uint64_t ignore_older;           /* ms; 0: off */
	uint64_t poll;                   /* ms; 0: inotify */
	uint64_t max_record;             /* bytes */
	struct config_list extra;        /* columns */
	struct config_list bounces_verp; /* PCRE2 patterns */
	struct config_metadata_list metadata;
	struct config_map labels;
	struct config_mark at;
	struct config_mark
	    *mark;   /* of each key in the order of the table; line 0: default */
	bool faulty; /* while loading: the cross checks pass over it */
};

/* What select: says, or its not:. A list or map that is empty says nothing. */
struct config_select {
	struct config_list type;
	struct config_list class;
	struct config_list reason;
	struct config_list source;
	struct config_list recipient_domain; /* lower-case A-labels */
	struct config_list sender_domain;
	struct config_list sender; /* "<>" for the null sender */
	struct config_list vmta;
	struct config_list job_id;
	struct config_list submitter;
	struct config_map labels;
};

struct config_output {
	char *name;
	char *type; /* "http" */
	struct config_secret url;
	bool insecure; /* http:// to another machine is wanted */
	char *format;  /* "json", "array", "ndjson" */
	bool native;   /* the record's other columns go into its events */
	struct config_select select;
	struct config_select select_not;
	struct config_map headers;
	struct config_secret auth_bearer;
	char *auth_basic_user;
	struct config_secret auth_basic_password;
	char *auth_header_name;
	struct config_secret auth_header_value;
	char *tls_ca_file;
	char *tls_cert_file;
	char *tls_key_file;
	char *tls_min_version; /* "1.2" or "1.3" */
	bool tls_verify;
	char *proxy;
	uint64_t batch_max_events;
	uint64_t batch_max_bytes;
	uint64_t batch_linger; /* ms, as all durations here */
	uint64_t timeout_connect;
	uint64_t timeout_total;
	uint64_t retry_min;
	uint64_t retry_max;
	uint64_t retry_hold;
	uint64_t retry_aside_after;
	struct config_map answers; /* status: what it means */
	uint64_t max_size; /* packed bytes of its queue, 0: no share of its own */
	uint64_t max_age;  /* 0: never given up */
	uint64_t concurrency;
	struct config_mark at;
	struct config_mark
	    *mark;   /* of each key in the order of the table; line 0: default */
	bool faulty; /* while loading: the cross checks pass over it */
};

struct config {
	char *file; /* the path it was read from; NULL: none, all is default */
	char *host;
	struct config_map labels;
	struct config_source *source;
	size_t nsources;
	struct config_output *output;
	size_t noutputs;
	struct config_map class_of;   /* reason: class */
	struct config_map bounce_cat; /* PowerMTA category: reason */
	struct config_list fbl_headers;
	uint64_t dead_max_age; /* 0: kept */
	uint64_t dead_max_size;
	char *state_path;
	uint64_t state_max_size;
	uint64_t state_min_free;
	bool state_secure_delete;
	uint64_t shutdown_drain;  /* ms */
	char *log_level;          /* "error", "warn", "info", "debug" */
	char *log_format;         /* "auto", "text", "json" */
	struct config_mark *mark; /* as in a source */
	bool faulty;
	struct config_list files; /* the names that marks point to */
};

/* Faults, each one line "file:line:column: what, did you mean X". */
struct config_faults {
	struct buf text; /* the lines, each with its LF */
	size_t count;
};

void config_faults_init(struct config_faults *f);
void config_faults_free(struct config_faults *f);

/*
 * Reads the file (NULL: the defaults alone) and what it includes. offline: nothing that
 * it names is opened. Notes (a source path that is not there yet) go to `notes`, which
 * may be NULL. 0 and *out; or -EINVAL with every fault in `faults`; or -errno where the
 * file itself cannot be read (that too is told in `faults`).
 */
int config_load(const char *file, bool offline, struct config **out,
    struct config_faults *faults, struct config_faults *notes);
void config_free(struct config *c);

/* The whole of it as YAML with defaults, secrets masked. */
int config_print(const struct config *c, struct buf *out);

/* What `start: text` means at now_ms (ms since 1970): the time, or now less the age,
 * not before 1; 0: a word, or nothing that is taken there. */
int64_t config_start_ms(const char *text, int64_t now_ms);

/* The file to read: the option, else $BOUNCEFEED_CONFIG, else the one in /etc. */
const char *config_path(const char *option);

/*
 * Appends the secret's value to out (a trailing line end is cut); nothing where none is
 * set. It is one line without control characters. 0 or -errno with the text.
 */
int config_secret_read(const struct config_secret *s, struct buf *out, struct err *e);

/* Appends the output's URL without userinfo, query and fragment: what may be shown. */
int config_url_shown(const char *url, struct buf *out);

#endif
