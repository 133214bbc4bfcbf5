/*
 * replay.c - runs a target over files, without a fuzzer: what was found once stays
 * found in `make check`.
 *
 *	fuzz-replay TARGET FILE...
 *
 * Each input is a block of its own size, so that ASan sees a read past its end. A fault
 * ends the process; the file that was in hand is named before that.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 20 };

static const char *current = "";

static void
tell_current(void)
{
	(void)!write(STDERR_FILENO, "replay: fault in ", 17);
	(void)!write(STDERR_FILENO, current, strlen(current));
	(void)!write(STDERR_FILENO, "\n", 1);
}

static void
on_signal(int signal_number)
{
	tell_current();
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

/* ASan ends a process without a signal; it calls this. */
void __asan_on_error(void);

void
__asan_on_error(void)
{
	tell_current();
}

static int
replay(const struct fuzz_target *t, const char *file)
{
	static char text[INPUT_MAX];
	FILE *f = fopen(file, "rb");

	if (!f) {
		perror(file);
		return -1;
	}
	size_t n = fread(text, 1, sizeof text, f);
	(void)fclose(f);
	char *block = malloc(n + (n == 0));
	if (!block)
		return -1;
	memcpy(block, text, n);
	current = file;
	t->run((struct slice){ block, n });
	free(block);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct fuzz_target *t = argc > 1 ? fuzz_target_of(slice_of(argv[1]))
					       : NULL;

	if (!t) {
		(void)fprintf(stderr, "usage: fuzz-replay TARGET FILE...\n");
		return 64;
	}
	(void)signal(SIGABRT, on_signal);
	(void)signal(SIGSEGV, on_signal);
	for (int i = 2; i < argc; i++) {
		if (replay(t, argv[i]) < 0)
			return 1;
	}
	return 0;
}
