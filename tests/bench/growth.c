/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth [OCIGATECTL DIRECTORY]: time and memory must grow in proportion to the
 * input. Large policies and documents are compiled and judged, each also halved
 * and doubled: twice the input may take 2.2 times as much of either, no more. What
 * counts are instructions, by callgrind, which a busy machine does not change.
 * The second part does the same with a whole process, `ocigatectl dry-run`, and its
 * CPU time, on bundles whose mounts lead to real directories below DIRECTORY, so
 * that finding the facts is measured too. Exit status 1 if anything grows faster.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"

#define LIMIT_PERCENT 220

static int runs = 7;

/* ---- memory, counted ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *pointer);

static size_t in_use, peak;

static void *counted(void *pointer)
{
	in_use += malloc_usable_size(pointer);
	if (in_use > peak)
		peak = in_use;
	return pointer;
}

void *malloc(size_t size)
{
	return counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return counted(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
	size_t before = malloc_usable_size(old);
	void *pointer = __libc_realloc(old, size);

	if (pointer || size == 0)
		in_use -= before;
	return counted(pointer);
}

void free(void *pointer)
{
	in_use -= malloc_usable_size(pointer);
	__libc_free(pointer);
}

/* ---- what is judged ---- */

struct load {
	unsigned mounts, sources, variables, exceptions;
};

/* What a case changes; the rest stays as |fixed| says. */
static const struct {
	const char *name;
	struct load fixed, step; /* step: halved, as it is, doubled */
} cases[] = {
	{ "mounts", { 0, 10000, 1, 0 }, { 1000, 0, 0, 0 } },
	{ "allowed sources", { 1000, 0, 1, 0 }, { 0, 10000, 0, 0 } },
	{ "mounts and sources", { 0, 0, 1, 0 }, { 1000, 10000, 0, 0 } },
	{ "variables", { 1, 1, 0, 0 }, { 0, 0, 10000, 0 } },
	{ "exceptions", { 1, 10000, 1, 0 }, { 0, 0, 0, 100 } },
	{ "everything", { 0, 0, 0, 0 }, { 1000, 10000, 10000, 100 } },
};
#define NCASES (sizeof(cases) / sizeof(cases[0]))

static struct load load_of(size_t i, unsigned halves)
{
	const struct load *fixed = &cases[i].fixed, *step = &cases[i].step;

	return (struct load){ fixed->mounts + step->mounts * halves / 2,
			      fixed->sources + step->sources * halves / 2,
			      fixed->variables + step->variables * halves / 2,
			      fixed->exceptions + step->exceptions * halves / 2 };
}

#define IMAGE "sha256:9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c"

/* Names that are not in the order in which they are sorted. */
static unsigned shuffled(unsigned i)
{
	return i * 7919u % 1000003u;
}

static void put_policy(const struct load *load, const char *dir, struct og_buf *out)
{
	og_buf_puts(out, "{\"version\":1,\"extends\":\"lab\",\"rules\":{\"environment\":{"
			 "\"action\":\"rewrite\",\"deny\":[\"LD_*\",\"GCONV_PATH\"]},"
			 "\"mounts\":{\"action\":\"rewrite\",\"allow\":[");
	for (unsigned i = 0; i < load->sources; i++)
		og_buf_printf(out, "%s{\"source\":\"%s/d%u\",\"access\":\"ro\"}", i ? "," : "", dir,
			      shuffled(i));
	og_buf_puts(out, "]}},\"exceptions\":[");
	for (unsigned i = 0; i < load->exceptions; i++)
		og_buf_printf(out,
			      "%s{\"name\":\"e%u\",\"reason\":\"r\",\"expires\":\"2099-12-31\","
			      "\"match\":{\"engine\":[\"none\",\"docker\"]},\"rules\":{\"mounts\":{"
			      "\"allow+\":[{\"source\":\"%s/e%u\"}]}}}",
			      i ? "," : "", i, dir, i);
	og_buf_puts(out, "]}");
}

static void put_document(const struct load *load, const char *dir, struct og_buf *out)
{
	og_buf_puts(out, "{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},"
			 "\"args\":[\"true\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin\"");
	for (unsigned i = 0; i < load->variables; i++)
		og_buf_printf(out, ",\"%s%u=value\"", i % 10 ? "V" : "LD_", shuffled(i));
	og_buf_puts(out,
		    "]},\"root\":{\"path\":\"rootfs\"},\"mounts\":[{\"destination\":\"/proc\","
		    "\"type\":\"proc\",\"source\":\"proc\"},{\"destination\":\"/dev\",\"type\":"
		    "\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\"]}");
	for (unsigned i = 0; i < load->mounts; i++)
		og_buf_printf(out,
			      ",{\"destination\":\"/m/%u\",\"type\":\"bind\",\"source\":\"%s/d%u\","
			      "\"options\":[\"rbind\",\"rw\"]}",
			      i, dir, shuffled(i % (load->sources ? load->sources : 1)));
	og_buf_puts(out, "],\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},"
			 "{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"network\"},{\"type\":"
			 "\"cgroup\"}],\"resources\":{\"devices\":[{\"allow\":false,\"access\":"
			 "\"rwm\"}]}}}");
}

static void fill_facts(const struct load *load, const char *dir, struct og_facts *facts)
{
	*facts = (struct og_facts){ .command = "create",
				    .id = "c1",
				    .today = "2030-01-01",
				    .arch = "SCMP_ARCH_X86_64",
				    .kernel = 6001,
				    .cgroup_v2 = true,
				    .image_known = OG_KNOWN,
				    .image_id = IMAGE,
				    .ports_known = OG_NONE,
				    .rootfs_in_storage = true };
	facts->nsources = load->mounts < load->sources ? load->mounts : load->sources;
	facts->sources = calloc(facts->nsources, sizeof(*facts->sources));
	for (unsigned i = 0; i < facts->nsources; i++) {
		char *path;

		if (asprintf(&path, "%s/d%u", dir, shuffled(i)) < 0)
			exit(2);
		facts->sources[i] = (struct og_source){ .source = path,
							.resolved = path,
							.origin = path,
							.fstype = "ext4",
							.type = OG_FT_DIR,
							.nosuid = true,
							.nodev = true };
	}
	og_facts_sort(facts);
}

/* ---- one launch, judged in this process ---- */

struct cost {
	uint64_t ns;	/* of CPU time: the least of several runs */
	uint64_t peak;	/* bytes */
	uint64_t steps; /* instructions; 0: not counted */
};

static void check(int r, const char *what, const struct og_err *err)
{
	if (r == 0)
		return;
	fprintf(stderr, "growth: %s: %s:%u: %s\n", what, err->where, err->line, err->msg);
	exit(2);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/*
 * All that a launch does between reading its bytes and writing them. Of external
 * linkage, or a compiler would give it a name that callgrind is not told.
 */
void growth_judge(const struct og_buf *policy_text, const struct og_buf *document,
		  const struct og_facts *facts, struct cost *cost);
void growth_judge(const struct og_buf *policy_text, const struct og_buf *document,
		  const struct og_facts *facts, struct cost *cost)
{
	struct og_policy_source source = { "p", policy_text->data, policy_text->len };
	size_t before = in_use, len;
	struct og_err err = { 0 };
	struct og_policy *policy;
	struct og_verdict *verdict;
	struct og_doc *doc;
	uint64_t start;
	char *text;

	peak = in_use;
	start = cpu_ns();
	check(og_policy_compile(&source, 1, NULL, NULL, &policy, &err), "policy", &err);
	check(og_doc_parse("d", document->data, document->len, 0, &doc, &err), "document", &err);
	check(og_evaluate(policy, facts, OG_CMD_CREATE, doc, &verdict, &err), "verdict", &err);
	check(og_doc_write(doc, &text, &len, &err), "write", &err);
	check(og_recheck(policy, facts, OG_CMD_CREATE, text, len, &err), "recheck", &err);
	og_verdict_free(verdict);
	og_doc_free(doc);
	og_policy_free(policy);
	free(text);
	start = cpu_ns() - start;
	cost->ns = cost->ns && cost->ns < start ? cost->ns : start;
	cost->peak = peak - before;
}

static void judge_often(const struct load *load, struct cost *cost)
{
	struct og_buf policy = { 0 }, document = { 0 };
	struct og_facts facts;

	put_policy(load, "/srv", &policy);
	put_document(load, "/srv", &document);
	fill_facts(load, "/srv", &facts);
	for (int i = 0; i < runs; i++)
		growth_judge(&policy, &document, &facts, cost);
}

/*
 * The same once more under callgrind, which counts what runs inside growth_judge(): this
 * program again, with the place in the table of cases.
 */
static uint64_t count_steps(size_t i, unsigned halves)
{
	char self[512] = "", number[24], size[24], line[512];
	unsigned long long steps = 0;
	int ends[2], status = -1;
	FILE *said;
	pid_t child;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return 0;
	snprintf(number, sizeof(number), "%zu", i);
	snprintf(size, sizeof(size), "%u", halves);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		execlp("valgrind", "valgrind", "--tool=callgrind", "--toggle-collect=growth_judge",
		       "--callgrind-out-file=/dev/null", self, "--once", number, size,
		       (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	said = fdopen(ends[0], "re");
	while (said && fgets(line, sizeof(line), said)) {
		const char *at = strstr(line, "Collected : ");

		if (at)
			steps = strtoull(at + strlen("Collected : "), NULL, 10);
	}
	if (said)
		fclose(said);
	return waitpid(child, &status, 0) == child && status == 0 ? steps : 0;
}

/* ---- one process ---- */

static const char *ctl, *dir;
static unsigned slot; /* which of the three sizes */

static void put_file(const char *name, const struct og_buf *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%u.json", dir, name, slot);
	file = fopen(path, "we");
	if (!file || fwrite(text->data, 1, text->len, file) != text->len || fclose(file) != 0) {
		perror(path);
		exit(2);
	}
}

static void make_bundle(const struct load *load, struct cost *cost)
{
	struct og_buf policy = { 0 }, document = { 0 };
	char path[512];

	(void)cost;
	put_policy(load, dir, &policy);
	put_document(load, dir, &document);
	put_file("policy", &policy);
	put_file("config", &document);
	for (unsigned i = 0; i < load->mounts && i < load->sources; i++) {
		snprintf(path, sizeof(path), "%s/d%u", dir, shuffled(i));
		mkdir(path, 0755);
	}
	snprintf(path, sizeof(path), "%s/rootfs", dir);
	mkdir(path, 0755);
}

static void run_ctl(void)
{
	char policy[512], config[512];
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

	snprintf(policy, sizeof(policy), "%s/policy-%u.json", dir, slot);
	snprintf(config, sizeof(config), "%s/config-%u.json", dir, slot);
	dup2(out, STDOUT_FILENO);
	execl(ctl, ctl, "dry-run", "--policy", policy, "--format", "json", config, (char *)NULL);
	_exit(127);
}

/* A child's peak starts with that of its parent: nothing large is made in this process. */
static void spawn(struct cost *cost)
{
	struct rusage used;
	uint64_t ns;
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		run_ctl();
	if (child < 0 || wait4(child, &status, 0, &used) != child || !WIFEXITED(status) ||
	    (WEXITSTATUS(status) != 3 && WEXITSTATUS(status) != 4)) {
		fprintf(stderr, "growth: ocigatectl: status %#x\n", (unsigned)status);
		exit(2);
	}
	ns = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000u +
	     (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000u;
	cost->ns = cost->ns && cost->ns < ns ? cost->ns : ns;
	if (!cost->peak || (uint64_t)used.ru_maxrss * 1024 < cost->peak)
		cost->peak = (uint64_t)used.ru_maxrss * 1024;
}

/* ---- the table ---- */

static unsigned passed, failed;

/* |what| in a process of its own: each begins with the same heap. */
static struct cost in_child(void (*what)(const struct load *, struct cost *),
			    const struct load *load)
{
	struct cost cost = { 0 };
	int ends[2], status = -1;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		exit(2);
	child = fork();
	if (child == 0) {
		what(load, &cost);
		_exit(write(ends[1], &cost, sizeof(cost)) == sizeof(cost) ? 0 : 2);
	}
	close(ends[1]);
	if (child < 0 || read(ends[0], &cost, sizeof(cost)) != sizeof(cost) ||
	    waitpid(child, &status, 0) != child || status != 0)
		exit(2);
	close(ends[0]);
	return cost;
}

static unsigned percent(uint64_t now, uint64_t before)
{
	return (unsigned)(now * 100 / (before ? before : 1));
}

/* Of the later one in per cent of the earlier one; by instructions if they were counted. */
static unsigned more_time(const struct cost *now, const struct cost *before)
{
	return now->steps && before->steps ? percent(now->steps, before->steps)
					   : percent(now->ns, before->ns);
}

static void put_row(const char *name, const struct load *load, const struct cost *cost,
		    const struct cost *half)
{
	unsigned time = half ? more_time(cost, half) : 0;
	unsigned memory = half ? percent(cost->peak, half->peak) : 0;
	bool bad = time > LIMIT_PERCENT || memory > LIMIT_PERCENT;

	printf("%-19s %6u %7u %9u %10u  %8.2f ms", name, load->mounts, load->sources,
	       load->variables, load->exceptions, (double)cost->ns / 1e6);
	if (cost->steps)
		printf(" %8.1f M", (double)cost->steps / 1e6);
	else
		printf(" %10s", "");
	if (half)
		printf(" %3u.%02u", time / 100, time % 100);
	else
		printf(" %6s", "");
	printf("  %8.2f MB", (double)cost->peak / (1 << 20));
	if (half)
		printf(" %3u.%02u%s", memory / 100, memory % 100, bad ? "  TOO MUCH" : "");
	printf("\n");
	fflush(stdout);
	passed += half && !bad;
	failed += bad;
}

/* All three sizes in turn, until no chance of a busy machine is left in their ratios. */
static void whole_processes(size_t i, struct cost costs[3])
{
	for (slot = 0; slot < 3; slot++) {
		struct load load = load_of(i, 1u << slot);

		in_child(make_bundle, &load);
	}
	for (int run = 0; run < 10 * runs; run++) {
		for (slot = 0; slot < 3; slot++)
			spawn(&costs[slot]);
		if (run + 1 >= runs && more_time(&costs[1], &costs[0]) <= LIMIT_PERCENT &&
		    more_time(&costs[2], &costs[1]) <= LIMIT_PERCENT)
			break;
	}
}

static void measure(size_t i, bool whole)
{
	static const char *const names[] = { NULL, "  x 2", "  x 4" };
	struct cost costs[3] = { 0 };

	if (whole)
		whole_processes(i, costs);
	for (unsigned k = 0; k < 3; k++) {
		struct load load = load_of(i, 1u << k);

		if (!whole) {
			costs[k] = in_child(judge_often, &load);
			costs[k].steps = count_steps(i, 1u << k);
		}
		put_row(k ? names[k] : cases[i].name, &load, &costs[k], k ? &costs[k - 1] : NULL);
	}
}

static void part(const char *title, bool whole)
{
	printf("%-19s %6s %7s %9s %10s  %11s %10s %6s  %11s %6s\n", title, "mounts", "sources",
	       "variables", "exceptions", "CPU time", "instr.", "ratio", "peak memory", "ratio");
	fflush(stdout);
	for (size_t i = 0; i < NCASES; i++)
		measure(i, whole);
}

/* --once CASE HALVES: for callgrind. */
static int once(char *argv[])
{
	struct load load = load_of(strtoul(argv[2], NULL, 10) % NCASES,
				   (unsigned)strtoul(argv[3], NULL, 10));
	struct cost cost = { 0 };

	runs = 1;
	judge_often(&load, &cost);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 4 && strcmp(argv[1], "--once") == 0)
		return once(argv);
	part("in one process", false);
	if (argc == 3) {
		ctl = argv[1];
		dir = argv[2];
		part("ocigatectl dry-run", true);
	}
	printf("%u passed, %u failed (no more than %d.%02d times as much for twice the input)\n",
	       passed, failed, LIMIT_PERCENT / 100, LIMIT_PERCENT % 100);
	return failed > 0;
}
