/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules. A rule reads the document, the facts and its options through a pass
 * and answers through the pass, which is the only way to change the document:
 * each change is a finding. Rules own nothing and keep nothing.
 */
#ifndef OG_RULE_H
#define OG_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/doc.h"
#include "ocigate/err.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"

struct og_verdict;
struct og_pass;

/* What a document is about. A document of OG_CMD_EXEC is the process object, of
 * OG_CMD_UPDATE the resources object; OG_CMD_CREATE covers run. */
enum og_cmd {
	OG_CMD_CREATE = 1 << 0,
	OG_CMD_EXEC = 1 << 1,
	OG_CMD_UPDATE = 1 << 2,
	OG_CMD_START = 1 << 3,	 /* no document: facts only */
	OG_CMD_RESTORE = 1 << 4, /* no document: always the rule invocation's */
};

enum {
	OG_RULE_NO_REWRITE = 1 << 0, /* can only reject: "rewrite" is a policy error */
	OG_RULE_PRIVILEGED = 1 << 1, /* also undoes what --privileged did, see og_deprivileged() */
	OG_RULE_ALWAYS = 1 << 2,     /* runs whatever its action (document) */
	OG_RULE_IMPLIED = 1 << 3,    /* has nothing to add once --privileged was rejected */
};

struct og_rule {
	const char *id;	     /* "capabilities": never renamed, never reused */
	const char *summary; /* one line: explain, man page, README */
	unsigned cmds;	     /* mask of enum og_cmd */
	unsigned flags;
	int (*apply)(struct og_pass *pass);
};
extern const struct og_rule og_rules[]; /* in order of evaluation; index is enum og_rule_id */
extern const size_t og_nrules;

/* ---- for rules: what there is to judge ---- */

enum og_cmd og_cmd(const struct og_pass *pass);
enum og_action og_action(const struct og_pass *pass); /* of the rule that runs */
const struct og_facts *og_facts(const struct og_pass *pass);
/*
 * A place of config.json by its full pointer ("/process/user/uid"), in every
 * command: the pass strips "/process" for exec and "/linux/resources" for
 * update. NULL when absent, null, or not part of this kind of document.
 */
const struct og_node *og_at(const struct og_pass *pass, const char *pointer);
/* The first entry of linux.namespaces of that type ("user"); NULL: none. */
const struct og_node *og_namespace(const struct og_pass *pass, const char *type);
/* Whether |pointer| belongs to this kind of document at all. */
bool og_has(const struct og_pass *pass, const char *pointer);

/* The rule's options, after layers and exceptions; typed by policy/options.def. */
bool og_opt_bool(const struct og_pass *pass, enum og_option option);
uint64_t og_opt_u64(const struct og_pass *pass, enum og_option option);
const char *og_opt_str(const struct og_pass *pass, enum og_option option); /* NULL: not set */
bool og_opt_is(const struct og_pass *pass, enum og_option option, const char *word);
const struct og_list *og_opt_list(const struct og_pass *pass, enum og_option option);
/* Whether |text| is in a list of strings (O(log n)). */
bool og_opt_has(const struct og_pass *pass, enum og_option option, const char *text);
/* The item whose range holds |id|; NULL: none. */
const struct og_item *og_opt_range(const struct og_pass *pass, enum og_option option, uint64_t id);
/* Say which line of the policy decides what follows; NULL: the rule's own. Reset at each rule. */
void og_because(struct og_pass *pass, const struct og_item *item);

/*
 * --privileged was given and the policy's answer is to launch as if it had
 * not been: rules with OG_RULE_PRIVILEGED run whatever their action is, and
 * bring their part back to the engine's unprivileged default. While
 * og_undoing(pass) is true, only that is asked for (the rule itself is off,
 * audit or reject) and edits count as those of the rule "privileged".
 */
bool og_deprivileged(const struct og_pass *pass);
bool og_undoing(const struct og_pass *pass);
void og_deprivilege(struct og_pass *pass); /* for the rule "privileged" */
/* It was rejected as a whole: one finding, not one per thing that it opens. */
void og_privileged_rejected(struct og_pass *pass);

/* ---- for rules: answers. 0, or -1 when it could not be recorded (memory, a limit, a bug) ----
 *
 * og_replace, og_remove, og_add, og_set ask for an edit: done under "rewrite", a
 * rejection under "reject", only a note under "audit". og_reject is for what no
 * edit can bring into line; under "audit" a note. |why| is one sentence without
 * a full stop that names what was found and what to do instead; text from the
 * document goes through OG_Q().
 */
#define OG_PRINTF(n) __attribute__((format(printf, n, n + 1)))
int og_note(struct og_pass *pass, const struct og_node *at, const char *why, ...) OG_PRINTF(3);
int og_reject(struct og_pass *pass, const struct og_node *at, const char *why, ...) OG_PRINTF(3);
/* As og_reject, about a place that is absent or no node: |pointer| is a full pointer. */
int og_reject_at(struct og_pass *pass, const char *pointer, const char *why, ...) OG_PRINTF(3);
int og_replace(struct og_pass *pass, const struct og_node *at, const char *json, const char *why,
	       ...) OG_PRINTF(4);
int og_remove(struct og_pass *pass, const struct og_node *at, const char *why, ...) OG_PRINTF(3);
/* Append a member (|key|) or an element (|key| NULL) to |parent|. */
int og_add(struct og_pass *pass, const struct og_node *parent, const char *key, const char *json,
	   const char *why, ...) OG_PRINTF(5);
/* Set the place |pointer| (full pointer), whether it exists or not; missing or null parents
 * are made as objects. A last step "-" appends to an array, made if missing. */
int og_set(struct og_pass *pass, const char *pointer, const char *json, const char *why, ...)
	OG_PRINTF(4);
/* As og_set, of a large value that no rule looks into: it has no members in the view. */
int og_set_whole(struct og_pass *pass, const char *pointer, const char *json, const char *why, ...)
	OG_PRINTF(4);

/* Something the shim does at launch, outside the document, once the verdict permits it. */
enum og_launch {
	OG_LAUNCH_CLOSE_FDS = 1 << 0,	  /* close descriptors from 3 up, drop --preserve-fds */
	OG_LAUNCH_DROP_LISTEN = 1 << 1,	  /* drop LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES */
	OG_LAUNCH_DROP_NOTIFY = 1 << 2,	  /* drop NOTIFY_SOCKET */
	OG_LAUNCH_GUARD_PORTS = 1 << 3,	  /* put the port guard up before the process starts */
	OG_LAUNCH_VERIFY_BINDS = 1 << 4,  /* compare what was mounted with what was judged */
	OG_LAUNCH_CHECK_LINKS = 1 << 5,	  /* look at the kinds of its interfaces before it starts */
	OG_LAUNCH_SAME_NETWORKS = 1 << 6, /* are its networks those that were judged, before that */
	/* compare a namespace joined by path with what was judged: the network, the user's, others
	 */
	OG_LAUNCH_VERIFY_NETWORK = 1 << 7,
	OG_LAUNCH_VERIFY_USER = 1 << 8,
	OG_LAUNCH_VERIFY_NAMESPACES = 1 << 9,
};
#define OG_LAUNCH_VERIFY                                                                           \
	(OG_LAUNCH_VERIFY_BINDS | OG_LAUNCH_VERIFY_NETWORK | OG_LAUNCH_VERIFY_USER |               \
	 OG_LAUNCH_VERIFY_NAMESPACES)
/* |why| NULL: housekeeping that is no finding; done unless the rule is off or audit. */
int og_launch(struct og_pass *pass, enum og_launch what, const char *pointer, const char *why, ...)
	OG_PRINTF(4);

/* ---- for shim/ ---- */

/*
 * Run the table once over |doc|, whose edits are afterwards those that the
 * policy asks for (og_doc_write() gives the document to launch). *ret, owned by
 * the caller, holds the findings in order. |doc| may be NULL for OG_CMD_START
 * and OG_CMD_RESTORE.
 */
int og_evaluate(const struct og_policy *policy, const struct og_facts *facts, enum og_cmd cmd,
		struct og_doc *doc, struct og_verdict **ret, struct og_err *reterr);

/*
 * The guarantee before a rewritten document is committed: |text|, which ends in NUL
 * behind |len| bytes, parses, and a second evaluation finds nothing left to rewrite or
 * reject. OG_E_BUG otherwise.
 */
int og_recheck(const struct og_policy *policy, const struct og_facts *facts, enum og_cmd cmd,
	       const char *text, size_t len, struct og_err *reterr);

#endif
