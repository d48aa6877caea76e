/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks: programs that the runtime runs as root, most of them on the host. The
 * engine's own for this container stay as they are; what a site allows gets an
 * environment of its own.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/rules_table.h"

/*
 * Without one, runc up to 1.2 gives createContainer hooks the image's, and with
 * it LD_PRELOAD (CVE-2025-23266); other hooks get the caller's.
 */
#define HOOK_ENV "[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"]"
#define NO_ENV	 "the hook %s has no environment of its own and would get the image's or the engine's"

static const char *element(const struct og_node *array, size_t i)
{
	const struct og_node *child = og_first(array);

	while (child && i--)
		child = og_next(child);
	return og_str(child);
}

/* Letters and digits only: an id that an engine made. */
static bool is_id(const char *text)
{
	return text && *text &&
	       !text[strspn(text,
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")];
}

/* Docker 27 passes its trace context on; anything else was not written by it. */
static bool is_trace_env(const struct og_node *env)
{
	static const char *const names[] = { "TRACEPARENT=", "TRACESTATE=", "BAGGAGE=", "OTEL_" };

	og_each (entry, env) {
		const char *text = og_str(entry);
		bool known = false;

		for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++)
			known = known || !strncmp(text, names[i], strlen(names[i]));
		if (!known)
			return false;
	}
	return true;
}

/* dockerd, called again by its link in /proc, hands the network namespace to itself. */
static bool is_setkey(const struct og_pass *pass, const char *stage, const struct og_node *hook)
{
	const struct og_facts *facts = og_facts(pass);
	const struct og_node *args = og_member(hook, "args");
	const char *name = element(args, 0), *root = element(args, 1), *id = element(args, 2);

	if (facts->engine != OG_ENGINE_DOCKER && facts->engine != OG_ENGINE_DOCKER_BUILD)
		return false;
	if (strcmp(stage, "prestart") || og_count(args) != 4 || !name ||
	    strcmp(name, "libnetwork-setkey") || !root || strncmp(root, "-exec-root=/", 12))
		return false;
	if (!is_id(id) || !is_id(element(args, 3)) || !is_trace_env(og_member(hook, "env")))
		return false;
	/* a build step's network has an id of its own */
	return facts->engine == OG_ENGINE_DOCKER_BUILD || (facts->id && !strcmp(id, facts->id));
}

/*
 * "nerdctl ... internal oci-hook EVENT" sets the network up and takes it down. The
 * events are nerdctl's own words, of which one is not the specification's for the stage.
 */
static bool is_nerdctl(const struct og_pass *pass, const char *stage, const struct og_node *hook)
{
	const struct og_node *args = og_member(hook, "args");
	const char *words[3], *event = "createRuntime";
	size_t n = og_count(args);

	if (og_facts(pass)->engine != OG_ENGINE_NERDCTL || n < 4)
		return false;
	for (size_t i = 0; i < 3; i++)
		words[i] = element(args, n - 3 + i);
	if (!strcmp(stage, "poststop"))
		event = "postStop";
	else if (strcmp(stage, event) != 0)
		return false;
	return words[0] && words[1] && words[2] && !strcmp(words[0], "internal") &&
	       !strcmp(words[1], "oci-hook") && !strcmp(words[2], event);
}

static bool is_engines(const struct og_pass *pass, const char *stage, const struct og_node *hook)
{
	const char *path = og_str(og_member(hook, "path"));
	const struct og_hookfact *fact = path ? og_fact_hook(og_facts(pass), path) : NULL;

	return fact && fact->engine &&
	       (is_setkey(pass, stage, hook) || is_nerdctl(pass, stage, hook));
}

static bool steers_loader(const struct og_node *env)
{
	static const char *const names[] = { "LD_", "GCONV_PATH=", "GLIBC_TUNABLES=" };

	og_each (entry, env) {
		const char *text = og_str(entry);

		for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++)
			if (!strncmp(text, names[i], strlen(names[i])))
				return true;
	}
	return false;
}

/* A hook that the policy names: the program must not be anybody's to change. */
static int judge_allowed(struct og_pass *pass, const struct og_node *hook, const char *path)
{
	const struct og_hookfact *fact = og_fact_hook(og_facts(pass), path);
	const struct og_node *env = og_member(hook, "env");

	if (!fact || !fact->safe)
		return og_reject(pass, hook,
				 "the hook %s is allowed, but it, or a directory above it, can be "
				 "written by others than root, or it is missing",
				 OG_Q(path));
	if (!env)
		return og_add(pass, hook, "env", HOOK_ENV, NO_ENV, OG_Q(path));
	if (og_is_null(env))
		return og_replace(pass, env, HOOK_ENV, NO_ENV, OG_Q(path));
	if (!steers_loader(env))
		return 0;
	return og_replace(pass, env, HOOK_ENV,
			  "the hook %s gets an environment that steers the loader", OG_Q(path));
}

static int judge_hook(struct og_pass *pass, const char *stage, const struct og_node *hook)
{
	const char *path = og_str(og_member(hook, "path"));

	if (is_engines(pass, stage, hook))
		return 0;
	if (path && og_opt_has(pass, OG_OPT_hooks_allow, path))
		return judge_allowed(pass, hook, path);
	return og_remove(pass, hook,
			 "the %s hook %s is not the engine's own: remove it, or have it allowed",
			 stage, OG_Q(path ? path : ""));
}

int og_rule_hooks(struct og_pass *pass)
{
	og_each (stage, og_at(pass, "/hooks")) {
		og_each (hook, stage) {
			if (judge_hook(pass, og_key(stage), hook) < 0)
				return -1;
		}
	}
	return 0;
}
