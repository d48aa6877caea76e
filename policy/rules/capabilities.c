/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capabilities: all five sets of a process within the allowed ones. A document
 * that complies stays as it is, also "{}" and Docker's three sets; one that does
 * not gets five explicit sets, because what an absent one means has changed.
 */
#include "ocigate/rule.h"

#include <string.h>

#include "ocigate/buf.h"
#include "policy/names.h"
#include "policy/rules_table.h"

enum { BOUNDING, EFFECTIVE, INHERITABLE, PERMITTED, AMBIENT, NSETS };

static const char *const set_names[NSETS] = { "bounding", "effective", "inheritable", "permitted",
					      "ambient" };

/* What every engine gives an unprivileged container when nothing is asked for. */
static const char *const engine_default[] = {
	"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",      "CAP_FOWNER",	      "CAP_MKNOD",
	"CAP_NET_RAW", "CAP_SETGID",	   "CAP_SETUID",      "CAP_SETFCAP",	      "CAP_SETPCAP",
	"CAP_KILL",    "CAP_SYS_CHROOT",   "CAP_AUDIT_WRITE", "CAP_NET_BIND_SERVICE",
};

struct sets {
	uint64_t set[NSETS];
	const char *unknown; /* the first name that is none; NULL: all are known */
};

static uint64_t bit(const char *name)
{
	int cap = name ? og_cap_exact(name) : -1;

	return cap < 0 ? 0 : UINT64_C(1) << cap;
}

static struct sets read_sets(const struct og_node *capabilities)
{
	struct sets sets = { 0 };

	for (int i = 0; i < NSETS; i++) {
		og_each (name, og_member(capabilities, set_names[i])) {
			sets.set[i] |= bit(og_str(name));
			if (!bit(og_str(name)) && !sets.unknown)
				sets.unknown = og_str(name) ? og_str(name) : "";
		}
	}
	return sets;
}

static uint64_t allowed_caps(const struct og_pass *pass)
{
	const struct og_list *list = og_opt_list(pass, OG_OPT_capabilities_allow);
	uint64_t option = 0, base = 0;

	for (size_t i = 0; i < list->n; i++)
		option |= bit(list->items[i].text);
	for (size_t i = 0; i < sizeof(engine_default) / sizeof(engine_default[0]); i++)
		base |= bit(engine_default[i]);
	if (og_undoing(pass))
		return base;
	return og_deprivileged(pass) ? option & base : option;
}

/* The user as the rule user leaves it; absent and null are root. */
static bool is_root(const struct og_pass *pass)
{
	const struct og_node *uid = og_at(pass, "/process/user/uid");
	uint64_t id;

	return !uid || (og_u64(uid, &id) == 0 && id == 0);
}

static char *encode(const struct sets *sets)
{
	og_auto_buf struct og_buf out = { 0 };

	og_buf_puts(&out, "{");
	for (int i = 0; i < NSETS; i++) {
		const char *comma = "";

		og_buf_key(&out, set_names[i]);
		og_buf_puts(&out, "[");
		for (size_t cap = 0; cap < og_ncaps; cap++) {
			if (!(sets->set[i] & UINT64_C(1) << cap))
				continue;
			og_buf_printf(&out, "%s\"%s\"", comma, og_caps[cap]);
			comma = ",";
		}
		og_buf_puts(&out, "]");
	}
	og_buf_puts(&out, "}");
	return og_buf_steal(&out);
}

/* "CAP_SYS_ADMIN, CAP_NET_ADMIN and 3 more" */
static void list_caps(uint64_t mask, struct og_buf *out)
{
	const int shown = 3;
	int n = 0, total = __builtin_popcountll(mask);

	for (size_t cap = 0; cap < og_ncaps && n < shown; cap++)
		if (mask & UINT64_C(1) << cap)
			og_buf_printf(out, "%s%s", n++ ? ", " : "", og_caps[cap]);
	if (total > shown)
		og_buf_printf(out, " and %d more", total - shown);
}

static void explain(const struct og_pass *pass, const struct sets *has, uint64_t allowed,
		    struct og_buf *why)
{
	uint64_t all = 0;

	for (int i = 0; i < NSETS; i++)
		all |= has->set[i];
	if (has->unknown) {
		og_buf_printf(why, "%s is no capability: use names as \"CAP_CHOWN\"",
			      OG_Q(has->unknown));
	} else if (all & ~allowed) {
		list_caps(all & ~allowed, why);
		og_buf_printf(why, " %s not allowed: leave out %s",
			      __builtin_popcountll(all & ~allowed) > 1 ? "are" : "is",
			      og_deprivileged(pass) ? "--privileged" : "--cap-add");
	} else {
		list_caps(has->set[AMBIENT] | has->set[INHERITABLE], why);
		og_buf_puts(why, " would be inherited by programs of a user who is not root: leave "
				 "the ambient and inheritable sets empty");
	}
}

static int put_sets(struct og_pass *pass, const struct sets *sets, const char *why)
{
	og_auto_free char *json = encode(sets);

	return json && why ? og_set(pass, "/process/capabilities", json, "%s", why) : -1;
}

/*
 * Absent or null means no capabilities to runc before 1.3 and to crun, and all
 * of runc's own to later runc. An exec then has the container's.
 */
static int put_absent(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);
	struct sets sets = { 0 };

	if (og_undoing(pass))
		return 0;
	if (og_cmd(pass) == OG_CMD_EXEC && facts->record == OG_KNOWN)
		sets.set[BOUNDING] = facts->record_bounding & allowed_caps(pass);
	sets.set[EFFECTIVE] = sets.set[PERMITTED] = sets.set[BOUNDING];
	return put_sets(pass, &sets,
			"no capabilities are given, which some runtimes take for all of them: give "
			"the sets");
}

int og_rule_capabilities(struct og_pass *pass)
{
	const struct og_node *capabilities = og_at(pass, "/process/capabilities");
	uint64_t allowed = allowed_caps(pass);
	og_auto_buf struct og_buf why = { 0 };
	struct sets has, sets = { 0 };

	if (!capabilities)
		return put_absent(pass);
	has = read_sets(capabilities);
	for (int i = 0; i < NSETS; i++)
		sets.set[i] = has.set[i] & allowed;
	if (!is_root(pass) && !og_undoing(pass))
		sets.set[AMBIENT] = sets.set[INHERITABLE] = 0;
	if (!has.unknown && memcmp(has.set, sets.set, sizeof(sets.set)) == 0)
		return 0;
	for (int i = EFFECTIVE; i < NSETS; i++)
		sets.set[i] &= sets.set[BOUNDING];
	explain(pass, &has, allowed, &why);
	return put_sets(pass, &sets, why.failed ? NULL : why.data);
}
