/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's record of a container, and where the daemon keeps things for it. */
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

TestSuite(engine_docker, .init = engine_setup, .fini = engine_teardown);

Test(engine_docker, record)
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
/* A label is a user's to write: what is no text in it must not hide all the rest. */
Test(engine_docker, record_with_a_nul)
{
	static const char *const labels[] = { "\\u0000", "\\\\u0000", "a\\u0000\\u0000b",
					      "\\\\\\u0000", "\\n\\u00e9" };
	char config[2048];

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct launch l;

		snprintf(config, sizeof(config), "%.*s,\"Labels\":{\"a\":\"%s\"}}",
			 (int)strlen(CONFIG) - 1, CONFIG, labels[i]);
		docker(config, HOST, "");
		collect(&l, "runtime-runc/moby", "bundle", ID);
		cr_expect(l.facts->network_mode != NULL, "%s", labels[i]);
		cr_expect(eq(int, l.facts->privileged_known, OG_KNOWN), "%s", labels[i]);
		release(&l);
	}
	/* two names that differ by it alone */
	snprintf(config, sizeof(config), "%.*s,\"Labels\":{\"a\\u0000\":\"\",\"a\\ufffd\":\"\"}}",
		 (int)strlen(CONFIG) - 1, CONFIG);
	{
		struct launch l;

		docker(config, HOST, "");
		collect(&l, "runtime-runc/moby", "bundle", ID);
		cr_expect(l.facts->network_mode != NULL);
		release(&l);
	}
}

Test(engine_docker, health_and_restarts)
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

Test(engine_docker, ports)
{
	struct launch l;
	const struct og_port *p;

	docker(CONFIG,
	       "{\"Privileged\":true,\"PublishAllPorts\":true,\"PortBindings\":{"
	       "\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"8080\"},"
	       "{\"HostIp\":\"localhost\",\"HostPort\":\"9000-9010\"}],\"53/udp\":[],\"7\":null}}",
	       "");
	collect(&l, "moby", "bundle", ID);
	cr_expect(l.facts->privileged);
	cr_expect(eq(int, l.facts->ports_known, OG_KNOWN));
	cr_assert(eq(sz, l.facts->nports, 5));
	p = l.facts->ports;
	cr_expect_str_eq(p[0].address, "127.0.0.1");
	cr_expect(p[0].host_port == 8080 && !p[0].host_range && p[0].container_port == 80);
	cr_expect(p[1].host_port == 9000 && p[1].host_range && p[1].address[0] == '\0');
	cr_expect(p[2].host_port == 0 && p[2].container_port == 53);
	cr_expect_str_eq(p[2].proto, "udp");
	cr_expect(p[3].container_port == 7);
	cr_expect_str_eq(p[3].proto, "tcp");
	/* -P adds what the image exposes and nothing publishes yet */
	cr_expect(p[4].container_port == 90 && p[4].host_port == 0);
	cr_expect_str_eq(p[4].proto, "udp");
	release(&l);
}

Test(engine_docker, ports_that_are_not_understood)
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

Test(engine_docker, record_that_is_not_believed)
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

/* A directory on the way keeps other users of the host out, or none does. */
Test(engine_docker, volumes_others_may_enter)
{
	static const struct {
		const char *dir;
		mode_t mode;
		const char *open;
	} steps[] = { { "", 0711, "/data/volumes" },
		      { "/data", 0710, NULL },
		      { "/data", 0701, "/data/volumes" },
		      { "/data/volumes", 0700, NULL },
		      /* the container's own to change */
		      { "/data/volumes/vol/_data", 0700, NULL },
		      { "/data/volumes", 0701, "/data/volumes" } };
	og_auto_free char *mount = bind_of("data/volumes/vol/_data");
	char path[512];

	docker(CONFIG, HOST, mount);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct launch l;

		snprintf(path, sizeof(path), "%s%s", top, steps[i].dir);
		cr_assert(eq(int, chmod(path, steps[i].mode), 0));
		collect(&l, "moby", "bundle", ID);
		expect_role(&l, "data/volumes/vol/_data", OG_ROLE_VOLUME);
		snprintf(path, sizeof(path), "%s%s", top, steps[i].open ? steps[i].open : "");
		if (steps[i].open)
			cr_expect_str_eq(source(&l, "data/volumes/vol/_data")->open, path);
		else
			cr_expect_null(source(&l, "data/volumes/vol/_data")->open, "step %zu", i);
		release(&l);
	}
}

Test(engine_docker, places)
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

/* Volumes on another disk, to which root has made a link; anybody else's is none. */
Test(engine_docker, places_by_link)
{
	char path[512], to[512];
	struct launch l;
	char *hosts = bind_of("data/containers/" ID "/hosts");
	char *mount = bind_of("data/volumes/vol/_data");
	og_auto_buf struct og_buf mounts = { 0 };

	og_buf_printf(&mounts, "%s,%s", hosts, mount);
	docker(CONFIG, HOST, mounts.data);
	put("disk/", " ");
	snprintf(path, sizeof(path), "%s/data/volumes", top);
	snprintf(to, sizeof(to), "%s/disk/volumes", top);
	cr_assert(eq(int, rename(path, to), 0));
	cr_assert(eq(int, symlink(to, path), 0));
	collect(&l, "moby", "bundle", ID);
	expect_role(&l, "data/volumes/vol/_data", OG_ROLE_VOLUME);
	release(&l);
	/* whoever may write there can make it lead elsewhere */
	snprintf(path, sizeof(path), "%s/disk", top);
	cr_assert(eq(int, chmod(path, 0777), 0));
	collect(&l, "moby", "bundle", ID);
	expect_role(&l, "data/volumes/vol/_data", OG_ROLE_NONE);
	release(&l);
	/* a link to a part of them is no way that the daemon goes */
	cr_assert(eq(int, chmod(path, 0755), 0));
	snprintf(path, sizeof(path), "%s/data/volumes", top);
	cr_assert(eq(int, unlink(path), 0));
	put("data/volumes/", " ");
	snprintf(path, sizeof(path), "%s/data/volumes/vol", top);
	snprintf(to, sizeof(to), "%s/disk/volumes/vol", top);
	cr_assert(eq(int, symlink(to, path), 0));
	collect(&l, "moby", "bundle", ID);
	expect_role(&l, "data/volumes/vol/_data", OG_ROLE_NONE);
	release(&l);
	free(mount);
	free(hosts);
}

/* Of a container whose network is joined, its files and no others. */
Test(engine_docker, joined)
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
