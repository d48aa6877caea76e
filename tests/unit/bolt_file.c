/* SPDX-License-Identifier: Apache-2.0 */
#include "bolt_file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEADER 16

static void put(struct bolt_file *file, size_t at, const void *data, size_t len)
{
	cr_assert(at + len <= sizeof(file->bytes));
	memcpy(file->bytes + at, data, len);
}

static void put32(struct bolt_file *file, size_t at, uint32_t n)
{
	put(file, at, &n, sizeof(n));
}

static void put64(struct bolt_file *file, size_t at, uint64_t n)
{
	put(file, at, &n, sizeof(n));
}

static void header(struct bolt_file *file, unsigned page, uint16_t flags, size_t count,
		   unsigned overflow)
{
	size_t at = (size_t)page * BOLT_PAGE;
	uint16_t n = (uint16_t)count;

	put64(file, at, page);
	put(file, at + 8, &flags, sizeof(flags));
	put(file, at + 10, &n, sizeof(n));
	put32(file, at + 12, overflow);
}

void bolt_meta(struct bolt_file *file, unsigned page, uint64_t root, uint64_t number)
{
	size_t at = (size_t)page * BOLT_PAGE + HEADER;
	uint64_t hash = 0xcbf29ce484222325U;

	header(file, page, 4, 0, 0);
	put32(file, at, 0xED0CDAED);
	put32(file, at + 4, 2);
	put32(file, at + 8, BOLT_PAGE);
	put64(file, at + 16, root);
	put64(file, at + 32, 2);
	put64(file, at + 40, sizeof(file->bytes) / BOLT_PAGE);
	put64(file, at + 48, number);
	for (size_t i = 0; i < 56; i++)
		hash = (hash ^ file->bytes[at + i]) * 0x100000001b3U;
	put64(file, at + 56, hash);
}

void bolt_leaf(struct bolt_file *file, unsigned page, unsigned overflow,
	       const struct bolt_item *items, size_t n)
{
	size_t start = (size_t)page * BOLT_PAGE, data = start + HEADER + n * 16;

	header(file, page, 2, n, overflow);
	for (size_t i = 0; i < n; i++) {
		size_t at = start + HEADER + i * 16, key = strlen(items[i].key);
		size_t value = items[i].child ? 16 : strlen(items[i].value);

		put32(file, at, items[i].child ? 1 : 0);
		put32(file, at + 4, (uint32_t)(data - at));
		put32(file, at + 8, (uint32_t)key);
		put32(file, at + 12, (uint32_t)value);
		put(file, data, items[i].key, key);
		if (items[i].child)
			put64(file, data + key, items[i].child);
		else
			put(file, data + key, items[i].value, value);
		data += key + value;
	}
}

void bolt_branch(struct bolt_file *file, unsigned page, const struct bolt_item *items, size_t n)
{
	size_t start = (size_t)page * BOLT_PAGE, data = start + HEADER + n * 16;

	header(file, page, 1, n, 0);
	for (size_t i = 0; i < n; i++) {
		size_t at = start + HEADER + i * 16, key = strlen(items[i].key);

		put32(file, at, (uint32_t)(data - at));
		put32(file, at + 4, (uint32_t)key);
		put64(file, at + 8, items[i].child);
		put(file, data, items[i].key, key);
		data += key;
	}
}

void bolt_libnetwork(struct bolt_file *file)
{
	bolt_meta(file, 0, 2, 10);
	bolt_meta(file, 1, 2, 9);
	bolt_leaf(file, 2, 0, (struct bolt_item[]){ { "libnetwork", NULL, 3 } }, 1);
}

void bolt_write(const struct bolt_file *file, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert(fd >= 0 &&
		  write(fd, file->bytes, sizeof(file->bytes)) == (ssize_t)sizeof(file->bytes));
	close(fd);
}
