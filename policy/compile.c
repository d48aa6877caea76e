/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bytes of policy files to a policy: reads each layer, merges them from
 * the preset up, keeps the exceptions, and reports every problem there is.
 */
#include "policy/policy_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/presets.h"

#define LAYERS (OG_POLICY_MAX_LAYERS + 1) /* and the preset */

struct compiler {
	struct og_policy *policy;
	struct og_problems problems;
	struct og_reader readers[LAYERS];
	struct og_layer layers[LAYERS];
	size_t n; /* files; the preset has its own place */
	size_t entries;
	bool broken; /* a layer is not there at all: merging would only lead to false errors */
	struct og_err bug;
};

/* ---- presets ---- */

static const struct og_preset *find_preset(const char *name)
{
	for (size_t i = 0; i < og_npresets; i++)
		if (!strcmp(og_presets[i].name, name))
			return &og_presets[i];
	return NULL;
}

bool og_preset_exists(const char *name)
{
	return find_preset(name) != NULL;
}

/* ---- reading ---- */

static int parse(struct og_reader *reader, const char *text, size_t len, struct og_doc **ret,
		 struct og_err *reterr)
{
	struct og_err err = { 0 };

	if (len > OG_POLICY_MAX_BYTES) {
		og_problem_at(reader, false, 1, 1, "larger than %zu bytes", OG_POLICY_MAX_BYTES);
		return -1;
	}
	if (og_doc_parse(reader->file, text, len, OG_DOC_COMMENTS, ret, &err) == 0)
		return 0;
	if (err.code == OG_E_NOMEM)
		*reterr = err;
	else
		og_problem_at(reader, false, err.line, err.col, "%s", err.msg);
	return -1;
}

/* Make the next layer out of |source|. */
static void read_layer(struct compiler *compiler, const struct og_policy_source *source)
{
	struct og_reader *reader = &compiler->readers[compiler->n];
	struct og_doc *doc;

	*reader = (struct og_reader){ .policy = compiler->policy,
				      .problems = &compiler->problems,
				      .file = og_pool_text(&compiler->policy->pool, source->file),
				      .source = (unsigned)compiler->n,
				      .entries = &compiler->entries };
	compiler->n++;
	if (!reader->file)
		return;
	if (parse(reader, source->text, source->len, &doc, &compiler->bug) < 0) {
		compiler->broken = true;
		return;
	}
	og_layer_read(reader, og_doc_root(doc), &compiler->layers[compiler->n - 1]);
	og_doc_free(doc);
}

/* The preset was read when the program was built. */
static void take_preset(struct compiler *compiler, const struct og_preset *preset)
{
	compiler->readers[OG_POLICY_PRESET] = (struct og_reader){ .policy = compiler->policy,
								  .problems = &compiler->problems,
								  .file = preset->name,
								  .source = OG_POLICY_PRESET,
								  .preset = true,
								  .entries = &compiler->entries };
	compiler->layers[OG_POLICY_PRESET] = *preset->layer;
}

static void read_layers(struct compiler *compiler, const struct og_policy_source *sources, size_t n)
{
	const struct og_preset *preset;
	const char *extends;

	for (size_t i = 0; i < n; i++) {
		read_layer(compiler, &sources[i]);
		extends = compiler->layers[i].extends;
		if (extends && (*extends == '/') != (i + 1 < n))
			og_fail(&compiler->bug, OG_E_BUG,
				"the policy files given are not what %s extends",
				OG_Q(sources[i].file));
	}
	extends = compiler->layers[n - 1].extends;
	preset = extends ? find_preset(extends) : NULL;
	if (preset)
		take_preset(compiler, preset);
	else
		compiler->broken = true;
}

/* ---- merging ---- */

/* |change| follows one that takes |item| out: it replaces it. */
static bool replaces(const struct og_change *change, const struct og_item *item, bool first)
{
	const struct og_change *before = change - 1;

	return !first && before->what == change->what && before->how == OG_HOW_DEL &&
	       og_list_find(og_options[change->what].type, &before->value.raw, item);
}

static void warn_present(const struct og_reader *reader, unsigned line, unsigned col,
			 const struct og_item *item, const struct og_item *old)
{
	char place[32] = "";

	if (old->line)
		snprintf(place, sizeof(place), ":%u", old->line);
	og_problem_at(reader, true, line, col, "%s is in the list already, by %s%s%s",
		      OG_Q(item->text), old->file, place,
		      old->access < item->access
			      ? ": the stricter decides; take the other out with \"-\" first"
			      : "");
}

/* What is taken out must be there; what is put in should not be. */
static void check_elements(const struct og_reader *reader, const struct og_change *change,
			   bool first, const struct og_list *have)
{
	enum og_opt_type type = og_options[change->what].type;

	for (size_t i = 0; change->how != OG_HOW_SET && i < change->value.raw.n; i++) {
		const struct og_item *item = &change->value.raw.items[i];
		const struct og_item *old = og_list_find(type, have, item);
		unsigned line = change->places[2 * i], col = change->places[2 * i + 1];

		if (change->how == OG_HOW_DEL && !old)
			og_problem_at(reader, false, line, col,
				      "%s is not in the list that it would be taken out of",
				      OG_Q(item->text));
		if (change->how != OG_HOW_ADD || !old || type == OG_T_LIMITS || reader->preset ||
		    replaces(change, item, first))
			continue;
		warn_present(reader, line, col, item, old);
	}
}

static void merge_top(struct og_policy *policy, const struct og_layer *layer)
{
	if (layer->has_mode)
		policy->mode = layer->mode;
	if (layer->has_message)
		policy->message = layer->message;
	if (layer->has_file)
		policy->audit.file = layer->audit.file;
	if (layer->has_syslog)
		policy->audit.syslog = layer->audit.syslog;
	if (layer->has_complying)
		policy->audit.complying = layer->audit.complying;
	if (layer->has_required)
		policy->audit.required = layer->audit.required;
}

static void merge_layer(struct og_policy *policy, const struct og_reader *reader,
			const struct og_layer *layer)
{
	for (size_t i = 0; i < layer->changes.n; i++) {
		const struct og_change *change = &layer->changes.list[i];

		if (change->what >= OG_NOPTIONS) {
			policy->actions[change->what - OG_NOPTIONS] = (struct og_origin){
				(enum og_action)change->value.num,
				change->value.file,
				change->value.line,
			};
			continue;
		}
		check_elements(reader, change, i == 0, &policy->values[change->what].raw);
		og_value_change(&policy->pool, (enum og_option)change->what,
				&policy->values[change->what], &change, 1);
	}
	merge_top(policy, layer);
}

/* ---- what only the merged policy can tell ---- */

/* As the rule reads them: an empty list holds every id. */
static bool in_ranges(const struct og_list *list, uint64_t id)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].lo <= id && id <= list->items[i].hi)
			return true;
	return list->n == 0;
}

/* What cannot be brought into line is rejected: with such a "to" nothing ever is. */
static void check_user(const struct compiler *compiler, enum og_action action,
		       const struct og_value values[OG_NOPTIONS])
{
	static const enum og_option options[] = { OG_OPT_user_uid, OG_OPT_user_gid };
	const struct og_value *to = &values[OG_OPT_user_to];
	uint64_t ids[] = { to->num >> 32, to->num & UINT32_MAX };

	if (action != OG_REWRITE || !to->set)
		return;
	for (size_t i = 0; i < 2; i++) {
		const struct og_value *list = &values[options[i]];
		/* Said where the layer nearest to the launch has a part in it. */
		const struct og_value *place = list->source < to->source ? list : to;

		if (in_ranges(&list->list, ids[i]))
			continue;
		og_problem_at(&compiler->readers[place->source], true, place->source_line,
			      place->source_col,
			      "\"to\" is %s, but \"%s\" does not hold %llu: nothing can be "
			      "rewritten to it",
			      OG_Q(to->str), og_options[options[i]].name,
			      (unsigned long long)ids[i]);
	}
}

static void check_exception(struct compiler *compiler, const struct og_exception *exception)
{
	static const enum og_option user[] = { OG_OPT_user_uid, OG_OPT_user_gid, OG_OPT_user_to };
	struct og_policy *policy = compiler->policy;
	struct og_value values[OG_NOPTIONS] = { 0 };
	enum og_action action = policy->actions[OG_RULE_user].action;
	bool touched = false;

	for (size_t i = 0; i < 3; i++)
		values[user[i]] = policy->values[user[i]];
	for (size_t i = 0; i < exception->changes.n; i++) {
		const struct og_change *change = &exception->changes.list[i];

		if (change->what == OG_ACTION_OF(OG_RULE_user))
			action = (enum og_action)change->value.num;
		if (change->what >= OG_NOPTIONS)
			continue;
		check_elements(&compiler->readers[exception->source], change, i == 0,
			       &policy->values[change->what].raw);
		if (og_options[change->what].rule != OG_RULE_user)
			continue;
		touched = true;
		og_value_change(&policy->pool, (enum og_option)change->what, &values[change->what],
				&change, 1);
	}
	if (touched)
		check_user(compiler, action, values);
}

/* ---- exceptions of all layers, the preset's first ---- */

static void keep_exceptions(struct og_policy *policy, const struct og_layer *layer)
{
	if (layer->nexceptions)
		memcpy(policy->exceptions + policy->nexceptions, layer->exceptions,
		       layer->nexceptions * sizeof(*layer->exceptions));
	policy->nexceptions += layer->nexceptions;
}

static void keep_all_exceptions(struct compiler *compiler)
{
	struct og_policy *policy = compiler->policy;
	size_t n = compiler->layers[OG_POLICY_PRESET].nexceptions;

	for (size_t i = 0; i < compiler->n; i++)
		n += compiler->layers[i].nexceptions;
	policy->exceptions = og_pool_alloc(&policy->pool, n, sizeof(*policy->exceptions));
	if (!policy->exceptions)
		return;
	keep_exceptions(policy, &compiler->layers[OG_POLICY_PRESET]);
	for (size_t i = compiler->n; i-- > 0;)
		keep_exceptions(policy, &compiler->layers[i]);
}

static void merge(struct compiler *compiler)
{
	struct og_policy *policy = compiler->policy;

	merge_layer(policy, &compiler->readers[OG_POLICY_PRESET],
		    &compiler->layers[OG_POLICY_PRESET]);
	for (size_t i = compiler->n; i-- > 0;)
		merge_layer(policy, &compiler->readers[i], &compiler->layers[i]);
	check_user(compiler, policy->actions[OG_RULE_user].action, policy->values);
	keep_all_exceptions(compiler);
	for (size_t i = 0; i < policy->nexceptions && !policy->pool.failed; i++)
		check_exception(compiler, &policy->exceptions[i]);
}

/* ---- reporting ---- */

static void report_all(struct compiler *compiler, og_report_fn *report, void *ctx,
		       struct og_err *reterr)
{
	og_problems_sort(&compiler->problems);
	for (size_t i = 0; i < compiler->problems.n; i++) {
		const struct og_problem *problem = &compiler->problems.list[i];
		struct og_err err = { 0 };

		og_fail(&err, OG_E_POLICY, "%s", problem->text);
		og_err_where(&err, compiler->readers[problem->source].file, problem->line,
			     problem->col);
		if (!problem->warning && reterr->code == OG_OK)
			*reterr = err;
		if (report)
			report(ctx, problem->warning, &err);
	}
}

static int finish(struct compiler *compiler, og_report_fn *report, void *ctx,
		  struct og_policy **ret, struct og_err *reterr)
{
	if (compiler->bug.code != OG_OK) {
		*reterr = compiler->bug;
		return -1;
	}
	if (compiler->policy->pool.failed || compiler->problems.pool.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	report_all(compiler, report, ctx, reterr);
	if (compiler->problems.errors || compiler->broken)
		return og_fail(reterr, OG_E_POLICY, "the policy cannot be used");
	*ret = compiler->policy;
	compiler->policy = NULL;
	return 0;
}

static int start(struct compiler *compiler, const char *file, struct og_err *reterr)
{
	compiler->policy = calloc(1, sizeof(*compiler->policy));
	if (!compiler->policy)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	compiler->policy->mode = OG_MODE_ENFORCE;
	compiler->policy->audit.required = true;
	compiler->policy->file = og_pool_text(&compiler->policy->pool, file);
	return 0;
}

static int compile(struct compiler *compiler, const struct og_policy_source *sources, size_t n,
		   og_report_fn *report, void *ctx, struct og_policy **ret, struct og_err *reterr)
{
	if (start(compiler, sources[0].file, reterr) < 0)
		return -1;
	compiler->problems.quiet = !report;
	read_layers(compiler, sources, n);
	if (!compiler->broken && !compiler->policy->pool.failed && compiler->bug.code == OG_OK)
		merge(compiler);
	return finish(compiler, report, ctx, ret, reterr);
}

int og_policy_compile(const struct og_policy_source *sources, size_t n, og_report_fn *report,
		      void *ctx, struct og_policy **ret, struct og_err *reterr)
{
	struct compiler *compiler;
	int status;

	if (n < 1)
		return og_fail(reterr, OG_E_BUG, "there is no policy to compile");
	if (n > OG_POLICY_MAX_LAYERS) {
		og_fail(reterr, OG_E_POLICY, "more than %d files extend each other",
			OG_POLICY_MAX_LAYERS);
		og_err_where(reterr, sources[0].file, 0, 0);
		return -1;
	}
	compiler = calloc(1, sizeof(*compiler));
	if (!compiler)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	status = compile(compiler, sources, n, report, ctx, ret, reterr);
	og_policy_free(compiler->policy);
	og_pool_release(&compiler->problems.pool);
	free(compiler);
	return status;
}

void og_policy_free(struct og_policy *policy)
{
	if (!policy)
		return;
	og_pool_release(&policy->pool);
	free(policy);
}

/* ---- what a file extends ---- */

/* Nothing more is read then: a misspelt name would be heard of nowhere else. */
static void extends_missing(const struct og_reader *reader, const struct og_node *root)
{
	static const char *const extends[] = { "extends", NULL };
	char hint[OG_HINT];

	if (og_type(root) == OG_OBJECT) {
		og_each (member, root) {
			if (!*og_hint(hint, og_key(member), extends))
				continue;
			og_key_unknown(reader, member, "a policy", extends);
			return;
		}
	}
	og_wrong(reader, root,
		 "\"extends\" is missing in a policy: name a preset (" OG_PRESETS
		 "), or another policy by its absolute path");
}

static int extends_of(struct compiler *compiler, const struct og_policy_source *source, char **ret,
		      struct og_err *reterr)
{
	struct og_reader *reader = &compiler->readers[0];
	struct og_policy *policy = NULL;
	const struct og_node *node;
	struct og_doc *doc = NULL;
	const char *extends = NULL;

	*reader = (struct og_reader){ .policy = compiler->policy,
				      .problems = &compiler->problems,
				      .file = compiler->policy->file,
				      .entries = &compiler->entries };
	if (reader->file && parse(reader, source->text, source->len, &doc, &compiler->bug) == 0) {
		node = og_member(og_doc_root(doc), "extends");
		if (node)
			og_extends_read(reader, node, &extends);
		else
			extends_missing(reader, og_doc_root(doc));
	}
	og_doc_free(doc);
	if (finish(compiler, NULL, NULL, &policy, reterr) < 0)
		return -1;
	*ret = extends ? strdup(extends) : NULL; /* NULL only when memory was short */
	og_policy_free(policy);
	return *ret ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}

int og_policy_extends(const struct og_policy_source *source, char **ret, struct og_err *reterr)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	int status = -1;

	if (!compiler)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	if (start(compiler, source->file, reterr) == 0)
		status = extends_of(compiler, source, ret, reterr);
	og_policy_free(compiler->policy);
	og_pool_release(&compiler->problems.pool);
	free(compiler);
	return status;
}

/* ---- asking ---- */

enum og_mode og_policy_mode(const struct og_policy *policy)
{
	return policy->mode;
}

const char *og_policy_message(const struct og_policy *policy)
{
	return policy->message;
}

const char *og_policy_exception(const struct og_policy *policy, size_t i, const char **retexpires)
{
	if (i >= policy->nexceptions)
		return NULL;
	*retexpires = policy->exceptions[i].expires;
	return policy->exceptions[i].name;
}

const char *og_policy_file(const struct og_policy *policy)
{
	return policy->file;
}

const struct og_audit *og_policy_audit(const struct og_policy *policy)
{
	return &policy->audit;
}
