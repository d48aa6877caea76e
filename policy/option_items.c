/* SPDX-License-Identifier: Apache-2.0 */
/*
 * List elements that are objects: sources of mounts, devices, limits.
 */
#include "policy/option_types.h"

#include <string.h>

#include "policy/names.h"

/* What the readers of an element's members fill in. */
struct element {
	struct og_item *item;
	bool ok, has_type, has_major, has_minor;
};

/* ---- sources ---- */

static void source_path(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct element *element = into;
	const char *text;

	element->ok = og_path_read(reader, node, &element->item->text) && element->ok;
	text = element->item->text;
	if (!element->ok)
		return;
	element->item->glob = strchr(text, '*') != NULL;
	if (!strcmp(text, "/"))
		og_warn(reader, node, "\"/\" is the whole host");
	else if (!strncmp(text, "/*", 2))
		og_warn(reader, node, "%s allows host paths wherever they are", OG_Q(text));
	else if (strstr(text, "**/"))
		og_warn(reader, node,
			"%s: whoever may make a directory below what stands before the \"**\" can "
			"make a path that this matches",
			OG_Q(text));
}

static void source_access(const struct og_reader *reader, const struct og_node *node, void *into)
{
	static const char *const words[] = { "ro", "rw", NULL };
	struct element *element = into;
	const char *word;

	if (og_word_read(reader, node, words, &word))
		element->item->access = word == words[1] ? OG_RW : OG_RO;
	else
		element->ok = false;
}

static void source_accept(const struct og_reader *reader, const struct og_node *node, void *into)
{
	static const char *const words[] = { "setuid", NULL };
	struct element *element = into;
	const char *word;

	element->item->accept_setuid = og_word_read(reader, node, words, &word);
	element->ok = element->ok && element->item->accept_setuid;
}

bool og_item_source(const struct og_reader *reader, const struct og_node *node,
		    enum og_option option, struct og_item *ret)
{
	static const struct og_key keys[] = {
		{ "source", true, source_path },
		{ "access", false, source_access },
		{ "accept", false, source_accept },
	};
	struct element element = { .item = ret, .ok = true };

	(void)option;
	if (og_type(node) != OG_OBJECT)
		return og_wrong(
			reader, node,
			"an object is expected: {\"source\": \"/PATH\", \"access\": \"ro\"}");
	og_keys_read(reader, node, "a source", keys, 3, &element);
	if (element.ok && ret->text && ret->accept_setuid && ret->access == OG_RO)
		og_warn(reader, node, "\"accept\": \"setuid\" is about \"access\": \"rw\" only");
	return element.ok && ret->text;
}

/* In "allow-" the path alone says which element. */
bool og_item_source_key(const struct og_reader *reader, const struct og_node *node,
			enum og_option option, struct og_item *ret)
{
	(void)option;
	return og_path_read(reader, node, &ret->text);
}

/* ---- devices ---- */

/*
 * The numbers of nodes that people ask for (Documentation/admin-guide/devices.txt).
 * A path proves nothing: "--device /dev/sda:/dev/fuse" makes a disk of that name.
 */
static const struct {
	const char *path;
	char type;
	bool numbered; /* |path| is followed by a number, to be added to minor */
	unsigned short major, minor;
} nodes[] = {
	{ "/dev/fuse", 'c', false, 10, 229 },
	{ "/dev/net/tun", 'c', false, 10, 200 },
	{ "/dev/kvm", 'c', false, 10, 232 },
	{ "/dev/vhost-net", 'c', false, 10, 238 },
	{ "/dev/vhost-vsock", 'c', false, 10, 241 },
	{ "/dev/hwrng", 'c', false, 10, 183 },
	{ "/dev/uinput", 'c', false, 10, 223 },
	{ "/dev/loop-control", 'c', false, 10, 237 },
	{ "/dev/ppp", 'c', false, 108, 0 },
	{ "/dev/nvidiactl", 'c', false, 195, 255 },
	{ "/dev/nvidia-modeset", 'c', false, 195, 254 },
	{ "/dev/nvidia", 'c', true, 195, 0 },
	{ "/dev/dri/card", 'c', true, 226, 0 },
	{ "/dev/dri/renderD", 'c', true, 226, 0 },
	{ "/dev/video", 'c', true, 81, 0 },
	{ "/dev/ttyUSB", 'c', true, 188, 0 },
	{ "/dev/ttyACM", 'c', true, 166, 0 },
	{ "/dev/loop", 'b', true, 7, 0 },
};

static bool node_numbers(const char *path, struct og_item *ret)
{
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		const char *rest = path + strlen(nodes[i].path);
		unsigned n = 0;

		if (strncmp(path, nodes[i].path, strlen(nodes[i].path)) ||
		    (*rest != '\0') != nodes[i].numbered)
			continue;
		for (; *rest >= '0' && *rest <= '9' && n < 256; rest++)
			n = n * 10 + (unsigned)(*rest - '0');
		if (*rest || n > 255)
			continue;
		ret->devtype = nodes[i].type;
		ret->major = nodes[i].major;
		ret->minor = nodes[i].minor + n;
		return true;
	}
	return false;
}

static void device_path(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct element *element = into;

	element->ok = og_path_read(reader, node, &element->item->text) && element->ok;
	if (element->ok && strncmp(element->item->text, "/dev/", 5))
		element->ok = og_wrong(reader, node, "%s is not below \"/dev\"",
				       OG_Q(element->item->text));
}

static void device_access(const struct og_reader *reader, const struct og_node *node, void *into)
{
	static const char letters[] = "rwm";
	struct element *element = into;
	const char *text = og_str(node);
	unsigned perms = 0;

	for (const char *p = text; p && *p; p++) {
		const char *letter = strchr(letters, *p);

		if (!letter || perms & 1u << (letter - letters))
			text = NULL;
		else
			perms |= 1u << (letter - letters);
		if (!text)
			break;
	}
	if (text && perms)
		element->item->perms = perms;
	else
		element->ok = og_wrong(reader, node, "some of the letters r, w, m are expected");
}

static void device_type(const struct og_reader *reader, const struct og_node *node, void *into)
{
	static const char *const words[] = { "c", "b", NULL };
	struct element *element = into;
	const char *word = NULL;

	element->ok = og_word_read(reader, node, words, &word) && element->ok;
	element->item->devtype = word ? word[0] : 0;
	element->has_type = true;
}

static void device_major(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct element *element = into;

	element->has_major = true;
	if (og_u64(node, &element->item->major) < 0 || element->item->major > 4095)
		element->ok = og_wrong(reader, node, "a number from 0 to 4095 is expected");
}

static void device_minor(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct element *element = into;

	element->has_minor = true;
	if (og_u64(node, &element->item->minor) < 0 || element->item->minor > 1048575)
		element->ok = og_wrong(reader, node, "a number from 0 to 1048575 is expected");
}

static const struct og_key device_keys[] = {
	{ "path", true, device_path },	  { "access", false, device_access },
	{ "type", false, device_type },	  { "major", false, device_major },
	{ "minor", false, device_minor },
};

bool og_item_device(const struct og_reader *reader, const struct og_node *node,
		    enum og_option option, struct og_item *ret)
{
	struct element element = { .item = ret, .ok = true };

	(void)option;
	ret->major = ret->minor = UINT64_MAX;
	ret->perms = 7;
	if (og_type(node) == OG_STRING)
		device_path(reader, node, &element);
	else if (og_type(node) == OG_OBJECT)
		og_keys_read(reader, node, "a device", device_keys, 5, &element);
	else
		return og_wrong(reader, node,
				"\"/dev/NAME\" or {\"path\": \"/dev/NAME\", \"access\": \"rw\"} "
				"is expected");
	if (!element.ok || !ret->text)
		return false;
	if (element.has_type != element.has_major || (element.has_minor && !element.has_major))
		return og_wrong(reader, node, "\"type\" and \"major\" go together");
	if (!element.has_type && !node_numbers(ret->text, ret))
		return og_wrong(reader, node,
				"%s has no number that is known here: say \"type\", \"major\" and "
				"\"minor\" (ls -l shows them)",
				OG_Q(ret->text));
	return true;
}

/* ---- limits ---- */

static bool limit_name(const struct og_reader *reader, const struct og_node *node,
		       enum og_option option, const char *name, struct og_item *ret)
{
	const char *const *words = og_option_constraint(option)->words;
	char hint[OG_HINT];
	int limit;

	if (!strcmp(og_rule_infos[og_options[option].rule].id, "rlimits")) {
		limit = og_rlimit_parse(name);
		if (limit < 0)
			return og_wrong(reader, node, "%s is no resource limit", OG_Q(name));
		ret->text = og_rlimits[limit];
		return true;
	}
	limit = og_word_find(words, name);
	if (limit < 0)
		return og_wrong(reader, node, "%s is no name of a limit%s", OG_Q(name),
				og_hint(hint, name, words));
	ret->text = words[limit];
	return true;
}

static void limit_max(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct element *element = into;

	if (og_u64(node, &element->item->hi) < 0)
		element->ok = og_wrong(reader, node, "a whole number, not negative, is expected");
}

static void limit_min(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct element *element = into;

	if (og_u64(node, &element->item->lo) < 0)
		element->ok = og_wrong(reader, node, "a whole number, not negative, is expected");
}

static void limit_required(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct element *element = into;

	element->item->required = og_is_true(node);
	if (og_type(node) != OG_BOOL)
		element->ok = og_wrong(reader, node, "true or false is expected");
}

bool og_item_limit(const struct og_reader *reader, const struct og_node *node,
		   enum og_option option, struct og_item *ret)
{
	static const struct og_key keys[] = {
		{ "max", false, limit_max },
		{ "min", false, limit_min },
		{ "required", false, limit_required },
	};
	struct element element = { .item = ret, .ok = true };

	if (!limit_name(reader, node, option, og_key(node), ret))
		return false;
	ret->lo = 0;
	ret->hi = UINT64_MAX;
	if (og_type(node) == OG_OBJECT)
		og_keys_read(reader, node, "a limit", keys, 3, &element);
	else if (og_u64(node, &ret->hi) < 0)
		return og_wrong(reader, node,
				"a whole number or {\"max\", \"min\", \"required\"} is expected");
	if (element.ok && ret->lo > ret->hi)
		return og_wrong(reader, node, "\"min\" is larger than \"max\"");
	if (element.ok && ret->hi == 0 && option == OG_OPT_resources_limits)
		return og_wrong(reader, node,
				"0 is no limit at all to runtimes: name a larger one");
	return element.ok;
}

bool og_item_limit_key(const struct og_reader *reader, const struct og_node *node,
		       enum og_option option, struct og_item *ret)
{
	if (og_type(node) != OG_STRING)
		return og_wrong(reader, node, "the name of a limit is expected");
	return limit_name(reader, node, option, og_str(node), ret);
}
