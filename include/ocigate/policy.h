/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: compiled from the bytes of policy files, immutable afterwards.
 * The grammar is that of product documentation ocigate-policy(5); the table of
 * options is policy/options.def, of rules policy/rules.def.
 */
#ifndef OG_POLICY_H
#define OG_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/err.h"

/* Ordered: the worst wins. */
enum og_action { OG_OFF, OG_AUDIT, OG_REWRITE, OG_REJECT };

enum og_mode { OG_MODE_AUDIT, OG_MODE_ENFORCE, OG_MODE_EXPLAIN }; /* ordered by strictness */

/* One row per rule, in order of evaluation: OG_RULE_capabilities, ... */
enum og_rule_id {
#define RULE(ident, id, cmds, flags, summary) OG_RULE_##ident,
#include "../../policy/rules.def"
#undef RULE
	OG_NRULES
};

/* One row per option: OG_OPT_capabilities_allow, ... */
enum og_option {
#define OPTION(rule, ident, name, type, doc) OG_OPT_##rule##_##ident,
#include "../../policy/options.def"
#undef OPTION
	OG_NOPTIONS
};

enum og_opt_type {
	OG_T_BOOL, /* true, false */
	OG_T_UINT, /* 0 ... 2^64-1 */
	OG_T_STRING,
	OG_T_UNKNOWN,	/* "reject" or "audit": what to do when a fact cannot be established */
	OG_T_OUTSIDE,	/* "reject" or "remove" */
	OG_T_KEEP,	/* "keep", "remove" or "reject" */
	OG_T_VOLUMES,	/* "rw", "ro" or "reject" */
	OG_T_LOCAL,	/* "allow", "audit" or "reject" */
	OG_T_IDPAIR,	/* "uid:gid" */
	OG_T_STRINGS,	/* list of strings, each one non-empty */
	OG_T_CAPS,	/* list of capability names, with or without CAP_; items are canonical */
	OG_T_IDS,	/* list of "N" or "N-M" (numbers also accepted): items have lo, hi */
	OG_T_PATHS,	/* list of absolute, normalised paths */
	OG_T_GLOBS,	/* list of strings in which a trailing or inner * matches anything */
	OG_T_ADDRESSES, /* list of IP addresses */
	OG_T_SOURCES,	/* list of {"source", "access", "accept"} */
	OG_T_DEVICES,	/* list of {"path", "access"} or "/dev/NAME" */
	OG_T_LIMITS,	/* object: name -> number or {"max", "min", "required"} */
	OG_T_SYSCTLS,	/* list of names */
};

enum og_access { OG_RO, OG_RW };

/* One element of a list option. */
struct og_item {
	const char *text; /* the string, path or glob, canonical */
	uint64_t lo, hi;  /* ranges; for limits: min, max */
	enum og_access access;
	bool glob; /* sources: text holds * */
	bool accept_setuid;
	bool required;	       /* limits */
	uint64_t major, minor; /* devices: number of the node; UINT64_MAX: any */
	char devtype;	       /* devices: 'c' or 'b' */
	unsigned perms;	       /* devices: 1 r, 2 w, 4 m */
	const char *file;      /* which policy file, and line, says so: messages */
	unsigned line;
};

struct og_list {
	const struct og_item *items; /* sorted by text (ranges: by lo) */
	size_t n;
};

/* ---- for shim/ ---- */

struct og_policy;

/* A policy file as read. |extends| of one names the next, the last one a preset. */
struct og_policy_source {
	const char *file; /* path as to be shown in messages */
	const char *text;
	size_t len;
};

/* Called for each problem of a file, in order of place. */
typedef void og_report_fn(void *ctx, bool warning, const struct og_err *problem);

/*
 * What |text| extends: *ret is "baseline", or an absolute path; owned by the
 * caller. -1 with the place when the file has no valid "extends".
 */
int og_policy_extends(const struct og_policy_source *source, char **ret, struct og_err *reterr);

/*
 * Compile: sources[0] is the file the launch uses, each next one what the one
 * before extends, up to but without the preset. |report| (may be NULL) gets
 * every error and warning; -1 and the first error in *reterr when there is any.
 * The texts are copied.
 */
int og_policy_compile(const struct og_policy_source *sources, size_t n, og_report_fn *report,
		      void *ctx, struct og_policy **ret, struct og_err *reterr);
void og_policy_free(struct og_policy *policy); /* NULL is fine */

/* For messages: "; did you mean "x"?" into |buf|, returned; "" when no candidate, which end
   at a NULL, is near |text|. */
#define OG_HINT 160
const char *og_hint(char buf[OG_HINT], const char *text, const char *const *candidates);

bool og_preset_exists(const char *name);
/* For messages: what that takes. */
#define OG_PRESETS "permissive, baseline, restricted, cis-docker, lab"

/* Top-level settings. */
enum og_mode og_policy_mode(const struct og_policy *policy);
const char *og_policy_message(const struct og_policy *policy); /* NULL: none */
const char *og_policy_file(const struct og_policy *policy);    /* sources[0].file */
/*
 * The name of exception |i|, from 0 in the order in which they apply; NULL: there are no
 * more. *retexpires: its last day, YYYY-MM-DD; NULL: none.
 */
const char *og_policy_exception(const struct og_policy *policy, size_t i, const char **retexpires);
struct og_audit {
	const char *file; /* NULL: none */
	bool syslog, complying, required;
};
const struct og_audit *og_policy_audit(const struct og_policy *policy);

const char *og_mode_name(enum og_mode mode);
int og_mode_parse(const char *name, enum og_mode *ret); /* -1: no such mode */
const char *og_action_name(enum og_action action);

/* ---- for the engine: the policy as it applies to one launch ---- */

struct og_facts;
struct og_effective;

/*
 * Layers merged and the exceptions that match |facts| applied, in order. *ret
 * borrows from |policy|, owned by the caller.
 */
int og_policy_effective(const struct og_policy *policy, const struct og_facts *facts,
			struct og_effective **ret, struct og_err *reterr);
void og_effective_free(struct og_effective *effective);
enum og_action og_effective_action(const struct og_effective *effective, enum og_rule_id rule);
/* Where the rule was decided: a site's line about it, else the preset's name with line 0. */
void og_effective_origin(const struct og_effective *effective, enum og_rule_id rule,
			 const char **retfile, unsigned *retline);
/* Names of the exceptions that apply, and of those that would have but for their date. */
size_t og_effective_exceptions(const struct og_effective *effective, const char *const **ret);
size_t og_effective_expired(const struct og_effective *effective, const char *const **ret);
/* Typed values; the type must be that of the option's row. */
bool og_effective_bool(const struct og_effective *effective, enum og_option option);
uint64_t og_effective_u64(const struct og_effective *effective, enum og_option option);
const char *og_effective_str(const struct og_effective *effective, enum og_option option);
const struct og_list *og_effective_list(const struct og_effective *effective,
					enum og_option option);
/* The deciding place of an option's scalar value. */
void og_effective_option_origin(const struct og_effective *effective, enum og_option option,
				const char **retfile, unsigned *retline);

/* A name of a rule or option by index, for tools and messages. */
struct og_option_info {
	enum og_rule_id rule;
	const char *name;
	enum og_opt_type type;
	const char *doc;
};
extern const struct og_option_info og_options[OG_NOPTIONS];

#endif
