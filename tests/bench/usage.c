/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage PROGRAM ARGUMENT...: runs the program once and prints what it used, its
 * peak memory in kB (what it execs is part of it) and its page faults. With
 * --steps first: how many instructions it took in user mode until its own
 * execve(2), counted one by one, because valgrind does not know every system
 * call that ocigate makes. With --trace, for x86-64 and a program that is no PIE: the
 * addresses of those instructions, each once. Small and static: a child's peak starts
 * with that of its parent.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed(const char *what, int status)
{
	fprintf(stderr, "usage: %s: status %#x\n", what, (unsigned)status);
	return 1;
}

/* A program that is no PIE begins here; the bench's are far smaller than this. */
enum { TEXT = 0x400000, TEXT_MAX = 1 << 23 };

static unsigned char executed[TEXT_MAX];

static void note_address(pid_t child)
{
#ifdef __x86_64__
	long at = ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rip), 0);

	if (at >= TEXT && at < TEXT + TEXT_MAX)
		executed[at - TEXT] = 1;
#endif
}

static void print_addresses(void)
{
	for (long i = 0; i < TEXT_MAX; i++)
		if (executed[i])
			printf("%lx\n", i + TEXT);
}

/* The program stops at its exec, steps until the next one, and then runs on. */
static int steps(pid_t child, int trace)
{
	unsigned long n = 0;
	int status, execs = 0;

	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return failed("no start", status);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	while (execs < 2) {
		if (ptrace(execs ? PTRACE_SINGLESTEP : PTRACE_CONT, child, 0, 0) < 0 ||
		    waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			return failed("no exec", status);
		execs += status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
		n += execs > 0;
		if (trace && execs == 1)
			note_address(child);
	}
	ptrace(PTRACE_DETACH, child, 0, 0);
	if (waitpid(child, &status, 0) != child || status != 0)
		return failed("the program", status);
	if (trace)
		print_addresses();
	else
		printf("%lu\n", n);
	return 0;
}

static int usage(pid_t child)
{
	struct rusage used;
	int status;

	if (wait4(child, &status, 0, &used) != child || status != 0)
		return failed("the program", status);
	printf("%ld %ld\n", used.ru_maxrss, used.ru_minflt);
	return 0;
}

int main(int argc, char *argv[], char *envp[])
{
	int trace = argc > 1 && strcmp(argv[1], "--trace") == 0;
	int stepping = trace || (argc > 1 && strcmp(argv[1], "--steps") == 0);
	pid_t child;

	argv += 1 + stepping;
	child = argv[0] ? fork() : -1;
	if (child < 0)
		return failed("no program", 0);
	if (child == 0) {
		if (stepping) {
			ptrace(PTRACE_TRACEME, 0, 0, 0);
			raise(SIGSTOP);
		}
		execve(argv[0], argv, envp);
		_exit(127);
	}
	return stepping ? steps(child, trace) : usage(child);
}
