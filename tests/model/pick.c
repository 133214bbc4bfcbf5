/*
 * pick.c - which file an operation means, and what a rotated one is called.
 */
#include "rotate.h"

#include <stdio.h>
#include <string.h>

enum { SHIFTS = 4 };

struct writer *
some_writer(unsigned a)
{
	return &world.writer[a % world.scene->writers];
}

static bool
is_live(const struct file *f)
{
	return f->place == LIVE;
}

static bool
is_archived(const struct file *f)
{
	return f->place == ARCHIVE && !f->packed;
}

static bool
is_away(const struct file *f)
{
	return f->place == AWAY;
}

static bool
is_there(const struct file *f)
{
	return f->place != GONE;
}

static struct file *
pick(unsigned a, bool (*wanted)(const struct file *f))
{
	unsigned n = 0;

	for (unsigned i = 0; i < world.nfiles; i++)
		n += wanted(&world.file[i]);
	if (n == 0)
		return NULL;
	unsigned left = a % n;
	for (unsigned i = 0; i < world.nfiles; i++) {
		if (wanted(&world.file[i]) && left-- == 0)
			return &world.file[i];
	}
	return NULL;
}

struct file *
pick_live(unsigned a)
{
	return pick(a, is_live);
}

struct file *
pick_archived(unsigned a)
{
	return pick(a, is_archived);
}

struct file *
pick_away(unsigned a)
{
	return pick(a, is_away);
}

struct file *
pick_any(unsigned a)
{
	return pick(a, is_there);
}

const char *
base_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* .1 to .2 and so on, and the last one goes; packed ones, too. */
static void
shift(const char *name)
{
	static const char *const tail[] = { "", ".gz", ".zst" };
	char to[MODEL_NAME], from[MODEL_NAME];

	for (int i = SHIFTS; i >= 1; i--) {
		for (unsigned k = 0; k < 3; k++) {
			(void)snprintf(
			    from, sizeof from, "%.40s.%d%s", name, i, tail[k]);
			(void)snprintf(
			    to, sizeof to, "%.40s.%d%s", name, i + 1, tail[k]);
			struct file *g = world_named(from);
			if (g && i == SHIFTS)
				world_unlink(g);
			else if (g)
				(void)world_rename(g, to);
		}
	}
}

void
archive_name(const struct file *f, char out[MODEL_NAME])
{
	const struct scene *sc = world.scene;
	const char *base = base_of(f->name);

	if (sc->shifting) {
		shift(f->name);
		(void)snprintf(out, MODEL_NAME, "%.40s.1", f->name);
		return;
	}
	if (!sc->archive) {
		(void)snprintf(
		    out, MODEL_NAME, "%.40s-2026%04u", f->name, ++world.serial);
		return;
	}
	(void)snprintf(out, MODEL_NAME, "%s/%.40s", sc->archive, base);
	if (!sc->dated || world_named(out))
		(void)snprintf(
		    out, MODEL_NAME, "%s/%.40s-%u", sc->archive, base, ++world.serial);
}
