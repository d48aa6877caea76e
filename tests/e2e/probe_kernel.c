/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel reports of a process and of the paths that it was given, for
 * a comparison with the document that it was started from. Whatever a document
 * chooses (arguments, environment, paths) is printed in hexadecimal.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

extern char **environ;

static void put_hex(FILE *to, const char *name, const char *text)
{
	fprintf(to, "%s ", name);
	for (; *text; text++)
		fprintf(to, "%02x", (unsigned char)*text);
	fputc('\n', to);
}

static void put_file(FILE *to, const char *label, const char *path)
{
	char text[4096], label_and[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	snprintf(label_and, sizeof(label_and), "%s %d", label, n < 0 ? errno : 0);
	put_hex(to, label_and, text);
	if (fd >= 0)
		close(fd);
}

/* -1: no directory that can be read. */
static int entries_of(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = dir ? 0 : -1;

	while (dir && (entry = readdir(dir)))
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	if (dir)
		closedir(dir);
	return n;
}

/* path HEX ERRNO MODE MAJOR:MINOR UID GID READ-ONLY ENTRIES */
static void put_path(FILE *to, const char *path)
{
	struct statvfs fs = { 0 };
	struct stat st = { 0 };
	int error = stat(path, &st) < 0 || statvfs(path, &fs) < 0 ? errno : 0;

	fputs("path ", to);
	for (const char *p = path; *p; p++)
		fprintf(to, "%02x", (unsigned char)*p);
	fprintf(to, " %d %o %u:%u %u %u %d %d\n", error, st.st_mode, major(st.st_rdev),
		minor(st.st_rdev), st.st_uid, st.st_gid, (fs.f_flag & ST_RDONLY) != 0,
		error ? -1 : entries_of(path));
	if (strncmp(path, "/proc/sys/", 10) == 0 && !error && S_ISREG(st.st_mode))
		put_file(to, "sysctl", path);
}

/* Calls that a document's filter may have a word on, and nothing else here makes. */
static void put_calls(FILE *to)
{
	static const struct {
		const char *name;
		long nr, arg;
	} calls[] = {
		{ "getpgid", SYS_getpgid, 0 },
		{ "getpriority", SYS_getpriority, 0 },
		{ "personality", SYS_personality, 0xffffffff },
		{ "sched_yield", SYS_sched_yield, 0 },
		{ "getsid", SYS_getsid, 0 },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		fprintf(to, "call %s %d\n", calls[i].name,
			syscall(calls[i].nr, calls[i].arg, 0) < 0 ? errno : 0);
}

static void put_namespaces(FILE *to)
{
	static const char *const names[] = { "cgroup", "ipc",  "mnt",  "net",
					     "pid",    "time", "user", "uts" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], link[128];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		n = readlink(path, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = '\0';
		fprintf(to, "namespace %s %s\n", names[i], link);
	}
}

void probe_kernel(FILE *to, int argc, char **argv)
{
	char text[4096] = "";

	probe_copy(to, "/proc/self/status");
	probe_copy(to, "/proc/self/limits");
	fputs("oom_score_adj ", to);
	probe_copy(to, "/proc/self/oom_score_adj");
	put_namespaces(to);
	put_calls(to);
	put_hex(to, "hostname", gethostname(text, sizeof(text)) ? "" : text);
	put_hex(to, "cwd", getcwd(text, sizeof(text)) ? text : "");
	for (int i = 0; i < argc; i++)
		put_hex(to, "arg", argv[i]);
	for (char **e = environ; *e; e++)
		put_hex(to, "env", *e);
	for (int i = 2; i < argc; i++)
		put_path(to, argv[i]);
	probe_copy(to, "/proc/self/mountinfo");
}
