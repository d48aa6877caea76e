/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsm: the AppArmor profile and the SELinux label of the process, where the host
 * has the module; elsewhere a name of either makes the runtime fail by itself.
 * An exec without one keeps the container's own.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "ocigate/buf.h"
#include "policy/glob.h"
#include "policy/rules_table.h"

#define APPARMOR "/process/apparmorProfile"
#define SELINUX	 "/process/selinuxLabel"
#define MOUNTS	 "/linux/mountLabel"

/* ---- AppArmor ---- */

/* What engines load; podman's goes on with its version, "containers-default-0.57.4". */
static const char podmans[] = "containers-default";
static const char *const engine_profiles[] = {
	[OG_ENGINE_NONE] = "docker-default",
	[OG_ENGINE_DOCKER] = "docker-default",
	[OG_ENGINE_DOCKER_BUILD] = "docker-default",
	[OG_ENGINE_DOCKER_PLUGIN] = "docker-default",
	[OG_ENGINE_CONTAINERD] = "docker-default",
	[OG_ENGINE_CRI_CONTAINERD] = "cri-containerd.apparmor.d",
	[OG_ENGINE_CRIO] = "crio-default",
	[OG_ENGINE_NERDCTL] = "nerdctl-default",
	[OG_ENGINE_PODMAN] = podmans,
	[OG_ENGINE_BUILDAH] = podmans,
};

/* The profile that is put in. Undoing --privileged, it is the engine's own. */
static const char *wanted_profile(const struct og_pass *pass)
{
	const char *profile = og_opt_str(pass, OG_OPT_lsm_apparmor_profile);

	if (og_undoing(pass) || !strcmp(profile, "runtime/default"))
		return engine_profiles[og_facts(pass)->engine];
	return profile;
}

static bool is_wanted(const struct og_pass *pass, const char *profile)
{
	const char *wanted = wanted_profile(pass);
	size_t len = sizeof(podmans) - 1;

	return !strcmp(profile, wanted) ||
	       (!strcmp(wanted, podmans) && !strncmp(profile, podmans, len) && profile[len] == '-');
}

/*
 * "unconfined", however it is written: the kernel skips blanks round a name, and
 * a name with ":" in front is looked up in another namespace of profiles, one
 * with "&" stacked with others.
 */
static bool names_one(const char *profile)
{
	for (const char *p = profile; *p; p++)
		if ((unsigned char)*p <= ' ')
			return false;
	return strcmp(profile, "unconfined") && profile[0] != ':' && profile[0] != '&' &&
	       !strstr(profile, "//&");
}

/*
 * A profile may be loaded so that it forbids nothing: to complain, or, as distributions
 * have some for programs that make user namespaces, as unconfined. One that is not
 * loaded makes the runtime fail. Without root there is no list to look at.
 */
static bool enforced(const struct og_pass *pass)
{
	const char *mode = og_facts(pass)->apparmor_mode;

	return !mode || !strcmp(mode, "enforce") || !strcmp(mode, "kill") ||
	       (og_facts(pass)->rootless && !strcmp(mode, OG_APPARMOR_UNKNOWN));
}

static bool confines(const struct og_pass *pass, const char *profile)
{
	return names_one(profile) && enforced(pass);
}

/* What does not confine must be listed as it is, without a star. */
static bool is_allowed(const struct og_pass *pass, const char *profile)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_lsm_apparmor);

	if (is_wanted(pass, profile))
		return true;
	if (!confines(pass, profile) && (og_deprivileged(pass) || !list->n))
		return false;
	if (og_undoing(pass) || !list->n)
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (confines(pass, profile) ? og_glob_text(list->items[i].text, profile)
					    : !strcmp(list->items[i].text, profile))
			return true;
	return false;
}

static int check_apparmor(struct og_pass *pass)
{
	const char *profile = og_str(og_at(pass, APPARMOR));
	og_auto_buf struct og_buf json = { 0 };

	if (!profile || !*profile) {
		if (og_cmd(pass) == OG_CMD_EXEC)
			return 0;
		profile = NULL;
	} else if (is_allowed(pass, profile)) {
		return 0;
	}
	og_buf_json(&json, wanted_profile(pass));
	if (json.failed)
		return -1;
	if (!profile)
		return og_set(
			pass, APPARMOR, json.data,
			"the process has no AppArmor profile: leave out --privileged, or name one");
	if (names_one(profile) && !enforced(pass) &&
	    !strcmp(og_facts(pass)->apparmor_mode, OG_APPARMOR_UNKNOWN))
		return og_set(
			pass, APPARMOR, json.data,
			"whether the AppArmor profile %s is enforced cannot be seen: leave out "
			"--security-opt apparmor=..., or have root mount securityfs on "
			"/sys/kernel/security",
			OG_Q(profile));
	if (names_one(profile) && !enforced(pass))
		return og_set(
			pass, APPARMOR, json.data,
			"the AppArmor profile %s is not known to forbid anything, its mode is "
			"%s: leave out --security-opt apparmor=..., or have root load it to "
			"enforce",
			OG_Q(profile), OG_Q(og_facts(pass)->apparmor_mode));
	return og_set(pass, APPARMOR, json.data,
		      "the AppArmor profile %s is not allowed: leave out --privileged and "
		      "--security-opt apparmor=...",
		      OG_Q(profile));
}

/* ---- SELinux ---- */

/* "user:role:type:level"; the level may have colons of its own, or be absent. */
struct label {
	const char *text;
	const char *type;
	size_t type_len;
	const char *level; /* NULL: none */
};

static bool read_label(const char *text, struct label *ret)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_.,:-";
	const char *at = text;

	for (int i = 0; i < 2; i++) {
		size_t len = strcspn(at, ":");

		if (len == 0 || !at[len])
			return false;
		at += len + 1;
	}
	*ret = (struct label){ .text = text, .type = at, .type_len = strcspn(at, ":") };
	if (at[ret->type_len])
		ret->level = at + ret->type_len + 1;
	return ret->type_len > 0 && !(ret->level && !*ret->level) && !text[strspn(text, plain)];
}

static bool has_type(const struct label *label, const char *type)
{
	return strlen(type) == label->type_len && !strncmp(label->type, type, label->type_len);
}

static size_t front_len(const struct label *label)
{
	return (size_t)(label->type - label->text) + label->type_len;
}

/* The site's own label whatever its level, or one of the types, of the system's user. */
static bool label_allowed(const struct og_pass *pass, const struct label *label,
			  const struct label *site)
{
	static const char system[] = "system_u:system_r:";
	const struct og_list *types = og_opt_list(pass, OG_OPT_lsm_selinux_types);

	if (front_len(label) == front_len(site) &&
	    !strncmp(label->text, site->text, front_len(site)))
		return true;
	/* the type of label=disable where the engine does not leave the label out */
	if (og_undoing(pass))
		return !has_type(label, "spc_t");
	if ((size_t)(label->type - label->text) != sizeof(system) - 1 ||
	    strncmp(label->text, system, sizeof(system) - 1) ||
	    (og_deprivileged(pass) && has_type(label, "spc_t")))
		return false;
	for (size_t i = 0; i < types->n; i++)
		if (has_type(label, types->items[i].text))
			return true;
	return false;
}

/* The site's label with the level of |given|, which keeps containers apart. NULL: none given. */
static int put_label(struct og_pass *pass, const char *given, const struct label *site,
		     const char *level)
{
	og_auto_buf struct og_buf label = { 0 }, json = { 0 };

	og_buf_put(&label, site->text, front_len(site));
	if (level) {
		og_buf_puts(&label, ":");
		og_buf_puts(&label, level);
	}
	if (label.failed)
		return -1;
	og_buf_json(&json, label.data);
	if (json.failed)
		return -1;
	if (!given)
		return og_set(pass, SELINUX, json.data,
			      "the process has no SELinux label: leave out --privileged and "
			      "--security-opt label=disable");
	return og_set(pass, SELINUX, json.data,
		      "the SELinux label %s is not allowed: leave out --privileged and "
		      "--security-opt label=...",
		      OG_Q(given));
}

/*
 * An engine that labels does label the files, and does so when it leaves the process alone
 * (--privileged, label=disable): of their level the process has to be. Where nothing is
 * labelled, a label for the process alone would keep it from its own files.
 */
static int add_label(struct og_pass *pass, const struct label *site)
{
	const char *files = og_str(og_at(pass, MOUNTS));
	struct label label = { 0 };

	if (!files || !*files)
		return og_reject_at(pass, SELINUX,
				    "SELinux is on, but the engine labels nothing: leave out "
				    "--privileged and --security-opt label=disable, or have it "
				    "label (Docker: \"selinux-enabled\": true in daemon.json)%s",
				    og_undoing(pass) ? "" : ", or switch the rule lsm off");
	if (!read_label(files, &label))
		label.level = NULL;
	return put_label(pass, NULL, site, label.level ? label.level : site->level);
}

static int check_selinux(struct og_pass *pass)
{
	const char *option = og_opt_str(pass, OG_OPT_lsm_selinux_label);
	const char *given = og_str(og_at(pass, SELINUX));
	struct label label = { 0 }, site;
	bool absent = !given || !*given;

	if (absent && og_cmd(pass) == OG_CMD_EXEC)
		return 0;
	if (!read_label(option, &site))
		return og_reject_at(pass, SELINUX,
				    "the policy's \"selinux-label\" %s is no label: the "
				    "administrator has to write it as user:role:type:level",
				    OG_Q(option));
	if (absent)
		return add_label(pass, &site);
	if (!read_label(given, &label))
		label.level = NULL;
	else if (label_allowed(pass, &label, &site))
		return 0;
	return put_label(pass, given, &site, label.level ? label.level : site.level);
}

/* The label of what the runtime mounts goes into mount(2)'s data as it is. */
static int check_mount_label(struct og_pass *pass)
{
	static const char *const types[] = { "container_file_t", "container_ro_file_t",
					     "svirt_sandbox_file_t" };
	const struct og_node *node = og_at(pass, MOUNTS);
	const char *text = og_str(node);
	struct label label;

	if (!node || (text && !*text))
		return 0;
	if (text && read_label(text, &label))
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			if (has_type(&label, types[i]))
				return 0;
	return og_remove(pass, node,
			 "the label %s for mounts is not one of a container's files: leave it out",
			 OG_Q(text ? text : ""));
}

int og_rule_lsm(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);

	if (facts->apparmor && check_apparmor(pass) < 0)
		return -1;
	if (!facts->selinux)
		return 0;
	if (check_selinux(pass) < 0)
		return -1;
	return og_undoing(pass) ? 0 : check_mount_label(pass);
}
