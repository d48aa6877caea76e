/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen PROTO/PORT...: answers whoever connects, or sends something, with the sender's
 * address, on all addresses of both families. A container's service for ports.sh.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SOCKETS_MAX = 64 };

static int open_one(const char *word)
{
	const struct sockaddr_in6 any = { .sin6_family = AF_INET6,
					  .sin6_port = htons((uint16_t)strtoul(
						  strchr(word, '/') + 1, NULL, 10)) };
	int udp = strncmp(word, "udp", 3) == 0, sctp = strncmp(word, "sctp", 4) == 0;
	int yes = 1, fd = socket(AF_INET6, udp ? SOCK_DGRAM : SOCK_STREAM, sctp ? 132 : 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    (!udp && listen(fd, 64) < 0)) {
		perror(word);
		exit(1);
	}
	return fd;
}

/* What is closed at once over SCTP may take the answer with it: the question first. */
static void await_question(int fd)
{
	const struct timeval patience = { .tv_sec = 2 };
	char byte;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0)
		(void)!recv(fd, &byte, sizeof(byte), 0);
}

static void answer(int fd, const char *word)
{
	int udp = strncmp(word, "udp", 3) == 0;
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	char text[INET6_ADDRSTRLEN + 1] = "", byte;
	int one = fd;

	if (udp && recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &len) < 0)
		return;
	if (!udp && (one = accept(fd, (struct sockaddr *)&from, &len)) < 0)
		return;
	if (strncmp(word, "sctp", 4) == 0)
		await_question(one);
	inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof(text) - 1);
	strncat(text, "\n", sizeof(text) - strlen(text) - 1);
	sendto(one, text, strlen(text), MSG_NOSIGNAL, udp ? (struct sockaddr *)&from : NULL,
	       udp ? len : 0);
	if (!udp)
		close(one);
}

int main(int argc, char *argv[])
{
	struct pollfd fds[SOCKETS_MAX];
	int n = 0;

	for (; n < SOCKETS_MAX && n + 1 < argc; n++)
		fds[n] = (struct pollfd){ .fd = open_one(argv[n + 1]), .events = POLLIN };
	for (;;) {
		if (poll(fds, (nfds_t)n, -1) < 0)
			return 1;
		for (int i = 0; i < n; i++)
			if (fds[i].revents)
				answer(fds[i].fd, argv[i + 1]);
	}
}
