/* SPDX-License-Identifier: Apache-2.0 */
/* One part of a document has one owner: a rule that edits another's is a bug, and nothing launches.
 */
#include "policy/doc_edit.h"
#include "policy_helpers.h"

#include "ocigate/rule.h"
#include "ocigate/verdict.h"

static const char config[] =
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"x\"],"
	"\"cwd\":\"/\"},\"root\":{\"path\":\"r\"},\"linux\":{}}";

/* Judge root by a policy that has another user, after |pointer| was edited by |rule|. */
static int judge(const char *pointer, enum og_rule_id rule, struct og_err *err)
{
	struct og_policy *policy = compile_text(POLICY(
		"permissive", ",\"rules\":{\"user\":{\"action\":\"rewrite\",\"uid\":[\"1000\"],"
			      "\"to\":\"1000:1000\"}}"));
	const struct og_facts facts = { .today = "2030-01-01", .id = "x", .command = "create" };
	struct og_verdict *verdict = NULL;
	struct og_doc *doc = NULL;
	int r;

	cr_assert(eq(int, og_doc_parse("c", config, strlen(config), 0, &doc, err), 0));
	og_node_set_owner(og_get(og_doc_root(doc), pointer), rule + 1);
	r = og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, err);
	og_verdict_free(verdict);
	og_doc_free(doc);
	og_policy_free(policy);
	return r;
}

Test(owners, another_rules_node)
{
	struct og_err err = { 0 };

	cr_expect(eq(int, judge("/process/user/uid", OG_RULE_capabilities, &err), -1));
	cr_expect(eq(int, err.code, OG_E_BUG));
	cr_expect(eq(str, err.msg,
		     (char *)"the rules capabilities and user both edit /process/user/uid"));
}

Test(owners, a_node_above)
{
	struct og_err err = { 0 };

	cr_expect(eq(int, judge("/process/user", OG_RULE_capabilities, &err), -1));
	cr_expect(eq(int, err.code, OG_E_BUG));
}

Test(owners, its_own_node)
{
	struct og_err err = { 0 };

	cr_expect(eq(int, judge("/process/user/uid", OG_RULE_user, &err), 0), "%s", err.msg);
}
