/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's database of networks, and whether those that were judged are still in it. */
#include "networks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "file.h"
#include "ocigate/buf.h"
#include "ocigate/doc.h"

/* Before each value the daemon keeps its number, of 8 bytes. */
#define NUMBER_LEN 8

int og_networks_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !og_writable_by_others(&st))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

struct numbered {
	og_bolt_fn *each;
	void *ctx;
};

static int without_number(void *ctx, const char *value, size_t len, struct og_err *reterr)
{
	const struct numbered *numbered = ctx;

	if (len < NUMBER_LEN)
		return og_fail(reterr, OG_E_HOST, "a network without a record");
	return numbered->each(numbered->ctx, value + NUMBER_LEN, len - NUMBER_LEN, reterr);
}

int og_networks_each(int fd, og_bolt_fn *each, void *ctx, struct og_err *reterr)
{
	struct numbered numbered = { each, ctx };

	return og_bolt_each(fd, "libnetwork", "docker/network/v1.0/network/", without_number,
			    &numbered, reterr);
}

/* ---- are they the same? ---- */

struct search {
	const struct og_facts *judged;
	bool *found; /* of each network */
};

static int find_one(void *ctx, const char *value, size_t len, struct og_err *reterr)
{
	struct search *search = ctx;
	int r = 0;

	for (size_t i = 0; r == 0 && i < search->judged->nnetworks; i++) {
		const char *id = search->judged->networks[i].id, *here;
		struct og_doc *doc = NULL;

		/* a label may hold the id of another network */
		if (!id || !memmem(value, len, id, strlen(id)))
			continue;
		r = og_engine_parse("network", value, len, &doc, reterr);
		here = og_str(og_member(og_doc_root(doc), "id"));
		search->found[i] = search->found[i] || (here && strcmp(here, id) == 0);
		og_doc_free(doc);
	}
	return r;
}

static int find_all(int fd, struct search *search, struct og_err *reterr)
{
	int r = 1;

	for (unsigned i = 0; r > 0 && i < OG_NETWORKS_READINGS; i++) {
		memset(search->found, 0, search->judged->nnetworks * sizeof(*search->found));
		r = og_networks_each(fd, find_one, search, reterr);
	}
	return r;
}

static int same(int fd, struct search *search, struct og_err *reterr)
{
	const struct og_facts *judged = search->judged;
	struct og_err why = { 0 };

	if (fd < 0 || find_all(fd, search, &why) != 0)
		return og_fail(
			reterr, OG_E_HOST,
			"rejected: network-host: the engine's database of networks cannot be "
			"read now: %s",
			judged->networks_file);
	for (size_t i = 0; i < judged->nnetworks; i++)
		if (judged->networks[i].id && !search->found[i])
			return og_fail(
				reterr, OG_E_HOST,
				"rejected: network-host: the network %s is no longer the one "
				"that was judged: start the container again",
				OG_Q(judged->networks[i].name));
	return 0;
}

int og_networks_same(const struct og_facts *judged, struct og_err *reterr)
{
	struct search search = { .judged = judged };
	og_auto_close int fd = -1;
	int r;

	if (!judged->networks_file)
		return 0;
	search.found = calloc(judged->nnetworks + 1, sizeof(*search.found));
	if (!search.found)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	fd = og_networks_open(judged->networks_file);
	r = same(fd, &search, reterr);
	free(search.found);
	return r;
}
