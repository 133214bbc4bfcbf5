/*
 * test_syslog.h - the parts of the suite of syslog prefixes that stand in files of
 * their own.
 */
#ifndef BOUNCEFEED_TEST_SYSLOG_H
#define BOUNCEFEED_TEST_SYSLOG_H

#include <check.h>

#include "parse/syslog.h"

void syslog_add_time_tests(TCase *t); /* test_syslog_time.c */
void syslog_add_json_tests(TCase *t); /* test_syslog_json.c */

/* A copy in a block of its own size, so that ASan sees a read past its end; free() it.
 */
struct slice exact_copy(struct slice s);

#endif
