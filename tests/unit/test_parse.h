/*
 * test_parse.h - the parts of the parser's suite that stand in files of their own.
 */
#ifndef BOUNCEFEED_TEST_PARSE_H
#define BOUNCEFEED_TEST_PARSE_H

#include <check.h>

void parse_add_value_tests(TCase *t);   /* test_parse_value.c */
void parse_add_address_tests(TCase *t); /* test_parse_address.c */

#endif
