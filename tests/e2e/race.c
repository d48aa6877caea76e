/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordinary user who exchanges what a path leads to, over and over, until his
 * parent ends:
 *	race UID exchange A B		A and B change places at once
 *	race UID rotate NAME ASIDE LINK	NAME goes aside, LINK takes its place, and back
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* Short against a launch, and never in step with it; the cores are left to the runtimes. */
static void pause_a_little(void)
{
	struct timespec ts = { .tv_nsec = 50000 + random() % 2000000 };

	nanosleep(&ts, NULL);
}

static int exchange(char **path)
{
	int r = renameat2(AT_FDCWD, path[0], AT_FDCWD, path[1], RENAME_EXCHANGE);

	pause_a_little();
	return r;
}

static int rotate(char **path)
{
	if (rename(path[0], path[1]) < 0 || rename(path[2], path[0]) < 0)
		return -1;
	pause_a_little();
	if (rename(path[0], path[2]) < 0 || rename(path[1], path[0]) < 0)
		return -1;
	pause_a_little();
	return 0;
}

int main(int argc, char *argv[])
{
	uid_t uid = argc > 4 ? (uid_t)strtoul(argv[1], NULL, 10) : 0;
	int (*attack)(char **path) = argc == 6 ? rotate : exchange;
	unsigned long rounds = 0;

	if (uid == 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setgid(uid) < 0 ||
	    setuid(uid) < 0) {
		fprintf(stderr, "race: not as another user\n");
		return 2;
	}
	srandom((unsigned)getpid());
	while (attack(argv + 3) == 0)
		rounds++;
	perror("race");
	fprintf(stderr, "race: ended after %lu rounds\n", rounds);
	return 1;
}
