/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets of this host through which whoever may connect controls it: those
 * of container engines, wherever they listen.
 */
#ifndef OG_SHIM_SOCKETS_H
#define OG_SHIM_SOCKETS_H

#include <stddef.h>
#include <sys/types.h>

#include "arena.h"

struct og_sockets;

/* Owned by the arena. NULL when memory is short, or the host does not tell. */
struct og_sockets *og_sockets_load(struct og_arena *arena);
/* The path of a control socket that is |path| or lies below it; NULL: none. */
const char *og_sockets_within(const struct og_sockets *sockets, const char *path);
/* The path of the control socket that is this file; NULL: it is none. */
const char *og_sockets_same(const struct og_sockets *sockets, dev_t dev, ino_t ino);

#endif
