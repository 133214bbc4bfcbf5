/*
 * test_policy.h - a queue, a backend and a clock in memory, which play the delivery
 * policy as policy.h says.
 */
#ifndef BOUNCEFEED_TEST_POLICY_H
#define BOUNCEFEED_TEST_POLICY_H

#include "output/policy.h"

enum {
	SIM_EVENTS = 10000, /* at most */
	SIM_TRICKLE = 120,  /* good ones that come later, one a minute */
	SIM_MARKS = 3,
	SIM_RULES = 3,
	SIM_SMALL = 300, /* bytes of an event that no mark makes larger */
	SEC = 1000,
	MIN = 60 * SEC,
	HOUR = 60 * MIN,
};

/* Events first, first + step ... carry the letter of their mark: 1, 2, 4. */
struct sim_mark {
	unsigned first, count, step;
	unsigned bytes; /* 0: small */
};

enum sim_hit {
	HIT_NONE,
	HIT_ALL,
	HIT_MARK,   /* batches with an event of one of these marks */
	HIT_EVENTS, /* with more than arg events */
	HIT_BYTES,
	HIT_RANDOM, /* arg of 1000 */
	HIT_TRIES,  /* the first arg tries of each batch */
};

/* What the backend answers instead of 200: the first rule that hits. */
struct sim_rule {
	enum sim_hit hit;
	unsigned arg;
	unsigned code;
	bool cut, hang, landed;
	unsigned from_post; /* begins when so many POSTs and so much time are over */
	int64_t from_ms;
	int64_t for_ms; /* 0: for ever */
	uint64_t retry_after_ms;
};

struct sim_case {
	const char *name;
	unsigned events;  /* 0: SIM_EVENTS; a mark's `first` counts as for these */
	unsigned batch;   /* 0: 500 */
	int64_t every_ms; /* a batch arrives every so often; 0: all are there */
	unsigned late;    /* events of one batch more that arrives at late_ms */
	int64_t late_ms;
	struct sim_mark mark[SIM_MARKS];
	struct sim_rule rule[SIM_RULES];
	/* wanted at the end; all other events are accepted */
	unsigned dead, aside, suspect, witnessed, queued;
	int holds; /* times that the output went into hold; ANY */
	bool last; /* what was refused last may wait as suspects for a witness */
	bool once; /* what comes of it hangs on when it is looked at: no variants */
	unsigned posts;   /* at most, beside one for each batch; 0: any number */
	int64_t drain_ms; /* at most, until the queue is empty; 0: an hour */
	int64_t wake_ms;  /* at most, from the end of rule[0] to a 2xx; 0: any */
};

enum { ANY = -1 };

struct sim_how {
	unsigned batch; /* 0: the case's */
	unsigned concurrency;
	unsigned restart; /* after so many POSTs; 0: none */
	uint64_t seed;
};

/* Plays a case to its end and checks what must hold at every step. exact: also how many
 * requests, holds and how much time it took; else there is a trickle of good events
 * after it, so that no suspect lacks a witness. */
void sim_run(const struct sim_case *c, const struct sim_how *h, bool exact);

/* --- the state file (test_policy_queue.c) -------------------------------------- */

/* What an event is: its batch's standing, or past that. */
enum { SIM_DEAD = STANDING_COUNT, SIM_ACCEPTED, SIM_IS_COUNT };

struct sim_batch {
	struct sim_batch *prev, *next;
	int64_t place, id;
	unsigned first, count, tries;
	int standing;
	int64_t due_ms, failed_ms; /* the first time that it failed; 0: not yet */
	uint64_t failed_turn;      /* the last time */
	bool under_way, part;      /* part: of one that was taken apart */
};

struct sim_event {
	uint64_t refused_turn; /* the first time that it was refused alone; 0: never */
	unsigned bytes;
	unsigned char is, marks;
	bool landed;
};

struct sim_store {
	struct sim_batch queue, apart; /* heads of rings */
	struct sim_batch *unused;
	struct sim_batch pool[SIM_EVENTS + SIM_TRICKLE + 2];
	struct sim_event event[SIM_EVENTS + SIM_TRICKLE];
	unsigned is[SIM_IS_COUNT]; /* events, of those that have arrived */
	int64_t place, id;
};

extern struct sim_store sim_store;

void sim_store_init(const struct sim_case *c);
void sim_arrive(unsigned first, unsigned count);
/* Into n events and, behind them, the rest; answers the first or the newest part. */
struct sim_batch *sim_split(struct sim_batch *b, unsigned n, bool newest);
void sim_stand(struct sim_batch *b, int standing, int64_t due_ms); /* set apart */
void sim_restand(int from, int to);
void sim_leave(struct sim_batch *b, int to);
uint64_t sim_bytes(const struct sim_batch *b);

/* NULL: there is none that is not under way. */
struct sim_batch *sim_first(int64_t place, int64_t id); /* behind that */
struct sim_batch *sim_newest(void);                     /* one event, cut off */
struct sim_batch *sim_due(int standing, int64_t due_ms);

/* Each event is in one batch, or gone, and counted. */
void sim_store_check(void);

/* --- one run ------------------------------------------------------------------- */

enum { SIM_POSTS = 8, SIM_TRACE = 24 };

struct sim_post {
	struct sim_batch *b;
	int standing; /* as it was found */
	enum output_pick pick;
	uint64_t turn;
	int64_t begun_ms, end_ms;
	uint64_t begun;              /* the policy's number */
	uint64_t accepted;           /* the last 2xx before it began */
	const struct sim_rule *rule; /* that hit; NULL: 200 */
};

struct sim {
	const struct sim_case *c;
	const struct sim_how *how;
	struct output_policy p;
	int64_t now;
	uint64_t random;
	uint64_t turn;     /* starts and answers of POSTs, numbered */
	uint64_t accepted; /* the last 2xx's */
	unsigned events, trickle, batch, batches, arrived;
	struct sim_post post[SIM_POSTS];
	unsigned under_way, posts, drain_posts, second_posts;
	int64_t second, drain_ms, wake_ms;
	int64_t rule_ms[SIM_RULES]; /* when it began; -1: not yet */
	int holds;
	bool restarted;
	char trace[SIM_TRACE][128];
	unsigned traced;
};

extern struct sim sim;

uint64_t sim_roll(void); /* 64 random bits */

/* --- what must hold, and what an answer does (test_policy_judge.c) ------------- */

__attribute__((format(printf, 1, 2), noreturn)) void sim_fail(const char *f, ...);

void sim_check_post(const struct sim_post *o);
void sim_answer(const struct sim_post *o);
void sim_check_end(bool exact);

#endif
