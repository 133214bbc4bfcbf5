/*
 * ops.c - the operations of a program: what writers do to logs, what befalls the daemon
 * and the backend; and the table of all of them. One that makes no sense where the
 * world stands does nothing, so that any may be left out of a program.
 */
#include "rotate.h"

#include <stdio.h>

bool model_packs;

/* --- writing ---------------------------------------------------------------------- */

static void
op_write(unsigned a, unsigned b)
{
	writer_records(some_writer(a), 1 + a / 8 % 4, b);
}

static void
op_part(unsigned a, unsigned b)
{
	writer_part(some_writer(a), b);
}

static void
op_finish(unsigned a, unsigned b)
{
	(void)b;
	writer_finish(some_writer(a));
}

static void
op_header(unsigned a, unsigned b)
{
	if (world.scene->format == FORMAT_PMTA)
		writer_header(some_writer(a), b);
}

void
op_reopen(unsigned a, unsigned b)
{
	struct writer *w = some_writer(a);

	(void)b;
	trace("the writer opens %s", w->active);
	writer_open(w);
}

/* PowerMTA goes on to the next dated file. */
static void
op_next(unsigned a, unsigned b)
{
	struct writer *w = some_writer(a);

	(void)b;
	if (!world.scene->dated || world.full)
		return;
	(void)snprintf(w->active, sizeof w->active, "in/bounces-2026-11-22-%04u.csv",
	    2 + ++world.serial);
	trace("the writer goes on to %s", w->active);
	writer_open(w);
	world_age();
	for (unsigned i = 0; i < world.nfiles; i++) {
		if (!world_is_current(&world.file[i]))
			world.gen[world.file[i].gen].left = true;
	}
}

/* --- the daemon and the backend ------------------------------------------------------
 */

static void
op_turn(unsigned a, unsigned b)
{
	(void)a;
	(void)b;
	played_turn(STOP_NOWHERE);
}

static void
op_settle(unsigned a, unsigned b)
{
	(void)a;
	(void)b;
	played_settle();
}

static void
op_pause(unsigned a, unsigned b)
{
	static const int64_t ms[] = { 1, 5, 300, 1000, 1500, 10000, 31000, 70000 };
	int64_t t = ms[a % 8] + b % 100;

	trace("%lld ms pass", (long long)t);
	played_pause(t);
	world_age();
}

static void
op_start(unsigned a, unsigned b)
{
	(void)a;
	(void)b;
	played_start();
}

static void
op_stop(unsigned a, unsigned b)
{
	(void)a;
	(void)b;
	played_stop();
}

static void
op_crash(unsigned a, unsigned b)
{
	(void)b;
	if (a % 4 == 0)
		played_crash();
	else
		played_turn((enum stop_at)(STOP_LOOK + a % 4 - 1));
}

static void
op_backend(unsigned a, unsigned b)
{
	(void)b;
	if (played_up())
		trace("the backend %s", a % 2 ? "fails" : "works");
	played_backend(a % 2);
}

static void
op_room(unsigned a, unsigned b)
{
	(void)b;
	trace("the spool %s", a % 3 == 0 ? "is full" : "has room");
	played_room(a % 3 == 0);
}

const struct op_kind model_ops[] = {
	{ "write", 200, op_write },
	{ "part", 40, op_part },
	{ "finish", 30, op_finish },
	{ "header", 12, op_header },
	{ "reopen", 30, op_reopen },
	{ "next", 25, op_next },
	{ "rotate", 50, op_rotate },
	{ "copy", 15, op_copy },
	{ "copy-rest", 12, op_copy_rest },
	{ "move", 15, op_move },
	{ "truncate", 12, op_truncate },
	{ "copytruncate", 20, op_copytruncate },
	{ "regrow", 12, op_regrow },
	{ "cut", 6, op_cut },
	{ "delete", 12, op_delete },
	{ "back", 6, op_back },
	{ "recycle", 6, op_recycle },
	{ "away", 8, op_away },
	{ "return", 8, op_return },
	{ "pack", 40, op_pack, true },
	{ "pack-rest", 25, op_pack_rest, true },
	{ "turn", 120, op_turn },
	{ "settle", 40, op_settle },
	{ "pause", 60, op_pause },
	{ "start", 100, op_start },
	{ "stop", 12, op_stop },
	{ "crash", 25, op_crash },
	{ "backend", 20, op_backend },
	{ "room", 12, op_room },
};

const unsigned model_nops = sizeof model_ops / sizeof model_ops[0];
