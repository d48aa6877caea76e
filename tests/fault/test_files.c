/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes that do less than they were asked for: a pipe gives what a
 * slow writer has put in, and takes what a slow reader leaves room for.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "shim/file.h"

#define SIZE 100000

static void fill(char data[SIZE])
{
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)('a' + i * 7 % 23);
}

/* A child that writes SIZE bytes, |step| at a time. */
static pid_t write_slowly(const int fds[2], size_t step)
{
	static char data[SIZE];
	pid_t child = fork();

	cr_assert(child >= 0);
	if (child)
		return child;
	fill(data);
	for (size_t at = 0; at < SIZE; at += step)
		if (write(fds[1], data + at, step < SIZE - at ? step : SIZE - at) < 0)
			_exit(1);
	_exit(0);
}

static void check_read(size_t step)
{
	static char data[SIZE];
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	int fds[2], status;
	size_t len;
	pid_t child;

	fill(data);
	cr_assert(pipe2(fds, O_CLOEXEC) == 0);
	child = write_slowly(fds, step);
	close(fds[1]);
	cr_assert(og_fd_read(fds[0], SIZE, &text, &len, &err) == 0, "%s", err.msg);
	cr_assert(waitpid(child, &status, 0) == child && status == 0);
	cr_assert(len == SIZE && memcmp(text, data, SIZE) == 0 && text[SIZE] == '\0');
	close(fds[0]);
}

Test(fault_files, short_reads)
{
	check_read(1);
	check_read(4095);
	check_read(4097);
}

/* One byte more than allowed is an error, wherever the reads break. */
Test(fault_files, too_large)
{
	og_auto_free char *text = NULL;
	struct og_err err = { 0 };
	int fds[2];
	size_t len;
	pid_t child;

	signal(SIGPIPE, SIG_DFL);
	cr_assert(pipe2(fds, O_CLOEXEC) == 0);
	child = write_slowly(fds, 777);
	close(fds[1]);
	cr_assert(og_fd_read(fds[0], SIZE - 1, &text, &len, &err) == -1);
	cr_assert(err.code == OG_E_CONFIG && text == NULL);
	close(fds[0]);
	waitpid(child, NULL, 0);
}

/* A pipe takes 4096 bytes at a time here, and a signal comes in between. */
static void on_signal(int number)
{
	(void)number;
}

static void read_slowly(int fd)
{
	char data[SIZE], block[997];
	size_t at = 0;
	ssize_t n;

	fill(data);
	while ((n = read(fd, block, sizeof(block))) > 0) {
		if (at + (size_t)n > SIZE || memcmp(block, data + at, (size_t)n) != 0)
			_exit(1);
		at += (size_t)n;
		kill(getppid(), SIGUSR1);
	}
	_exit(at == SIZE ? 0 : 2);
}

Test(fault_files, short_writes)
{
	static char data[SIZE];
	struct sigaction action = { .sa_handler = on_signal };
	struct og_err err = { 0 };
	int fds[2], status;
	pid_t child;

	fill(data);
	sigaction(SIGUSR1, &action, NULL);
	cr_assert(pipe2(fds, O_CLOEXEC) == 0);
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	child = fork();
	cr_assert(child >= 0);
	if (child == 0) {
		close(fds[1]);
		read_slowly(fds[0]);
	}
	close(fds[0]);
	cr_assert(og_fd_write(fds[1], data, SIZE, &err) == 0, "%s", err.msg);
	close(fds[1]);
	while (waitpid(child, &status, 0) < 0)
		;
	cr_assert(status == 0, "status %#x", (unsigned)status);
}

/* A file that cannot take all of it: the old one stays, nothing else does. */
Test(fault_files, no_room)
{
	char dir[] = "/tmp/ocigate-fault-XXXXXX";
	og_auto_free char *text = NULL;
	struct rlimit limit = { 1000, 1000 };
	static char data[SIZE];
	struct og_err err = { 0 };
	struct stat st;
	size_t len;
	int fd;

	cr_assert(mkdtemp(dir) != NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(fd >= 0 && fstat(fd, &st) == 0);
	st.st_mode = S_IFREG | 0600;
	cr_assert(og_file_replace(fd, "f", "old", 3, &st, &err) == 0, "%s", err.msg);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	cr_assert(og_file_replace(fd, "f", data, SIZE, &st, &err) == -1 && err.code == OG_E_SYS);
	err = (struct og_err){ 0 };
	cr_assert(og_file_read(fd, "f", SIZE, 0, &text, &len, NULL, &err) == 0, "%s", err.msg);
	cr_assert(len == 3 && memcmp(text, "old", 3) == 0);
	unlinkat(fd, "f", 0);
	close(fd);
	cr_assert(rmdir(dir) == 0, "something was left beside the file");
}
