/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the runtimes' JSON libraries read a document that is to be launched, as measured:
 * encoding/json of runc (keys in any case, later members merged over earlier ones),
 * yajl of crun 1.8 to 1.27 (exact keys, the first of two) and json-c of crun 1.28 (the
 * last of two, keys end at a NUL). Each must find the values that ocigate finds.
 */
#ifndef OG_FUZZ_READERS_H
#define OG_FUZZ_READERS_H

#include <strings.h>

#include "fuzz.h"
#include "json_tree.h"
#include "ocigate/doc.h"

enum reader { READER_GO, READER_YAJL, READER_JSON_C, READERS };

/* A value that several members may have had a part in, the last one with the last word. */
struct view {
	const struct tree *parts[8];
	size_t n;
};

static inline void view_add(struct view *view, const struct tree *part)
{
	if (view->n == sizeof(view->parts) / sizeof(view->parts[0]))
		memmove(view->parts, view->parts + 1, --view->n * sizeof(view->parts[0]));
	view->parts[view->n++] = part;
}

/* Go's simple folding of |key| onto a name in ASCII: U+017F is an s, U+212A a k. */
static inline bool folds(const char *key, size_t len, const char *name)
{
	size_t i = 0;

	for (; *name; name++) {
		char want = (char)(*name >= 'A' && *name <= 'Z' ? *name | 0x20 : *name);

		if (want == 's' && len - i >= 2 && memcmp(key + i, "\xc5\xbf", 2) == 0)
			i += 2;
		else if (want == 'k' && len - i >= 3 && memcmp(key + i, "\xe2\x84\xaa", 3) == 0)
			i += 3;
		else if (i < len &&
			 (key[i] >= 'A' && key[i] <= 'Z' ? key[i] | 0x20 : key[i]) == want)
			i++;
		else
			return false;
	}
	return i == len;
}

static inline bool is_named(enum reader reader, const struct tree *member, const char *name)
{
	if (reader == READER_GO)
		return folds(member->key, member->key_len, name);
	if (reader == READER_JSON_C) /* a C string: what follows a NUL is not seen */
		return strcmp(member->key, name) == 0;
	return member->key_len == strlen(name) && memcmp(member->key, name, member->key_len) == 0;
}

static inline struct view view_member(enum reader reader, const struct view *object,
				      const char *name)
{
	struct view ret = { .n = 0 };

	for (size_t i = 0; i < object->n; i++)
		for (const struct tree *m = object->parts[i]->first; m; m = m->next) {
			if (object->parts[i]->type != OG_OBJECT || !is_named(reader, m, name) ||
			    (reader == READER_YAJL && ret.n))
				continue;
			if (reader != READER_GO || m->type == OG_NULL)
				ret.n = 0;
			if (m->type != OG_NULL)
				view_add(&ret, m);
		}
	return ret;
}

/* Go decodes into the elements that an earlier list left. */
static inline struct view view_element(const struct view *list, size_t index)
{
	struct view ret = { .n = 0 };

	for (size_t i = 0; i < list->n; i++) {
		const struct tree *e = list->parts[i]->type == OG_ARRAY ? list->parts[i]->first
									: NULL;

		for (size_t k = 0; e && k < index; k++)
			e = e->next;
		if (e)
			view_add(&ret, e);
	}
	return ret;
}

static inline void must_read_value(const struct og_node *node, const struct view *view)
{
	const struct tree *last = view->n ? view->parts[view->n - 1] : NULL;
	size_t len;
	const char *raw = og_raw(node, &len);

	MUST(og_is_null(node) == !last);
	if (!last)
		return;
	MUST(og_type(node) == last->type);
	if (last->type == OG_STRING)
		MUST(strlen(og_str(node)) == last->str_len && strcmp(og_str(node), last->str) == 0);
	if (last->type == OG_BOOL)
		MUST(og_is_true(node) == (last->raw[0] == 't'));
	if (last->type == OG_NUMBER) /* with a plain integer there is nothing to round */
		MUST(len == last->raw_len && memcmp(raw, last->raw, len) == 0 &&
		     strspn(raw + (*raw == '-'), "0123456789") == len - (*raw == '-'));
	if (last->type == OG_ARRAY)
		MUST(og_count(node) == last->count);
}

/* |fields|: what lies on the way, with slashes between; "*" is each element. */
static inline void must_read(enum reader reader, const struct og_node *node,
			     const struct view *view, const char *fields)
{
	size_t len = strcspn(fields, "/"), i = 0;
	char name[32];

	must_read_value(node, view);
	if (!view->n || !*fields)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)len, fields);
	fields += len + (fields[len] == '/');
	if (strcmp(name, "*") != 0) {
		struct view next = view_member(reader, view, name);

		must_read(reader, og_member(node, name), &next, fields);
		return;
	}
	og_each (element, node) {
		struct view next = view_element(view, i++);

		must_read(reader, element, &next, fields);
	}
}

/* What isolation hangs on. */
static const char *const read_alike[] = {
	"process/user/uid",
	"process/user/gid",
	"process/user/umask",
	"process/user/additionalGids/*",
	"process/args/*",
	"process/env/*",
	"process/cwd",
	"process/noNewPrivileges",
	"process/oomScoreAdj",
	"process/apparmorProfile",
	"process/selinuxLabel",
	"process/capabilities/bounding/*",
	"process/capabilities/effective/*",
	"process/capabilities/permitted/*",
	"process/capabilities/inheritable/*",
	"process/capabilities/ambient/*",
	"process/rlimits/*/type",
	"process/rlimits/*/soft",
	"process/rlimits/*/hard",
	"root/path",
	"root/readonly",
	"mounts/*/destination",
	"mounts/*/type",
	"mounts/*/source",
	"mounts/*/options/*",
	"mounts/*/uidMappings/*/hostID",
	"mounts/*/gidMappings/*/hostID",
	"hooks/prestart/*/path",
	"hooks/createRuntime/*/path",
	"hooks/createContainer/*/path",
	"hooks/startContainer/*/path",
	"hooks/poststart/*/path",
	"hooks/poststop/*/path",
	"hooks/prestart/*/args/*",
	"hooks/prestart/*/env/*",
	"linux/namespaces/*/type",
	"linux/namespaces/*/path",
	"linux/uidMappings/*/hostID",
	"linux/uidMappings/*/containerID",
	"linux/uidMappings/*/size",
	"linux/gidMappings/*/hostID",
	"linux/maskedPaths/*",
	"linux/readonlyPaths/*",
	"linux/rootfsPropagation",
	"linux/mountLabel",
	"linux/cgroupsPath",
	"linux/devices/*/path",
	"linux/devices/*/type",
	"linux/devices/*/major",
	"linux/devices/*/minor",
	"linux/devices/*/fileMode",
	"linux/devices/*/uid",
	"linux/resources/devices/*/allow",
	"linux/resources/devices/*/type",
	"linux/resources/devices/*/major",
	"linux/resources/devices/*/minor",
	"linux/resources/devices/*/access",
	"linux/resources/memory/limit",
	"linux/resources/pids/limit",
	"linux/seccomp/defaultAction",
	"linux/seccomp/defaultErrnoRet",
	"linux/seccomp/listenerPath",
	"linux/seccomp/flags/*",
	"linux/seccomp/architectures/*",
	"linux/seccomp/syscalls/*/names/*",
	"linux/seccomp/syscalls/*/action",
	"linux/seccomp/syscalls/*/errnoRet",
	"linux/seccomp/syscalls/*/args/*/index",
	"linux/seccomp/syscalls/*/args/*/value",
	"linux/seccomp/syscalls/*/args/*/valueTwo",
	"linux/seccomp/syscalls/*/args/*/op",
	"linux/personality/domain",
	"linux/intelRdt/closID",
};

/* |text|, of the document |root|, means the same to all of them. */
static inline void must_read_alike(const struct og_node *root, const char *text, size_t len)
{
	struct forest forest = { 0 };
	struct view view = { .n = 1 };

	view.parts[0] = tree_read(&forest, text, len);
	for (size_t i = 0; i < sizeof(read_alike) / sizeof(read_alike[0]); i++)
		for (unsigned reader = 0; reader < READERS; reader++)
			must_read((enum reader)reader, root, &view, read_alike[i]);
	forest_free(&forest);
}

#endif
