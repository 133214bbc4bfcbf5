/*
 * entry.c - libFuzzer's way into the target that the program is called as: fuzz_csv
 * runs "csv".
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fuzz_target *target;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct slice name = slice_of(*argc > 0 ? (*argv)[0] : "");

	target = fuzz_target_of(slice_from(name, slice_rfind(name, '_') + 1));
	if (!target) {
		(void)fprintf(stderr, "%s: call it fuzz_TARGET\n", (*argv)[0]);
		exit(64);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run((struct slice){ (const char *)data, size });
	return 0;
}
