/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chunk hides behind one malloc(3) hundreds of places that must each cope with
 * having got nothing. The linker brings what is taken from chunks here (--wrap).
 */
#ifndef OG_FAULT_PIECES_H
#define OG_FAULT_PIECES_H

#include <stdbool.h>

/* Whether each piece counts as an allocation that can fail, from now on. */
void alloc_pieces(bool count);

#endif
