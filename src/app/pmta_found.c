/*
 * pmta_found.c - reads the <acct-file> blocks of PowerMTA's own configuration: path,
 * move-to, records, record-fields.
 *
 * Line by line, names without regard to case; # begins a comment. Everything else is
 * passed over, so that no version of PowerMTA's syntax is in the way. Included files
 * are not followed.
 */
#include "app/pmta_config.h"

static struct slice
next_line(struct slice *text)
{
	size_t n = slice_find(*text, '\n');
	struct slice line = { text->p, n };

	*text = slice_from(*text, n + 1);
	line.n = slice_find(line, '#');
	return slice_trim(line);
}

/* The first word; *rest is what follows. */
static struct slice
next_word(struct slice in, struct slice *rest)
{
	size_t n = 0;

	while (n < in.n && in.p[n] != ' ' && in.p[n] != '\t')
		n++;
	*rest = slice_trim(slice_from(in, n));
	return (struct slice){ in.p, n };
}

static struct slice
without_quotes(struct slice s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return (struct slice){ s.p + 1, s.n - 2 };
	return s;
}

/* "<acct-file PATH>": its path, or empty. */
static struct slice
opening_path(struct slice line)
{
	struct slice rest;

	if (!slice_ieq(next_word(line, &rest), SLICE("<acct-file")) || rest.n == 0 ||
	    rest.p[rest.n - 1] != '>')
		return (struct slice){ 0 };
	rest.n--;
	return without_quotes(slice_trim(rest));
}

/* The next item of a list with commas or blanks. */
static struct slice
next_item(struct slice *list)
{
	size_t start = 0, n;

	while (start < list->n && (list->p[start] == ',' || list->p[start] == ' ' ||
				      list->p[start] == '\t'))
		start++;
	*list = slice_from(*list, start);
	for (n = 0; n < list->n; n++) {
		if (list->p[n] == ',' || list->p[n] == ' ' || list->p[n] == '\t')
			break;
	}
	struct slice item = { list->p, n };
	*list = slice_from(*list, n);
	return item;
}

static void
read_directive(struct pmta_found *f, struct slice line)
{
	struct slice rest, list, item, name = next_word(line, &rest);

	if (slice_ieq(name, SLICE("move-to"))) {
		f->move_to = without_quotes(rest);
	} else if (slice_ieq(name, SLICE("records"))) {
		while ((item = next_item(&rest)).n > 0)
			f->records |= pmta_record_of(item);
	} else if (slice_ieq(name, SLICE("record-fields"))) {
		unsigned r = pmta_record_of(next_word(rest, &list));
		if (r == 0 || f->nfields == sizeof f->fields / sizeof f->fields[0])
			return;
		f->fields[f->nfields].record = r;
		f->fields[f->nfields].list = list;
		f->nfields++;
	}
}

bool
pmta_found_read(struct slice text, const char *path, struct pmta_found *out)
{
	bool inside = false;

	*out = (struct pmta_found){ 0 };
	while (text.n > 0) {
		struct slice line = next_line(&text);
		if (slice_istarts(line, SLICE("</acct-file"))) {
			if (inside)
				return true;
		} else if (inside) {
			read_directive(out, line);
		} else {
			out->path = opening_path(line);
			inside = out->path.n > 0 && slice_eq(out->path, slice_of(path));
		}
	}
	return inside;
}

/* "header_X-Job" against its two parts. */
static bool
is_column(struct slice item, struct slice prefix, struct slice name)
{
	return slice_istarts(item, prefix) &&
	       slice_ieq(slice_from(item, prefix.n), name);
}

bool
pmta_found_has(
    const struct pmta_found *f, unsigned record, struct slice prefix, struct slice name)
{
	bool any = false;

	for (size_t i = 0; i < f->nfields; i++) {
		struct slice list = f->fields[i].list, item;
		if (f->fields[i].record != record)
			continue;
		any = true;
		while ((item = next_item(&list)).n > 0) {
			if (is_column(item, prefix, name) || slice_eq(item, SLICE("*")))
				return true;
		}
	}
	return !any && prefix.n == 0;
}
