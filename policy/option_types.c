/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of options, by type: one row of the table below per enum og_opt_type.
 * Reads one value or one element and says what is wrong with it; what a list
 * makes of its elements is in lists.c, the elements that are objects are in
 * option_items.c.
 */
#include "policy/option_types.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ocigate/buf.h"
#include "policy/names.h"

static const char *const unknown_words[] = { "reject", "audit", NULL };
static const char *const outside_words[] = { "reject", "remove", NULL };
static const char *const keep_words[] = { "keep", "remove", "reject", NULL };
static const char *const volumes_words[] = { "rw", "ro", "reject", NULL };
static const char *const local_words[] = { "allow", "audit", "reject", NULL };

/* ---- small parsers ---- */

bool og_is_date(const char *text)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned n[3] = { 0 }, part = 0;

	for (size_t i = 0; i < 10; i++) {
		if (i == 4 || i == 7) {
			if (text[i] != '-')
				return false;
			part++;
		} else if (text[i] < '0' || text[i] > '9') {
			return false;
		} else {
			n[part] = n[part] * 10 + (unsigned)(text[i] - '0');
		}
	}
	if (text[10] || n[0] < 1970 || n[1] < 1 || n[1] > 12 || n[2] < 1)
		return false;
	if (n[1] == 2 && n[0] % 4 == 0 && (n[0] % 100 != 0 || n[0] % 400 == 0))
		return n[2] <= 29;
	return n[2] <= days[n[1] - 1];
}

bool og_is_normal_path(const char *path)
{
	if (path[0] != '/')
		return false;
	if (!path[1])
		return true;
	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += len;
	}
	return true;
}

/* Digits at *text, no leading zeros; moves *text behind them. */
static bool take_number(const char **text, uint64_t *ret)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	*text = p;
	*ret = n;
	return true;
}

bool og_text_read(const struct og_reader *reader, const struct og_node *node, const char *what,
		  const char **ret)
{
	const char *text = og_str(node);

	if (!text)
		return og_wrong(reader, node, "%s is a string", what);
	if (!*text)
		return og_wrong(reader, node, "%s must not be empty", what);
	if (strlen(text) > OG_TEXT_MAX)
		return og_wrong(reader, node, "%s is longer than %d bytes", what, OG_TEXT_MAX);
	*ret = og_pool_text(&reader->policy->pool, text);
	return *ret != NULL;
}

bool og_path_read(const struct og_reader *reader, const struct og_node *node, const char **ret)
{
	if (!og_text_read(reader, node, "a path", ret))
		return false;
	if (og_is_normal_path(*ret))
		return true;
	return og_wrong(reader, node,
			"%s is not an absolute path without \"//\", \".\", \"..\" or a slash at "
			"the end",
			OG_Q(*ret));
}

bool og_word_read(const struct og_reader *reader, const struct og_node *node,
		  const char *const *words, const char **ret)
{
	const char *text = og_str(node);
	int found = text ? og_word_find(words, text) : -1;
	og_auto_buf struct og_buf list = { 0 };
	char hint[OG_HINT];

	if (found >= 0) {
		*ret = words[found];
		return true;
	}
	for (size_t i = 0; words[i]; i++)
		og_buf_printf(&list, "%s\"%s\"", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
	if (list.failed)
		reader->policy->pool.failed = true;
	return og_wrong(reader, node, "%s is not %s%s", text ? OG_Q(text) : "this",
			list.data ? list.data : "", og_hint(hint, text ? text : "", words));
}

/* ---- scalars ---- */

static bool read_bool(const struct og_reader *reader, const struct og_node *node,
		      enum og_option option, struct og_value *ret)
{
	(void)option;
	if (og_type(node) != OG_BOOL)
		return og_wrong(reader, node, "true or false is expected");
	ret->num = og_is_true(node);
	return true;
}

static bool read_uint(const struct og_reader *reader, const struct og_node *node,
		      enum og_option option, struct og_value *ret)
{
	uint64_t max = og_option_constraint(option)->max;

	if (og_u64(node, &ret->num) < 0)
		return og_wrong(reader, node,
				"a whole number from 0 to 18446744073709551615 is expected");
	if (max && ret->num > max)
		return og_wrong(reader, node, "%llu is more than %llu",
				(unsigned long long)ret->num, (unsigned long long)max);
	return true;
}

static bool read_string(const struct og_reader *reader, const struct og_node *node,
			enum og_option option, struct og_value *ret)
{
	(void)option;
	return og_line_read(reader, node, OG_TEXT_MAX, &ret->str);
}

static bool read_unknown(const struct og_reader *reader, const struct og_node *node,
			 enum og_option option, struct og_value *ret)
{
	(void)option;
	return og_word_read(reader, node, unknown_words, &ret->str);
}

static bool read_outside(const struct og_reader *reader, const struct og_node *node,
			 enum og_option option, struct og_value *ret)
{
	(void)option;
	return og_word_read(reader, node, outside_words, &ret->str);
}

static bool read_keep(const struct og_reader *reader, const struct og_node *node,
		      enum og_option option, struct og_value *ret)
{
	(void)option;
	return og_word_read(reader, node, keep_words, &ret->str);
}

static bool read_volumes(const struct og_reader *reader, const struct og_node *node,
			 enum og_option option, struct og_value *ret)
{
	(void)option;
	return og_word_read(reader, node, volumes_words, &ret->str);
}

static bool read_local(const struct og_reader *reader, const struct og_node *node,
		       enum og_option option, struct og_value *ret)
{
	(void)option;
	return og_word_read(reader, node, local_words, &ret->str);
}

static bool read_idpair(const struct og_reader *reader, const struct og_node *node,
			enum og_option option, struct og_value *ret)
{
	const char *text = og_str(node), *p = text;
	uint64_t uid, gid;

	(void)option;
	if (!text || !take_number(&p, &uid) || *p++ != ':' || !take_number(&p, &gid) || *p)
		return og_wrong(reader, node, "\"UID:GID\" in numbers is expected");
	if (uid > OG_ID_MAX || gid > OG_ID_MAX)
		return og_wrong(reader, node, "ids go up to %u", OG_ID_MAX);
	ret->num = uid << 32 | gid;
	ret->str = og_pool_text(&reader->policy->pool, text);
	return ret->str != NULL;
}

/* ---- elements that are strings ---- */

static bool item_string(const struct og_reader *reader, const struct og_node *node,
			enum og_option option, struct og_item *ret)
{
	const char *const *words = og_option_constraint(option)->words;

	if (words)
		return og_word_read(reader, node, words, &ret->text);
	return og_text_read(reader, node, "an element of this list", &ret->text);
}

static bool item_cap(const struct og_reader *reader, const struct og_node *node,
		     enum og_option option, struct og_item *ret)
{
	const char *text = og_str(node), *names[OG_CAPS_MAX + 1] = { NULL };
	char hint[OG_HINT];
	int cap;

	(void)option;
	if (!text)
		return og_wrong(reader, node, "the name of a capability is expected");
	cap = og_cap_parse(text);
	if (cap < 0) {
		for (size_t i = 0; i < og_ncaps; i++)
			names[i] = og_caps[i] + strlen("CAP_");
		og_hint(hint, strncmp(text, "CAP_", 4) ? text : text + 4, names);
		return og_wrong(reader, node, "%s is no capability%s", OG_Q(text), hint);
	}
	ret->text = og_caps[cap];
	ret->lo = ret->hi = (uint64_t)cap;
	return true;
}

static bool item_ids(const struct og_reader *reader, const struct og_node *node,
		     enum og_option option, struct og_item *ret)
{
	const char *text = og_str(node), *p = text;
	bool ok = text && take_number(&p, &ret->lo);
	char number[24];

	(void)option;
	ret->hi = ret->lo;
	if (ok && *p == '-') {
		p++;
		ok = take_number(&p, &ret->hi);
	}
	if (!text && og_u64(node, &ret->lo) == 0) {
		ret->hi = ret->lo;
		snprintf(number, sizeof(number), "%llu", (unsigned long long)ret->lo);
		text = number;
		p = "";
		ok = true;
	}
	if (!ok || *p)
		return og_wrong(reader, node, "a number or \"FIRST-LAST\" is expected");
	if (ret->lo > ret->hi)
		return og_wrong(reader, node, "%s: the first is larger than the last", OG_Q(text));
	if (ret->hi > OG_ID_MAX)
		return og_wrong(reader, node, "%s: ids go up to %u", OG_Q(text), OG_ID_MAX);
	ret->text = og_pool_text(&reader->policy->pool, text);
	return ret->text != NULL;
}

static bool item_path(const struct og_reader *reader, const struct og_node *node,
		      enum og_option option, struct og_item *ret)
{
	(void)option;
	return og_path_read(reader, node, &ret->text);
}

static bool item_glob(const struct og_reader *reader, const struct og_node *node,
		      enum og_option option, struct og_item *ret)
{
	if (!og_text_read(reader, node, "an element of this list", &ret->text))
		return false;
	ret->glob = strchr(ret->text, '*') != NULL;
	if (ret->text[0] == '*' && !og_option_constraint(option)->against)
		og_warn(reader, node, "%s begins with \"*\": whoever chooses names can match it",
			OG_Q(ret->text));
	return true;
}

static bool item_address(const struct og_reader *reader, const struct og_node *node,
			 enum og_option option, struct og_item *ret)
{
	const char *text = og_str(node);
	char canonical[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	int family;

	(void)option;
	if (!text)
		return og_wrong(reader, node, "an IP address is expected");
	family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, text, bytes) != 1 ||
	    !inet_ntop(family, bytes, canonical, sizeof(canonical)))
		return og_wrong(reader, node, "%s is no IP address%s", OG_Q(text),
				strchr(text, '/') ? "; networks cannot be given" : "");
	ret->text = og_pool_text(&reader->policy->pool, canonical);
	return ret->text != NULL;
}

/* sysctl(8) and the runtimes take net/ipv4/x for net.ipv4.x. */
static bool item_sysctl(const struct og_reader *reader, const struct og_node *node,
			enum og_option option, struct og_item *ret)
{
	const char *text = "";
	char *name;

	(void)option;
	if (!og_text_read(reader, node, "the name of a sysctl", &text))
		return false;
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/"
			      "*")])
		return og_wrong(reader, node, "%s is no name of a sysctl", OG_Q(text));
	name = og_pool_text(&reader->policy->pool, text);
	for (char *p = name; p && *p; p++)
		if (*p == '/')
			*p = '.';
	ret->text = name;
	ret->glob = name && strchr(name, '*');
	return name != NULL;
}

/* ---- the table ---- */

static const struct {
	const char *expected; /* of a list: what it is a list of */
	bool (*scalar)(const struct og_reader *, const struct og_node *, enum og_option,
		       struct og_value *);
	og_item_fn *item; /* lists */
	og_item_fn *key;  /* how "x-" names an element; NULL: as |item| */
	bool object;	  /* its members are the elements */
} types[] = {
	[OG_T_BOOL] = { .scalar = read_bool },
	[OG_T_UINT] = { .scalar = read_uint },
	[OG_T_STRING] = { .scalar = read_string },
	[OG_T_UNKNOWN] = { .scalar = read_unknown },
	[OG_T_OUTSIDE] = { .scalar = read_outside },
	[OG_T_KEEP] = { .scalar = read_keep },
	[OG_T_VOLUMES] = { .scalar = read_volumes },
	[OG_T_LOCAL] = { .scalar = read_local },
	[OG_T_IDPAIR] = { .scalar = read_idpair },
	[OG_T_STRINGS] = { "strings", .item = item_string },
	[OG_T_CAPS] = { "capability names", .item = item_cap },
	[OG_T_IDS] = { "ids and ranges of ids", .item = item_ids },
	[OG_T_PATHS] = { "absolute paths", .item = item_path },
	[OG_T_GLOBS] = { "names, in which * stands for anything", .item = item_glob },
	[OG_T_ADDRESSES] = { "IP addresses", .item = item_address },
	[OG_T_SOURCES] = { "{\"source\", \"access\"}", .item = og_item_source,
			   .key = og_item_source_key },
	[OG_T_DEVICES] = { "device nodes", .item = og_item_device, .key = item_path },
	[OG_T_LIMITS] = { "limits by name", .item = og_item_limit, .key = og_item_limit_key,
			  .object = true },
	[OG_T_SYSCTLS] = { "names of sysctls", .item = item_sysctl },
};

bool og_type_is_list(enum og_opt_type type)
{
	return types[type].item != NULL;
}

bool og_entries_count(const struct og_reader *reader, const struct og_node *node, size_t n)
{
	if (n > OG_POLICY_MAX_ENTRIES - *reader->entries) {
		*reader->entries = OG_POLICY_MAX_ENTRIES;
		return og_wrong(reader, node, "more than %d list entries in all",
				OG_POLICY_MAX_ENTRIES);
	}
	*reader->entries += n;
	return true;
}

static bool read_list(const struct og_reader *reader, const struct og_node *node,
		      enum og_option option, enum og_how how, struct og_change *ret)
{
	enum og_opt_type type = og_options[option].type;
	bool object = types[type].object && how != OG_HOW_DEL;
	og_item_fn *read = how == OG_HOW_DEL && types[type].key ? types[type].key
								: types[type].item;
	struct og_draft *drafts;
	size_t n = 0;

	if (og_type(node) != (object ? OG_OBJECT : OG_ARRAY))
		return og_wrong(reader, node, "%s of %s is expected",
				object ? "an object" : "a list", types[type].expected);
	if (!og_entries_count(reader, node, og_count(node)))
		return false;
	drafts = og_pool_alloc(&reader->policy->pool, og_count(node), sizeof(*drafts));
	if (!drafts)
		return false;
	if (how != OG_HOW_SET && !og_count(node))
		og_warn(reader, node, "this list is empty: it changes nothing");
	og_each (element, node) {
		struct og_draft *draft = &drafts[n];

		*draft = (struct og_draft){ .item.file = reader->file };
		og_pos(element, &draft->line, &draft->col);
		draft->item.line = reader->preset ? 0 : draft->line;
		n += read(reader, element, option, &draft->item);
	}
	og_list_make(reader, option, drafts, n, ret);
	return n == og_count(node);
}

bool og_value_read(const struct og_reader *reader, const struct og_node *node,
		   enum og_option option, enum og_how how, struct og_change *ret)
{
	enum og_opt_type type = og_options[option].type;

	ret->what = option;
	ret->how = how;
	og_pos(node, &ret->line, &ret->col);
	ret->value.set = true;
	ret->value.file = reader->file;
	ret->value.line = reader->preset ? 0 : ret->line;
	ret->value.source = reader->source;
	ret->value.source_line = ret->line;
	ret->value.source_col = ret->col;
	if (og_type_is_list(type))
		return read_list(reader, node, option, how, ret);
	return types[type].scalar(reader, node, option, &ret->value);
}
