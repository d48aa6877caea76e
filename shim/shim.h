/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of ocigate: what each stage leaves for the next. A stage is a
 * function; later stages never call earlier ones (main.c is their order).
 */
#ifndef OG_SHIM_H
#define OG_SHIM_H

#include <stdint.h>

#include "bundle.h"
#include "cmdline.h"
#include "facts.h"
#include "ocigate/rule.h"
#include "ocigate/verdict.h"
#include "policyfile.h"
#include "record.h"
#include "runtime.h"

#define OG_OVERRIDES_MAX 32 /* "update" has the most: every limit that has a flag */

struct og_shim {
	struct og_cmdline cmd;
	uint64_t started_ns;

	struct og_record *record; /* of the container's launch; NULL: none */
	char *runtime;		  /* absolute path */

	struct og_policyfiles files;
	struct og_policy *policy;
	enum og_mode mode;

	struct og_bundle bundle;
	char *text; /* the document to judge, as received */
	size_t len;
	bool handed_over; /* the runtime must read what was judged from a memory file */
	const char *const *replaced_flags; /* that the document stands for, ended by NULL */
	struct og_doc *doc;
	struct og_record asked; /* what a record keeps of the process, of the document as it came */
	struct og_hostfacts *host;
	struct og_verdict *verdict;

	char *refusal;	 /* what the user reads when the launch was refused */
	bool guarded;	 /* the published ports are to be guarded from "start" on */
	bool links;	 /* the kinds of its interfaces are looked at before "start" */
	bool networks;	 /* they must still be those that were judged then */
	unsigned verify; /* of OG_LAUNCH_VERIFY: what the container gets is compared with that */
	bool rewritten;	 /* the edits of |doc| and the launch actions are to be carried out */
	struct og_permit permit; /* what the verdict permits */
	struct og_override overrides[OG_OVERRIDES_MAX];
	size_t noverrides;
	char fd_path[32]; /* "/proc/self/fd/N" of a memory file for the runtime */
};

/* Which runtime, and what is known of the container's launch. */
int og_shim_prepare(struct og_shim *shim, struct og_err *reterr);
/* Read everything, evaluate, report; |permit| is given or the refusal is reported. */
int og_shim_judge(struct og_shim *shim, struct og_err *reterr);
/* Carry out what a verdict of OG_OUTCOME_REWRITTEN or AS_IS asks for. */
int og_shim_commit(struct og_shim *shim, struct og_err *reterr);
/* Become the runtime. Returns only on failure. */
int og_shim_exec(struct og_shim *shim, struct og_err *reterr);
/* Tell what went wrong; the exit status. */
int og_shim_fail(struct og_shim *shim, const struct og_err *err);

/* exec.c: the process document of "exec". */
int og_shim_read_process(struct og_shim *shim, struct og_err *reterr);
/* Read |path|, to be handed over when somebody could change it before the runtime reads it. */
int og_shim_read_document(struct og_shim *shim, const char *path, struct og_err *reterr);
/* update.c: the resources document of "update". */
int og_shim_read_resources(struct og_shim *shim, struct og_err *reterr);

void og_shim_override(struct og_shim *shim, const char *name, const char *value);

#endif
