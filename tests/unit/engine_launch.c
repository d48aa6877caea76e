/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of engines share; see engine_launch.h. */
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

char engine_top[] = "/tmp/ocigate-test-XXXXXX";

/* A file below |top| with all directories above it. */
void put(const char *path, const char *format, ...)
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

void engine_setup(void)
{
	umask(022);
	cr_assert(mkdtemp(top) != NULL);
}

void engine_teardown(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", top, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

/* ---- one launch ---- */

/* "create" of the bundle |bundle| below |top|, with --root=|root| below it unless NULL. */
void collect(struct launch *l, const char *root, const char *bundle, const char *id)
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

void release(struct launch *l)
{
	og_hostfacts_free(l->host);
	og_doc_free(l->doc);
	og_bundle_release(&l->bundle);
	og_cmdline_release(&l->cmd);
}

const struct og_source *source(const struct launch *l, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	return og_fact_source(l->facts, path[0] == '/' ? path : full);
}

void expect_role(const struct launch *l, const char *path, enum og_role role)
{
	const struct og_source *fact = source(l, path);

	cr_assert(fact != NULL, "%s", path);
	cr_expect(fact->problem == NULL, "%s: %s", path, fact->problem);
	cr_expect(fact->role == role, "%s: role %d", path, fact->role);
}

char *bind_of(const char *path)
{
	char *text;

	cr_assert(asprintf(&text, "{\"source\":\"%s%s%s\",\"options\":[\"rbind\"]}",
			   path[0] == '/' ? "" : top, path[0] == '/' ? "" : "/", path) > 0);
	return text;
}

/* A data root with one container, which has the mounts |mounts| and the record |host|. */
void docker(const char *config, const char *host, const char *mounts)
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
