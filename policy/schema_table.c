/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table: every object and field of config.json for Linux in the OCI runtime
 * specification 1.0 to 1.3, innermost objects first. Integers have the range of
 * the Go type that runc decodes them into, or of crun's where that is narrower.
 */
#include "schema.h"

#include <string.h>

#include "policy/names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LIST(ident, element)                                                                       \
	static const struct og_schema ident = { .shape = OG_S_LIST,                                \
						.what = "an array",                                \
						.of = &(element) }
#define MAP(ident, element)                                                                        \
	static const struct og_schema ident = { .shape = OG_S_MAP,                                 \
						.what = "an object",                               \
						.of = &(element) }
#define INTEGER(ident, text, lo, hi)                                                               \
	static const struct og_schema ident = {                                                    \
		.shape = OG_S_INT, .what = "an integer from " text, .min = (lo), .max = (hi)       \
	}
#define WORD(ident, predicate, text)                                                               \
	static const struct og_schema ident = { .shape = OG_S_WORD,                                \
						.what = text,                                      \
						.known = (predicate) }
#define SHAPE_OF(ident)                                                                            \
	{                                                                                          \
		.shape = OG_S_OBJECT, .what = "an object", .fields = ident##_fields,               \
		.nfields = COUNT(ident##_fields)                                                   \
	}
#define OBJECT(ident) static const struct og_schema ident = SHAPE_OF(ident)

static const struct og_schema boolean = { .shape = OG_S_BOOL, .what = "true or false" };
static const struct og_schema string = { .shape = OG_S_STRING, .what = "a string" };
static const struct og_schema foreign = { .shape = OG_S_FOREIGN, .what = "absent" };
INTEGER(u16, "0 to 65535", 0, UINT16_MAX);
INTEGER(u32, "0 to 4294967295", 0, UINT32_MAX);
INTEGER(u64, "0 to 18446744073709551615", 0, UINT64_MAX);
INTEGER(i32, "-2147483648 to 2147483647", INT32_MIN, INT32_MAX);
INTEGER(i64, "-9223372036854775808 to 9223372036854775807", INT64_MIN, INT64_MAX);
LIST(strings, string);
LIST(ids, u32);
MAP(string_map, string);

/* ---- words that runtimes match exactly, and answer differently when they do not know them ---- */

static bool is_namespace(const char *word)
{
	return og_namespace_type(word) != NULL;
}
WORD(namespace_type, is_namespace, "one of mount, pid, network, ipc, uts, user, cgroup, time");

static bool is_rlimit(const char *word)
{
	return og_rlimit_exact(word) >= 0;
}
WORD(rlimit_type, is_rlimit, "one of RLIMIT_CORE, RLIMIT_NOFILE and its like, in capitals");

static bool is_listed(const char *word, const char *prefix, const char *const *list)
{
	size_t len = strlen(prefix);

	if (strncmp(word, prefix, len) != 0)
		return false;
	while (*list && strcmp(word + len, *list) != 0)
		list++;
	return *list != NULL;
}

static bool is_action(const char *word)
{
	static const char *const list[] = { "KILL",  "KILL_PROCESS", "KILL_THREAD",
					    "TRAP",  "ERRNO",	     "TRACE",
					    "ALLOW", "LOG",	     "NOTIFY",
					    NULL };

	return is_listed(word, "SCMP_ACT_", list);
}
WORD(seccomp_action, is_action, "one of SCMP_ACT_ALLOW, SCMP_ACT_ERRNO and its like");

static bool is_operator(const char *word)
{
	static const char *const list[] = { "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ", NULL };

	return is_listed(word, "SCMP_CMP_", list);
}
WORD(seccomp_op, is_operator, "one of SCMP_CMP_NE, LT, LE, EQ, GE, GT, MASKED_EQ");

/*
 * runc takes the exact names and passes over all else; crun reads them with libcap, which also
 * takes "cap_sys_admin", "21" and "CAP_SYS_ADMIN" with something behind it. A later kernel's
 * name is one for both: none that they know, or the same.
 */
static bool is_capability(const char *word)
{
	const char *s = word + strlen("CAP_");

	if (strncmp(word, "CAP_", strlen("CAP_")) != 0 || !*s)
		return false;
	while ((*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '_')
		s++;
	return !*s;
}
WORD(capability, is_capability, "\"CAP_\" and a name in capitals");

/* ---- process ---- */

static const struct og_field box_fields[] = { { "height", &u32, false }, { "width", &u32, false } };
OBJECT(box);

static const struct og_field user_fields[] = {
	{ "uid", &u32, false },		{ "gid", &u32, false },
	{ "umask", &u32, false },	{ "additionalGids", &ids, false },
	{ "username", &string, false },
};
OBJECT(user);

LIST(capabilities_list, capability);
static const struct og_field capabilities_fields[] = {
	{ "bounding", &capabilities_list, false },    { "effective", &capabilities_list, false },
	{ "inheritable", &capabilities_list, false }, { "permitted", &capabilities_list, false },
	{ "ambient", &capabilities_list, false },
};
OBJECT(capabilities);

static const struct og_field rlimit_fields[] = {
	{ "type", &rlimit_type, true },
	{ "hard", &u64, false },
	{ "soft", &u64, false },
};
OBJECT(rlimit);
LIST(rlimits, rlimit);

static const struct og_field scheduler_fields[] = {
	{ "policy", &string, false }, { "nice", &i32, false },	  { "priority", &i32, false },
	{ "flags", &strings, false }, { "runtime", &u64, false }, { "deadline", &u64, false },
	{ "period", &u64, false },
};
OBJECT(scheduler);

static const struct og_field io_priority_fields[] = {
	{ "class", &string, false },
	{ "priority", &i32, false },
};
OBJECT(io_priority);

static const struct og_field cpu_affinity_fields[] = {
	{ "initial", &string, false },
	{ "final", &string, false },
};
OBJECT(cpu_affinity);

static const struct og_field process_fields[] = {
	{ "terminal", &boolean, false },
	{ "consoleSize", &box, false },
	{ "user", &user, false },
	{ "args", &strings, false },
	{ "commandLine", &string, false },
	{ "env", &strings, false },
	{ "cwd", &string, false },
	{ "capabilities", &capabilities, false },
	{ "rlimits", &rlimits, false },
	{ "noNewPrivileges", &boolean, false },
	{ "apparmorProfile", &string, false },
	{ "oomScoreAdj", &i32, false },
	{ "scheduler", &scheduler, false },
	{ "selinuxLabel", &string, false },
	{ "ioPriority", &io_priority, false },
	{ "execCPUAffinity", &cpu_affinity, false },
};
const struct og_schema og_schema_process = SHAPE_OF(process);

/* ---- root, mounts, hooks ---- */

static const struct og_field root_fields[] = {
	{ "path", &string, true },
	{ "readonly", &boolean, false },
};
OBJECT(root);

static const struct og_field id_mapping_fields[] = {
	{ "containerID", &u32, false },
	{ "hostID", &u32, false },
	{ "size", &u32, false },
};
OBJECT(id_mapping);
LIST(id_mappings, id_mapping);

static const struct og_field mount_fields[] = {
	{ "destination", &string, true },	{ "type", &string, false },
	{ "source", &string, false },		{ "options", &strings, false },
	{ "uidMappings", &id_mappings, false }, { "gidMappings", &id_mappings, false },
};
OBJECT(mount);
LIST(mounts, mount);

static const struct og_field hook_fields[] = {
	{ "path", &string, true },
	{ "args", &strings, false },
	{ "env", &strings, false },
	{ "timeout", &i32, false },
};
OBJECT(hook);
LIST(hook_list, hook);

static const struct og_field hooks_fields[] = {
	{ "prestart", &hook_list, false },	  { "createRuntime", &hook_list, false },
	{ "createContainer", &hook_list, false }, { "startContainer", &hook_list, false },
	{ "poststart", &hook_list, false },	  { "poststop", &hook_list, false },
};
OBJECT(hooks);

/* ---- linux.resources ---- */

static const struct og_field device_rule_fields[] = {
	{ "allow", &boolean, false }, { "type", &string, false },   { "major", &i64, false },
	{ "minor", &i64, false },     { "access", &string, false },
};
OBJECT(device_rule);
LIST(device_rules, device_rule);

static const struct og_field memory_fields[] = {
	{ "limit", &i64, false },
	{ "reservation", &i64, false },
	{ "swap", &i64, false },
	{ "kernel", &i64, false },
	{ "kernelTCP", &i64, false },
	{ "swappiness", &u64, false },
	{ "disableOOMKiller", &boolean, false },
	{ "useHierarchy", &boolean, false },
	{ "checkBeforeUpdate", &boolean, false },
};
OBJECT(memory);

static const struct og_field cpu_fields[] = {
	{ "shares", &u64, false },	    { "quota", &i64, false },
	{ "burst", &u64, false },	    { "period", &u64, false },
	{ "cpus", &string, false },	    { "mems", &string, false },
	{ "realtimeRuntime", &i64, false }, { "idle", &i64, false },
	{ "realtimePeriod", &u64, false },
};
OBJECT(cpu);

static const struct og_field pids_fields[] = { { "limit", &i64, false } };
OBJECT(pids);

static const struct og_field weight_device_fields[] = {
	{ "major", &i64, false },
	{ "minor", &i64, false },
	{ "weight", &u16, false },
	{ "leafWeight", &u16, false },
};
OBJECT(weight_device);
LIST(weight_devices, weight_device);

static const struct og_field throttle_device_fields[] = {
	{ "major", &i64, false },
	{ "minor", &i64, false },
	{ "rate", &u64, false },
};
OBJECT(throttle_device);
LIST(throttle_devices, throttle_device);

static const struct og_field block_io_fields[] = {
	{ "weight", &u16, false },
	{ "leafWeight", &u16, false },
	{ "weightDevice", &weight_devices, false },
	{ "throttleReadBpsDevice", &throttle_devices, false },
	{ "throttleWriteBpsDevice", &throttle_devices, false },
	{ "throttleReadIOPSDevice", &throttle_devices, false },
	{ "throttleWriteIOPSDevice", &throttle_devices, false },
};
OBJECT(block_io);

/* Runtimes make a file's name of it, "hugetlb.2MB.max", and runc one with "/../" in it. */
static bool is_page_size(const char *word)
{
	return *word && word[strspn(word, "0123456789KMGTPEB")] == '\0';
}
WORD(page_size, is_page_size, "a number and a unit, as \"2MB\"");

static const struct og_field hugepage_limit_fields[] = {
	{ "pageSize", &page_size, false },
	{ "limit", &u64, false },
};
OBJECT(hugepage_limit);
LIST(hugepage_limits, hugepage_limit);

static const struct og_field interface_priority_fields[] = {
	{ "name", &string, false },
	{ "priority", &u32, false },
};
OBJECT(interface_priority);
LIST(interface_priorities, interface_priority);

static const struct og_field network_fields[] = {
	{ "classID", &u32, false },
	{ "priorities", &interface_priorities, false },
};
OBJECT(network);

static const struct og_field rdma_limit_fields[] = {
	{ "hcaHandles", &u32, false },
	{ "hcaObjects", &u32, false },
};
OBJECT(rdma_limit);
MAP(rdma, rdma_limit);

static const struct og_field resources_fields[] = {
	{ "devices", &device_rules, false },
	{ "memory", &memory, false },
	{ "cpu", &cpu, false },
	{ "pids", &pids, false },
	{ "blockIO", &block_io, false },
	{ "hugepageLimits", &hugepage_limits, false },
	{ "network", &network, false },
	{ "rdma", &rdma, false },
	{ "unified", &string_map, false },
};
const struct og_schema og_schema_resources = SHAPE_OF(resources);

/* ---- linux ---- */

static const struct og_field namespace_fields[] = {
	{ "type", &namespace_type, true },
	{ "path", &string, false },
};
OBJECT(namespace);
LIST(namespaces, namespace);

static const struct og_field device_fields[] = {
	{ "path", &string, true }, { "type", &string, false },	{ "major", &i64, false },
	{ "minor", &i64, false },  { "fileMode", &u32, false }, { "uid", &u32, false },
	{ "gid", &u32, false },
};
OBJECT(device);
LIST(devices, device);

static const struct og_field net_device_fields[] = { { "name", &string, false } };
OBJECT(net_device);
MAP(net_devices, net_device);

static const struct og_field seccomp_arg_fields[] = {
	{ "index", &u32, false },
	{ "value", &u64, false },
	{ "valueTwo", &u64, false },
	{ "op", &seccomp_op, true },
};
OBJECT(seccomp_arg);
LIST(seccomp_args, seccomp_arg);

static const struct og_field syscall_fields[] = {
	{ "names", &strings, false },
	{ "action", &seccomp_action, true },
	{ "errnoRet", &u32, false },
	{ "args", &seccomp_args, false },
};
OBJECT(syscall);
LIST(syscalls, syscall);

static const struct og_field seccomp_fields[] = {
	{ "defaultAction", &seccomp_action, false },
	{ "defaultErrnoRet", &u32, false },
	{ "architectures", &strings, false },
	{ "flags", &strings, false },
	{ "listenerPath", &string, false },
	{ "listenerMetadata", &string, false },
	{ "syscalls", &syscalls, false },
};
OBJECT(seccomp);

/* enableCMT and enableMBM are of 1.1 and 1.2, enableMonitoring and schemata of 1.3 */
static const struct og_field intel_rdt_fields[] = {
	{ "closID", &string, false },
	{ "schemata", &strings, false },
	{ "l3CacheSchema", &string, false },
	{ "memBwSchema", &string, false },
	{ "enableCMT", &boolean, false },
	{ "enableMBM", &boolean, false },
	{ "enableMonitoring", &boolean, false },
};
OBJECT(intel_rdt);

static const struct og_field memory_policy_fields[] = {
	{ "mode", &string, false },
	{ "nodes", &string, false },
	{ "flags", &strings, false },
};
OBJECT(memory_policy);

static const struct og_field personality_fields[] = {
	{ "domain", &string, false },
	{ "flags", &strings, false },
};
OBJECT(personality);

static const struct og_field time_offset_fields[] = {
	{ "secs", &i64, false },
	{ "nanosecs", &u32, false },
};
OBJECT(time_offset);
MAP(time_offsets, time_offset);

static const struct og_field linux_section_fields[] = {
	{ "uidMappings", &id_mappings, false },
	{ "gidMappings", &id_mappings, false },
	{ "sysctl", &string_map, false },
	{ "resources", &og_schema_resources, false },
	{ "cgroupsPath", &string, false },
	{ "namespaces", &namespaces, false },
	{ "devices", &devices, false },
	{ "netDevices", &net_devices, false },
	{ "seccomp", &seccomp, false },
	{ "rootfsPropagation", &string, false },
	{ "maskedPaths", &strings, false },
	{ "readonlyPaths", &strings, false },
	{ "mountLabel", &string, false },
	{ "intelRdt", &intel_rdt, false },
	{ "memoryPolicy", &memory_policy, false },
	{ "personality", &personality, false },
	{ "timeOffsets", &time_offsets, false },
};
OBJECT(linux_section);

/* ---- the document ---- */

static const struct og_field config_fields[] = {
	{ "ociVersion", &string, true },   { "process", &og_schema_process, true },
	{ "root", &root, true },	   { "hostname", &string, false },
	{ "domainname", &string, false },  { "mounts", &mounts, false },
	{ "hooks", &hooks, false },	   { "annotations", &string_map, false },
	{ "linux", &linux_section, true }, { "solaris", &foreign, false },
	{ "windows", &foreign, false },	   { "vm", &foreign, false },
	{ "zos", &foreign, false },	   { "freebsd", &foreign, false },
};
const struct og_schema og_schema_config = SHAPE_OF(config);
