/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: a container has a system call filter that denies by default. A
 * profile that is missing or permissive, or that is wider than the site's, is
 * replaced by the site's for the capabilities that the container now has.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "policy/doc_edit.h"
#include "policy/names.h"
#include "policy/rules_table.h"
#include "policy/seccomp_compare.h"

static uint64_t bounding_caps(const struct og_pass *pass)
{
	uint64_t caps = 0;

	og_each (node, og_at(pass, "/process/capabilities/bounding")) {
		int cap = og_str(node) ? og_cap_exact(og_str(node)) : -1;

		if (cap >= 0)
			caps |= UINT64_C(1) << cap;
	}
	return caps;
}

/*
 * Whether a rule before this one has written the bounding set. An engine widens
 * its profile with each --cap-add, by unshare and mount for CAP_SYS_ADMIN for
 * one; kept when the capability is taken away, they give an unprivileged
 * process its own user namespace, and in it all capabilities.
 */
static bool caps_were_cut(const struct og_pass *pass)
{
	const struct og_node *bounding = og_at(pass, "/process/capabilities/bounding");

	return bounding && og_node_is_added(bounding);
}

/* Whether it would do to list what it permits, and so must be compared with the site's. */
static bool is_compared(const struct og_pass *pass, enum og_scmp_scope *ret)
{
	bool all = !og_undoing(pass) && og_opt_bool(pass, OG_OPT_seccomp_wider);

	*ret = all ? OG_SCMP_EVERYTHING : OG_SCMP_LACKING;
	return all || caps_were_cut(pass);
}

/* Byte for byte: what a rewrite has put in is not read once more. */
static bool is_site_profile(const struct og_node *profile, const struct og_buf *json)
{
	size_t len;
	const char *raw = og_raw(profile, &len);

	return len == json->len && memcmp(raw, json->data, len) == 0;
}

/* Whether |profile| is to be replaced, and why; *json is the site's if it was needed. */
static bool is_refused(const struct og_pass *pass, const struct og_node *profile,
		       const struct og_scmp_site *site, struct og_buf *json,
		       struct og_scmp_why *why)
{
	enum og_scmp_scope scope;
	bool compared = is_compared(pass, &scope);

	/* what was put in has no members in the view */
	if (compared || og_node_is_added(profile)) {
		og_scmp_write(site, json);
		if (!json->failed && is_site_profile(profile, json))
			return false;
	}
	return og_scmp_permissive(profile, why) ||
	       (compared && og_scmp_wider(profile, site, scope, why));
}

int og_rule_seccomp(struct og_pass *pass)
{
	static const char absent[] = "system calls are not filtered: leave out --privileged and "
				     "seccomp=unconfined";
	const struct og_node *profile = og_at(pass, "/linux/seccomp");
	const struct og_facts *facts = og_facts(pass);
	struct og_scmp_site site = og_scmp_site(facts->arch, facts->kernel, bounding_caps(pass));
	struct og_scmp_why why;
	og_auto_buf struct og_buf out = { 0 };
	og_auto_free char *json = NULL;

	if (profile && !is_refused(pass, profile, &site, &out, &why))
		return 0;
	if (!out.len)
		og_scmp_write(&site, &out);
	json = og_buf_steal(&out);
	if (!json)
		return -1;
	return og_set_whole(pass, "/linux/seccomp", json, "%s", profile ? why.text : absent);
}
