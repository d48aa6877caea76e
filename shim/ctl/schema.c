/* SPDX-License-Identifier: Apache-2.0 */
/* ocigatectl schema: JSON Schema (draft 2020-12) of a policy file, for editors. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "ocigate/rule.h"
#include "types.h"

static void put_doc(struct og_buf *out, const char *schema, const char *doc)
{
	/* the description goes into the fragment, which is an object */
	og_buf_puts(out, "{\"description\":");
	og_buf_json(out, doc);
	og_buf_printf(out, ",%s", schema + 1);
}

static void put_option(struct og_buf *out, const struct og_option_info *option)
{
	static const char *const suffixes[] = { "", "+", "-" };
	const struct og_type_doc *type = &og_type_docs[option->type];
	char list[1024], name[64];

	snprintf(list, sizeof(list), "{\"type\":\"array\",\"items\":%s}", type->schema);
	/* a list can be replaced, added to and taken from; an object likewise, by name */
	for (size_t i = 0; i < (option->type >= OG_T_STRINGS ? 3 : 1); i++) {
		snprintf(name, sizeof(name), "%s%s", option->name, suffixes[i]);
		og_buf_key(out, name);
		put_doc(out,
			type->list				? list
			: i == 2 && option->type == OG_T_LIMITS ? "{\"type\":\"array\",\"items\":{"
								  "\"type\":\"string\"}}"
								: type->schema,
			option->doc);
	}
}

static const char *actions_of(unsigned flags)
{
	return flags & OG_RULE_ALWAYS	    ? "\"reject\""
	       : flags & OG_RULE_NO_REWRITE ? "\"reject\",\"audit\",\"off\""
					    : "\"rewrite\",\"reject\",\"audit\",\"off\"";
}

static void put_rules(struct og_buf *out)
{
	og_buf_puts(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	for (size_t i = 0; i < og_nrules; i++) {
		og_buf_key(out, og_rules[i].id);
		og_buf_puts(out, "{\"description\":");
		og_buf_json(out, og_rules[i].summary);
		og_buf_printf(out,
			      ",\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
			      "{\"action\":{\"enum\":[%s]}",
			      actions_of(og_rules[i].flags));
		for (size_t k = 0; k < OG_NOPTIONS; k++)
			if (og_options[k].rule == i)
				put_option(out, &og_options[k]);
		og_buf_puts(out, "}}");
	}
	og_buf_puts(out, "}}");
}

#define STRING "{\"type\":\"string\"}"
#define BOOL   "{\"type\":\"boolean\"}"

static const char head[] =
	"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"ocigate "
	"policy\","
	"\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"version\",\"extends\"],"
	"\"properties\":{\"version\":{\"const\":1},\"extends\":{\"anyOf\":[{\"enum\":["
	"\"permissive\",\"baseline\",\"restricted\",\"cis-docker\",\"lab\"]},{\"type\":\"string\","
	"\"pattern\":\"^/\"}]},\"mode\":{\"enum\":[\"audit\",\"enforce\",\"explain\"]},"
	"\"message\":" STRING ",\"audit\":{\"type\":\"object\",\"additionalProperties\":false,"
	"\"properties\":{\"file\":{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\",\"pattern\":"
	"\"^/\"}]},\"syslog\":" BOOL ",\"complying\":" BOOL ",\"required\":" BOOL "}},\"rules\":";

static const char exceptions[] =
	",\"exceptions\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
	"\"additionalProperties\":false,\"required\":[\"name\",\"reason\",\"match\",\"rules\"],"
	"\"properties\":{"
	"\"name\":" STRING ",\"reason\":" STRING ",\"expires\":{\"type\":\"string\",\"pattern\":"
	"\"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\"},\"match\":{\"type\":\"object\",\"minProperties\":1,"
	"\"additionalProperties\":false,\"properties\":{\"image\":{},\"engine\":{},"
	"\"cri-namespace\":{},\"sandbox\":" BOOL
	"}},\"rules\":{\"$ref\":\"#/properties/rules\"}}}}}}\n";

int og_ctl_schema(const struct og_subcommand *self, int argc, char *argv[])
{
	og_auto_buf struct og_buf out = { 0 };

	if (argc > 1)
		return og_ctl_usage(self, "%s: no argument is expected", OG_Q(argv[1]));
	og_buf_puts(&out, head);
	put_rules(&out);
	og_buf_puts(&out, exceptions);
	return og_ctl_print(&out);
}
