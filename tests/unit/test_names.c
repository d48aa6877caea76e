/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our tables of names against libcap-ng, the kernel's headers and the kernel.
 */
#include <cap-ng.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "policy/names.h"

Test(names, capabilities_are_those_of_libcap_ng)
{
	for (size_t i = 0; i < og_ncaps; i++) {
		const char *name = capng_capability_to_name((unsigned)i);

		cr_assert(name != NULL, "libcap-ng has no capability %zu", i);
		cr_expect(strcasecmp(og_caps[i] + 4, name) == 0, "%zu: %s, libcap-ng: %s", i,
			  og_caps[i], name);
		cr_expect(eq(int, capng_name_to_capability(og_caps[i] + 4), (int)i));
		cr_expect(lt(sz, strlen(og_caps[i]), OG_CAP_NAME_MAX));
	}
	cr_expect(le(sz, og_ncaps, OG_CAPS_MAX));
}

/* Fails when the kernel's headers know one more: the table must grow. */
Test(names, capabilities_are_complete)
{
	cr_expect(ge(sz, og_ncaps, (size_t)CAP_LAST_CAP + 1));
}

Test(names, capability_by_name)
{
	cr_expect(eq(int, og_cap_exact("CAP_CHOWN"), CAP_CHOWN));
	cr_expect(eq(int, og_cap_exact("CAP_SYS_ADMIN"), CAP_SYS_ADMIN));
	cr_expect(eq(int, og_cap_exact("cap_chown"), -1));
	cr_expect(eq(int, og_cap_exact("CHOWN"), -1));
	cr_expect(eq(int, og_cap_exact("CAP_CHOWN "), -1));
	cr_expect(eq(int, og_cap_exact(""), -1));
	cr_expect(eq(int, og_cap_parse("CAP_NET_RAW"), CAP_NET_RAW));
	cr_expect(eq(int, og_cap_parse("net_raw"), CAP_NET_RAW));
	cr_expect(eq(int, og_cap_parse("Cap_Net_Raw"), CAP_NET_RAW));
	cr_expect(eq(int, og_cap_parse("CAP_CAP_NET_RAW"), -1));
	cr_expect(eq(int, og_cap_parse("ALL"), -1));
	cr_expect(eq(int, og_cap_parse("21"), -1));
	cr_expect(eq(int, og_cap_parse("CAP_"), -1));
	cr_expect(eq(int, og_cap_parse(""), -1));
}

Test(names, namespaces_exist_in_proc)
{
	char path[64];

	for (size_t i = 0; i < og_nnamespaces; i++) {
		const struct og_nsname *ns = &og_namespaces[i];

		cr_expect(eq(ptr, (void *)og_namespace_type(ns->type), (void *)ns));
		cr_expect(eq(ptr, (void *)og_namespace_proc(ns->proc), (void *)ns));
		snprintf(path, sizeof(path), "/proc/self/ns/%s", ns->proc);
		if (strcmp(ns->proc, "time") != 0) /* Linux 5.6 */
			cr_expect(access(path, F_OK) == 0, "%s", path);
		for (size_t j = 0; j < i; j++)
			cr_expect(ne(ulong, ns->clone_flag, og_namespaces[j].clone_flag));
	}
	cr_expect(eq(ulong, og_namespace_type("mount")->clone_flag, CLONE_NEWNS));
	cr_expect(eq(ulong, og_namespace_proc("net")->clone_flag, CLONE_NEWNET));
	cr_expect(zero(ptr, (void *)og_namespace_type("mnt")));
	cr_expect(zero(ptr, (void *)og_namespace_proc("mount")));
	cr_expect(zero(ptr, (void *)og_namespace_type("Mount")));
}

Test(names, rlimits_are_the_kernels)
{
	static const struct {
		int number;
		const char *name;
	} limits[] = {
		{ RLIMIT_CPU, "RLIMIT_CPU" },		{ RLIMIT_FSIZE, "RLIMIT_FSIZE" },
		{ RLIMIT_DATA, "RLIMIT_DATA" },		{ RLIMIT_STACK, "RLIMIT_STACK" },
		{ RLIMIT_CORE, "RLIMIT_CORE" },		{ RLIMIT_RSS, "RLIMIT_RSS" },
		{ RLIMIT_NPROC, "RLIMIT_NPROC" },	{ RLIMIT_NOFILE, "RLIMIT_NOFILE" },
		{ RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK" },	{ RLIMIT_AS, "RLIMIT_AS" },
		{ RLIMIT_LOCKS, "RLIMIT_LOCKS" },	{ RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING" },
		{ RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE" }, { RLIMIT_NICE, "RLIMIT_NICE" },
		{ RLIMIT_RTPRIO, "RLIMIT_RTPRIO" },	{ RLIMIT_RTTIME, "RLIMIT_RTTIME" },
	};

	cr_expect(eq(sz, og_nrlimits, sizeof(limits) / sizeof(limits[0])));
	cr_expect(eq(sz, og_nrlimits, (size_t)RLIM_NLIMITS));
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		cr_expect(eq(int, og_rlimit_exact(limits[i].name), limits[i].number));
		cr_expect(eq(int, og_rlimit_parse(limits[i].name + 7), limits[i].number));
	}
	cr_expect(eq(int, og_rlimit_parse("nofile"), RLIMIT_NOFILE));
	cr_expect(eq(int, og_rlimit_exact("NOFILE"), -1));
	cr_expect(eq(int, og_rlimit_parse("files"), -1));
}
