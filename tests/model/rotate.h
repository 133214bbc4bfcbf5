/*
 * rotate.h - operations of a program that stand in other files than the table.
 */
#ifndef BOUNCEFEED_MODEL_ROTATE_H
#define BOUNCEFEED_MODEL_ROTATE_H

#include "model.h"

/* Which file or writer an operation means. */
struct writer *some_writer(unsigned a);
struct file *pick_live(unsigned a);     /* under the path; NULL: none */
struct file *pick_archived(unsigned a); /* not packed */
struct file *pick_away(unsigned a);
struct file *pick_any(unsigned a);
const char *base_of(const char *name);

/* A name in the archive for the file, which is not taken: by shifting, or a new one. */
void archive_name(const struct file *f, char out[MODEL_NAME]);

/* ops.c */
void op_reopen(unsigned a, unsigned b);

/* rotate.c */
void op_rotate(unsigned a, unsigned b);
void op_truncate(unsigned a, unsigned b);
void op_regrow(unsigned a, unsigned b);
void op_cut(unsigned a, unsigned b);
void op_delete(unsigned a, unsigned b);
void op_back(unsigned a, unsigned b);
void op_recycle(unsigned a, unsigned b);
void op_away(unsigned a, unsigned b);
void op_return(unsigned a, unsigned b);

/* copy.c: half, and the rest of it later */
void op_copy(unsigned a, unsigned b);
void op_copy_rest(unsigned a, unsigned b);
void op_copytruncate(unsigned a, unsigned b);
void op_move(unsigned a, unsigned b);
void op_pack(unsigned a, unsigned b);
void op_pack_rest(unsigned a, unsigned b);
void copy_finish(const struct file *of); /* NULL: whatever is being copied */

#endif
