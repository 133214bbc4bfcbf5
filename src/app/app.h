/*
 * app.h - the program: its commands, its log, its clocks.
 */
#ifndef BOUNCEFEED_APP_H
#define BOUNCEFEED_APP_H

#include "base/base.h"

#include <sysexits.h>

/* Each command takes its own arguments (argv[0] is its name), answers an exit code. */
int cmd_run(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_retry(int argc, char **argv);
int cmd_dead(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_sink(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_pmta_config(int argc, char **argv);

/* --- log.c: one line each, key=value, to stderr; never a line per event ----------- */

enum log_level { LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* level: "error", "warn", "info", "debug"; format: "auto", "text", "json". */
void log_set_up(const char *level, const char *format);

/* log_event(LOG_LEVEL_INFO, "rotated", "source", name, "from", "812", LOG_END): pairs
 * of strings. */
#define LOG_END ((const char *)0)
void log_event(enum log_level level, const char *event, ...)
    __attribute__((sentinel(0)));

/* The number as text in a static buffer, good for the eight calls that follow. */
const char *log_number(int64_t v);
const char *log_slice(struct slice s); /* as above: cut at 255 bytes */

/* Appends s with control bytes, quotes and invalid UTF-8 as \xNN: for people to read.
 */
void text_shown(struct buf *out, struct slice s);

/* --- clock.c -----------------------------------------------------------------------
 */

int64_t clock_ms(void);      /* monotonic: deadlines */
int64_t clock_wall_ms(void); /* since 1970: what is stored and shown */
int64_t clock_cpu_us(void);  /* of this thread */

/* What to find a year by: a file's time of modification, or now where that is none:
 * images and archives have files of 1970. */
struct when clock_of_file(int64_t mtime);

uint64_t clock_random(void); /* from the kernel, never blocks after boot */

#endif
