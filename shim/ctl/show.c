/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl show: a policy with its layers merged, as a policy file that needs no
 * other, and beside each value where it comes from. Exceptions depend on the launch:
 * they are named only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../place.h"
#include "../policyfile.h"
#include "ctl.h"
#include "ocigate/facts.h"
#include "ocigate/rule.h"

/* ---- values as JSON ---- */

static void put_range(struct og_buf *out, const struct og_item *item)
{
	if (item->lo == item->hi)
		og_buf_printf(out, "\"%" PRIu64 "\"", item->lo);
	else
		og_buf_printf(out, "\"%" PRIu64 "-%" PRIu64 "\"", item->lo, item->hi);
}

static void put_source(struct og_buf *out, const struct og_item *item)
{
	og_buf_puts(out, "{ \"source\": ");
	og_buf_json(out, item->text);
	og_buf_printf(out, ", \"access\": \"%s\"%s }", item->access == OG_RW ? "rw" : "ro",
		      item->accept_setuid ? ", \"accept\": \"setuid\"" : "");
}

/* With its numbers, also where the path alone would do: they are what is judged. */
static void put_device(struct og_buf *out, const struct og_item *item)
{
	og_buf_puts(out, "{ \"path\": ");
	og_buf_json(out, item->text);
	og_buf_printf(out, ", \"type\": \"%c\", \"major\": %" PRIu64, item->devtype, item->major);
	if (item->minor != UINT64_MAX)
		og_buf_printf(out, ", \"minor\": %" PRIu64, item->minor);
	og_buf_printf(out, ", \"access\": \"%s%s%s\" }", item->perms & 1 ? "r" : "",
		      item->perms & 2 ? "w" : "", item->perms & 4 ? "m" : "");
}

static void put_limit(struct og_buf *out, const struct og_item *item)
{
	const char *between = "";

	og_buf_json(out, item->text);
	og_buf_puts(out, ": { ");
	if (item->hi != UINT64_MAX) {
		og_buf_printf(out, "\"max\": %" PRIu64, item->hi);
		between = ", ";
	}
	if (item->lo) {
		og_buf_printf(out, "%s\"min\": %" PRIu64, between, item->lo);
		between = ", ";
	}
	if (item->required || !*between)
		og_buf_printf(out, "%s\"required\": %s", between,
			      item->required ? "true" : "false");
	og_buf_puts(out, " }");
}

static void put_item(struct og_buf *out, enum og_opt_type type, const struct og_item *item)
{
	if (type == OG_T_IDS)
		put_range(out, item);
	else if (type == OG_T_SOURCES)
		put_source(out, item);
	else if (type == OG_T_DEVICES)
		put_device(out, item);
	else if (type == OG_T_LIMITS)
		put_limit(out, item);
	else
		og_buf_json(out, item->text);
}

/* ---- one option ---- */

static void put_origin(struct og_buf *out, const char *file, unsigned line)
{
	og_buf_printf(out, "%s // %s", og_ctl_paint(OG_GREEN), og_path_base(file));
	if (line)
		og_buf_printf(out, ":%u", line);
	og_buf_puts(out, og_ctl_paint(OG_PLAIN));
}

/* One element a line, each with its own origin: layers add to lists. */
static void put_list(struct og_buf *out, const struct og_effective *effective,
		     enum og_option option)
{
	const struct og_list *list = og_effective_list(effective, option);
	enum og_opt_type type = og_options[option].type;
	bool object = type == OG_T_LIMITS;

	og_buf_puts(out, object ? "{" : "[");
	for (size_t i = 0; i < list->n; i++) {
		og_buf_puts(out, "\n\t\t\t\t");
		put_item(out, type, &list->items[i]);
		og_buf_puts(out, i + 1 < list->n ? "," : "");
		put_origin(out, list->items[i].file, list->items[i].line);
	}
	og_buf_puts(out, list->n ? "\n\t\t\t" : "");
	og_buf_puts(out, object ? "}" : "]");
}

static bool is_list(enum og_opt_type type)
{
	return type >= OG_T_STRINGS;
}

static void put_option(struct og_buf *out, const struct og_effective *effective,
		       enum og_option option)
{
	const struct og_option_info *info = &og_options[option];

	og_buf_printf(out, "\t\t\t\"%s\": ", info->name);
	if (is_list(info->type)) {
		put_list(out, effective, option);
		return;
	}
	if (info->type == OG_T_BOOL)
		og_buf_puts(out, og_effective_bool(effective, option) ? "true" : "false");
	else if (info->type == OG_T_UINT)
		og_buf_printf(out, "%" PRIu64, og_effective_u64(effective, option));
	else
		og_buf_json(out, og_effective_str(effective, option));
}

/* Where a scalar, or an empty list, was decided; the elements of others say so themselves. */
static void put_option_origin(struct og_buf *out, const struct og_effective *effective,
			      enum og_option option)
{
	const char *file;
	unsigned line;

	if (is_list(og_options[option].type) && og_effective_list(effective, option)->n > 0)
		return;
	og_effective_option_origin(effective, option, &file, &line);
	put_origin(out, file, line);
}

static void put_rule(struct og_buf *out, const struct og_effective *effective, size_t rule)
{
	size_t left = 0;
	const char *file;
	unsigned line;

	og_buf_printf(out, "\t\t%s\"%s\"%s: {", og_ctl_paint(OG_BOLD), og_rules[rule].id,
		      og_ctl_paint(OG_PLAIN));
	og_effective_origin(effective, (enum og_rule_id)rule, &file, &line);
	put_origin(out, file, line);
	for (size_t i = 0; i < OG_NOPTIONS; i++)
		left += og_options[i].rule == rule;
	og_buf_printf(out, "\n\t\t\t\"action\": \"%s\"%s\n",
		      og_action_name(og_effective_action(effective, (enum og_rule_id)rule)),
		      left ? "," : "");
	for (size_t i = 0; i < OG_NOPTIONS; i++) {
		if (og_options[i].rule != rule)
			continue;
		put_option(out, effective, (enum og_option)i);
		og_buf_puts(out, --left ? "," : "");
		put_option_origin(out, effective, (enum og_option)i);
		og_buf_puts(out, "\n");
	}
	og_buf_printf(out, "\t\t}%s\n", rule + 1 < og_nrules ? "," : "");
}

/* Who takes what is shown for the whole of it is told what there is besides. */
static void put_exceptions(struct og_buf *out, const struct og_policy *policy)
{
	const char *name, *expires;
	size_t i = 0;

	for (; (name = og_policy_exception(policy, i, &expires)); i++) {
		og_buf_puts(out, i ? ", "
				   : "\t// without the exceptions, which are for some launches: ");
		og_buf_json(out, name);
	}
	og_buf_puts(out, i ? "\n" : "");
}

static int show(const struct og_policy *policy, const char *extends, struct og_err *reterr)
{
	static const struct og_facts nothing;
	const struct og_audit *audit = og_policy_audit(policy);
	og_auto_buf struct og_buf out = { 0 };
	struct og_effective *effective;

	if (og_policy_effective(policy, &nothing, &effective, reterr) < 0)
		return -1;
	og_buf_printf(&out, "{\n\t\"version\": 1,\n\t\"extends\": \"%s\",\n\t\"mode\": \"%s\",\n",
		      extends, og_mode_name(og_policy_mode(policy)));
	if (og_policy_message(policy)) {
		og_buf_puts(&out, "\t\"message\": ");
		og_buf_json(&out, og_policy_message(policy));
		og_buf_puts(&out, ",\n");
	}
	og_buf_puts(&out, "\t\"audit\": { ");
	if (audit->file) {
		og_buf_puts(&out, "\"file\": ");
		og_buf_json(&out, audit->file);
		og_buf_puts(&out, ", ");
	}
	og_buf_printf(&out,
		      "\"syslog\": %s, \"complying\": %s, \"required\": %s },\n\t\"rules\": {\n",
		      audit->syslog ? "true" : "false", audit->complying ? "true" : "false",
		      audit->required ? "true" : "false");
	for (size_t i = 0; i < og_nrules; i++)
		put_rule(&out, effective, i);
	og_buf_puts(&out, "\t}\n");
	put_exceptions(&out, policy);
	og_buf_puts(&out, "}\n");
	og_effective_free(effective);
	if (out.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	fwrite(out.data, 1, out.len, stdout); /* main.c looks whether it was */
	return 0;
}

/* ---- which policy ---- */

static int show_preset(const char *name, struct og_err *reterr)
{
	og_auto_buf struct og_buf text = { 0 };
	struct og_policy_source source = { .file = name };
	struct og_policy *policy = NULL;
	int r;

	if (!og_preset_exists(name))
		return og_fail(reterr, OG_E_USAGE, "there is no preset %s: they are " OG_PRESETS,
			       OG_Q(name));
	og_buf_printf(&text, "{\"version\":1,\"extends\":\"%s\"}", name);
	source.text = text.data;
	source.len = text.len;
	if (text.failed || og_policy_compile(&source, 1, NULL, NULL, &policy, reterr) < 0)
		return -1;
	r = show(policy, name, reterr);
	og_policy_free(policy);
	return r;
}

static int show_file(const char *given, struct og_err *reterr)
{
	og_auto_free char *path = NULL;
	struct og_policyfiles files;
	struct og_policy *policy = NULL;
	int r;

	if (og_ctl_find_policy(given, &path, reterr) < 0 ||
	    og_policyfile_read(path, true, &files, reterr) < 0)
		return -1;
	r = og_policy_compile(files.sources, files.n, NULL, NULL, &policy, reterr);
	/* every option stands in what is printed: which preset is below makes no difference */
	if (r == 0)
		r = show(policy, "permissive", reterr);
	og_policyfile_release(&files);
	og_policy_free(policy);
	return r;
}

int og_ctl_show(const struct og_subcommand *self, int argc, char *argv[])
{
	struct og_err err = { 0 };
	bool preset = argc > 1 && strcmp(argv[1], "--preset") == 0;
	int r;

	if (argc > 1 && argv[1][0] == '-' && !preset)
		return og_ctl_usage(self, "%s is no option", OG_Q(argv[1]));
	if (preset && argc == 2)
		return og_ctl_usage(self, "--preset is given no value");
	if (argc > 2 + preset)
		return og_ctl_usage(self, "%s: --preset NAME or one policy file is expected",
				    OG_Q(argv[2 + preset]));
	r = preset ? show_preset(argv[2], &err) : show_file(argv[1], &err);
	return r < 0 ? og_ctl_error(&err) : OG_CTL_OK;
}
