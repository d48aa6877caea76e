/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigate-ports up|down|check --root ROOT ID; ocigate-ports sync|list. ocigate runs the
 * first two around a container whose ports are guarded, "check" before one whose network
 * may go past the host's filters, ocigatectl the others. One line on standard error says
 * what failed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "rules.h"
#include "shim/file.h"
#include "shim/state.h"

/* ---- what is a container's own ---- */

/* A line of a book, and whether it stands in another one too. */
struct line {
	char *text;
	size_t len;
	bool kept;
};

/* What stands in other books too stays: addresses are used again. */
struct keeping {
	const char *root, *id;
	struct line *lines; /* that are taken out; sorted */
	size_t n;
	bool others;
};

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->len == y->len ? memcmp(x->text, y->text, x->len)
				: (x->len > y->len) - (x->len < y->len);
}

static struct line *split(char *elements, size_t *retn)
{
	size_t n = 1;
	struct line *lines;

	for (const char *c = elements; *c; c++)
		n += *c == '\n';
	lines = calloc(n, sizeof(*lines));
	*retn = 0;
	for (size_t len; lines && *elements; elements += len + (elements[len] == '\n')) {
		len = strcspn(elements, "\n");
		lines[(*retn)++] = (struct line){ .text = elements, .len = len };
	}
	if (lines)
		qsort(lines, *retn, sizeof(*lines), compare_lines);
	return lines;
}

/* The container's lines that are |one|: the same element may stand there twice. */
static void keep(struct keeping *keeping, const struct line *one)
{
	struct line *end = keeping->lines + keeping->n;
	struct line *found = bsearch(one, keeping->lines, keeping->n, sizeof(*found),
				     compare_lines);

	if (!found || found->kept)
		return;
	while (found > keeping->lines && compare_lines(found - 1, one) == 0)
		found--;
	for (; found < end && compare_lines(found, one) == 0; found++)
		found->kept = true;
}

static int keep_others(void *ctx, const char *root, const char *id, const char *elements,
		       struct og_err *reterr)
{
	struct keeping *keeping = ctx;

	(void)reterr;
	if (strcmp(root, keeping->root) == 0 && strcmp(id, keeping->id) == 0)
		return 0;
	keeping->others = true;
	for (size_t len; *elements; elements += len + (elements[len] == '\n')) {
		struct line one = { .text = (char *)(uintptr_t)elements };

		len = one.len = strcspn(elements, "\n");
		keep(keeping, &one);
	}
	return 0;
}

/* The elements of its book that stand in no other; *ret NULL: it has none. */
static int read_own(int dir, const char *root, const char *id, char **ret, bool *others,
		    struct og_err *reterr)
{
	struct keeping keeping = { .root = root, .id = id };
	int r;

	*others = false;
	if (og_book_read(dir, root, id, ret, reterr) < 0)
		return -1;
	if (!*ret)
		return 0;
	keeping.lines = split(*ret, &keeping.n);
	if (!keeping.lines)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	r = og_book_each(dir, keep_others, &keeping, reterr);
	for (size_t i = 0; i < keeping.n; i++)
		if (keeping.lines[i].kept)
			memset(keeping.lines[i].text, '\n', keeping.lines[i].len);
	free(keeping.lines);
	*others = keeping.others;
	return r;
}

/* ---- up ---- */

static int read_network(pid_t pid, struct og_network *ret, struct og_err *reterr)
{
	if (og_network_read(pid, ret, reterr) < 0)
		return -1;
	return ret->hosts ? og_fail(reterr, OG_E_HOST,
				    "the container is in the host's network namespace: its ports "
				    "cannot be guarded")
			  : 0;
}

static int apply(const struct og_plan *plan, const char *old, int netns, struct og_err *reterr)
{
	og_auto_buf struct og_buf script = { 0 };

	og_table_put(&script);
	og_table_delete(&script, old ? old : "");
	og_table_add(&script, plan->elements.data ? plan->elements.data : "");
	if (og_nft_run(&script, -1, reterr) < 0)
		return -1;
	if (plan->inside.len == 0)
		return 0;
	return og_rules_put(netns, reterr) < 0 ? -1 : og_nft_run(&plan->inside, netns, reterr);
}

/* The container's process exists (it waits for "start", or runs). */
static int put_up(int dir, const struct og_record *record, pid_t pid, bool starting,
		  struct og_err *reterr)
{
	struct og_network network;
	struct og_plan plan = { 0 };
	og_auto_free char *old = NULL;
	bool others;
	int r = read_network(pid, &network, reterr);

	if (r == 0)
		r = og_plan_make(record, &network, starting, &plan, reterr);
	/* what was put in for an address that it has no more */
	if (r == 0)
		r = read_own(dir, record->root, record->id, &old, &others, reterr);
	if (r == 0)
		r = og_book_write(dir, record, &plan.elements, reterr);
	if (r == 0)
		r = apply(&plan, old, network.fd, reterr);
	og_plan_release(&plan);
	og_network_free(&network);
	return r;
}

/* Nothing is put in: its interfaces are looked at. Whether it may have the host's was judged. */
static int look(pid_t pid, struct og_err *reterr)
{
	struct og_network network;
	int r = og_network_read(pid, &network, reterr);

	og_network_free(&network);
	return r;
}

/* |dir| -1: only look. */
static int up(int dir, const char *root, const char *id, struct og_err *reterr)
{
	struct og_record *record;
	struct og_state state;
	int r;

	if (og_record_read(root, id, &record, reterr) < 0)
		return -1;
	if (!record)
		return og_fail(reterr, OG_E_HOST, "there is no launch record");
	og_state_read(record->root, id, &state);
	if (!state.pid)
		r = og_fail(reterr, OG_E_HOST, "the container has no process");
	else
		r = dir < 0 ? look(state.pid, reterr)
			    : put_up(dir, record, state.pid, true, reterr);
	og_record_free(record);
	return r;
}

/* ---- down ---- */

static int down(int dir, const char *root, const char *id, struct og_err *reterr)
{
	og_auto_buf struct og_buf script = { 0 };
	og_auto_free char *elements = NULL;
	bool others;

	og_book_sweep(dir);
	if (read_own(dir, root, id, &elements, &others, reterr) < 0)
		return -1;
	if (!elements)
		return 0;
	/* the last one leaves nothing behind */
	if (others) {
		og_table_put(&script);
		og_table_delete(&script, elements);
	} else {
		og_table_remove(&script);
	}
	if (og_nft_run(&script, -1, reterr) < 0)
		return -1;
	og_book_remove(dir, root, id);
	return 0;
}

/* ---- all of them ---- */

/* A container whose ports are guarded, from its book; its process if it has one, -1: unknown. */
static pid_t find_process(const char *root, const char *id, struct og_record **ret)
{
	struct og_err ignored = { 0 };
	struct og_state state;

	*ret = NULL;
	if (og_record_read(root, id, ret, &ignored) < 0)
		return -1;
	if (!*ret)
		return 0;
	og_state_read(root, id, &state);
	return state.unknown ? -1 : state.pid;
}

struct syncing {
	int dir, failed;
};

static int sync_one(void *ctx, const char *root, const char *id, const char *elements,
		    struct og_err *reterr)
{
	struct syncing *syncing = ctx;
	struct og_record *record;
	pid_t pid = find_process(root, id, &record);
	struct og_err err = { 0 };
	int r;

	(void)elements;
	(void)reterr;
	if (pid < 0)
		r = og_fail(&err, OG_E_HOST, "its record or its state cannot be read");
	else
		r = pid ? put_up(syncing->dir, record, pid, false, &err)
			: down(syncing->dir, root, id, &err);
	og_record_free(record);
	if (r < 0) {
		fprintf(stderr, "ocigate-ports: %s: %s%s\n", id, OG_PLACE(&err, ""), err.msg);
		syncing->failed++;
	}
	return 0;
}

/* Each of |elements|, and whether the table has it. */
static void list_elements(const struct og_buf *table, const char *elements)
{
	char line[256];

	for (size_t len; *elements; elements += len + (elements[len] == '\n')) {
		const char *there;

		len = strcspn(elements, "\n");
		if (len == 0 || len + 2 > sizeof(line))
			continue;
		snprintf(line, sizeof(line), "%.*s\n", (int)len, elements);
		if (!og_table_takes(line))
			continue; /* never put in */
		there = table->data ? strstr(table->data, line) : NULL;
		while (there && there != table->data && there[-1] != '\n')
			there = strstr(there + 1, line);
		printf("  %-8s %.*s\n", there ? "closed" : "MISSING", (int)len, elements);
	}
}

static int list_one(void *ctx, const char *root, const char *id, const char *elements,
		    struct og_err *reterr)
{
	struct og_network network;
	struct og_record *record;
	pid_t pid = find_process(root, id, &record);
	struct og_err err = { 0 };
	char name[OG_RECORD_NAME];

	(void)reterr;
	og_record_free(record);
	printf("%s%s\n", id, pid ? "" : " (gone: \"ocigatectl ports sync\" takes this out)");
	list_elements(ctx, elements);
	if (!pid)
		return 0;
	if (pid < 0) {
		og_record_name(root, id, name);
		printf("  %-8s its record %s, or its state below %s, cannot be read\n", "UNKNOWN",
		       OG_Q(name), OG_Q(root));
		return 0;
	}
	/* a network that was connected later, of a kind that would have been refused */
	if (read_network(pid, &network, &err) < 0)
		printf("  %-8s %s\n", "OPEN", err.msg);
	og_network_free(&network);
	return 0;
}

static int list(int dir, struct og_err *reterr)
{
	og_auto_buf struct og_buf table = { 0 };
	bool there;

	if (og_nft_list(&table, &there, reterr) < 0)
		return -1;
	if (!there)
		printf("there is no table inet ocigate\n");
	return og_book_each(dir, list_one, &table, reterr);
}

static int run_command(int argc, char *argv[], struct og_err *reterr)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool one = argc == 5 && strcmp(argv[2], "--root") == 0;
	og_auto_close int dir = -1;
	struct syncing syncing = { 0 };

	if (one && strcmp(what, "check") == 0)
		return up(-1, argv[3], argv[4], reterr);
	if (!(one && (strcmp(what, "up") == 0 || strcmp(what, "down") == 0)) &&
	    !(argc == 2 && (strcmp(what, "sync") == 0 || strcmp(what, "list") == 0)))
		return og_fail(
			reterr, OG_E_USAGE,
			"usage: ocigate-ports up|down|check --root ROOT ID, or sync, or list");
	dir = og_book_open(reterr);
	if (dir < 0)
		return -1;
	if (strcmp(what, "up") == 0)
		return up(dir, argv[3], argv[4], reterr);
	if (strcmp(what, "down") == 0)
		return down(dir, argv[3], argv[4], reterr);
	if (strcmp(what, "list") == 0)
		return list(dir, reterr);
	syncing.dir = dir;
	if (og_book_each(dir, sync_one, &syncing, reterr) < 0)
		return -1;
	return syncing.failed
		       ? og_fail(reterr, OG_E_HOST, "%d containers have gaps", syncing.failed)
		       : 0;
}

int main(int argc, char *argv[])
{
	struct og_err err = { 0 };

	int r = run_command(argc, argv, &err);

	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = og_fail(&err, OG_E_HOST, "standard output cannot be written");
	if (r == 0)
		return 0;
	fprintf(stderr, "ocigate-ports: %s%s\n", OG_PLACE(&err, ""), err.msg);
	return 1;
}
