/* test_hostile.h - lines that strangers had a hand in, against their true meaning. */
#ifndef BOUNCEFEED_TEST_HOSTILE_H
#define BOUNCEFEED_TEST_HOSTILE_H

#include <check.h>
#include <stddef.h>

/*
 * lines: each ended by LF. want: one line each as maillog_tell() tells it, from the
 * first word on as far as it is written up to a ` queue=`; "bad": one that is told bad,
 * whatever the reason; "? EVENT": that event, or bad; "none": nothing, or bad.
 */
struct hostile {
	const char *name;
	const char *lines;
	const char *want;
};

void hostile_check(const struct hostile *row, size_t n);

/*
 * Cuts the last line after each of its bytes: it must give what was meant (`TYPE
 * RECIPIENT STATUS`; NULL: what the whole line gives), or be bad, or say nothing.
 */
void hostile_cut(const struct hostile *row, const char *meant);

TCase *tcase_hostile_text(void);
TCase *tcase_hostile_sendmail(void);

/* --- Postfix: what a line is made of */
#define PF        "2026-01-01T00:00:00Z mx1 postfix/"
#define QID       "4A1B2C3D4E"
#define OTHER     "4A1B2C3D4F"
#define SMTP      PF "smtp[1]: " QID ": "
#define TIMES     ", delay=1, delays=0/0/0/1, dsn="
#define D_RELAY   "relay=mx.d.test[192.0.2.1]:25" TIMES
#define V_RELAY   "relay=mx.v.test[192.0.2.9]:25" TIMES
#define D_SAID    "host mx.d.test[192.0.2.1] said: "
#define V_SAID    "host mx.v.test[192.0.2.9] said: "
#define TO_RCPT   " (in reply to RCPT TO command)"
#define D_BOUNCED D_RELAY "5.1.1, status=bounced (" D_SAID "550 5.1.1 no" TO_RCPT ")"
#define V_BOUNCED V_RELAY "5.1.1, status=bounced (" V_SAID "550 5.1.1 no" TO_RCPT ")"
#define V_SENT    V_RELAY "2.0.0, status=sent (250 2.0.0 Ok)"
#define NONE_SENT "relay=none" TIMES "2.0.0, status=sent (fake)"
#define LATER                                                    \
	"relay=none" TIMES "4.4.1, status=deferred (connect to " \
	"mx.d.test[192.0.2.1]:25: Connection timed out)"

#endif
