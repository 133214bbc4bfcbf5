/*
 * test_config.h - what the tests of the configuration share.
 */
#ifndef BOUNCEFEED_TEST_CONFIG_H
#define BOUNCEFEED_TEST_CONFIG_H

#include <check.h>

#include "app/config_internal.h"

#define SOURCES "sources:\n  - {name: s, path: /nowhere/a.csv}\n"
#define OUTPUTS "outputs:\n  - {name: o, url: https://h.example/p}\n"
#define BOTH    SOURCES OUTPUTS

/* A good configuration with a value for nearly every key. */
extern const char config_test_full[];

/* Writes a file into the test's directory: its path, until the next call. */
const char *config_test_put(const char *name, struct slice text);

/* Loads a text offline that has to be without faults. */
struct config *config_test_good(const char *yaml);

/* Loads a text as t.yaml. *lines, *notes and the configuration are the caller's. */
int config_test_load(
    struct slice yaml, bool offline, struct config **out, char **lines, char **notes);

void config_add_fault_tests(TCase *t);
void config_add_value_tests(TCase *t);
void config_add_print_tests(TCase *t);

#endif
