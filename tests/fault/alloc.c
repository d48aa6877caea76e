/* SPDX-License-Identifier: Apache-2.0 */
/* The failing allocator; see alloc.h. One thread, and nothing of its own allocated. */
#include "alloc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The allocator underneath: that of the sanitizer where there is one, else libc's. */
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *block, size_t size) __attribute__((weak));
void __interceptor_free(void *block) __attribute__((weak));
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

static struct {
	bool armed, persistent;
	size_t nth;
	struct alloc_report report;
} state;

void alloc_arm(size_t nth, bool persistent)
{
	state.report = (struct alloc_report){ 0 };
	state.nth = nth;
	state.persistent = persistent;
	state.armed = true;
}

struct alloc_report alloc_disarm(void)
{
	state.armed = false;
	return state.report;
}

bool alloc_fails(void)
{
	if (!state.armed)
		return false;
	state.report.calls++;
	if (!state.nth || state.report.calls < state.nth ||
	    (state.report.calls > state.nth && !state.persistent))
		return false;
	state.report.failed++;
	errno = ENOMEM;
	if (alloc_failed)
		alloc_failed();
	return true;
}

static void *count(void *block, long n)
{
	if (state.armed && block)
		state.report.remaining += n;
	return block;
}

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void *malloc(size_t size)
{
	if (alloc_fails())
		return NULL;
	return count(__interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size), 1);
}

EXPORTED void *calloc(size_t n, size_t size)
{
	if (alloc_fails())
		return NULL;
	return count(__interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size),
		     1);
}

EXPORTED void *realloc(void *block, size_t size)
{
	void *moved;

	if (alloc_fails())
		return NULL;
	moved = __interceptor_realloc ? __interceptor_realloc(block, size)
				      : __libc_realloc(block, size);
	return block ? moved : count(moved, 1);
}

EXPORTED void *reallocarray(void *block, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, n * size);
}

/* The sanitizer's own would not come here for its memory. */
EXPORTED char *strndup(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	copy[len] = '\0';
	return memcpy(copy, text, len);
}

EXPORTED char *strdup(const char *text)
{
	return strndup(text, strlen(text));
}

EXPORTED void free(void *block)
{
	count(block, -1);
	if (__interceptor_free)
		__interceptor_free(block);
	else
		__libc_free(block);
}
