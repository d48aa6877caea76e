/* SPDX-License-Identifier: Apache-2.0 */
/*
 * About the fixtures themselves: every rule has the three kinds that it must
 * have, and no two are the same.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/rule.h"
#include "text.h"

#define ROOT "tests/fixtures"

struct kinds {
	unsigned allow, act, absent;
};

static bool is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void count(const char *dir, const char *name, struct kinds *kinds)
{
	struct text findings = text_read(dir, "findings.jsonl");

	cr_assert(findings.data != NULL, "%s: no findings.jsonl", dir);
	if (strstr(findings.data, "\"action\":\"rewrite\"") ||
	    strstr(findings.data, "\"action\":\"reject\""))
		kinds->act++;
	else
		kinds->allow++;
	kinds->absent += strstr(name, "absent") != NULL;
	free(findings.data);
}

/* A name with "absent" in it is about a field that is not there. */
Test(fixtures, every_rule_has_three_kinds)
{
	for (size_t i = 0; i < og_nrules; i++) {
		struct kinds kinds = { 0 };
		char path[256], dir[512];
		struct dirent *entry;
		DIR *cases;

		snprintf(path, sizeof(path), ROOT "/%s", og_rules[i].id);
		cases = opendir(path);
		cr_expect(cases != NULL, "no fixtures for the rule %s", og_rules[i].id);
		while (cases && (entry = readdir(cases))) {
			snprintf(dir, sizeof(dir), "%s/%s", path, entry->d_name);
			if (is_case(entry))
				count(dir, entry->d_name, &kinds);
		}
		if (cases)
			closedir(cases);
		cr_expect(kinds.allow && kinds.act && kinds.absent,
			  "%s: %u allow, %u rewrite or reject, %u with an absent field",
			  og_rules[i].id, kinds.allow, kinds.act, kinds.absent);
	}
}

struct content {
	char *text; /* what the case gives to the engine */
	char dir[512];
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct content *)a)->text, ((const struct content *)b)->text);
}

static void read_content(struct content *content)
{
	static const char *const files[] = { "policy.json", "facts.json", "before.json" };
	size_t len = 0;
	FILE *out = open_memstream(&content->text, &len);

	cr_assert(out != NULL);
	for (size_t i = 0; i < 3; i++) {
		struct text text = text_read(content->dir, files[i]);

		fprintf(out, "%s\n%s\n", files[i], text.data ? text.data : "");
		free(text.data);
	}
	fclose(out);
}

static size_t read_cases(struct content *cases, size_t max)
{
	struct dirent **rules, **names;
	size_t n = 0;
	int nrules = scandir(ROOT, &rules, NULL, alphasort);

	for (int i = 0; i < nrules; i++) {
		char path[300];
		int nnames;

		snprintf(path, sizeof(path), ROOT "/%s", rules[i]->d_name);
		nnames = is_case(rules[i]) ? scandir(path, &names, NULL, alphasort) : 0;
		for (int j = 0; j < nnames; j++) {
			if (is_case(names[j]) && n < max) {
				snprintf(cases[n].dir, sizeof(cases[n].dir), "%.299s/%.200s", path,
					 names[j]->d_name);
				read_content(&cases[n++]);
			}
			free(names[j]);
		}
		if (nnames > 0)
			free(names);
		free(rules[i]);
	}
	if (nrules > 0)
		free(rules);
	return n;
}

Test(fixtures, no_two_are_the_same)
{
	const size_t max = 10000;
	struct content *cases = calloc(max, sizeof(*cases));
	size_t n;

	cr_assert(cases != NULL);
	n = read_cases(cases, max);
	cr_assert(n > 0 && n < max, "%zu fixtures", n);
	qsort(cases, n, sizeof(*cases), compare);
	for (size_t i = 1; i < n; i++)
		cr_expect(strcmp(cases[i - 1].text, cases[i].text) != 0, "%s and %s are the same",
			  cases[i - 1].dir, cases[i].dir);
	for (size_t i = 0; i < n; i++)
		free(cases[i].text);
	free(cases);
}
