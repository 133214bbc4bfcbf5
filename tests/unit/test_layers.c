/*
 * test_layers.c - a table's rows in one test: all that failed are told at its end.
 *
 * Check forks for every test, which costs 50 ms under ASan: too much for a row.
 */
#include "test_layers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char said[16384];
static size_t failed;

void
row_failed(const char *format, ...)
{
	size_t n = strlen(said);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(said + n, sizeof said - n, format, ap);
	va_end(ap);
	n = strlen(said);
	(void)snprintf(said + n, sizeof said - n, "\n");
	failed++;
}

void
rows_end(size_t rows)
{
	if (failed > 0)
		ck_abort_msg("%zu of %zu rows:\n%s", failed, rows, said);
}
