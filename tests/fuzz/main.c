/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays inputs through a fuzz target where libFuzzer is not: files, and
 * directories with all below them. A fixture (policy.json, before.json,
 * facts.json) is besides its files also one input of those three parts. It
 * judges nothing: a target aborts when something does not hold.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "ocigate/buf.h"

#define PATH_SIZE 4096

/* What is being replayed, for whoever reads of its failure. */
static char current[PATH_SIZE];

static void on_abort(int signal_number)
{
	(void)signal_number;
	if (write(STDERR_FILENO, current, strlen(current)) >= 0)
		(void)!write(STDERR_FILENO, "\n", 1);
}

/* Append the bytes of |path| to |out|; false: there is no such file. */
static bool append_file(struct og_buf *out, const char *path)
{
	char block[65536];
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return false;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		og_buf_put(out, block, n);
	if (ferror(file) || out->failed) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	fclose(file);
	return true;
}

/* A copy of exactly that size, so that reading past the end is seen. */
static size_t run(const struct og_buf *input, const char *name)
{
	uint8_t *data = malloc(input->len ? input->len : 1);

	if (!data)
		exit(1);
	snprintf(current, sizeof(current), "%s", name);
	if (input->len)
		memcpy(data, input->data, input->len);
	LLVMFuzzerTestOneInput(data, input->len);
	free(data);
	return 1;
}

static size_t replay_file(const char *path)
{
	og_auto_buf struct og_buf input = { 0 };

	if (append_file(&input, path))
		return run(&input, path);
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(1);
}

static size_t replay_fixture(const char *dir)
{
	static const char *const names[] = { "policy.json", "before.json", "facts.json" };
	og_auto_buf struct og_buf input = { 0 };
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		/* commands without a document have no before.json, facts.json has a default */
		if (!append_file(&input, path) && i == 0)
			return 0;
		og_buf_put(&input, "", 1);
	}
	return run(&input, dir);
}

static size_t replay(const char *path);

static size_t replay_directory(const char *path)
{
	size_t n = replay_fixture(path);
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char child[PATH_SIZE];

		snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			n += replay(child);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return n;
}

static size_t replay(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? replay_directory(path)
							   : replay_file(path);
}

int main(int argc, char *argv[])
{
	size_t n = 0;

	signal(SIGABRT, on_abort);
	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	printf("%s: %zu inputs\n", argv[0], n);
	return n == 0;
}
