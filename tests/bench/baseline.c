/* SPDX-License-Identifier: Apache-2.0 */
/* What ocigate is compared with: a program that only becomes the runtime, argv[1]. */
#include <unistd.h>

int main(int argc, char *argv[], char *envp[])
{
	if (argc > 1)
		execve(argv[1], argv + 1, envp);
	return 1;
}
