/*
 * played.c - the daemon without its main loop: the turns of daemon.c and
 * daemon_commit.c one by one, on the test's clock, with a backend that is a loop here.
 *
 * A crash drops everything that was not committed, and the write-ahead log stays as it
 * is on disk. A pause wakes the daemon when its own deadlines ask for it, at no other
 * time.
 */
#include "model.h"
#include "app/app.h"
#include "app/daemon_internal.h"
#include "store/store_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTLE_TURNS = 2000, SCENES_MAX = 16 };

static struct {
	struct config *config[SCENES_MAX][2]; /* by scene, and by start */
	struct classifier *classifier;
	struct hash_state *hash;
	char state[MODEL_PATH + 16];
	const struct config *now;
	struct follow_env env;
	struct follow *follow;
	bool up, full, failing;
	int64_t dirty_ms;
	unsigned process;
} d;

static int
write_config(const struct scene *sc, bool from_start)
{
	FILE *f = fopen(world_path("c.yaml"), "w");

	if (!f)
		return -errno;
	(void)fprintf(f, "host: model\nsources:\n  - name: model\n    path: %s\n",
	    world_path(sc->path));
	(void)fprintf(f, "    format: %s\n    start: %s\n    timezone: UTC\n",
	    sc->format == FORMAT_PMTA ? "pmta" : "maillog",
	    from_start ? "beginning" : "end");
	if (sc->archive)
		(void)fprintf(f, "    archive: %s\n", world_path(sc->archive));
	(void)fprintf(f,
	    "outputs:\n  - name: out\n    url: http://127.0.0.1:1/\n"
	    "    batch: {linger: 1s}\nstate: {path: %s}\n",
	    d.state);
	return fclose(f) == 0 ? 0 : -errno;
}

int
played_set_up(const char *dir)
{
	struct config_faults faults;

	(void)snprintf(world.dir, sizeof world.dir, "%s", dir);
	(void)snprintf(d.state, sizeof d.state, "%s/state.db", dir);
	(void)mkdir(world_path("in"), 0700);
	(void)mkdir(world_path("done"), 0700);
	(void)mkdir(world_path("away"), 0700);
	config_faults_init(&faults);
	for (unsigned i = 0; i < 2 * model_nscenes && i < 2 * SCENES_MAX; i++) {
		int rc = write_config(&model_scenes[i / 2], i % 2);
		if (rc == 0)
			rc = config_load(world_path("c.yaml"), true,
			    &d.config[i / 2][i % 2], &faults, NULL);
		if (rc < 0) {
			(void)fprintf(stderr, "model: configuration: %.*s\n",
			    (int)faults.text.n, faults.text.p);
			return rc;
		}
	}
	config_faults_free(&faults);
	log_set_up("error", "text");
	d.hash = hash_new();
	d.classifier = config_classifier(d.config[0][0]);
	return d.hash && d.classifier ? 0 : -ENOMEM;
}

static void
remove_state(void)
{
	static const char *const tail[] = { "", "-wal", "-shm", "-journal" };
	char name[MODEL_PATH + 32];

	for (unsigned i = 0; i < sizeof tail / sizeof tail[0]; i++) {
		(void)snprintf(name, sizeof name, "%s%s", d.state, tail[i]);
		(void)unlink(name);
	}
}

void
played_begin(const struct program *p)
{
	struct config *c = d.config[p->scene - model_scenes][p->from_start];

	remove_state();
	c->output[0].batch_max_events = p->batch;
	d.now = c;
	d.up = d.full = d.failing = false;
	d.process = 0;
}

void
played_end(void)
{
	if (d.up)
		played_crash();
	remove_state();
}

bool
played_up(void)
{
	return d.up;
}

unsigned
played_process(void)
{
	return d.process;
}

void
played_backend(bool fails)
{
	d.failing = fails;
}

void
played_room(bool full)
{
	d.full = full;
	if (!full && d.up)
		played_settle(); /* it looks for room each second */
}

static void
fault(const char *what, const struct err *e)
{
	judge_fault("the daemon: %s: %s", what, e->text);
}

/* --- up and down ----------------------------------------------------------------- */

void
played_start(void)
{
	const struct store_options o = { .version = "model" };
	struct follow_env *v = &d.env;
	struct err e = { 0 };
	long holder;

	if (d.up)
		return;
	*v = (struct follow_env){ .config = d.now, .host = SLICE("model") };
	v->hash = d.hash;
	v->classifier = d.classifier;
	d.dirty_ms = 0;
	d.process++;
	if (store_open(d.state, STORE_OWN, &o, &v->store, &holder, &e) < 0 ||
	    !(v->spool = spool_new(d.now, v->host)) || !(v->tally = tally_new(d.now)) ||
	    !(v->watch = source_watch_new(&e)) ||
	    !(d.follow = follow_new(v, &d.now->source[0], &e))) {
		fault("start", &e);
		return;
	}
	d.up = true;
	model_totals.starts++;
	trace("start the daemon");
}

static void
drop_all(void)
{
	follow_free(d.follow);
	spool_free(d.env.spool);
	tally_free(d.env.tally);
	source_watch_free(d.env.watch);
	store_close(d.env.store);
	d.up = false;
}

void
played_crash(void)
{
	if (!d.up)
		return;
	trace("kill the daemon");
	/* the log stays as the process left it */
	(void)sqlite3_db_config(
	    d.env.store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	drop_all();
	judge_died();
	model_totals.crashes++;
}

/* --- turns ------------------------------------------------------------------------ */

static int
put_all(struct err *e)
{
	bool waiting[1] = { d.failing };
	int rc = spool_put(d.env.spool, d.env.store, waiting, e);

	if (rc == 0)
		rc = tally_put(d.env.tally, d.env.store, e);
	return rc == 0 ? follow_put(d.follow, e) : rc;
}

/* false: the program stops in the middle. */
static bool
commit(enum stop_at at)
{
	struct err e = { 0 };
	int rc = store_begin(d.env.store, STORE_DURABLE, &e);

	if (rc == 0)
		rc = put_all(&e);
	if (at == STOP_PUT)
		return false;
	if (rc == 0)
		rc = store_commit(d.env.store, &e);
	if (rc < 0) {
		fault("commit", &e);
		return true;
	}
	trace("committed");
	d.dirty_ms = 0;
	spool_committed(d.env.spool);
	tally_committed(d.env.tally);
	follow_committed(d.follow);
	judge_commit();
	return true;
}

static bool
commit_if_due(bool dry, enum stop_at at)
{
	if (d.dirty_ms == 0 && follow_dirty(d.follow))
		d.dirty_ms = model_now_ms;
	bool places = d.dirty_ms != 0 && model_now_ms - d.dirty_ms >= DAEMON_PLACES_MS;
	if (follow_urgent(d.follow) || places ||
	    spool_due(d.env.spool, model_now_ms, dry))
		return commit(at);
	return true;
}

static void
read_batch(struct slice events)
{
	while (events.n > 0) {
		size_t lf = slice_find(events, '\n');
		judge_arrival((struct slice){ events.p, lf });
		events = slice_from(events, lf + 1);
	}
}

static void
deliver(void)
{
	struct store_wanted first = { .which = STORE_FIRST, .output = SLICE("out") };
	struct store *st = d.env.store;
	struct store_batch b;
	struct buf events;
	struct err e = { 0 };
	int rc = 0;

	buf_init(&events, STORE_BODY_MAX);
	while (!d.failing && rc == 0 &&
	       (rc = store_batch_find(st, &first, &b, &events, &e)) == 0) {
		read_batch(b.events);
		if ((rc = store_begin(st, STORE_LAZY, &e)) < 0 ||
		    (rc = store_batch_delete(st, b.id, &e)) < 0 ||
		    (rc = store_commit(st, &e)) < 0)
			fault("deliver", &e);
	}
	if (rc < 0 && rc != -ENOENT)
		fault("deliver", &e);
	buf_free(&events);
}

/* 1: there is more to do at once, 0: there is not, -1: it was killed. */
static int
one_turn(enum stop_at at)
{
	bool more = false;

	model_totals.turns++;
	source_watch_take(d.env.watch);
	(void)follow_look(d.follow, model_now_ms);
	judge_look();
	if (at == STOP_LOOK)
		return -1;
	int rc = d.full ? 0 : follow_turn(d.follow, model_now_ms);
	trace("turn: %s", d.full          ? "no room"
			  : rc == 0       ? "all is read"
			  : rc == 1       ? "there is more"
			  : rc == -EAGAIN ? "a commit must come first"
					  : "FAILED");
	if (rc == 0 && !d.full)
		judge_settled();
	if (at == STOP_READ)
		return -1;
	if (rc == -EAGAIN) {
		if (!commit(at))
			return -1;
		more = true;
	}
	more |= rc == 1;
	if (!commit_if_due(!more, at))
		return -1;
	deliver();
	return more;
}

void
played_turn(enum stop_at at)
{
	if (!d.up)
		return;
	if (one_turn(at) < 0 || at != STOP_NOWHERE)
		played_crash();
}

static bool
has_events(void)
{
	struct pollfd p = { source_watch_fd(d.env.watch), POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

/* Turns until it would wait. */
void
played_settle(void)
{
	int n = 0;

	while (d.up && (one_turn(STOP_NOWHERE) == 1 || has_events())) {
		if (++n == SETTLE_TURNS) {
			judge_fault("the daemon does not come to rest");
			return;
		}
	}
}

static int64_t
deadline(void)
{
	int64_t at = follow_deadline(d.follow, model_now_ms);

	if (spool_deadline(d.env.spool) < at)
		at = spool_deadline(d.env.spool);
	if (d.dirty_ms != 0 && d.dirty_ms + DAEMON_PLACES_MS < at)
		at = d.dirty_ms + DAEMON_PLACES_MS;
	return at;
}

void
played_pause(int64_t ms)
{
	int64_t end = model_now_ms + ms, at;
	int wakes = 0;

	if (d.up)
		played_settle();
	while (d.up && (at = deadline()) <= end) {
		if (at > model_now_ms)
			model_now_ms = at;
		played_settle();
		if (++wakes > 100 + ms / 100) {
			judge_fault("the daemon wakes %d times in %lld ms", wakes,
			    (long long)ms);
			return;
		}
	}
	model_now_ms = end;
}

void
played_stop(void)
{
	if (!d.up)
		return;
	if (!spool_empty(d.env.spool) || follow_dirty(d.follow))
		(void)commit(STOP_NOWHERE);
	judge_commit();
	deliver();
	trace("stop the daemon");
	drop_all();
	judge_died();
}
