/*
 * test_sendmail.h - a log read by the sendmail reader, and what it gave as text.
 */
#ifndef BOUNCEFEED_TEST_SENDMAIL_H
#define BOUNCEFEED_TEST_SENDMAIL_H

#include <check.h>

/*
 * Reads the lines of a log through format "maillog" and says what they gave, one piece
 * for an event or bad record, with "; " between them:
 *
 *   TYPE RECIPIENT[ was FINAL][ #ID_N][ STATUS][ (CODE)][ xATTEMPTS][ expired][ from
 * SENDER] bad: WHY
 *
 * A line "@PID TEXT" stands for "Nov 21 23:10:00 mx sm-mta[PID]: TEXT". Each record is
 * read twice before its event is taken. The text is good until the next call.
 */
const char *sendmail_log(const char *log);

/* The same with diagnostics: "DIAGNOSTIC|HOST|IP|ACTION|MESSAGE-ID|QUEUE-ID|SUBMITTER"
 * of the last event, empty where there is none. */
const char *sendmail_last(const char *log);

struct sendmail_case {
	const char *name, *log, *want;
};

void sendmail_check(const struct sendmail_case *c);

#define SENDMAIL_COUNT(table) (sizeof(table) / sizeof((table)[0]))

void sendmail_add_forged_tests(TCase *t); /* test_sendmail_forged.c */
void sendmail_add_split_tests(TCase *t);  /* test_sendmail_split.c */
void sendmail_add_join_tests(TCase *t);   /* test_sendmail_join.c */

#endif
