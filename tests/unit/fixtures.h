/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runners of the case directories. make writes one test per directory that
 * calls one of these; a case that fails aborts that test.
 */
#ifndef OG_TEST_FIXTURES_H
#define OG_TEST_FIXTURES_H

/*
 * tests/fixtures/RULE/CASE: policy.json, before.json and facts.json give
 * after.json (absent: rejected) and findings.jsonl; and the properties of every
 * evaluation hold. OG_UPDATE_GOLDEN=1 writes the last two instead.
 */
void og_fixture_run(const char *dir);

/*
 * tests/doc/KIND/CASE: |input|, and what is wrong with it in |error|, one
 * "LINE:COL: TEXT" per line. valid: the parser takes it and writes it back
 * unchanged. invalid: the parser refuses it. ambiguous: the parser, or the rule
 * document under the preset "permissive", refuses it as a config.json. The name
 * of a case for policy files (comments) starts with "policy-".
 */
void og_doccase_run(const char *dir);

#endif
