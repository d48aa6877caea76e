/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the shim learned about the host and the launch: plain data, gathered
 * before the policy is asked. Facts about parts of the document are keyed by
 * what the document says (a mount's source as written, a namespace's path), so
 * that they stay true when the document is rewritten. A key that is missing
 * here means "nothing was established about it", and rules reject it.
 */
#ifndef OG_FACTS_H
#define OG_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/doc.h"
#include "ocigate/err.h"

enum og_engine {
	OG_ENGINE_NONE, /* a plain bundle */
	OG_ENGINE_DOCKER,
	OG_ENGINE_DOCKER_BUILD,	 /* BuildKit: a step of an image build */
	OG_ENGINE_DOCKER_PLUGIN, /* a managed plugin */
	OG_ENGINE_CONTAINERD,	 /* ctr and others straight to containerd */
	OG_ENGINE_CRI_CONTAINERD,
	OG_ENGINE_CRIO,
	OG_ENGINE_NERDCTL,
	OG_ENGINE_PODMAN,
	OG_ENGINE_BUILDAH, /* podman build */
};

/* A fact that an engine may or may not be able to show. */
enum og_known {
	OG_UNKNOWN, /* cannot be established: the option "unknown" of the rule decides */
	OG_NONE,    /* established: there is none */
	OG_KNOWN,
};

enum og_ftype {
	OG_FT_MISSING,
	OG_FT_FILE,
	OG_FT_DIR,
	OG_FT_SOCKET,
	OG_FT_FIFO,
	OG_FT_BLOCK,
	OG_FT_CHAR
};

/* What an engine put there itself for this container, told by where it keeps it. */
enum og_role {
	OG_ROLE_NONE,
	OG_ROLE_NETFILE, /* resolv.conf, hostname, hosts of this container or the joined one */
	OG_ROLE_SHM,	 /* the engine's own /dev/shm for a shareable ipc namespace */
	OG_ROLE_INIT,	 /* the init program of --init */
	OG_ROLE_SECRET,	 /* secrets and configs */
	OG_ROLE_VOLUME,	 /* a volume in the engine's storage, nothing else mounted over it */
	OG_ROLE_IMAGE,	 /* an image, or part of one, mounted by the engine */
	OG_ROLE_ENGINE,	 /* another file of the engine's own for this container */
};

struct og_submount {
	const char *path;   /* mount point on the host */
	const char *origin; /* as og_source.origin */
	const char *fstype;
	bool nosuid, nodev, socket; /* socket: a control socket is there or below */
	const char *root;	    /* what is mounted of the file system */
	uint64_t dev;		    /* of which this is major << 32 | minor */
};

/* A bind source; key |source|. */
struct og_source {
	const char *source;   /* as written in the document */
	const char *resolved; /* absolute, no symlinks; NULL: could not be, see |problem| */
	const char *origin;   /* the host path of the same thing seen past mounts that hide it;
				 NULL: it has none */
	const char *fstype;   /* of the file system it lies on */
	const char *problem;  /* why nothing could be established; NULL: fine */
	const char *socket;   /* a control socket it is, or that lies below it; NULL: none */
	const char *open;     /* of a volume: the engine's directory with it, which other users of
				 the host may enter; NULL: they may not */
	enum og_ftype type;
	enum og_role role;
	uint64_t dev, ino;
	uint64_t birth;		      /* when it was made, nanoseconds since 1970; 0: not known */
	bool nosuid, nodev, readonly; /* the host's mount it lies on; nosuid, nodev: and origin's */
	bool magic;		      /* on procfs, or reached through a magic link */
	bool hidden; /* a mount of its own sits on the source, other than |origin| */
	struct og_submount *submounts;
	size_t nsubmounts;
};

/*
 * Where a mount is made, or something else that the runtime makes: told of those that a
 * symbolic link leads elsewhere, and of those that lie in a bind. Key |path|.
 */
struct og_destfact {
	const char *path;  /* as written in the document */
	const char *leads; /* the same in the container without links, or where it gets into
			      /proc or /sys; NULL: cannot be told */
	const char *in;	   /* source of the bind in which that lies, as written; NULL: in none */
	bool linked;	   /* by a link in a bind, which whoever writes there can change */
	bool missing;	   /* there is nothing yet */
};

/* A namespace joined by path; key |path|. */
struct og_nsfact {
	const char *path;
	const char *type;  /* of the namespace that is really there ("network"); NULL: none */
	bool host;	   /* it is the host's (same inode as init's or as ocigate's own) */
	bool own;	   /* of the container's own pod, or of a container launched through
			      ocigate under the same exceptions */
	bool exposed;	   /* others than root could make the path lead elsewhere */
	uint64_t dev, ino; /* of the namespace, st_dev and st_ino */
};

/* A hook's program; key |path|. */
struct og_hookfact {
	const char *path;
	bool engine; /* the program of the engine's own daemon */
	bool safe;   /* it and all directories above: root's, writable by nobody else */
};

/* A published port. */
struct og_port {
	const char *proto;   /* "tcp", "udp", "sctp" */
	const char *address; /* as asked for; "": all addresses */
	uint64_t host_port;  /* 0: the engine chooses */
	bool host_range;     /* it takes one of a range, of which that is the lowest */
	uint64_t container_port;
};

/* A network that the engine connects the container to. Two of one name are two entries. */
struct og_netfact {
	const char *name;
	const char *id;	    /* NULL: as |driver| */
	const char *driver; /* "bridge", "macvlan", ...; NULL: not known, or none is called so */
	/* the address on which ports without one are published; NULL: not asked for, or all */
	const char *host_binding;
	/* Docker 28: "nat", "nat-unprotected", "routed", "isolated"; NULL: not said, or the family
	 * is not used */
	const char *gateway_mode_ipv4, *gateway_mode_ipv6;
};

/* A flag of the runtime's command line that a rule may mind. */
struct og_flagfact {
	const char *name;  /* canonical, without dashes */
	const char *value; /* NULL: none */
};

/* Which profiles are loaded cannot be seen. */
#define OG_APPARMOR_UNKNOWN "unknown"

/* podman-run(1): a network of the container's own, which leads to the host's loopback. */
#define OG_NETWORK_TO_HOST "slirp4netns:allow_host_loopback=true"
/* Of podman's: what would say whether it is that one is there, and cannot be read. */
#define OG_NETWORK_UNREAD  "unknown"

struct og_facts {
	/* the launch */
	enum og_engine engine;
	const char *command; /* the runtime's: "create", "run", "exec", ... */
	const char *id, *root, *bundle;
	const char *today;  /* UTC, YYYY-MM-DD: decides whether an exception is still valid */
	bool sandbox;	    /* a CRI pod's sandbox (pause) container */
	bool pause;	    /* and the engine keeps this very container as one */
	const char *ns_cri; /* the CRI namespace of the pod; NULL: none */
	const char *plugin; /* id of a managed plugin; NULL: none */
	struct og_flagfact *flags;
	size_t nflags;

	/* the host */
	bool cgroup_v2, apparmor, selinux, rootless;
	bool userns;   /* we are in a user namespace; looked at for a document with devices */
	bool remapped; /* the engine maps the users of its containers by default */
	/* of the AppArmor profile that the process asks for, apparmor(7): "enforce", "complain",
	 * "unconfined", ...; OG_APPARMOR_*; NULL: it is not loaded */
	const char *apparmor_mode;
	const char *apparmor_default; /* that of og_engine_apparmor(), as it is loaded to enforce;
					 NULL: it is not, or was not looked for */
	const char *arch;	      /* as in seccomp profiles: "SCMP_ARCH_X86_64" */
	uint64_t kernel;	      /* major * 1000 + minor: 6001 is 6.1 */
	uint64_t host_caps;	      /* capabilities that this kernel knows, one bit each */

	/* the engine's record */
	enum og_known image_known;
	const char *image;	    /* the reference as typed: never evidence */
	const char *image_id;	    /* "sha256:..." */
	const char **image_digests; /* "repository@sha256:...", as recorded by the engine */
	size_t nimage_digests;
	enum og_known privileged_known;
	bool privileged;
	enum og_known ports_known; /* OG_UNKNOWN: |ports| are not all of them */
	struct og_port *ports;
	size_t nports;
	bool publish_all;
	/* the engine's word for it; NULL: unknown. Of podman only OG_NETWORK_* are told */
	const char *network_mode;
	enum og_known networks_known;
	struct og_netfact *networks;
	size_t nnetworks;
	const char *networks_file; /* where that was read; NULL: nowhere */
	const char *cgroup_parent; /* asked for by the user; "": the engine's; NULL: unknown */
	bool swarm;
	enum og_known health_known;
	bool health_checked;	    /* the engine runs a health check in it */
	const char *restart_policy; /* "no", "always", "on-failure", ...; NULL: unknown */
	uint64_t restart_retries;   /* of "on-failure"; 0: without end */

	/* parts of the document, sorted by key */
	struct og_source *sources;
	size_t nsources;
	struct og_destfact *destinations; /* of mounts */
	size_t ndestinations;
	struct og_destfact *made; /* the working directory, devices outside of /dev, and
				     directories that the rule rootfs may mount on */
	size_t nmade;
	struct og_nsfact *namespaces;
	size_t nnamespaces;
	struct og_hookfact *hooks;
	size_t nhooks;
	const char *rootfs;	/* root.path, resolved; NULL: could not be */
	bool rootfs_in_storage; /* below the engine's storage, or <bundle>/rootfs for a plain one */
	const char *storage;	/* what was looked at, for messages */
	const char *dev_problem; /* what "dev" in it is other than a directory ("a symlink"), or why
				    that is not known; NULL: one, or nothing */

	/* what would be inherited */
	uint64_t preserve_fds; /* --preserve-fds */
	bool listen_fds, notify_socket;

	/* the launch record, for exec, start and update */
	enum og_known record;	  /* OG_NONE: not launched through ocigate */
	uint64_t record_bounding; /* capabilities after rewriting */
	uint64_t record_uid;
};

/* NULL when nothing was established about that key. O(log n); the arrays are sorted. */
const struct og_source *og_fact_source(const struct og_facts *facts, const char *source);
const struct og_destfact *og_fact_destination(const struct og_facts *facts, const char *path);
const struct og_destfact *og_fact_made(const struct og_facts *facts, const char *path);
const struct og_nsfact *og_fact_namespace(const struct og_facts *facts, const char *path);
const struct og_hookfact *og_fact_hook(const struct og_facts *facts, const char *path);
/* The flag given last under this name; NULL: not given. */
const struct og_flagfact *og_fact_flag(const struct og_facts *facts, const char *name);

/*
 * Whether what is mounted of |source| on |destination| is compared with what was judged
 * before the process runs. What an engine made for this container lies where nobody else
 * goes; but in another mount whoever may write there can make a link of the way to it.
 */
bool og_fact_is_compared(const struct og_facts *facts, const struct og_source *source,
			 const char *destination);

/*
 * The gateway mode of either family by which others reach the container's own addresses
 * past what is published on the host's: "routed", "nat-unprotected"; NULL: none.
 */
const char *og_fact_open_gateway(const struct og_netfact *network);

/* Sort the keyed arrays: the shim calls it once after gathering. */
void og_facts_sort(struct og_facts *facts);

/* "docker", "docker-build", ...: for records, exceptions and messages. */
const char *og_engine_name(enum og_engine engine);
/* The AppArmor profile that it gives to containers by itself; a pattern of og_glob_text(). */
const char *og_engine_apparmor(enum og_engine engine);

/*
 * Facts as JSON: test fixtures, the launch record, replay. The field names are
 * those above; unknown names, wrong types and duplicates are errors with their
 * place. *ret borrows strings from |doc|; free with og_facts_free().
 */
int og_facts_parse(const struct og_doc *doc, struct og_facts **ret, struct og_err *reterr);
void og_facts_free(struct og_facts *facts); /* only what og_facts_parse() returned; NULL is fine */
/* Fields at their zero value are left out. *ret owned by the caller. */
int og_facts_encode(const struct og_facts *facts, char **ret, struct og_err *reterr);

#endif
