/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of words, and the two ways a list is judged: a bind by what it has to
 * be, any other mount word by word against what its type may have.
 */
#include "policy/mount_options.h"

#include <stdlib.h>
#include <string.h>

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* ---- words ---- */

struct word {
	const char *text;
	enum og_mount_word word;
};

/* Sorted. "remount" would change a mount that is there already, possibly the host's. */
static const struct word words[] = {
	{ "async", OG_MW_NEUTRAL },
	{ "atime", OG_MW_NEUTRAL },
	{ "bind", OG_MW_BIND },
	{ "copy-symlink", OG_MW_REFUSED },
	{ "defaults", OG_MW_NEUTRAL },
	{ "dest-nofollow", OG_MW_REFUSED },
	{ "dev", OG_MW_DEV },
	{ "diratime", OG_MW_NEUTRAL },
	{ "dirsync", OG_MW_NEUTRAL },
	{ "exec", OG_MW_EXEC },
	{ "idmap", OG_MW_REFUSED },
	{ "iversion", OG_MW_NEUTRAL },
	{ "lazytime", OG_MW_NEUTRAL },
	{ "loud", OG_MW_NEUTRAL },
	{ "mand", OG_MW_NEUTRAL },
	{ "noatime", OG_MW_NEUTRAL },
	{ "nodev", OG_MW_NODEV },
	{ "nodiratime", OG_MW_NEUTRAL },
	{ "noexec", OG_MW_NOEXEC },
	{ "noiversion", OG_MW_NEUTRAL },
	{ "nolazytime", OG_MW_NEUTRAL },
	{ "nomand", OG_MW_NEUTRAL },
	{ "norelatime", OG_MW_NEUTRAL },
	{ "nostrictatime", OG_MW_NEUTRAL },
	{ "nosuid", OG_MW_NOSUID },
	{ "nosymfollow", OG_MW_NEUTRAL },
	{ "private", OG_MW_PRIVATE },
	{ "ratime", OG_MW_NEUTRAL },
	{ "rbind", OG_MW_RBIND },
	{ "rdev", OG_MW_LOOSE },
	{ "rdiratime", OG_MW_NEUTRAL },
	{ "relatime", OG_MW_NEUTRAL },
	{ "remount", OG_MW_REFUSED },
	{ "rexec", OG_MW_LOOSE },
	{ "ridmap", OG_MW_REFUSED },
	{ "rnoatime", OG_MW_NEUTRAL },
	{ "rnodev", OG_MW_RNODEV },
	{ "rnodiratime", OG_MW_NEUTRAL },
	{ "rnoexec", OG_MW_RNOEXEC },
	{ "rnorelatime", OG_MW_NEUTRAL },
	{ "rnostrictatime", OG_MW_NEUTRAL },
	{ "rnosuid", OG_MW_RNOSUID },
	{ "rnosymfollow", OG_MW_NEUTRAL },
	{ "ro", OG_MW_RO },
	{ "rprivate", OG_MW_RPRIVATE },
	{ "rrelatime", OG_MW_NEUTRAL },
	{ "rro", OG_MW_RRO },
	{ "rrw", OG_MW_RRW },
	{ "rshared", OG_MW_SHARING },
	{ "rslave", OG_MW_SHARING },
	{ "rstrictatime", OG_MW_NEUTRAL },
	{ "rsuid", OG_MW_LOOSE },
	{ "rsymfollow", OG_MW_LOOSE },
	{ "runbindable", OG_MW_SHARING },
	{ "rw", OG_MW_RW },
	{ "shared", OG_MW_SHARING },
	{ "silent", OG_MW_NEUTRAL },
	{ "slave", OG_MW_SHARING },
	{ "src-nofollow", OG_MW_REFUSED },
	{ "strictatime", OG_MW_NEUTRAL },
	{ "suid", OG_MW_LOOSE },
	{ "symfollow", OG_MW_LOOSE },
	{ "sync", OG_MW_NEUTRAL },
	{ "tmpcopyup", OG_MW_COPYUP },
	{ "unbindable", OG_MW_SHARING },
};

static int compare_word(const void *key, const void *row)
{
	return strcmp(key, ((const struct word *)row)->text);
}

enum og_mount_word og_mount_word(const char *text)
{
	const struct word *found = bsearch(text, words, NELEMS(words), sizeof(words[0]),
					   compare_word);

	if (found)
		return found->word;
	/* crun: "idmap=uids=0-1000-1;gids=..." */
	if (!strncmp(text, "idmap=", 6) || !strncmp(text, "ridmap=", 7))
		return OG_MW_REFUSED;
	return OG_MW_UNKNOWN;
}

struct og_mount_options og_mount_options_read(const struct og_node *options)
{
	struct og_mount_options ret = { 0 };

	og_each (option, options) {
		const char *text = og_str(option);
		enum og_mount_word word = text ? og_mount_word(text) : OG_MW_UNKNOWN;

		if (word == OG_MW_REFUSED && !ret.refused)
			ret.refused = text;
		if (word == OG_MW_UNKNOWN && !ret.unknown)
			ret.unknown = text ? text : "";
		ret.words |= word;
	}
	return ret;
}

/* ---- binds ---- */

static bool has_all(unsigned have, unsigned a, unsigned b)
{
	return have & a && have & b;
}

bool og_bind_complies(const struct og_mount_options *have, const struct og_bind_want *want)
{
	bool deep = have->words & OG_MW_RBIND && !want->file;
	unsigned w = have->words;

	if (w & (OG_MW_SHARING | OG_MW_LOOSE | OG_MW_DEV | OG_MW_EXEC))
		return false;
	if (want->isolated && !(w & (deep ? OG_MW_RPRIVATE : OG_MW_PRIVATE | OG_MW_RPRIVATE)))
		return false;
	if (want->ro && !(w & (deep ? OG_MW_RRO : OG_MW_ANY_RO)))
		return false;
	if (!want->nosuid)
		return true;
	return deep ? has_all(w, OG_MW_RNOSUID, OG_MW_RNODEV)
		    : has_all(w, OG_MW_ANY_NOSUID, OG_MW_ANY_NODEV);
}

static void put_word(struct og_buf *out, const char *word)
{
	og_buf_puts(out, out->len > 1 ? "," : "");
	og_buf_json(out, word);
}

void og_bind_write(const struct og_mount_options *have, const struct og_bind_want *want, bool deep,
		   struct og_buf *out)
{
	unsigned w = have->words;
	const struct {
		bool asked;
		const char *plain, *recursive;
	} rows[] = {
		{ want->ro || w & OG_MW_ANY_RO, "ro", "rro" },
		{ want->nosuid || w & OG_MW_ANY_NOSUID, "nosuid", "rnosuid" },
		{ want->nosuid || w & OG_MW_ANY_NODEV, "nodev", "rnodev" },
		{ w & OG_MW_ANY_NOEXEC, "noexec", "rnoexec" },
	};

	deep = deep && w & OG_MW_RBIND && !want->file;
	og_buf_puts(out, "[");
	put_word(out, deep ? "rbind" : "bind");
	for (size_t i = 0; i < NELEMS(rows); i++)
		if (rows[i].asked)
			put_word(out, deep ? rows[i].recursive : rows[i].plain);
	put_word(out, "rprivate");
	og_buf_puts(out, "]");
}

/* ---- other file systems ---- */

#define PLAIN                                                                                      \
	(OG_MW_RO | OG_MW_NOSUID | OG_MW_NODEV | OG_MW_NOEXEC | OG_MW_PRIVATE | OG_MW_RPRIVATE |   \
	 OG_MW_NEUTRAL)

static const struct og_mount_place places[] = {
	{ "proc",
	  "/proc",
	  { "nosuid", "noexec", "nodev" },
	  PLAIN | OG_MW_RW,
	  { "hidepid=", "subset=", "gid=" } },
	{ "sysfs", "/sys", { "ro", "nosuid", "noexec", "nodev" }, PLAIN, { NULL } },
	{ "cgroup", "/sys/fs/cgroup", { "ro", "nosuid", "noexec", "nodev" }, PLAIN, { NULL } },
	{ "devpts",
	  "/dev/pts",
	  { "nosuid", "noexec", "newinstance" },
	  PLAIN | OG_MW_RW,
	  { "newinstance", "ptmxmode=", "mode=", "gid=", "uid=", "max=" } },
	{ "mqueue", "/dev/mqueue", { "nosuid", "noexec", "nodev" }, PLAIN | OG_MW_RW, { NULL } },
	/* the container's own device nodes are made here */
	{ "tmpfs",
	  "/dev",
	  { "nosuid" },
	  PLAIN | OG_MW_RW | OG_MW_EXEC | OG_MW_DEV,
	  { "size=", "nr_blocks=", "nr_inodes=", "mode=", "uid=", "gid=", "inode32", "inode64" } },
	{ "tmpfs",
	  NULL,
	  { "nosuid", "nodev" },
	  PLAIN | OG_MW_RW | OG_MW_EXEC,
	  { "size=", "nr_blocks=", "nr_inodes=", "mode=", "uid=", "gid=", "inode32", "inode64" } },
};

bool og_mount_place_find(const char *type, const char *destination,
			 const struct og_mount_place **ret)
{
	bool known = false;

	*ret = NULL;
	for (size_t i = 0; i < NELEMS(places) && !*ret; i++) {
		if (strcmp(type, places[i].type))
			continue;
		known = true;
		if (!places[i].destination || !strcmp(destination, places[i].destination))
			*ret = &places[i];
	}
	return known;
}

static bool is_data(const struct og_mount_place *place, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789%";

	for (size_t i = 0; i < NELEMS(place->data) && place->data[i]; i++) {
		size_t len = strlen(place->data[i]);

		if (place->data[i][len - 1] != '=' && !strcmp(text, place->data[i]))
			return true;
		if (place->data[i][len - 1] == '=' && !strncmp(text, place->data[i], len))
			return text[len] && !text[len + strspn(text + len, plain)];
	}
	return false;
}

static bool is_size(const char *text)
{
	return !strncmp(text, "size=", 5) || !strncmp(text, "nr_blocks=", 10);
}

/* What the kernel makes of a tmpfs' size; 0 (no limit) for forms that are not worth reading. */
static uint64_t tmpfs_size(const char *text)
{
	static const char units[] = "kmgt";
	const char *unit;
	uint64_t n = 0;

	if (*text < '1' || *text > '9')
		return 0;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return 0;
	if (!*text)
		return n;
	unit = strchr(units, *text | 0x20);
	if (!unit || text[1] ||
	    __builtin_mul_overflow(n, (uint64_t)1 << (10 * (unit - units + 1)), &n))
		return 0;
	return n;
}

/* Whether the one size that is given keeps to |cap|. */
static bool size_complies(const struct og_node *options, uint64_t cap)
{
	uint64_t size = 0;
	size_t given = 0;

	og_each (option, options) {
		const char *text = og_str(option);

		if (!text || !is_size(text))
			continue;
		given++;
		size = text[0] == 's' ? tmpfs_size(text + strlen("size=")) : 0;
	}
	return given == 1 && size > 0 && size <= cap;
}

static bool has_word(const struct og_node *options, const char *word)
{
	og_each (option, options) {
		const char *text = og_str(option);

		if (text && !strcmp(text, word))
			return true;
	}
	return false;
}

bool og_place_options(const struct og_mount_place *place, const struct og_node *options,
		      uint64_t size, struct og_buf *out)
{
	bool resize = size > 0 && !strcmp(place->type, "tmpfs") && !size_complies(options, size);
	bool changed = resize;

	og_buf_puts(out, "[");
	og_each (option, options) {
		const char *text = og_str(option);

		if (text && !(resize && is_size(text)) &&
		    (og_mount_word(text) & place->words || is_data(place, text)))
			put_word(out, text);
		else
			changed = true;
	}
	for (size_t i = 0; place->required[i]; i++) {
		if (has_word(options, place->required[i]))
			continue;
		put_word(out, place->required[i]);
		changed = true;
	}
	if (resize) {
		og_buf_puts(out, out->len > 1 ? "," : "");
		og_buf_printf(out, "\"size=%llu\"", (unsigned long long)size);
	}
	og_buf_puts(out, "]");
	return changed;
}
