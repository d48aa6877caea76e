/* SPDX-License-Identifier: Apache-2.0 */
/* One fixture as fixtures.c loads it and properties.c looks at it. */
#ifndef OG_TEST_FIXTURE_H
#define OG_TEST_FIXTURE_H

#include "ocigate/buf.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"
#include "text.h"

struct fixture {
	const char *dir;
	char rule[64]; /* the directory above the case */
	struct text policy_text, facts_text, before, after, findings;
	struct og_policy *policy;
	struct og_doc *facts_doc;
	struct og_facts *facts;
	enum og_cmd cmd;
};

/* What one evaluation of |fixture| gave. */
struct outcome {
	struct og_doc *doc; /* NULL: a command without document */
	struct og_verdict *verdict;
	char *written; /* the document after its edits; NULL when doc is */
	size_t len;
};

/* Evaluate |text| with the fixture's facts. Fails the test on errors. */
void fixture_evaluate(const struct fixture *fixture, const struct og_policy *policy,
		      const char *text, size_t len, struct outcome *ret);
void outcome_release(struct outcome *outcome);

/* Everything that must hold for every fixture, whatever its rule. */
void fixture_properties(const struct fixture *fixture, const struct outcome *outcome);

/* Fail the test with what an error says. */
void fail_with(const char *dir, const char *what, const struct og_err *err);

#endif
