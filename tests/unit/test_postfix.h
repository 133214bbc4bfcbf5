/* test_postfix.h - rows of Postfix's lines and what they give, and the lines' parts. */
#ifndef BOUNCEFEED_TEST_POSTFIX_H
#define BOUNCEFEED_TEST_POSTFIX_H

#include <check.h>
#include <stddef.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Lines stand without prefix: "DAEMON QID: ..." */
#define T    "2026-01-01T00:00:00Z mx1 postfix/"
#define SMTP T "smtp[1]: "
#define TAIL ", delay=1, delays=0/0/0/1, dsn="

struct row {
	const char *name;
	const char *lines;
	const char *want;
};

/* Each row's lines give what it wants: see test_maillog.h. */
void postfix_rows(const struct row *row, size_t n);

#define RELAY ", relay=mx.d[192.0.2.1]:25" TAIL

#define CLIENT        T "smtpd[1]: 4A1B2: client=app[10.0.0.1]\n"
#define MID           T "cleanup[1]: 4A1B2: message-id=<m1@app>\n"
#define ACTIVE        T "qmgr[1]: 4A1B2: from=<s@l>, size=9, nrcpt=2 (queue active)\n"
#define BEGIN         CLIENT MID ACTIVE
#define REMOVED       T "qmgr[1]: 4A1B2: removed\n"
#define SENT(qid, to) SMTP qid ": to=<" to ">" RELAY "2.0.0, status=sent (250 ok)\n"

TCase *tcase_postfix_hops(void);

#endif
