/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that is parsed or written without memory: documents and their
 * edits, policies with layers, exceptions or mistakes, facts, command lines,
 * mount tables, and the verdict on what could not be judged.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"
#include "ocigate/verdict.h"
#include "policy/doc_edit.h"
#include "shim/cmdline.h"
#include "shim/mountinfo.h"

/* ---- documents ---- */

static const char document[] = "{\"a\": [1, \"\\u00e9\\n\", {\"b\": null}], \"c\\u0041\": 1e3,\n"
			       " \"d\": {\"e\": [[], {}], \"f\": 18446744073709551615}}\n";

static int edit(struct og_doc *doc, struct og_err *reterr)
{
	const struct og_node *root = og_doc_root(doc), *made;

	if (og_doc_replace(doc, og_get(root, "/d/e"), "{\"g\": [true]}", &made, reterr) < 0 ||
	    og_doc_add(doc, og_get(root, "/a"), NULL, "\"x\"", &made, reterr) < 0 ||
	    og_doc_add(doc, og_get(root, "/d"), "h", "[0]", &made, reterr) < 0)
		return -1;
	return og_doc_remove(doc, og_get(root, "/a/0"), reterr);
}

static int parse_edit_write(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	struct og_doc *doc;
	size_t len;
	int r;

	if (og_doc_parse(ctx, document, strlen(document), 0, &doc, reterr) < 0)
		return -1;
	r = edit(doc, reterr);
	if (r == 0)
		r = og_doc_write(doc, &text, &len, reterr);
	if (r == 0)
		digest_add(digest, text, len);
	og_doc_free(doc);
	return r;
}

Test(fault_memory, document)
{
	fail_pieces("document", parse_edit_write, "config.json");
}

/* More than one chunk of nodes. */
static int parse_long(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	const struct og_buf *text = ctx;
	struct og_doc *doc;

	if (og_doc_parse("long", text->data, text->len, 0, &doc, reterr) < 0)
		return -1;
	digest_add(digest, "x", og_count(og_doc_root(doc)) == 5000);
	og_doc_free(doc);
	return 0;
}

Test(fault_memory, long_document)
{
	og_auto_buf struct og_buf text = { 0 };

	og_buf_puts(&text, "{\"k\":0");
	for (int i = 1; i < 5000; i++)
		og_buf_printf(&text, ",\"key\\u0020%d\":\"\\u00e9 %d\"", i, i);
	og_buf_puts(&text, "}");
	cr_assert(!text.failed);
	fail_each("long document", parse_long, &text);
}

/* Where the mistake is, is always told; what it is, if there is memory to say so. */
static int parse_wrong(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	struct og_doc *doc = NULL;
	unsigned place[2];

	cr_assert(og_doc_parse("wrong", ctx, strlen(ctx), 0, &doc, reterr) < 0);
	if (reterr->code != OG_E_CONFIG)
		return -1;
	place[0] = reterr->line;
	place[1] = reterr->col;
	digest_add(digest, place, sizeof(place));
	*reterr = (struct og_err){ 0 };
	return 0;
}

Test(fault_memory, wrong_document)
{
	static const char *const texts[] = { "{\"a\": [1, 2,\n }", "{\"a\": \"\\x\"}",
					     "[\"\\ud800\"]" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		fail_pieces("wrong document", parse_wrong, texts[i]);
}

/* ---- policies ---- */

#define DIGEST_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char site_policy[] =
	"{\"version\": 1, \"extends\": \"/etc/ocigate/base.json\", // the site's own\n"
	"\"mode\": \"audit\", \"message\": \"Ask ops.\",\n"
	"\"audit\": {\"file\": \"/var/log/a\", \"syslog\": true},\n"
	"\"rules\": {\"capabilities\": {\"allow+\": [\"SYS_CHROOT\"], \"allow-\": "
	"[\"NET_BIND_SERVICE\"]},\n"
	"\"mounts\": {\"allow\": [{\"source\": \"/srv/**\", \"access\": \"ro\"}, {\"source\": "
	"\"/data\", \"access\": \"rw\", \"accept\": \"setuid\"}]},\n"
	"\"user\": {\"uid+\": [\"1000-2000\"]}},\n"
	"\"exceptions\": [{\"name\": \"runner\", \"reason\": \"x\", \"expires\": \"2027-03-31\",\n"
	"\"match\": {\"image\": [\"sha256:" DIGEST_64 "\", \"r.example/x@sha256:" DIGEST_64
	"\"]},\n"
	"\"rules\": {\"capabilities\": {\"allow+\": [\"SYS_TIME\"]}, \"user\": {\"action\": "
	"\"off\"}}}]}\n";

static const char base_policy[] =
	"{\"version\": 1, \"extends\": \"lab\", \"rules\": {\n"
	"\"devices\": {\"allow\": [\"/dev/fuse\", {\"path\": \"/dev/kvm\", \"access\": \"rw\"}]},\n"
	"\"sysctls\": {\"allow\": [\"net/ipv4/x\", \"net.core.*\"]},\n"
	"\"ports\": {\"addresses+\": [\"192.0.2.1\"]}, \"cgroup\": {\"parents\": [\"/lab/*\"]},\n"
	"\"hooks\": {\"allow\": [\"/opt/hook\"]}}}\n";

static const char wrong_policy[] =
	"{\"version\": 1, \"extends\": \"lab\", \"rulez\": 1, \"mode\": \"on\", \"rules\": {\n"
	"\"capabilities\": {\"allow\": [\"NOPE\", \"CHOWN\", \"CHOWN\"]}, \"user\": {\"uid\": "
	"[\"9-1\", 7], \"to\": 1},\n"
	"\"mounts\": {\"allow\": [{\"source\": \"x\"}, 5], \"deny-\": [\"/nowhere\"]}},\n"
	"\"exceptions\": [{\"name\": \"\"}]}\n";

struct policy_texts {
	struct og_policy_source sources[2];
	size_t n;
};

static int compile(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	static const struct og_facts facts = { .today = "2026-01-01",
					       .engine = OG_ENGINE_DOCKER,
					       .image_known = OG_KNOWN,
					       .image_id = "sha256:" DIGEST_64 };
	const struct policy_texts *texts = ctx;
	const char *const *names;
	struct og_effective *effective;
	struct og_policy *policy;
	int r;

	if (og_policy_compile(texts->sources, texts->n, NULL, NULL, &policy, reterr) < 0)
		return -1;
	r = og_policy_effective(policy, &facts, &effective, reterr);
	if (r == 0) {
		const struct og_list *caps = og_effective_list(effective,
							       OG_OPT_capabilities_allow);

		for (size_t i = 0; i < caps->n; i++)
			digest_text(digest, caps->items[i].text);
		digest_add(digest, "x", og_effective_exceptions(effective, &names));
		og_effective_free(effective);
	}
	og_policy_free(policy);
	return r;
}

Test(fault_memory, layered_policy)
{
	struct policy_texts texts = {
		{ { "/etc/ocigate/policy.json", site_policy, sizeof(site_policy) - 1 },
		  { "/etc/ocigate/base.json", base_policy, sizeof(base_policy) - 1 } },
		2
	};

	fail_pieces("layered policy", compile, &texts);
}

static void digest_problem(void *ctx, bool warning, const struct og_err *problem)
{
	digest_add(ctx, &warning, sizeof(warning));
	digest_add(ctx, &problem->line, sizeof(problem->line));
	digest_text(ctx, problem->msg);
}

/* All the mistakes are told, or that memory was short. */
static int compile_wrong(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	const struct og_policy_source *source = ctx;
	struct og_policy *policy = NULL;

	cr_assert(og_policy_compile(source, 1, digest_problem, digest, &policy, reterr) < 0);
	return reterr->code == OG_E_POLICY ? 0 : -1;
}

Test(fault_memory, wrong_policy)
{
	struct og_policy_source source = { "p.json", wrong_policy, sizeof(wrong_policy) - 1 };

	fail_pieces("wrong policy", compile_wrong, &source);
}

static int extends(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	og_auto_free char *base = NULL;

	if (og_policy_extends(ctx, &base, reterr) < 0)
		return -1;
	digest_text(digest, base);
	return 0;
}

Test(fault_memory, policy_extends)
{
	struct og_policy_source source = { "p.json", site_policy, sizeof(site_policy) - 1 };

	fail_pieces("extends", extends, &source);
}

/* ---- facts ---- */

static const char facts_text[] =
	"{\"engine\": \"docker\", \"command\": \"create\", \"id\": \"c1\", \"root\": \"/r\", "
	"\"bundle\": \"/b\",\n"
	"\"today\": \"2026-01-01\", \"arch\": \"SCMP_ARCH_X86_64\", \"kernel\": 6001,\n"
	"\"image_known\": \"known\", \"image\": \"busybox\", \"image_digests\": [\"a@sha256:b\", "
	"\"c@sha256:d\"],\n"
	"\"ports_known\": \"known\", \"ports\": [{\"proto\": \"tcp\", \"address\": \"\", "
	"\"host_port\": 80, \"container_port\": 80}],\n"
	"\"flags\": [{\"name\": \"no-pivot\"}],\n"
	"\"sources\": [{\"source\": \"/b\", \"resolved\": \"/b\", \"origin\": \"/b\", \"fstype\": "
	"\"ext4\", \"type\": \"dir\"},\n"
	" {\"source\": \"/a\", \"problem\": \"gone\"}],\n"
	"\"namespaces\": [{\"path\": \"/proc/1/ns/net\", \"type\": \"network\", \"host\": true}],\n"
	"\"hooks\": [{\"path\": \"/usr/bin/x\", \"safe\": true}]}\n";

static int facts_round_trip(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	struct og_facts *facts = NULL;
	struct og_doc *doc;
	int r;

	if (og_doc_parse(ctx, facts_text, strlen(facts_text), 0, &doc, reterr) < 0)
		return -1;
	r = og_facts_parse(doc, &facts, reterr);
	if (r == 0) {
		og_facts_sort(facts);
		r = og_facts_encode(facts, &text, reterr);
	}
	if (r == 0)
		digest_text(digest, text);
	og_facts_free(facts);
	og_doc_free(doc);
	return r;
}

Test(fault_memory, facts)
{
	fail_pieces("facts", facts_round_trip, "facts.json");
}

/* ---- command lines ---- */

struct line {
	char *const argv[16];
	struct og_override overrides[2];
	size_t noverrides;
};

static int cmdline_round_trip(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	const struct line *line = ctx;
	struct og_cmdline cmd = { 0 };
	og_auto_free char **built = NULL;
	int argc = 0, r;

	while (line->argv[argc])
		argc++;
	r = og_cmdline_parse(argc, line->argv, &cmd, reterr);
	if (r == 0)
		r = og_cmdline_build(&cmd, "runc", line->overrides, line->noverrides, &built,
				     reterr);
	for (int i = 0; r == 0 && built[i]; i++)
		digest_text(digest, built[i]);
	og_cmdline_release(&cmd);
	return r;
}

Test(fault_memory, cmdline)
{
	static const struct line lines[] = {
		{ { "ocigate", "--ocigate-policy=/p", "--root", "/r", "--log-format=json", "create",
		    "--bundle", "/b", "--no-pivot", "--pid-file", "/run/x.pid", "c1" },
		  { { "bundle", "/other" }, { "pid-file", NULL } },
		  2 },
		{ { "ocigate", "update", "--memory", "50M", "c1" }, { { "resources", "/x" } }, 1 },
		{ { "ocigate", "exec", "-e", "A=B", "--cap", "CAP_CHOWN", "c1", "sh" },
		  { { "process", "/x" }, { OG_ARGS, NULL } },
		  2 },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		fail_each("command line", cmdline_round_trip, &lines[i]);
}

/* ---- the rest ---- */

static int mounts(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	struct og_mounts *table;
	char origin[256];

	if (og_mounts_parse(ctx, strlen(ctx), &table, reterr) < 0)
		return -1;
	cr_assert(og_mounts_origin(table, og_mounts_by_id(table, 40), "/srv/v/x", origin,
				   sizeof(origin), NULL) == 0);
	digest_text(digest, origin);
	og_mounts_free(table);
	return 0;
}

Test(fault_memory, mount_table)
{
	fail_each("mount table", mounts,
		  "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		  "30 22 0:5 / /proc rw,nosuid - proc proc rw\n"
		  "40 22 8:1 /etc /srv/v rw - ext4 /dev/sda1 rw\n");
}

static int unjudged(const void *ctx, struct digest *digest, struct og_err *reterr)
{
	static const struct og_err cause = {
		.code = OG_E_CONFIG, .line = 3, .col = 4, .where = "config.json", .msg = "no"
	};
	og_auto_buf struct og_buf text = { 0 };
	struct og_verdict *verdict;

	if (og_verdict_unjudged(&cause, ctx, &verdict, reterr) < 0)
		return -1;
	og_verdict_refusal(verdict, NULL, &text);
	og_verdict_free(verdict);
	if (text.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	digest_text(digest, text.data);
	return 0;
}

Test(fault_memory, unjudged)
{
	struct og_policy_source source = { "p.json", base_policy, sizeof(base_policy) - 1 };
	struct og_policy *policy = NULL;
	struct og_err err = { 0 };

	cr_assert(og_policy_compile(&source, 1, NULL, NULL, &policy, &err) == 0, "%s", err.msg);
	fail_pieces("unjudged", unjudged, policy);
	og_policy_free(policy);
}
