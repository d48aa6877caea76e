/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command: the program that is launched, and the directory it starts in. That
 * there is a program at all is the rule document's.
 *
 * A program is known by its name: the last part of args[0], or of the first word
 * behind an init program (docker run --init, an image that starts with tini).
 * What a shell is told to run is not looked at ("sh -c sshd", a script), nor what
 * a program runs later, nor another name for the same file. This stops command
 * lines and images that were taken over unread, not a user who hides something.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/rules_table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_one_of(const char *const *words, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], text))
			return true;
	return false;
}

/* Programs that only start another one and wait for it; Docker's and podman's --init first. */
static bool is_init(const char *name)
{
	static const char *const names[] = { "docker-init", "podman-init", "catatonit",
					     "tini",	    "tini-static", "dumb-init" };

	return is_one_of(names, COUNT(names), name);
}

/* Flags of tini and dumb-init whose value is a word of its own. */
static bool takes_value(const char *flag)
{
	static const char *const flags[] = { "-e", "-p", "-r", "--rewrite" };

	return is_one_of(flags, COUNT(flags), flag);
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The program that the init program |arg| starts: the first word behind its flags. */
static const struct og_node *behind_init(const struct og_node *arg)
{
	for (arg = og_next(arg); og_str(arg); arg = og_next(arg)) {
		if (!strcmp(og_str(arg), "--"))
			return og_next(arg);
		if (og_str(arg)[0] != '-')
			return arg;
		if (takes_value(og_str(arg)))
			arg = og_next(arg);
	}
	return NULL;
}

/* The item of the option "deny" that names |name|; NULL: none. */
static const struct og_item *denied(const struct og_pass *pass, const char *name)
{
	const struct og_list *deny = og_opt_list(pass, OG_OPT_command_deny);

	for (size_t i = 0; i < deny->n; i++)
		if (!strcmp(deny->items[i].text, name))
			return &deny->items[i];
	return NULL;
}

static int check_program(struct og_pass *pass, const struct og_node *arg, bool *retinit)
{
	const char *name = name_of(og_str(arg));
	const struct og_item *item = denied(pass, name);

	*retinit = is_init(name);
	if (!og_str(arg)[0])
		return og_reject(pass, arg, "the program to run is the empty word: name one");
	if (!item)
		return 0;
	og_because(pass, item);
	return og_reject(pass, arg, "the program %s may not be launched: run another command",
			 OG_Q(name));
}

static int check_args(struct og_pass *pass)
{
	const struct og_node *arg = og_first(og_at(pass, "/process/args"));
	bool init = true;

	for (; init && og_str(arg); arg = behind_init(arg))
		if (check_program(pass, arg, &init) < 0)
			return -1;
	return 0;
}

/* Whether the part of |len| bytes at |path| is |name|. */
static bool part_is(const char *path, size_t len, const char *name)
{
	return len == strlen(name) && !strncmp(path, name, len);
}

static bool has_dots(const char *path)
{
	for (size_t len; *path; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (part_is(path, len, ".."))
			return true;
	}
	return false;
}

/* The top directory that |path| lies in, if it is one of the kernel's; NULL: it is not. */
static const char *kernel_directory(const char *path)
{
	static const char *const names[] = { "proc", "sys", "dev" };
	size_t len = 1;

	/* "//proc" and "/./proc" are /proc too */
	do {
		path += len;
		path += strspn(path, "/");
		len = strcspn(path, "/");
	} while (part_is(path, len, "."));
	for (size_t i = 0; i < COUNT(names); i++)
		if (part_is(path, len, names[i]))
			return names[i];
	return NULL;
}

/*
 * The runtime changes into the directory while it still holds descriptors of the
 * host, and "/proc/self/fd/7" is one of them (CVE-2024-21626). Links count where
 * they are seen: in the image and in what is mounted, at create.
 */
static int check_cwd(struct og_pass *pass)
{
	const struct og_node *cwd = og_at(pass, "/process/cwd");
	const char *path = og_str(cwd);
	const struct og_destfact *fact;

	if (!cwd)
		return og_reject_at(pass, "/process/cwd",
				    "no working directory is named: add \"cwd\"");
	if (!path) /* the rule document has said so */
		return 0;
	if (path[0] != '/')
		return og_reject(pass, cwd,
				 "the working directory %s is not absolute: use a path that begins "
				 "with \"/\" with --workdir",
				 OG_Q(path));
	if (has_dots(path))
		return og_reject(pass, cwd,
				 "the working directory %s has \"..\" in it: use a path without it "
				 "with --workdir",
				 OG_Q(path));
	if (kernel_directory(path))
		return og_reject(pass, cwd,
				 "the working directory %s lies in /%s: choose another with "
				 "--workdir",
				 OG_Q(path), kernel_directory(path));
	fact = og_fact_made(og_facts(pass), path);
	if (fact && fact->leads && kernel_directory(fact->leads))
		return og_reject(pass, cwd,
				 "the working directory %s leads by a symbolic link to %s, which "
				 "lies in /%s: choose another with --workdir",
				 OG_Q(path), OG_Q(fact->leads), kernel_directory(fact->leads));
	return 0;
}

int og_rule_command(struct og_pass *pass)
{
	if (check_args(pass) < 0)
		return -1;
	og_because(pass, NULL);
	return check_cwd(pass);
}
