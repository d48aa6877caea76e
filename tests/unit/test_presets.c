/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in policies: complete, without a complaint, and what the product's
 * table of presets says of each rule.
 */
#include "policy_helpers.h"

#include "policy/presets.h"

static const struct og_facts no_facts;

static struct og_policy *compile_preset(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), POLICY("%s", ""), name);
	return compile_text(text);
}

Test(presets, there_are_five)
{
	static const char *const names[] = { "baseline", "cis-docker", "lab", "permissive",
					     "restricted" };

	cr_assert(eq(sz, og_npresets, 5));
	for (size_t i = 0; i < 5; i++)
		cr_expect(eq(str, (char *)og_presets[i].name, (char *)names[i]));
}

/* What a site's file says is added to a value of the preset: none may be missing. */
Test(presets, define_every_action_and_option)
{
	for (size_t i = 0; i < og_npresets; i++) {
		const char *name = og_presets[i].name, *file;
		struct og_policy *policy = compile_preset(name);
		struct og_effective *effective = effective_of(policy, &no_facts);
		unsigned line;

		for (int rule = 0; rule < OG_NRULES; rule++) {
			og_effective_origin(effective, (enum og_rule_id)rule, &file, &line);
			cr_assert(file != NULL, "%s: the action of rule %d", name, rule);
			cr_expect(eq(str, (char *)file, (char *)name));
			cr_expect(eq(uint, line, 0));
		}
		for (int option = 0; option < OG_NOPTIONS; option++) {
			og_effective_option_origin(effective, (enum og_option)option, &file, &line);
			cr_assert(file != NULL, "%s: option %d, \"%s\"", name, option,
				  og_options[option].name);
			cr_expect(eq(str, (char *)file, (char *)name));
		}
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

static void expect_same_items(const char *name, int option, const struct og_list *a,
			      const struct og_list *b)
{
	cr_assert(eq(sz, a->n, b->n), "%s: %s", name, og_options[option].name);
	for (size_t i = 0; i < a->n; i++) {
		const struct og_item *x = &a->items[i], *y = &b->items[i];

		cr_expect(eq(str, (char *)x->text, (char *)y->text));
		cr_expect(x->lo == y->lo && x->hi == y->hi && x->access == y->access &&
				  x->glob == y->glob && x->accept_setuid == y->accept_setuid &&
				  x->required == y->required && x->major == y->major &&
				  x->minor == y->minor && x->devtype == y->devtype &&
				  x->perms == y->perms,
			  "%s: %s: %s", name, og_options[option].name, x->text);
	}
}

static void expect_same_options(const char *name, const struct og_effective *a,
				const struct og_effective *b)
{
	for (int rule = 0; rule < OG_NRULES; rule++)
		cr_expect(eq(int, og_effective_action(a, (enum og_rule_id)rule),
			     og_effective_action(b, (enum og_rule_id)rule)));
	for (int i = 0; i < OG_NOPTIONS; i++) {
		enum og_option option = (enum og_option)i;
		const char *x = og_effective_str(a, option), *y = og_effective_str(b, option);

		cr_expect(og_effective_u64(a, option) == og_effective_u64(b, option) &&
				  (x ? y && strcmp(x, y) == 0 : !y),
			  "%s: %s", name, og_options[i].name);
		expect_same_items(name, i, og_effective_list(a, option),
				  og_effective_list(b, option));
	}
}

/* What was put into the program at build time is what the file says when it is read now. */
Test(presets, are_what_their_files_say)
{
	static const char front[] = "\"version\": 1,";

	for (size_t i = 0; i < og_npresets; i++) {
		const struct og_preset *preset = &og_presets[i];
		const char *at = strstr(preset->text, front);
		struct og_facts launch = { .engine = OG_ENGINE_DOCKER_BUILD };
		const struct og_facts *facts[] = { &no_facts, &launch };
		struct og_policy *built = compile_preset(preset->name), *read;
		char *text;

		/* as a site's own file, on top of itself: it sets everything anew */
		cr_assert(at && asprintf(&text, "%.*s\"version\": 1, \"extends\": \"%s\",%s",
					 (int)(at - preset->text), preset->text, preset->name,
					 at + sizeof(front) - 1) > 0);
		read = compile_text(text);
		for (size_t f = 0; f < 2; f++) {
			struct og_effective *a = effective_of(built, facts[f]);
			struct og_effective *b = effective_of(read, facts[f]);

			expect_same_options(preset->name, a, b);
			og_effective_free(a);
			og_effective_free(b);
		}
		og_policy_free(built);
		og_policy_free(read);
		free(text);
	}
}

#define ROW(rule, ...)                                                                             \
	{                                                                                          \
		OG_RULE_##rule,                                                                    \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* In the order of the table: permissive, baseline, restricted, cis-docker, lab. */
static const char *const columns[] = { "permissive", "baseline", "restricted", "cis-docker",
				       "lab" };
static const struct {
	enum og_rule_id rule;
	enum og_action actions[5];
} rows[] = {
	ROW(invocation, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT),
	ROW(document, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT),
	ROW(privileged, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REWRITE),
	ROW(user, OG_AUDIT, OG_OFF, OG_REJECT, OG_REJECT, OG_REWRITE),
	ROW(capabilities, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(no_new_privileges, OG_AUDIT, OG_OFF, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(command, OG_OFF, OG_OFF, OG_OFF, OG_AUDIT, OG_REJECT),
	ROW(environment, OG_OFF, OG_OFF, OG_OFF, OG_OFF, OG_AUDIT),
	ROW(rlimits, OG_OFF, OG_OFF, OG_OFF, OG_AUDIT, OG_REWRITE),
	ROW(oom_score, OG_OFF, OG_OFF, OG_OFF, OG_OFF, OG_REWRITE),
	ROW(lsm, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(rootfs, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REWRITE, OG_REJECT),
	ROW(mounts, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(propagation, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(masked_paths, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(namespaces, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(user_namespace, OG_OFF, OG_OFF, OG_OFF, OG_AUDIT, OG_OFF),
	ROW(network_host, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT),
	ROW(devices, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT),
	ROW(seccomp, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(sysctls, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT),
	ROW(resources, OG_OFF, OG_OFF, OG_OFF, OG_REWRITE, OG_REWRITE),
	ROW(cgroup, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT),
	ROW(hooks, OG_AUDIT, OG_REJECT, OG_REJECT, OG_REJECT, OG_REJECT),
	ROW(annotations, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(descriptors, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
	ROW(ports, OG_AUDIT, OG_AUDIT, OG_REWRITE, OG_REJECT, OG_REWRITE),
	ROW(image, OG_AUDIT, OG_OFF, OG_OFF, OG_AUDIT, OG_REJECT),
	ROW(kernel, OG_AUDIT, OG_REWRITE, OG_REWRITE, OG_REWRITE, OG_REWRITE),
};

Test(presets, actions_are_those_of_the_table)
{
	cr_expect(eq(sz, sizeof(rows) / sizeof(rows[0]), (size_t)OG_NRULES),
		  "every rule has a row");
	for (size_t column = 0; column < 5; column++) {
		struct og_policy *policy = compile_preset(columns[column]);
		struct og_effective *effective = effective_of(policy, &no_facts);

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			cr_expect(eq(int, og_effective_action(effective, rows[i].rule),
				     rows[i].actions[column]),
				  "%s: rule %d", columns[column], (int)rows[i].rule);
		cr_expect(eq(int, og_policy_mode(policy), OG_MODE_ENFORCE));
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

#define D13                                                                                        \
	"CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD "     \
	"CAP_NET_BIND_SERVICE CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT"
#define D14                                                                                        \
	"CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD "     \
	"CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID "          \
	"CAP_SYS_CHROOT"
#define MASKED                                                                                     \
	"/proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi "      \
	"/proc/timer_list /proc/timer_stats /sys/firmware"
#define READONLY "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"
#define NONROOT	 "1-2147483647"
#define SITE	 "65534-65534 100000-2147483647"
#define LOCAL	 "127.0.0.1 ::1"

static const struct {
	enum og_option option;
	const char *lists[5];
} lists[] = {
	{ OG_OPT_user_uid, { NONROOT, NONROOT, NONROOT, NONROOT, SITE } },
	{ OG_OPT_capabilities_allow,
	  { D14, D14, "CAP_NET_BIND_SERVICE", D13, "CAP_NET_BIND_SERVICE" } },
	{ OG_OPT_mounts_allow, { "", "", "", "", "/srv/data=ro" } },
	{ OG_OPT_mounts_deny, { "", "", "", "/boot /dev /etc /lib /proc /sys /usr", "" } },
	{ OG_OPT_masked_paths_masked, { MASKED, MASKED, MASKED, MASKED, MASKED } },
	{ OG_OPT_masked_paths_readonly, { READONLY, READONLY, READONLY, READONLY, READONLY } },
	{ OG_OPT_network_host_drivers, { "", "", "", "", "ipvlan macvlan routed" } },
	{ OG_OPT_devices_allow, { "", "", "", "", "" } },
	{ OG_OPT_hooks_allow, { "", "", "", "", "" } },
	{ OG_OPT_ports_addresses, { "", "", LOCAL, "", LOCAL } },
};

Test(presets, lists_are_those_of_the_table)
{
	for (size_t column = 0; column < 5; column++) {
		struct og_policy *policy = compile_preset(columns[column]);
		struct og_effective *effective = effective_of(policy, &no_facts);

		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
			check_list(effective, lists[i].option, lists[i].lists[column],
				   columns[column]);
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

/* "permissive judges with baseline's options". */
Test(presets, permissive_has_the_options_of_baseline)
{
	struct og_policy *policies[] = { compile_preset("permissive"), compile_preset("baseline") };
	struct og_effective *effective[] = { effective_of(policies[0], &no_facts),
					     effective_of(policies[1], &no_facts) };

	for (int i = 0; i < OG_NOPTIONS; i++) {
		enum og_option option = (enum og_option)i;
		const char *a = og_effective_str(effective[0], option);
		const char *b = og_effective_str(effective[1], option);
		char *list = list_text(effective[1], option);

		check_list(effective[0], option, list, og_options[i].name);
		cr_expect(eq(u64, og_effective_u64(effective[0], option),
			     og_effective_u64(effective[1], option)));
		cr_expect(eq(str, (char *)(a ? a : ""), (char *)(b ? b : "")));
		free(list);
	}
	for (size_t i = 0; i < 2; i++) {
		og_effective_free(effective[i]);
		og_policy_free(policies[i]);
	}
}

/* RUN apt-get install must work under every preset. */
Test(presets, image_builds)
{
	static const enum og_engine engines[] = { OG_ENGINE_DOCKER_BUILD, OG_ENGINE_BUILDAH };

	for (size_t i = 0; i < 10; i++) {
		struct og_facts facts = { .engine = engines[i % 2], .today = "2030-01-01" };
		struct og_policy *policy = compile_preset(columns[i / 2]);
		struct og_effective *effective = effective_of(policy, &facts);
		const char *const *names;

		cr_expect(eq(int, og_effective_action(effective, OG_RULE_user), OG_OFF));
		cr_expect(
			eq(int, og_effective_action(effective, OG_RULE_no_new_privileges), OG_OFF));
		cr_expect(eq(int, og_effective_action(effective, OG_RULE_ports), OG_OFF));
		/* permissive changes nothing, not even here */
		cr_expect(eq(int, og_effective_action(effective, OG_RULE_capabilities),
			     i / 2 ? OG_REWRITE : OG_AUDIT));
		check_list(effective, OG_OPT_capabilities_allow, D14, columns[i / 2]);
		cr_assert(eq(sz, og_effective_exceptions(effective, &names), 1));
		cr_expect(eq(str, (char *)names[0], "image-builds"));
		og_effective_free(effective);
		og_policy_free(policy);
	}
}

Test(presets, cri_sandboxes)
{
	for (size_t i = 0; i < 5; i++) {
		struct og_facts facts = { .engine = OG_ENGINE_CRI_CONTAINERD, .sandbox = true };
		struct og_policy *policy = compile_preset(columns[i]);
		struct og_effective *effective = effective_of(policy, &facts);
		const char *const *names;

		cr_expect(eq(int, og_effective_action(effective, OG_RULE_user), OG_OFF));
		cr_assert(eq(sz, og_effective_exceptions(effective, &names), 1));
		cr_expect(eq(str, (char *)names[0], "cri-sandboxes"));
		og_effective_free(effective);
		facts.sandbox = false;
		effective = effective_of(policy, &facts);
		cr_expect(eq(sz, og_effective_exceptions(effective, &names), 0));
		og_effective_free(effective);
		og_policy_free(policy);
	}
}
