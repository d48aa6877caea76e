/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts NUMBER DIRECTORY: mounts until the mount table of this namespace has that
 * many lines: parts of a tmpfs in DIRECTORY, each on a directory of its own there.
 * With no argument: only reads the table, which nobody who needs it can do without.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long count(void)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	unsigned long n = 0;
	int c;

	while (table && (c = fgetc(table)) != EOF)
		n += c == '\n';
	if (table)
		fclose(table);
	return n;
}

static int read_table(void)
{
	static char buf[1 << 20];
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	do
		n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
	while (n > 0);
	return n < 0;
}

int main(int argc, char *argv[])
{
	unsigned long wanted = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, there;
	char to[4096], from[4096];

	if (argc == 1)
		return read_table();
	if (argc != 3 || mount("many", argv[2], "tmpfs", 0, "mode=755") < 0 ||
	    mount(NULL, argv[2], NULL, MS_PRIVATE, NULL) < 0)
		return 1;
	there = count();
	for (unsigned long i = 0; there + i < wanted; i++) {
		snprintf(from, sizeof(from), "%s/%lu-from", argv[2], i);
		snprintf(to, sizeof(to), "%s/%lu-to", argv[2], i);
		if (mkdir(from, 0755) < 0 || mkdir(to, 0755) < 0 ||
		    mount(from, to, NULL, MS_BIND, NULL) < 0) {
			perror(to);
			return 1;
		}
	}
	there = count();
	printf("%lu\n", there);
	return there < wanted;
}
