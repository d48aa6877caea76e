/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No field of the runtime specification is overlooked: each is in
 * spec_fields.def, with the rule that judges it or a reason why nobody needs to,
 * and both are tried on a launch that Docker could have made. The same rule must
 * answer in an exec and in an update, where the field is part of those.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/rule.h"
#include "ocigate/verdict.h"
#include "policy/schema.h"
#include "policy_helpers.h"

enum claim { JUDGED, WHOLE, HARMLESS };
#define AS_IT_IS "as it is"

static const struct row {
	const char *path;
	enum claim claim;
	enum og_rule_id rule; /* JUDGED, WHOLE */
	const char *around, *value, *good, *reason;
	const char *where; /* of the answer; NULL: |path| */
} rows[] = {
#define JUDGED(path, rule, around, bad, good)                                                      \
	{ path, JUDGED, OG_RULE_##rule, around, bad, good, NULL, NULL },
#define JUDGED_AT(path, where, rule, around, bad, good)                                            \
	{ path, JUDGED, OG_RULE_##rule, around, bad, good, NULL, where },
#define WHOLE(path, rule, around, value, reason)                                                   \
	{ path, WHOLE, OG_RULE_##rule, around, value, NULL, reason, NULL },
#define HARMLESS(path, around, value, reason)                                                      \
	{ path, HARMLESS, OG_NRULES, around, value, NULL, reason, NULL },
#include "spec_fields.def"
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

static const char *const strict[OG_NRULES] = {
#define STRICT(rule, options) [OG_RULE_##rule] = options,
#include "spec_fields.def"
};

/* What every rule has nothing to say about. */
static const char base[] =
	"{'ociVersion':'1.0.2','process':{'user':{'uid':1000,'gid':1000,'umask':18,'additionalGids'"
	":"
	"[1000]},'args':['/bin/true'],'env':['PATH=/bin'],'cwd':'/','capabilities':{'bounding':[],"
	"'effective':[],'inheritable':[],'permitted':[],'ambient':[]},'noNewPrivileges':true,"
	"'apparmorProfile':'docker-default','selinuxLabel':'system_u:system_r:container_t:s0',"
	"'oomScoreAdj':0},'root':{'path':'/var/lib/docker/overlay2/x/merged','readonly':true},"
	"'hostname':'box','mounts':[{'destination':'/proc','type':'proc','source':'proc','options':"
	"['nosuid','noexec','nodev']},{'destination':'/dev','type':'tmpfs','source':'tmpfs',"
	"'options':['nosuid','strictatime','mode=755','size=65536k']}],'linux':{'sysctl':{"
	"'net.ipv4.ip_unprivileged_port_start':'0'},'resources':{'devices':[{'allow':false,"
	"'access':'rwm'}],'memory':{'limit':1073741824,'swap':1073741824},'cpu':{'shares':1024},"
	"'pids':{'limit':100}},'cgroupsPath':'/docker/c1','namespaces':[{'type':'mount'},"
	"{'type':'network'},{'type':'uts'},{'type':'pid'},{'type':'cgroup'},{'type':'ipc'}],"
	"'maskedPaths':['/proc/acpi','/proc/kcore','/proc/keys','/proc/latency_stats',"
	"'/proc/sched_debug','/proc/scsi','/proc/timer_list','/proc/timer_stats','/sys/firmware'],"
	"'readonlyPaths':['/proc/bus','/proc/fs','/proc/irq','/proc/sys','/proc/sysrq-trigger'],"
	"'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86_64'],"
	"'flags':[],'syscalls':[{'names':['read'],'action':'SCMP_ACT_ALLOW'}]}}}";

static const char facts_text[] =
	"{'engine':'docker','command':'create','id':'c1','root':'/run/docker/runtime-runc/moby',"
	"'bundle':'/b','today':'2030-01-01','cgroup_v2':true,'apparmor':true,'selinux':true,"
	"'arch':'SCMP_ARCH_X86_64','kernel':6001,'host_caps':2199023255551,'image_known':'none',"
	"'privileged_known':'known','ports_known':'none','network_mode':'bridge','cgroup_parent':''"
	","
	"'sources':[{'source':'/srv/data','resolved':'/srv/data','origin':'/srv/"
	"data','fstype':'ext4',"
	"'type':'dir','nosuid':true,'nodev':true},{'source':'/etc','resolved':'/etc','origin':'/"
	"etc',"
	"'fstype':'ext4','type':'dir'}],'namespaces':[{'path':'/proc/1/ns/ipc','type':'ipc','host':"
	"true}],'hooks':[{'path':'/proc/7/exe','engine':true,'safe':true}],'rootfs':"
	"'/var/lib/docker/overlay2/x/merged','storage':'/var/lib/docker','record':'known',"
	"'record_uid':1000}";
#define ROOTFS "/var/lib/docker/overlay2/x/merged"

/* ---- documents ---- */

/* JSON with ' for ". Owned by the caller. */
static json_t *json_of(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *json;

	for (char *at = copy; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	json = json_loads(copy, JSON_DECODE_ANY, &error);
	cr_assert(json != NULL, "%s: %s", copy, error.text);
	free(copy);
	return json;
}

/* |from| into |into|: objects member by member, lists appended. */
static void merge(json_t *into, json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach(from, key, value)
	{
		json_t *old = json_object_get(into, key);

		if (json_is_object(old) && json_is_object(value))
			merge(old, value);
		else if (json_is_array(old) && json_is_array(value))
			json_array_extend(old, value);
		else
			json_object_set(into, key, value);
	}
}

/* A place in a document: the container and the key or index in it. */
struct place {
	json_t *above, *in; /* |above|: what holds |in|; NULL: nothing */
	char key[64];
	char pointer[256], holder[256]; /* of the place, of |in| */
};

static const char *last_key(json_t *object)
{
	const char *key, *last = NULL;
	json_t *value;

	json_object_foreach(object, key, value) last = key;
	return last;
}

/* One step of a path: the key or index that |step| is in |in|. */
static void resolve(json_t *in, const char *step, char *key, size_t size)
{
	if (strcmp(step, "*") != 0) {
		snprintf(key, size, "%s", step);
	} else if (json_is_array(in)) {
		cr_assert(json_array_size(in) > 0, "no element for a \"*\"");
		snprintf(key, size, "%zu", json_array_size(in) - 1);
	} else {
		cr_assert(last_key(in) != NULL, "no member for a \"*\"");
		snprintf(key, size, "%s", last_key(in));
	}
}

static json_t *child_of(json_t *in, const char *key)
{
	if (json_is_array(in))
		return json_array_get(in, strtoul(key, NULL, 10));
	if (!json_object_get(in, key))
		json_object_set_new(in, key, json_object());
	return json_object_get(in, key);
}

/* Where |path| leads in |document|; objects on the way are made. */
static struct place find_place(json_t *document, const char *path)
{
	struct place place = { .in = document };
	char *copy = strdup(path), *save, *step, *next;

	step = strtok_r(copy, "/", &save);
	for (;; step = next) {
		size_t len = strlen(place.pointer);

		resolve(place.in, step, place.key, sizeof(place.key));
		snprintf(place.pointer + len, sizeof(place.pointer) - len, "/%s", place.key);
		next = strtok_r(NULL, "/", &save);
		if (!next)
			break;
		snprintf(place.holder, sizeof(place.holder), "%s", place.pointer);
		place.above = place.in;
		place.in = child_of(place.in, place.key);
		cr_assert(place.in != NULL, "%s", path);
	}
	free(copy);
	return place;
}

static void put(const struct place *place, const char *value)
{
	json_object_set_new(place->in, place->key, json_of(value));
}

/* Take away what the field is part of. */
static void drop_holder(const struct place *place)
{
	const char *key = strrchr(place->holder, '/') + 1;

	if (json_is_array(place->above))
		json_array_remove(place->above, strtoul(key, NULL, 10));
	else
		json_object_del(place->above, key);
}

/* ---- judging ---- */

/* baseline, where one rule, or every one (OG_NRULES), rejects by its strict options. */
static struct og_policy *strict_policy(enum og_rule_id only)
{
	struct og_buf text = { 0 };
	struct og_policy *policy;
	const char *comma = "";

	og_buf_puts(&text, "{'version':1,'extends':'baseline','rules':{");
	for (int rule = 0; rule < OG_NRULES; rule++) {
		if (only != OG_NRULES && (int)only != rule)
			continue;
		og_buf_printf(&text, "%s'%s':{'action':'reject'%s%s}", comma, og_rules[rule].id,
			      strict[rule] ? "," : "", strict[rule] ? strict[rule] : "");
		comma = ",";
	}
	og_buf_puts(&text, "}}");
	for (char *at = text.data; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	policy = compile_text(text.data);
	og_buf_release(&text);
	return policy;
}

/* What is true of the root depends on the document; the rest is |facts_text|. */
static struct og_facts *facts_for(json_t *document, const char *command, struct og_doc **doc)
{
	const char *root = json_string_value(
		json_object_get(json_object_get(document, "root"), "path"));
	struct og_facts *facts = NULL;
	json_t *json = json_of(facts_text);
	struct og_err err = { 0 };
	char *text;

	json_object_set_new(json, "command", json_string(command));
	json_object_set_new(json, "rootfs_in_storage",
			    json_boolean(root && strcmp(root, ROOTFS) == 0));
	text = json_dumps(json, 0);
	json_decref(json);
	cr_assert(og_doc_parse("facts", text, strlen(text), 0, doc, &err) == 0, "%s", err.msg);
	cr_assert(og_facts_parse(*doc, &facts, &err) == 0, "%s: %s", err.where, err.msg);
	free(text);
	return facts;
}

static struct og_verdict *judge(const struct og_policy *policy, json_t *document, enum og_cmd cmd)
{
	const char *command = cmd == OG_CMD_EXEC     ? "exec"
			      : cmd == OG_CMD_UPDATE ? "update"
						     : "create";
	json_t *part = cmd == OG_CMD_EXEC ? json_object_get(document, "process") : document;
	struct og_doc *doc = NULL, *facts_doc = NULL;
	struct og_facts *facts = facts_for(document, command, &facts_doc);
	struct og_verdict *verdict = NULL;
	struct og_err err = { 0 };
	char *text;

	if (cmd == OG_CMD_UPDATE)
		part = json_object_get(json_object_get(document, "linux"), "resources");
	text = json_dumps(part, JSON_COMPACT);
	cr_assert(og_doc_parse("d", text, strlen(text), 0, &doc, &err) == 0, "%s: %s", text,
		  err.msg);
	cr_assert(og_evaluate(policy, facts, cmd, doc, &verdict, &err) == 0, "%s: %s", text,
		  err.msg);
	og_facts_free(facts);
	og_doc_free(facts_doc);
	og_doc_free(doc);
	free(text);
	return verdict;
}

/* Whether one of two pointers is the other one or above it; "-" is any element. */
static bool related(const char *a, const char *b)
{
	while (*a && *b) {
		size_t m = strcspn(++a, "/"), n = strcspn(++b, "/");

		if ((m != n || strncmp(a, b, m) != 0) && strncmp(a, "-", m) != 0 &&
		    strncmp(b, "-", n) != 0)
			return false;
		a += m;
		b += n;
	}
	return true;
}

/* The finding of |rule| (OG_NRULES: any) about the place, or what it is part of; not
 * about the document as a whole. */
static const struct og_finding *answer(const struct og_verdict *verdict, enum og_rule_id rule,
				       const char *pointer)
{
	for (size_t i = 0; i < og_verdict_count(verdict); i++) {
		const struct og_finding *finding = og_verdict_finding(verdict, i);

		if ((rule == OG_NRULES || strcmp(finding->rule, og_rules[rule].id) == 0) &&
		    finding->path[0] && related(finding->path, pointer))
			return finding;
	}
	return NULL;
}

static void print_findings(const struct og_verdict *verdict)
{
	for (size_t i = 0; i < og_verdict_count(verdict); i++) {
		const struct og_finding *finding = og_verdict_finding(verdict, i);

		cr_log_info("    %s %s: %s", finding->rule, finding->path, finding->why);
	}
}

/* The field's pointer in the document of |cmd|; NULL: it is not part of it. */
static const char *pointer_in(enum og_cmd cmd, const char *pointer)
{
	const char *root = cmd == OG_CMD_EXEC	  ? "/process"
			   : cmd == OG_CMD_UPDATE ? "/linux/resources"
						  : "";
	size_t len = strlen(root);

	return strncmp(pointer, root, len) == 0 && pointer[len] == '/' ? pointer + len : NULL;
}

static bool rejected(const struct og_policy *policy, json_t *document, const struct row *row,
		     enum og_cmd cmd, const char *pointer)
{
	struct og_verdict *verdict = judge(policy, document, cmd);
	const struct og_finding *found = answer(verdict, row->rule,
						pointer_in(cmd, row->where ? row->where : pointer));
	bool is = found && found->action == OG_REJECT;

	if (found && !is)
		print_findings(verdict);
	og_verdict_free(verdict);
	return is;
}

static json_t *document_of(const struct row *row)
{
	json_t *document = json_of(base), *around = row->around ? json_of(row->around) : NULL;

	merge(document, around);
	json_decref(around);
	return document;
}

/* The rule has something to say about the field, and nothing when it is well or not there. */
static void check_judged(const struct row *row)
{
	static const enum og_cmd cmds[] = { OG_CMD_CREATE, OG_CMD_EXEC, OG_CMD_UPDATE };
	struct og_policy *policy = strict_policy(row->rule);
	json_t *document = document_of(row);
	struct place place = find_place(document, row->path);
	json_t *old = json_deep_copy(json_object_get(place.in, place.key));

	for (int good = 0; good < 2; good++) {
		if (!good)
			put(&place, row->value);
		else if (row->claim == WHOLE)
			drop_holder(&place);
		else if (!row->good)
			json_object_del(place.in, place.key);
		else if (strcmp(row->good, AS_IT_IS) == 0)
			json_object_set(place.in, place.key, old);
		else
			put(&place, row->good);
		for (size_t i = 0; i < 3; i++)
			if (og_rules[row->rule].cmds & cmds[i] &&
			    pointer_in(cmds[i], place.pointer))
				cr_expect(rejected(policy, document, row, cmds[i], place.pointer) ==
						  !good,
					  "%s: the rule %s says %s%s", row->path,
					  og_rules[row->rule].id,
					  good ? "something though it is well" : "nothing",
					  i == 0   ? ""
					  : i == 1 ? " (exec)"
						   : " (update)");
	}
	json_decref(old);
	json_decref(document);
	og_policy_free(policy);
}

Test(spec_fields, each_is_judged_by_its_rule)
{
	for (size_t i = 0; i < NROWS; i++)
		if (rows[i].claim != HARMLESS)
			check_judged(&rows[i]);
}

/* Nobody says anything about it, and the verdict is what it is without. */
static void check_harmless(const struct row *row, const struct og_policy *policy, const char *name)
{
	json_t *document = document_of(row);
	struct place place = find_place(document, row->path);
	struct og_verdict *without = judge(policy, document, OG_CMD_CREATE), *with;
	bool same;

	put(&place, row->value);
	with = judge(policy, document, OG_CMD_CREATE);
	same = og_verdict_worst(with) == og_verdict_worst(without) &&
	       !answer(with, OG_NRULES, place.pointer);
	if (!same)
		print_findings(with);
	cr_expect(same, "%s: %s judges what is said to be harmless (%s)", row->path, name,
		  row->reason);
	og_verdict_free(with);
	og_verdict_free(without);
	json_decref(document);
}

Test(spec_fields, the_rest_changes_nothing)
{
	struct og_policy *baseline = compile_text(POLICY("baseline", ""));
	struct og_policy *all = strict_policy(OG_NRULES);

	for (size_t i = 0; i < NROWS; i++) {
		if (rows[i].claim != HARMLESS)
			continue;
		check_harmless(&rows[i], baseline, "baseline");
		check_harmless(&rows[i], all, "a policy with every rule on");
	}
	og_policy_free(baseline);
	og_policy_free(all);
}

/* What the rows are put into: nothing is wrong with it but what a row brings. */
Test(spec_fields, the_base_complies)
{
	static const enum og_cmd cmds[] = { OG_CMD_CREATE, OG_CMD_EXEC, OG_CMD_UPDATE };
	struct og_policy *policies[] = { compile_text(POLICY("baseline", "")),
					 strict_policy(OG_NRULES) };
	json_t *document = json_of(base);

	for (size_t i = 0; i < 6; i++) {
		struct og_verdict *verdict = judge(policies[i / 3], document, cmds[i % 3]);

		print_findings(verdict);
		cr_expect(eq(int, og_verdict_worst(verdict), OG_OFF), "policy %zu, command %zu",
			  i / 3, i % 3);
		og_verdict_free(verdict);
	}
	json_decref(document);
	og_policy_free(policies[0]);
	og_policy_free(policies[1]);
}

/* ---- against policy/schema_table.c ---- */

struct seen {
	bool rows[NROWS];
	char path[256];
};

static void see(struct seen *seen)
{
	size_t i = 0;

	while (i < NROWS && strcmp(rows[i].path, seen->path) != 0)
		i++;
	cr_expect(i < NROWS, "%s has no row in tests/unit/spec_fields.def", seen->path);
	if (i == NROWS)
		return;
	cr_expect(not(seen->rows[i]), "%s: the schema has it twice", seen->path);
	seen->rows[i] = true;
}

/* A field is what holds no other field: a scalar, a list of scalars, values of a map. */
static void walk(struct seen *seen, const struct og_schema *schema)
{
	size_t len = strlen(seen->path);

	if (schema->shape == OG_S_OBJECT) {
		for (size_t i = 0; i < schema->nfields; i++) {
			snprintf(seen->path + len, sizeof(seen->path) - len, "/%s",
				 schema->fields[i].name);
			walk(seen, schema->fields[i].schema);
		}
	} else if (schema->shape == OG_S_MAP ||
		   (schema->shape == OG_S_LIST && schema->of->shape == OG_S_OBJECT)) {
		snprintf(seen->path + len, sizeof(seen->path) - len, "/*");
		walk(seen, schema->of);
	} else {
		see(seen);
	}
	seen->path[len] = '\0';
}

Test(spec_fields, table_and_schema_have_the_same)
{
	struct seen seen = { 0 };

	walk(&seen, &og_schema_config);
	for (size_t i = 0; i < NROWS; i++)
		cr_expect(seen.rows[i], "%s: %s", rows[i].path,
			  "a row that policy/schema_table.c has no field for, or a second one");
}
