/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict becomes: the outcome by mode, the refusal's text, records without secrets. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"

/* Judge |config| by baseline with |rules|; everything is the caller's to free. */
static struct og_verdict *judge(const char *rules, const char *config, struct og_policy **policy)
{
	static const struct og_facts facts = { .today = "2030-01-01",
					       .id = "x",
					       .command = "create" };
	struct og_buf text = { 0 };
	struct og_err err = { 0 };
	struct og_policy_source source = { .file = "/etc/ocigate/policy.json" };
	struct og_verdict *verdict = NULL;
	struct og_doc *doc = NULL;

	og_buf_printf(&text, "{\"version\":1,\"extends\":\"permissive\",\"rules\":{%s}}", rules);
	source.text = text.data;
	source.len = text.len;
	cr_assert(eq(int, og_policy_compile(&source, 1, NULL, NULL, policy, &err), 0), "%s",
		  err.msg);
	cr_assert(eq(int, og_doc_parse("c", config, strlen(config), 0, &doc, &err), 0), "%s",
		  err.msg);
	cr_assert(eq(int, og_evaluate(*policy, &facts, OG_CMD_CREATE, doc, &verdict, &err), 0),
		  "%s", err.msg);
	og_doc_free(doc);
	og_buf_release(&text);
	return verdict;
}

/* A config whose user is |uid|, and which is all right otherwise. */
static char *config_of(unsigned uid, const char *more)
{
	struct og_buf out = { 0 };

	og_buf_printf(&out,
		      "{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":%u,\"gid\":5},"
		      "\"args\":[\"x\"],\"cwd\":\"/\"%s},\"root\":{\"path\":\"r\"},\"linux\":{}}",
		      uid, more);
	return og_buf_steal(&out);
}

#define USER(action) "\"user\":{\"action\":\"" action "\",\"uid\":[\"1000\"],\"to\":\"1000:1000\"}"

Test(verdict, outcome_by_mode)
{
	static const struct {
		const char *rules;
		enum og_outcome outcome[3]; /* audit, enforce, explain */
	} rows[] = {
		{ USER("audit"), { OG_OUTCOME_AS_IS, OG_OUTCOME_AS_IS, OG_OUTCOME_REFUSE } },
		{ USER("rewrite"), { OG_OUTCOME_AS_IS, OG_OUTCOME_REWRITTEN, OG_OUTCOME_REFUSE } },
		{ USER("reject"), { OG_OUTCOME_AS_IS, OG_OUTCOME_REFUSE, OG_OUTCOME_REFUSE } },
	};
	char *config = config_of(7, "");

	for (size_t i = 0; i < 3; i++) {
		struct og_policy *policy;
		struct og_verdict *verdict = judge(rows[i].rules, config, &policy);

		for (int mode = 0; mode < 3; mode++)
			cr_expect(eq(int, (int)og_verdict_outcome(verdict, (enum og_mode)mode),
				     (int)rows[i].outcome[mode]),
				  "row %zu mode %d", i, mode);
		og_verdict_free(verdict);
		og_policy_free(policy);
	}
	free(config);
}

Test(verdict, what_cannot_be_judged_is_refused_in_every_mode)
{
	struct og_err cause = { .code = OG_E_CONFIG,
				.line = 3,
				.col = 9,
				.where = "config.json",
				.msg = "the key \"a\" stands twice" },
		      err = { 0 };
	struct og_buf text = { 0 };
	struct og_policy *policy;
	char *config = config_of(1000, "");
	struct og_verdict *verdict, *valid = judge(USER("off"), config, &policy);

	cr_assert(eq(int, og_verdict_unjudged(&cause, policy, &verdict, &err), 0));
	for (int mode = 0; mode < 3; mode++)
		cr_expect(eq(int, (int)og_verdict_outcome(verdict, (enum og_mode)mode),
			     (int)OG_OUTCOME_REFUSE));
	og_verdict_refusal(verdict, NULL, &text);
	cr_expect(eq(str, text.data,
		     "ocigate: rejected: document: config.json:3:9: the key \"a\" stands twice "
		     "[policy.json]"));
	og_buf_release(&text);
	og_verdict_free(valid);
	og_verdict_free(verdict);
	og_policy_free(policy);
	free(config);
}

Test(verdict, refusal_names_place_and_message_in_one_line)
{
	struct og_buf text = { 0 };
	struct og_policy *policy;
	char *config = config_of(7, "");
	struct og_verdict *verdict = judge(USER("reject"), config, &policy);

	og_verdict_refusal(verdict, "Ask ops.\nSoon.", &text);
	cr_expect(eq(int, strncmp(text.data, "ocigate: rejected: user: uid 7 ", 31), 0), "%s",
		  text.data);
	cr_expect(ne(ptr, strstr(text.data, "[policy.json:1] Ask ops. Soon."), NULL), "%s",
		  text.data);
	cr_expect(eq(ptr, strchr(text.data, '\n'), NULL));
	og_buf_release(&text);
	og_verdict_free(verdict);
	og_policy_free(policy);
	free(config);
}

Test(verdict, refusal_is_cut_but_keeps_the_message)
{
	struct og_buf message = { 0 }, text = { 0 };
	struct og_policy *policy;
	char *config = config_of(7, "");
	struct og_verdict *verdict = judge(USER("reject"), config, &policy);

	for (int i = 0; i < 5000; i++)
		og_buf_puts(&message, "\xc3\xa9");
	og_verdict_refusal(verdict, message.data, &text);
	cr_expect(lt(sz, text.len, 4000));
	cr_expect(eq(sz, strlen(text.data), text.len));
	og_buf_release(&text);
	og_buf_release(&message);
	og_verdict_free(verdict);
	og_policy_free(policy);
	free(config);
}

/* However long the findings are: whole characters, and the message behind them. */
Test(verdict, long_findings_give_way_to_the_message)
{
	static const struct og_facts facts = { .today = "2030-01-01",
					       .id = "x",
					       .command = "create" };
	char *config = config_of(7, ",\"rlimits\":[]");

	for (size_t shift = 0; shift < 3; shift++) {
		static const char rules[] =
			"{\"version\":1,\"extends\":\"permissive\",\"rules\":{" USER(
				"reject") ","
					  "\"command\":{\"action\":\"reject\",\"deny\":[\"x\"]}}}";
		og_auto_buf struct og_buf message = { 0 }, text = { 0 }, file = { 0 };
		struct og_policy_source source = { .text = rules, .len = strlen(rules) };
		struct og_verdict *verdict = NULL;
		struct og_policy *policy = NULL;
		struct og_doc *doc = NULL;
		struct og_err err = { 0 };
		const char *cut;

		for (size_t i = 0; i < 1300; i++)
			og_buf_puts(&file, "\xe2\x82\xac");
		for (size_t i = 0; i < 1300 + shift; i++)
			og_buf_puts(&message, "m");
		source.file = file.data;
		cr_assert(eq(int, og_policy_compile(&source, 1, NULL, NULL, &policy, &err), 0));
		cr_assert(eq(int, og_doc_parse("c", config, strlen(config), 0, &doc, &err), 0));
		cr_assert(eq(int, og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, &err),
			     0));
		og_verdict_refusal(verdict, message.data, &text);
		cr_expect(lt(sz, text.len, 4000));
		cr_expect(eq(sz, strlen(text.data), text.len));
		cut = strstr(text.data, "... m");
		cr_assert(cut != NULL && strcmp(cut + 4, message.data) == 0, "%s", text.data);
		cr_expect(strncmp(cut - 3, "\xe2\x82\xac", 3) == 0, "half a character: %s",
			  cut - 3);
		og_verdict_free(verdict);
		og_policy_free(policy);
		og_doc_free(doc);
	}
	free(config);
}

/* The findings of the rules that do no more than watch can be left out. */
Test(verdict, findings_from_an_action_on)
{
	og_auto_buf struct og_buf all = { 0 }, some = { 0 };
	struct og_policy *policy;
	char *config = config_of(7, ",\"oomScoreAdj\":-5");
	struct og_verdict *verdict = judge(USER("audit") ",\"oom-score\":{\"action\":\"reject\","
							 "\"min\":0}",
					   config, &policy);

	og_verdict_findings(verdict, 0, OG_AUDIT, &all);
	og_verdict_findings(verdict, 0, OG_REJECT, &some);
	cr_expect(strstr(all.data, "\"rule\":\"user\"") &&
		  strstr(all.data, "\"rule\":\"oom-score\""));
	cr_expect(strstr(some.data, "\"rule\":\"user\"") == NULL &&
			  strstr(some.data, "\"rule\":\"oom-score\""),
		  "%s", some.data);
	og_verdict_free(verdict);
	og_policy_free(policy);
	free(config);
}

/* A document can be made to fail at more places than anybody would read. */
Test(verdict, too_many_findings_are_an_error)
{
	static const char rules[] = "{\"version\":1,\"extends\":\"permissive\",\"rules\":{"
				    "\"environment\":{\"action\":\"reject\",\"deny\":[\"LD_*\"]}}}";
	static const struct og_facts facts = { .today = "2030-01-01",
					       .id = "x",
					       .command = "create" };
	struct og_policy_source source = { "/p.json", rules, strlen(rules) };
	og_auto_buf struct og_buf env = { 0 };
	struct og_verdict *verdict = NULL;
	struct og_policy *policy = NULL;
	struct og_doc *doc = NULL;
	struct og_err err = { 0 };
	char *config;

	og_buf_puts(&env, ",\"env\":[\"LD_A=\"");
	for (int i = 1; i < 100001; i++)
		og_buf_puts(&env, ",\"LD_A=\"");
	og_buf_puts(&env, "]");
	config = config_of(7, env.data);
	cr_assert(eq(int, og_policy_compile(&source, 1, NULL, NULL, &policy, &err), 0));
	cr_assert(eq(int, og_doc_parse("c", config, strlen(config), 0, &doc, &err), 0));
	cr_expect(eq(int, og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, &err), -1));
	cr_expect(eq(int, err.code, OG_E_CONFIG)); /* and so the launch is refused */
	cr_expect(eq(str, err.msg, "more than 100000 findings"));
	og_policy_free(policy);
	og_doc_free(doc);
	free(config);
}

/* "update" with limits as flags alone: there is no document to judge. */
Test(verdict, an_update_without_a_document)
{
	static const char rules[] = "{\"version\":1,\"extends\":\"lab\"}";
	static const struct og_facts facts = { .today = "2030-01-01",
					       .id = "x",
					       .command = "update" };
	struct og_policy_source source = { "/p.json", rules, strlen(rules) };
	struct og_verdict *verdict = NULL;
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };

	cr_assert(eq(int, og_policy_compile(&source, 1, NULL, NULL, &policy, &err), 0));
	cr_assert(eq(int, og_evaluate(policy, &facts, OG_CMD_UPDATE, NULL, &verdict, &err), 0),
		  "%s", err.msg);
	cr_expect(lt(int, og_verdict_worst(verdict), OG_REWRITE));
	og_verdict_free(verdict);
	og_policy_free(policy);
}

Test(verdict, records_hide_what_dry_run_shows)
{
	struct og_buf hidden = { 0 }, shown = { 0 };
	struct og_policy *policy;
	char *config = config_of(1000, ",\"env\":[\"TOKEN=sesame\"],\"ENV\":[]");
	struct og_verdict *verdict = judge(USER("off"), config, &policy);

	og_verdict_findings(verdict, 0, OG_AUDIT, &hidden);
	og_verdict_findings(verdict, OG_ENC_VALUES, OG_AUDIT, &shown);
	cr_expect(eq(ptr, strstr(hidden.data, "sesame"), NULL));
	cr_expect(ne(ptr, strstr(hidden.data, "\"rule\":\"document\""), NULL));
	og_buf_release(&hidden);
	og_buf_release(&shown);
	og_verdict_free(verdict);
	og_policy_free(policy);
	free(config);
}

Test(verdict, leaks_are_closed_without_a_finding)
{
	static const struct og_facts facts = { .today = "2030-01-01", .id = "x" };
	static const char text[] = "{\"version\":1,\"extends\":\"permissive\",\"rules\":"
				   "{\"descriptors\":{\"action\":\"rewrite\"}}}";
	struct og_policy_source source = { .file = "p", .text = text, .len = sizeof(text) - 1 };
	struct og_policy *policy;
	struct og_verdict *verdict;
	struct og_doc *doc;
	struct og_err err = { 0 };
	char *config = config_of(1000, "");

	cr_assert(eq(int, og_policy_compile(&source, 1, NULL, NULL, &policy, &err), 0));
	cr_assert(eq(int, og_doc_parse("c", config, strlen(config), 0, &doc, &err), 0));
	cr_assert(eq(int, og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, &err), 0));
	cr_expect(eq(uint, og_verdict_launch(verdict), OG_LAUNCH_CLOSE_FDS));
	for (size_t i = 0; i < og_verdict_count(verdict); i++)
		cr_expect(ne(str, (char *)og_verdict_finding(verdict, i)->rule, "descriptors"));
	og_verdict_free(verdict);
	og_doc_free(doc);
	og_policy_free(policy);
	free(config);
}

/* Until Docker 28 a port published on 127.0.0.1 can be reached from the host's own link. */
Test(verdict, ports_are_guarded_where_the_rule_rewrites)
{
	static const struct {
		const char *action, *address;
		unsigned launch;
		enum og_action worst;
	} rows[] = {
		{ "rewrite", "127.0.0.1", OG_LAUNCH_GUARD_PORTS, OG_OFF },
		{ "rewrite", "0.0.0.0", OG_LAUNCH_GUARD_PORTS, OG_REWRITE },
		{ "reject", "127.0.0.1", 0, OG_OFF },
		{ "reject", "0.0.0.0", 0, OG_REJECT },
		{ "audit", "127.0.0.1", 0, OG_OFF },
		{ "audit", "0.0.0.0", 0, OG_AUDIT },
		{ "off", "0.0.0.0", 0, OG_OFF },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct og_port port = { .proto = "tcp",
					.address = rows[i].address,
					.host_port = 8080,
					.container_port = 80 };
		const struct og_facts facts = { .today = "2030-01-01",
						.id = "x",
						.engine = OG_ENGINE_DOCKER,
						.ports_known = OG_KNOWN,
						.ports = &port,
						.nports = 1 };
		enum og_action worst = OG_OFF;
		struct og_verdict *verdict = NULL;
		struct og_policy *policy;
		struct og_doc *doc = NULL;
		struct og_err err = { 0 };
		char rules[128], *config = config_of(1000, "");

		snprintf(rules, sizeof(rules),
			 "\"ports\":{\"action\":\"%s\",\"addresses\":[\"127.0.0.1\"]}",
			 rows[i].action);
		og_verdict_free(judge(rules, config, &policy));
		cr_assert(eq(int, og_doc_parse("c", config, strlen(config), 0, &doc, &err), 0));
		cr_assert(eq(int, og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, &err),
			     0));
		cr_expect(eq(uint, og_verdict_launch(verdict), rows[i].launch), "row %zu", i);
		for (size_t j = 0; j < og_verdict_count(verdict); j++) {
			const struct og_finding *finding = og_verdict_finding(verdict, j);

			if (!strcmp(finding->rule, "ports") && finding->action > worst)
				worst = finding->action;
		}
		cr_expect(eq(int, worst, rows[i].worst), "row %zu", i);
		og_verdict_free(verdict);
		og_policy_free(policy);
		og_doc_free(doc);
		free(config);
	}
}

/* A config with five annotations, which the rule annotations does not allow. */
static const char annotated[] =
	"{\"ociVersion\":\"1.0.2\",\"process\":{\"args\":[\"x\"],\"cwd\":\"/\"},\"root\":{\"path\":"
	"\"r\"},\"linux\":{},\"annotations\":{\"a\":\"1\",\"b\":\"2\",\"c/d\":\"3\",\"e~\":\"4\","
	"\"f\":\"5\"}}";

#define ANNOTATIONS(action) "\"annotations\":{\"action\":\"" action "\",\"allow\":[]}"

Test(verdict, three_findings_and_how_many_more)
{
	struct og_buf text = { 0 };
	struct og_policy *policy;
	struct og_verdict *verdict = judge(ANNOTATIONS("reject"), annotated, &policy);

	og_verdict_refusal(verdict, NULL, &text);
	cr_expect(ne(ptr, strstr(text.data, "; and 2 more"), NULL), "%s", text.data);
	cr_expect(eq(str, (char *)og_verdict_word(verdict), "reject"));
	og_buf_release(&text);
	og_verdict_free(verdict);
	og_policy_free(policy);
}

Test(verdict, patch_goes_back_to_front)
{
	struct og_buf patch = { 0 };
	struct og_policy *policy;
	struct og_verdict *verdict = judge(ANNOTATIONS("rewrite"), annotated, &policy);

	og_verdict_patch(verdict, &patch);
	cr_expect(eq(int,
		     strncmp(patch.data,
			     "[{\"op\":\"test\",\"path\":\"/annotations/f\",\"value\":\"5\"},"
			     "{\"op\":\"remove\",\"path\":\"/annotations/f\"},"
			     "{\"op\":\"test\",\"path\":\"/annotations/e~0\"",
			     120),
		     0),
		  "%s", patch.data);
	cr_expect(eq(str, (char *)og_verdict_word(verdict), "rewrite"));
	og_buf_release(&patch);
	og_verdict_free(verdict);
	og_policy_free(policy);
}

Test(verdict, explain_says_what_would_be_done)
{
	static const struct {
		const char *rules, *begin;
	} rows[] = {
		{ ANNOTATIONS("off"), "ocigate: complies: " },
		{ ANNOTATIONS("audit"), "ocigate: complies: " },
		{ ANNOTATIONS("rewrite"), "ocigate: would be rewritten: annotations: " },
		{ ANNOTATIONS("reject"), "ocigate: would be rejected: annotations: " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct og_buf text = { 0 };
		struct og_policy *policy;
		struct og_verdict *verdict = judge(rows[i].rules, annotated, &policy);

		og_verdict_explain(verdict, "Ask.", &text);
		cr_expect(eq(int, strncmp(text.data, rows[i].begin, strlen(rows[i].begin)), 0),
			  "%s", text.data);
		og_buf_release(&text);
		og_verdict_free(verdict);
		og_policy_free(policy);
	}
}

/* What was rewritten is judged again before it is launched. */
Test(verdict, what_still_fails_is_never_launched)
{
	static const struct og_facts facts = { .today = "2030-01-01",
					       .id = "x",
					       .command = "create" };
	static const struct {
		const char *rules;
		unsigned uid;
		int r;
	} rows[] = {
		{ USER("rewrite"), 1000, 0 },
		{ USER("rewrite"), 7, -1 },
		{ USER("reject"), 7, -1 },
		{ USER("audit"), 7, 0 },
		/* to close descriptors is no edit, and asked for each time */
		{ USER("rewrite") ",\"descriptors\":{\"action\":\"rewrite\"}", 1000, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct og_facts leaky = facts;
		struct og_err err = { 0 };
		struct og_policy *policy;
		char *config = config_of(rows[i].uid, "");

		leaky.listen_fds = i == 4;
		og_verdict_free(judge(rows[i].rules, config, &policy));
		cr_expect(
			eq(int,
			   og_recheck(policy, &leaky, OG_CMD_CREATE, config, strlen(config), &err),
			   rows[i].r),
			"row %zu: %s", i, err.msg);
		if (rows[i].r < 0) {
			cr_expect(eq(int, err.code, OG_E_BUG));
			cr_expect(strstr(err.msg,
					 "still fails the rule user at /process/user/uid") != NULL,
				  "%s", err.msg);
		}
		og_policy_free(policy);
		free(config);
	}
}

Test(verdict, nothing_is_found_behind_the_last)
{
	struct og_policy *policy;
	char *config = config_of(7, "");
	struct og_verdict *verdict = judge(USER("reject"), config, &policy);

	cr_expect(gt(sz, og_verdict_count(verdict), 0));
	cr_expect(eq(ptr, (void *)og_verdict_finding(verdict, og_verdict_count(verdict)), NULL));
	og_verdict_free(verdict);
	og_policy_free(policy);
	free(config);
}

/* A thousand mounts are many; more than anyone writes are not even sorted. */
Test(verdict, too_many_mounts_are_one_finding)
{
	og_auto_buf struct og_buf more = { 0 };
	struct og_policy *policy;
	struct og_verdict *verdict;
	size_t rejected = 0;

	og_buf_puts(&more, "{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},"
			   "\"args\":[\"x\"],\"cwd\":\"/\"},\"root\":{\"path\":\"r\"},\"linux\":{},"
			   "\"mounts\":[{\"destination\":\"/a\"}");
	for (int i = 1; i < 10001; i++)
		og_buf_puts(&more, ",{\"destination\":\"/a\"}");
	og_buf_puts(&more, "]}");
	verdict = judge("\"mounts\":{\"action\":\"reject\"}", more.data, &policy);
	for (size_t i = 0; i < og_verdict_count(verdict); i++) {
		const struct og_finding *finding = og_verdict_finding(verdict, i);

		if (strcmp(finding->rule, "mounts") != 0)
			continue;
		rejected++;
		cr_expect(eq(str, (char *)finding->why, "there are more than 10000 mounts"));
	}
	cr_expect(eq(sz, rejected, 1));
	og_verdict_free(verdict);
	og_policy_free(policy);
}

/* Where nothing is known about the place, the error's text is all there is. */
Test(verdict, what_cannot_be_judged_without_a_place)
{
	static const struct og_err causes[] = {
		{ .code = OG_E_CONFIG, .where = "config.json", .msg = "the file is empty" },
		{ .code = OG_E_CONFIG, .msg = "the file is empty" },
	};
	static const char *const said[] = { "document: config.json: the file is empty",
					    "document: the file is empty" };
	struct og_policy *policy;
	char *config = config_of(1000, "");

	og_verdict_free(judge(USER("off"), config, &policy));
	for (size_t i = 0; i < 2; i++) {
		og_auto_buf struct og_buf text = { 0 };
		struct og_verdict *verdict = NULL;
		struct og_err err = { 0 };

		cr_assert(eq(int, og_verdict_unjudged(&causes[i], policy, &verdict, &err), 0));
		og_verdict_refusal(verdict, NULL, &text);
		cr_expect(strstr(text.data, said[i]) != NULL, "%s", text.data);
		og_verdict_free(verdict);
	}
	og_policy_free(policy);
	free(config);
}

/* Only what is below these places is secret, not what is called alike. */
Test(verdict, a_field_called_like_a_secret_one_is_none)
{
	og_auto_buf struct og_buf hidden = { 0 };
	struct og_policy *policy;
	struct og_verdict *verdict = judge(
		"\"document\":{\"unknown\":\"remove\"}",
		"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":1,\"gid\":5},"
		"\"args\":[\"x\"],\"cwd\":\"/\",\"envy\":\"sesame\"},\"root\":{\"path\":\"r\"},"
		"\"linux\":{},\"mounts\":[{\"destination\":\"/a\",\"x\":\"simsim\"}]}",
		&policy);

	og_verdict_findings(verdict, 0, OG_AUDIT, &hidden);
	cr_expect(strstr(hidden.data, "sesame") != NULL, "%s", hidden.data);
	cr_expect(strstr(hidden.data, "simsim") == NULL, "%s", hidden.data);
	og_verdict_free(verdict);
	og_policy_free(policy);
}

Test(verdict, expired_exceptions_are_named)
{
	static const struct og_facts facts = { .today = "2030-01-01",
					       .id = "x",
					       .command = "create" };
	static const char text[] = "{\"version\":1,\"extends\":\"permissive\",\"exceptions\":["
				   "{\"name\":\"old\",\"reason\":\"r\",\"expires\":\"2029-12-31\","
				   "\"match\":{\"engine\":"
				   "[\"none\"]},\"rules\":{\"user\":{\"action\":\"off\"}}},"
				   "{\"name\":\"new\",\"reason\":\"r\",\"expires\":\"2030-01-01\","
				   "\"match\":{\"engine\":"
				   "[\"none\"]},\"rules\":{\"user\":{\"action\":\"off\"}}}]}";
	struct og_policy_source source = { .file = "p", .text = text, .len = sizeof(text) - 1 };
	const char *const *names;
	struct og_policy *policy;
	struct og_verdict *verdict;
	struct og_doc *doc;
	struct og_err err = { 0 };

	cr_assert(eq(int, og_policy_compile(&source, 1, NULL, NULL, &policy, &err), 0), "%s",
		  err.msg);
	cr_assert(eq(int, og_doc_parse("c", annotated, strlen(annotated), 0, &doc, &err), 0));
	cr_assert(eq(int, og_evaluate(policy, &facts, OG_CMD_CREATE, doc, &verdict, &err), 0));
	cr_assert(eq(sz, og_verdict_expired(verdict, &names), 1));
	cr_expect(eq(str, (char *)names[0], "old"));
	cr_assert(eq(sz, og_verdict_exceptions(verdict, &names), 1));
	cr_expect(eq(str, (char *)names[0], "new"));
	og_verdict_free(verdict);
	og_doc_free(doc);
	og_policy_free(policy);
}
