/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edits of a document, for the pass (engine.c) and for the tool that edits an
 * engine's configuration. An edit changes the view at once (og_first() and the
 * others see it) and the source never. Documents with comments are not edited:
 * the writer looks for commas between values. |json| is one JSON value, copied.
 */
#ifndef OG_DOC_EDIT_H
#define OG_DOC_EDIT_H

#include "ocigate/doc.h"

/* The new node takes |at|'s place; |at| stays readable but is out of the view. */
int og_doc_replace(struct og_doc *doc, const struct og_node *at, const char *json,
		   const struct og_node **ret, struct og_err *reterr);
/* |at| is a member or an element, never the root. */
int og_doc_remove(struct og_doc *doc, const struct og_node *at, struct og_err *reterr);
/* Append to |parent|: a member named |key|, which must not exist, or (key NULL) an element. */
int og_doc_add(struct og_doc *doc, const struct og_node *parent, const char *key, const char *json,
	       const struct og_node **ret, struct og_err *reterr);
/*
 * Until it is called again: objects and arrays that edits put in are not read, only
 * written. They look empty to those who ask what is in them.
 */
void og_doc_take_whole(struct og_doc *doc, bool whole);

bool og_node_is_added(const struct og_node *node); /* it, or a parent, came from an edit */
void og_node_set_owner(const struct og_node *node, unsigned owner);
/* The owner of |node| or of the nearest edited parent; of anything below too. 0: nobody. */
unsigned og_node_owner_near(const struct og_node *node);
size_t og_node_order(const struct og_node *node); /* place in the document, for sorting */

#endif
