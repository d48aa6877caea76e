/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heapsort: in place, and never worse than n log n whatever a file holds. What
 * is in order already costs one pass.
 */
#include "policy/policy_internal.h"

static void swap(char *a, char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
}

static void sift_down(char *base, size_t at, size_t n, size_t size,
		      int (*compare)(const void *, const void *))
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && compare(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (compare(base + at * size, base + child * size) >= 0)
			return;
		swap(base + at * size, base + child * size, size);
	}
}

void og_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	char *v = base;
	size_t sorted = 1;

	while (sorted < n && compare(v + (sorted - 1) * size, v + sorted * size) <= 0)
		sorted++;
	if (sorted >= n)
		return;
	for (size_t at = n / 2; at-- > 0;)
		sift_down(v, at, n, size, compare);
	for (size_t end = n - 1; end > 0; end--) {
		swap(v, v + end * size, size);
		sift_down(v, 0, end, size, compare);
	}
}
