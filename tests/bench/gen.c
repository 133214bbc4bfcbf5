/*
 * gen.c - `gen KIND ROWS [SEED]`: bench data on stdout, `rows= events= bytes=` on
 * stderr.
 *
 * The same arguments give the same bytes. Exit 64 on a wrong call, 74 where stdout
 * takes no more.
 */
#include "gen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void
flush(struct gen *g)
{
	for (size_t at = 0; at < g->n;) {
		ssize_t n = write(STDOUT_FILENO, g->out + at, g->n - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			perror("gen: stdout");
			exit(EX_IOERR);
		}
		at += (size_t)n;
	}
	g->n = 0;
}

uint32_t
gen_random(struct gen *g, uint32_t below)
{
	g->random ^= g->random << 13; /* xorshift64 */
	g->random ^= g->random >> 7;
	g->random ^= g->random << 17;
	return (uint32_t)((g->random >> 32) * below >> 32);
}

void
gen_char(struct gen *g, char c)
{
	if (g->n == sizeof g->out)
		flush(g);
	g->out[g->n++] = c;
	g->bytes++;
}

void
gen_text(struct gen *g, const char *text)
{
	size_t n = strlen(text);

	if (g->n + n > sizeof g->out)
		flush(g);
	memcpy(g->out + g->n, text, n);
	g->n += n;
	g->bytes += n;
}

static void
put_digits(struct gen *g, uint64_t v, unsigned base, unsigned width)
{
	char text[24] = { 0 };
	size_t at = sizeof text - 1;

	do {
		text[--at] = "0123456789ABCDEF"[v % base];
		v /= base;
	} while (at > 0 && (v > 0 || sizeof text - 1 - at < width));
	gen_text(g, text + at);
}

void
gen_number(struct gen *g, uint64_t v, unsigned width)
{
	put_digits(g, v, 10, width);
}

void
gen_hex(struct gen *g, uint64_t v, unsigned width)
{
	put_digits(g, v, 16, width);
}

void
gen_fill(struct gen *g, const char *text, const char *recipient)
{
	for (; *text; text++) {
		if (*text != '$') {
			gen_char(g, *text);
			continue;
		}
		switch (*++text) {
		case 'R':
			gen_text(g, recipient);
			break;
		case 'I':
			gen_hex(g, g->random & 0xffffffffff, 10);
			break;
		default:
			gen_number(g, gen_random(g, 1000), 1);
		}
	}
}

void
gen_recipient(struct gen *g, char out[128])
{
	static const char *const name[] = { "anna", "bert", "carla.neumann", "d.ivanov",
		"erika.mustermann", "fritz", "g.h.smith", "info" };
	static const char *const domain[] = { "example.net", "mail.example.org",
		"gmx.example", "bigmail.example.com", "uni-musterstadt.example",
		"yahoo.example", "t-online.example" };

	(void)snprintf(out, 128, "%s%u@%s", name[gen_random(g, 8)],
	    gen_random(g, 1000000), domain[gen_random(g, 7)]);
}

int
main(int argc, char **argv)
{
	static struct gen g = { .random = 88172645463325252u };
	char *end = NULL;

	if (argc < 3 || argc > 4) {
		(void)fputs("usage: gen pmta-few|pmta-varied|maillog-iso|maillog-3164|"
			    "maillog-quiet|sendmail ROWS [SEED]\n",
		    stderr);
		return EX_USAGE;
	}
	g.rows = strtoull(argv[2], &end, 10);
	if (argc == 4)
		g.random ^= strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15u;
	if (!strcmp(argv[1], "pmta-few") || !strcmp(argv[1], "pmta-varied"))
		gen_pmta(&g, argv[1][5] == 'v');
	else if (!strncmp(argv[1], "maillog-", 8))
		gen_mail(&g, argv[1] + 8);
	else if (!strcmp(argv[1], "sendmail"))
		gen_sendmail(&g);
	else
		return EX_USAGE;
	flush(&g);
	(void)fprintf(stderr, "rows=%llu events=%llu bytes=%llu\n",
	    (unsigned long long)g.rows, (unsigned long long)g.events,
	    (unsigned long long)g.bytes);
	return 0;
}
