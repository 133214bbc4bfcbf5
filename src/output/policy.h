/*
 * policy.h - the rules of delivery for one output: what may be tried next, and what an
 * answer does to the batch that was tried. No clock, no network, no disk: deliver.c
 * plays it against the state file and the backend, tests against models.
 *
 * One round: output_policy_pick() names what to try; who plays looks for it and posts
 * it; output_policy_answer() says what becomes of it.
 */
#ifndef BOUNCEFEED_POLICY_H
#define BOUNCEFEED_POLICY_H

#include "output/output.h"

/* Where a batch stands. Stored with it: the numbers stay as they are. */
enum output_standing {
	STANDING_QUEUED = 0,
	STANDING_SUSPECT = 1,   /* one event, refused alone; nothing accepted since */
	STANDING_WITNESSED = 2, /* ... something was: it is sent alone once more */
	STANDING_ASIDE = 3,     /* one event that only failed, while others did not */
	STANDING_DAMAGED = 4,   /* a batch whose bytes are not what was stored: kept */
	STANDING_COUNT
};

enum output_state { OUTPUT_OK, OUTPUT_RETRY, OUTPUT_HOLD };

const char *output_state_name(enum output_state s);       /* "ok", "retry", "hold" */
const char *output_standing_name(enum output_standing s); /* "queued", ... */

struct output_rules {
	uint64_t retry_min; /* ms, as all times here */
	uint64_t retry_max;
	uint64_t retry_hold;
	uint64_t aside_after;
	uint64_t concurrency;
};

/* The batch that holds the others up: it has met nothing but trouble since since_ms. */
struct output_stuck {
	int64_t place, id; /* id 0: none */
	bool single;       /* it is one event */
	int64_t since_ms;
	bool failed;    /* it failed in this round: what is accepted now is a witness */
	bool isolating; /* others were accepted: it is being taken apart */
	bool passing;   /* what is behind (at_place, at_id) is tried next */
	int64_t at_place, at_id;
	int64_t pass_ms; /* not before */
	unsigned passed; /* behind it, and failed as well */
	bool newest;     /* ... often enough: one event from the newest end is asked */
};

struct output_policy {
	struct output_rules rules;
	enum output_state state;
	int64_t next_ms;    /* nothing of the queue is tried before */
	int64_t due_ms;     /* nothing set apart is; INT64_MAX: there is none */
	int64_t share_ms;   /* ... nor before: the queue has its share of the time */
	uint64_t failures;  /* waves of trouble since the last 2xx */
	uint64_t begun;     /* POSTs so far */
	uint64_t failed;    /* ... when the last trouble was met */
	uint64_t refused;   /* ... when the last event was refused alone */
	int64_t mute_ms;    /* since when the witnesses meet trouble; 0: they do not */
	bool ask_first;     /* ... so long that the first of the queue is asked */
	unsigned lone;      /* events refused alone since the last 2xx */
	unsigned witnesses; /* ... and of those that were asked after them */
	uint64_t hold_ms;   /* the last wait while everything is refused */
	uint64_t apart[STANDING_COUNT]; /* how many stand so; who plays sets it once */
	unsigned timeouts;              /* in a row, of timeout_id */
	int64_t timeout_id;
	struct output_stuck stuck;
	/* what was too large, and what was not; 0: nothing known */
	uint64_t limit_events, limit_bytes, fits_events, fits_bytes;
	unsigned slow; /* accepted since a limit came from time-outs; 0: it did not */
};

void output_policy_init(struct output_policy *p, const struct output_rules *r);

enum output_pick {
	PICK_NOTHING,
	PICK_FIRST,     /* the first of the queue that is not under way */
	PICK_BEHIND,    /* the first behind stuck.at_place, at_id */
	PICK_NEWEST,    /* one event, cut from the newest end of the queue */
	PICK_WITNESSED, /* the suspect that is to be sent once more */
	PICK_DUE,       /* one set apart whose time has come */
	PICK_SUSPECT,   /* the suspect that was tried longest ago */
};

/*
 * What to try now, under_way batches being posted: choice 0, or where there is no such
 * batch choice 1, 2 ... until PICK_NOTHING. What is set apart goes alone: while it is
 * under way, under_way is POLICY_FULL.
 */
#define POLICY_FULL SIZE_MAX
enum output_pick output_policy_pick(
    const struct output_policy *p, int64_t now_ms, size_t under_way, unsigned choice);

/* When pick may have an answer, under_way batches being posted: INT64_MAX: not before
 * one of them is answered. */
int64_t output_policy_when(
    const struct output_policy *p, int64_t now_ms, size_t under_way);

/* When something set apart may be tried; INT64_MAX: there is nothing. */
int64_t output_policy_due(const struct output_policy *p);

/* Nothing was found behind the stuck batch: it is tried again after its backoff. */
void output_policy_alone(struct output_policy *p);

/* Each POST that is begun has a number: the policy tells by it which answers are older
 * news than others. */
uint64_t output_policy_begin(struct output_policy *p);

struct output_tried {
	int64_t place, id;
	uint64_t count; /* events */
	uint64_t bytes; /* of them */
	enum output_standing standing;
	bool newest;    /* by PICK_NEWEST */
	uint64_t begun; /* what output_policy_begin() gave it */
	int64_t begun_ms;
};

struct output_heard {
	enum output_verdict verdict;
	bool timed_out;          /* the request went out, no answer came in time */
	uint64_t retry_after_ms; /* 0: the answer does not say */
};

enum output_move {
	MOVE_ACCEPTED, /* gone */
	MOVE_STAY,     /* as it is; set apart: due again after retry.hold */
	MOVE_HALVED,
	MOVE_SUSPECT,
	MOVE_ASIDE,
	MOVE_DEAD,
};

struct output_moves {
	enum output_move move;
	bool witness; /* all suspects become witnessed */
	int64_t
	    stuck_id; /* not 0: this batch is halved, or set aside if it is one event */
};

/* random: any 64 bits. */
struct output_moves output_policy_answer(struct output_policy *p,
    const struct output_tried *t, const struct output_heard *h, int64_t now_ms,
    uint64_t random);

/* The output is held for a reason of our own (no room for a dead letter, a secret that
 * cannot be read): one try every retry.hold. */
void output_policy_hold(struct output_policy *p, int64_t now_ms);

/* Ends every wait. */
void output_policy_hurry(struct output_policy *p, int64_t now_ms);

/* No batch larger than this is sent: what the backend calls too large is remembered. */
void output_policy_limits(
    const struct output_policy *p, uint64_t *max_events, uint64_t *max_bytes);

#endif
