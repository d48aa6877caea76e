/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp as runc and crun call it, and an interpreter of classic BPF. */
#include "seccomp_oracle.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- to libseccomp ---- */

static uint64_t number(const struct og_node *object, const char *key, uint64_t absent)
{
	uint64_t value = absent;

	if (og_member(object, key))
		cr_assert(eq(int, og_u64(og_member(object, key), &value), 0));
	return value;
}

static uint32_t action(const struct og_node *object, const char *key, const char *errno_key)
{
	const char *name = og_str(og_member(object, key));
	uint16_t value = (uint16_t)number(object, errno_key, 1);

	cr_assert(ne(ptr, (void *)name, NULL));
	if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		return SCMP_ACT_ERRNO(value);
	if (strcmp(name, "SCMP_ACT_TRACE") == 0)
		return SCMP_ACT_TRACE(value);
	if (strcmp(name, "SCMP_ACT_ALLOW") == 0)
		return SCMP_ACT_ALLOW;
	if (strcmp(name, "SCMP_ACT_LOG") == 0)
		return SCMP_ACT_LOG;
	if (strcmp(name, "SCMP_ACT_TRAP") == 0)
		return SCMP_ACT_TRAP;
	if (strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0)
		return SCMP_ACT_KILL_PROCESS;
	cr_assert(eq(str, (char *)name, "SCMP_ACT_KILL"));
	return SCMP_ACT_KILL;
}

static enum scmp_compare operator(const char *name) {
	static const struct { const char * name; enum scmp_compare op; }
ops[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE },
	{ "SCMP_CMP_LT", SCMP_CMP_LT },
	{ "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
	{ "SCMP_CMP_GE", SCMP_CMP_GE },
	{ "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

for (size_t i = 0; i < COUNT(ops); i++)
	if (strcmp(ops[i].name, name) == 0)
		return ops[i].op;
cr_fatal("operator %s", name);
return SCMP_CMP_NE;
}

static bool add_name(scmp_filter_ctx ctx, uint32_t act, const char *name,
		     const struct scmp_arg_cmp *conds, unsigned n, bool shared)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR)
		return true; /* both warn and go on */
	if (!shared)
		return seccomp_rule_add_array(ctx, act, nr, n, conds) == 0;
	for (unsigned i = 0; i < n; i++)
		if (seccomp_rule_add_array(ctx, act, nr, 1, &conds[i]) != 0)
			return false;
	return true;
}

static bool add_entry(scmp_filter_ctx ctx, uint32_t standard, const struct og_node *entry,
		      enum oracle_reader reader)
{
	uint32_t act = action(entry, "action", "errnoRet");
	struct scmp_arg_cmp conds[16];
	unsigned n = 0, used[6] = { 0 };
	bool shared = false;

	if (act == standard)
		return true; /* both leave such entries out */
	og_each (arg, og_member(entry, "args")) {
		unsigned index = (unsigned)number(arg, "index", 0);

		if (reader == ORACLE_CRUN && n == 6)
			break;
		cr_assert(n < COUNT(conds) && index < COUNT(used));
		conds[n++] = (struct scmp_arg_cmp){ index, operator(og_str(og_member(arg, "op"))),
						    number(arg, "value", 0),
						    number(arg, "valueTwo", 0) };
		shared = shared || used[index]++ > 0;
	}
	og_each (name, og_member(entry, "names")) {
		if (!add_name(ctx, act, og_str(name), conds, n, shared))
			return false;
	}
	return true;
}

static bool fill(scmp_filter_ctx ctx, const struct og_node *profile, enum oracle_reader reader)
{
	uint32_t standard = action(profile, "defaultAction", "defaultErrnoRet");

	og_each (arch, og_member(profile, "architectures")) {
		char name[32] = "";
		uint32_t token;
		int r;

		cr_assert(eq(int, strncmp(og_str(arch), "SCMP_ARCH_", 10), 0));
		for (size_t i = 0; i + 1 < sizeof(name) && og_str(arch)[10 + i]; i++)
			name[i] = (char)(og_str(arch)[10 + i] |
					 0x20 * (og_str(arch)[10 + i] != '_'));
		token = seccomp_arch_resolve_name(name);
		r = token ? seccomp_arch_add(ctx, token) : -1;
		if (r != 0 && r != -17) /* EEXIST: the native one */
			return false;
	}
	og_each (entry, og_member(profile, "syscalls")) {
		if (!add_entry(ctx, standard, entry, reader))
			return false;
	}
	return true;
}

bool oracle_compile(const struct og_node *profile, enum oracle_reader reader, struct oracle *ret)
{
	uint32_t standard = action(profile, "defaultAction", "defaultErrnoRet");
	scmp_filter_ctx ctx = seccomp_init(standard);
	int fd = memfd_create("bpf", MFD_CLOEXEC);
	bool ok;
	off_t size;

	cr_assert(ctx && fd >= 0);
	/* crun asks for a binary tree of system calls, runc does not */
	if (reader == ORACLE_CRUN)
		cr_assert(eq(int, seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2), 0));
	ok = fill(ctx, profile, reader) && seccomp_export_bpf(ctx, fd) == 0;
	*ret = (struct oracle){ 0 };
	if (ok) {
		size = lseek(fd, 0, SEEK_END);
		cr_assert(size > 0 && size % (off_t)sizeof(*ret->code) == 0);
		ret->code = malloc((size_t)size);
		ret->n = (size_t)size / sizeof(*ret->code);
		cr_assert(ret->code && pread(fd, ret->code, (size_t)size, 0) == size);
	}
	seccomp_release(ctx);
	close(fd);
	return ok;
}

void oracle_release(struct oracle *oracle)
{
	free(oracle->code);
	*oracle = (struct oracle){ 0 };
}

/* ---- the kernel's side ---- */

static bool is_jump(const struct sock_filter *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_SRC(insn->code) == BPF_K;
}

static bool jumps(const struct sock_filter *insn, uint32_t a)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return a == insn->k;
	case BPF_JGT:
		return a > insn->k;
	case BPF_JGE:
		return a >= insn->k;
	case BPF_JSET:
		return (a & insn->k) != 0;
	default:
		cr_fatal("jump %#x", insn->code);
		return false;
	}
}

static uint32_t run(const struct oracle *oracle, const struct seccomp_data *data, bool *looked)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < oracle->n; pc++) {
		const struct sock_filter *insn = &oracle->code[pc];

		if (insn->code == (BPF_LD | BPF_W | BPF_ABS)) {
			cr_assert(insn->k % 4 == 0 && insn->k + 4 <= sizeof(*data));
			memcpy(&a, (const char *)data + insn->k, sizeof(a));
			*looked = *looked || insn->k >= offsetof(struct seccomp_data, args);
		} else if (insn->code == (BPF_ALU | BPF_AND | BPF_K)) {
			a &= insn->k;
		} else if (insn->code == (BPF_JMP | BPF_JA)) {
			pc += insn->k;
		} else if (insn->code == (BPF_RET | BPF_K)) {
			return insn->k;
		} else {
			cr_assert(is_jump(insn));
			pc += jumps(insn, a) ? insn->jt : insn->jf;
		}
	}
	cr_fatal("the program has no end");
	return 0;
}

bool oracle_permits(const struct oracle *oracle, uint32_t token, int nr, const uint64_t args[6],
		    bool *looked)
{
	bool narrow = token == SCMP_ARCH_X86;
	struct seccomp_data data = { .nr = nr,
				     .arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token };
	bool ignored = false;
	uint32_t act;

	if (!oracle->code)
		return false;
	for (int i = 0; i < 6; i++)
		data.args[i] = narrow ? (uint32_t)args[i] : args[i];
	act = run(oracle, &data, looked ? looked : &ignored) & SECCOMP_RET_ACTION_FULL;
	return act == SECCOMP_RET_ALLOW || act == SECCOMP_RET_LOG || act == SECCOMP_RET_TRACE ||
	       act == SECCOMP_RET_USER_NOTIF;
}
