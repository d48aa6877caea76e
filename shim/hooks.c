/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of the document's hooks: whether one is the engine's own daemon,
 * and whether nobody but root could have put it there.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "gather.h"

/* The digits in "/proc/PID/exe"; 0: it is no such path. */
static size_t process_of(const char *path)
{
	static const char front[] = "/proc/";
	size_t digits;

	if (strncmp(path, front, sizeof(front) - 1) != 0)
		return 0;
	digits = strspn(path + sizeof(front) - 1, "0123456789");
	return strcmp(path + sizeof(front) - 1 + digits, "/exe") == 0 ? digits : 0;
}

/* What /proc/PID/exe leads to, without the mark of a program that was replaced since. */
static bool program_of(const char *path, char *buf, size_t size)
{
	static const char mark[] = " (deleted)";
	ssize_t len = readlink(path, buf, size);
	size_t cut = sizeof(mark) - 1;

	if (len <= 0 || (size_t)len >= size)
		return false;
	buf[len] = '\0';
	if ((size_t)len > cut && strcmp(buf + len - cut, mark) == 0)
		buf[(size_t)len - cut] = '\0';
	return buf[0] == '/';
}

/*
 * A process of root's that runs the daemon's program, from a file of root's in
 * directories of root's. Whether it is the very daemon that started us cannot be
 * told (shims are re-parented to init); who can run such a process is root.
 */
static void look_at_process(const struct og_gather *g, struct og_hookfact *fact)
{
	char program[PATH_MAX], dir[PATH_MAX];
	struct stat process, exe;
	char *slash;

	memcpy(dir, fact->path, strlen(fact->path) + 1);
	*strrchr(dir, '/') = '\0';
	if (stat(dir, &process) < 0 || stat(fact->path, &exe) < 0 || !S_ISREG(exe.st_mode) ||
	    !program_of(fact->path, program, sizeof(program)))
		return;
	memcpy(dir, program, strlen(program) + 1);
	slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	fact->safe = process.st_uid == og_euid() && !og_writable_by_others(&exe) &&
		     og_path_is_safe(dir, 0);
	fact->engine = fact->safe && g->daemon && strcmp(og_path_base(program), g->daemon) == 0;
}

static void look(const struct og_gather *g, struct og_hookfact *fact)
{
	size_t digits = strlen(fact->path) < PATH_MAX ? process_of(fact->path) : 0;

	if (digits) {
		look_at_process(g, fact);
		return;
	}
	fact->safe = og_path_is_normal(fact->path) && og_path_is_safe(fact->path, 0);
	fact->engine = fact->safe && g->daemon &&
		       strcmp(og_path_base(fact->path), g->daemon) == 0 &&
		       g->facts->engine == OG_ENGINE_NERDCTL;
}

int og_gather_hooks(struct og_gather *g, struct og_err *reterr)
{
	struct og_keys keys = { 0 };

	og_each (stage, og_get(og_doc_root(g->doc), "/hooks"))
		og_each (hook, stage) {
			const char *path = og_str(og_member(hook, "path"));

			if (path && og_keys_add(g, &keys, path, reterr) < 0)
				return -1;
		}
	og_keys_sort(&keys);
	g->facts->hooks = og_arena_array(&g->arena, keys.n, sizeof(*g->facts->hooks));
	if (!g->facts->hooks)
		return og_gather_nomem(reterr);
	g->facts->nhooks = keys.n;
	for (size_t i = 0; i < keys.n; i++) {
		g->facts->hooks[i].path = keys.list[i];
		look(g, &g->facts->hooks[i]);
	}
	return 0;
}
