/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether Docker's daemon maps users by default: then it keeps everything in a
 * directory UID.GID of its data root, which is all that a launch shows of it.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/engine.h"
#include "shim/facts.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char top[] = "/tmp/ocigate-test-XXXXXX";

/* DIR/PATH below |top|, with the directories on the way; |text| NULL: a directory. */
static void put(const char *dir, const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s/%s%s", top, dir, path, text ? "" : "/");
	for (char *p = full + strlen(top) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	if (!text)
		return;
	f = fopen(full, "w");
	cr_assert(f != NULL, "%s", full);
	fputs(text, f);
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

TestSuite(remapped, .init = setup, .fini = teardown);

/* "create" of the bundle DIR/PATH: the fact, and the engine it is about. */
static bool remapped(const char *root, const char *dir, const char *path, const char *id,
		     enum og_engine engine)
{
	char bundle[512], id_word[80];
	char *argv[] = { (char *)"ocigate", (char *)root, (char *)"create", bundle, id_word, NULL };
	struct og_bundle opened = { .fd = -1 };
	struct og_hostfacts *host = NULL;
	struct og_cmdline cmd = { 0 };
	struct og_doc *doc = NULL;
	struct og_err err = { 0 };
	bool ret;

	snprintf(bundle, sizeof(bundle), "--bundle=%s/%s/%s", top, dir, path);
	snprintf(id_word, sizeof(id_word), "%s", id);
	cr_assert(og_cmdline_parse(5, argv, &cmd, &err) == 0, "%s", err.msg);
	cr_assert(og_bundle_open(&opened, cmd.bundle, &err) == 0, "%s", err.msg);
	cr_assert(og_bundle_read(&opened, &err) == 0, "%s", err.msg);
	cr_assert(og_doc_parse("config.json", opened.text, opened.len, 0, &doc, &err) == 0, "%s",
		  err.msg);
	cr_assert(og_facts_collect(&cmd, &opened, doc, NULL, &host, &err) == 0, "%s", err.msg);
	cr_expect(eq(int, og_hostfacts(host)->engine, engine));
	ret = og_hostfacts(host)->remapped;
	og_hostfacts_free(host);
	og_doc_free(doc);
	og_bundle_release(&opened);
	og_cmdline_release(&cmd);
	return ret;
}

static const struct {
	const char *dir;
	bool remapped;
} cases[] = {
	{ "docker", false },	       { "docker/100000.100000", true },
	{ "docker/100000", false },    { "docker/100000.", false },
	{ "docker/.100000", false },   { "docker/1.2.3", false },
	{ "docker/100000.1a", false }, { "docker/a.1", false },
	{ "1000.1000/docker", false },
};

Test(remapped, containers_of_docker)
{
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(cases[i].dir, "overlay2/l/merged", NULL);
		put(cases[i].dir, "containers/" ID "/hosts", "x");
		snprintf(text, sizeof(text), "{\"root\":{\"path\":\"%s/%s/overlay2/l/merged\"}}",
			 top, cases[i].dir);
		put("bundle", "config.json", text);
		cr_expect(remapped("--root=/r/moby", "bundle", ".", ID, OG_ENGINE_DOCKER) ==
				  cases[i].remapped,
			  "%s", cases[i].dir);
	}
}

Test(remapped, builds_of_docker)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(cases[i].dir, "buildkit/executor/step/config.json", "{}");
		cr_expect(remapped("--root=/r", cases[i].dir, "buildkit/executor/step", "step",
				   OG_ENGINE_DOCKER_BUILD) == cases[i].remapped,
			  "%s", cases[i].dir);
	}
}

/* Nothing is known of a container that has no record. */
Test(remapped, without_a_record)
{
	put("docker/100000.100000", "overlay2/l/merged", NULL);
	put("bundle", "config.json", "{\"root\":{\"path\":\"/usr\"}}");
	cr_expect_not(remapped("--root=/r/moby", "bundle", ".", ID, OG_ENGINE_DOCKER));
}
