/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run: every rule of the table, in order, over one document; and what rules
 * may look at while it lasts. What they answer is recorded by pass.c.
 */
#include "ocigate/rule.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "pass.h"

/* ---- what there is to judge ---- */

enum og_cmd og_cmd(const struct og_pass *pass)
{
	return pass->cmd;
}

enum og_action og_action(const struct og_pass *pass)
{
	return pass->action;
}

const struct og_facts *og_facts(const struct og_pass *pass)
{
	return pass->facts;
}

const char *og_local_pointer(const struct og_pass *pass, const char *pointer)
{
	const char *prefix = pass->cmd == OG_CMD_EXEC	  ? "/process"
			     : pass->cmd == OG_CMD_UPDATE ? "/linux/resources"
							  : "";
	size_t len = strlen(prefix);

	if (!pass->doc || strncmp(pointer, prefix, len) != 0)
		return NULL;
	return pointer[len] == '\0' || pointer[len] == '/' ? pointer + len : NULL;
}

bool og_has(const struct og_pass *pass, const char *pointer)
{
	return og_local_pointer(pass, pointer) != NULL;
}

const struct og_node *og_at(const struct og_pass *pass, const char *pointer)
{
	const char *local = og_local_pointer(pass, pointer);
	const struct og_node *node = local ? og_get(og_doc_root(pass->doc), local) : NULL;

	return og_is_null(node) ? NULL : node;
}

const struct og_node *og_namespace(const struct og_pass *pass, const char *type)
{
	return og_namespace_entry(og_at(pass, "/linux/namespaces"), type);
}

bool og_opt_bool(const struct og_pass *pass, enum og_option option)
{
	return og_effective_bool(pass->effective, option);
}

uint64_t og_opt_u64(const struct og_pass *pass, enum og_option option)
{
	return og_effective_u64(pass->effective, option);
}

const char *og_opt_str(const struct og_pass *pass, enum og_option option)
{
	return og_effective_str(pass->effective, option);
}

bool og_opt_is(const struct og_pass *pass, enum og_option option, const char *word)
{
	const char *text = og_opt_str(pass, option);

	return text && !strcmp(text, word);
}

const struct og_list *og_opt_list(const struct og_pass *pass, enum og_option option)
{
	return og_effective_list(pass->effective, option);
}

bool og_opt_has(const struct og_pass *pass, enum og_option option, const char *text)
{
	const struct og_list *list = og_opt_list(pass, option);
	size_t lo = 0, hi = list->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(list->items[mid].text, text);

		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

const struct og_item *og_opt_range(const struct og_pass *pass, enum og_option option, uint64_t id)
{
	const struct og_list *list = og_opt_list(pass, option);

	for (size_t i = 0; i < list->n && list->items[i].lo <= id; i++)
		if (id <= list->items[i].hi)
			return &list->items[i];
	return NULL;
}

void og_because(struct og_pass *pass, const struct og_item *item)
{
	pass->because = item;
}

bool og_deprivileged(const struct og_pass *pass)
{
	return pass->deprivileged;
}

bool og_undoing(const struct og_pass *pass)
{
	return pass->undoing;
}

void og_deprivilege(struct og_pass *pass)
{
	pass->deprivileged = true;
}

void og_privileged_rejected(struct og_pass *pass)
{
	pass->privileged_rejected = true;
}

/* ---- the run ---- */

static int run_rule(struct og_pass *pass, unsigned i)
{
	const struct og_rule *rule = &og_rules[i];

	pass->rule = i;
	pass->action = og_effective_action(pass->effective, (enum og_rule_id)i);
	if (!(rule->cmds & pass->cmd) ||
	    (pass->privileged_rejected && rule->flags & OG_RULE_IMPLIED))
		return 0;
	pass->because = NULL;
	pass->undoing = pass->deprivileged && rule->flags & OG_RULE_PRIVILEGED &&
			pass->action != OG_REWRITE;
	if (pass->undoing && rule->apply(pass) < 0)
		return -1;
	pass->because = NULL;
	pass->undoing = false;
	if (pass->action == OG_OFF && !(rule->flags & OG_RULE_ALWAYS))
		return 0;
	return rule->apply(pass);
}

/* Names live in the policy; the verdict may live longer. */
static int copy_names(struct og_pass *pass, size_t n, const char *const *names, const char ***ret)
{
	*ret = og_chunk_alloc(&pass->verdict->chunks, (n + 1) * sizeof(**ret));
	if (!*ret)
		return og_fail(pass->reterr, OG_E_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = og_verdict_keep(pass, names[i], strlen(names[i]));
	return pass->reterr->code == OG_OK ? 0 : -1;
}

static int run_rules(struct og_pass *pass)
{
	struct og_verdict *verdict = pass->verdict;
	const char *const *names;

	for (unsigned i = 0; i < og_nrules; i++) {
		if (run_rule(pass, i) == 0)
			continue;
		/* by themselves rules fail only for want of memory for their texts */
		og_fail(pass->reterr, OG_E_NOMEM, "out of memory");
		og_err_where(pass->reterr, og_rules[i].id, 0, 0);
		return -1;
	}
	verdict->nexceptions = og_effective_exceptions(pass->effective, &names);
	if (copy_names(pass, verdict->nexceptions, names, &verdict->exceptions) < 0)
		return -1;
	verdict->nexpired = og_effective_expired(pass->effective, &names);
	return copy_names(pass, verdict->nexpired, names, &verdict->expired);
}

int og_evaluate(const struct og_policy *policy, const struct og_facts *facts, enum og_cmd cmd,
		struct og_doc *doc, struct og_verdict **ret, struct og_err *reterr)
{
	struct og_effective *effective;
	struct og_pass pass = { .facts = facts, .cmd = cmd, .doc = doc, .reterr = reterr };
	int r;

	if (og_policy_effective(policy, facts, &effective, reterr) < 0)
		return -1;
	pass.effective = effective;
	pass.verdict = calloc(1, sizeof(*pass.verdict));
	r = pass.verdict ? run_rules(&pass) : og_fail(reterr, OG_E_NOMEM, "out of memory");
	og_effective_free(effective);
	if (r < 0)
		og_verdict_free(pass.verdict);
	else
		*ret = pass.verdict;
	return r;
}

/* Something in |verdict| that the document still asks for; launch actions are no edits. */
static const struct og_finding *leftover(const struct og_verdict *verdict)
{
	for (size_t i = 0; i < verdict->n; i++) {
		const struct og_finding *finding = &verdict->entries[i].finding;

		if (finding->action == OG_REJECT ||
		    (finding->action == OG_REWRITE && finding->op != OG_OP_NONE))
			return finding;
	}
	return NULL;
}

int og_recheck(const struct og_policy *policy, const struct og_facts *facts, enum og_cmd cmd,
	       const char *text, size_t len, struct og_err *reterr)
{
	const struct og_finding *finding;
	struct og_verdict *verdict = NULL;
	struct og_doc *doc = NULL;
	int r = og_doc_parse("the rewritten document", text, len, OG_DOC_KEPT, &doc, reterr);

	if (r == 0)
		r = og_evaluate(policy, facts, cmd, doc, &verdict, reterr);
	finding = r == 0 ? leftover(verdict) : NULL;
	if (finding)
		r = og_fail(reterr, OG_E_BUG,
			    "the rewritten document still fails the rule %s at %s: %s",
			    finding->rule, finding->path, finding->why);
	og_verdict_free(verdict);
	og_doc_free(doc);
	return r;
}
