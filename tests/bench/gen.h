/*
 * gen.h - what the writers of bench data share: a buffer to stdout and a seeded
 * generator.
 */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <stddef.h>
#include <stdint.h>

struct gen {
	uint64_t random; /* never 0 */
	uint64_t rows;   /* wanted, without the header */
	uint64_t events; /* that these rows make */
	uint64_t bytes;  /* written */
	size_t n;
	char out[1 << 16];
};

uint32_t gen_random(struct gen *g, uint32_t below);
void gen_text(struct gen *g, const char *text);
void gen_char(struct gen *g, char c);
void gen_number(struct gen *g, uint64_t v, unsigned width); /* zeros before it */
void gen_hex(struct gen *g, uint64_t v, unsigned width);
/* text with $R: recipient, $I: a fresh id, $N: a number below 1000 */
void gen_fill(struct gen *g, const char *text, const char *recipient);
/* local part and domain of recipient number i, NUL-terminated */
void gen_recipient(struct gen *g, char out[128]);

void gen_pmta(struct gen *g, int varied);
void gen_mail(struct gen *g, const char *form); /* iso, 3164, quiet */
void gen_sendmail(struct gen *g);

#endif
