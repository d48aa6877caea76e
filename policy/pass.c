/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rules answer. An edit and its finding are one call (no silent rewrite);
 * the rule's action decides what an answer becomes; a node has one owner.
 */
#include "pass.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc_edit.h"

char *og_verdict_keep(struct og_pass *pass, const char *text, size_t len)
{
	char *copy = og_chunk_alloc(&pass->verdict->chunks, len + 1);

	if (copy)
		memcpy(copy, text, len);
	else
		og_fail(pass->reterr, OG_E_NOMEM, "out of memory");
	return copy;
}

/* Room for one more finding; NULL when there is none. */
static struct og_entry *new_entry(struct og_pass *pass)
{
	struct og_verdict *verdict = pass->verdict;

	if (verdict->n >= OG_MAX_FINDINGS) {
		og_fail(pass->reterr, OG_E_CONFIG, "more than %d findings", OG_MAX_FINDINGS);
		return NULL;
	}
	if (verdict->n == verdict->cap) {
		size_t cap = verdict->cap ? verdict->cap * 2 : 16;
		struct og_entry *grown = og_chunk_alloc(&verdict->chunks, cap * sizeof(*grown));

		if (!grown) {
			og_fail(pass->reterr, OG_E_NOMEM, "out of memory");
			return NULL;
		}
		if (verdict->n)
			memcpy(grown, verdict->entries, verdict->n * sizeof(*grown));
		verdict->entries = grown;
		verdict->cap = cap;
	}
	verdict->entries[verdict->n] = (struct og_entry){ 0 };
	return &verdict->entries[verdict->n];
}

/* Values of these are the user's secrets: records carry their names only. */
static bool is_secret(const struct og_pass *pass, const char *path)
{
	static const char *const places[] = { "/process/env", "/process/args", "/mounts" };
	const char *prefix = pass->cmd == OG_CMD_EXEC ? "/process" : "";

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *place = places[i] + (strncmp(places[i], prefix, strlen(prefix)) == 0
							 ? strlen(prefix)
							 : 0);
		size_t len = strlen(place);

		if (strncmp(path, place, len) == 0 && (path[len] == '\0' || path[len] == '/'))
			return true;
	}
	return false;
}

struct change {
	enum og_op op;
	const char *path;
	const struct og_node *before; /* NULL: absent */
	const char *after;	      /* NULL: none */
	size_t order;
	bool made;
};

static const char *rule_id(const struct og_pass *pass)
{
	return pass->undoing ? og_rules[OG_RULE_privileged].id : og_rules[pass->rule].id;
}

static void set_origin(const struct og_pass *pass, struct og_finding *finding)
{
	if (pass->because) {
		finding->policy_file = pass->because->file;
		finding->policy_line = pass->because->line;
		return;
	}
	og_effective_origin(pass->effective,
			    pass->undoing ? OG_RULE_privileged : (enum og_rule_id)pass->rule,
			    &finding->policy_file, &finding->policy_line);
}

/* Rules' formats are checked where rule.h declares their answers. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void format_why(char *buf, size_t size, const char *why, va_list *ap)
{
	vsnprintf(buf, size, why, *ap);
}
#pragma GCC diagnostic pop

/* One finding; |why| may be NULL for a parent made on the way. */
static int record(struct og_pass *pass, enum og_action action, const struct change *change,
		  const char *why, va_list *ap)
{
	struct og_entry *entry = new_entry(pass);
	struct og_finding *finding;
	char text[1024] = "";
	size_t len;
	const char *raw;

	if (!entry)
		return -1;
	if (why && ap)
		format_why(text, sizeof(text), why, ap);
	raw = og_raw(change->before, &len);
	finding = &entry->finding;
	*finding = (struct og_finding){ .rule = rule_id(pass),
					.action = action,
					.op = action == OG_REWRITE ? change->op : OG_OP_NONE,
					.made = change->made,
					.secret = is_secret(pass, change->path) };
	finding->path = og_verdict_keep(pass, change->path, strlen(change->path));
	finding->why = og_verdict_keep(pass, text, strlen(text));
	if (change->before)
		finding->before = og_verdict_keep(pass, raw, len);
	if (change->after)
		finding->after = og_verdict_keep(pass, change->after, strlen(change->after));
	entry->order = change->order;
	set_origin(pass, finding);
	pass->verdict->n++;
	return pass->reterr->code == OG_OK ? 0 : -1;
}

/*
 * What an edit becomes under the rule's action. The rule document always
 * rejects, and edits only what its option "unknown" says to remove.
 */
static enum og_action edit_action(const struct og_pass *pass)
{
	if (pass->undoing || og_rules[pass->rule].flags & OG_RULE_ALWAYS)
		return OG_REWRITE;
	return pass->action;
}

/* What a rejection becomes: only an audit rule lets it pass. */
static enum og_action reject_action(const struct og_pass *pass)
{
	return pass->action == OG_AUDIT && !pass->undoing ? OG_AUDIT : OG_REJECT;
}

/* Enough for any pointer of the spec; longer ones are cut in messages only after edits by node. */
#define POINTER_MAX 4096

/* ---- answers ---- */

static int note_node(struct og_pass *pass, enum og_action action, const struct og_node *at,
		     const char *why, va_list *ap)
{
	char path[POINTER_MAX];
	struct change change = { .path = og_pointer(at, path, sizeof(path)), .before = at };

	/* a whole section in a report helps nobody */
	if (at && (og_type(at) == OG_OBJECT || og_type(at) == OG_ARRAY))
		change.before = NULL;
	return record(pass, action, &change, why, ap);
}

int og_note(struct og_pass *pass, const struct og_node *at, const char *why, ...)
{
	va_list ap;
	int r;

	va_start(ap, why);
	r = note_node(pass, OG_AUDIT, at, why, &ap);
	va_end(ap);
	return r;
}

int og_reject(struct og_pass *pass, const struct og_node *at, const char *why, ...)
{
	va_list ap;
	int r;

	va_start(ap, why);
	r = note_node(pass, reject_action(pass), at, why, &ap);
	va_end(ap);
	return r;
}

int og_reject_at(struct og_pass *pass, const char *pointer, const char *why, ...)
{
	const char *local = og_local_pointer(pass, pointer);
	struct change change = { .path = local ? local : pointer };
	va_list ap;
	int r;

	va_start(ap, why);
	r = record(pass, reject_action(pass), &change, why, &ap);
	va_end(ap);
	return r;
}

int og_launch(struct og_pass *pass, enum og_launch what, const char *pointer, const char *why, ...)
{
	struct change change = { .path = pointer };
	enum og_action action = edit_action(pass);
	va_list ap;
	int r;

	if (action == OG_REWRITE || (!why && action == OG_REJECT))
		pass->verdict->launch |= what;
	if (!why)
		return 0;
	va_start(ap, why);
	r = record(pass, action, &change, why, &ap);
	va_end(ap);
	return r;
}

/* -1 when another rule has edited |at|, something above or something below it. */
static int claim(struct og_pass *pass, const struct og_node *at)
{
	unsigned owner = og_node_owner_near(at);
	char path[256];

	if (owner == 0 || owner == pass->rule + 1)
		return 0;
	return og_fail(pass->reterr, OG_E_BUG, "the rules %s and %s both edit %s",
		       og_rules[owner - 1].id, og_rules[pass->rule].id,
		       og_pointer(at, path, sizeof(path)));
}

/*
 * The rule document has taken something out of what another rule would write
 * anew: both cannot be right about the bytes, so the launch is refused.
 */
static int reject_mixed(struct og_pass *pass, const struct og_node *at)
{
	return og_reject(pass, at,
			 "holds fields that the specification does not know, and would have to be "
			 "written anew: leave them out");
}

static bool is_documents(const struct og_pass *pass, const struct og_node *at)
{
	unsigned owner = og_node_owner_near(at);

	return owner && owner != pass->rule + 1 && og_rules[owner - 1].flags & OG_RULE_ALWAYS;
}

static int edit_node(struct og_pass *pass, enum og_op op, const struct og_node *at,
		     const char *json, const char *why, va_list *ap)
{
	enum og_action action = edit_action(pass);
	char path[POINTER_MAX];
	struct change change = { .op = op,
				 .path = og_pointer(at, path, sizeof(path)),
				 .before = at,
				 .after = json,
				 .order = og_node_order(at) };
	const struct og_node *edited = at;

	if (action == OG_REWRITE && is_documents(pass, at))
		return reject_mixed(pass, at);
	if (record(pass, action, &change, why, ap) < 0)
		return -1;
	if (action != OG_REWRITE)
		return 0;
	if (claim(pass, at) < 0)
		return -1;
	if (op == OG_OP_REMOVE ? og_doc_remove(pass->doc, at, pass->reterr)
			       : og_doc_replace(pass->doc, at, json, &edited, pass->reterr))
		return -1;
	og_node_set_owner(edited, pass->rule + 1);
	return 0;
}

int og_replace(struct og_pass *pass, const struct og_node *at, const char *json, const char *why,
	       ...)
{
	va_list ap;
	int r;

	va_start(ap, why);
	r = edit_node(pass, OG_OP_REPLACE, at, json, why, &ap);
	va_end(ap);
	return r;
}

int og_remove(struct og_pass *pass, const struct og_node *at, const char *why, ...)
{
	va_list ap;
	int r;

	va_start(ap, why);
	r = edit_node(pass, OG_OP_REMOVE, at, NULL, why, &ap);
	va_end(ap);
	return r;
}

/* "PARENT/KEY" with KEY escaped by RFC 6901; key NULL: an append, "PARENT/-". */
static void child_path(const struct og_node *parent, const char *key, char *path, size_t size)
{
	size_t n = strlen(og_pointer(parent, path, size));

	if (n + 2 < size)
		path[n++] = '/';
	if (!key)
		key = "-";
	for (; *key && n + 3 < size; key++) {
		if (*key == '~' || *key == '/') {
			path[n++] = '~';
			path[n++] = *key == '/' ? '1' : '0';
		} else {
			path[n++] = *key;
		}
	}
	path[n] = '\0';
}

static int add_node(struct og_pass *pass, const struct og_node *parent, const char *key,
		    const char *json, const struct og_node **ret, const char *why, va_list *ap)
{
	enum og_action action = edit_action(pass);
	char path[POINTER_MAX];
	struct change change = { .op = OG_OP_ADD, .path = path, .after = json, .made = !why };
	const struct og_node *added;

	child_path(parent, key, path, sizeof(path));
	if (record(pass, action, &change, why, ap) < 0)
		return -1;
	if (action != OG_REWRITE)
		return 0;
	if (og_doc_add(pass->doc, parent, key, json, &added, pass->reterr) < 0)
		return -1;
	og_node_set_owner(added, why ? pass->rule + 1 : 0);
	if (ret)
		*ret = added;
	return 0;
}

int og_add(struct og_pass *pass, const struct og_node *parent, const char *key, const char *json,
	   const char *why, ...)
{
	va_list ap;
	int r;

	va_start(ap, why);
	r = add_node(pass, parent, key, json, NULL, why, &ap);
	va_end(ap);
	return r;
}

/* The parent |token| below |node|, made (|empty| is "{}" or "[]") where it is absent or null. */
static const struct og_node *make_parent(struct og_pass *pass, const struct og_node *node,
					 const char *token, const char *empty)
{
	const struct og_node *child = og_member(node, token), *made = NULL;
	struct change change = {
		.op = OG_OP_REPLACE, .before = child, .after = empty, .made = true
	};
	char path[POINTER_MAX];

	if (child && !og_is_null(child))
		return child;
	if (!child)
		return add_node(pass, node, token, empty, &made, NULL, NULL) < 0 ? NULL : made;
	change.path = og_pointer(child, path, sizeof(path));
	if (record(pass, OG_REWRITE, &change, NULL, NULL) < 0 ||
	    og_doc_replace(pass->doc, child, empty, &made, pass->reterr) < 0)
		return NULL;
	return made;
}

/* Put |json| at |pointer| below the root; parents are made on the way. */
static int set_path(struct og_pass *pass, const char *pointer, const char *json, const char *why,
		    va_list *ap)
{
	const struct og_node *node = og_doc_root(pass->doc), *there;
	char token[128];

	for (;;) {
		size_t len = strcspn(++pointer, "/");

		if (len >= sizeof(token))
			return og_fail(pass->reterr, OG_E_BUG, "a pointer's step is too long");
		memcpy(token, pointer, len);
		token[len] = '\0';
		pointer += len;
		if (!*pointer)
			break;
		if (og_type(node) != OG_OBJECT)
			break;
		node = make_parent(pass, node, token, strcmp(pointer, "/-") == 0 ? "[]" : "{}");
		if (!node)
			return -1;
	}
	/* the rule document has said so already, in every policy */
	if (og_type(node) != (strcmp(token, "-") == 0 ? OG_ARRAY : OG_OBJECT))
		return og_reject(pass, node, "is of another type than the specification says");
	if (strcmp(token, "-") == 0)
		return add_node(pass, node, NULL, json, NULL, why, ap);
	there = og_member(node, token);
	return there ? edit_node(pass, OG_OP_REPLACE, there, json, why, ap)
		     : add_node(pass, node, token, json, NULL, why, ap);
}

static int set(struct og_pass *pass, const char *pointer, const char *json, const char *why,
	       va_list *ap)
{
	const char *local = og_local_pointer(pass, pointer);
	struct change change = { .op = OG_OP_ADD, .path = local, .after = json };

	if (!local || local[0] != '/')
		return og_fail(pass->reterr, OG_E_BUG, "%s is no part of this document", pointer);
	if (edit_action(pass) == OG_REWRITE)
		return set_path(pass, local, json, why, ap);
	change.before = og_get(og_doc_root(pass->doc), local);
	if (change.before)
		change.op = OG_OP_REPLACE;
	return record(pass, edit_action(pass), &change, why, ap);
}

int og_set(struct og_pass *pass, const char *pointer, const char *json, const char *why, ...)
{
	va_list ap;
	int r;

	va_start(ap, why);
	r = set(pass, pointer, json, why, &ap);
	va_end(ap);
	return r;
}

int og_set_whole(struct og_pass *pass, const char *pointer, const char *json, const char *why, ...)
{
	va_list ap;
	int r;

	va_start(ap, why);
	og_doc_take_whole(pass->doc, true);
	r = set(pass, pointer, json, why, &ap);
	og_doc_take_whole(pass->doc, false);
	va_end(ap);
	return r;
}
