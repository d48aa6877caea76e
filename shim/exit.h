/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exit statuses of ocigate itself. Whatever else comes out of it is the
 * runtime's, which replaces this process by execve(2).
 */
#ifndef OG_EXIT_H
#define OG_EXIT_H

enum og_exit {
	OG_EXIT_OK = 0,
	OG_EXIT_FAILED = 1,	   /* a refusal, or a failure of ours */
	OG_EXIT_EXEC_FAILED = 255, /* the same for "exec": 1 would be the command's status */
};

#endif
