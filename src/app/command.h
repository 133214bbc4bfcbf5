/*
 * command.h - what the commands that work beside or in place of the daemon share.
 */
#ifndef BOUNCEFEED_COMMAND_H
#define BOUNCEFEED_COMMAND_H

#include "app/config.h"
#include "store/store.h"

/* The configuration that -c asked for (NULL: the usual one); NULL after telling every
 * fault on stderr (exit 78). offline: nothing that it names is opened. */
struct config *command_config(const char *option, bool offline);

/* The exit code for an -errno of the state file: 70 damaged or newer, 73, 74, 75, 77.
 */
int command_exit(int rc);

/*
 * Becomes the owner of the state file where we are root, so that no file of root's is
 * left beside it. 0, or the exit code 77 after telling what to do (with the sudo line)
 * where we are somebody else. A state file that is not there yet: its directory's
 * owner.
 */
int command_become_owner(const char *command, const char *state_path);

/* become_owner and store_open(); 0 with *out, or the exit code after telling why. */
int command_store(const char *command, const struct config *c, enum store_mode mode,
    struct store **out);

/* Is there such an output in the configuration? */
const struct config_output *command_output(const struct config *c, const char *name);

/* As command_become_owner(), but what it tells goes to `why`. */
int command_own(const char *state_path, struct buf *why);

/* The program's arguments, for messages that name the whole command. */
void command_remember(int argc, char **argv);

/* --- command_text.c: what people read --------------------------------------------- */

/* "bouncefeed COMMAND: ..." on stderr, with what strangers wrote escaped. */
void command_tell(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As text_shown(), but quotes and backslashes stay: JSON and answers can be read. */
void command_show(struct buf *out, struct slice s);
void command_show_time(struct buf *out, int64_t ms); /* RFC 3339, seconds */

/* ,"key":"text", ,"key":number and so on; nothing where there is no value */
void command_json_text(struct buf *out, const char *key, struct slice v);
void command_json_number(struct buf *out, const char *key, uint64_t v);
void command_json_time(struct buf *out, const char *key, int64_t ms);

/* Writes it to stdout and empties it. 0, or an exit code in *code: 0 where nobody reads
 * any more (end quietly), 74 after telling why. */
bool command_print(const char *command, struct buf *out, int *code);

#endif
