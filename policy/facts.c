/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: looking them up, and their form as JSON for fixtures, launch records
 * and replay. One table of fields per struct drives reading and writing.
 */
#include "ocigate/facts.h"

#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "policy/policy_internal.h"

/* ---- words ---- */

static const char *const engine_words[] = {
	[OG_ENGINE_NONE] = "none",
	[OG_ENGINE_DOCKER] = "docker",
	[OG_ENGINE_DOCKER_BUILD] = "docker-build",
	[OG_ENGINE_DOCKER_PLUGIN] = "docker-plugin",
	[OG_ENGINE_CONTAINERD] = "containerd",
	[OG_ENGINE_CRI_CONTAINERD] = "cri-containerd",
	[OG_ENGINE_CRIO] = "cri-o",
	[OG_ENGINE_NERDCTL] = "nerdctl",
	[OG_ENGINE_PODMAN] = "podman",
	[OG_ENGINE_BUILDAH] = "buildah",
	NULL,
};

static const char *const known_words[] = {
	[OG_UNKNOWN] = "unknown", [OG_NONE] = "none", [OG_KNOWN] = "known", NULL
};

static const char *const ftype_words[] = {
	[OG_FT_MISSING] = "missing", [OG_FT_FILE] = "file",
	[OG_FT_DIR] = "dir",	     [OG_FT_SOCKET] = "socket",
	[OG_FT_FIFO] = "fifo",	     [OG_FT_BLOCK] = "block",
	[OG_FT_CHAR] = "char",	     NULL,
};

static const char *const role_words[] = {
	[OG_ROLE_NONE] = "none",   [OG_ROLE_NETFILE] = "netfile", [OG_ROLE_SHM] = "shm",
	[OG_ROLE_INIT] = "init",   [OG_ROLE_SECRET] = "secret",	  [OG_ROLE_VOLUME] = "volume",
	[OG_ROLE_IMAGE] = "image", [OG_ROLE_ENGINE] = "engine",	  NULL,
};

const char *og_engine_name(enum og_engine engine)
{
	return engine_words[engine];
}

/* ---- the tables ---- */

/* K_NAME: a text without which the element says nothing. */
enum kind { K_BOOL, K_U64, K_TEXT, K_NAME, K_WORD, K_TEXTS, K_STRUCTS };

struct table;
struct field {
	const char *name;
	enum kind kind;
	size_t at, count;	   /* offsets; |count|: of a list's length */
	const char *const *words;  /* K_WORD */
	const struct table *table; /* K_STRUCTS */
};

struct table {
	size_t size;
	const struct field *fields;
	size_t n;
	const char *key; /* elements are told apart by it; NULL: they need not be */
};

#define TABLE(type, fields, key)                                                                   \
	{                                                                                          \
		sizeof(struct type), fields, sizeof(fields) / sizeof((fields)[0]), key             \
	}
#define F(type, name, kind)                                                                        \
	{                                                                                          \
#name, kind, offsetof(struct type, name), 0, NULL, NULL                            \
	}
#define WORD(type, name, words)                                                                    \
	{                                                                                          \
#name, K_WORD, offsetof(struct type, name), 0, words, NULL                         \
	}
#define LIST(type, name, kind, table)                                                              \
	{                                                                                          \
#name, kind, offsetof(struct type, name), offsetof(struct type, n##name), NULL,    \
			table                                                                      \
	}

/* clang-format off */
static const struct field submount_fields[] = {
	F(og_submount, path, K_NAME),
	F(og_submount, origin, K_TEXT),
	F(og_submount, fstype, K_TEXT),
	F(og_submount, nosuid, K_BOOL),
	F(og_submount, nodev, K_BOOL),
	F(og_submount, socket, K_BOOL),
	F(og_submount, root, K_TEXT),
	F(og_submount, dev, K_U64),
};
static const struct table submounts = TABLE(og_submount, submount_fields, NULL);

static const struct field source_fields[] = {
	F(og_source, source, K_NAME),
	F(og_source, resolved, K_TEXT),
	F(og_source, origin, K_TEXT),
	F(og_source, fstype, K_TEXT),
	F(og_source, problem, K_TEXT),
	F(og_source, socket, K_TEXT),
	F(og_source, open, K_TEXT),
	WORD(og_source, type, ftype_words),
	WORD(og_source, role, role_words),
	F(og_source, dev, K_U64),
	F(og_source, ino, K_U64),
	F(og_source, birth, K_U64),
	F(og_source, nosuid, K_BOOL),
	F(og_source, nodev, K_BOOL),
	F(og_source, readonly, K_BOOL),
	F(og_source, magic, K_BOOL),
	F(og_source, hidden, K_BOOL),
	LIST(og_source, submounts, K_STRUCTS, &submounts),
};
static const struct table sources = TABLE(og_source, source_fields, "source");

static const struct field destfact_fields[] = {
	F(og_destfact, path, K_NAME),
	F(og_destfact, leads, K_TEXT),
	F(og_destfact, in, K_TEXT),
	F(og_destfact, linked, K_BOOL),
	F(og_destfact, missing, K_BOOL),
};
static const struct table destfacts = TABLE(og_destfact, destfact_fields, "path");

static const struct field nsfact_fields[] = {
	F(og_nsfact, path, K_NAME),
	F(og_nsfact, type, K_TEXT),
	F(og_nsfact, host, K_BOOL),
	F(og_nsfact, own, K_BOOL),
	F(og_nsfact, exposed, K_BOOL),
	F(og_nsfact, dev, K_U64),
	F(og_nsfact, ino, K_U64),
};
static const struct table nsfacts = TABLE(og_nsfact, nsfact_fields, "path");

static const struct field hookfact_fields[] = {
	F(og_hookfact, path, K_NAME),
	F(og_hookfact, engine, K_BOOL),
	F(og_hookfact, safe, K_BOOL),
};
static const struct table hookfacts = TABLE(og_hookfact, hookfact_fields, "path");

static const struct field port_fields[] = {
	F(og_port, proto, K_NAME),
	F(og_port, address, K_NAME),
	F(og_port, host_port, K_U64),
	F(og_port, host_range, K_BOOL),
	F(og_port, container_port, K_U64),
};
static const struct table ports = TABLE(og_port, port_fields, NULL);

static const struct field netfact_fields[] = {
	F(og_netfact, name, K_NAME),
	F(og_netfact, id, K_TEXT),
	F(og_netfact, driver, K_TEXT),
	F(og_netfact, host_binding, K_TEXT),
	F(og_netfact, gateway_mode_ipv4, K_TEXT),
	F(og_netfact, gateway_mode_ipv6, K_TEXT),
};
static const struct table netfacts = TABLE(og_netfact, netfact_fields, NULL);

static const struct field flagfact_fields[] = {
	F(og_flagfact, name, K_NAME),
	F(og_flagfact, value, K_TEXT),
};
static const struct table flagfacts = TABLE(og_flagfact, flagfact_fields, NULL);

static const struct field facts_fields[] = {
	WORD(og_facts, engine, engine_words),
	F(og_facts, command, K_TEXT),
	F(og_facts, id, K_TEXT),
	F(og_facts, root, K_TEXT),
	F(og_facts, bundle, K_TEXT),
	F(og_facts, today, K_TEXT),
	F(og_facts, sandbox, K_BOOL),
	F(og_facts, pause, K_BOOL),
	F(og_facts, ns_cri, K_TEXT),
	F(og_facts, plugin, K_TEXT),
	LIST(og_facts, flags, K_STRUCTS, &flagfacts),
	F(og_facts, cgroup_v2, K_BOOL),
	F(og_facts, apparmor, K_BOOL),
	F(og_facts, apparmor_mode, K_TEXT),
	F(og_facts, apparmor_default, K_TEXT),
	F(og_facts, selinux, K_BOOL),
	F(og_facts, remapped, K_BOOL),
	F(og_facts, rootless, K_BOOL),
	F(og_facts, userns, K_BOOL),
	F(og_facts, arch, K_TEXT),
	F(og_facts, kernel, K_U64),
	F(og_facts, host_caps, K_U64),
	WORD(og_facts, image_known, known_words),
	F(og_facts, image, K_TEXT),
	F(og_facts, image_id, K_TEXT),
	LIST(og_facts, image_digests, K_TEXTS, NULL),
	WORD(og_facts, privileged_known, known_words),
	F(og_facts, privileged, K_BOOL),
	WORD(og_facts, ports_known, known_words),
	LIST(og_facts, ports, K_STRUCTS, &ports),
	F(og_facts, publish_all, K_BOOL),
	F(og_facts, network_mode, K_TEXT),
	WORD(og_facts, networks_known, known_words),
	LIST(og_facts, networks, K_STRUCTS, &netfacts),
	F(og_facts, networks_file, K_TEXT),
	F(og_facts, cgroup_parent, K_TEXT),
	F(og_facts, swarm, K_BOOL),
	WORD(og_facts, health_known, known_words),
	F(og_facts, health_checked, K_BOOL),
	F(og_facts, restart_policy, K_TEXT),
	F(og_facts, restart_retries, K_U64),
	LIST(og_facts, sources, K_STRUCTS, &sources),
	LIST(og_facts, destinations, K_STRUCTS, &destfacts),
	LIST(og_facts, made, K_STRUCTS, &destfacts),
	LIST(og_facts, namespaces, K_STRUCTS, &nsfacts),
	LIST(og_facts, hooks, K_STRUCTS, &hookfacts),
	F(og_facts, rootfs, K_TEXT),
	F(og_facts, rootfs_in_storage, K_BOOL),
	F(og_facts, storage, K_TEXT),
	F(og_facts, dev_problem, K_TEXT),
	F(og_facts, preserve_fds, K_U64),
	F(og_facts, listen_fds, K_BOOL),
	F(og_facts, notify_socket, K_BOOL),
	WORD(og_facts, record, known_words),
	F(og_facts, record_bounding, K_U64),
	F(og_facts, record_uid, K_U64),
};
static const struct table facts_table = TABLE(og_facts, facts_fields, NULL);
/* clang-format on */

/* Words are stored through an unsigned, whatever the enum. */
_Static_assert(sizeof(enum og_engine) == sizeof(unsigned) &&
		       sizeof(enum og_known) == sizeof(unsigned) &&
		       sizeof(enum og_ftype) == sizeof(unsigned) &&
		       sizeof(enum og_role) == sizeof(unsigned),
	       "enums are as wide as unsigned");

/* ---- look-ups ---- */

/* The first member of each keyed struct is its key. */
static int by_key(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static const void *find(const char *key, const void *list, size_t n, size_t size)
{
	return n ? bsearch(&key, list, n, size, by_key) : NULL;
}

_Static_assert(offsetof(struct og_source, source) == 0 && offsetof(struct og_nsfact, path) == 0 &&
		       offsetof(struct og_hookfact, path) == 0 &&
		       offsetof(struct og_destfact, path) == 0,
	       "keys come first");

const struct og_source *og_fact_source(const struct og_facts *facts, const char *source)
{
	return find(source, facts->sources, facts->nsources, sizeof(*facts->sources));
}

const struct og_destfact *og_fact_destination(const struct og_facts *facts, const char *path)
{
	return find(path, facts->destinations, facts->ndestinations, sizeof(*facts->destinations));
}

const struct og_destfact *og_fact_made(const struct og_facts *facts, const char *path)
{
	return find(path, facts->made, facts->nmade, sizeof(*facts->made));
}

const struct og_nsfact *og_fact_namespace(const struct og_facts *facts, const char *path)
{
	return find(path, facts->namespaces, facts->nnamespaces, sizeof(*facts->namespaces));
}

const struct og_hookfact *og_fact_hook(const struct og_facts *facts, const char *path)
{
	return find(path, facts->hooks, facts->nhooks, sizeof(*facts->hooks));
}

const struct og_flagfact *og_fact_flag(const struct og_facts *facts, const char *name)
{
	for (size_t i = facts->nflags; i-- > 0;)
		if (!strcmp(facts->flags[i].name, name))
			return &facts->flags[i];
	return NULL;
}

static bool is_open(const char *mode)
{
	return mode && (!strcmp(mode, "routed") || !strcmp(mode, "nat-unprotected"));
}

const char *og_fact_open_gateway(const struct og_netfact *network)
{
	return is_open(network->gateway_mode_ipv4)   ? network->gateway_mode_ipv4
	       : is_open(network->gateway_mode_ipv6) ? network->gateway_mode_ipv6
						     : NULL;
}

void og_facts_sort(struct og_facts *facts)
{
	og_sort(facts->sources, facts->nsources, sizeof(*facts->sources), by_key);
	og_sort(facts->destinations, facts->ndestinations, sizeof(*facts->destinations), by_key);
	og_sort(facts->made, facts->nmade, sizeof(*facts->made), by_key);
	og_sort(facts->namespaces, facts->nnamespaces, sizeof(*facts->namespaces), by_key);
	og_sort(facts->hooks, facts->nhooks, sizeof(*facts->hooks), by_key);
}

/* ---- reading ---- */

struct parsed {
	struct og_facts facts; /* first: what the caller has a pointer to */
	struct og_pool pool;
};

static int wrong(const struct og_node *at, struct og_err *reterr, const char *what,
		 const char *expected)
{
	char where[sizeof(reterr->where)];
	unsigned line, col;

	og_pos(at, &line, &col);
	og_fail(reterr, OG_E_HOST, "%s: %s", OG_Q(what), expected);
	og_err_where(reterr, og_pointer(at, where, sizeof(where)), line, col);
	return -1;
}

static int no_memory(struct og_err *reterr)
{
	return og_fail(reterr, OG_E_NOMEM, "out of memory");
}

static int read_struct(struct og_pool *pool, const struct og_node *node, const struct table *table,
		       char *into, struct og_err *reterr);

/* A later element with the key of an earlier one, whatever order they are in. */
static int check_keys(const struct og_node *node, const struct table *table, const char *list,
		      struct og_pool *pool, struct og_err *reterr)
{
	size_t n = og_count(node), i = 0;
	const char **keys = og_pool_alloc(pool, n, sizeof(*keys)), *twice = NULL;
	bool seen = false;

	if (!keys)
		return no_memory(reterr);
	for (; i < n; i++)
		memcpy(&keys[i], list + i * table->size, sizeof(keys[i]));
	og_sort(keys, n, sizeof(*keys), by_key);
	for (i = 1; i < n && !twice; i++)
		twice = strcmp(keys[i - 1], keys[i]) ? NULL : keys[i];
	if (!twice)
		return 0;
	og_each (element, node) {
		const struct og_node *key = og_member(element, table->key);

		if (!strcmp(og_str(key), twice) && seen)
			return wrong(key, reterr, twice, "given twice");
		seen = seen || !strcmp(og_str(key), twice);
	}
	return og_fail(reterr, OG_E_BUG, "a duplicate fact is gone");
}

static int read_structs(struct og_pool *pool, const struct og_node *node, const struct field *field,
			char *into, struct og_err *reterr)
{
	const struct table *table = field->table;
	size_t n = 0;
	char *list;

	if (og_type(node) != OG_ARRAY)
		return wrong(node, reterr, field->name, "a list of objects is expected");
	list = og_pool_alloc(pool, og_count(node), table->size);
	if (!list)
		return no_memory(reterr);
	og_each (element, node) {
		if (read_struct(pool, element, table, list + n * table->size, reterr) < 0)
			return -1;
		n++;
	}
	if (table->key && check_keys(node, table, list, pool, reterr) < 0)
		return -1;
	memcpy(into + field->at, &list, sizeof(list));
	memcpy(into + field->count, &n, sizeof(n));
	return 0;
}

static int read_texts(struct og_pool *pool, const struct og_node *node, const struct field *field,
		      char *into, struct og_err *reterr)
{
	size_t n = 0;
	const char **list;

	if (og_type(node) != OG_ARRAY)
		return wrong(node, reterr, field->name, "a list of strings is expected");
	list = og_pool_alloc(pool, og_count(node), sizeof(*list));
	if (!list)
		return no_memory(reterr);
	og_each (element, node) {
		if (og_type(element) != OG_STRING)
			return wrong(element, reterr, field->name, "a string is expected");
		list[n++] = og_str(element);
	}
	memcpy(into + field->at, &list, sizeof(list));
	memcpy(into + field->count, &n, sizeof(n));
	return 0;
}

static int read_word(const struct og_node *node, const struct field *field, char *into,
		     struct og_err *reterr)
{
	int word = og_str(node) ? og_word_find(field->words, og_str(node)) : -1;

	if (word < 0)
		return wrong(node, reterr, field->name, "no such word");
	memcpy(into + field->at, &word, sizeof(word));
	return 0;
}

static int read_field(struct og_pool *pool, const struct og_node *node, const struct field *field,
		      char *into, struct og_err *reterr)
{
	const char *text;
	bool truth;
	uint64_t n;

	switch (field->kind) {
	case K_BOOL:
		if (og_type(node) != OG_BOOL)
			return wrong(node, reterr, field->name, "true or false is expected");
		truth = og_is_true(node);
		memcpy(into + field->at, &truth, sizeof(truth));
		return 0;
	case K_U64:
		if (og_u64(node, &n) < 0)
			return wrong(node, reterr, field->name, "a whole number is expected");
		memcpy(into + field->at, &n, sizeof(n));
		return 0;
	case K_TEXT:
	case K_NAME:
		text = og_str(node);
		if (!text)
			return wrong(node, reterr, field->name, "a string is expected");
		memcpy(into + field->at, &text, sizeof(text));
		return 0;
	case K_WORD:
		return read_word(node, field, into, reterr);
	case K_TEXTS:
		return read_texts(pool, node, field, into, reterr);
	case K_STRUCTS:
		return read_structs(pool, node, field, into, reterr);
	}
	return og_fail(reterr, OG_E_BUG, "a field of no kind");
}

static int read_struct(struct og_pool *pool, const struct og_node *node, const struct table *table,
		       char *into, struct og_err *reterr)
{
	if (og_type(node) != OG_OBJECT)
		return wrong(node, reterr, "facts", "an object is expected");
	og_each (member, node) {
		const struct field *fields = table->fields, *field = NULL;
		const char *key = og_key(member);

		for (size_t i = 0; i < table->n && !field; i++)
			if (!strcmp(fields[i].name, key))
				field = &fields[i];
		if (!field)
			return wrong(member, reterr, og_key(member), "there is no such fact");
		if (read_field(pool, member, field, into, reterr) < 0)
			return -1;
	}
	for (size_t i = 0; i < table->n; i++)
		if (table->fields[i].kind == K_NAME && !og_member(node, table->fields[i].name))
			return wrong(node, reterr, table->fields[i].name, "missing in an element");
	return 0;
}

int og_facts_parse(const struct og_doc *doc, struct og_facts **ret, struct og_err *reterr)
{
	struct parsed *parsed = calloc(1, sizeof(*parsed));

	if (!parsed)
		return no_memory(reterr);
	if (read_struct(&parsed->pool, og_doc_root(doc), &facts_table, (char *)&parsed->facts,
			reterr) < 0) {
		og_facts_free(&parsed->facts);
		return -1;
	}
	og_facts_sort(&parsed->facts);
	*ret = &parsed->facts;
	return 0;
}

void og_facts_free(struct og_facts *facts)
{
	struct parsed *parsed = (struct parsed *)facts;

	if (!parsed)
		return;
	og_pool_release(&parsed->pool);
	free(parsed);
}

/* ---- writing ---- */

static void write_struct(const struct table *table, const char *from, struct og_buf *out);

static void write_list(const struct field *field, const char *from, struct og_buf *out)
{
	const char *list;
	size_t n;

	memcpy(&list, from + field->at, sizeof(list));
	memcpy(&n, from + field->count, sizeof(n));
	if (!n)
		return;
	og_buf_key(out, field->name);
	og_buf_puts(out, "[");
	for (size_t i = 0; i < n; i++) {
		const char *text;

		if (i)
			og_buf_puts(out, ",");
		if (field->kind == K_STRUCTS) {
			write_struct(field->table, list + i * field->table->size, out);
			continue;
		}
		memcpy(&text, list + i * sizeof(text), sizeof(text));
		og_buf_json(out, text);
	}
	og_buf_puts(out, "]");
}

static void write_field(const struct field *field, const char *from, struct og_buf *out)
{
	const char *text = NULL;
	unsigned word = 0;
	bool truth = false;
	uint64_t n = 0;

	switch (field->kind) {
	case K_BOOL:
		memcpy(&truth, from + field->at, sizeof(truth));
		text = truth ? "true" : NULL;
		break;
	case K_U64:
		memcpy(&n, from + field->at, sizeof(n));
		if (n)
			og_buf_key_u64(out, field->name, n);
		return;
	case K_TEXT:
	case K_NAME:
		memcpy(&text, from + field->at, sizeof(text));
		break;
	case K_WORD:
		memcpy(&word, from + field->at, sizeof(word));
		text = word ? field->words[word] : NULL;
		break;
	case K_TEXTS:
	case K_STRUCTS:
		write_list(field, from, out);
		return;
	}
	if (!text)
		return;
	og_buf_key(out, field->name);
	if (field->kind == K_BOOL)
		og_buf_puts(out, text);
	else
		og_buf_json(out, text);
}

static void write_struct(const struct table *table, const char *from, struct og_buf *out)
{
	og_buf_puts(out, "{");
	for (size_t i = 0; i < table->n; i++)
		write_field(&table->fields[i], from, out);
	og_buf_puts(out, "}");
}

int og_facts_encode(const struct og_facts *facts, char **ret, struct og_err *reterr)
{
	struct og_buf out = { 0 };

	write_struct(&facts_table, (const char *)facts, &out);
	*ret = og_buf_steal(&out);
	return *ret ? 0 : no_memory(reterr);
}
