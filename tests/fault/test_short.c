/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes that do less than they were asked for, everywhere: read(2) and
 * write(2) of the whole program are replaced by ones that move a few bytes and are
 * interrupted in between. What is read and what is written must be complete; a line
 * of a log, which is one write, must be whole or not there.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "shim/bundle.h"
#include "shim/file.h"
#include "shim/record.h"
#include "shim/report.h"

/* Of the libraries too; a pragma, because the headers may have defined them inline. */
#pragma GCC visibility push(default)
ssize_t read(int fd, void *data, size_t len);
ssize_t write(int fd, const void *data, size_t len);
#pragma GCC visibility pop

/* At most so many bytes at a time, and EINTR before every other call; 0: as usual. */
static size_t most;
static unsigned calls;

/* Files only: Criterion speaks to its parent in the same way. */
static bool is_cut(int fd)
{
	struct stat st;

	return most && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t read(int fd, void *data, size_t len)
{
	if (is_cut(fd) && calls++ % 2 == 0)
		return errno = EINTR, -1;
	return syscall(SYS_read, fd, data, is_cut(fd) && len > most ? most : len);
}

ssize_t write(int fd, const void *data, size_t len)
{
	if (is_cut(fd) && calls++ % 2 == 0)
		return errno = EINTR, -1;
	return syscall(SYS_write, fd, data, is_cut(fd) && len > most ? most : len);
}

static char dir[] = "/tmp/ocigate-fault-XXXXXX";
static int dirfd_of_test = -1;

static void setup(void)
{
	cr_assert(mkdtemp(dir) != NULL);
	dirfd_of_test = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(dirfd_of_test >= 0);
}

static void teardown(void)
{
	most = 0;
	unlinkat(dirfd_of_test, "f", 0);
	close(dirfd_of_test);
	cr_expect(rmdir(dir) == 0, "something was left in %s", dir);
}

TestSuite(fault_short, .init = setup, .fini = teardown);

static const char text[] = "{\"a\": [1, 2, 3], \"b\": \"a text that is not written at once\"}\n";

static void expect_file(const char *name, const char *wanted)
{
	og_auto_free char *got = NULL;
	struct og_err err = { 0 };
	size_t len;

	cr_assert(og_file_read(dirfd_of_test, name, 65536, 0, &got, &len, NULL, &err) == 0, "%s",
		  err.msg);
	cr_expect(len == strlen(wanted) && strcmp(got, wanted) == 0, "%s: %s", name, got);
}

Test(fault_short, file)
{
	struct stat like = { .st_mode = 0600, .st_uid = geteuid(), .st_gid = getegid() };
	struct og_err err = { 0 };

	for (most = 1; most < 12; most += 5) {
		cr_assert(og_file_replace(dirfd_of_test, "f", text, sizeof(text) - 1, &like,
					  &err) == 0,
			  "%s", err.msg);
		expect_file("f", text);
	}
}

Test(fault_short, memory_file)
{
	og_auto_free char *got = NULL;
	struct og_err err = { 0 };
	size_t len;
	int fd;

	most = 7;
	fd = og_memfd("x", text, sizeof(text) - 1, &err);
	cr_assert(fd >= 0, "%s", err.msg);
	cr_assert(og_fd_read(fd, 4096, &got, &len, &err) == 0);
	cr_expect(len == sizeof(text) - 1 && memcmp(got, text, len) == 0);
	close(fd);
}

Test(fault_short, record)
{
	struct og_record record = { .root = "/r",
				    .id = "c1",
				    .bundle = "/b",
				    .runtime = "/x",
				    .mode = "enforce",
				    .kept = true,
				    .bounding = 7,
				    .uid = 65534 };
	struct og_record *got = NULL;
	struct og_err err = { 0 };

	most = 5;
	cr_assert(og_record_write_at(dirfd_of_test, &record, &err) == 0, "%s", err.msg);
	cr_assert(og_record_read_at(dirfd_of_test, "/r", "c1", &got, &err) == 0 && got, "%s",
		  err.msg);
	cr_expect(got->kept && got->bounding == 7 && got->uid == 65534 &&
		  strcmp(got->bundle, "/b") == 0);
	og_record_free(got);
	cr_expect(og_record_remove_at(dirfd_of_test, "/r", "c1", &err) == 0);
}

/* |max| bytes of the second line fit; the first and the third are whole. */
static void torn_line(size_t max)
{
	og_auto_free char *got = NULL;
	struct og_err err = { 0 };
	char path[64];
	size_t len, lines = 0;

	snprintf(path, sizeof(path), "%s/f", dir);
	cr_assert(freopen("/dev/null", "w", stderr) != NULL);
	og_report_error("first", path);
	most = max;
	calls = 0;
	og_report_error("second", path);
	most = 0;
	og_report_error("third", path);
	cr_assert(og_file_read(dirfd_of_test, "f", 65536, 0, &got, &len, NULL, &err) == 0);
	for (char *line = strtok(got, "\n"); line; line = strtok(NULL, "\n")) {
		if (line[strspn(line, " ")] == '\0')
			continue;
		lines++;
		cr_expect(strstr(line, lines == 1 ? "\"first\"" : "\"third\"") && line[0] == '{' &&
				  line[strlen(line) - 1] == '}',
			  "%zu: %s", max, line);
	}
	cr_expect(lines == 2, "%zu: %zu lines", max, lines);
	unlinkat(dirfd_of_test, "f", 0);
}

Test(fault_short, log_line)
{
	for (size_t max = 1; max < 70; max += 13)
		torn_line(max);
}
