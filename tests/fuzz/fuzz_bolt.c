/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's database of networks: whatever the pages, values that stand in the file,
 * the same at each reading, or an error; never "changed meanwhile". The metas are made
 * valid first: their checksum is no riddle worth the time.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "shim/bolt.h"

#define PAGE	  1024U
#define SIZE_MOST (64U * PAGE)

struct seen {
	const uint8_t *file;
	size_t len, values;
};

static int see(void *ctx, const char *value, size_t len, struct og_err *reterr)
{
	struct seen *seen = ctx;

	(void)reterr;
	seen->values++;
	MUST(len == 0 || memmem(seen->file, seen->len, value, len));
	return 0;
}

/* A meta at |at| that is valid, with the root and the number that it has. */
static void mend(uint8_t *at, uint64_t pages)
{
	const uint32_t words[] = { 0xED0CDAED, 2, PAGE };
	uint64_t hash = 0xcbf29ce484222325U;

	memcpy(at, words, sizeof(words));
	memcpy(at + 40, &pages, sizeof(pages));
	for (size_t i = 0; i < 56; i++)
		hash = (hash ^ at[i]) * 0x100000001b3U;
	memcpy(at + 56, &hash, sizeof(hash));
}

static int read_all(int fd, struct seen *seen)
{
	struct og_err err = { 0 };
	int r = og_bolt_each(fd, "libnetwork", "docker/network/v1.0/network/", see, seen, &err);

	MUST(r == 0 || r == -1 || r == OG_BOLT_NO_BUCKET);
	if (r < 0)
		must_explain(&err, false);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t file[SIZE_MOST];
	struct seen first = { .file = file, .len = len }, second = first;
	int fd;

	if (len > sizeof(file))
		return 0;
	memcpy(file, data, len);
	if (len >= 2 * (size_t)PAGE) {
		mend(file + 16, len / PAGE);
		mend(file + PAGE + 16, len / PAGE);
	}
	fd = memfd_create("bolt", MFD_CLOEXEC);
	MUST(fd >= 0 && write(fd, file, len) == (ssize_t)len);
	MUST(read_all(fd, &first) == read_all(fd, &second) && first.values == second.values);
	close(fd);
	return 0;
}
