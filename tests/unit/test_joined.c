/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces joined by path: which are compared, how they are kept, and whose path may be used. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/names.h"
#include "shim/joined.h"
#include "policy_helpers.h"

static const char config[] =
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"/\"},"
	"\"root\":{\"path\":\"r\"},\"mounts\":[],\"linux\":{\"namespaces\":[{\"type\":\"mount\"},"
	"{\"type\":\"pid\",\"path\":\"/proc/7/ns/pid\"},{\"type\":\"uts\",\"path\":null},"
	"{\"type\":\"network\",\"path\":\"/run/netns/x\"},"
	"{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}]}}";

static struct og_nsfact facts_of[] = {
	{ .path = "/proc/7/ns/pid", .type = "pid", .own = true, .dev = 4, .ino = 11 },
	{ .path = "/proc/7/ns/user", .type = "user", .own = true, .dev = 4, .ino = 13 },
	{ .path = "/run/netns/x", .type = "network", .own = true, .dev = 4, .ino = 12 },
};

static const struct og_facts facts = {
	.today = "2030-01-01", .id = "x", .namespaces = facts_of, .nnamespaces = 3
};

/* The types that a record would keep with |verify|, as read back: "pid=11 network=12 ". */
static void kept(unsigned verify, char ret[128])
{
	struct og_doc *doc = text_parse(config), *again;
	struct og_joined *joined = NULL, *back = NULL;
	struct og_buf text = { 0 };
	struct og_err err = { 0 };
	size_t n, nback;

	*ret = '\0';
	cr_assert(og_joined_collect(&facts, og_doc_root(doc), verify, &joined, &n, &err) == 0);
	og_buf_puts(&text, "{\"version\":1");
	og_joined_put(&text, joined, n);
	og_buf_puts(&text, "}");
	again = text_parse(text.data);
	cr_assert(og_joined_read(og_member(og_doc_root(again), "joined"), &back, &nback, &err) ==
		  0);
	cr_assert(eq(sz, nback, n));
	for (size_t i = 0; i < nback; i++) {
		cr_expect(eq(u64, back[i].dev, 4));
		snprintf(ret + strlen(ret), 128 - strlen(ret), "%s=%d ", back[i].name->type,
			 (int)back[i].ino);
	}
	free(back);
	free(joined);
	og_buf_release(&text);
	og_doc_free(again);
	og_doc_free(doc);
}

Test(joined, of_the_types_that_a_rule_wants)
{
	char text[128];

	kept(OG_LAUNCH_VERIFY, text);
	cr_expect_str_eq(text, "pid=11 network=12 user=13 ");
	kept(OG_LAUNCH_VERIFY_NETWORK, text);
	cr_expect_str_eq(text, "network=12 ");
	kept(OG_LAUNCH_VERIFY_USER, text);
	cr_expect_str_eq(text, "user=13 ");
	kept(OG_LAUNCH_VERIFY_NAMESPACES, text);
	cr_expect_str_eq(text, "pid=11 ");
	kept(OG_LAUNCH_VERIFY_BINDS, text);
	cr_expect_str_eq(text, "");
}

Test(joined, a_record_that_cannot_be_understood_is_refused)
{
	static const char *const texts[] = { "[{\"type\":\"pid\",\"dev\":1}]",
					     "[{\"type\":\"pid\",\"ino\":1}]",
					     "[{\"type\":\"x\",\"dev\":1,\"ino\":1}]",
					     "[{\"dev\":1,\"ino\":1}]" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct og_doc *doc = text_parse(texts[i]);
		struct og_joined *joined = NULL;
		struct og_err err = { 0 };
		size_t n;

		cr_expect(og_joined_read(og_doc_root(doc), &joined, &n, &err) < 0, "%s", texts[i]);
		cr_expect(eq(int, err.code, OG_E_HOST));
		free(joined);
		og_doc_free(doc);
	}
}

Test(joined, compared_with_a_process)
{
	int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct og_joined joined[2] = { { .name = og_namespace_type("network") },
				       { .name = og_namespace_type("uts") } };
	struct og_err err = { 0 };
	struct stat st;

	cr_assert(proc >= 0);
	for (size_t i = 0; i < 2; i++) {
		cr_assert(eq(int, stat(i ? "/proc/self/ns/uts" : "/proc/self/ns/net", &st), 0));
		joined[i].dev = st.st_dev;
		joined[i].ino = st.st_ino;
	}
	cr_expect(eq(int, og_joined_check(proc, joined, 2, &err), 0));
	joined[1].ino++;
	cr_expect(eq(int, og_joined_check(proc, joined, 1, &err), 0));
	cr_expect(eq(int, og_joined_check(proc, joined, 2, &err), -1));
	cr_expect(strstr(err.msg, "the uts namespace was exchanged") != NULL, "%s", err.msg);
	joined[1].ino--;
	joined[0].dev++;
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_joined_check(proc, joined, 2, &err), -1));
	/* what cannot be looked at is not taken for the right one */
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_joined_check(-1, joined, 2, &err), -1));
	cr_expect(eq(int, err.code, OG_E_HOST));
	close(proc);
}

/* ---- whose path ---- */

Test(joined, paths_of_processes)
{
	cr_expect(og_joined_path_is_safe("/proc/1/ns/net"));
	cr_expect(og_joined_path_is_safe("/proc/self/ns/pid_for_children"));
	/* by a link that the process changes, or by a place that is not /proc */
	cr_expect_not(og_joined_path_is_safe("/proc/self/fd/3"));
	cr_expect_not(og_joined_path_is_safe("/proc/self/cwd/ns/net"));
	cr_expect_not(og_joined_path_is_safe("/proc/self/root/etc/passwd"));
	cr_expect_not(og_joined_path_is_safe("/proc/1/ns/net/x"));
	cr_expect_not(og_joined_path_is_safe("/proc/ns/net"));
	cr_expect_not(og_joined_path_is_safe("/procs/1/ns/net"));
	cr_expect_not(og_joined_path_is_safe("/missing"));
}

Test(joined, paths_by_links)
{
	char dir[] = "/tmp/ocigate-test-XXXXXX", sub[64], link[64], file[64], hop[64];

	umask(022);
	cr_assert(mkdtemp(dir) != NULL);
	snprintf(sub, sizeof(sub), "%s/d", dir);
	snprintf(link, sizeof(link), "%s/d/link", dir);
	snprintf(file, sizeof(file), "%s/d/file", dir);
	snprintf(hop, sizeof(hop), "%s/d/hop", dir);
	cr_assert(eq(int, mkdir(sub, 0755), 0));
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	cr_assert(eq(int, symlink("/proc/1/ns/net", link), 0));
	cr_assert(eq(int, symlink("/proc/1/root", hop), 0));
	cr_expect(og_joined_path_is_safe(file));
	cr_expect_not(og_joined_path_is_safe(hop));
	/* below /tmp somebody could put another directory there once it is removed */
	cr_expect_not(og_joined_path_is_safe(link));
	cr_assert(eq(int, chmod(sub, 0777), 0));
	cr_expect_not(og_joined_path_is_safe(file));
	cr_expect_not(og_joined_path_is_safe(link));
	unlink(file);
	unlink(link);
	unlink(hop);
	rmdir(sub);
	rmdir(dir);
}

/* ---- the rules ---- */

Test(joined, each_rule_asks_for_its_own)
{
	static const struct {
		const char *rules;
		unsigned launch;
	} rows[] = {
		{ "", 0 },
		{ "\"namespaces\":{\"action\":\"rewrite\"}", OG_LAUNCH_VERIFY_NAMESPACES },
		{ "\"namespaces\":{\"action\":\"audit\"}", 0 },
		{ "\"network-host\":{\"action\":\"reject\",\"network\":true}",
		  OG_LAUNCH_VERIFY_NETWORK },
		{ "\"network-host\":{\"action\":\"audit\",\"network\":true}", 0 },
		/* where the host's may be joined as well nothing is compared */
		{ "\"network-host\":{\"action\":\"reject\",\"network\":false}", 0 },
		{ "\"user-namespace\":{\"action\":\"reject\"}", OG_LAUNCH_VERIFY_USER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(eq(uint, launch_of(config, &facts, rows[i].rules) & OG_LAUNCH_VERIFY,
			     rows[i].launch),
			  "row %zu", i);
}
