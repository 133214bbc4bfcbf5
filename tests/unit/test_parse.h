/*
 * test_parse.h - the part of the parser's suite that stands in a file of its own.
 */
#ifndef BOUNCEFEED_TEST_PARSE_H
#define BOUNCEFEED_TEST_PARSE_H

#include <check.h>

void parse_add_value_tests(TCase *t); /* test_parse_value.c */

#endif
