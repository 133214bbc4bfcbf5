/*
 * test_store.h - what the tests of the state file share: a directory with one.
 */
#ifndef BOUNCEFEED_TEST_STORE_H
#define BOUNCEFEED_TEST_STORE_H

#include <check.h>
#include <sys/types.h>

#include "store/store.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { STORE_TEST_ROOM = 64, STORE_TEST_BUF = 1 << 22 };

extern char store_test_dir[STORE_TEST_ROOM];
extern char store_test_path[2 * STORE_TEST_ROOM]; /* of the state file */
extern struct store *store_test;                  /* open, ours */
extern struct err store_test_err;
extern long store_test_holder; /* that the last store_open() told */

/* A directory with a new state file, open; and away with it. */
void store_test_setup(void);
void store_test_teardown(void);

/* Opens the state file: 0 with *out (store_test) set, or -errno with the text. */
int store_test_open_as(enum store_mode mode, struct store **out);
int store_test_open(enum store_mode mode);
void store_test_reopen(void);
void store_test_close(void);

void store_test_begin(void);
void store_test_commit(void);

/* Fails unless rc is 0. */
void store_test_must(const char *what, int rc);

/* Puts a batch of the text's lines for output "o" in a transaction that is begun. */
int64_t store_test_put(const char *events, int64_t place);
int64_t store_test_put_batch(struct store *s, const struct store_batch *b);

/* The first of output "o"'s queue. */
int store_test_first(struct store *s, struct store_batch *out, struct buf *events);

/* The keys of output "o"'s queue, "a b c", from store_test; the queue is emptied. */
void store_test_queue(const char *name, const char *want);

/* Runs SQL from a connection of its own; the first number that it answers. */
void store_test_sql(const char *sql);
long long store_test_number(const char *sql);
void store_test_is(const char *sql, long long want);

/* The path with a suffix, until the next call. */
const char *store_test_file(const char *suffix);

/* A hash of the file's bytes; 0: it is empty, or not there. */
uint64_t store_test_hash(const char *path);

void store_test_write(const char *path, const void *bytes, size_t n);
void store_test_copy(const char *from, const char *to);

/* n bytes that do not pack, the same ones for the same seed, all printable. */
void store_test_noise(char *out, size_t n, uint64_t seed);

/* A killed or ended child: its exit status, or -signal. */
int store_test_wait(pid_t pid);

void store_add_open_tests(TCase *t);
void store_add_upgrade_tests(TCase *t);
void store_add_beside_tests(TCase *t);
void store_add_batch_tests(TCase *t);
void store_add_find_tests(TCase *t);
void store_add_queue_tests(TCase *t);
void store_add_dead_tests(TCase *t);
void store_add_request_tests(TCase *t);
void store_add_row_tests(TCase *t);
void store_add_space_tests(TCase *t);

#endif
