/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigate-ports: keeps published ports to the host's own addresses that a policy
 * allows, with a table of its own in nftables: "inet ocigate" in the host's network
 * namespace, and another in the container's. What must be in the table is known from
 * the launch record and from the two namespaces; what was put there is kept in a book
 * beside the record, so that it can be taken out again whatever happened.
 */
#ifndef OG_GUARD_H
#define OG_GUARD_H

#include <netinet/in.h>
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ocigate/buf.h"
#include "ocigate/err.h"
#include "shim/record.h"

/* ---- network.c: the two namespaces ---- */

/* An address of an interface. */
struct og_netaddr {
	char interface[16]; /* IFNAMSIZ */
	char text[INET6_ADDRSTRLEN];
	bool v6, loopback, link_local;
	unsigned char bytes[16], mask[16]; /* IPv4: the first four */
};

/* An interface of the container that is one end of a pair, the other end being the host's. */
struct og_link {
	char interface[16];
	unsigned index, peer; /* their numbers, each in its namespace */
	char bridge[16];      /* in which the host has put its end; "": none */
};

struct og_network {
	struct og_netaddr *host, *container;
	struct og_link *links;
	size_t nhost, ncontainer, nlinks;
	int fd;	    /* the container's namespace */
	bool hosts; /* it is the host's: nothing was looked at */
};

/*
 * Look into the namespace of |pid| and into our own. Fails for kinds of network whose
 * traffic does not pass the host's own packet filter (macvlan, ipvlan; a bridge with an
 * interface of the host's in it). *ret is the caller's, og_network_free() ends it.
 */
int og_network_read(pid_t pid, struct og_network *ret, struct og_err *reterr);
void og_network_free(struct og_network *network);
/*
 * The bridge on which the container has |address|; where its interface is no port of one, the
 * host's interface on whose subnet that lies. NULL: none; there is none for a loopback or
 * link-local one.
 */
const char *og_network_bridge(const struct og_network *network, const struct og_netaddr *address);

/* ---- process.c: which processes are an engine's ---- */

/* Whether a process could not be looked at because it is there no more. */
bool og_process_is_gone(int sys_errno);

typedef int og_process_fn(void *ctx, const char *pid, struct og_err *reterr);
/*
 * Call |fn|, while it returns 0, for each process that root started, in our own pid and
 * network namespace, and whose program has one of |names|, which end at a NULL. -1 also when
 * of one that may be such a process this cannot be told.
 */
int og_process_each(const char *const *names, og_process_fn *fn, void *ctx, struct og_err *reterr);

/* ---- proxies.c: ports that the engine chose ---- */

struct og_proxy {
	char proto[8], host_ip[INET6_ADDRSTRLEN], container_ip[INET6_ADDRSTRLEN];
	unsigned host_port, container_port;
};

/* Docker's userland proxies, by their command lines. *ret owned by the caller. */
int og_proxies_read(struct og_proxy **ret, size_t *retn, struct og_err *reterr);

/* ---- holders.c: which of the host's ports a program holds ---- */

struct og_holder {
	const char *proto;
	char address[INET6_ADDRSTRLEN]; /* as og_address() has it */
	unsigned port;
	uint64_t ino; /* of the socket */
};

struct og_holders {
	struct og_holder *list; /* sorted by port */
	size_t n, cap;
	uint64_t *engines; /* sockets of engines' programs, sorted; once somebody asks */
	size_t nengines, engines_cap;
	bool engines_read;
};

/* Of TCP and UDP, in our own namespace. og_holders_free() ends *ret also after a failure. */
int og_holders_read(struct og_holders *ret, struct og_err *reterr);
void og_holders_free(struct og_holders *holders);
/* The first of |port|, which others follow in the list; NULL: none. */
const struct og_holder *og_holder_first(const struct og_holders *holders, uint64_t port);
/* 1: its socket is an engine's own. 0: not. */
int og_holder_is_engines(struct og_holders *holders, const struct og_holder *holder,
			 struct og_err *reterr);

/* ---- plan.c: what must be in the tables ---- */

struct og_plan {
	struct og_buf elements; /* lines "SET ELEMENT" of the host's table */
	struct og_buf inside;	/* the whole table of the container's namespace; empty: none */
};

/* |starting|: refuse ports of the host's that are another program's by now. */
int og_plan_make(const struct og_record *record, const struct og_network *network, bool starting,
		 struct og_plan *ret, struct og_err *reterr);
void og_plan_release(struct og_plan *plan);

/* ---- table.c: nft(8) scripts, and running them ---- */

/* The table without elements, whether it is there or not. */
void og_table_put(struct og_buf *script);
void og_table_remove(struct og_buf *script);
/* Each line of |elements| to be put in, or taken out whether it is there or not. */
void og_table_add(struct og_buf *script, const char *elements);
void og_table_delete(struct og_buf *script, const char *elements);

/* Whether each line of |elements| is one element to nft(8), and nothing more. */
bool og_table_takes(const char *elements);

/* Run |script| in one transaction, in the namespace |netns| (-1: our own). */
int og_nft_run(const struct og_buf *script, int netns, struct og_err *reterr);
/* What is in the host's table now, as lines "SET ELEMENT"; |there|: whether there is one. */
int og_nft_list(struct og_buf *ret, bool *there, struct og_err *reterr);

/* ---- book.c: what was put in, by container ---- */

/* The directory of the records, locked against other calls of this program; -1. */
int og_book_open(struct og_err *reterr);
int og_book_write(int dir, const struct og_record *record, const struct og_buf *elements,
		  struct og_err *reterr);
/* *ret NULL: there is no such book. */
int og_book_read(int dir, const char *root, const char *id, char **ret, struct og_err *reterr);
void og_book_remove(int dir, const char *root, const char *id);
/* Call |fn| with the elements of each book and whose it is. */
typedef int og_book_fn(void *ctx, const char *root, const char *id, const char *elements,
		       struct og_err *reterr);
int og_book_each(int dir, og_book_fn *fn, void *ctx, struct og_err *reterr);
/* What a killed call was just writing: the lock is ours, so nobody writes now. */
void og_book_sweep(int dir);

/* readdir(3); NULL and *r -1 when that fails, where the end would be no answer. */
struct dirent *og_readdir(DIR *stream, int *r, struct og_err *reterr);

#endif
