/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of widely used images do at their start, as a small static
 * program that tests run inside containers: drop privileges, own their data,
 * bind their ports. Each step that fails ends it with the step's name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MUST(step)                                                                                 \
	do {                                                                                       \
		if ((step) < 0) {                                                                  \
			printf("%s: %s\n", #step, strerrorname_np(errno));                         \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode);

	if (fd < 0) {
		printf("open %s: %s\n", path, strerrorname_np(errno));
		exit(1);
	}
	MUST(write(fd, text, strlen(text)));
	MUST(fsync(fd));
	close(fd);
}

/* As su-exec, gosu and setpriv do it; nothing is left to come back with. */
static void become(unsigned id)
{
	gid_t group = id;

	MUST(setgroups(1, &group));
	MUST(setresgid(id, id, id));
	MUST(setresuid(id, id, id));
	if (setuid(0) == 0 && id) {
		puts("root could be had back");
		exit(1);
	}
}

static int listen_on(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	MUST(fd);
	MUST(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	MUST(listen(fd, 16));
	return fd;
}

static void answer(int fd)
{
	char line[256];
	int client = accept(fd, NULL, NULL);
	int len = snprintf(line, sizeof(line),
			   "HTTP/1.0 200 OK\r\n\r\nserved by uid %u gid %u groups %d\n", getuid(),
			   getgid(), getgroups(0, NULL));

	MUST(client);
	MUST(write(client, line, (size_t)len));
	MUST(shutdown(client, SHUT_WR));
	close(client);
}

/* web PORT UID: a master that binds and logs, and a worker of another user. */
static int run_web(char **argv)
{
	int fd = listen_on(number(argv[0]));
	pid_t worker;

	write_file("/run/web.pid", "1\n", 0644);
	write_file("/var/log/web/error.log", "started\n", 0640);
	if (geteuid() == 0)
		MUST(chown("/var/cache/web", number(argv[1]), 0));
	worker = fork();
	MUST(worker);
	if (worker == 0) {
		if (geteuid() == 0)
			become(number(argv[1]));
		write_file("/var/cache/web/page", "a page\n", 0640);
		for (;;)
			answer(fd);
	}
	printf("master uid %u\n", geteuid());
	fflush(stdout);
	MUST(waitpid(worker, NULL, 0));
	return 0;
}

/* db DIR UID: root makes the data its user's, and starts again as that user. */
static int run_db(char **argv)
{
	char path[256], back[16] = "";
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/run/db/socket" };
	struct stat st;
	int shm, fd;
	void *map;

	if (geteuid() == 0) {
		snprintf(path, sizeof(path), "%s/pages", argv[0]);
		write_file(path, "", 0600);
		MUST(chown(path, number(argv[1]), number(argv[1])));
		MUST(chown(argv[0], number(argv[1]), number(argv[1])));
		MUST(chmod(argv[0], 0700));
		MUST(chown("/run/db", number(argv[1]), number(argv[1])));
		become(number(argv[1]));
		execl("/proc/self/exe", "services", "db", argv[0], argv[1], NULL);
		MUST(-1);
	}
	MUST(stat(argv[0], &st));
	if (st.st_uid != geteuid() || (st.st_mode & 077)) {
		puts("the data directory has the wrong owner or mode");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/pages", argv[0]);
	write_file(path, "page\n", 0600);
	shm = shm_open("/db", O_RDWR | O_CREAT, 0600);
	MUST(shm);
	MUST(ftruncate(shm, 1 << 20));
	map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, shm, 0);
	if (map == MAP_FAILED)
		MUST(-1);
	memset(map, 1, 1 << 20);
	MUST(shm_unlink("/db"));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(fd);
	unlink(name.sun_path);
	MUST(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	close(listen_on(5432));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(read(fd, back, sizeof(back) - 1));
	printf("database of uid %u, first %s", geteuid(), back);
	return 0;
}

/* cache DIR: never root; asks for more files and saves what it has. */
static int run_cache(char **argv)
{
	struct rlimit limit;
	char from[256], to[256];

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	close(listen_on(6379));
	snprintf(from, sizeof(from), "%s/temp", argv[0]);
	snprintf(to, sizeof(to), "%s/dump", argv[0]);
	write_file(from, "saved\n", 0644);
	MUST(rename(from, to));
	printf("cache of uid %u saved\n", geteuid());
	return 0;
}

/* mail UID: binds 25, has a spool of several owners, works in a chroot. */
static int run_mail(char **argv)
{
	static const char *const dirs[] = { "/var/spool/mail/in", "/var/spool/mail/out" };
	int fd = listen_on(25);

	for (unsigned i = 0; i < 2; i++) {
		if (mkdir(dirs[i], 0700) < 0 && errno != EEXIST)
			MUST(-1);
		MUST(chown(dirs[i], number(argv[0]) + i, 0));
	}
	write_file("/var/spool/mail/in/queue", "a letter\n", 0600); /* another's directory */
	MUST(chroot("/var/spool/mail"));
	MUST(chdir("/in"));
	become(number(argv[0]));
	close(fd);
	printf("mail of uid %u\n", geteuid());
	return 0;
}

/* ping [raw]: an echo request, by the way that needs no privilege unless "raw". */
static int run_ping(char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct icmphdr request = { .type = ICMP_ECHO };
	bool raw = argv[0] && strcmp(argv[0], "raw") == 0;
	int fd = socket(AF_INET, (raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, IPPROTO_ICMP);
	char reply[256];

	MUST(fd);
	request.checksum = raw ? htons(0xf7ff) : 0;
	MUST(sendto(fd, &request, sizeof(request), 0, (struct sockaddr *)&to, sizeof(to)));
	MUST(recv(fd, reply, sizeof(reply), 0));
	printf("answered to uid %u\n", geteuid());
	return 0;
}

/* setcap FILE: NET_BIND_SERVICE in its permitted and effective sets, as setcap does. */
static int run_setcap(char **argv)
{
	struct vfs_cap_data data = { .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE };

	data.data[0].permitted = 1u << CAP_NET_BIND_SERVICE;
	MUST(setxattr(argv[0], "security.capability", &data, XATTR_CAPS_SZ_2, 0));
	puts("capability set");
	return 0;
}

/* as UID COMMAND...: su-exec. */
static int run_as(char **argv)
{
	become(number(argv[0]));
	execv(argv[1], argv + 1);
	MUST(-1);
	return 1;
}

static int run_bind(char **argv)
{
	close(listen_on(number(argv[0])));
	printf("bound by uid %u\n", geteuid());
	return 0;
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **argv);
} services[] = {
	{ "web", 2, run_web },	 { "db", 2, run_db },	  { "cache", 1, run_cache },
	{ "mail", 1, run_mail }, { "ping", 0, run_ping }, { "setcap", 1, run_setcap },
	{ "as", 2, run_as },	 { "bind", 1, run_bind },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(services) / sizeof(services[0]); i++)
		if (strcmp(argv[1], services[i].name) == 0 && argc - 2 >= services[i].arguments)
			return services[i].run(argv + 2);
	fprintf(stderr, "usage: services web|db|cache|mail|ping|setcap|as|bind ...\n");
	return 2;
}
