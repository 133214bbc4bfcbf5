/*
 * sendmail.h - inside the sendmail reader: one line of its own, taken apart.
 */
#ifndef BOUNCEFEED_SENDMAIL_H
#define BOUNCEFEED_SENDMAIL_H

#include "base/base.h"
#include "parse/track.h"

/* Parts of lines that sendmail cut into several (`QID[1]: ...`), until the last one is
 * there. Bounded. */
struct sendmail_split;

struct sendmail_split *sendmail_split_new(void); /* NULL without memory */
void sendmail_split_free(struct sendmail_split *s);

/* What one line says. */
struct sendmail {
	int on_taken;
};

#endif
