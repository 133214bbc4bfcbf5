/* test_maillog.h - lines of a mail log through the reader, told as one line an event.
 */
#ifndef BOUNCEFEED_TEST_MAILLOG_H
#define BOUNCEFEED_TEST_MAILLOG_H

#include "base/base.h"
#include "parse/parse.h"

/*
 * Reads the lines with the format, each one twice before its event counts as taken (a
 * full spool parses again), and appends to out, one line each:
 *   `TYPE RECIPIENT STATUS queue=ID [from=S] [final=F] [...]`, `bad: WHY`; nothing for
 * what is skipped. The times are told only where they are asked for.
 */
void maillog_tell(const struct parse_format *f, const struct parse_env *env,
    struct slice lines, bool times, struct buf *out);

#endif
