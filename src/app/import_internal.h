/*
 * import_internal.h - what import.c (all of it), import_match.c (which file a line is
 * of) and import_place.c (what is stored for it) share.
 */
#ifndef BOUNCEFEED_IMPORT_INTERNAL_H
#define BOUNCEFEED_IMPORT_INTERNAL_H

#include "app/import.h"

/* Finds the line's file: is, file, other_device and other are set, and the file's line.
 */
void import_match(struct import *im, struct import_line *l);

/* The place of a line that has its file: `is` and `at` are set, and what of the file is
 * stored. 0, or -errno with *e. */
int import_take(struct import *im, struct import_line *l, struct err *e);

#endif
