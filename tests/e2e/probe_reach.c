/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process inside a container can see and do: namespaces, mounts, device
 * nodes, files of the kernel, and system calls tried for real, each in a child
 * of its own. Nothing here harms a host on which it succeeds: files are opened
 * and not written, calls that would change the system get arguments that fail
 * after the permission check.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char zero[256];

/* name, call: negative is failure, errno says how. */
#define TRIES(X)                                                                                   \
	X(unshare_user, unshare(CLONE_NEWUSER))                                                    \
	X(unshare_mount, unshare(CLONE_NEWNS))                                                     \
	X(unshare_net, unshare(CLONE_NEWNET))                                                      \
	X(unshare_pid, unshare(CLONE_NEWPID))                                                      \
	X(clone_user, fork_with(CLONE_NEWUSER))                                                    \
	X(clone3_user, syscall(SYS_clone3, clone3_args, sizeof(clone3_args)))                      \
	X(setns, setns(open("/proc/self/ns/mnt", O_RDONLY), CLONE_NEWNS))                          \
	X(mount_tmpfs, mounted(mount("none", "/tmp", "tmpfs", 0, NULL)))                           \
	X(mount_proc, mounted(mount("none", "/tmp", "proc", 0, NULL)))                             \
	X(mount_bind, mounted(mount("/etc", "/tmp", NULL, MS_BIND, NULL)))                         \
	X(remount_rw, mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL))                       \
	X(umount, umount2("/proc/sys", MNT_DETACH))                                                \
	X(fsopen, syscall(SYS_fsopen, "tmpfs", 0))                                                 \
	X(open_tree, syscall(SYS_open_tree, AT_FDCWD, "/", 1))                                     \
	X(mount_setattr, syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, zero, 32))                   \
	X(pivot_root, syscall(SYS_pivot_root, "/tmp", "/tmp"))                                     \
	X(chroot, chroot("/"))                                                                     \
	X(keyctl, syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0))         \
	X(add_key,                                                                                 \
	  syscall(SYS_add_key, "user", "ocigate-probe", "x", 1, KEY_SPEC_PROCESS_KEYRING))         \
	X(request_key, syscall(SYS_request_key, "user", "ocigate-none", NULL, 0))                  \
	X(bpf, syscall(SYS_bpf, 0, bpf_map, 72))                                                   \
	X(perf_event, syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0))                           \
	X(userfaultfd, syscall(SYS_userfaultfd, 0))                                                \
	X(io_uring, syscall(SYS_io_uring_setup, 1, zero))                                          \
	X(fanotify, syscall(SYS_fanotify_init, 0, 0))                                              \
	X(handle_at, syscall(SYS_open_by_handle_at, -1, zero, O_RDONLY))                           \
	X(init_module, syscall(SYS_init_module, NULL, 0, ""))                                      \
	X(finit_module, syscall(SYS_finit_module, -1, "", 0))                                      \
	X(delete_module, syscall(SYS_delete_module, "ocigate_none", O_NONBLOCK))                   \
	X(kexec_load, syscall(SYS_kexec_load, 0, 0, NULL, ~0UL))                                   \
	X(reboot, syscall(SYS_reboot, 0, 0, 0, NULL))                                              \
	X(swapon, swapon("/none", 0))                                                              \
	X(swapoff, swapoff("/none"))                                                               \
	X(acct, syscall(SYS_acct, "/none"))                                                        \
	X(quotactl, syscall(SYS_quotactl, QCMD(Q_SYNC, 0), "/none", 0, NULL))                      \
	X(ioperm, ioperm(0x80, 1, 1))                                                              \
	X(iopl, iopl(3))                                                                           \
	X(syslog, syscall(SYS_syslog, 10, NULL, 0))                                                \
	X(clock_adjtime, syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, zero))                        \
	X(sethostname, sethostname("ocigate-probe", 13))                                           \
	X(setdomainname, setdomainname("ocigate-probe", 13))                                       \
	X(vhangup, syscall(SYS_vhangup))                                                           \
	X(lookup_dcookie, syscall(SYS_lookup_dcookie, 0, zero, sizeof(zero)))                      \
	X(process_vm_readv, syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0))         \
	X(ptrace, syscall(SYS_ptrace, 0x4206 /* seize */, getppid(), NULL, NULL))                  \
	X(kcmp, syscall(SYS_kcmp, getppid(), getppid(), 0, 0, 0))                                  \
	X(pidfd_getfd, syscall(SYS_pidfd_getfd, -1, 0, 0))                                         \
	X(personality, syscall(SYS_personality, 0x0040000))                                        \
	X(mbind, syscall(SYS_mbind, NULL, 0, 0, NULL, 0, 0))                                       \
	X(move_pages, syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0))                          \
	X(setuid_0, setresuid(0, 0, 0))                                                            \
	X(setgid_0, setresgid(0, 0, 0))                                                            \
	X(setgroups_0, syscall(SYS_setgroups, 0, NULL))                                            \
	X(chown_0, chown("/tmp", 0, 0))                                                            \
	X(chmod_tmp, chmod("/tmp", 01777))                                                         \
	X(nice_minus, setpriority(PRIO_PROCESS, 0, -5))                                            \
	X(sched_fifo, sched_setscheduler(0, SCHED_FIFO, &sched))                                   \
	X(raise_nofile, setrlimit(RLIMIT_NOFILE, &rlimit_more))                                    \
	X(raise_core, setrlimit(RLIMIT_CORE, &rlimit_more))                                        \
	X(no_new_privs_off, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0))                                \
	X(cap_drop_bound, prctl(PR_CAPBSET_DROP, 21, 0, 0, 0))                                     \
	X(securebits, prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0))                                     \
	X(socket_raw, socket(AF_INET, SOCK_RAW, 1))                                                \
	X(socket_ping, socket(AF_INET, SOCK_DGRAM, 1))                                             \
	X(socket_packet, socket(AF_PACKET, SOCK_RAW, 0))                                           \
	X(socket_netlink, socket(AF_NETLINK, SOCK_RAW, 0))                                         \
	X(socket_vsock, socket(AF_VSOCK, SOCK_STREAM, 0))                                          \
	X(socket_alg, socket(AF_ALG, SOCK_SEQPACKET, 0))                                           \
	X(bind_low_port, bind_port(80))                                                            \
	X(mknod_null, node(S_IFCHR, 1, 3))                                                         \
	X(mknod_mem, node(S_IFCHR, 1, 1))                                                          \
	X(mknod_kmsg, node(S_IFCHR, 1, 11))                                                        \
	X(mknod_tun, node(S_IFCHR, 10, 200))                                                       \
	X(mknod_fuse, node(S_IFCHR, 10, 229))                                                      \
	X(mknod_loop, node(S_IFBLK, 7, 0))                                                         \
	X(mknod_vda, node(S_IFBLK, 254, 0))                                                        \
	X(mkdir_root, mkdir("/ocigate-probe", 0700))                                               \
	X(mkdir_tmp, mkdir("/tmp/ocigate-probe", 0700))                                            \
	X(mkdir_cgroup, mkdir("/sys/fs/cgroup/memory/ocigate-probe", 0700))                        \
	X(link_passwd, link("/etc/passwd", "/tmp/ocigate-link"))                                   \
	X(kill_parent, kill_of(1))

static const struct sched_param sched = { .sched_priority = 1 };
static const struct rlimit rlimit_more = { RLIM_INFINITY, RLIM_INFINITY };
static unsigned int bpf_map[18] = { 2, 4, 4, 1 };
static unsigned long clone3_args[8] = { CLONE_NEWUSER };
static struct perf_event_attr perf = { .type = 1, .size = sizeof(perf), .exclude_kernel = 1 };

static long fork_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

/* Takes away again what a mount(2) that succeeded put on /tmp. */
static long mounted(int ret)
{
	if (ret == 0)
		umount2("/tmp", MNT_DETACH);
	return ret;
}

static long kill_of(pid_t pid)
{
	return syscall(SYS_kill, pid, 0);
}

static long bind_port(unsigned short port)
{
	unsigned char address[16] = { AF_INET, 0, (unsigned char)(port >> 8), (unsigned char)port };

	return syscall(SYS_bind, socket(AF_INET, SOCK_STREAM, 0), address, sizeof(address));
}

/* Makes a device node and opens it for reading. */
static long node(mode_t type, unsigned major_nr, unsigned minor_nr)
{
	static const char path[] = "/tmp/ocigate-node";
	int fd, saved;

	unlink(path);
	if (mknod(path, type | 0600, makedev(major_nr, minor_nr)) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	saved = errno;
	unlink(path);
	/* An absent driver is no barrier: the device cgroup says EPERM. */
	if (fd < 0 && (saved == ENXIO || saved == ENODEV))
		return 0;
	errno = saved;
	return fd;
}

#define X(name, call)                                                                              \
	static long try_##name(void)                                                               \
	{                                                                                          \
		return (long)(call);                                                               \
	}
TRIES(X)
#undef X

static const struct {
	const char *name;
	long (*call)(void);
} tries[] = {
#define X(name, call) { #name, try_##name },
	TRIES(X)
#undef X
};

static void reach_calls(FILE *to)
{
	fflush(to);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			errno = 0;
			_exit(tries[i].call() < 0 ? errno : 0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			fprintf(to, "call %s: cannot fork\n", tries[i].name);
		else if (WIFSIGNALED(status))
			fprintf(to, "call %s: signal %d\n", tries[i].name, WTERMSIG(status));
		else
			fprintf(to, "call %s: %s\n", tries[i].name,
				WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "ok");
	}
	rmdir("/ocigate-probe");
	rmdir("/tmp/ocigate-probe");
	rmdir("/sys/fs/cgroup/memory/ocigate-probe");
	unlink("/tmp/ocigate-link");
}

static const struct {
	const char *path;
	int flags;
} files[] = {
	{ "/proc/kcore", O_RDONLY },
	{ "/proc/keys", O_RDONLY },
	{ "/proc/timer_list", O_RDONLY },
	{ "/proc/sched_debug", O_RDONLY },
	{ "/proc/latency_stats", O_RDONLY },
	{ "/proc/kmsg", O_RDONLY },
	{ "/proc/kallsyms", O_RDONLY },
	{ "/proc/1/environ", O_RDONLY },
	{ "/proc/1/mem", O_RDWR },
	{ "/proc/sysrq-trigger", O_WRONLY },
	{ "/proc/sys/kernel/core_pattern", O_WRONLY },
	{ "/proc/sys/kernel/printk", O_WRONLY },
	{ "/proc/sys/kernel/hostname", O_WRONLY },
	{ "/proc/sys/vm/drop_caches", O_WRONLY },
	{ "/proc/sys/net/ipv4/ip_forward", O_WRONLY },
	{ "/proc/irq/default_smp_affinity", O_WRONLY },
	{ "/proc/self/oom_score_adj", O_WRONLY },
	{ "/proc/self/uid_map", O_WRONLY },
	{ "/sys/kernel/profiling", O_WRONLY },
	{ "/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY },
	{ "/sys/fs/cgroup/memory/cgroup.procs", O_WRONLY },
	{ "/sys/fs/cgroup/memory/release_agent", O_WRONLY },
	{ "/sys/fs/cgroup/cgroup.procs", O_WRONLY },
	{ "/dev/kmsg", O_RDONLY },
	{ "/dev/mem", O_RDONLY },
	{ "/dev/fuse", O_RDWR },
	{ "/dev/net/tun", O_RDWR },
	{ "/dev/vda", O_RDONLY },
	{ "/dev/null", O_RDWR },
	{ "/dev/urandom", O_RDONLY },
	{ "/etc/passwd", O_RDWR },
	{ "/etc/hosts", O_RDWR },
	{ "/etc/resolv.conf", O_RDWR },
	{ "/bin/busybox", O_RDWR },
	{ "/root", O_RDONLY },
	{ "/proc/1/root/etc/passwd", O_RDONLY },
};

static void reach_files(FILE *to)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(files[i].path, files[i].flags | O_NONBLOCK | O_CLOEXEC);
		char byte;

		fprintf(to, "open %s %s: ", files[i].path, files[i].flags == O_RDONLY ? "r" : "w");
		if (fd < 0)
			fprintf(to, "%s\n", strerrorname_np(errno));
		else if (files[i].flags == O_WRONLY)
			fputs("ok\n", to);
		else /* a masked file opens, and is empty */
			fprintf(to, "ok, reads %zd\n", read(fd, &byte, 1));
		if (fd >= 0)
			close(fd);
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every entry below |path|; |deep| levels. */
static void reach_tree(FILE *to, const char *path, int deep)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);

	if (n < 0)
		fprintf(to, "tree %s: %s\n", path, strerrorname_np(errno));
	for (int i = 0; i < n; i++) {
		char child[4096];
		struct stat st;

		snprintf(child, sizeof(child), "%s/%s", path, list[i]->d_name);
		if (strcmp(list[i]->d_name, ".") && strcmp(list[i]->d_name, "..") &&
		    !lstat(child, &st)) {
			fprintf(to, "tree %s %o %u:%u rdev %u:%u\n", child, st.st_mode, st.st_uid,
				st.st_gid, major(st.st_rdev), minor(st.st_rdev));
			if (S_ISDIR(st.st_mode) && deep > 1)
				reach_tree(to, child, deep - 1);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void reach_namespaces(FILE *to)
{
	static const char *const names[] = { "cgroup", "ipc",  "mnt",  "net",
					     "pid",    "time", "user", "uts" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], link[128] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (readlink(path, link, sizeof(link) - 1) < 0)
			snprintf(link, sizeof(link), "unreadable");
		fprintf(to, "namespace %s\n", link);
	}
}

/* Without the ids of mounts, which differ from one container to the next. */
static void reach_mounts(FILE *to)
{
	FILE *from = fopen("/proc/self/mountinfo", "re");
	char line[8192];

	while (from && fgets(line, sizeof(line), from)) {
		const char *rest = line;

		for (int field = 0; field < 3 && rest; field++) {
			rest = strchr(rest, ' ');
			rest = rest ? rest + 1 : NULL;
		}
		fprintf(to, "mount %s", rest ? rest : line);
	}
	if (from)
		fclose(from);
}

static void reach_numbered(FILE *to)
{
	struct if_nameindex *links = if_nameindex();
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	for (struct if_nameindex *i = links; i && i->if_name; i++)
		fprintf(to, "link %s\n", i->if_name);
	if_freenameindex(links);
	while (proc && (entry = readdir(proc)))
		n += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	if (proc)
		closedir(proc);
	fprintf(to, "processes in sight: %d\n", n);
}

void probe_reach(FILE *to)
{
	probe_state(to);
	reach_namespaces(to);
	fputs("cgroup ", to);
	probe_copy(to, "/proc/self/cgroup");
	probe_copy(to, "/proc/self/uid_map");
	reach_mounts(to);
	reach_numbered(to);
	reach_tree(to, "/dev", 3);
	reach_tree(to, "/proc/scsi", 1);
	reach_tree(to, "/proc/acpi", 1);
	reach_tree(to, "/sys/firmware", 1);
	reach_files(to);
	reach_calls(to);
}
