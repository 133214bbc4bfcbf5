/*
 * names.c - what a name says: packed, PowerMTA's date.
 */
#include "source/source_internal.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What we can unpack, and what we pass over. */
static const char *const packed_suffix[] = { ".gz", ".zst", NULL };
static const char *const other_suffix[] = { ".bz2", ".xz", ".lz4", ".Z", ".zip", NULL };

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static bool
ends_with_any(const char *path, const char *const *suffix)
{
	for (size_t i = 0; suffix[i]; i++) {
		if (ends_with(path, suffix[i]))
			return true;
	}
	return false;
}

bool
source_is_packed(const char *path)
{
	return ends_with_any(path, packed_suffix);
}

bool
source_is_foreign(const char *path)
{
	return ends_with_any(path, other_suffix);
}

/* Where the extension of the last path element begins (its end where there is none). */
size_t
source_stem_end(const char *path)
{
	const char *base = strrchr(path, '/');
	const char *dot = strrchr(base ? base : path, '.');

	return dot && dot > (base ? base + 1 : path) ? (size_t)(dot - path)
						     : strlen(path);
}

/* "-2026-11-22-0001" and nothing else between stem and extension */
static bool
dated_tail(const char *p, size_t n)
{
	static const char shape[] = "-dddd-dd-dd-d";

	for (size_t i = 0; i < n; i++) {
		char want = i < sizeof shape - 1 ? shape[i] : 'd';
		if (want == 'd' ? !is_digit(p[i]) : p[i] != want)
			return false;
	}
	return n >= sizeof shape - 1;
}

/* "/d/stem-2026-11-22-0001.ext", packed or not, to "/d/stem.ext"; false: it has no such
 * name. */
static bool
undate(const char *path, char plain[PATH_MAX])
{
	enum { DATE = sizeof "-dddd-dd-dd-" - 1 };
	char unpacked[PATH_MAX];

	if (source_is_packed(path)) { /* PATH.gz: by the name that it had */
		(void)snprintf(unpacked, sizeof unpacked, "%s", path);
		unpacked[source_stem_end(path)] = '\0';
		path = unpacked;
	}
	size_t stem = source_stem_end(path), digits = stem;

	while (digits > 0 && is_digit(path[digits - 1]))
		digits--;
	if (digits < DATE || !dated_tail(path + digits - DATE, stem - digits + DATE))
		return false;
	int n = snprintf(
	    plain, PATH_MAX, "%.*s%s", (int)(digits - DATE), path, path + stem);
	return n > 0 && n < PATH_MAX;
}

/* A dated name of the path, which may be a glob. */
bool
source_is_dated(const char *pattern, const char *path)
{
	char plain[PATH_MAX];

	return undate(path, plain) && fnmatch(pattern, plain, FNM_PATHNAME) == 0;
}

bool
source_supersedes(const struct source *s, const char *later, const char *path)
{
	char a[PATH_MAX], b[PATH_MAX];

	return s->o.dated && undate(later, a) && undate(path, b) && !strcmp(a, b) &&
	       strcmp(later, path) > 0;
}
