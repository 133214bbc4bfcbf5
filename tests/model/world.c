/*
 * world.c - the files of a program: real ones in a directory, and what is known of
 * each.
 *
 * A generation is what a file holds from offset 0 on until it is truncated. A copy is
 * another inode with a part of the same generation.
 */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct scene model_scenes[] = {
	{ "mail.log, rotated to .1 .2 .3", FORMAT_POSTFIX, "in/mail.log", NULL,
	    { "in/mail.log", NULL }, 1, false, true },
	{ "mail.log, rotated to -DATE", FORMAT_POSTFIX, "in/mail.log", NULL,
	    { "in/mail.log", NULL }, 1, false, false },
	{ "bounces-DATE-N.csv, moved to done/", FORMAT_PMTA, "in/bounces.csv", "done",
	    { "in/bounces-2026-11-22-0001.csv", NULL }, 1, true, false },
	{ "bounces.csv, rotated to .1 .2 .3", FORMAT_PMTA, "in/bounces.csv", NULL,
	    { "in/bounces.csv", NULL }, 1, false, true },
	{ "two logs of *.csv, moved to done/", FORMAT_PMTA, "in/*.csv", "done",
	    { "in/a.csv", "in/b.csv" }, 2, false, false },
	{ "two logs of *.log, rotated to .1 .2 .3", FORMAT_POSTFIX, "in/*.log", NULL,
	    { "in/a.log", "in/b.log" }, 2, false, true },
};

const unsigned model_nscenes = sizeof model_scenes / sizeof model_scenes[0];

struct world world;

const char *
world_path(const char *name)
{
	static char path[4][MODEL_PATH + MODEL_NAME];
	static unsigned next;
	char *p = path[next++ % 4];

	(void)snprintf(p, sizeof path[0], "%s/%s", world.dir, name);
	return p;
}

static bool
matches(const char *pattern, const char *tail, const char *name)
{
	char both[MODEL_NAME + 8];

	(void)snprintf(both, sizeof both, "%s%s", pattern, tail);
	return fnmatch(both, name, FNM_PATHNAME) == 0;
}

enum place
world_place(const char *name)
{
	const struct scene *sc = world.scene;

	if (name[0] == '\0')
		return GONE;
	if (matches(sc->path, "", name) || (sc->dated && !strncmp(name, "in/", 3)))
		return LIVE;
	if (sc->archive)
		return strncmp(name, "done/", 5) == 0 ? ARCHIVE : AWAY;
	return matches(sc->path, ".*", name) || matches(sc->path, "-*", name) ? ARCHIVE
									      : AWAY;
}

static bool
is_later(const struct file *f, const struct file *g)
{
	return g->place == LIVE && strcmp(g->name, f->name) > 0;
}

/* Under the path, and no later dated one is there. */
bool
world_is_current(const struct file *f)
{
	if (f->place != LIVE)
		return false;
	for (unsigned i = 0; world.scene->dated && i < world.nfiles; i++) {
		if (is_later(f, &world.file[i]))
			return false;
	}
	return true;
}

static bool
gen_is_current(unsigned gen)
{
	for (unsigned i = 0; i < world.nfiles; i++) {
		if (world.file[i].gen == gen && world_is_current(&world.file[i]))
			return true;
	}
	return false;
}

static bool
has_earlier(const struct record_state *r)
{
	for (const struct record_state *o = &world.record[1]; o < r; o++) {
		if (o->gen == r->gen)
			return true;
	}
	return false;
}

void
world_age(void)
{
	for (unsigned i = 1; i <= world.nrecords; i++) {
		struct record_state *r = &world.record[i];
		struct gen *g = &world.gen[r->gen];
		if (r->have == r->end || gen_is_current(r->gen))
			continue;
		g->left = true;
		r->torn |= model_now_ms - g->grown_ms >= MODEL_TORN_MS;
		g->doubtful |= r->torn && !has_earlier(r);
	}
}

void
world_begin(const struct scene *sc, bool plain)
{
	char dir[MODEL_PATH];

	memcpy(dir, world.dir, sizeof dir);
	world = (struct world){ .scene = sc };
	memcpy(world.dir, dir, sizeof dir);
	for (unsigned i = 0; i < sc->writers; i++) {
		struct writer *w = &world.writer[i];
		w->fd = -1;
		w->plain = plain;
		buf_init(&w->rest, 1 << 20);
		(void)snprintf(w->active, sizeof w->active, "%s", sc->active[i]);
	}
}

void
world_end(void)
{
	copy_end();
	for (unsigned i = 0; i < world.scene->writers; i++) {
		writer_close(&world.writer[i]);
		buf_free(&world.writer[i].rest);
	}
	for (unsigned i = 0; i < world.nfiles; i++) {
		if (world.file[i].place != GONE)
			(void)unlink(world_path(world.file[i].name));
	}
}

struct file *
world_named(const char *name)
{
	for (unsigned i = 0; i < world.nfiles; i++) {
		if (!strcmp(world.file[i].name, name) && world.file[i].place != GONE)
			return &world.file[i];
	}
	return NULL;
}

unsigned
world_new_gen(void)
{
	world.full |= world.ngens + 2 >= MODEL_GENS;
	world.gen[world.ngens] = (struct gen){ .grown_ms = model_now_ms };
	return world.ngens < MODEL_GENS - 1 ? world.ngens++ : world.ngens;
}

/* The file exists on disk and is empty. */
struct file *
world_new_file(const char *name)
{
	struct stat st;
	struct file *f = &world.file[world.nfiles];

	if (fstatat(AT_FDCWD, world_path(name), &st, 0) < 0)
		judge_fault("the test: %s: %s", name, strerror(errno));
	for (unsigned i = 0; i < world.nfiles; i++) {
		if (world.file[i].ino == st.st_ino)
			world.file[i].ino = 0; /* it was reused */
	}
	*f = (struct file){ .gen = world_new_gen(), .ino = st.st_ino };
	(void)snprintf(f->name, sizeof f->name, "%s", name);
	f->place = world_place(name);
	if (world.nfiles < MODEL_FILES - 1)
		world.nfiles++;
	world.full |= world.nfiles + 2 >= MODEL_FILES;
	world_stamp(f);
	return f;
}

void
world_stamp(struct file *f)
{
	f->mtime_ns = model_wall_ns();
	f->grown_ms = model_now_ms;
	f->history = false; /* what is written to is judged anew */
}

void
world_unlink(struct file *f)
{
	if (f->place == GONE)
		return;
	trace("unlink %s", f->name);
	(void)unlink(world_path(f->name));
	f->place = GONE;
}

int
world_rename(struct file *f, const char *name)
{
	struct file *over = world_named(name);

	if (over == f)
		return 0;
	trace("rename %s -> %s%s", f->name, name, over ? ", which was there" : "");
	if (rename(world_path(f->name), world_path(name)) < 0) {
		judge_fault("the test: rename %s: %s", f->name, strerror(errno));
		return -errno;
	}
	if (over)
		over->place = GONE;
	(void)snprintf(f->name, sizeof f->name, "%s", name);
	f->place = world_place(name);
	f->history &= f->place == ARCHIVE;
	judge_entered(f);
	if (!world_is_current(f))
		world.gen[f->gen].left = true;
	return 0;
}
