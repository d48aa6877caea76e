/* SPDX-License-Identifier: Apache-2.0 */
/* Where destinations lead, by links of a root file system and of what is bound in it. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_launch.h"
#include "ocigate/buf.h"
#include "policy_helpers.h"

/*
 * rootfs:  var/run -> ../run  x -> dev  up -> ../../..  abs -> /run/a  loop -> loop2 -> loop
 *          d/e (a directory)  gone -> nowhere/below  chain -> abs  fds -> /proc/self/fd
 *          proc/self -> /d  lnk -> /d/e  m -> /sys/a/subsystem/../../../lnk/../../x
 * srv:     s -> /dev  t/ (a directory)  in -> t
 */
static void tree(void)
{
	static const struct {
		const char *target, *path;
	} links[] = { { "../run", "var/run" },
		      { "dev", "x" },
		      { "../../..", "up" },
		      { "/run/a", "abs" },
		      { "loop2", "loop" },
		      { "loop", "loop2" },
		      { "abs", "chain" },
		      { "nowhere/below", "gone" },
		      { "/proc/self/fd", "fds" },
		      { "/d", "proc/self" },
		      { "/sys/a/subsystem/../../../lnk/../../x", "m" },
		      { "/d/e", "lnk" } };
	char full[512];

	put("bundle/rootfs/d/e/", " ");
	put("bundle/rootfs/run/", " ");
	put("bundle/rootfs/dev/", " ");
	put("bundle/rootfs/proc/", " ");
	put("bundle/rootfs/var/", " ");
	put("srv/t/", " ");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(full, sizeof(full), "%s/bundle/rootfs/%s", top, links[i].path);
		cr_assert(symlink(links[i].target, full) == 0, "%s", full);
	}
	snprintf(full, sizeof(full), "%s/srv/s", top);
	cr_assert(symlink("/dev", full) == 0);
	snprintf(full, sizeof(full), "%s/srv/in", top);
	cr_assert(symlink("t", full) == 0);
}

static void describe(struct og_buf *out, const char *what, const struct og_destfact *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		og_buf_printf(out, "%s%s > %s%s%s%s%s\n", what, list[i].path,
			      list[i].leads ? list[i].leads : "?", list[i].in ? " in " : "",
			      list[i].in ? list[i].in + strlen(top) : "",
			      list[i].linked ? " linked" : "", list[i].missing ? " missing" : "");
}

/* |rest| follows the three mounts that every container has. "@" stands for the directory. */
static void expect(const char *rest, const char *more, const char *facts)
{
	og_auto_buf struct og_buf mounts = { 0 }, seen = { 0 };
	struct launch l;

	for (; *rest; rest++)
		if (*rest == '@')
			og_buf_puts(&mounts, top);
		else
			og_buf_put(&mounts, rest, 1);
	put("bundle/config.json",
	    "{\"root\":{\"path\":\"rootfs\"},\"mounts\":[{\"destination\":\"/"
	    "proc\",\"type\":\"proc\"},"
	    "{\"destination\":\"/dev\",\"type\":\"tmpfs\"},{\"destination\":\"/"
	    "sys\",\"type\":\"sysfs\"}%s]%s}",
	    mounts.data ? mounts.data : "", more);
	collect(&l, NULL, "bundle", "c1");
	describe(&seen, "", l.facts->destinations, l.facts->ndestinations);
	describe(&seen, "made ", l.facts->made, l.facts->nmade);
	cr_expect(eq(str, seen.data ? seen.data : (char *)"", (char *)facts), "%s", mounts.data);
	release(&l);
}

#define BIND(to)     ",{\"destination\":\"" to "\",\"source\":\"@/srv\",\"options\":[\"rbind\"]}"
#define BIND2(to)    ",{\"destination\":\"" to "\",\"source\":\"@/srv/t\",\"options\":[\"bind\"]}"
#define TMPFS(to, o) ",{\"destination\":\"" to "\",\"type\":\"tmpfs\",\"options\":[" o "]}"

Test(destinations, links_of_the_root_file_system, .init = engine_setup, .fini = engine_teardown)
{
	og_auto_buf struct og_buf deep = { 0 }, mounts = { 0 }, facts = { 0 };

	tree();
	expect("", "", "");
	expect(BIND("/d/e") BIND2("/new/place"), "", "");
	expect(BIND("/x"), "", "/x > /dev\n");
	expect(TMPFS("/x", ""), "", "/x > /dev\n");
	expect(BIND("/x/shm"), "", "/x/shm > /dev/shm missing\n");
	expect(BIND("/up"), "", "/up > /\n");
	expect(BIND("/abs"), "", "/abs > /run/a missing\n");
	expect(BIND("/chain/b"), "", "/chain/b > /run/a/b missing\n");
	expect(BIND("/gone"), "", "/gone > /nowhere/below missing\n");
	expect(BIND("/loop"), "", "/loop > ?\n");
	expect(BIND("/var/run/a"), "", "/var/run/a > /run/a missing\n");
	/* what links of the kernel's lead to, and what ".." behind them is, is not told */
	expect(BIND("/m"), "", "/m > /sys/a\n");
	expect(BIND("/fds/../x"), "", "/fds/../x > /proc/self\n");
	expect(BIND("/proc/../x"), "", "/proc/../x > /dev\n");
	/* deeper than anybody looks, each with all that is above it */
	for (size_t i = 0; i < 256; i++)
		og_buf_puts(&deep, "/a");
	og_buf_printf(&mounts,
		      ",{\"destination\":\"%s\",\"source\":\"@/srv\",\"options\":[\"bind\"]}",
		      deep.data);
	expect(mounts.data, "", "");
	og_buf_release(&mounts);
	og_buf_puts(&deep, "/a");
	og_buf_printf(&mounts,
		      ",{\"destination\":\"%s\",\"source\":\"@/srv\",\"options\":[\"bind\"]}",
		      deep.data);
	og_buf_printf(&facts, "%s > ?\n", deep.data);
	expect(mounts.data, "", facts.data);
	/* not absolute, and what the runtime's own file systems are below */
	expect(BIND("x") BIND("/dev/shm") BIND("/proc/x"), "", "");
}

Test(destinations, links_of_what_is_mounted, .init = engine_setup, .fini = engine_teardown)
{
	tree();
	expect(BIND("/a") BIND2("/a/s"), "", "/a/s > /dev linked\n");
	expect(BIND("/a") BIND2("/a/t"), "", "/a/t > /a/t in /srv\n");
	expect(BIND("/a") BIND2("/a/new"), "", "/a/new > /a/new in /srv missing\n");
	expect(BIND("/a") BIND2("/a/in/x"), "", "/a/in/x > /a/t/x in /srv linked missing\n");
	expect(BIND("/dev/shm") BIND2("/dev/shm/s"), "", "/dev/shm/s > /dev linked\n");
	expect(BIND("/dev/new/x"), "", "");
	/* the mount that a link of the image leads to another place is there */
	expect(BIND("/abs") BIND2("/run/a/s"), "",
	       "/abs > /run/a missing\n/run/a/s > /dev linked\n");
	/* and not where it is written; the order is the document's */
	expect(BIND2("/a/s") BIND("/a"), "", "");
	expect(BIND("/a") BIND2("/a/t") TMPFS("/a/t/deep", ""), "",
	       "/a/t > /a/t in /srv\n/a/t/deep > /a/t/deep in /srv/t missing\n");
	/* nothing is in a tmpfs, unless it is filled */
	expect(TMPFS("/var", "") BIND("/var/run/a"), "", "");
	expect(TMPFS("/var", "\"tmpcopyup\"") BIND("/var/run/a"), "",
	       "/var/run/a > /run/a missing\n");
	/* twice on one place, of a source that is not there */
	expect(BIND("/a") BIND2("/a/t") BIND2("/a/t"), "", "/a/t > ? in /srv\n");
	expect(",{\"destination\":\"/a\",\"source\":\"@/none\",\"options\":[\"rbind\"]}" BIND(
		       "/a/b"),
	       "", "/a/b > ?\n");
}

Test(destinations, what_else_is_made, .init = engine_setup, .fini = engine_teardown)
{
	tree();
	expect("", ",\"process\":{\"cwd\":\"/\"}", "");
	expect("", ",\"process\":{\"cwd\":\"/d/e\"}", "");
	expect("", ",\"process\":{\"cwd\":\"/x\"}", "made /x > /dev\n");
	/* what the image has below the mount on /proc is not there */
	expect("", ",\"process\":{\"cwd\":\"/fds/8\"}", "made /fds/8 > /proc/self\n");
	expect(BIND("/a"), ",\"process\":{\"cwd\":\"/d/e\"}", "");
	expect(BIND("/a"), ",\"process\":{\"cwd\":\"/a/t\"}", "made /a/t > /a/t in /srv\n");
	expect(BIND("/a"), ",\"process\":{\"cwd\":\"/a/w/x\"}",
	       "made /a/w/x > /a/w/x in /srv missing\n");
	expect(BIND("/a"),
	       ",\"process\":{\"cwd\":5},\"linux\":{\"devices\":[{\"path\":\"/dev/"
	       "null\"},{\"path\":\"/a/p\"},"
	       "{\"path\":\"/a/p\"},{\"path\":\"rel\"},{},{\"path\":\"/d/p\"}]}",
	       "made /a/p > /a/p in /srv missing\n");
	expect(BIND("/a"), ",\"linux\":{\"devices\":[{\"path\":\"/proc/../a/p\"}]}",
	       "made /proc/../a/p > /a/p in /srv missing\n");
	expect(BIND("/a"), ",\"linux\":{\"devices\":[{\"path\":\"/proc/self/root/a/p\"}]}",
	       "made /proc/self/root/a/p > /proc/self\n");
	expect(BIND("/dev/x"), ",\"linux\":{\"devices\":[{\"path\":\"/dev/x/p\"}]}",
	       "made /dev/x/p > /dev/x/p in /srv missing\n");
}

/* More that lead elsewhere than are followed: those cannot be told. Others can. */
Test(destinations, too_many, .init = engine_setup, .fini = engine_teardown)
{
	og_auto_buf struct og_buf mounts = { 0 };
	struct launch l;
	size_t untold = 0;

	tree();
	for (int i = 0; i < 100; i++)
		og_buf_printf(&mounts,
			      "%s{\"destination\":\"/abs/%d\",\"source\":\"%s/"
			      "srv\",\"options\":[\"bind\"]}",
			      i ? "," : "", i, top);
	put("bundle/config.json",
	    "{\"root\":{\"path\":\"rootfs\"},\"mounts\":[%s,{\"destination\":\"/run/a/0/"
	    "x\",\"source\":\"%s/"
	    "srv\",\"options\":[\"bind\"]}]}",
	    mounts.data, top);
	collect(&l, NULL, "bundle", "c1");
	for (size_t i = 0; i < l.facts->ndestinations; i++)
		untold += !l.facts->destinations[i].leads;
	cr_expect(eq(sz, l.facts->ndestinations, 101));
	cr_expect(eq(sz, untold, 36));
	release(&l);
}

/* ---- what the rule rootfs would mount ---- */

#define ROOTFS "\"readonly\":true,\"tmpfs\":[\"/abs\",\"/d/e\",\"/gone\",\"/loop\",\"/v\",\"/x\"]"

/* |members| of the document, with a root file system that |root| is said of. */
static void expect_places(const char *policy_text, const char *root, const char *members,
			  const char *facts)
{
	struct og_policy *policy = compile_text(policy_text);
	og_auto_buf struct og_buf seen = { 0 };
	struct og_err err = { 0 };
	struct launch l;

	put("bundle/config.json", "{\"root\":{\"path\":\"rootfs\"%s}%s}", root, members);
	collect(&l, NULL, "bundle", "c1");
	cr_assert(eq(int, og_hostfacts_policy(l.host, policy, &err), 0));
	describe(&seen, "", l.facts->made, l.facts->nmade);
	cr_expect(eq(str, seen.data ? seen.data : (char *)"", (char *)facts), "%s", members);
	release(&l);
	og_policy_free(policy);
}

#define POLICY_ROOTFS(more)                                                                        \
	POLICY("permissive", ",\"rules\":{\"rootfs\":{\"action\":\"rewrite\"," more "}}")

Test(destinations, places_of_a_read_only_root, .init = engine_setup, .fini = engine_teardown)
{
	static const char led[] = "/abs > /run/a missing\n/gone > /nowhere/below missing\n"
				  "/loop > ?\n/x > /dev\n";
	char mounts[1024];

	tree();
	expect_places(POLICY_ROOTFS(ROOTFS), "", "", led);
	expect_places(POLICY_ROOTFS(ROOTFS), ",\"readonly\":false", "", led);
	/* not asked for, or nothing would be mounted */
	expect_places(POLICY_ROOTFS(ROOTFS), ",\"readonly\":true", "", "");
	expect_places(POLICY_ROOTFS("\"readonly\":false"), "", "", "");
	expect_places(
		POLICY("permissive", ",\"rules\":{\"rootfs\":{\"action\":\"reject\"," ROOTFS "}}"),
		"", "", "");
	/* an exception's own list; what is told of already is not told twice */
	expect_places(POLICY("permissive",
			     ",\"exceptions\":[{\"name\":\"e\",\"reason\":\"r\",\"match\":{"
			     "\"engine\":[\"none\"]},"
			     "\"rules\":{\"rootfs\":{\"action\":\"rewrite\"," ROOTFS "}}}]"),
		      "", ",\"process\":{\"cwd\":\"/x\"}", led);
	/* through the mounts of the document, and where those really are */
	snprintf(mounts, sizeof(mounts),
		 ",\"mounts\":[{\"destination\":\"/chain\",\"source\":\"%s/"
		 "srv\",\"options\":[\"bind\"]},"
		 "{\"destination\":\"/d\",\"source\":\"%s/srv\",\"options\":[\"bind\"]},"
		 "{\"destination\":\"/v\",\"source\":\"%s/srv\",\"options\":[\"bind\"]}]",
		 top, top, top);
	expect_places(
		POLICY_ROOTFS(
			"\"readonly\":true,\"tmpfs\":[\"/abs/t\",\"/d/s\",\"/run/a/s\",\"/v\"]"),
		"", mounts,
		"/abs/t > /run/a/t in /srv\n/d/s > /dev linked\n/run/a/s > /dev linked\n"
		"/v > /v in /srv\n");
}
