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

/* Whether the profile that is put in is the engine's own, as in undoing --privileged. */
static bool puts_engines(const struct og_pass *pass)
{
	return og_undoing(pass) ||
	       !strcmp(og_opt_str(pass, OG_OPT_lsm_apparmor_profile), "runtime/default");
}

static bool is_wanted(const struct og_pass *pass, const char *profile)
{
	if (puts_engines(pass))
		return og_glob_text(og_engine_apparmor(og_facts(pass)->engine), profile);
	return !strcmp(profile, og_opt_str(pass, OG_OPT_lsm_apparmor_profile));
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

/* One that must not be, and |json| is put in; NULL: there is none to put in. */
static int replace_profile(struct og_pass *pass, const char *profile, const char *json)
{
	const char *mode = og_facts(pass)->apparmor_mode;
	og_auto_buf struct og_buf why = { 0 };

	if (!names_one(profile) || enforced(pass))
		og_buf_printf(&why,
			      "the AppArmor profile %s is not allowed: leave out --privileged and "
			      "--security-opt apparmor=...",
			      OG_Q(profile));
	else if (!strcmp(mode, OG_APPARMOR_UNKNOWN))
		og_buf_printf(&why,
			      "whether the AppArmor profile %s is enforced cannot be seen: leave "
			      "out --security-opt apparmor=..., or have root mount securityfs on "
			      "/sys/kernel/security",
			      OG_Q(profile));
	else
		og_buf_printf(&why,
			      "the AppArmor profile %s is not known to forbid anything, its mode "
			      "is %s: leave out --security-opt apparmor=..., or have root load it "
			      "to enforce",
			      OG_Q(profile), OG_Q(mode));
	if (why.failed)
		return -1;
	return json ? og_set(pass, APPARMOR, json, "%s", why.data)
		    : og_reject_at(pass, APPARMOR, "%s", why.data);
}

/* Who loads the engine's own, and when. */
static const char *how_to_load(enum og_engine engine)
{
	if (engine == OG_ENGINE_PODMAN || engine == OG_ENGINE_BUILDAH)
		return "have root run a container by podman without --privileged once, which "
		       "loads it";
	if (engine == OG_ENGINE_CRI_CONTAINERD)
		return "start a container that is not privileged first, with which containerd "
		       "loads it";
	if (engine == OG_ENGINE_NONE || engine == OG_ENGINE_CONTAINERD)
		return "have root load it, or name another";
	return "install apparmor and restart the engine";
}

/*
 * The runtime would fail with the name of a profile that is not loaded. Without root there
 * is none to give, and the kernel sees to what its user may do; a pod's sandbox, which runs
 * nothing of the pod's, is there before containerd loads one: as long as only it runs there.
 */
static int check_unloaded(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);
	const char *own = og_engine_apparmor(facts->engine);
	const char *off = og_undoing(pass) ? "leave out --privileged" : "switch the rule lsm off";

	if (facts->rootless)
		return og_note(pass, NULL,
			       "the process has no AppArmor profile: none can be given without "
			       "root");
	if (facts->apparmor_mode)
		return og_reject_at(pass, APPARMOR,
				    "whether the AppArmor profile %s is loaded cannot be seen: "
				    "have root mount securityfs on /sys/kernel/security, or %s",
				    OG_Q(own), off);
	if (facts->pause && og_cmd(pass) == OG_CMD_CREATE)
		return og_note(pass, NULL,
			       "a pod's sandbox has no AppArmor profile: %s is not loaded yet",
			       OG_Q(own));
	return og_reject_at(pass, APPARMOR,
			    "the process has no AppArmor profile, and %s is not loaded to "
			    "enforce: %s, or %s",
			    OG_Q(own), how_to_load(facts->engine), off);
}

static int check_apparmor(struct og_pass *pass)
{
	const char *wanted = puts_engines(pass) ? og_facts(pass)->apparmor_default
						: og_opt_str(pass, OG_OPT_lsm_apparmor_profile);
	const char *profile = og_str(og_at(pass, APPARMOR));
	og_auto_buf struct og_buf json = { 0 };

	if (!profile || !*profile) {
		/* it keeps the container's own, which of all only a sandbox may be without */
		if (og_cmd(pass) == OG_CMD_EXEC && !og_facts(pass)->pause)
			return 0;
		profile = NULL;
	} else if (is_allowed(pass, profile)) {
		return 0;
	}
	if (wanted)
		og_buf_json(&json, wanted);
	if (json.failed)
		return -1;
	if (profile)
		return replace_profile(pass, profile, json.data);
	if (!wanted)
		return check_unloaded(pass);
	return og_set(pass, APPARMOR, json.data,
		      "the process has no AppArmor profile: leave out --privileged, or name one");
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
