/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routing rules of the container's namespace, ip-rule(8): a look-up with the guard's
 * mark sees what is directly connected and no default route, on whatever link comes
 * later. The table inside asks by that mark whether a sender is a neighbour.
 */
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim/file.h"

struct request {
	struct nlmsghdr header;
	struct fib_rule_hdr rule;
	char attributes[64];
};

static void put_u32(struct request *request, unsigned short type, uint32_t value)
{
	struct rtattr *attribute = (void *)((char *)request +
					    NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(sizeof(value));
	memcpy(RTA_DATA(attribute), &value, sizeof(value));
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) +
				    (uint32_t)RTA_SPACE(sizeof(value));
}

/* 0, or the error; one that is there already is none. */
static int add(int fd, unsigned char family, uint32_t priority, bool reject)
{
	struct request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct fib_rule_hdr)),
			    .nlmsg_type = RTM_NEWRULE,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.rule = { .family = family, .action = reject ? FR_ACT_UNREACHABLE : FR_ACT_TO_TBL },
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} reply;
	ssize_t n;

	put_u32(&request, FRA_PRIORITY, priority);
	put_u32(&request, FRA_FWMARK, OG_GUARD_MARK);
	if (!reject) {
		put_u32(&request, FRA_TABLE, RT_TABLE_MAIN);
		put_u32(&request, FRA_SUPPRESS_PREFIXLEN, 0);
	}
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		return errno;
	n = recv(fd, &reply, sizeof(reply), 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) ||
	    reply.header.nlmsg_type != NLMSG_ERROR)
		return n < 0 ? errno : EPROTO;
	return reply.error.error == -EEXIST ? 0 : -reply.error.error;
}

static int add_all(int fd)
{
	int r = add(fd, AF_INET, 1, false);

	if (r == 0)
		r = add(fd, AF_INET, 2, true);
	if (r == 0)
		r = add(fd, AF_INET6, 1, false);
	if (r == 0)
		r = add(fd, AF_INET6, 2, true);
	return r == EAFNOSUPPORT ? 0 : r; /* a kernel without IPv6 */
}

int og_rules_put(int netns, struct og_err *reterr)
{
	og_auto_close int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	og_auto_close int fd = -1;
	int r;

	if (home < 0 || setns(netns, CLONE_NEWNET) < 0)
		return og_fail_sys(reterr, errno, "the container's network namespace");
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	r = fd < 0 ? errno : add_all(fd);
	if (setns(home, CLONE_NEWNET) < 0)
		return og_fail_sys(reterr, errno, "the host's network namespace");
	return r ? og_fail_sys(reterr, r, "a routing rule in the container's network namespace")
		 : 0;
}
