/* SPDX-License-Identifier: Apache-2.0 */
/*
 * annotations: runtimes take orders from them (run.oci.seccomp_bpf_data gives
 * crun another filter, bundle gives runc exec another configuration), and
 * engines pass on what users write. So they are allowed by name.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/glob.h"
#include "policy/rules_table.h"

/*
 * What engines write themselves; a name is believed only from the engine that
 * owns it. systemd properties are those that podman sets for every container.
 */
static const struct {
	enum og_engine engine;
	const char *names;
} own[] = {
	{ OG_ENGINE_CRI_CONTAINERD, "io.kubernetes.cri.*" },
	{ OG_ENGINE_CRIO, "io.kubernetes.cri-o.*" },
	{ OG_ENGINE_CRIO, "io.container.manager" },
	{ OG_ENGINE_CRIO, "io.kubernetes.container.*" },
	{ OG_ENGINE_CRIO, "io.kubernetes.pod.*" },
	{ OG_ENGINE_CRIO, "kubernetes.io/*" },
	{ OG_ENGINE_NERDCTL, "nerdctl/*" },
	{ OG_ENGINE_PODMAN, "io.container.manager" },
	{ OG_ENGINE_PODMAN, "io.podman.annotations.*" },
	{ OG_ENGINE_PODMAN, "io.kubernetes.cri-o.Created" },
	{ OG_ENGINE_PODMAN, "io.kubernetes.cri-o.TTY" },
	{ OG_ENGINE_PODMAN, "io.kubernetes.cri-o.SandboxID" },
	{ OG_ENGINE_PODMAN, "io.kubernetes.cri-o.ContainerType" },
	{ OG_ENGINE_PODMAN, "org.opencontainers.image.*" },
	{ OG_ENGINE_PODMAN, "org.systemd.property.KillSignal" },
	{ OG_ENGINE_PODMAN, "org.systemd.property.TimeoutStopUSec" },
	{ OG_ENGINE_PODMAN, "org.systemd.property.CollectMode" },
};

static bool is_engines(enum og_engine engine, const char *key)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].engine == engine && og_glob_text(own[i].names, key))
			return true;
	return false;
}

static bool is_allowed(const struct og_pass *pass, const char *key)
{
	const struct og_list *allow = og_opt_list(pass, OG_OPT_annotations_allow);

	for (size_t i = 0; i < allow->n; i++)
		if (og_glob_text(allow->items[i].text, key))
			return true;
	return is_engines(og_facts(pass)->engine, key);
}

static int judge(struct og_pass *pass, const struct og_node *member)
{
	const char *key = og_key(member);

	if (!key)
		return 0;
	/* runc keeps them as KEY=VALUE: "bundle=/x#" would be read as "bundle" */
	if (strchr(key, '='))
		return og_reject(pass, member,
				 "the name of the annotation %s has a \"=\": remove it", OG_Q(key));
	if (is_allowed(pass, key))
		return 0;
	return og_remove(pass, member,
			 "the annotation %s is not on the list of those that may reach the runtime",
			 OG_Q(key));
}

int og_rule_annotations(struct og_pass *pass)
{
	og_each (member, og_at(pass, "/annotations")) {
		if (judge(pass, member) < 0)
			return -1;
	}
	return 0;
}
