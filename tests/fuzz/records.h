/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of an engine's own that hold any bytes, in a directory that lives as long as
 * the target; and a second reading of them by jansson.
 */
#ifndef OG_FUZZ_RECORDS_H
#define OG_FUZZ_RECORDS_H

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "ocigate/buf.h"
#include "shim/engine.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static char records_top[] = "/tmp/ocigate-fuzz-XXXXXX";

static inline int records_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static inline void records_end(void)
{
	nftw(records_top, records_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* |name| below the directory, and the directories above it. */
static inline const char *record_path(const char *name)
{
	static char path[PATH_MAX];
	static bool made;

	if (!made) {
		umask(022);
		MUST(mkdtemp(records_top) && atexit(records_end) == 0);
		made = true;
	}
	snprintf(path, sizeof(path), "%s/%s", records_top, name);
	for (char *p = path + strlen(records_top) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(path, 0755);
	}
	return path;
}

static inline void put_record(const char *name, struct part part)
{
	int fd = open(record_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	MUST(fd >= 0 && write(fd, part.text, part.len) == (ssize_t)part.len);
	close(fd);
}

/* One launch of the container ID, as facts.c prepares it for an engine. */
struct record_launch {
	struct og_gather gather;
	struct og_facts facts;
	char bundle[PATH_MAX], rootfs[PATH_MAX];
};

static inline struct og_gather *record_begin(struct record_launch *l, const char *bundle,
					     const char *rootfs)
{
	memset(l, 0, sizeof(*l));
	l->gather.facts = &l->facts;
	l->gather.bundlefd = -1;
	l->facts.command = "create";
	l->facts.today = "2026-01-01";
	l->facts.id = ID;
	snprintf(l->bundle, sizeof(l->bundle), "%s", record_path(bundle));
	l->facts.bundle = l->bundle;
	snprintf(l->rootfs, sizeof(l->rootfs), "%s", record_path(rootfs));
	l->gather.rootfs = l->rootfs;
	return &l->gather;
}

/* What was gathered is kept and replayed as JSON: nothing of it may be lost there. */
static inline void must_replay(const struct og_facts *facts)
{
	char *once = NULL, *twice = NULL;
	struct og_facts *again = NULL;
	struct og_doc *doc = NULL;
	struct og_err err = { 0 };

	MUST_FOR(og_facts_encode(facts, &once, &err) == 0, &err);
	MUST_FOR(og_doc_parse("facts", once, strlen(once), 0, &doc, &err) == 0, &err);
	MUST_FOR(og_facts_parse(doc, &again, &err) == 0, &err);
	MUST_FOR(og_facts_encode(again, &twice, &err) == 0, &err);
	MUST(strcmp(once, twice) == 0);
	og_facts_free(again);
	og_doc_free(doc);
	free(once);
	free(twice);
}

static inline void record_end(struct record_launch *l)
{
	const struct og_gather *g = &l->gather;

	MUST(g->nkeeps <= OG_KEEPS_MAX && g->nstores <= OG_STORES_MAX);
	for (size_t i = 0; i < g->nkeeps; i++)
		MUST(g->keeps[i].path[0] == '/');
	for (size_t i = 0; i < l->facts.nports; i++) {
		const struct og_port *port = &l->facts.ports[i];

		MUST(l->facts.ports_known != OG_KNOWN || port->address);
		MUST(port->host_port <= 65535 && port->container_port <= 65535);
	}
	/* ports that are not understood are not a fact */
	if (l->facts.ports_known != OG_UNKNOWN)
		must_replay(&l->facts);
	if (g->home.path)
		close(g->home.dir.fd);
	og_mounts_free(l->gather.mounts);
	og_arena_release(&l->gather.arena);
}

/* jansson's reading; NULL where it cannot read, or ocigate does not (a NUL behind the value). */
static inline json_t *second_reading(struct part part)
{
	struct og_doc *doc = NULL;
	struct og_err err = { 0 };
	json_t *json = NULL;

	if (og_doc_parse("record", part.text, part.len, 0, &doc, &err) == 0)
		json = json_loadb(part.text, part.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
				  NULL);
	og_doc_free(doc);
	return json;
}

/* The string |key| of |object|; NULL: none. */
static inline const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static inline bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#endif
