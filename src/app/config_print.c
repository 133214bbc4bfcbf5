/*
 * config_print.c - writes a configuration as YAML that reads back to the same one,
 * every key of the tables included; what is secret is written as *** or left out.
 *
 * Masked: secrets written in the file, userinfo and query of URLs, request headers
 * whose name smells of a secret. {file: ...} and its like name a place and are shown.
 */
#include "app/config_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static void
add_text(struct buf *out, const char *text)
{
	buf_add(out, slice_of(text));
}

/* In the largest unit that leaves no rest. */
static void
add_units(uint64_t n, const struct unit *unit, struct buf *out)
{
	while (n == 0 ? unit->factor > 1 : n % unit->factor != 0)
		unit++;
	buf_printf(
	    out, "%llu%s", (unsigned long long)(n / unit->factor), n ? unit->name : "");
}

/* Text that no reader of YAML takes for a number, a bool or null. */
static bool
is_plain(struct slice s)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on",
		"off", "y", "n" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_ieq(s, slice_of(words[i])))
			return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = to_lower(s.p[i]);

		if ((c < 'a' || c > 'z') && c != '_' && c != '/' &&
		    (i == 0 || (!is_digit(c) && c != '.' && c != '-')))
			return false;
	}
	return s.n > 0;
}

static uint32_t
code_point(struct slice c)
{
	uint32_t cp = (unsigned char)c.p[0];

	if (c.n > 1)
		cp &= 0xffu >> (c.n + 1);
	for (size_t i = 1; i < c.n; i++)
		cp = cp << 6 | ((unsigned char)c.p[i] & 0x3f);
	return cp;
}

/* Controls, line ends of YAML, directions, BOM: nothing a reader or terminal obeys. */
static bool
is_odd(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
	       (cp >= 0x2000 && cp < 0x2070) || (cp >= 0xfe00 && cp < 0x10000) ||
	       cp >= 0xe0000;
}

static void
add_quoted(struct slice c, struct slice rest, struct buf *out)
{
	uint32_t cp = code_point(c);

	if (cp == '"' || cp == '\\')
		buf_printf(out, "\\%c", (char)cp);
	else if (cp == '$' && slice_starts(rest, SLICE("${")))
		add_text(out, "$$"); /* else it would be expanded when read again */
	else if (!is_odd(cp))
		buf_add(out, c);
	else if (cp < 0x100)
		buf_printf(out, "\\x%02x", cp);
	else
		buf_printf(out, cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
}

void
print_text(struct slice s, struct buf *out)
{
	if (is_plain(s)) {
		buf_add(out, s);
		return;
	}
	buf_addc(out, '"');
	while (s.n > 0) {
		size_t n;

		if (utf8_next(s, &n))
			add_quoted((struct slice){ s.p, n }, s, out);
		else
			add_text(out, "\\ufffd");
		s = slice_from(s, n);
	}
	buf_addc(out, '"');
}

static void
print_string(const struct config_key *k, const void *field, struct buf *out)
{
	const char *text = *(char *const *)field;
	struct buf shown;

	if (!text)
		return;
	if (strcmp(k->name, "proxy") != 0) {
		print_text(slice_of(text), out);
		return;
	}
	buf_init(&shown, CONFIG_VALUE);
	if (config_url_shown(text, &shown) == 0)
		print_text(buf_slice(&shown), out);
	buf_free(&shown);
}

static void
print_bool(const struct config_key *k, const void *field, struct buf *out)
{
	(void)k;
	add_text(out, *(const bool *)field ? "true" : "false");
}

static void
print_number(const struct config_key *k, const void *field, struct buf *out)
{
	static const struct unit sizes[] = { { "GiB", 1 << 30 }, { "MiB", 1 << 20 },
		{ "KiB", 1 << 10 }, { "", 1 } };
	static const struct unit times[] = { { "d", 86400000 }, { "h", 3600000 },
		{ "m", 60000 }, { "s", 1000 }, { "ms", 1 } };
	static const struct unit one[] = { { "", 1 } };
	const struct unit *unit = k->type == KEY_SIZE       ? sizes
				  : k->type == KEY_DURATION ? times
							    : one;

	add_units(*(const uint64_t *)field, unit, out);
}

static void
print_list(const struct config_key *k, const void *field, struct buf *out)
{
	const struct config_list *list = field;

	(void)k;
	buf_addc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		add_text(out, i ? ", " : "");
		print_text(slice_of(list->v[i]), out);
	}
	buf_addc(out, ']');
}

static bool
smells_secret(const char *name)
{
	static const char *const words[] = { "auth", "token", "key", "secret",
		"signature" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static void
print_map(const struct config_key *k, const void *field, struct buf *out)
{
	const struct config_map *map = field;
	bool mask = strcmp(k->name, "headers") == 0;

	buf_addc(out, '{');
	for (size_t i = 0; i < map->n; i++) {
		const struct config_pair *p = &map->v[i];

		add_text(out, i ? ", " : "");
		print_text(slice_of(p->name), out);
		add_text(out, ": ");
		if (mask && smells_secret(p->name))
			add_text(out, "\"***\"");
		else
			print_text(slice_of(p->value), out);
	}
	buf_addc(out, '}');
}

static void
print_secret(const struct config_key *k, const void *field, struct buf *out)
{
	static const char *const names[] = {
		[CONFIG_SECRET_FILE] = "file",
		[CONFIG_SECRET_ENV] = "env",
		[CONFIG_SECRET_CREDENTIAL] = "credential",
	};
	const struct config_secret *s = field;
	struct buf shown;

	if (s->kind >= CONFIG_SECRET_FILE) {
		buf_printf(out, "{%s: ", names[s->kind]);
		print_text(slice_of(s->text), out);
		buf_addc(out, '}');
	} else if (s->kind == CONFIG_SECRET_TEXT && strcmp(k->name, "url") == 0) {
		buf_init(&shown, CONFIG_VALUE);
		if (config_url_shown(s->text, &shown) == 0)
			print_text(buf_slice(&shown), out);
		buf_free(&shown);
	} else if (s->kind == CONFIG_SECRET_TEXT) {
		add_text(out, "\"***\"");
	}
}

void
print_value(const struct config_key *k, const void *field, struct buf *out)
{
	static void (*const print[KEY_TYPES])(
	    const struct config_key *k, const void *field, struct buf *out) = {
		[KEY_TEXT] = print_string,
		[KEY_WORD] = print_string,
		[KEY_START] = print_string,
		[KEY_BOOL] = print_bool,
		[KEY_NUMBER] = print_number,
		[KEY_SIZE] = print_number,
		[KEY_DURATION] = print_number,
		[KEY_LIST] = print_list,
		[KEY_PATHS] = print_list,
		[KEY_DOMAINS] = print_list,
		[KEY_MAP] = print_map,
		[KEY_METADATA] = print_metadata,
		[KEY_SECRET] = print_secret,
	};

	if (print[k->type])
		print[k->type](k, field, out);
}

/* How much of the dotted name is a section that the row before has opened. */
static size_t
shared_section(const char *before, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; name[i] && before[i] == name[i]; i++)
		if (name[i] == '.')
			n = i + 1;
	return n;
}

static void
print_key(const char *before, const char *name, int indent, struct buf *out)
{
	size_t at = shared_section(before, name);

	for (size_t i = 0; i < at; i++)
		indent += name[i] == '.' ? 2 : 0;
	for (const char *dot; (dot = strchr(name + at, '.')); indent += 2) {
		buf_printf(out, "%*s%.*s:\n", indent, "", (int)(dot - name - (long)at),
		    name + at);
		at = (size_t)(dot - name) + 1;
	}
	buf_printf(out, "%*s%s:", indent, "", name + at);
}

/* Everything of one row but its key: a blank and the value, or nothing. */
static void
print_field(const struct config_key *k, const char *base, struct buf *out)
{
	size_t before = out->n;

	buf_addc(out, ' ');
	if (k->built && value_size(k->type) > 0)
		print_value(k, base + k->offset, out);
	else
		add_text(out, k->fallback);
	if (out->n == before + 1)
		out->n = before;
	buf_addc(out, '\n');
}

static void
print_entry(const struct config_table *t, const void *base, struct buf *out)
{
	add_text(out, "  - name:");
	print_field(&t->key[0], base, out);
	for (size_t i = 1; i < t->n; i++) {
		print_key(t->key[i - 1].name, t->key[i].name, 4, out);
		print_field(&t->key[i], base, out);
	}
}

static void
print_entries(const struct config *c, enum key_type type, struct buf *out)
{
	size_t n = type == KEY_SOURCES ? c->nsources : c->noutputs;

	add_text(out, n ? "\n" : " []\n");
	for (size_t i = 0; i < n; i++)
		if (type == KEY_SOURCES)
			print_entry(&config_source_table, &c->source[i], out);
		else
			print_entry(&config_output_table, &c->output[i], out);
}

/* What was included is part of it already: the include list stays empty. */
int
config_print(const struct config *c, struct buf *out)
{
	const struct config_table *t = &config_root_table;

	for (size_t i = 0; i < t->n; i++) {
		const struct config_key *k = &t->key[i];

		print_key(i ? t->key[i - 1].name : "", k->name, 0, out);
		if (k->type == KEY_SOURCES || k->type == KEY_OUTPUTS)
			print_entries(c, k->type, out);
		else
			print_field(k, (const char *)c, out);
	}
	return out->failed ? -ENOMEM : 0;
}
