/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process document of "exec": read from where the caller points, or made of
 * the flags that stand for one. The runtime gets what was judged.
 */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "ocigate/buf.h"

/* The flags of exec that a process document stands for. */
static const char *const process_flags[] = {
	"user",		"cap",	    "env",	     "cwd",   "tty", "additional-gids",
	"no-new-privs", "apparmor", "process-label", OG_ARGS, NULL,
};

int og_shim_read_document(struct og_shim *shim, const char *path, struct og_err *reterr)
{
	struct stat st;

	if (og_file_read(AT_FDCWD, path, OG_DOC_MAX_BYTES, OG_FILE_FOLLOW | OG_FILE_ANY_KIND,
			 &shim->text, &shim->len, &st, reterr) < 0)
		return -1;
	shim->handed_over = !S_ISREG(st.st_mode) || og_writable_by_others(&st);
	return 0;
}

/* The process that the container was launched with, which flags of exec add to. */
static int read_base(struct og_shim *shim, struct og_doc **ret, struct og_err *reterr)
{
	struct og_bundle bundle = OG_BUNDLE_INIT;
	int r;

	*ret = NULL;
	if (!shim->record)
		return 0;
	r = og_bundle_open(&bundle, shim->record->bundle, reterr);
	if (r == 0)
		r = og_bundle_read(&bundle, reterr);
	if (r == 0)
		r = og_doc_parse("config.json", bundle.text, bundle.len, 0, ret, reterr);
	og_bundle_release(&bundle);
	return r;
}

static void put_raw(struct og_buf *out, const struct og_node *node)
{
	size_t len;
	const char *raw = og_raw(node, &len);

	og_buf_put(out, raw, len);
}

static void comma(struct og_buf *out)
{
	if (out->len && out->data[out->len - 1] != '[' && out->data[out->len - 1] != '{')
		og_buf_puts(out, ",");
}

/* ,"name": the elements of |base|, then the values of |flag|, as strings or numbers. */
static void put_list(const struct og_shim *shim, struct og_buf *out, const char *name,
		     const struct og_node *base, const char *flag, bool numbers)
{
	og_buf_key(out, name);
	og_buf_puts(out, "[");
	og_each (element, base) {
		comma(out);
		put_raw(out, element);
	}
	for (size_t i = 0; i < shim->cmd.nflags; i++) {
		const struct og_flag *given = &shim->cmd.flags[i];

		if (strcmp(given->def->name, flag) != 0)
			continue;
		comma(out);
		if (numbers)
			og_buf_puts(out, given->value);
		else
			og_buf_json(out, given->value);
	}
	og_buf_puts(out, "]");
}

/* "--user UID[:GID]" over the container's own; names are no numbers and refused. */
static int put_user(const struct og_shim *shim, struct og_buf *out, const struct og_node *base,
		    struct og_err *reterr)
{
	const char *user = og_cmdline_value(&shim->cmd, "user");
	const char *colon = user ? strchr(user, ':') : NULL;
	size_t uid = user ? strspn(user, "0123456789") : 0;

	if (user && (uid == 0 || (user[uid] && user + uid != colon) ||
		     (colon && (!colon[1] || colon[1 + strspn(colon + 1, "0123456789")]))))
		return og_fail(reterr, OG_E_USAGE, "--user=%s: write UID or UID:GID", OG_Q(user));
	og_buf_key(out, "user");
	og_buf_puts(out, "{");
	og_each (member, base) {
		const char *key = og_key(member);

		if ((user && strcmp(key, "uid") == 0) || (colon && strcmp(key, "gid") == 0) ||
		    strcmp(key, "additionalGids") == 0)
			continue;
		og_buf_key(out, key);
		put_raw(out, member);
	}
	if (user) {
		og_buf_key(out, "uid");
		og_buf_put(out, user, uid);
	}
	if (colon) {
		og_buf_key(out, "gid");
		og_buf_puts(out, colon + 1);
	}
	put_list(shim, out, "additionalGids", og_member(base, "additionalGids"), "additional-gids",
		 true);
	og_buf_puts(out, "}");
	return 0;
}

/* The runtimes add --cap to every set but the inheritable one. */
static void put_capabilities(const struct og_shim *shim, struct og_buf *out,
			     const struct og_node *base)
{
	static const char *const sets[] = { "bounding", "effective", "permitted", "ambient" };

	if (!base && !og_cmdline_has(&shim->cmd, "cap"))
		return;
	og_buf_key(out, "capabilities");
	og_buf_puts(out, "{");
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		put_list(shim, out, sets[i], og_member(base, sets[i]), "cap", false);
	if (og_member(base, "inheritable")) {
		og_buf_key(out, "inheritable");
		put_raw(out, og_member(base, "inheritable"));
	}
	og_buf_puts(out, "}");
}

static bool is_made_here(const char *key)
{
	static const char *const made[] = { "args",
					    "env",
					    "user",
					    "capabilities",
					    "cwd",
					    "terminal",
					    "noNewPrivileges",
					    "apparmorProfile",
					    "selinuxLabel" };

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (strcmp(key, made[i]) == 0)
			return true;
	return false;
}

/* |flag|, else what |base| says, else |otherwise|, else nothing. */
static void put_string(const struct og_shim *shim, struct og_buf *out, const char *name,
		       const struct og_node *base, const char *flag, const char *otherwise)
{
	const char *given = og_cmdline_value(&shim->cmd, flag);

	if (!given && !base && !otherwise)
		return;
	og_buf_key(out, name);
	if (!given && base)
		put_raw(out, base);
	else
		og_buf_json(out, given ? given : otherwise);
}

static void put_args(const struct og_shim *shim, struct og_buf *out)
{
	og_buf_key(out, "args");
	og_buf_puts(out, "[");
	for (size_t i = 0; i < shim->cmd.nargs; i++) {
		comma(out);
		og_buf_json(out, shim->cmd.args[i]);
	}
	og_buf_puts(out, "]");
}

/* The process document that the flags of "exec" stand for. */
static int make_process(const struct og_shim *shim, const struct og_node *base, struct og_buf *out,
			struct og_err *reterr)
{
	og_buf_puts(out, "{");
	og_each (member, base) {
		if (is_made_here(og_key(member)))
			continue;
		og_buf_key(out, og_key(member));
		put_raw(out, member);
	}
	put_args(shim, out);
	put_list(shim, out, "env", og_member(base, "env"), "env", false);
	if (put_user(shim, out, og_member(base, "user"), reterr) < 0)
		return -1;
	put_capabilities(shim, out, og_member(base, "capabilities"));
	put_string(shim, out, "cwd", og_member(base, "cwd"), "cwd", "/");
	put_string(shim, out, "apparmorProfile", og_member(base, "apparmorProfile"), "apparmor",
		   NULL);
	put_string(shim, out, "selinuxLabel", og_member(base, "selinuxLabel"), "process-label",
		   NULL);
	og_buf_key_bool(out, "terminal", og_cmdline_has(&shim->cmd, "tty"));
	og_buf_key(out, "noNewPrivileges");
	og_buf_puts(out, og_cmdline_has(&shim->cmd, "no-new-privs") ||
					 og_is_true(og_member(base, "noNewPrivileges"))
				 ? "true"
				 : "false");
	og_buf_puts(out, "}");
	return 0;
}

int og_shim_read_process(struct og_shim *shim, struct og_err *reterr)
{
	og_auto_buf struct og_buf out = { 0 };
	struct og_doc *base;
	int r;

	if (shim->cmd.process)
		return og_shim_read_document(shim, shim->cmd.process, reterr);
	if (read_base(shim, &base, reterr) < 0)
		return -1;
	r = make_process(shim, base ? og_get(og_doc_root(base), "/process") : NULL, &out, reterr);
	og_doc_free(base);
	if (r < 0)
		return -1;
	shim->replaced_flags = process_flags;
	/*
	 * Runtimes differ in what the flags stand for: crun 1.8 takes uid 0 where none is given,
	 * crun 1.21 where one is. In audit mode all goes as it came.
	 */
	shim->handed_over = shim->record && shim->mode == OG_MODE_ENFORCE;
	shim->len = out.len;
	shim->text = og_buf_steal(&out);
	return shim->text ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}
