/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of container engines: how one is recognised, and what it records
 * about a container. An engine is told by where the runtime's state and the
 * bundle lie, which its users cannot choose; never by annotations, labels or
 * names, which they can.
 */
#ifndef OG_SHIM_ENGINE_H
#define OG_SHIM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gather.h"

struct og_engine_def {
	enum og_engine engine;
	bool (*recognise)(struct og_gather *g);
	/* Read the engine's record; what is not found stays unknown. NULL: there is none. */
	int (*collect)(struct og_gather *g, struct og_err *reterr);
};

/* The engine of this launch: the first of the table that recognises it. */
const struct og_engine_def *og_engine_find(struct og_gather *g);

bool og_docker_is(struct og_gather *g);
bool og_docker_is_plugin(struct og_gather *g);
bool og_docker_is_build(struct og_gather *g);
int og_docker_collect(struct og_gather *g, struct og_err *reterr);
int og_docker_collect_plugin(struct og_gather *g, struct og_err *reterr);
int og_docker_collect_build(struct og_gather *g, struct og_err *reterr);
/* The parts of Docker's hostconfig.json and config.v2.json about published ports. */
int og_docker_ports(struct og_gather *g, const struct og_node *config, const struct og_node *host,
		    struct og_err *reterr);
/* The networks that config.v2.json names, and what the daemon's database has of them. */
int og_docker_networks(struct og_gather *g, const char *data, const struct og_node *config,
		       struct og_err *reterr);

bool og_containerd_is(struct og_gather *g);
int og_containerd_collect(struct og_gather *g, struct og_err *reterr);
bool og_cri_is(struct og_gather *g);
int og_cri_collect(struct og_gather *g, struct og_err *reterr);
bool og_crio_is(struct og_gather *g);
int og_crio_collect(struct og_gather *g, struct og_err *reterr);
/* For both CRI engines: the image by its reference, and what the kubelet keeps for a pod. */
int og_cri_image(struct og_gather *g, const char *reference, struct og_err *reterr);
void og_keep_pod(struct og_gather *g, const char *uid);
#define OG_KUBELET "/var/lib/kubelet"
bool og_nerdctl_is(struct og_gather *g);
int og_nerdctl_collect(struct og_gather *g, struct og_err *reterr);
bool og_podman_is(struct og_gather *g);
int og_podman_collect(struct og_gather *g, struct og_err *reterr);
/*
 * What podman's database in |storage| has of the container; unset where there is none, or
 * it has nothing. Of what cannot be read only that: OG_NETWORK_UNREAD.
 */
int og_podman_record(struct og_gather *g, const char *storage, struct og_err *reterr);
bool og_buildah_is(struct og_gather *g);
int og_buildah_collect(struct og_gather *g, struct og_err *reterr);

/* ---- for engines on containers/storage ---- */

/*
 * The entry of the list in STORAGE/DRIVER-containers that has |key| as |value|,
 * in the document returned, which the caller frees; NULL: none.
 */
struct og_doc *og_storage_entry(struct og_gather *g, const char *containers, const char *key,
				const char *value, const struct og_node **ret);
/* A container's own directory, of the bundle or below the run root. */
void og_keep_userdata(struct og_gather *g, const char *dir);

/* ---- for engines ---- */

/*
 * Keep what lies at |path|: on the file system where its directory is now, so
 * that a mount over it is seen. |dirfd|: that directory.
 */
void og_keep_same(struct og_gather *g, int dirfd, const char *path, const char *child,
		  enum og_role role);
void og_keep_on(struct og_gather *g, uint64_t mount, const char *path, const char *child,
		enum og_role role); /* the same, by the id of the mount */
void og_keep(struct og_gather *g, const char *path, const char *child, enum og_role role,
	     enum og_keep_mount how);
void og_store(struct og_gather *g, const char *path); /* where root file systems lie; copied */

/*
 * The way to what is kept or stored below |path|, which may lead by a link: /var/lib/containers
 * was moved, /home is one. No more than what the engine's configuration names, where neither its
 * users nor root of a container can make anything: those could make a link of what follows.
 */
void og_way(struct og_gather *g, const char *path);
/* |path| with such a way as it is without links; |path| itself: there are none, or not root's. */
const char *og_way_real(struct og_gather *g, const char *path);

/* An annotation of the document; NULL. For engines whose annotations are their own word. */
const char *og_annotation(const struct og_gather *g, const char *key);

/*
 * JSON of the engine's. A user's label may have a NUL, for which documents are refused:
 * here it counts as U+FFFD, so that one label does not hide all the rest. *ret as og_doc_parse().
 */
int og_engine_parse(const char *name, const char *text, size_t len, struct og_doc **ret,
		    struct og_err *reterr);
/* A JSON file of the engine's: root's, writable by nobody else. NULL: not there, or not so. */
struct og_doc *og_engine_json(int dirfd, const char *path);

/* Whether |path| ends in the components |tail| ("/a/b"); "*" stands for any one component. */
bool og_path_ends(const char *path, const char *tail);
/* |path| without its last |n| components, in the arena; NULL: memory is short. */
char *og_path_up(struct og_gather *g, const char *path, unsigned n);
bool og_is_hex(const char *text, size_t len);
/*
 * The directory of a bind source of the document that ends in |tail|, if nobody
 * but root can change what lies there; NULL: none. |tail| must hold what the
 * engine's users cannot know when they write a source: the id.
 */
char *og_engine_dir(struct og_gather *g, const char *tail);
/* Whether |source| is a name in the engine's directory for this container. */
bool og_is_at_home(const struct og_gather *g, const char *source);
/* Whether the document binds anything else. */
bool og_has_sources(const struct og_gather *g);
/* The names below |dir| as files for the network, on the file system of |dir|. */
void og_keep_netfiles(struct og_gather *g, const char *dir);

/* Room for |n| published ports more. */
int og_ports_reserve(struct og_gather *g, size_t n, struct og_err *reterr);
/* "80/tcp", "80"; -1: not understood. */
int og_port_parse(const char *spec, struct og_port *ret);
/* |text|, of a record or NULL, as og_address() has it. NULL: memory is short. */
const char *og_port_address(struct og_gather *g, const char *text);
/* A list of CNI's port mappings, {"HostPort", "ContainerPort", "Protocol", "HostIP"}: sets
 * ports_known unless something is not understood. */
int og_ports_cni(struct og_gather *g, const struct og_node *list, struct og_err *reterr);

#endif
