/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a whole program's allocator (tests/fault/alloc.c) fail as the environment
 * says: OG_FAULT_NTH, from 1; OG_FAULT_FOR_GOOD, every later one too;
 * OG_FAULT_FILE, made when one has failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fault/alloc.h"

static const char *file;

__attribute__((constructor)) static void arm(void)
{
	const char *nth = getenv("OG_FAULT_NTH");

	file = getenv("OG_FAULT_FILE");
	if (nth)
		alloc_arm(strtoul(nth, NULL, 10), getenv("OG_FAULT_FOR_GOOD") != NULL);
}

void alloc_failed(void)
{
	int error = errno;

	if (file)
		close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	errno = error;
}
