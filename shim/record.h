/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch record: one small file per container below /run/ocigate, written
 * before the runtime is executed, so that later commands about the container
 * know how it was launched. Keyed by the runtime's state directory and the id.
 */
#ifndef OG_SHIM_RECORD_H
#define OG_SHIM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/err.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"

#include "binds.h"
#include "joined.h"

struct og_record {
	const char *root, *id;	      /* the key */
	const char *bundle;	      /* absolute */
	const char *runtime;	      /* path of the runtime that was executed */
	const char *mode;	      /* "enforce", "audit" */
	bool kept;		      /* the original config.json lies beside the rewritten one */
	bool privileged;	      /* the engine says --privileged was given */
	uint64_t bounding, uid;	      /* of the document as launched */
	bool guarded;		      /* its published ports wait for the guard at "start" */
	bool links;		      /* its interfaces wait to be looked at, at "start" */
	bool networks;		      /* its networks, likewise: they are among |facts| */
	const char *const *addresses; /* on which they may be reached; empty: none but the host */
	size_t naddresses;
	const struct og_bind_id *binds; /* to be compared with what was mounted */
	size_t nbinds;
	const struct og_joined *joined; /* likewise, with the namespaces of the process */
	size_t njoined;
	const struct og_facts *facts; /* engine, image, ports, ...; not the parts of the document */
};

/* The name of a record's file: for those who keep something beside it. */
enum { OG_RECORD_NAME = 128 };
void og_record_name(const char *root, const char *id, char buf[OG_RECORD_NAME]);

/* Fill in what is kept of the process: |config| is the root of the document to launch. */
void og_record_process(struct og_record *record, const struct og_node *config);

/*
 * Write the record of a launch that is about to happen: of |record|, whose key,
 * privileged and facts are filled in from |facts|. A record that is there already is an error while
 * that container exists or is just being made, and is replaced when it is left
 * over: from a launch that failed, or a container deleted without ocigate. |verify|, a
 * mask of enum og_launch: what the container gets of |config|, the root of the document
 * to launch, is to be compared (verify.h).
 */
int og_record_write(struct og_record *record, const struct og_facts *facts,
		    const struct og_node *config, unsigned verify, struct og_err *reterr);

/*
 * |root| as on the command line: NULL looks below the defaults of the known
 * runtimes. *ret is NULL when there is no record; owned by the caller. -1: there
 * is one that cannot be believed.
 */
int og_record_read(const char *root, const char *id, struct og_record **ret, struct og_err *reterr);
void og_record_free(struct og_record *record); /* what og_record_read() gave; NULL is fine */

/* 0 also when there is none. */
int og_record_remove(const char *root, const char *id, struct og_err *reterr);

/*
 * Whether the container's process runs (or is paused), so that "delete" without
 * --force is going to be refused. One that was created and not started does not.
 */
bool og_record_alive(const struct og_record *record);

/* Call |fn| with every record that can be read; it ends the walk by returning true. */
typedef bool og_record_fn(void *ctx, const struct og_record *record);
void og_record_each(og_record_fn *fn, void *ctx);

/* ---- the same in a given directory: for tests ---- */

/*
 * The directory of the records: /run/ocigate, or $XDG_RUNTIME_DIR/ocigate when
 * not root. *ret is a descriptor of the caller's, -1 when there is none and
 * |create| is false. A directory that others could write is an error.
 */
int og_record_dir(bool create, int *ret, struct og_err *reterr);
int og_record_write_at(int dir, const struct og_record *record, struct og_err *reterr);
int og_record_read_at(int dir, const char *root, const char *id, struct og_record **ret,
		      struct og_err *reterr);
int og_record_remove_at(int dir, const char *root, const char *id, struct og_err *reterr);
void og_record_each_at(int dir, og_record_fn *fn, void *ctx);

#endif
