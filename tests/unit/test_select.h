/*
 * test_select.h - what the tests of select share.
 */
#ifndef BOUNCEFEED_TEST_SELECT_H
#define BOUNCEFEED_TEST_SELECT_H

#include <check.h>

#include "app/config_internal.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Reads the YAML of one output as the loader does, without the cross checks. Output
 * (table_free) and faults are the caller's. */
void select_test_read(
    const char *yaml, struct config_output *o, struct config_faults *f);
void select_test_good(const char *yaml, struct config_output *o);

void select_add_fault_tests(TCase *t);

#endif
