/*
 * test_classify.h - the table of status codes that the tests of classify share.
 */
#ifndef BOUNCEFEED_TEST_CLASSIFY_H
#define BOUNCEFEED_TEST_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

struct classify_test_code {
	const char *code;   /* without the first digit: "7.26" */
	const char *reason; /* of 5.x.x */
	const char *class;
	const char *retried_reason; /* of 4.x.x */
	const char *retried_class;
	bool decides; /* the rule is status:..., else none */
};

extern const struct classify_test_code classify_test_codes[];
extern const size_t classify_test_ncodes;

#endif
