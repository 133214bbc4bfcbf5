/* suites.h - one suite a layer. */
#ifndef BOUNCEFEED_TEST_SUITES_H
#define BOUNCEFEED_TEST_SUITES_H

#include <check.h>

Suite *suite_base(void);
Suite *suite_pack(void);
Suite *suite_frame(void);
Suite *suite_frame_libcsv(void);
Suite *suite_event(void);
Suite *suite_parse(void);
Suite *suite_postfix(void);
Suite *suite_sendmail(void);
Suite *suite_classify(void);
Suite *suite_stream(void);
Suite *suite_extract(void);
Suite *suite_output(void);
Suite *suite_policy(void);
Suite *suite_policy_sim(void);
Suite *suite_store(void);
Suite *suite_source(void);
Suite *suite_spool(void);
Suite *suite_select(void);
Suite *suite_config(void);
Suite *suite_import(void);
Suite *suite_forget(void);
Suite *suite_hostile(void);
Suite *suite_syslog(void);
Suite *suite_repeat(void);

#endif
