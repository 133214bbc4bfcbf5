/*
 * main.c - runs the suites of this folder. A new file adds its suite to the table.
 */
#include <check.h>
#include <stdlib.h>

#include "suites.h"

static Suite *(*const suites[])(void) = {
	suite_base,
	suite_pack,
	suite_frame,
	suite_frame_libcsv,
	suite_event,
	suite_parse,
	suite_postfix,
	suite_sendmail,
	suite_classify,
	suite_stream,
	suite_extract,
	suite_output,
	suite_policy,
	suite_policy_sim,
	suite_store,
	suite_source,
	suite_spool,
	suite_select,
	suite_config,
	suite_import,
	suite_forget,
	suite_hostile,
	suite_syslog,
	suite_repeat,
};

int
main(void)
{
	SRunner *r = srunner_create(NULL);

	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
		srunner_add_suite(r, suites[i]());
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
