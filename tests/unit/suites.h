/* suites.h - one suite a layer. */
#ifndef BOUNCEFEED_TEST_SUITES_H
#define BOUNCEFEED_TEST_SUITES_H

#include <check.h>

Suite *suite_config(void);

#endif
