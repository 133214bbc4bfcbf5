/*
 * deliver_internal.h - what deliver.c (trying) and deliver_record.c (storing) share.
 */
#ifndef BOUNCEFEED_DELIVER_INTERNAL_H
#define BOUNCEFEED_DELIVER_INTERNAL_H

#include "app/deliver.h"

enum step {
	STEP_EMPTY,    /* nothing loaded */
	STEP_WAITING,  /* a batch is loaded and waits for its time */
	STEP_POSTED,   /* its answer is awaited */
	STEP_ANSWERED, /* the verdict is to be recorded */
};

struct deliver_output {
	const struct config_output *conf;
	struct output_request *request;
	enum step step;
	bool state_stored; /* the state file says what `state` says */
	bool told;         /* that it does not deliver; at told_ms */
	int64_t told_ms;
	bool more; /* the queue may hold something */
	struct store_batch batch;
	struct buf events;
	struct buf body;
	uint64_t failures; /* in a row, without a 2xx */
	int64_t next_ms;   /* not before */
	unsigned code;
	enum output_verdict verdict;
	struct buf rejected; /* of a 2xx: "ID REASON\n" for each event it names */
	size_t nrejected;
	char answer[LIMIT_ERR_TEXT]; /* what the backend said, or what went wrong */
	enum { OUTPUT_OK, OUTPUT_RETRY, OUTPUT_HOLD } state;
};

/* Takes an answer: the step is STEP_ANSWERED after it. */
void deliver_take(struct deliver_output *o, const struct output_answer *a);

/* Refused or too large: one event is a dead letter, more of them are halved. */
bool deliver_dies(const struct deliver_output *o);

/* The verdict on the batch and the state that it leads to, in one transaction. */
int deliver_record(
    struct store *st, struct deliver_output *o, int state, struct err *e);

/* The output's state and last fault, within a transaction. */
int deliver_record_state(
    struct store *st, struct deliver_output *o, int state, struct err *e);

#endif
