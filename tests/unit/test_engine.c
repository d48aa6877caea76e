/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is gathered about a launch: made-up engines in a directory of our own, as
 * they lie on a disk. What the facts become is the rules' matter.
 */
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
#include "shim/engine.h"
#include "shim/facts.h"
#include "shim/file.h"

#define ID     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define IMAGE  "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST "r.example/a@sha256:2222222222222222222222222222222222222222222222222222222222222222"

static char top[] = "/tmp/ocigate-test-XXXXXX";

static void put(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A file below |top| with all directories above it. */
static void put(const char *path, const char *format, ...)
{
	char full[512];
	va_list ap;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", top, path);
	for (char *p = full + strlen(top) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	if (full[strlen(full) - 1] == '/')
		return;
	f = fopen(full, "w");
	cr_assert(f != NULL, "%s", full);
	va_start(ap, format);
	vfprintf(f, format, ap);
	va_end(ap);
	fclose(f);
}

static void setup(void)
{
	umask(022);
	cr_assert(mkdtemp(top) != NULL);
}

static void teardown(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", top, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

TestSuite(engine, .init = setup, .fini = teardown);

/* ---- one launch ---- */

struct launch {
	struct og_cmdline cmd;
	struct og_bundle bundle;
	struct og_doc *doc;
	struct og_hostfacts *host;
	char words[4][512];
	const struct og_facts *facts;
};

/* "create" of the bundle |bundle| below |top|, with --root=|root| below it unless NULL. */
static void collect(struct launch *l, const char *root, const char *bundle, const char *id)
{
	struct og_err err = { 0 };
	char *argv[8] = { (char *)"ocigate" };
	int argc = 1;

	memset(l, 0, sizeof(*l));
	l->bundle.fd = -1;
	if (root) {
		snprintf(l->words[0], sizeof(l->words[0]), "--root=%s/%s", top, root);
		argv[argc++] = l->words[0];
	}
	argv[argc++] = (char *)"create";
	snprintf(l->words[1], sizeof(l->words[1]), "--bundle=%s/%s", top, bundle);
	argv[argc++] = l->words[1];
	snprintf(l->words[2], sizeof(l->words[2]), "%s", id);
	argv[argc++] = l->words[2];
	cr_assert(og_cmdline_parse(argc, argv, &l->cmd, &err) == 0, "%s", err.msg);
	cr_assert(og_bundle_open(&l->bundle, l->cmd.bundle, &err) == 0, "%s", err.msg);
	cr_assert(og_bundle_read(&l->bundle, &err) == 0, "%s", err.msg);
	cr_assert(og_doc_parse("config.json", l->bundle.text, l->bundle.len, 0, &l->doc, &err) == 0,
		  "%s", err.msg);
	cr_assert(og_facts_collect(&l->cmd, &l->bundle, l->doc, NULL, &l->host, &err) == 0, "%s",
		  err.msg);
	l->facts = og_hostfacts(l->host);
}

static void release(struct launch *l)
{
	og_hostfacts_free(l->host);
	og_doc_free(l->doc);
	og_bundle_release(&l->bundle);
	og_cmdline_release(&l->cmd);
}

static const struct og_source *source(const struct launch *l, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	return og_fact_source(l->facts, path[0] == '/' ? path : full);
}

static void expect_role(const struct launch *l, const char *path, enum og_role role)
{
	const struct og_source *fact = source(l, path);

	cr_assert(fact != NULL, "%s", path);
	cr_expect(fact->problem == NULL, "%s: %s", path, fact->problem);
	cr_expect(fact->role == role, "%s: role %d", path, fact->role);
}

/* ---- Docker ---- */

/* A data root with one container, which has the mounts |mounts| and the record |host|. */
static void docker(const char *config, const char *host, const char *mounts)
{
	put("data/overlay2/l/merged/", " ");
	put("data/volumes/vol/_data/", " ");
	put("data/image/overlay2/repositories.json",
	    "{\"Repositories\":{\"a\":{\"a:1\":\"" IMAGE "\",\"" DIGEST "\":\"" IMAGE
	    "\"},\"b\":{\"b@sha256:3\":\"sha256:other\"}}}");
	put("data/containers/" ID "/config.v2.json", "%s", config);
	put("data/containers/" ID "/hostconfig.json", "%s", host);
	put("data/containers/" ID "/hosts", "x");
	put("data/containers/" OTHER "/hosts", "x");
	put("bundle/config.json",
	    "{\"root\":{\"path\":\"%s/data/overlay2/l/merged\"},\"annotations\":"
	    "{\"io.kubernetes.cri.container-type\":\"sandbox\",\"io.container.manager\":\"cri-o\","
	    "\"io.podman.annotations.privileged\":\"TRUE\"},\"mounts\":[%s]}",
	    top, mounts);
}

#define CONFIG                                                                                     \
	"{\"ID\":\"" ID "\",\"Image\":\"" IMAGE "\",\"Driver\":\"overlay2\",\"Managed\":false,"    \
	"\"Config\":{\"Image\":\"a:1\",\"ExposedPorts\":{\"80/tcp\":{},\"90/udp\":{}}}}"
#define HOST                                                                                       \
	"{\"Privileged\":false,\"NetworkMode\":\"bridge\",\"CgroupParent\":\"\","                  \
	"\"PublishAllPorts\":false,\"PortBindings\":{}}"

static char *bind_of(const char *path)
{
	char *text;

	cr_assert(asprintf(&text, "{\"source\":\"%s%s%s\",\"options\":[\"rbind\"]}",
			   path[0] == '/' ? "" : top, path[0] == '/' ? "" : "/", path) > 0);
	return text;
}

Test(engine, docker_record)
{
	struct launch l;

	docker(CONFIG, HOST, "");
	collect(&l, "runtime-runc/moby", "bundle", ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_DOCKER));
	cr_expect(eq(int, l.facts->image_known, OG_KNOWN));
	cr_expect_str_eq(l.facts->image_id, IMAGE);
	cr_expect_str_eq(l.facts->image, "a:1");
	cr_assert(eq(sz, l.facts->nimage_digests, 1));
	cr_expect_str_eq(l.facts->image_digests[0], DIGEST);
	cr_expect(eq(int, l.facts->privileged_known, OG_KNOWN));
	cr_expect_not(l.facts->privileged);
	cr_expect(eq(int, l.facts->ports_known, OG_NONE));
	cr_expect_str_eq(l.facts->network_mode, "bridge");
	cr_expect_str_eq(l.facts->cgroup_parent, "");
	cr_expect(l.facts->rootfs_in_storage);
	/* annotations are the user's: none of them is believed */
	cr_expect_not(l.facts->sandbox);
	cr_expect(l.facts->ns_cri == NULL);
	release(&l);
}

/* What the image checks, what the command line puts in its place, and the policy of restarts. */
Test(engine, docker_health_and_restarts)
{
	static const struct {
		const char *health, *restart;
		bool checked;
		const char *policy;
		uint64_t retries;
	} rows[] = {
		{ "null", "null", false, NULL, 0 },
		{ "{}", "{}", false, NULL, 0 },
		{ "{\"Test\":[]}", "{\"Name\":\"\"}", false, "", 0 },
		{ "{\"Test\":[\"NONE\"]}", "{\"Name\":\"no\",\"MaximumRetryCount\":0}", false, "no",
		  0 },
		{ "{\"Test\":[\"CMD-SHELL\",\"true\"]}",
		  "{\"Name\":\"on-failure\",\"MaximumRetryCount\":5}", true, "on-failure", 5 },
		{ "{\"Test\":\"CMD\"}", "{\"Name\":\"always\",\"MaximumRetryCount\":-1}", false,
		  "always", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct launch l;
		char config[512], host[256];

		snprintf(config, sizeof(config),
			 "{\"ID\":\"" ID "\",\"Image\":\"" IMAGE "\",\"Driver\":\"overlay2\","
			 "\"Config\":{\"Healthcheck\":%s}}",
			 rows[i].health);
		snprintf(host, sizeof(host), "{\"RestartPolicy\":%s}", rows[i].restart);
		docker(config, host, "");
		collect(&l, "moby", "bundle", ID);
		cr_expect(l.facts->health_known == OG_KNOWN, "%zu", i);
		cr_expect(l.facts->health_checked == rows[i].checked, "%zu", i);
		cr_expect(rows[i].policy ? l.facts->restart_policy &&
						   !strcmp(l.facts->restart_policy, rows[i].policy)
					 : !l.facts->restart_policy,
			  "%zu", i);
		cr_expect(l.facts->restart_retries == rows[i].retries, "%zu", i);
		release(&l);
	}
}

Test(engine, docker_ports)
{
	struct launch l;
	const struct og_port *p;

	docker(CONFIG,
	       "{\"Privileged\":true,\"PublishAllPorts\":true,\"PortBindings\":{"
	       "\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"8080\"},"
	       "{\"HostIp\":\"\",\"HostPort\":\"9000-9010\"}],\"53/udp\":[],\"7\":null}}",
	       "");
	collect(&l, "moby", "bundle", ID);
	cr_expect(l.facts->privileged);
	cr_expect(eq(int, l.facts->ports_known, OG_KNOWN));
	cr_assert(eq(sz, l.facts->nports, 5));
	p = l.facts->ports;
	cr_expect_str_eq(p[0].address, "127.0.0.1");
	cr_expect(p[0].host_port == 8080 && p[0].container_port == 80);
	cr_expect(p[1].host_port == 9000 && p[1].address[0] == '\0');
	cr_expect(p[2].host_port == 0 && p[2].container_port == 53);
	cr_expect_str_eq(p[2].proto, "udp");
	cr_expect(p[3].container_port == 7);
	cr_expect_str_eq(p[3].proto, "tcp");
	/* -P adds what the image exposes and nothing publishes yet */
	cr_expect(p[4].container_port == 90 && p[4].host_port == 0);
	cr_expect_str_eq(p[4].proto, "udp");
	release(&l);
}

Test(engine, docker_ports_that_are_not_understood)
{
	static const char *const bindings[] = {
		"{\"80-90/tcp\":[{}]}",
		"{\"80/xxx\":[{}]}",
		"{\"99999/tcp\":[{}]}",
		"{\"80/tcp\":[{\"HostPort\":\"80a\"}]}",
		"{\"80/tcp\":[{\"HostPort\":\"8000-\"}]}",
		"{\"80/tcp\":[{\"HostPort\":\"1111111111\"}]}",
	};

	for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
		struct launch l;
		char host[256];

		snprintf(host, sizeof(host), "{\"PortBindings\":%s}", bindings[i]);
		docker(CONFIG, host, "");
		collect(&l, "moby", "bundle", ID);
		cr_expect(l.facts->ports_known == OG_UNKNOWN, "%s", bindings[i]);
		release(&l);
	}
}

static void expect_unknown(const char *what)
{
	struct launch l;

	collect(&l, "moby", "bundle", ID);
	cr_expect(l.facts->engine == OG_ENGINE_DOCKER, "%s", what);
	cr_expect(l.facts->image_known == OG_UNKNOWN, "%s", what);
	cr_expect(l.facts->privileged_known == OG_UNKNOWN, "%s", what);
	cr_expect(l.facts->ports_known == OG_UNKNOWN, "%s", what);
	release(&l);
}

Test(engine, docker_record_that_is_not_believed)
{
	char path[512], other[512];

	docker("{\"ID\":\"" OTHER "\",\"Image\":\"" IMAGE "\"}", HOST, "");
	expect_unknown("another container's");
	docker("{\"ID\":\"" ID "\",", HOST, "");
	expect_unknown("cut off");
	docker(CONFIG, "{\"Privileged\":true,\"Privileged\":false}", "");
	expect_unknown("ambiguous");
	docker(CONFIG, HOST, "");
	snprintf(path, sizeof(path), "%s/data/containers/" ID "/hostconfig.json", top);
	cr_assert(eq(int, chmod(path, 0666), 0));
	expect_unknown("writable by others");
	snprintf(other, sizeof(other), "%s/elsewhere", top);
	cr_assert(eq(int, rename(path, other), 0));
	cr_assert(eq(int, symlink(other, path), 0));
	cr_assert(eq(int, chmod(other, 0644), 0));
	expect_unknown("a symbolic link");
	cr_assert(eq(int, unlink(path), 0));
	expect_unknown("missing");
	docker(CONFIG, HOST, "");
	snprintf(path, sizeof(path), "%s/data/containers", top);
	cr_assert(eq(int, chmod(path, 0777), 0));
	expect_unknown("in a directory of anybody's");
}

Test(engine, docker_places)
{
	static const char *const paths[] = {
		"data/containers/" ID "/hosts",
		"data/containers/" OTHER "/hosts",
		"data/containers/" ID "/config.v2.json",
		"data/volumes/vol/_data",
		"data/volumes/vol",
		"data/overlay2/l/merged",
		"/etc",
		"data/link",
		"missing",
		"/proc/self/root",
		"/proc/sys",
	};
	og_auto_buf struct og_buf mounts = { 0 };
	struct launch l;
	char path[512];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char *one = bind_of(paths[i]);

		og_buf_printf(&mounts, "%s%s", i ? "," : "", one);
		free(one);
	}
	/* not binds, whatever their type says */
	og_buf_puts(&mounts, ",{\"type\":\"bind\",\"source\":\"/usr\",\"options\":[\"ro\"]},"
			     "{\"type\":\"bind\",\"source\":\"/opt\"}");
	docker(CONFIG, HOST, mounts.data);
	snprintf(path, sizeof(path), "%s/data/link", top);
	cr_assert(eq(int, symlink("/etc", path), 0));
	collect(&l, "moby", "bundle", ID);
	cr_expect(eq(sz, l.facts->nsources, sizeof(paths) / sizeof(paths[0])));
	expect_role(&l, "data/containers/" ID "/hosts", OG_ROLE_NETFILE);
	expect_role(&l, "data/containers/" OTHER "/hosts", OG_ROLE_NONE);
	expect_role(&l, "data/containers/" ID "/config.v2.json", OG_ROLE_NONE);
	expect_role(&l, "data/volumes/vol/_data", OG_ROLE_VOLUME);
	expect_role(&l, "data/volumes/vol", OG_ROLE_NONE);
	expect_role(&l, "data/overlay2/l/merged", OG_ROLE_NONE);
	expect_role(&l, "/etc", OG_ROLE_NONE);
	cr_expect_str_eq(source(&l, "/etc")->origin, "/etc");
	cr_expect_str_eq(source(&l, "data/link")->resolved, "/etc");
	cr_expect(eq(int, source(&l, "missing")->type, OG_FT_MISSING));
	cr_expect(source(&l, "missing")->problem != NULL);
	cr_expect(source(&l, "/proc/self/root")->magic);
	cr_expect(source(&l, "/proc/self/root")->resolved == NULL);
	cr_expect(source(&l, "/proc/sys")->magic);
	release(&l);
}

/* Of a container whose network is joined, its files and no others. */
Test(engine, docker_joined)
{
	struct launch l;
	char *mount = bind_of("data/containers/" OTHER "/hosts");

	docker(CONFIG, "{\"NetworkMode\":\"container:" OTHER "\"}", mount);
	collect(&l, "moby", "bundle", ID);
	expect_role(&l, "data/containers/" OTHER "/hosts", OG_ROLE_NETFILE);
	release(&l);
	docker(CONFIG, "{\"NetworkMode\":\"container:../" ID "\"}", mount);
	collect(&l, "moby", "bundle", ID);
	expect_role(&l, "data/containers/" OTHER "/hosts", OG_ROLE_NONE);
	release(&l);
	free(mount);
}

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

Test(engine, nerdctl)
{
	struct launch l;
	char *mount = bind_of("store/containers/default/" ID "/hostname");

	put("store/containers/default/" ID "/hostname", "h");
	put("store/containers/default/" ID "/network-config.json",
	    "{\"portMappings\":[{\"HostPort\":8080,\"ContainerPort\":80,\"Protocol\":\"tcp\","
	    "\"HostIP\":\"127.0.0.1\"}]}");
	put("s/io.containerd.runtime.v2.task/default/" ID "/config.json",
	    "{\"annotations\":{\"nerdctl/ports\":\"[]\"},\"mounts\":[%s]}", mount);
	collect(&l, "runc/default", "s/io.containerd.runtime.v2.task/default/" ID, ID);
	cr_expect(eq(int, l.facts->engine, OG_ENGINE_NERDCTL));
	cr_assert(eq(sz, l.facts->nports, 1));
	cr_expect(l.facts->ports[0].host_port == 8080);
	cr_expect_str_eq(l.facts->ports[0].address, "127.0.0.1");
	expect_role(&l, "store/containers/default/" ID "/hostname", OG_ROLE_NETFILE);
	release(&l);
	free(mount);
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
	int with, without, fd;

	put("b/config.json", "{}");
	collect(&l, NULL, "b", "c");
	without = (int)l.facts->extra_fds;
	cr_expect_not(l.facts->listen_fds);
	cr_expect_not(l.facts->notify_socket);
	release(&l);
	fd = open("/dev/null", O_RDONLY);
	setenv("LISTEN_FDNAMES", "x", 1);
	setenv("NOTIFY_SOCKET", "@x", 1);
	collect(&l, NULL, "b", "c");
	with = (int)l.facts->extra_fds;
	cr_expect(eq(int, with, without + 1));
	cr_expect(l.facts->listen_fds);
	cr_expect(l.facts->notify_socket);
	release(&l);
	close(fd);
}
