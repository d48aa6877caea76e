/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of mount options, by themselves and as lists; and that every list
 * written anew complies, whatever it was made from.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mount_options.h"

/* The words of |text|, separated by blanks, as a JSON array. */
static struct og_doc *array_of(const char *text)
{
	struct og_buf json = { 0 };
	struct og_err err = { 0 };
	struct og_doc *doc;

	og_buf_puts(&json, "[");
	while (*text) {
		size_t len = strcspn(text, " ");

		og_buf_puts(&json, json.len > 1 ? "," : "");
		og_buf_json_n(&json, text, len);
		text += len + (text[len] == ' ');
	}
	og_buf_puts(&json, "]");
	cr_assert(og_doc_parse("test", json.data, json.len, 0, &doc, &err) == 0, "%s", err.msg);
	og_buf_release(&json);
	return doc;
}

static struct og_mount_options read_words(const char *text)
{
	struct og_doc *doc = array_of(text);
	struct og_mount_options ret = og_mount_options_read(og_doc_root(doc));

	ret.refused = ret.unknown = NULL;
	og_doc_free(doc);
	return ret;
}

Test(mount_options, words)
{
	static const struct {
		const char *text;
		enum og_mount_word word;
	} rows[] = {
		{ "ro", OG_MW_RO },
		{ "rro", OG_MW_RRO },
		{ "RO", OG_MW_UNKNOWN },
		{ "ro,rw", OG_MW_UNKNOWN },
		{ "", OG_MW_UNKNOWN },
		{ "rbind", OG_MW_RBIND },
		{ "async", OG_MW_NEUTRAL },
		{ "unbindable", OG_MW_SHARING },
		{ "idmap", OG_MW_REFUSED },
		{ "idmap=uids=0-1-1", OG_MW_REFUSED },
		{ "ridmap=x", OG_MW_REFUSED },
		{ "idmapx", OG_MW_UNKNOWN },
		{ "remount", OG_MW_REFUSED },
		{ "tmpcopyup", OG_MW_COPYUP },
		{ "suid", OG_MW_LOOSE },
		{ "rdev", OG_MW_LOOSE },
		{ "size=1", OG_MW_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(og_mount_word(rows[i].text) == rows[i].word, "%s", rows[i].text);
}

Test(mount_options, read)
{
	struct og_doc *doc = array_of("rbind noexec RO x remount idmap");
	struct og_mount_options have = og_mount_options_read(og_doc_root(doc));

	cr_expect(eq(uint, have.words, OG_MW_RBIND | OG_MW_NOEXEC | OG_MW_UNKNOWN | OG_MW_REFUSED));
	cr_expect(eq(str, (char *)have.unknown, "RO"));
	cr_expect(eq(str, (char *)have.refused, "remount"));
	have = og_mount_options_read(NULL);
	cr_expect(eq(uint, have.words, 0));
	og_doc_free(doc);
}

/* ---- binds ---- */

#define RO	 1
#define NOSUID	 2
#define ISOLATED 4
#define AFILE	 8

static struct og_bind_want want_of(unsigned bits)
{
	return (struct og_bind_want){ .ro = bits & RO,
				      .nosuid = bits & NOSUID,
				      .isolated = bits & ISOLATED,
				      .file = bits & AFILE };
}

Test(mount_options, bind_complies)
{
	static const struct {
		const char *words;
		unsigned want;
		bool complies;
	} rows[] = {
		{ "rbind", 0, true },
		{ "rbind rw", 0, true },
		{ "rbind rslave", 0, false },
		{ "rbind ro", RO | AFILE, true },
		{ "rbind rro rnosuid rnodev", RO | NOSUID | AFILE, true },
		{ "rbind nosuid", NOSUID | AFILE, false },
		{ "bind shared", 0, false },
		{ "rbind suid", 0, false },
		{ "rbind dev", 0, false },
		{ "rbind exec", 0, false },
		{ "rbind symfollow", 0, false },
		{ "rbind", ISOLATED, false },
		{ "rbind private", ISOLATED, false },
		{ "rbind rprivate", ISOLATED, true },
		{ "bind private", ISOLATED, true },
		{ "rbind ro", RO, false },
		{ "rbind rro", RO, true },
		{ "bind ro", RO, true },
		{ "bind rro", RO, true },
		{ "bind", RO, false },
		{ "rbind nosuid nodev", NOSUID, false },
		{ "rbind rnosuid", NOSUID, false },
		{ "rbind rnosuid rnodev", NOSUID, true },
		{ "bind nosuid nodev", NOSUID, true },
		{ "bind nosuid", NOSUID, false },
		{ "bind rbind nosuid nodev", NOSUID, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct og_mount_options have = read_words(rows[i].words);
		struct og_bind_want want = want_of(rows[i].want);

		cr_expect(og_bind_complies(&have, &want) == rows[i].complies, "%s, %u",
			  rows[i].words, rows[i].want);
	}
}

static bool keeps(unsigned have, unsigned got, unsigned words)
{
	return !(have & words) || got & words;
}

/* Every set of words and every want: what is written complies, and keeps what was asked for. */
Test(mount_options, written_complies)
{
	static const char *const words[] = { "bind",   "rbind",	 "ro",	    "rro",     "nosuid",
					     "rnodev", "noexec", "rshared", "private", "suid" };

	for (unsigned set = 0; set < 1 << 10; set++) {
		char text[128] = "";
		struct og_mount_options have;
		int len = 0;

		for (int i = 0; i < 10; i++)
			if (set & 1u << i)
				len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s",
						len ? " " : "", words[i]);
		if (!(set & 3))
			continue;
		have = read_words(text);
		for (unsigned bits = 0; bits < 16; bits++) {
			struct og_bind_want want = want_of(bits);
			struct og_mount_options got;
			struct og_buf json = { 0 };
			struct og_err err = { 0 };
			struct og_doc *doc;

			og_bind_write(&have, &want, bits & 8, &json);
			cr_assert(og_doc_parse("test", json.data, json.len, 0, &doc, &err) == 0);
			got = og_mount_options_read(og_doc_root(doc));
			cr_expect(og_bind_complies(&got, &want), "%s, %u: %s", text, bits,
				  json.data);
			cr_expect(keeps(have.words, got.words, OG_MW_ANY_RO));
			cr_expect(keeps(have.words, got.words, OG_MW_ANY_NOSUID));
			cr_expect(keeps(have.words, got.words, OG_MW_ANY_NOEXEC));
			cr_expect(have.words & OG_MW_RBIND || !(got.words & OG_MW_RBIND));
			og_doc_free(doc);
			og_buf_release(&json);
		}
	}
}

/* ---- other file systems ---- */

Test(mount_options, places)
{
	static const struct {
		const char *type, *destination;
		bool known, there;
	} rows[] = {
		{ "proc", "/proc", true, true },
		{ "proc", "/p", true, false },
		{ "sysfs", "/sys", true, true },
		{ "sysfs", "/proc", true, false },
		{ "cgroup", "/sys/fs/cgroup", true, true },
		{ "cgroup2", "/sys/fs/cgroup", false, false },
		{ "tmpfs", "/dev", true, true },
		{ "tmpfs", "/x", true, true },
		{ "overlay", "/x", false, false },
		{ "", "/x", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct og_mount_place *place;

		cr_expect(og_mount_place_find(rows[i].type, rows[i].destination, &place) ==
				  rows[i].known,
			  "%s", rows[i].type);
		cr_expect(rows[i].there == (place != NULL), "%s on %s", rows[i].type,
			  rows[i].destination);
	}
}

static char *options_of(const char *type, const char *destination, const char *words, uint64_t size,
			bool *retchanged)
{
	const struct og_mount_place *place;
	struct og_doc *doc = array_of(words);
	struct og_buf json = { 0 };

	og_mount_place_find(type, destination, &place);
	cr_assert(place != NULL);
	*retchanged = og_place_options(place, og_doc_root(doc), size, &json);
	og_doc_free(doc);
	return og_buf_steal(&json);
}

Test(mount_options, place_options)
{
	static const struct {
		const char *type, *destination, *words;
		uint64_t size;
		const char *want; /* NULL: as it is */
	} rows[] = {
		{ "proc", "/proc", "nosuid noexec nodev", 0, NULL },
		{ "proc", "/proc", "nosuid noexec nodev hidepid=2 subset=pid", 0, NULL },
		{ "proc", "/proc", "hidepid=2,gid=0", 0, "[\"nosuid\",\"noexec\",\"nodev\"]" },
		{ "sysfs", "/sys", "nosuid noexec nodev ro relatime", 0, NULL },
		{ "sysfs", "/sys", "rw", 0, "[\"ro\",\"nosuid\",\"noexec\",\"nodev\"]" },
		{ "sysfs", "/sys", "ro nosuid noexec nodev rw", 0,
		  "[\"ro\",\"nosuid\",\"noexec\",\"nodev\"]" },
		{ "cgroup", "/sys/fs/cgroup", "rro nosuid noexec nodev", 0,
		  "[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]" },
		{ "devpts", "/dev/pts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5",
		  0, NULL },
		{ "devpts", "/dev/pts", "gid=5", 0,
		  "[\"gid=5\",\"nosuid\",\"noexec\",\"newinstance\"]" },
		{ "tmpfs", "/dev", "nosuid strictatime mode=755 size=65536k", 0, NULL },
		{ "tmpfs", "/dev", "nosuid dev exec", 0, NULL },
		{ "tmpfs", "/x", "nosuid nodev dev", 0, "[\"nosuid\",\"nodev\"]" },
		{ "tmpfs", "/x", "nosuid nodev size=64m", 67108864, NULL },
		{ "tmpfs", "/x", "nosuid nodev size=65536k", 67108864, NULL },
		{ "tmpfs", "/x", "nosuid nodev size=67108864", 67108864, NULL },
		{ "tmpfs", "/x", "nosuid nodev size=67108865", 67108864,
		  "[\"nosuid\",\"nodev\",\"size=67108864\"]" },
		{ "tmpfs", "/x", "size=18446744073709551616", 5,
		  "[\"nosuid\",\"nodev\",\"size=5\"]" },
		{ "tmpfs", "/x", "size=99999999999t", 5, "[\"nosuid\",\"nodev\",\"size=5\"]" },
		{ "tmpfs", "/x", "size=010", 5, "[\"nosuid\",\"nodev\",\"size=5\"]" },
		{ "tmpfs", "/x", "size=1kb", 4096, "[\"nosuid\",\"nodev\",\"size=4096\"]" },
		{ "tmpfs", "/x", "size=1x", 4096, "[\"nosuid\",\"nodev\",\"size=4096\"]" },
		{ "tmpfs", "/x", "size=", 4096, "[\"nosuid\",\"nodev\",\"size=4096\"]" },
		{ "mqueue", "/dev/mqueue", "nosuid noexec nodev", 4096, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool changed;
		char *got = options_of(rows[i].type, rows[i].destination, rows[i].words,
				       rows[i].size, &changed);

		cr_expect(changed == (rows[i].want != NULL), "%s %s: %s", rows[i].type,
			  rows[i].words, got);
		cr_expect(changed == false || strcmp(got, rows[i].want) == 0, "%s %s: %s",
			  rows[i].type, rows[i].words, got);
		free(got);
	}
}
