/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount table: whatever the bytes, a table whose answers agree with each
 * other, or an error.
 */
#include "fuzz.h"
#include "shim/mountinfo.h"

static void check(const struct og_mounts *mounts, size_t i)
{
	const struct og_mount *mount = og_mounts_at(mounts, i);
	char origin[8192];
	size_t n, first = og_mounts_below(mounts, mount->point, &n);

	MUST(og_mounts_by_id(mounts, mount->id) != NULL);
	MUST(n == 0 || first + n <= og_mounts_count(mounts));
	for (size_t k = 0; k < n; k++)
		MUST(og_path_within(og_mounts_at(mounts, first + k)->point, mount->point));
	/* "net:[4026531840]" is the root of a namespace's file */
	if (mount->root[0] == '/' &&
	    og_mounts_origin(mounts, mount, mount->point, origin, sizeof(origin), NULL) == 0)
		MUST(strlen(origin) < sizeof(origin));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct og_mounts *mounts = NULL;
	struct og_err err = { 0 };

	if (og_mounts_parse(len ? (const char *)data : "", len, &mounts, &err) < 0)
		must_explain(&err, false);
	for (size_t i = 0; mounts && i < og_mounts_count(mounts) && i < 100; i++)
		check(mounts, i);
	og_mounts_free(mounts);
	return 0;
}
