/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the probe: what a process was handed over by whoever started it
 * (state), what it may do where it runs (reach), what the kernel says of it and of
 * paths (kernel), and a runtime that only writes down how it was called (runtime).
 */
#ifndef OG_PROBE_H
#define OG_PROBE_H

#include <stdio.h>

/* Limits, signals, ids, descriptors, environment: what execve(2) hands on. */
void probe_state(FILE *to);

/* Namespaces, mounts, devices, files and system calls: what isolation leaves. */
void probe_reach(FILE *to);

/* What there is to compare with a document; argv[2] and on are paths to look at. */
void probe_kernel(FILE *to, int argc, char **argv);

/* Behaves as a runtime that was called with |argv|; returns its exit status. */
int probe_runtime(int argc, char **argv);

/* Copies the file |path| to |to|, or says that it cannot be read. */
void probe_copy(FILE *to, const char *path);

#endif
