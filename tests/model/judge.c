/*
 * judge.c - what has to arrive, what may be missing, what must never come.
 *
 * Never, whatever happens: a record twice, an event of two records, an event of no
 * record, one id for two records, two records of a file generation out of order, an
 * unfinished record of a file that its writer may go on with, a record that was there
 * at the first look (start: end).
 *
 * Must arrive: every whole record whose bytes lay, when the daemon had read all that it
 * saw and then committed that (or was stopped), or at the end,
 *   - in a file under the path, or
 *   - in a file of the archive, renamed, moved or copied there, or
 *   - in a file that left both (or was deleted) within the 30 s after it was last seen
 *     to grow, while the daemon ran all the time.
 * A last record that lacks nothing but its line end and is not the file's first, when
 * the file has left the path or a later dated one is there: 30 s after that, and after
 * it was last written to.
 *
 * What cannot hold by nature, so may be missing:
 *   - what was truncated, deleted or moved out of sight before the daemon could read
 * it, where no copy holds it: it was down, killed before it committed, the spool was
 *     full, or no time was left;
 *   - what is written after that to a file out of sight, later than those 30 s;
 *   - a record that its writer never finished, or left alone for 30 s in a file that
 *     had left the path: it may come as far as it was written, if that is a record, and
 *     once more when it is finished after all; were it the file's first, all of the
 * file is in doubt, since the first record is what a file is known by;
 *   - what a writer truncated and wrote anew to the same size within one tick of the
 *     clock that stamps files (4 ms);
 *   - what lay in the archive at the first look, and a file that comes into it later
 * with an mtime before the last look and continues nothing that is known.
 */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	bool from_start;
	bool known; /* the first look was committed */
	bool looked;
	bool over;       /* the program is */
	int64_t look_ns; /* the last look */
	unsigned faults;
	struct buf why;
} j;

void
judge_begin(bool from_start)
{
	buf_free(&j.why);
	memset(&j, 0, sizeof j);
	j.from_start = from_start;
	buf_init(&j.why, 64 * 1024);
}

void
judge_fault(const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	j.faults++;
	trace("FAULT: %s", text);
	if (j.faults <= 20)
		(void)buf_printf(&j.why, "  %s\n", text);
}

/* --- what the daemon could read ----------------------------------------------------
 */

static bool
in_sight(const struct file *f)
{
	/* a packed one takes its time: it counts at the end */
	if (f->packed && !j.over)
		return false;
	return f->place == LIVE || (f->place == ARCHIVE && !f->history);
}

/* Out of sight, but the daemon has it open and had the time to look at it. */
static bool
is_held(const struct file *f)
{
	return (f->place == GONE || f->place == AWAY) &&
	       f->held_by == played_process() && model_now_ms < f->held_until &&
	       model_now_ms - f->grown_ms >= MODEL_DRAIN_MS;
}

/* How far a generation can be read. */
static uint64_t
readable(unsigned gen)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < world.nfiles; i++) {
		const struct file *f = &world.file[i];
		if (f->gen == gen && f->len > len && (in_sight(f) || is_held(f)))
			len = f->len;
	}
	return len;
}

/* A whole record begins before that place. Without one a file has no key: in the
 * archive nothing tells it from a copy in the making. */
static bool
has_key(unsigned gen, uint64_t before)
{
	for (unsigned i = 1; i <= world.nrecords; i++) {
		const struct record_state *r = &world.record[i];
		if (r->gen == gen && r->start < before && r->end <= before)
			return true;
	}
	return false;
}

static void
first_look(void)
{
	j.looked = true;
	for (unsigned i = 0; i < world.nfiles; i++)
		world.file[i].history |= world.file[i].place == ARCHIVE;
	for (unsigned i = 1; i <= world.nrecords; i++) {
		struct record_state *r = &world.record[i];
		for (unsigned k = 0; k < world.nfiles; k++) {
			const struct file *f = &world.file[k];
			if (f->gen != r->gen || f->len < r->text)
				continue;
			r->never |= f->place == LIVE && !j.from_start &&
				    f->len >= r->end;
			/* whole but for its line end: may come when that does */
			r->history |= f->place == ARCHIVE ||
				      (!j.from_start && f->len == r->text);
		}
	}
}

void
judge_look(void)
{
	if (!j.known && !j.looked)
		first_look();
	j.look_ns = model_wall_ns();
	for (unsigned i = 0; i < world.nfiles; i++) {
		struct file *f = &world.file[i];
		if (!in_sight(f))
			continue;
		bool known = has_key(f->gen, f->len);
		f->looked |= known;
		world.gen[f->gen].looked |= known;
		if (f->len > world.gen[f->gen].touched)
			world.gen[f->gen].touched = f->len;
	}
}

/* The daemon does not know it, and it was written before the last look: history. */
void
judge_entered(struct file *f)
{
	const struct gen *g = &world.gen[f->gen];

	if (f->place != ARCHIVE || f->looked || g->seen || g->looked ||
	    f->mtime_ns >= j.look_ns)
		return;
	f->history = true;
	for (unsigned i = 1; i <= world.nrecords; i++) {
		struct record_state *r = &world.record[i];
		r->history |= r->gen == f->gen && r->have <= f->len;
	}
}

/* A copy waits while the daemon has another inode of the same open. */
static bool
is_copy_of_held(const struct file *f)
{
	for (unsigned i = 0; i < world.nfiles; i++) {
		const struct file *o = &world.file[i];
		if (o != f && o->gen == f->gen && o->held_by == played_process() &&
		    model_now_ms < o->held_until)
			return true;
	}
	return false;
}

/* What grew since it was read is open now. */
static void
note_open(struct file *f)
{
	struct gen *g = &world.gen[f->gen];

	if ((!in_sight(f) && !is_held(f)) || f->len <= g->read ||
	    (f->place == ARCHIVE && (!has_key(f->gen, f->len) || is_copy_of_held(f))))
		return;
	g->read = f->len;
	f->held_by = played_process();
	f->held_until = model_now_ms + MODEL_HELD_MS;
}

void
judge_settled(void)
{
	for (unsigned i = 1; i <= world.nrecords; i++) {
		struct record_state *r = &world.record[i];
		if (!r->must && r->have == r->end && readable(r->gen) >= r->end)
			r->pending = true;
	}
	for (enum place p = LIVE + 1; p-- > GONE;) {
		for (unsigned i = 0; i < world.nfiles; i++) {
			if (world.file[i].place == p)
				note_open(&world.file[i]);
		}
	}
}

void
judge_commit(void)
{
	j.known |= j.looked;
	for (unsigned i = 1; i <= world.nrecords; i++) {
		world.record[i].must |= world.record[i].pending;
		world.record[i].pending = false;
	}
	for (unsigned i = 0; i < world.ngens; i++) {
		struct gen *g = &world.gen[i];
		g->committed = g->touched;
		g->seen |= g->looked;
	}
	for (unsigned i = 0; i < world.nfiles; i++)
		world.file[i].seen |= world.file[i].looked;
}

void
judge_died(void)
{
	for (unsigned i = 1; i <= world.nrecords; i++) {
		struct record_state *r = &world.record[i];
		r->pending = false;
		if (!j.known && r->have != r->start)
			r->never = r->history = false;
	}
	for (unsigned i = 0; i < world.ngens; i++) {
		world.gen[i].read = world.gen[i].touched = world.gen[i].committed;
		world.gen[i].looked = false;
	}
	for (unsigned i = 0; i < world.nfiles; i++) {
		world.file[i].looked = world.file[i].seen;
		world.file[i].history &= j.known;
	}
	if (!j.known)
		j.looked = false;
}

/* --- what came ---------------------------------------------------------------------
 */

void
judge_arrival(struct slice json)
{
	struct arrival a;

	record_read(json, &a);
	trace("arrived: record %u", a.number);
	model_totals.arrived++;
	if (a.number == 0 || a.number > world.nrecords) {
		judge_fault("an event of no record: %.*s",
		    (int)(json.n < 400 ? json.n : 400), json.p);
		return;
	}
	struct record_state *r = &world.record[a.number];
	struct gen *g = &world.gen[r->gen];
	if (a.mixed && !r->torn && r->have == r->end)
		judge_fault("record %u came mixed: %.*s", a.number,
		    (int)(json.n < 400 ? json.n : 400), json.p);
	bool twice = r->arrived++ > 0;
	/* what was taken as it was left may come again when it is finished after all */
	if (twice && !(r->torn && r->arrived == 2 && strcmp(r->id, a.id) != 0))
		judge_fault("record %u came %u times, %s id", a.number, r->arrived,
		    strcmp(r->id, a.id) ? "with another" : "with the same");
	memcpy(r->id, a.id, sizeof r->id);
	if (a.offset != r->start)
		judge_fault("record %u: offset %llu, want %llu", a.number,
		    (unsigned long long)a.offset, (unsigned long long)r->start);
	if (r->never)
		judge_fault("record %u was there at the first look", a.number);
	if (r->have != r->end && !g->left)
		judge_fault("record %u came before it was finished", a.number);
	if (a.number < g->last)
		judge_fault(
		    "record %u came behind %u of the same file", a.number, g->last);
	g->last = a.number > g->last ? a.number : g->last;
}

/* --- the end ------------------------------------------------------------------------
 */

/* Lacks its line end, and nobody is expected to write one. */
static bool
is_left(const struct record_state *r)
{
	if (r->have != r->text || r->history || !has_key(r->gen, r->start))
		return false;
	/* of a copy later than the test waits: first the original has its 30 s */
	if (world.gen[r->gen].copied)
		return false;
	for (unsigned i = 0; i < world.nfiles; i++) {
		const struct file *f = &world.file[i];
		if (f->gen == r->gen && f->len == r->text && in_sight(f) &&
		    !world_is_current(f))
			return true;
	}
	return false;
}

static bool
gen_is_live(unsigned gen)
{
	for (unsigned i = 0; i < world.nfiles; i++) {
		if (world.file[i].gen == gen && world_is_current(&world.file[i]))
			return true;
	}
	return false;
}

static int
compare_id(const void *a, const void *b)
{
	const struct record_state *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static void
check_ids(void)
{
	static const struct record_state *by_id[MODEL_RECORDS];
	unsigned n = 0;

	for (unsigned i = 1; i <= world.nrecords; i++) {
		if (world.record[i].arrived > 0)
			by_id[n++] = &world.record[i];
	}
	qsort(by_id, n, sizeof by_id[0], compare_id);
	for (unsigned i = 1; i < n; i++) {
		if (!strcmp(by_id[i]->id, by_id[i - 1]->id))
			judge_fault("one id for two records: %s", by_id[i]->id);
	}
}

bool
judge_end(struct buf *why)
{
	j.over = true;
	judge_settled();
	judge_commit();
	for (unsigned i = 1; i <= world.nrecords; i++) {
		struct record_state *r = &world.record[i];
		bool must = r->must || (is_left(r) && !gen_is_live(r->gen));
		if (r->arrived > 0 || r->never)
			continue;
		if (must && !r->torn && !r->history && !world.gen[r->gen].doubtful)
			judge_fault("record %u is missing (bytes %llu to %llu)", i,
			    (unsigned long long)r->start, (unsigned long long)r->end);
		else
			model_totals.excused++;
	}
	check_ids();
	if (j.faults > 0)
		(void)buf_add(why, buf_slice(&j.why));
	return j.faults == 0;
}
