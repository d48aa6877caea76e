/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A runtime that starts nothing: it writes its state and arguments beside its
 * own program file (PROGRAM.state, PROGRAM.argv), keeps the config.json and the
 * process document that it was handed (PROGRAM.config, PROGRAM.process), and
 * says and returns what PROGRAM.script tells it. It takes nothing from the
 * environment, since that is under test.
 */
#include "probe.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *beside(const char *suffix, const char *mode)
{
	char path[PATH_MAX + 32];
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX);

	if (len < 0)
		return NULL;
	snprintf(path + len, sizeof(path) - (size_t)len, ".%s", suffix);
	return fopen(path, mode);
}

/* The value of |flag| in either spelling; NULL when it is not there. */
static const char *value_of(int argc, char **argv, const char *flag)
{
	size_t len = strlen(flag);

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], flag, len) && argv[i][len] == '=')
			return argv[i] + len + 1;
		if (!strcmp(argv[i], flag) && i + 1 < argc)
			return argv[i + 1];
	}
	return NULL;
}

static void keep(const char *suffix, const char *path)
{
	FILE *to = beside(suffix, "we");

	if (to) {
		probe_copy(to, path);
		fclose(to);
	}
}

/* First line: the exit status; the rest goes to stdout, "2>" lines to stderr. */
static int play_script(void)
{
	FILE *script = beside("script", "re");
	char line[4096];
	int status = 0;

	if (!script)
		return 0;
	if (fgets(line, sizeof(line), script))
		status = (int)strtol(line, NULL, 10);
	while (fgets(line, sizeof(line), script)) {
		if (!strncmp(line, "2>", 2))
			fputs(line + 2, stderr);
		else
			fputs(line, stdout);
	}
	fclose(script);
	return status;
}

int probe_runtime(int argc, char **argv)
{
	const char *bundle = value_of(argc, argv, "--bundle");
	const char *process = value_of(argc, argv, "--process");
	const char *resources = value_of(argc, argv, "--resources");
	char path[PATH_MAX];
	FILE *to = beside("state", "we");

	if (to) {
		probe_state(to);
		fclose(to);
	}
	to = beside("argv", "we");
	for (int i = 0; to && i < argc; i++)
		fprintf(to, "%s\n", argv[i]);
	if (to)
		fclose(to);
	if (bundle) {
		snprintf(path, sizeof(path), "%s/config.json", bundle);
		keep("config", path);
	}
	if (process)
		keep("process", process);
	if (resources)
		keep("resources", !strcmp(resources, "-") ? "/dev/stdin" : resources);
	return play_script();
}
