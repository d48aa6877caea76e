/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The namespaces of joined.h. A namespace's inode number is free again once it has
 * ended, but the host's never end: what was judged not to be theirs and has the
 * same number is not theirs.
 *
 * To look takes what ptrace(2) takes (PTRACE_MODE_READ_FSCREDS), as the look at the
 * process's root directory does, for binds: root has it, also 0 of the user namespace
 * in which rootless podman runs us. An ordinary user who calls the runtime himself has
 * not, since runtimes make their process undumpable: nothing that joins is started then.
 */
#include "joined.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocigate/rule.h"
#include "policy/names.h"

#include "place.h"

/* ---- collecting ---- */

static enum og_launch verified_by(const char *type)
{
	return strcmp(type, "network") == 0 ? OG_LAUNCH_VERIFY_NETWORK
	       : strcmp(type, "user") == 0  ? OG_LAUNCH_VERIFY_USER
					    : OG_LAUNCH_VERIFY_NAMESPACES;
}

static struct og_joined *alloc(const struct og_node *list, struct og_err *reterr)
{
	struct og_joined *ret = calloc(og_count(list) + 1, sizeof(*ret));

	if (!ret)
		og_fail(reterr, OG_E_NOMEM, "out of memory");
	return ret;
}

int og_joined_collect(const struct og_facts *facts, const struct og_node *config, unsigned verify,
		      struct og_joined **ret, size_t *retn, struct og_err *reterr)
{
	const struct og_node *list = og_get(config, "/linux/namespaces");

	*retn = 0;
	*ret = alloc(list, reterr);
	if (!*ret)
		return -1;
	og_each (entry, list) {
		const char *type = og_str(og_member(entry, "type"));
		const char *path = og_str(og_member(entry, "path"));
		const struct og_nsfact *fact = path ? og_fact_namespace(facts, path) : NULL;
		const struct og_nsname *name = type ? og_namespace_type(type) : NULL;

		if (name && fact && verify & verified_by(type))
			(*ret)[(*retn)++] = (struct og_joined){ name, fact->dev, fact->ino };
	}
	return 0;
}

/* ---- the record ---- */

void og_joined_put(struct og_buf *out, const struct og_joined *joined, size_t n)
{
	if (n == 0)
		return;
	og_buf_key(out, "joined");
	for (size_t i = 0; i < n; i++) {
		og_buf_puts(out, i ? ",{\"type\":" : "[{\"type\":");
		og_buf_json(out, joined[i].name->type);
		og_buf_key_u64(out, "dev", joined[i].dev);
		og_buf_key_u64(out, "ino", joined[i].ino);
		og_buf_puts(out, "}");
	}
	og_buf_puts(out, "]");
}

int og_joined_read(const struct og_node *array, struct og_joined **ret, size_t *retn,
		   struct og_err *reterr)
{
	*retn = 0;
	*ret = NULL;
	if (!array)
		return 0;
	*ret = alloc(array, reterr);
	if (!*ret)
		return -1;
	og_each (item, array) {
		struct og_joined *joined = &(*ret)[(*retn)++];
		const char *type = og_str(og_member(item, "type"));

		joined->name = type ? og_namespace_type(type) : NULL;
		if (!joined->name || og_u64(og_member(item, "dev"), &joined->dev) < 0 ||
		    og_u64(og_member(item, "ino"), &joined->ino) < 0)
			return og_fail(reterr, OG_E_HOST,
				       "the launch record's namespaces cannot be understood");
	}
	return 0;
}

/* ---- the process ---- */

int og_joined_check(int proc, const struct og_joined *joined, size_t n, struct og_err *reterr)
{
	for (size_t i = 0; i < n; i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "ns/%s", joined[i].name->proc);
		if (fstatat(proc, path, &st, 0) < 0)
			return og_fail(reterr, OG_E_HOST,
				       "rejected: namespaces: the %s namespace of the container's "
				       "process cannot be looked at (without root: launch it as 0 "
				       "of a user namespace)",
				       joined[i].name->type);
		if (st.st_dev != joined[i].dev || st.st_ino != joined[i].ino)
			return og_fail(reterr, OG_E_HOST,
				       "rejected: namespaces: the %s namespace was exchanged while "
				       "it was being joined: launch the container again",
				       joined[i].name->type);
	}
	return 0;
}

/* ---- its path ---- */

/* "/proc/PID/ns/NAME". Others in /proc go by links that the process changes: root, cwd, fd. */
static bool is_of_process(const char *path)
{
	static const char proc[] = "/proc/", ns[] = "/ns/";
	size_t len;

	if (strncmp(path, proc, strlen(proc)) != 0)
		return false;
	path += strlen(proc);
	len = strspn(path, "0123456789");
	if (len == 0 && strncmp(path, "self/", strlen("self/")) == 0)
		len = strlen("self");
	if (len == 0 || strncmp(path + len, ns, strlen(ns)) != 0)
		return false;
	path += len + strlen(ns);
	return *path && !strchr(path, '/');
}

/* A link of root's to such a path, as is made to give a process's namespace a name. */
static bool is_link_to_process(const char *path)
{
	size_t dir = (size_t)(og_path_base(path) - path);
	char text[PATH_MAX];
	ssize_t len = readlink(path, text, sizeof(text));

	if (len <= 0 || (size_t)len >= sizeof(text) || dir >= sizeof(text))
		return false;
	text[len] = '\0';
	if (!is_of_process(text))
		return false;
	memcpy(text, path, dir);
	text[dir] = '\0';
	return og_path_is_safe(text, 0);
}

bool og_joined_path_is_safe(const char *path)
{
	struct og_place place;

	if (is_of_process(path) || is_link_to_process(path))
		return true;
	/* what a magic link says is not where it leads: the walk would see another path */
	og_place_resolve(AT_FDCWD, path, &place);
	return !place.problem && og_path_is_safe(path, OG_SAFE_STICKY | OG_SAFE_ANY_END);
}
