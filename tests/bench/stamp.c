/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands before a runtime and becomes it: writes down which command this is and
 * when it came and went, "NAME PID COMMAND CAME WENT" in nanoseconds. One before
 * ocigate and one below it tell what ocigate takes of a launch of a real engine;
 * exec(2) keeps the pid. What to become and where to write are the two lines of
 * the file that is called as this program is, with ".to" after it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const commands[] = {
	"create", "start", "kill",   "delete", "state", "exec", "list",	     "ps",
	"events", "pause", "resume", "update", "run",	"spec", "--version", "features",
};

static unsigned long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000u + (unsigned long long)ts.tv_nsec;
}

/* The first word that is a command; engines do not give flags such values. */
static const char *command(char *argv[])
{
	for (; *argv; argv++)
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (strcmp(*argv, commands[i]) == 0)
				return commands[i];
	return "other";
}

/* The text of "SELF.to", cut at its line breaks: what to become, where to write. */
static int read_aims(const char *self, char *text, size_t size, const char **target,
		     const char **log)
{
	char path[4096], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s.to", self);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	end = strchr(text, '\n');
	if (!end)
		return -1;
	*end = '\0';
	*target = text;
	*log = end + 1;
	end = strchr(*log, '\n');
	if (end)
		*end = '\0';
	return 0;
}

int main(int argc, char *argv[], char *envp[])
{
	unsigned long long came = now();
	char self[2048], text[4096], line[4096];
	const char *target, *log, *name;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd, len;

	if (n <= 0 || argc < 1)
		return 1;
	self[n] = '\0';
	if (read_aims(self, text, sizeof(text), &target, &log) < 0)
		return 1;
	name = strrchr(self, '/') + 1;
	fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	len = snprintf(line, sizeof(line), "%s %d %s %llu %llu\n", name, (int)getpid(),
		       command(argv + 1), came, now());
	if (fd < 0 || write(fd, line, (size_t)len) != len)
		return 1;
	argv[0] = (char *)target;
	execve(target, argv, envp);
	return 1;
}
