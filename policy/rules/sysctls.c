/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysctls: kernel parameters by name, and only those of namespaces that are not
 * the host's. Which namespaces those are is the rules namespaces' and
 * network-host's business.
 */
#include "ocigate/rule.h"

#include <stdio.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/names.h"
#include "policy/rules_table.h"

/* Longer names than any that there is are refused. */
#define NAME_MAX_LEN 200

/* Which namespace a parameter belongs to; what is not here is the whole host's. */
static const struct {
	const char *name; /* with a "*" at the end: all that begin so */
	const char *type;
} kinds[] = {
	{ "net.*", "network" },	      { "fs.mqueue.*", "ipc" },
	{ "kernel.shm*", "ipc" },     { "kernel.msg*", "ipc" },
	{ "kernel.sem", "ipc" },      { "kernel.sem_next_id", "ipc" },
	{ "kernel.hostname", "uts" }, { "kernel.domainname", "uts" },
	{ "user.*", "user" },
};

/*
 * Runtimes write to the file that every "." and "/" in the name leads to, so both
 * spellings are one name here, as in the policy.
 */
static bool read_name(const char *key, char name[NAME_MAX_LEN + 1])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./-";
	size_t len = strlen(key);

	if (len == 0 || len > NAME_MAX_LEN || key[strspn(key, plain)])
		return false;
	for (size_t i = 0; i <= len; i++)
		name[i] = key[i] == '/' ? '.' : key[i];
	/* ".." would lead out of the directory */
	return name[0] != '.' && name[len - 1] != '.' && !strstr(name, "..");
}

/* What a value needs; "+" and "=" have smuggled a second parameter in (CVE-2022-0811). */
static bool is_plain_value(const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789 \t.,:_-";

	return value && !value[strspn(value, plain)];
}

static bool is_listed(const struct og_pass *pass, const char *name)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_sysctls_allow);

	if (og_opt_has(pass, OG_OPT_sysctls_allow, name))
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].glob && og_glob_text(list->items[i].text, name))
			return true;
	return false;
}

static unsigned bit_of(const char *type)
{
	const struct og_nsname *name = og_namespace_type(type);

	return name ? 1u << (name - og_namespaces) : 0;
}

/* The types of which the container's namespace is not the host's, as bits. */
static unsigned own_namespaces(const struct og_pass *pass)
{
	unsigned own = 0, shared = 0;

	og_each (entry, og_at(pass, "/linux/namespaces")) {
		const char *type = og_str(og_member(entry, "type"));
		const char *path = og_str(og_member(entry, "path"));
		const struct og_nsfact *fact = path ? og_fact_namespace(og_facts(pass), path)
						    : NULL;

		if (!type)
			continue;
		own |= bit_of(type);
		if (path && (!fact || fact->host || !fact->type || strcmp(fact->type, type)))
			shared |= bit_of(type);
	}
	return own & ~shared;
}

/* The type of namespace that |name| belongs to; NULL: none. */
static const char *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (og_glob_text(kinds[i].name, name))
			return kinds[i].type;
	return NULL;
}

static int judge(struct og_pass *pass, const struct og_node *member, unsigned own)
{
	const char *key = og_key(member), *type;
	char name[NAME_MAX_LEN + 1];

	if (!read_name(key, name))
		return og_remove(pass, member, "%s is no name of a kernel parameter: remove it",
				 OG_Q(key));
	if (!is_listed(pass, name))
		return og_remove(pass, member,
				 "the kernel parameter %s is not on the list of those that may be "
				 "set: leave out --sysctl",
				 OG_Q(key));
	if (!is_plain_value(og_str(member)))
		return og_remove(pass, member,
				 "the value of the kernel parameter %s has characters that no "
				 "value needs: remove them",
				 OG_Q(key));
	type = kind_of(name);
	if (!type)
		return og_remove(pass, member,
				 "the kernel parameter %s is the whole host's: leave out --sysctl",
				 OG_Q(key));
	if (own & bit_of(type))
		return 0;
	return og_remove(pass, member,
			 "the kernel parameter %s would be set in the host's %s namespace: leave "
			 "out --sysctl, or run with such a namespace of its own",
			 OG_Q(key), type);
}

int og_rule_sysctls(struct og_pass *pass)
{
	const struct og_node *sysctls = og_at(pass, "/linux/sysctl"), *next;
	unsigned own = sysctls ? own_namespaces(pass) : 0;

	if (og_type(sysctls) != OG_OBJECT)
		return 0;
	for (const struct og_node *member = og_first(sysctls); member; member = next) {
		next = og_next(member); /* |member| may be removed */
		if (judge(pass, member, own) < 0)
			return -1;
	}
	return 0;
}
