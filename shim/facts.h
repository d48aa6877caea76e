/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers what is true about a launch and the host it happens on
 * (include/ocigate/facts.h). Nothing is decided here: what cannot be
 * established is left unknown, and the rules say what that means.
 */
#ifndef OG_SHIM_FACTS_H
#define OG_SHIM_FACTS_H

#include "ocigate/doc.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"

#include "bundle.h"
#include "cmdline.h"
#include "record.h"

struct og_hostfacts;

/*
 * |doc| is config.json, or what exec and update have; NULL: none, or it is not one. |record|:
 * of the container's launch; NULL: there is none, or this is the launch. |bundle|
 * need not be open. *ret is owned by the caller and borrows from all of them. -1:
 * memory is short, or the host denies what every host has.
 */
int og_facts_collect(const struct og_cmdline *cmd, const struct og_bundle *bundle,
		     const struct og_doc *doc, const struct og_record *record,
		     struct og_hostfacts **ret, struct og_err *reterr);

/*
 * What depends on |policy|: which joined namespaces belong to containers that were launched
 * through ocigate under the exceptions that it grants this launch, and where links lead what
 * it may have mounted. Until it is called neither is known.
 */
int og_hostfacts_policy(struct og_hostfacts *host, const struct og_policy *policy,
			struct og_err *reterr);

const struct og_facts *og_hostfacts(const struct og_hostfacts *hostfacts); /* NULL for NULL */
void og_hostfacts_free(struct og_hostfacts *hostfacts);			   /* NULL is fine */

#endif
