/*
 * config_internal.h - what the config_*.c files share: the table's rows, the values
 * that a row can have, faults. Nobody else includes it, but for the tests.
 */
#ifndef BOUNCEFEED_CONFIG_INTERNAL_H
#define BOUNCEFEED_CONFIG_INTERNAL_H

#include <sys/types.h>

#include "app/yaml.h"

enum {
	CONFIG_FAULTS = 50,           /* faults told of one configuration */
	CONFIG_ENTRIES = 1024,        /* sources, and outputs, of one configuration */
	CONFIG_NAME = 64,             /* bytes of a source's or output's name */
	CONFIG_KEY = 64,              /* bytes of a dotted key */
	CONFIG_SHOWN = 64,            /* bytes of a text of the file shown in a fault */
	CONFIG_VALUE = 64 * 1024,     /* bytes of one value after expansion */
	CONFIG_SECRET_MAX = 16 * 1024 /* bytes of a secret */
};

enum key_type {
	KEY_TEXT,     /* char * */
	KEY_WORD,     /* char *, one of key.words */
	KEY_START,    /* KEY_WORD, a time or an age */
	KEY_BOOL,     /* bool */
	KEY_NUMBER,   /* uint64_t */
	KEY_SIZE,     /* uint64_t, bytes */
	KEY_DURATION, /* uint64_t, ms */
	KEY_LIST,     /* struct config_list */
	KEY_PATHS,    /* struct config_list, one text stands for a list of one */
	KEY_DOMAINS,  /* struct config_list, as lower-case A-labels */
	KEY_MAP,      /* struct config_map */
	KEY_METADATA, /* struct config_metadata_list */
	KEY_SECRET,   /* struct config_secret */
	KEY_ANY,      /* only reserved keys: taken when as empty as its default */
	KEY_SOURCES,  /* these three are the loader's work */
	KEY_OUTPUTS,
	KEY_INCLUDE,
	KEY_TYPES
};

/* The words of an event: the i-th from 0, NULL after the last. */
struct key_words {
	const char *what; /* "an event type" */
	const char *(*word)(size_t i);
};

struct config_key {
	const char *name; /* dotted */
	enum key_type type;
	bool built;    /* else only the default is taken, and there is no field */
	size_t offset; /* of the field in the table's struct */
	const char *fallback; /* the default as YAML; "" is not set */
	uint64_t min, max;    /* of numbers, sizes, durations; max 0 is no limit */
	const char *words;    /* of KEY_WORD: separated by blanks */
	const char *reserved; /* words that a later version takes */
	const struct key_words
	    *items; /* what a list's items or a map's values may be */
	const struct key_words *names; /* what a map's names may be */
	const char *help;
};

struct config_table {
	const struct config_key *key; /* those of one section stand together */
	size_t n;
};

extern const struct config_table config_root_table;
extern const struct config_table config_source_table;
extern const struct config_table config_output_table;

/* The row's index, or the table's n. */
size_t config_key_find(const struct config_table *t, const char *name);

union config_value {
	char *text;
	bool on;
	uint64_t number;
	struct config_list list;
	struct config_map map;
	struct config_metadata_list metadata;
	struct config_secret secret;
};

/* Reads n (not null) as the row wants it. False: the fault is said, *out untouched. */
bool value_read(const struct config_key *k, const struct node *n,
    union config_value *out, struct config_faults *f);
void value_free(enum key_type type, void *field);
size_t value_size(enum key_type type);      /* of the field; 0: it has none */
const char *value_what(enum key_type type); /* "a list" */
bool value_default(const struct config_key *k, union config_value *out);
bool value_is_default(const struct config_key *k, const struct node *n);

/* What a mapping is read into: a struct that a table describes. */
struct target {
	const struct config_table *table;
	char *base;
	struct config_mark *mark; /* of each row; untouched where the default stays */
	struct config_faults *faults;
	bool faulty; /* also by what was said before, of a bad node */
};

bool table_defaults(const struct config_table *t, void *base); /* false: no memory */
void table_free(const struct config_table *t, void *base);
bool table_has_section(const struct config_table *t, const char *prefix); /* "tls." */
bool table_walk(struct target *t, const struct node *map); /* false: it has faults */

/* "1.2" as a list of words: the next word of *words, empty at the end. */
struct slice word_next(const char **words);

/* Readers of one type each, as value_read(). */
bool read_text(const struct config_key *k, const struct node *n,
    union config_value *out, struct config_faults *f);
bool read_word(const struct config_key *k, const struct node *n,
    union config_value *out, struct config_faults *f);
bool read_start(const struct config_key *k, const struct node *n,
    union config_value *out, struct config_faults *f);
bool read_bool(const struct config_key *k, const struct node *n,
    union config_value *out, struct config_faults *f);
bool read_number(const struct config_key *k, const struct node *n,
    union config_value *out, struct config_faults *f);
bool read_metadata(const struct config_key *k, const struct node *n,
    union config_value *out, struct config_faults *f); /* config_metadata.c */
bool copy_text(
    const struct node *n, const char *text, char **out, struct config_faults *f);

bool parse_duration(const char *text, uint64_t *ms_out);
bool parse_size(const char *text, uint64_t *bytes_out);

/*
 * ${NAME}, ${NAME:-default} and $${ of one value, added to out. False: why is in e.
 */
bool expand_text(const char *text, struct buf *out, struct err *e);
void expand_tree(struct node *n, struct config_faults *f); /* all scalars below n */

/* What a value looks like in YAML, on one line; secrets are masked. */
void print_value(const struct config_key *k, const void *field, struct buf *out);
void print_text(struct slice s, struct buf *out); /* quoted where it has to be */
void print_metadata(const struct config_key *k, const void *field, struct buf *out);

/* One line. Does nothing with f == NULL or when CONFIG_FAULTS are there already. */
void fault_add(struct config_faults *f, struct config_mark at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A text of the file as a fault shows it: not too long. cut_text(x).s is for printf. */
struct cut {
	char s[2 * CONFIG_SHOWN];
};
struct cut cut_text(const char *text);

/* The word nearest to what stands in the file. */
struct nearest {
	const char *want;
	size_t distance;
	char best[CONFIG_KEY];
};
void nearest_init(struct nearest *n, const char *want);
void nearest_offer(struct nearest *n, struct slice word);
struct cut nearest_hint(const struct nearest *n); /* ", did you mean "X"?" or "" */

/* Up to room bytes of a file: their number, or -errno. */
ssize_t file_read(const char *path, char *p, size_t room);

/* The parts of a URL that may be shown; what is not there has p == NULL or n == 0. */
struct url {
	struct slice scheme;
	struct slice host; /* with the port, without userinfo */
	struct slice rest; /* path, without query and fragment */
};
struct url url_split(struct slice s);

void free_metadata(void *field);

/* Patterns that compile and have their groups, keys that an event has. */
void check_metadata(const struct config_source *s, struct config_faults *f);
void check_verp(const struct config_source *s, struct config_faults *f);

/* 1 to CONFIG_NAME of A-Z a-z 0-9 . _ -: names of sources, outputs, metadata */
bool config_is_name(const char *name);

/* Cross checks and, unless offline, whether what is named can be opened. */
void config_check(const struct config *c, bool offline, struct config_faults *f,
    struct config_faults *notes);

#endif
