/* SPDX-License-Identifier: Apache-2.0 */
#include "types.h"

#define STRING	 "{\"type\":\"string\",\"minLength\":1}"
#define PATH	 "{\"type\":\"string\",\"pattern\":\"^/\"}"
#define NUMBER	 "{\"type\":\"integer\",\"minimum\":0}"
#define ONE(...) "{\"enum\":[" __VA_ARGS__ "]}"

#define VALUE(words, schema)                                                                       \
	{                                                                                          \
		words, schema, false                                                               \
	}
#define LIST(words, schema)                                                                        \
	{                                                                                          \
		"a list of " words, schema, true                                                   \
	}

const struct og_type_doc og_type_docs[] = {
	[OG_T_BOOL] = VALUE("true or false", "{\"type\":\"boolean\"}"),
	[OG_T_UINT] = VALUE("a number", NUMBER),
	[OG_T_STRING] = VALUE("a string", STRING),
	[OG_T_UNKNOWN] = VALUE("\"reject\" or \"audit\"", ONE("\"reject\",\"audit\"")),
	[OG_T_OUTSIDE] = VALUE("\"reject\" or \"remove\"", ONE("\"reject\",\"remove\"")),
	[OG_T_KEEP] = VALUE("\"keep\", \"remove\" or \"reject\"",
			    ONE("\"keep\",\"remove\",\"reject\"")),
	[OG_T_VOLUMES] = VALUE("\"rw\", \"ro\" or \"reject\"", ONE("\"rw\",\"ro\",\"reject\"")),
	[OG_T_LOCAL] = VALUE("\"allow\", \"audit\" or \"reject\"",
			     ONE("\"allow\",\"audit\",\"reject\"")),
	[OG_T_IDPAIR] = VALUE("\"UID:GID\"",
			      "{\"type\":\"string\",\"pattern\":\"^[0-9]{1,10}:[0-9]{1,10}$\"}"),
	[OG_T_STRINGS] = LIST("strings", STRING),
	[OG_T_CAPS] = LIST("capabilities, with or without CAP_", STRING),
	[OG_T_IDS] = LIST("numbers and ranges (\"1000-1999\")",
			  "{\"anyOf\":[" NUMBER ",{\"type\":\"string\",\"pattern\":"
			  "\"^[0-9]{1,10}(-[0-9]{1,10})?$\"}]}"),
	[OG_T_PATHS] = LIST("absolute paths", PATH),
	[OG_T_GLOBS] = LIST("strings in which * stands for anything", STRING),
	[OG_T_ADDRESSES] = LIST("IP addresses", STRING),
	[OG_T_SOURCES] = LIST(
		"objects with \"source\" (a path; * within one component, ** across), \"access\" "
		"(\"ro\" or \"rw\") and \"accept\" (\"setuid\")",
		"{\"type\":\"object\",\"required\":[\"source\"],\"additionalProperties\":false,"
		"\"properties\":{\"source\":" PATH
		",\"access\":" ONE("\"ro\",\"rw\"") ","
						    "\"accept\":" ONE("\"setuid\"") "}}"),
	[OG_T_DEVICES] = LIST(
		"paths, or of objects with \"path\", \"access\" (of r, w, m) and, for "
		"nodes less known, \"type\" (c or b), \"major\" and \"minor\"",
		"{\"anyOf\":[" PATH ",{\"type\":\"object\",\"required\":[\"path\"],"
		"\"additionalProperties\":false,\"properties\":{\"path\":" PATH ","
		"\"access\":{\"type\":\"string\",\"pattern\":\"^[rwm]{1,3}$\"},"
		"\"type\":" ONE("\"c\",\"b\"") ",\"major\":" NUMBER ",\"minor\":" NUMBER "}}]}"),
	[OG_T_LIMITS] = VALUE(
		"an object of names, each with a number or an object of \"max\", \"min\" and "
		"\"required\"",
		"{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[" NUMBER ","
		"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
		"\"max\":" NUMBER ",\"min\":" NUMBER ",\"required\":{\"type\":\"boolean\"}}}]}}"),
	[OG_T_SYSCTLS] = LIST("names", STRING),
};
