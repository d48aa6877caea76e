/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is gathered about a launch: made-up engines in a directory of our own, as
 * they lie on a disk. What the facts become is the rules' matter.
 */
#include "engine_launch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "shim/file.h"
#include "shim/policyfile.h"

TestSuite(engine, .init = engine_setup, .fini = engine_teardown);

Test(engine, told_by_place)
{
	struct launch l;

	docker(CONFIG, HOST, "");
	collect(&l, "run", "bundle", ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_NONE));
	cr_expect(eq(int, l.facts->image_known, OG_NONE));
	cr_expect(eq(int, l.facts->ports_known, OG_NONE));
	cr_expect_not(l.facts->rootfs_in_storage);
	release(&l);
	collect(&l, "x/plugins.moby", "bundle", ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_DOCKER_PLUGIN));
	cr_expect_str_eq(l.facts->plugin, ID);
	release(&l);
	collect(&l, "x/k8s.io", "bundle", ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_CRI_CONTAINERD));
	cr_expect(l.facts->sandbox);
	release(&l);
	put("data/buildkit/executor/step/config.json", "{\"root\":{\"path\":\"rootfs\"}}");
	put("data/buildkit/executor/step/rootfs/", " ");
	collect(&l, NULL, "data/buildkit/executor/step", "step");
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_DOCKER_BUILD));
	cr_expect(l.facts->rootfs_in_storage);
	release(&l);
	collect(&l, NULL, "data/buildkit/executor/step", "other");
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_NONE));
	release(&l);
	put("s/io.containerd.runtime.v2.task/default/c/config.json", "{}");
	collect(&l, "runc/default", "s/io.containerd.runtime.v2.task/default/c", "c");
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_CONTAINERD));
	cr_expect(eq(int, l.facts->image_known, OG_UNKNOWN));
	release(&l);
}

/*
 * A pod's sandbox is told by an annotation, that it is the engine's own by what the engine
 * keeps of it under its own id.
 */
Test(engine, pause_of_containerd)
{
	static const struct {
		const char *type, *sandbox, *id;
		bool pause;
	} cases[] = {
		{ "sandbox", "pod", "pod", true },
		{ "container", "pod", "pod", false },
		{ "sandbox", "pod", "other", false },
		{ "sandbox", "other", "other", false },
	};
	char *mount = bind_of("x/io.containerd.grpc.v1.cri/sandboxes/pod/resolv.conf");

	put("x/io.containerd.grpc.v1.cri/sandboxes/pod/resolv.conf", "x");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct launch l;

		put("bundle/config.json",
		    "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"%s\","
		    "\"io.kubernetes.cri.sandbox-id\":\"%s\"},\"mounts\":[%s]}",
		    cases[i].type, cases[i].sandbox, mount);
		collect(&l, "x/k8s.io", "bundle", cases[i].id);
		cr_expect(eq(int, l.facts->pause, cases[i].pause), "%zu", i);
		release(&l);
	}
	free(mount);
}

Test(engine, pause_of_crio)
{
	static const char *const pods[] = { ID, OTHER };

	put("st/overlay/layer/merged/", " ");
	put("run/overlay-containers/" ID "/userdata/config.json",
	    "{\"root\":{\"path\":\"%s/st/overlay/layer/merged\"},\"annotations\":"
	    "{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"}}",
	    top);
	for (size_t i = 0; i < 2; i++) {
		struct launch l;

		put("st/overlay-containers/containers.json",
		    "[{\"id\":\"" ID "\",\"metadata\":\"{\\\"pod-id\\\":\\\"%s\\\"}\"}]", pods[i]);
		collect(&l, NULL, "run/overlay-containers/" ID "/userdata", ID);
		cr_expect(eq(int, l.facts->engine, OG_ENGINE_CRIO));
		cr_expect(eq(int, l.facts->pause, i == 0));
		release(&l);
	}
}

/* A build cannot name a path of the host; what it mounts from the data root is the engine's. */
Test(engine, build_places)
{
	char *hosts = bind_of("data/buildkit/executor/hosts.x");
	char *layer = bind_of("data/overlay2/x/diff");
	char *etc = bind_of("/etc");
	struct launch l;

	put("data/buildkit/executor/hosts.x", "x");
	put("data/overlay2/x/diff/", " ");
	put("data/buildkit/executor/step/config.json", "{\"mounts\":[%s,%s,%s]}", hosts, layer,
	    etc);
	collect(&l, NULL, "data/buildkit/executor/step", "step");
	expect_role(&l, "data/buildkit/executor/hosts.x", OG_ROLE_NETFILE);
	expect_role(&l, "data/overlay2/x/diff", OG_ROLE_IMAGE);
	expect_role(&l, "/etc", OG_ROLE_NONE);
	release(&l);
	free(hosts);
	free(layer);
	free(etc);
}

/* A launch by nerdctl; |config|: its network-config.json, NULL: none; |annotation| as JSON. */
static void nerdctl(struct launch *l, const char *config, const char *annotation)
{
	char *mount = bind_of("store/containers/default/" ID "/hostname");
	char path[512];

	put("store/containers/default/" ID "/hostname", "h");
	snprintf(path, sizeof(path), "%s/store/containers/default/" ID "/network-config.json", top);
	unlink(path);
	if (config)
		put("store/containers/default/" ID "/network-config.json", "%s", config);
	put("s/io.containerd.runtime.v2.task/default/" ID "/config.json",
	    "{\"annotations\":{\"nerdctl/ports\":%s},\"mounts\":[%s]}", annotation, mount);
	collect(l, "runc/default", "s/io.containerd.runtime.v2.task/default/" ID, ID);
	cr_expect(eq(int, l->facts->engine, OG_ENGINE_NERDCTL));
	free(mount);
}

#define MAPPING(port)                                                                              \
	"[{\"HostPort\":" port ",\"ContainerPort\":80,\"Protocol\":\"tcp\","                       \
	"\"HostIP\":\"127.0.0.1\"}]"
#define ANNOTATION                                                                                 \
	"\"[{\\\"HostPort\\\":9090,\\\"ContainerPort\\\":80,\\\"Protocol\\\":\\\"tcp\\\","         \
	"\\\"HostIP\\\":\\\"0.0.0.0\\\"}]\""

Test(engine, nerdctl)
{
	struct launch l;

	nerdctl(&l, "{\"portMappings\":" MAPPING("8080") "}", ANNOTATION);
	cr_expect(eq(int, l.facts->ports_known, OG_KNOWN));
	cr_assert(eq(sz, l.facts->nports, 1));
	cr_expect(l.facts->ports[0].host_port == 8080);
	cr_expect_str_eq(l.facts->ports[0].address, "127.0.0.1");
	expect_role(&l, "store/containers/default/" ID "/hostname", OG_ROLE_NETFILE);
	release(&l);
}

/*
 * Where its file names no ports, its hook publishes those of the annotation, whoever
 * wrote that; before nerdctl 2.1.3 there is no such file.
 */
Test(engine, nerdctl_annotation)
{
	static const char *const configs[] = { NULL, "{}", "{\"portMappings\":null}",
					       "{\"portMappings\":[]}" };
	struct launch l;

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		nerdctl(&l, configs[i], ANNOTATION);
		cr_expect(eq(int, l.facts->ports_known, OG_KNOWN));
		cr_assert(eq(sz, l.facts->nports, 1));
		cr_expect(l.facts->ports[0].host_port == 9090);
		release(&l);
		nerdctl(&l, configs[i], "\"\"");
		cr_expect(eq(int, l.facts->ports_known, OG_NONE));
		release(&l);
		nerdctl(&l, configs[i], "\"[]\"");
		cr_expect(eq(int, l.facts->ports_known, OG_NONE));
		release(&l);
	}
}

/* What cannot be read is not "none". */
Test(engine, nerdctl_unknown)
{
	static const char *const configs[] = {
		"", "{", "[]", MAPPING("1"), "7", "null", "{\"portMappings\":7}",
		"{\"portMappings\":{}}", "{\"portMappings\":[7]}",
		/* to Go these are one name, and the last one counts */
		"{\"portMappings\":[{\"HostPort\":1,\"ContainerPort\":2,"
		"\"containerPort\":3,\"Protocol\":\"tcp\"}]}",
		"{\"portMappings\":[{\"HostPort\":1,\"ContainerPort\":2,"
		"\"Protocol\":\"tcp\",\"CONTAINERPORT\":3}]}"
	};
	static const char *const annotations[] = { "7", "\"7\"", "\"[\"", "\"{}\"", "\"[7]\"" };
	struct launch l;

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		nerdctl(&l, configs[i], "\"\"");
		cr_expect(eq(int, l.facts->ports_known, OG_UNKNOWN), "%s", configs[i]);
		release(&l);
	}
	for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++) {
		nerdctl(&l, "{}", annotations[i]);
		cr_expect(eq(int, l.facts->ports_known, OG_UNKNOWN), "%s", annotations[i]);
		release(&l);
	}
}

Test(engine, podman)
{
	struct launch l;

	put("st/overlay-containers/containers.json",
	    "[{\"id\":\"x\",\"image\":\"no\"},{\"id\":\"" ID "\",\"image\":\"77\"}]");
	put("st/overlay/l/merged/", " ");
	put("st/volumes/v/_data/", " ");
	put("st/overlay-containers/" ID "/userdata/config.json",
	    "{\"root\":{\"path\":\"%s/st/overlay/l/merged\"},\"annotations\":{"
	    "\"io.container.manager\":\"libpod\",\"io.podman.annotations.privileged\":\"TRUE\"}}",
	    top);
	collect(&l, NULL, "st/overlay-containers/" ID "/userdata", ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_PODMAN));
	cr_expect_str_eq(l.facts->image_id, "sha256:77");
	cr_expect(eq(sz, l.facts->nimage_digests, 0));
	cr_expect(l.facts->privileged);
	cr_expect(l.facts->rootfs_in_storage);
	release(&l);
}

static void make_link(const char *name, const char *target)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	cr_assert(eq(int, symlink(target, path), 0), "%s", path);
}

#define USERDATA "overlay-containers/" ID "/userdata"

/* Storage and run root were moved, and links are left, in "l". */
static const struct {
	const char *source;
	enum og_role role;
} moved[] = {
	{ "l/st/volumes/v/_data", OG_ROLE_VOLUME },
	{ "l/st/" USERDATA "/.containerenv", OG_ROLE_ENGINE },
	{ "l/run/" USERDATA "/hostname", OG_ROLE_NETFILE },
	{ "l/run/" USERDATA "/secrets/x", OG_ROLE_ENGINE },
	/* as without links, it is there */
	{ "big/st/volumes/v/_data", OG_ROLE_VOLUME },
	/* a link of who can write there, behind the engine's */
	{ "l/st/volumes/t/_data", OG_ROLE_NONE },
	{ "l/st/volumes/v/_data/up/_data", OG_ROLE_NONE },
	{ "l/st/" USERDATA "/secrets/x", OG_ROLE_NONE },
	{ "l/st/" USERDATA "/passwd", OG_ROLE_NONE },
	/* others, and other names */
	{ "user/volumes/v/_data", OG_ROLE_NONE },
	{ "l/st/../st/volumes/v/_data", OG_ROLE_NONE },
	{ "l/st/volumes/v", OG_ROLE_NONE },
	{ "l/st/overlay", OG_ROLE_NONE },
};

static void put_moved(void)
{
	og_auto_buf struct og_buf mounts = { 0 };

	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		char *one = bind_of(moved[i].source);

		og_buf_printf(&mounts, "%s%s", i ? "," : "", one);
		free(one);
	}
	put("l/", " ");
	put("x/secret/x", "x");
	put("big/st/overlay/l/merged/", " ");
	put("big/st/volumes/v/_data/", " ");
	put("big/st/volumes/t/", " ");
	put("big/st/" USERDATA "/.containerenv", "x");
	put("big/run/" USERDATA "/hostname", "x");
	put("big/run/" USERDATA "/secrets/x", "x");
	put("big/st/" USERDATA "/config.json",
	    "{\"root\":{\"path\":\"%s/l/st/overlay/l/merged\"},\"mounts\":[%s]}", top, mounts.data);
	make_link("l/st", "../big/st");
	make_link("l/run", "../big/run");
	make_link("user", "l/st");
	make_link("big/st/volumes/t/_data", "../v/_data");
	make_link("big/st/volumes/v/_data/up", "../../v");
	make_link("big/st/" USERDATA "/secrets", "../../../../../x/secret");
	make_link("big/st/" USERDATA "/passwd", "/etc/passwd");
}

Test(engine, podman_moved)
{
	struct launch l;
	char path[512];

	put_moved();
	cr_assert(eq(int, chmod(top, 0755), 0));
	collect(&l, NULL, "l/st/" USERDATA, ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_PODMAN));
	cr_expect(l.facts->rootfs_in_storage);
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		expect_role(&l, moved[i].source, moved[i].role);
	snprintf(path, sizeof(path), "%s/big/st/volumes", top);
	cr_expect_str_eq(source(&l, "l/st/volumes/v/_data")->open, path);
	release(&l);
	/* others may exchange the links: nothing is told by them */
	snprintf(path, sizeof(path), "%s/l", top);
	cr_assert(eq(int, chmod(path, 0777), 0));
	collect(&l, NULL, "big/st/" USERDATA, ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_PODMAN));
	expect_role(&l, "big/st/volumes/v/_data", OG_ROLE_VOLUME);
	expect_role(&l, "l/st/volumes/v/_data", OG_ROLE_NONE);
	expect_role(&l, "l/run/" USERDATA "/hostname", OG_ROLE_NONE);
	release(&l);
}

Test(engine, ways)
{
	struct og_gather g = { 0 };
	char link[512], below[600], want[600];

	put("d/real/", " ");
	put("d/link/", " ");
	make_link("d/link/x", "../real");
	snprintf(link, sizeof(link), "%s/d/link/x", top);
	snprintf(below, sizeof(below), "%s/a", link);
	snprintf(want, sizeof(want), "%s/d/real/a", top);
	og_way(&g, link);
	og_way(&g, link);
	og_way(&g, NULL);
	cr_expect(eq(sz, g.nways, 1));
	cr_expect_str_eq(og_way_real(&g, below), want);
	snprintf(want, sizeof(want), "%sa", link);
	cr_expect_str_eq(og_way_real(&g, want), want);
	/* another may exchange the link */
	g.ways[0].real = NULL;
	snprintf(want, sizeof(want), "%s/d/link", top);
	cr_assert(eq(int, chmod(want, 0777), 0));
	cr_expect_str_eq(og_way_real(&g, below), below);
	og_arena_release(&g.arena);
}

/* ---- policies ---- */

/* Of the directories above a policy the message has the path, not the last name. */
Test(engine, policy_below_what_others_may_write)
{
	struct og_policyfiles files = { 0 };
	struct og_err err = { 0 };

	cr_assert(eq(int, og_policyfile_read("/tmp/a/policy.json", false, &files, &err), -1));
	cr_expect(eq(int, err.code, OG_E_POLICY));
	cr_expect(strstr(err.msg, "the directory \"/tmp\" above it") != NULL, "%s", err.msg);
}

/* ---- plain bundles ---- */

Test(engine, plain_rootfs)
{
	struct launch l;
	char path[512];

	put("b/config.json", "{\"root\":{\"path\":\"rootfs\"}}");
	put("b/rootfs/", " ");
	collect(&l, NULL, "b", "c");
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_NONE));
	cr_expect(l.facts->rootfs_in_storage);
	release(&l);
	snprintf(path, sizeof(path), "%s/b/rootfs", top);
	cr_assert(eq(int, rmdir(path), 0));
	cr_assert(eq(int, symlink("/", path), 0));
	collect(&l, NULL, "b", "c");
	cr_expect_str_eq(l.facts->rootfs, "/");
	cr_expect_not(l.facts->rootfs_in_storage);
	release(&l);
	put("b/config.json", "{\"root\":{\"path\":\".\"}}");
	collect(&l, NULL, "b", "c");
	cr_expect_not(l.facts->rootfs_in_storage);
	release(&l);
}

/* Of the plain bundle "b"; NULL: none. */
static void expect_dev_problem(const char *want)
{
	struct launch l;

	collect(&l, NULL, "b", "c");
	if (want)
		cr_expect_str_eq(l.facts->dev_problem, want);
	else
		cr_expect_null(l.facts->dev_problem);
	release(&l);
}

/* Where runtimes make nodes and links. */
Test(engine, dev_of_the_rootfs)
{
	char path[512];

	put("b/config.json", "{\"root\":{\"path\":\"rootfs\"}}");
	put("b/rootfs/", " ");
	expect_dev_problem(NULL);
	put("b/rootfs/dev/", " ");
	expect_dev_problem(NULL);
	snprintf(path, sizeof(path), "%s/b/rootfs/dev", top);
	cr_assert(eq(int, rmdir(path), 0));
	cr_assert(eq(int, symlink(".", path), 0));
	expect_dev_problem("a symlink");
	cr_assert(eq(int, unlink(path), 0));
	put("b/rootfs/dev", " ");
	expect_dev_problem("no directory");
	/* a root file system that is none: the runtime says so */
	put("b/config.json", "{\"root\":{\"path\":\"rootfs/dev\"}}");
	expect_dev_problem("not to be seen (ENOTDIR)");
}

Test(engine, sources_relative_to_the_bundle)
{
	struct launch l;

	put("b/data/", " ");
	put("b/config.json", "{\"mounts\":[{\"source\":\"data\",\"options\":[\"bind\"]},"
			     "{\"source\":\"data\",\"options\":[\"rbind\"]}]}");
	collect(&l, NULL, "b", "c");
	cr_assert(eq(sz, l.facts->nsources, 1));
	cr_expect_str_eq(l.facts->sources[0].source, "data");
	cr_expect(strncmp(l.facts->sources[0].resolved, top, strlen(top)) == 0);
	cr_expect(eq(int, l.facts->sources[0].type, OG_FT_DIR));
	release(&l);
}

/* A socket by its name, by whose it is, and by a second name of the same file. */
Test(engine, control_sockets)
{
	static const char *const paths[] = { "d", "d/docker.sock", "d/second", "e" };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	og_auto_buf struct og_buf mounts = { 0 };
	char second[512];
	struct launch l;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	put("d/", " ");
	put("e/", " ");
	snprintf(name.sun_path, sizeof(name.sun_path), "%s/d/docker.sock", top);
	cr_assert(eq(int, bind(fd, (struct sockaddr *)&name, sizeof(name)), 0));
	cr_assert(eq(int, listen(fd, 1), 0));
	snprintf(second, sizeof(second), "%s/d/second", top);
	cr_assert(eq(int, link(name.sun_path, second), 0));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char *one = bind_of(paths[i]);

		og_buf_printf(&mounts, "%s%s", i ? "," : "", one);
		free(one);
	}
	put("b/config.json", "{\"mounts\":[%s]}", mounts.data);
	collect(&l, NULL, "b", "c");
	for (size_t i = 0; i < 3; i++)
		cr_expect_str_eq(source(&l, paths[i])->socket, name.sun_path, "%s", paths[i]);
	cr_expect(eq(int, source(&l, "d/second")->type, OG_FT_SOCKET));
	cr_expect(source(&l, "e")->socket == NULL);
	release(&l);
	close(fd);
}

Test(engine, namespaces)
{
	struct launch l;
	const struct og_nsfact *fact;

	put("file", "x");
	put("b/config.json",
	    "{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"},"
	    "{\"type\":\"pid\",\"path\":\"%s/file\"},{\"type\":\"ipc\",\"path\":\"/missing\"},"
	    "{\"type\":\"uts\",\"path\":\"\"},{\"type\":\"mount\"}]}}",
	    top);
	collect(&l, NULL, "b", "c");
	cr_expect(eq(sz, l.facts->nnamespaces, 3));
	fact = og_fact_namespace(l.facts, "/proc/self/ns/net");
	cr_assert(fact != NULL);
	cr_expect_str_eq(fact->type, "network");
	cr_expect(fact->host);
	cr_expect_not(fact->own);
	fact = og_fact_namespace(l.facts, "/missing");
	cr_assert(fact != NULL);
	cr_expect(fact->type == NULL);
	cr_expect_not(fact->host);
	release(&l);
}

Test(engine, hooks)
{
	struct launch l;
	char path[512];

	put("hook", "x");
	put("b/config.json",
	    "{\"hooks\":{\"prestart\":[{\"path\":\"/bin/sh\"},{\"path\":\"%s/hook\"}],"
	    "\"poststop\":[{\"path\":\"/proc/self/exe\"},{\"path\":\"/proc/%d/exe\"}]}}",
	    top, (int)getpid());
	collect(&l, NULL, "b", "c");
	cr_expect(eq(sz, l.facts->nhooks, 4));
	snprintf(path, sizeof(path), "%s/hook", top);
	/* /tmp is anybody's: what is below it is never safe */
	cr_expect_not(og_fact_hook(l.facts, path)->safe);
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)getpid());
	/* a process of ours, but its program is no daemon */
	cr_expect_not(og_fact_hook(l.facts, path)->engine);
	cr_expect_not(og_fact_hook(l.facts, "/bin/sh")->engine);
	if (geteuid() == 0)
		cr_expect(og_fact_hook(l.facts, "/bin/sh")->safe);
	release(&l);
}

Test(engine, descriptors)
{
	struct launch l;

	put("b/config.json", "{}");
	collect(&l, NULL, "b", "c");
	cr_expect_not(l.facts->listen_fds);
	cr_expect_not(l.facts->notify_socket);
	release(&l);
	setenv("LISTEN_FDNAMES", "x", 1);
	setenv("NOTIFY_SOCKET", "@x", 1);
	collect(&l, NULL, "b", "c");
	cr_expect(l.facts->listen_fds);
	cr_expect(l.facts->notify_socket);
	release(&l);
}
