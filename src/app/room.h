/*
 * room.h - may the spool take more?
 */
#ifndef BOUNCEFEED_ROOM_H
#define BOUNCEFEED_ROOM_H

#include "app/config.h"
#include "store/store.h"

/* false: state.max_size, state.min_free or an output's max_size is reached; *why says
 * which, in words that live on. */
bool room_left(struct store *s, const struct config *c, const char **why);

#endif
