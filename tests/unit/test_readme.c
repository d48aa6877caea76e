/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is generated in README.md and in a man page: rules from rules.def, options
 * from options.def, controls of the standards from controls.def and the presets.
 * OG_UPDATE_GOLDEN=1 writes it anew.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ocigate/buf.h"
#include "ocigate/rule.h"
#include "policy/presets.h"
#include "policy_helpers.h"
#include "shim/ctl/types.h"
#include "shim/file.h"

/* ---- the table of rules ---- */

static void put_rules(struct og_buf *out)
{
	og_buf_puts(out, "| rule | judges |\n|---|---|\n");
	for (size_t i = 0; i < og_nrules; i++)
		og_buf_printf(out, "| `%s` | %s |\n", og_rules[i].id, og_rules[i].summary);
}

/* ---- the tables of controls ---- */

enum standard { PSS_BASELINE, PSS_RESTRICTED, CIS };

static const struct control {
	enum standard standard;
	int number; /* of CIS, in section 5 */
	const char *name, *rules, *note;
} controls[] = {
#define PSS_BASELINE(control, rules, note)   { PSS_BASELINE, 0, control, rules, note },
#define PSS_RESTRICTED(control, rules, note) { PSS_RESTRICTED, 0, control, rules, note },
#define CIS(number, control, rules, note)    { CIS, number, control, rules, note },
#include "controls.def"
};
#define NCONTROLS (sizeof(controls) / sizeof(controls[0]))

static int find_rule(const char *id, size_t len)
{
	for (size_t i = 0; i < og_nrules; i++)
		if (strlen(og_rules[i].id) == len && memcmp(og_rules[i].id, id, len) == 0)
			return (int)i;
	return -1;
}

/* "`namespaces` rewrite, `network-host` reject": what the preset does with each rule. */
static void put_actions(const struct control *control, const char *preset, struct og_buf *out)
{
	static const struct og_facts no_facts;
	char text[64];
	struct og_policy *policy;
	struct og_effective *effective;
	const char *at = control->rules;

	snprintf(text, sizeof(text), POLICY("%s", ""), preset);
	policy = compile_text(text);
	effective = effective_of(policy, &no_facts);
	for (size_t len; *at; at += len + (at[len] == ' ')) {
		enum og_action action;
		int rule;

		len = strcspn(at, " ");
		rule = find_rule(at, len);
		cr_assert(rule >= 0, "%s: there is no rule \"%.*s\"", control->name, (int)len, at);
		action = og_effective_action(effective, (enum og_rule_id)rule);
		cr_expect(ne(int, action, OG_OFF), "%s: %s has the rule %s off", control->name,
			  preset, og_rules[rule].id);
		og_buf_printf(out, "%s`%s` %s", at == control->rules ? "" : ", ", og_rules[rule].id,
			      og_action_name(action));
	}
	og_effective_free(effective);
	og_policy_free(policy);
}

static void put_pss(const struct control *control, struct og_buf *out)
{
	og_buf_printf(out, "| %s | ", control->name);
	if (!*control->rules) {
		og_buf_printf(out, "not at a launch | not at a launch | %s |\n", control->note);
		return;
	}
	if (control->standard == PSS_BASELINE)
		put_actions(control, "baseline", out);
	og_buf_puts(out, " | ");
	put_actions(control, "restricted", out);
	og_buf_printf(out, " |%s%s |\n", *control->note ? " " : "", control->note);
}

static void put_cis(const struct control *control, struct og_buf *out)
{
	og_buf_printf(out, "| 5.%d | %s | ", control->number, control->name);
	if (*control->rules)
		put_actions(control, "cis-docker", out);
	else
		og_buf_puts(out, "not at a launch");
	og_buf_printf(out, " |%s%s |\n", *control->note ? " " : "", control->note);
}

static void put_controls(struct og_buf *out)
{
	og_buf_puts(out, "| Pod Security Standards | in `baseline` | in `restricted` | |\n"
			 "|---|---|---|---|\n");
	for (size_t i = 0; i < NCONTROLS; i++)
		if (controls[i].standard != CIS)
			put_pss(&controls[i], out);
	og_buf_puts(out, "\n| CIS Docker | section 5 | in `cis-docker` | |\n|---|---|---|---|\n");
	for (size_t i = 0; i < NCONTROLS; i++)
		if (controls[i].standard == CIS)
			put_cis(&controls[i], out);
}

Test(readme, no_control_is_left_out)
{
	size_t pss[2] = { 0 };
	int cis = 0;

	for (size_t i = 0; i < NCONTROLS; i++) {
		const struct control *control = &controls[i];

		cr_expect(control->rules[0] || control->note[0], "%s: no rule and no reason",
			  control->name);
		if (control->standard != CIS)
			pss[control->standard]++;
		else
			cr_expect(eq(int, control->number, ++cis), "%s: out of order",
				  control->name);
	}
	/* Kubernetes 1.34 has as many; the benchmark's section goes from 5.1 to 5.32 */
	cr_expect(eq(sz, pss[PSS_BASELINE], 12));
	cr_expect(eq(sz, pss[PSS_RESTRICTED], 6));
	cr_expect(eq(int, cis, 32));
}

/* ---- rules and options in the man page ---- */

#define PAGE "shim/man/ocigate-policy.5"

/* Text for troff: no escapes, no request at the start of a line, plain hyphens and quotes. */
static void put_roff(struct og_buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || text[i] == '\t') {
			while (i + 1 < len && strchr(" \n\t", text[i + 1]))
				i++;
			og_buf_puts(out, " ");
		} else if (text[i] == '\\') {
			og_buf_puts(out, "\\e");
		} else if (text[i] == '-') {
			og_buf_puts(out, "\\-");
		} else if (text[i] == '"') {
			og_buf_puts(out, "\\(dq");
		} else {
			og_buf_put(out, text + i, 1);
		}
	}
}

static void put_roff_text(struct og_buf *out, const char *text)
{
	put_roff(out, text, strlen(text));
}

static void put_option(struct og_buf *out, const struct og_option_info *option,
		       const struct og_node *rule)
{
	const struct og_node *value = og_member(rule, option->name);
	const char *raw;
	size_t len;

	og_buf_puts(out, ".TP\n.B ");
	put_roff_text(out, option->name);
	og_buf_puts(out, "\n");
	put_roff_text(out, option->doc);
	og_buf_puts(out, ".\n");
	put_roff_text(out, og_type_docs[option->type].words);
	cr_assert(value != NULL, "lab has no option %s", option->name);
	raw = og_raw(value, &len);
	og_buf_puts(out, ":\n.RS\n.IP\n");
	og_buf_puts(out, "\\(dq");
	put_roff_text(out, option->name);
	og_buf_puts(out, "\\(dq: ");
	put_roff(out, raw, len);
	og_buf_puts(out, "\n.RE\n");
}

static const char *const command_words[] = { "create", "exec", "update", "start", "restore" };

static void put_page_rule(struct og_buf *out, size_t rule, const struct og_node *lab)
{
	const struct og_node *node = og_member(og_member(lab, "rules"), og_rules[rule].id);
	const char *between = "";

	og_buf_puts(out, ".SS ");
	put_roff_text(out, og_rules[rule].id);
	og_buf_puts(out, "\nJudges ");
	put_roff_text(out, og_rules[rule].summary);
	og_buf_puts(out, "; at ");
	for (size_t i = 0; i < sizeof(command_words) / sizeof(command_words[0]); i++)
		if (og_rules[rule].cmds & (1u << i)) {
			og_buf_printf(out, "%s%s", between, command_words[i]);
			between = ", ";
		}
	og_buf_puts(out,
		    og_rules[rule].flags & OG_RULE_NO_REWRITE ? ". It can only reject.\n" : ".\n");
	for (size_t i = 0; i < OG_NOPTIONS; i++)
		if (og_options[i].rule == rule)
			put_option(out, &og_options[i], node);
}

static void put_page(struct og_buf *out)
{
	const struct og_preset *preset = og_presets;
	struct og_err err = { 0 };
	struct og_doc *doc;

	while (strcmp(preset->name, "lab") != 0)
		preset++;
	cr_assert(eq(int,
		     og_doc_parse("lab", preset->text, preset->len, OG_DOC_COMMENTS, &doc, &err),
		     0));
	for (size_t i = 0; i < og_nrules; i++)
		put_page_rule(out, i, og_doc_root(doc));
	og_doc_free(doc);
}

/* ---- in the files ---- */

static const struct section {
	const char *file, *what, *begin, *end;
	void (*put)(struct og_buf *out);
} sections[] = {
	{ PAGE, "rules",
	  ".\\\" rules: generated by \"make update-golden\" from policy/rules.def and "
	  "policy/options.def\n",
	  ".\\\" end of rules\n", put_page },
	{ "README.md", "rules",
	  "<!-- rules: generated by \"make update-golden\" from policy/rules.def -->\n",
	  "<!-- end of rules -->\n", put_rules },
	{ "README.md", "controls", "<!-- controls -->\n", "<!-- /controls -->\n", put_controls },
};

static void update(const char *file, const char *text, const char *from, const char *to,
		   const struct og_buf *table)
{
	struct og_buf out = { 0 };
	FILE *stream;

	og_buf_put(&out, text, (size_t)(from - text));
	og_buf_puts(&out, table->data);
	og_buf_puts(&out, to);
	stream = fopen(file, "w");
	cr_assert(stream != NULL, "%s", file);
	cr_expect(eq(sz, fwrite(out.data, 1, out.len, stream), out.len));
	cr_assert(eq(int, fclose(stream), 0));
	og_buf_release(&out);
}

static void check_section(const struct section *section)
{
	struct og_buf table = { 0 };
	struct og_err err = { 0 };
	char *text, *from, *to;
	size_t len;
	bool same;

	section->put(&table);
	cr_assert(eq(int,
		     og_file_read(AT_FDCWD, section->file, 1 << 20, 0, &text, &len, NULL, &err), 0),
		  "%s", err.msg);
	from = strstr(text, section->begin);
	to = strstr(text, section->end);
	cr_assert(from && to, "%s has lost the marks around its %s", section->file, section->what);
	from += strlen(section->begin);
	same = (size_t)(to - from) == table.len && memcmp(from, table.data, table.len) == 0;
	if (getenv("OG_UPDATE_GOLDEN"))
		update(section->file, text, from, to, &table);
	else
		cr_expect(same, "%s: its table of %s is an old one; make update-golden",
			  section->file, section->what);
	og_buf_release(&table);
	free(text);
}

/* One test: tests run beside each other, and each table is written into the same file. */
Test(readme, tables_are_those_generated)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		check_section(&sections[i]);
}
