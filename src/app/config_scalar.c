/*
 * config_scalar.c - reads the values that are one word: texts, words of a choice,
 * numbers with units, true and false.
 *
 * Nothing here takes less than the whole text: "30sec", "1.5GiB" and "yes" are faults.
 */
#include "app/config_internal.h"

#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60000 },
	{ "h", 3600000 },
	{ "d", 86400000 },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "KiB", 1 << 10 },
	{ "MiB", 1 << 20 },
	{ "GiB", 1 << 30 },
	{ "K", 1 << 10 },
	{ "M", 1 << 20 },
	{ "G", 1 << 30 },
};

static bool
parse_units(const char *text, const struct unit *unit, size_t n, uint64_t *out)
{
	struct slice s = slice_of(text);
	size_t digits = 0;
	uint64_t number;

	while (digits < s.n && is_digit(s.p[digits]))
		digits++;
	if (!slice_u64((struct slice){ s.p, digits }, &number))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!slice_eq(slice_from(s, digits), slice_of(unit[i].name)))
			continue;
		if (number > UINT64_MAX / unit[i].factor)
			return false;
		*out = number * unit[i].factor;
		return true;
	}
	return false;
}

/* A bare 0 needs no unit; any other bare number might have been meant in seconds. */
bool
parse_duration(const char *text, uint64_t *ms_out)
{
	if (strcmp(text, "0") == 0) {
		*ms_out = 0;
		return true;
	}
	return parse_units(
	    text, durations, sizeof durations / sizeof *durations, ms_out);
}

bool
parse_size(const char *text, uint64_t *bytes_out)
{
	return parse_units(text, sizes, sizeof sizes / sizeof *sizes, bytes_out);
}

struct slice
word_next(const char **words)
{
	struct slice s = slice_of(*words);
	size_t n = slice_find(s, ' ');

	*words = n < s.n ? s.p + n + 1 : NULL;
	return (struct slice){ s.p, n };
}

static bool
has_word(const char *words, const char *text)
{
	while (words) {
		struct slice w = word_next(&words);

		if (w.n > 0 && slice_eq(w, slice_of(text)))
			return true;
	}
	return false;
}

bool
copy_text(const struct node *n, const char *text, char **out, struct config_faults *f)
{
	char *copy = strdup(text);

	if (!copy) {
		fault_add(f, n->at, "out of memory");
		return false;
	}
	*out = copy;
	return true;
}

bool
read_text(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	(void)k;
	return copy_text(n, n->text, &out->text, f);
}

static void
say_no_word(const struct config_key *k, const struct node *n, struct config_faults *f)
{
	struct nearest near;

	nearest_init(&near, n->text);
	for (const char *w = k->words; w;)
		nearest_offer(&near, word_next(&w));
	fault_add(f, n->at, "%s: \"%s\" is not one of: %s%s", k->name,
	    cut_text(n->text).s, k->words, nearest_hint(&near).s);
}

static void
say_reserved(const struct config_key *k, const struct node *n, struct config_faults *f)
{
	if (has_word(k->words, k->fallback) && !strchr(k->words, ' '))
		fault_add(f, n->at,
		    "%s: not built yet in this version (only the default %s is taken)",
		    k->name, k->fallback);
	else
		fault_add(f, n->at,
		    "%s: \"%s\" is not built yet in this version (taken are: %s)",
		    k->name, cut_text(n->text).s, k->words);
}

bool
read_word(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	if (has_word(k->words, n->text))
		return copy_text(n, n->text, &out->text, f);
	if (has_word(k->reserved, n->text))
		say_reserved(k, n, f);
	else
		say_no_word(k, n, f);
	return false;
}

/* RFC 3339 with its zone: what has none might be meant in any. */
static bool
parse_time(const char *text, int64_t *ms_out)
{
	struct slice s = slice_of(text);
	struct when t;

	if (when_iso(&s, NULL, &t) < 0 || s.n > 0 ||
	    !strpbrk(text + sizeof "YYYY-MM-DD" - 1, "Z+-"))
		return false;
	*ms_out = t.sec * 1000 + t.nsec / 1000000;
	return true;
}

int64_t
config_start_ms(const char *text, int64_t now_ms)
{
	uint64_t age;
	int64_t ms;

	if (!parse_time(text, &ms)) {
		if (!parse_duration(text, &age) || age == 0)
			return 0;
		ms = age < (uint64_t)now_ms ? now_ms - (int64_t)age : 1;
	}
	return ms > 0 ? ms : 1;
}

bool
read_start(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	struct nearest near;

	if (has_word(k->words, n->text) || config_start_ms(n->text, 0) > 0)
		return copy_text(n, n->text, &out->text, f);
	nearest_init(&near, n->text);
	for (const char *w = k->words; w;)
		nearest_offer(&near, word_next(&w));
	fault_add(f, n->at,
	    "%s: \"%s\" is none of: %s, a time as 2026-03-02T08:00:00Z, an age as 2h%s",
	    k->name, cut_text(n->text).s, k->words, nearest_hint(&near).s);
	return false;
}

bool
read_bool(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	bool on = strcmp(n->text, "true") == 0;

	if (!on && strcmp(n->text, "false") != 0) {
		fault_add(f, n->at, "%s: \"%s\" is not true or false", k->name,
		    cut_text(n->text).s);
		return false;
	}
	out->on = on;
	return true;
}

static bool
parse_number(const char *text, uint64_t *out)
{
	return slice_u64(slice_of(text), out);
}

static void
say_range(const struct config_key *k, const struct node *n, struct config_faults *f)
{
	struct buf low, high;

	buf_init(&low, CONFIG_KEY);
	buf_init(&high, CONFIG_KEY);
	print_value(k, &k->min, &low);
	print_value(k, &k->max, &high);
	fault_add(f, n->at, "%s: \"%s\" is out of range (%.*s to %.*s)", k->name,
	    cut_text(n->text).s, (int)low.n, low.p, (int)high.n, high.p);
	buf_free(&low);
	buf_free(&high);
}

bool
read_number(const struct config_key *k, const struct node *n, union config_value *out,
    struct config_faults *f)
{
	static bool (*const parse[KEY_TYPES])(const char *text, uint64_t *out) = {
		[KEY_NUMBER] = parse_number,
		[KEY_SIZE] = parse_size,
		[KEY_DURATION] = parse_duration,
	};
	uint64_t number;

	if (!parse[k->type](n->text, &number)) {
		fault_add(f, n->at, "%s: \"%s\" is not %s", k->name,
		    cut_text(n->text).s, value_what(k->type));
		return false;
	}
	if (number < k->min || (k->max > 0 && number > k->max)) {
		say_range(k, n, f);
		return false;
	}
	out->number = number;
	return true;
}
