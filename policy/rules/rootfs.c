/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootfs: where the root file system lies, and whether it can be written. What
 * is mounted in it is the rule mounts'.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "ocigate/buf.h"
#include "policy/kernel_paths.h"
#include "policy/rules_table.h"

static int check_storage(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);

	if (!og_opt_bool(pass, OG_OPT_rootfs_storage) || facts->rootfs_in_storage)
		return 0;
	if (!facts->rootfs)
		return og_reject_at(pass, "/root/path",
				    "nothing could be established about the root file system %s: "
				    "name a directory that exists",
				    OG_Q(og_str(og_at(pass, "/root/path")) ?: ""));
	return og_reject_at(pass, "/root/path",
			    "the root file system %s does not lie in %s: run an image of the "
			    "engine's",
			    OG_Q(facts->rootfs),
			    facts->storage ? OG_Q(facts->storage) : "the engine's storage");
}

/* ---- read-only, with directories to write in ---- */

enum place { FREE, COVERED, COVERS, ASTRAY };

/* What a tmpfs on |path| would be to a mount on |there|. */
static enum place place_to(const char *path, const char *there)
{
	if (!path || !there || !*there)
		return FREE;
	if (og_path_is_within(path, there))
		return COVERED;
	return og_path_is_within(there, path) ? COVERS : FREE;
}

/* Whether a tmpfs must not be there, if a link leads to it. */
static bool is_runtimes(const char *path)
{
	return !strcmp(path, "/") || og_path_is_within(path, "/dev") ||
	       og_path_is_within(path, "/proc") || og_path_is_within(path, "/sys");
}

/*
 * ... and to all the mounts that there are. Both are where they are written, and where links
 * of the image lead ("/var/run"). A volume on the place, or on a directory above, is written
 * already; one below would be hidden.
 */
static enum place place_of(const struct og_pass *pass, const char *path)
{
	const struct og_destfact *own = og_fact_made(og_facts(pass), path);
	const char *paths[] = { path, own ? own->leads : NULL };
	enum place place = FREE;

	if (own &&
	    (!own->leads || own->linked || (strcmp(own->leads, path) && is_runtimes(own->leads))))
		place = ASTRAY;
	og_each (mount, og_at(pass, "/mounts")) {
		const char *at = og_str(og_member(mount, "destination"));
		const struct og_destfact *fact = at ? og_fact_destination(og_facts(pass), at)
						    : NULL;
		const char *theirs[] = { at, fact ? fact->leads : NULL };

		for (int i = 0; i < 4; i++) {
			enum place one = place_to(paths[i & 1], theirs[i >> 1]);

			if (one == COVERED)
				return COVERED;
			if (one == COVERS && place == FREE)
				place = COVERS;
		}
	}
	return place;
}

/*
 * As Docker's --tmpfs has it, but not noexec: programs unpack what they run to
 * /tmp. Only a site that limits the size of a tmpfs has one set.
 */
static int add_tmpfs(struct og_pass *pass, const char *path)
{
	uint64_t size = og_opt_u64(pass, OG_OPT_mounts_tmpfs_size);
	og_auto_buf struct og_buf json = { 0 };

	og_buf_puts(&json, "{\"destination\":");
	og_buf_json(&json, path);
	og_buf_puts(&json, ",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"rw\","
			   "\"nosuid\",\"nodev\",\"mode=1777\"");
	if (size)
		og_buf_printf(&json, ",\"size=%llu\"", (unsigned long long)size);
	og_buf_puts(&json, "]}");
	if (json.failed)
		return -1;
	return og_set(pass, "/mounts/-", json.data,
		      "%s would be read-only with the root file system, and gets a tmpfs",
		      OG_Q(path));
}

static int check_readonly(struct og_pass *pass)
{
	const struct og_list *paths = og_opt_list(pass, OG_OPT_rootfs_tmpfs);
	int r;

	if (!og_opt_bool(pass, OG_OPT_rootfs_readonly) || og_is_true(og_at(pass, "/root/readonly")))
		return 0;
	r = og_set(pass, "/root/readonly", "true",
		   "the root file system can be written: use --read-only, with volumes or --tmpfs "
		   "for what has to be");
	for (size_t i = 0; i < paths->n && r == 0 && og_action(pass) == OG_REWRITE; i++) {
		const char *path = paths->items[i].text;
		enum place place = place_of(pass, path);

		if (place == FREE)
			r = add_tmpfs(pass, path);
		else if (place == COVERS)
			r = og_note(pass, og_at(pass, "/mounts"),
				    "%s becomes read-only: a tmpfs there would hide what is "
				    "mounted below it",
				    OG_Q(path));
		else if (place == ASTRAY)
			r = og_note(pass, og_at(pass, "/root"),
				    "%s becomes read-only: no tmpfs can be where a symbolic link "
				    "leads it",
				    OG_Q(path));
	}
	return r;
}

int og_rule_rootfs(struct og_pass *pass)
{
	if (check_storage(pass) < 0)
		return -1;
	return check_readonly(pass);
}
