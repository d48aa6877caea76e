/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions: who they are for, until when, and what they change. Reading them,
 * and asking whether one applies to a launch. Only facts that a user of the
 * engine cannot forge are evidence.
 */
#include "policy/policy_internal.h"

#include <string.h>

#define NAME_MAX_LEN   128
#define REASON_MAX_LEN 500
#define DIGEST_PREFIX  "sha256:"

/* Engines with pods: only their word on namespaces and sandboxes counts. */
#define CRI_ENGINES   (1u << OG_ENGINE_CRI_CONTAINERD | 1u << OG_ENGINE_CRIO)
#define BUILD_ENGINES (1u << OG_ENGINE_DOCKER_BUILD | 1u << OG_ENGINE_BUILDAH)

/* ---- images ---- */

static bool is_digest(const char *text)
{
	size_t skip = strlen(DIGEST_PREFIX);

	return !strncmp(text, DIGEST_PREFIX, skip) && strlen(text + skip) == 64 &&
	       strspn(text + skip, "0123456789abcdef") == 64;
}

/* docker.io/library/nginx, library/nginx and nginx are one repository: the shortest names it. */
static const char *image_key(const char *image)
{
	static const char *const prefixes[] = { "index.docker.io/", "docker.io/", "library/" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(image, prefixes[i], strlen(prefixes[i])))
			image += strlen(prefixes[i]);
	return image;
}

static bool read_image(const struct og_reader *reader, const struct og_node *node, const char **ret)
{
	const char *text = og_str(node), *at = text ? strchr(text, '@') : NULL;

	if (!text)
		return og_wrong(reader, node,
				"an image id (sha256:...) or REPOSITORY@sha256:... is expected");
	if (is_digest(text) ||
	    (at && at > text && is_digest(at + 1) && !memchr(text, ' ', (size_t)(at - text)))) {
		*ret = image_key(og_pool_text(&reader->policy->pool, text) ?: "");
		return true;
	}
	if (at || !strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)))
		return og_wrong(reader, node, "%s: a digest is \"sha256:\" and 64 of 0-9a-f",
				OG_Q(text));
	return og_wrong(reader, node,
			"%s is a reference, and any user of the engine can give it to another "
			"image: use the image id (sha256:...) or REPOSITORY@sha256:...",
			OG_Q(text));
}

/* ---- lists of names ---- */

struct named {
	const char *text;
	unsigned line, col;
};

static int by_text(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	if (order)
		return order;
	order = (x->line > y->line) - (x->line < y->line);
	return order ? order : (x->col > y->col) - (x->col < y->col);
}

static void keep_names(const struct og_reader *reader, struct named *list, size_t n,
		       struct og_names *ret)
{
	ret->list = og_pool_alloc(&reader->policy->pool, n, sizeof(*ret->list));
	if (!ret->list)
		return;
	og_sort(list, n, sizeof(*list), by_text);
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(list[i - 1].text, list[i].text))
			og_problem_at(reader, false, list[i].line, list[i].col,
				      "%s is in this list already, on line %u", OG_Q(list[i].text),
				      list[i - 1].line);
		else
			ret->list[ret->n++] = list[i].text;
	}
}

static void read_names(const struct og_reader *reader, const struct og_node *node,
		       bool (*read)(const struct og_reader *, const struct og_node *,
				    const char **),
		       struct og_names *ret)
{
	struct named *list;
	size_t n = 0;

	ret->given = true;
	if (og_type(node) != OG_ARRAY) {
		og_wrong(reader, node, "a list is expected");
		return;
	}
	if (!og_count(node))
		og_warn(reader, node, "this list is empty: the exception never applies");
	if (!og_entries_count(reader, node, og_count(node)))
		return;
	list = og_pool_alloc(&reader->policy->pool, og_count(node), sizeof(*list));
	if (!list)
		return;
	og_each (element, node) {
		og_pos(element, &list[n].line, &list[n].col);
		n += read(reader, element, &list[n].text);
	}
	keep_names(reader, list, n, ret);
}

static bool has_name(const struct og_names *names, const char *text)
{
	size_t low = 0, high = names->n;

	while (text && low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(text, names->list[middle]);

		if (!order)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* ---- match ---- */

static void match_image(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	og_pos(node, &exception->image_line, &exception->image_col);
	read_names(reader, node, read_image, &exception->images);
}

static bool read_namespace(const struct og_reader *reader, const struct og_node *node,
			   const char **ret)
{
	return og_line_read(reader, node, 253, ret);
}

static void match_namespace(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	read_names(reader, node, read_namespace, &exception->cri_namespaces);
}

static void match_engine_name(const struct og_reader *reader, const struct og_node *node,
			      unsigned *ret)
{
	const char *text = og_str(node), *names[OG_ENGINE_BUILDAH + 2] = { NULL };
	char hint[OG_HINT];
	int engine;

	if (!text) {
		og_wrong(reader, node, "the name of an engine is expected");
		return;
	}
	for (int i = 0; i <= OG_ENGINE_BUILDAH; i++)
		names[i] = og_engine_name((enum og_engine)i);
	engine = og_word_find(names, text);
	if (engine < 0)
		og_warn(reader, node, "no engine is called %s: this never matches%s", OG_Q(text),
			og_hint(hint, text, names));
	else if (*ret & 1u << engine)
		og_wrong(reader, node, "%s is in this list already", OG_Q(text));
	else
		*ret |= 1u << engine;
}

static void match_engine(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	exception->engines_given = true;
	if (og_type(node) != OG_ARRAY) {
		og_wrong(reader, node, "a list is expected");
		return;
	}
	if (!og_count(node))
		og_warn(reader, node, "this list is empty: the exception never applies");
	og_each (element, node)
		match_engine_name(reader, element, &exception->engines);
}

static void match_sandbox(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	exception->sandbox_given = true;
	exception->sandbox = og_is_true(node);
	if (og_type(node) != OG_BOOL)
		og_wrong(reader, node, "true or false is expected");
}

static void read_match(const struct og_reader *reader, const struct og_node *node, void *into)
{
	static const struct og_key keys[] = {
		{ "image", false, match_image },
		{ "cri-namespace", false, match_namespace },
		{ "engine", false, match_engine },
		{ "sandbox", false, match_sandbox },
	};
	struct og_exception *exception = into;
	unsigned engines;

	og_keys_read(reader, node, "\"match\"", keys, 4, into);
	if (og_type(node) == OG_OBJECT && !og_count(node))
		og_wrong(reader, node,
			 "an exception from everything is no exception: say what it "
			 "applies to");
	if (!exception->engines_given || !exception->engines)
		return;
	engines = exception->engines;
	if ((exception->cri_namespaces.given || exception->sandbox) && !(engines & CRI_ENGINES))
		og_warn(reader, node,
			"none of these engines has pods: the exception never applies");
	if (exception->images.given && !(engines & ~BUILD_ENGINES))
		og_warn(reader, node,
			"a step of an image build has no image: the exception never applies");
}

/* ---- the rest ---- */

static void read_name(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	og_line_read(reader, node, NAME_MAX_LEN, &exception->name);
}

static void read_reason(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	og_line_read(reader, node, REASON_MAX_LEN, &exception->reason);
}

static void read_expires(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	if (!og_str(node) || !og_is_date(og_str(node)))
		og_wrong(reader, node, "a day of the calendar is expected: \"YYYY-MM-DD\"");
	else
		exception->expires = og_pool_text(&reader->policy->pool, og_str(node));
}

static void read_changes(const struct og_reader *reader, const struct og_node *node, void *into)
{
	struct og_exception *exception = into;

	og_rules_read(reader, node, true, &exception->changes);
	if (og_type(node) == OG_OBJECT && !og_count(node))
		og_warn(reader, node, "the exception changes nothing");
}

static bool is_right(unsigned what)
{
	enum og_rule_id rule;

	if (what < OG_NOPTIONS)
		rule = og_options[what].rule;
	else
		rule = (enum og_rule_id)(what - OG_NOPTIONS);
	return rule == OG_RULE_capabilities || rule == OG_RULE_devices ||
	       rule == OG_RULE_namespaces || rule == OG_RULE_mounts || rule == OG_RULE_user;
}

static void warn_widens(const struct og_reader *reader, const struct og_exception *exception)
{
	if (!exception->images.n)
		return;
	for (size_t i = 0; i < exception->changes.n; i++) {
		const struct og_change *change = &exception->changes.list[i];

		if (!is_right(change->what) || change->how == OG_HOW_DEL ||
		    (change->what >= OG_NOPTIONS && change->value.num == OG_REJECT))
			continue;
		og_problem_at(reader, true, exception->image_line, exception->image_col,
			      "this is a right for everybody who may use the engine, not for the "
			      "image's own programs: anyone can start the image with others");
		return;
	}
}

static void check_names(const struct og_reader *reader, const struct og_layer *layer)
{
	struct named *list = og_pool_alloc(&reader->policy->pool, layer->nexceptions,
					   sizeof(*list));
	size_t n = 0;

	if (!list)
		return;
	for (size_t i = 0; i < layer->nexceptions; i++)
		if (layer->exceptions[i].name)
			list[n++] = (struct named){ layer->exceptions[i].name,
						    layer->exceptions[i].line,
						    layer->exceptions[i].col };
	og_sort(list, n, sizeof(*list), by_text);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(list[i - 1].text, list[i].text))
			og_problem_at(reader, false, list[i].line, list[i].col,
				      "the exception of line %u is called %s too", list[i - 1].line,
				      OG_Q(list[i].text));
}

void og_exceptions_read(const struct og_reader *reader, const struct og_node *list,
			struct og_layer *ret)
{
	static const struct og_key keys[] = {
		{ "name", true, read_name },	    { "reason", true, read_reason },
		{ "expires", false, read_expires }, { "match", true, read_match },
		{ "rules", true, read_changes },
	};

	if (og_type(list) != OG_ARRAY) {
		og_wrong(reader, list, "\"exceptions\" is a list");
		return;
	}
	if (!og_entries_count(reader, list, og_count(list)))
		return;
	ret->exceptions = og_pool_alloc(&reader->policy->pool, og_count(list),
					sizeof(*ret->exceptions));
	if (!ret->exceptions)
		return;
	og_each (element, list) {
		struct og_exception *exception = &ret->exceptions[ret->nexceptions++];

		exception->source = reader->source;
		og_pos(element, &exception->line, &exception->col);
		og_keys_read(reader, element, "an exception", keys, 5, exception);
		if (!reader->preset)
			warn_widens(reader, exception);
	}
	check_names(reader, ret);
}

/* ---- asking ---- */

static bool matches_image(const struct og_exception *exception, const struct og_facts *facts)
{
	if (facts->image_known != OG_KNOWN)
		return false;
	if (has_name(&exception->images, facts->image_id))
		return true;
	for (size_t i = 0; i < facts->nimage_digests; i++)
		if (has_name(&exception->images, image_key(facts->image_digests[i])))
			return true;
	return false;
}

bool og_exception_matches(const struct og_exception *exception, const struct og_facts *facts)
{
	bool pods = 1u << facts->engine & CRI_ENGINES;

	if (exception->engines_given && !(exception->engines & 1u << facts->engine))
		return false;
	if (exception->cri_namespaces.given &&
	    !(pods && has_name(&exception->cri_namespaces, facts->ns_cri)))
		return false;
	if (exception->sandbox_given && exception->sandbox != (pods && facts->sandbox))
		return false;
	return !exception->images.given || matches_image(exception, facts);
}

/* Dates of this form sort as text. Without a date of today nothing is still valid. */
bool og_exception_expired(const struct og_exception *exception, const char *today)
{
	return exception->expires && (!today || strcmp(today, exception->expires) > 0);
}
