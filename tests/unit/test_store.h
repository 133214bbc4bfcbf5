/*
 * test_store.h - what the tests of the state file share: a directory with one.
 */
#ifndef BOUNCEFEED_TEST_STORE_H
#define BOUNCEFEED_TEST_STORE_H

#include <check.h>

#include "store/store.h"

enum { STORE_TEST_ROOM = 64 };

extern char store_test_path[2 * STORE_TEST_ROOM]; /* of the state file */
extern struct store *store_test;                  /* open, ours */
extern struct err store_test_err;

/* Opens the state file: 0 with store_test set, or -errno with the text. */
int store_test_open(enum store_mode mode);
void store_test_reopen(void);

void store_test_begin(void);
void store_test_commit(void);

/* Puts a batch of the text's lines for output "o" in a transaction that is begun. */
int64_t store_test_put(const char *events, int64_t place);

/* The keys of output "o"'s queue, "a b c", from store_test; the queue is emptied. */
void store_test_queue(const char *name, const char *want);

/* Runs SQL on the closed file. */
void store_test_sql(const char *sql);

void store_add_batch_tests(TCase *t);
void store_add_row_tests(TCase *t);

#endif
