/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl suggest: the smallest additions to a policy under which what an audit log
 * saw would have complied, each with how often it was needed, as a policy to review.
 * What no addition to a list permits is named in comments: it takes an exception.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "ocigate/rule.h"
#include "report.h"

/* How the value that would have to be allowed is found in a finding. */
enum kind {
	CAPS,	/* what "before" has in the bounding set and "after" has not */
	SOURCE, /* quoted in "why", before what says that it is not allowed */
	NUMBER, /* "before" itself */
	STRING, /* "before", a string */
	MEMBER, /* "path" within "before" */
	DEVICE, /* the node that is "before", or those that it has and "after" has not */
	LAST,	/* the last step of "path" */
};

/* By rule and, where |place| is given, the end of the finding's path. */
static const struct source {
	const char *rule, *place, *option;
	enum kind kind;
} sources[] = {
	{ "capabilities", NULL, "allow+", CAPS },
	{ "mounts", NULL, "allow+", SOURCE },
	{ "user", "/uid", "uid+", NUMBER },
	{ "user", "/gid", "gid+", NUMBER },
	{ "user", "/additionalGids/", "groups+", NUMBER },
	{ "sysctls", NULL, "allow+", LAST },
	{ "annotations", NULL, "allow+", LAST },
	{ "devices", NULL, "allow+", DEVICE },
	{ "hooks", NULL, "allow+", MEMBER },
	{ "cgroup", NULL, "parents+", STRING },
	{ "kernel", NULL, "allow+", LAST },
};
#define NSOURCES (sizeof(sources) / sizeof(sources[0]))

const char *const og_suggest_keys[] = { "command", "verdict", "findings", "rule", "path",
					"before",  "after",   "why",	  NULL };

/* ---- from a finding to what it would take ---- */

static int add(struct og_suggestions *s, size_t source, const char *json, struct og_err *reterr)
{
	og_auto_buf struct og_buf key = { 0 };

	og_buf_printf(&key, "%02zu\t%s", source, json);
	if (key.failed || og_tally_add(&s->additions, key.data, 0) < 0)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return 0;
}

static int add_string(struct og_suggestions *s, size_t source, const char *text, size_t len,
		      struct og_err *reterr)
{
	og_auto_buf struct og_buf json = { 0 };
	char *copy = strndup(text, len);

	if (!copy)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	if (sources[source].kind == SOURCE) {
		og_buf_puts(&json, "{ \"source\": ");
		og_buf_json(&json, copy);
		og_buf_puts(&json, ", \"access\": \"ro\" }");
	} else {
		og_buf_json(&json, copy);
	}
	free(copy);
	return json.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory")
			   : add(s, source, json.data, reterr);
}

/* "before" and "after" of a finding are JSON in a string. */
static int parse_value(const struct og_node *finding, const char *key, struct og_doc **ret,
		       struct og_err *reterr)
{
	const char *text = og_str(og_member(finding, key));
	struct og_err err = { 0 };

	*ret = NULL;
	if (!text || og_doc_parse(key, text, strlen(text), 0, ret, &err) == 0 ||
	    err.code != OG_E_NOMEM)
		return 0;
	/* as none it would read like all that was taken away */
	*reterr = err;
	return -1;
}

static bool has_cap(const struct og_node *list, const char *name)
{
	og_each (one, list)
		if (og_str(one) && strcmp(og_str(one), name) == 0)
			return true;
	return false;
}

static int add_caps(struct og_suggestions *s, size_t source, const struct og_node *before,
		    const struct og_node *after, bool *found, struct og_err *reterr)
{
	int r = 0;

	og_each (name, og_member(before, "bounding")) {
		const char *text = og_str(name);

		if (r < 0 || !text || has_cap(og_member(after, "bounding"), text))
			continue;
		*found = true;
		r = add_string(s, source, text, strlen(text), reterr);
	}
	return r;
}

static int add_number(struct og_suggestions *s, size_t source, const struct og_node *node,
		      bool *found, struct og_err *reterr)
{
	char json[24];
	uint64_t n;

	/* null and absence mean 0 */
	if (og_u64(node, &n) < 0)
		n = 0;
	*found = true;
	snprintf(json, sizeof(json), "\"%" PRIu64 "\"", n);
	return add(s, source, json, reterr);
}

/*
 * The path that a sentence says is no allowed source, with its first quote: of a link or of
 * a mount below it is not the one that was asked for. No quoted text has a quote in it
 * (og_quote()), and what one says is not what the sentence does.
 */
static const char *refused_path(const char *why, const char **end)
{
	static const char says[] = "is not an allowed source";

	for (const char *start = why ? strchr(why, '"') : NULL; start;
	     start = strchr(*end + 1, '"')) {
		*end = strchr(start + 1, '"');
		if (!*end)
			break;
		if (memmem(*end + 1, strcspn(*end + 1, "\""), says, sizeof(says) - 1))
			return start;
	}
	return NULL;
}

static int add_source(struct og_suggestions *s, size_t source, const char *why, bool *found,
		      struct og_err *reterr)
{
	const char *end, *start = refused_path(why, &end);

	/* cut, or with bytes that were made visible: not the path itself; with "*": a pattern */
	if (!start || start[1] != '/' || memchr(start, '\\', (size_t)(end - start)) ||
	    memchr(start, '*', (size_t)(end - start)) || strncmp(end - 3, "...", 3) == 0)
		return 0;
	*found = true;
	return add_string(s, source, start + 1, (size_t)(end - start - 1), reterr);
}

static int add_last(struct og_suggestions *s, size_t source, const char *path, bool *found,
		    struct og_err *reterr)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	/* "~1" is a slash in a pointer, "*" would allow other names too: left to the reader */
	if (!slash || !slash[1] || strpbrk(slash, "~*"))
		return 0;
	*found = true;
	return add_string(s, source, slash + 1, strlen(slash + 1), reterr);
}

static int add_text(struct og_suggestions *s, size_t source, const char *text, bool *found,
		    struct og_err *reterr)
{
	if (!text || !*text || strchr(text, '*'))
		return 0;
	*found = true;
	return add_string(s, source, text, strlen(text), reterr);
}

/* By its numbers, too: of few paths it is known which they are. */
static int add_device(struct og_suggestions *s, size_t source, const struct og_node *node,
		      bool *found, struct og_err *reterr)
{
	const char *path = og_str(og_member(node, "path")), *type = og_str(og_member(node, "type"));
	og_auto_buf struct og_buf json = { 0 };
	uint64_t major, minor;

	if (!path || strncmp(path, "/dev/", 5) != 0 || !type ||
	    (strcmp(type, "b") != 0 && strcmp(type, "c") != 0) ||
	    og_u64(og_member(node, "major"), &major) < 0 ||
	    og_u64(og_member(node, "minor"), &minor) < 0)
		return 0;
	*found = true;
	og_buf_puts(&json, "{ \"path\": ");
	og_buf_json(&json, path);
	og_buf_printf(&json,
		      ", \"type\": \"%s\", \"major\": %" PRIu64 ", \"minor\": %" PRIu64
		      ", \"access\": \"rw\" }",
		      type, major, minor);
	return json.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory")
			   : add(s, source, json.data, reterr);
}

static bool has_node(const struct og_node *list, const struct og_node *node)
{
	const char *path = og_str(og_member(node, "path"));

	og_each (one, list)
		if (path && og_str(og_member(one, "path")) &&
		    strcmp(og_str(og_member(one, "path")), path) == 0)
			return true;
	return false;
}

static int add_devices(struct og_suggestions *s, size_t source, const struct og_node *before,
		       const struct og_node *after, bool *found, struct og_err *reterr)
{
	int r = 0;

	if (og_type(before) != OG_ARRAY)
		return add_device(s, source, before, found, reterr);
	og_each (node, before)
		if (r == 0 && !has_node(after, node))
			r = add_device(s, source, node, found, reterr);
	return r;
}

static int extract(struct og_suggestions *s, size_t source, const struct og_node *finding,
		   bool *found, struct og_err *reterr)
{
	enum kind kind = sources[source].kind;
	struct og_doc *before = NULL, *after = NULL;
	const struct og_node *root;
	int r = 0;

	if (kind != SOURCE && kind != LAST)
		r = parse_value(finding, "before", &before, reterr);
	if (r == 0 && (kind == CAPS || kind == DEVICE))
		r = parse_value(finding, "after", &after, reterr);
	if (r < 0) {
		og_doc_free(before);
		return -1;
	}
	root = og_doc_root(before);
	switch (kind) {
	case CAPS:
		r = add_caps(s, source, root, og_doc_root(after), found, reterr);
		break;
	case SOURCE:
		r = add_source(s, source, og_str(og_member(finding, "why")), found, reterr);
		break;
	case NUMBER:
		r = add_number(s, source, root, found, reterr);
		break;
	case STRING:
		r = add_text(s, source, og_str(root), found, reterr);
		break;
	case MEMBER:
		r = add_text(s, source, og_str(og_member(root, "path")), found, reterr);
		break;
	case DEVICE:
		r = add_devices(s, source, root, og_doc_root(after), found, reterr);
		break;
	case LAST:
		r = add_last(s, source, og_str(og_member(finding, "path")), found, reterr);
		break;
	}
	og_doc_free(before);
	og_doc_free(after);
	return r;
}

static int take_finding(struct og_suggestions *s, const struct og_node *finding,
			struct og_err *reterr)
{
	const char *rule = og_str(og_member(finding, "rule"));
	const char *path = og_str(og_member(finding, "path"));
	bool found = false;
	int r = 0;

	for (size_t i = 0; rule && r == 0 && i < NSOURCES && !found; i++)
		if (strcmp(sources[i].rule, rule) == 0 &&
		    (!sources[i].place || (path && strstr(path, sources[i].place))))
			r = extract(s, i, finding, &found, reterr);
	if (r == 0 && rule && !found && og_tally_add(&s->others, rule, 0) < 0)
		r = og_fail(reterr, OG_E_NOMEM, "out of memory");
	return r;
}

/* What --privileged brought with it: no list that permits that much should come of it. */
static bool is_of_privileged(const char *rule)
{
	static const char *const rules[] = { "capabilities", "devices", "seccomp", "masked-paths" };

	for (size_t i = 0; rule && i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rule, rules[i]) == 0)
			return true;
	return false;
}

int og_suggest_take(void *ctx, const struct og_node *record, struct og_err *reterr)
{
	struct og_suggestions *s = ctx;
	bool privileged = false;
	int r = 0;

	if (og_record_is_later(record))
		s->later++;
	else
		s->launches++;
	og_each (finding, og_member(record, "findings")) {
		const char *rule = og_str(og_member(finding, "rule"));

		privileged = privileged || (rule && strcmp(rule, "privileged") == 0);
	}
	og_each (finding, og_member(record, "findings"))
		if (r == 0 && !(privileged && is_of_privileged(og_str(og_member(finding, "rule")))))
			r = take_finding(s, finding, reterr);
	return r;
}

/* ---- the fragment ---- */

static void put_often(struct og_buf *out, const char *comma, uint64_t n)
{
	if (n == 1)
		og_buf_printf(out, "%s // once", comma);
	else
		og_buf_printf(out, "%s // %" PRIu64 " times", comma, n);
}

/* The additions of one source, as a member of its rule; *any: whether there was one. */
static void put_source(struct og_buf *out, const struct og_suggestions *s, size_t source, bool *any)
{
	char prefix[8];
	bool open = false;
	uint64_t n = 0;

	snprintf(prefix, sizeof(prefix), "%02zu\t", source);
	for (size_t i = 0; i < s->additions.n; i++) {
		const struct og_tally_row *row = &s->additions.rows[i];

		if (strncmp(row->name, prefix, strlen(prefix)) != 0)
			continue;
		if (!open)
			og_buf_printf(out, "%s\t\t\t\"%s\": [", *any ? ",\n" : "",
				      sources[source].option);
		else
			put_often(out, ",", n);
		open = *any = true;
		og_buf_printf(out, "\n\t\t\t\t%s", row->name + strlen(prefix));
		n = row->n[0];
	}
	if (open) {
		put_often(out, "", n);
		og_buf_puts(out, "\n\t\t\t]");
	}
}

static void put_rules(struct og_buf *out, const struct og_suggestions *s)
{
	const char *between = "\n";

	for (size_t i = 0; i < NSOURCES; i++) {
		og_auto_buf struct og_buf rule = { 0 };
		bool any = false;
		size_t k = i;

		if (i > 0 && strcmp(sources[i - 1].rule, sources[i].rule) == 0)
			continue;
		for (; k < NSOURCES && strcmp(sources[k].rule, sources[i].rule) == 0; k++)
			put_source(&rule, s, k, &any);
		out->failed |= rule.failed;
		if (!any)
			continue;
		og_buf_printf(out, "%s\t\t\"%s\": {\n%s\n\t\t}", between, sources[i].rule,
			      rule.data ? rule.data : "");
		between = ",\n";
	}
}

static void put_warning(void *ctx, bool warning, const struct og_err *problem)
{
	struct og_buf *out = ctx;

	og_buf_printf(out, "// line %u, %s: %s\n", problem->line, warning ? "warning" : "error",
		      problem->msg);
}

/* What check would say of it, at the end, so that the lines are those of the text. */
static void put_warnings(struct og_buf *out)
{
	struct og_policy_source source = { "suggestion", out->data, out->len };
	struct og_policy *policy = NULL;
	og_auto_buf struct og_buf found = { 0 };
	struct og_err err = { 0 };

	if (out->failed)
		return;
	if (og_policy_compile(&source, 1, put_warning, &found, &policy, &err) == 0)
		og_ctl_warn_mounts(policy, put_warning, &found);
	og_policy_free(policy);
	if (found.len)
		og_buf_printf(out, "// What \"ocigatectl check\" would warn of:\n%s", found.data);
	out->failed |= found.failed || err.code == OG_E_NOMEM;
}

void og_suggest_print(struct og_suggestions *s, const struct og_logstat *stat, const char *extends,
		      struct og_buf *out)
{
	og_tally_sort(&s->additions, false);
	og_tally_sort(&s->others, false);
	og_buf_printf(out,
		      "// What %" PRIu64
		      " recorded launch%s would have needed to comply. Review each "
		      "line: it is a right\n// for everybody who may use the engine.\n",
		      s->launches, s->launches == 1 ? "" : "es");
	if (s->later)
		og_buf_printf(out, "// Counted with them, exec and update: %" PRIu64 "\n",
			      s->later);
	if (stat->bad)
		og_buf_printf(out, "// Lines that are no records: %" PRIu64 ", the first at %s\n",
			      stat->bad, stat->first_bad);
	for (size_t i = 0; i < s->others.n; i++) {
		const char *rule = s->others.rows[i].name;

		/* a log may hold what is no rule: in a comment it must stay on its line */
		og_buf_printf(out,
			      "// %s: %" PRIu64 " finding%s that no addition to a list permits; an "
			      "exception could\n",
			      rule[strspn(rule, "abcdefghijklmnopqrstuvwxyz-")] ? OG_Q(rule) : rule,
			      s->others.rows[i].n[0], s->others.rows[i].n[0] == 1 ? "" : "s");
	}
	og_buf_printf(out, "{\n\t\"version\": 1,\n\t\"extends\": \"%s\",\n", extends);
	/* no preset names a log: without this nothing would be recorded any more */
	og_buf_puts(out, "\t\"audit\": { \"file\": ");
	og_buf_json(out, s->log);
	og_buf_puts(out, " },\n\t\"rules\": {");
	put_rules(out, s);
	og_buf_puts(out, "\n\t}\n}\n");
	put_warnings(out);
}

void og_suggest_free(struct og_suggestions *s)
{
	og_tally_free(&s->additions);
	og_tally_free(&s->others);
}

int og_ctl_suggest(const struct og_subcommand *self, int argc, char *argv[])
{
	struct og_suggestions s = { .launches = 0 };
	og_auto_buf struct og_buf out = { 0 };
	struct og_logstat stat = { 0 };
	struct og_err err = { 0 };
	const char *extends = "lab";
	struct og_logs logs;
	int at = 1, r;

	if (argc == 2 && strcmp(argv[1], "--extends") == 0)
		return og_ctl_usage(self, "--extends is given no value");
	if (argc > 2 && strcmp(argv[1], "--extends") == 0) {
		extends = argv[2];
		at = 3;
	}
	if (!og_preset_exists(extends))
		return og_ctl_usage(self, "there is no preset %s: they are " OG_PRESETS,
				    OG_Q(extends));
	if (at < argc && argv[at][0] == '-' && argv[at][1])
		return og_ctl_usage(self, "%s: --extends PRESET and logs are expected",
				    OG_Q(argv[at]));
	r = og_logs_find(argv + at, (size_t)(argc - at), true, &logs, &err);
	if (r == 0)
		og_suggest_log(&s, &logs);
	if (r == 0)
		r = og_log_each(logs.paths, logs.n, og_suggest_keys, og_suggest_take, &s, &stat,
				&err);
	/* a draft that adds nothing would look like one for launches that all complied */
	if (r == 0 && s.launches + s.later == 0)
		r = og_fail(&err, OG_E_HOST, "no launch is recorded in %s",
			    OG_Q(logs.paths[logs.n - 1]));
	if (r == 0)
		og_suggest_print(&s, &stat, extends, &out);
	og_suggest_free(&s);
	return r < 0 ? og_ctl_error(&err) : og_ctl_print(&out);
}
