/*
 * deliver_internal.h - what the files of delivery share: deliver.c (the turns),
 * deliver_state.c (what the loop asks),
 * deliver_load.c (out of the state file), deliver_answer.c (what was said),
 * deliver_record.c (made true).
 */
#ifndef BOUNCEFEED_DELIVER_INTERNAL_H
#define BOUNCEFEED_DELIVER_INTERNAL_H

#include "app/deliver.h"
#include "output/policy.h"

enum deliver_step {
	STEP_EMPTY,    /* nothing loaded */
	STEP_POSTED,   /* the answer is awaited */
	STEP_ANSWERED, /* it is to be recorded */
};

struct deliver_output;

/* A batch on its way. */
struct deliver_slot {
	struct deliver_output *output;
	struct output_request *request;
	enum deliver_step step;
	struct store_batch batch; /* its slices point into events */
	struct buf events;
	struct buf body;
	bool newest;    /* asked as a witness */
	uint64_t begun; /* for the policy */
	int64_t begun_ms;
	unsigned code;
	struct output_heard heard;
	struct buf rejected; /* of a 2xx: "ID REASON\n" for each event it names */
	size_t nrejected;
	char answer[LIMIT_ERR_TEXT]; /* what the backend said, or what went wrong */
	bool judged;                 /* moves is what is to be recorded */
	struct output_moves moves;
};

struct deliver_output {
	const struct config_output *conf;
	struct deliver *deliver;
	struct output_policy policy;
	struct deliver_slot *slot;
	size_t nslots;
	struct buf scratch;       /* a batch that is looked at, not sent */
	bool more;                /* the queue may hold something */
	bool recount;             /* once what was judged is recorded */
	bool no_room;             /* held for want of room for dead letters */
	bool hurried;             /* what is set apart is due at once */
	int64_t store_ms;         /* the state file is not asked before */
	enum output_state stored; /* what the state file says */
	bool state_stored;
	enum output_state told; /* in the log */
	int64_t told_ms;
	unsigned code; /* of the last trouble, for who gives up or sets aside */
	char answer[LIMIT_ERR_TEXT]; /* without addresses */
};

struct deliver {
	const struct config *config;
	struct store *store;
	struct output_http *http;
	struct deliver_output *output;
	size_t n;
	bool *waiting;
	uint64_t accepted;
};

/* --- deliver_state.c -----------------------------------------------------------------
 */

/* What the state file has of it, counted again for the policy. */
int deliver_recount_output(struct deliver_output *o, int64_t now_ms, struct err *e);

/* Batches being posted, as the policy wants to know it. */
size_t deliver_under_way(const struct deliver_output *o);

/* --- deliver_load.c ------------------------------------------------------------------
 */

/*
 * The next batch that may be tried, fixed in the state file, into a free slot. 1 with
 * the slot, 0: there is none now, or -errno of the state file.
 */
int deliver_load(
    struct deliver_output *o, int64_t now_ms, struct deliver_slot **out, struct err *e);

/* --- deliver_answer.c ----------------------------------------------------------------
 */

/* The answer without the addresses that a backend echoes: for log and status. */
void deliver_mask(const char *answer, char *out, size_t cap);

/* Takes an answer: the step is STEP_ANSWERED after it. */
void deliver_take(struct deliver_slot *s, const struct output_answer *a);

/* --- deliver_record.c ----------------------------------------------------------------
 */

/* The moves of an answered slot, in one transaction. */
int deliver_record(struct deliver_slot *s, struct err *e);

/* Within a transaction: the batch goes, its parts come: [0, first) and the rest. */
int deliver_put_parts(
    struct store *st, const struct store_batch *b, uint64_t first, struct err *e);

/* All of a batch is given up: dead letters with the last trouble. -ENOSPC: no room for
 * them. */
int deliver_give_up(
    struct deliver_output *o, const struct store_batch *b, struct err *e);

/* The output's state and, where there is one, its last trouble, within a transaction.
 */
int deliver_record_state(struct deliver_output *o, bool fault, struct err *e);

/* Is there room for so many bytes more of dead letters? */
bool deliver_dead_room(struct deliver_output *o, uint64_t bytes);

/* When the next of what is set apart is due, for the policy. */
int deliver_set_due(struct deliver_output *o, int64_t now_ms, struct err *e);

#endif
