/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small static program that tests run inside containers, or in a runtime's
 * place, to write down what the kernel says. It judges nothing: the scripts
 * compare what it prints.
 */
#include "probe.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void probe_copy(FILE *to, const char *path)
{
	FILE *from = fopen(path, "re");
	int c;

	if (!from) {
		fprintf(to, "%s: unreadable\n", path);
		return;
	}
	while ((c = getc(from)) != EOF)
		putc(c, to);
	fclose(from);
}

static int run_hello(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%s%s", argv[i], i + 1 < argc ? " " : "\n");
	return 0;
}

static int run_state(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	probe_state(stdout);
	return 0;
}

static int run_reach(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	probe_reach(stdout);
	return 0;
}

static int run_kernel(int argc, char **argv)
{
	probe_kernel(stdout, argc, argv);
	return 0;
}

/* exit N: ends with that status, after a word on each stream. */
static int run_exit(int argc, char **argv)
{
	puts("to stdout");
	fputs("to stderr\n", stderr);
	return argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
}

static int run_cat(int argc, char **argv)
{
	int c;

	(void)argc;
	(void)argv;
	while ((c = getchar()) != EOF)
		putchar(c);
	return 0;
}

static void on_term(int sig)
{
	static const char text[] = "got TERM\n";

	if (sig == SIGTERM && write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(7);
}

/* wait: until a signal; one that it handles ends it with 7. */
static int run_wait(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	signal(SIGTERM, on_term);
	signal(SIGUSR1, on_term);
	puts("waiting");
	fflush(stdout);
	while (pause() < 0)
		;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} runs[] = {
	{ "hello", run_hello },	  { "state", run_state }, { "reach", run_reach },
	{ "exit", run_exit },	  { "cat", run_cat },	  { "wait", run_wait },
	{ "kernel", run_kernel },
};

int main(int argc, char **argv)
{
	/* Called as runc, or as fake-runtime: argv[0] stays what it was. */
	if (!strstr(argv[0], "probe"))
		return probe_runtime(argc, argv);
	for (size_t i = 0; argc > 1 && i < sizeof(runs) / sizeof(runs[0]); i++)
		if (!strcmp(argv[1], runs[i].name))
			return runs[i].run(argc, argv);
	fputs("usage: probe hello|state|reach|exit|cat|wait|kernel\n", stderr);
	return 2;
}
