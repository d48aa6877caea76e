/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the policy compiler share: the pool a policy lives in, the
 * problems found in its files, values of options, and changes of values, of
 * which a layer and an exception are lists. For the files named below only.
 */
#ifndef OG_POLICY_INTERNAL_H
#define OG_POLICY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocigate/chunk.h"
#include "ocigate/doc.h"
#include "ocigate/err.h"
#include "ocigate/facts.h"
#include "ocigate/policy.h"

#define OG_POLICY_MAX_BYTES   ((size_t)4 << 20)
#define OG_POLICY_MAX_ENTRIES 100000
#define OG_POLICY_MAX_LAYERS  8
#define OG_POLICY_PRESET      OG_POLICY_MAX_LAYERS /* its place among the layers: behind the files */
#define OG_TEXT_MAX	      4095		   /* of one string: PATH_MAX without its NUL */

/* ---- pool.c, sort.c: memory that is freed at once; a failure sticks ---- */

struct og_pool {
	struct og_chunk *chunks;
	bool failed;
};

/* Zeroed; NULL after a failure (now or earlier), and for n == 0 some address. */
void *og_pool_alloc(struct og_pool *pool, size_t n, size_t size);
char *og_pool_copy(struct og_pool *pool, const char *text, size_t len);
char *og_pool_text(struct og_pool *pool, const char *text); /* NULL stays NULL */
void og_pool_release(struct og_pool *pool);

/*
 * Sort in place without memory of its own: qsort(3) asks the kernel how much
 * memory there is. Not stable: |compare| orders every two elements.
 */
void og_sort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));

/* ---- problems.c: errors and warnings, collected and then reported in order of place ---- */

struct og_problem {
	unsigned source, line, col;
	size_t order; /* of discovery: decides between two at one place */
	bool warning;
	const char *text;
};

struct og_problems {
	struct og_pool pool;
	struct og_problem *list;
	size_t n, cap;
	size_t errors, listed; /* errors found, and those in the list */
	bool quiet;	       /* nobody asks for warnings: do not look for them */
};

/* A file while it is read. |source| is its index; the preset's is OG_POLICY_PRESET. */
struct og_reader {
	struct og_policy *policy;
	struct og_problems *problems;
	const char *file; /* in the policy's pool: a path, or the preset's name */
	unsigned source;
	bool preset;
	size_t *entries; /* list entries of all files */
};

/* Both return false, so that a reading function can end with them. */
bool og_wrong(const struct og_reader *reader, const struct og_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool og_warn(const struct og_reader *reader, const struct og_node *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void og_problem_at(const struct og_reader *reader, bool warning, unsigned line, unsigned col,
		   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void og_problems_sort(struct og_problems *problems);

/* ---- values and changes of values ---- */

/* An option's value. What of it counts is the type's business. */
struct og_value {
	bool set;
	uint64_t num;	     /* bools, numbers; an id pair as uid << 32 | gid */
	const char *str;     /* strings and words */
	struct og_list list; /* as rules see it */
	struct og_list raw;  /* as layers change it: overlapping ranges are still whole */
	const char *file;    /* who decided, and where; line 0: a preset */
	unsigned line;
	unsigned source, source_line, source_col; /* the same for problems */
};

struct og_origin {
	enum og_action action;
	const char *file;
	unsigned line;
};

enum og_how { OG_HOW_SET, OG_HOW_ADD, OG_HOW_DEL };

/* One setting of a layer or of an exception. |what|: an option, or OG_ACTION_OF(rule). */
#define OG_ACTION_OF(rule) (OG_NOPTIONS + (unsigned)(rule))
struct og_change {
	unsigned what;
	enum og_how how;
	unsigned line, col;
	struct og_value value;	/* of an action: num */
	const unsigned *places; /* of list elements, in the order of value.raw: line, col */
};

struct og_changes {
	struct og_change *list;
	size_t n, cap;
};

/* ---- options.c ---- */

/* id and flags of rules.def, without the functions behind og_rules[] */
struct og_rule_info {
	const char *id;
	unsigned flags;
};
extern const struct og_rule_info og_rule_infos[OG_NRULES];
int og_option_find(enum og_rule_id rule, const char *name);   /* -1: no such option */
int og_word_find(const char *const *words, const char *text); /* -1; |words| ends at a NULL */

/* What an option's values are limited to beyond its type. */
struct og_constraint {
	const char *const *words; /* elements of a list of strings; NULL: any */
	uint64_t max;		  /* of a number; 0: any */
	bool below;		  /* a path stands for everything below it too */
	bool against; /* names that are taken away or refused: a wide one is no way in */
	bool login;   /* ids: warn where they are those of people */
};
const struct og_constraint *og_option_constraint(enum og_option option); /* never NULL */

/* ---- option_types.c ---- */

bool og_type_is_list(enum og_opt_type type);
/* Count |n| list entries towards the limit. False: reported. */
bool og_entries_count(const struct og_reader *reader, const struct og_node *node, size_t n);
/* False: reported. |how| is OG_HOW_SET for everything that is no list. */
bool og_value_read(const struct og_reader *reader, const struct og_node *node,
		   enum og_option option, enum og_how how, struct og_change *ret);
/* "2027-03-31" and a day that exists. */
bool og_is_date(const char *text);
/* Absolute, no empty, "." or ".." components, no slash at the end. */
bool og_is_normal_path(const char *path);

/* ---- lists.c ---- */

struct og_draft { /* an element while its list is read */
	struct og_item item;
	unsigned line, col;
};

/*
 * Sort the |n| drafts, report duplicates and elements that others cover, and
 * make the list.
 */
void og_list_make(const struct og_reader *reader, enum og_option option, struct og_draft *drafts,
		  size_t n, struct og_change *ret);
int og_item_compare(enum og_opt_type type, const struct og_item *a, const struct og_item *b);
const struct og_item *og_list_find(enum og_opt_type type, const struct og_list *list,
				   const struct og_item *key);
/* Add to, and take from, |base| in the order given; |n| changes of one option. Linear in all. */
bool og_list_merge(struct og_pool *pool, enum og_opt_type type, const struct og_list *base,
		   const struct og_change *const *changes, size_t n, struct og_list *ret);
/* |raw| as rules see it: ranges that overlap are cut so that they do not. */
bool og_list_finish(struct og_pool *pool, enum og_opt_type type, const struct og_list *raw,
		    struct og_list *ret);

/* ---- layers.c ---- */

struct og_exception;

/* A policy file, read: what it says, not yet merged with what it extends. */
struct og_layer {
	struct og_changes changes;
	const char *extends; /* NULL: not valid */
	bool has_mode, has_message, has_file, has_syslog, has_complying, has_required;
	enum og_mode mode;
	const char *message;
	struct og_audit audit;
	struct og_exception *exceptions;
	size_t nexceptions;
};

void og_layer_read(const struct og_reader *reader, const struct og_node *root,
		   struct og_layer *ret);
bool og_extends_read(const struct og_reader *reader, const struct og_node *root, const char **ret);
/* The members of a "rules" object. */
void og_rules_read(const struct og_reader *reader, const struct og_node *rules, bool exception,
		   struct og_changes *ret);
/* A string of one line, not empty, at most |max| bytes. False: reported. */
bool og_line_read(const struct og_reader *reader, const struct og_node *node, size_t max,
		  const char **ret);

/* A known member of an object: its name, and what reads it. */
struct og_key {
	const char *name;
	bool required;
	void (*read)(const struct og_reader *reader, const struct og_node *node, void *into);
};
/* Reports |member|, with the nearest of the |known| keys of |what|. */
void og_key_unknown(const struct og_reader *reader, const struct og_node *member, const char *what,
		    const char *const *known);
/* Call the readers of |object|'s members; unknown and missing ones are reported. */
void og_keys_read(const struct og_reader *reader, const struct og_node *object, const char *what,
		  const struct og_key *keys, size_t n, void *into);

/* ---- exceptions.c ---- */

struct og_names { /* sorted */
	const char **list;
	size_t n;
	bool given;
};

struct og_exception {
	const char *name, *reason, *expires; /* expires NULL: never */
	unsigned source, line, col;
	unsigned image_line, image_col;
	struct og_names images; /* image ids and repository digests, as image_key() of exceptions.c
				   writes them */
	struct og_names cri_namespaces;
	bool engines_given, sandbox_given, sandbox;
	unsigned engines; /* a bit for each enum og_engine */
	struct og_changes changes;
};

void og_exceptions_read(const struct og_reader *reader, const struct og_node *list,
			struct og_layer *ret);
/* Its keys against what was established; the date apart. */
bool og_exception_matches(const struct og_exception *exception, const struct og_facts *facts);
bool og_exception_expired(const struct og_exception *exception, const char *today);

/* ---- the policy ---- */

struct og_policy {
	struct og_pool pool;
	const char *file, *message;
	enum og_mode mode;
	struct og_audit audit;
	struct og_origin actions[OG_NRULES];
	struct og_value values[OG_NOPTIONS];
	struct og_exception *exceptions;
	size_t nexceptions;
};

/* effective.c: carry out |n| changes of one option on |value|; the first may be a SET. */
bool og_value_change(struct og_pool *pool, enum og_option option, struct og_value *value,
		     const struct og_change *const *changes, size_t n);

#endif
