/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that fails on demand. alloc.c replaces malloc(3) and its
 * relatives for the whole program, libraries and libc included; between
 * alloc_arm() and alloc_disarm() it counts, and lets the n-th call fail.
 */
#ifndef OG_FAULT_ALLOC_H
#define OG_FAULT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

struct alloc_report {
	size_t calls;	/* allocations asked for */
	size_t failed;	/* of them refused */
	long remaining; /* blocks that were neither there before nor freed since */
};

/* |nth| from 1; 0: none fails. |persistent|: every later one fails as well. */
void alloc_arm(size_t nth, bool persistent);
struct alloc_report alloc_disarm(void);

/* Counts an allocation; true: it is the one that is to fail. */
bool alloc_fails(void);

/* Called, where a program has it, each time that one has failed. It may not allocate. */
void alloc_failed(void) __attribute__((weak));

#endif
