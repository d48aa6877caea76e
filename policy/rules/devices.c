/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devices: nodes in linux.devices and device rules of the cgroup, down to the
 * default ones and the allowed list. Devices bound in as mounts are the rule
 * mounts'.
 */
#include "ocigate/rule.h"

#include <inttypes.h>
#include <string.h>

#include "ocigate/buf.h"
#include "policy/device_rules.h"
#include "policy/rules_table.h"

static const char deny_all[] = "{\"allow\":false,\"access\":\"rwm\"}";

struct judge {
	struct og_pass *pass;
	struct og_device_set allowed; /* the allowed list */
	const struct og_node *rules;  /* linux.resources.devices */
	const struct og_node *base;   /* its entry that denies all; NULL: none */
	const struct og_node *first_bad;
	struct og_device_set bad; /* what entries with wildcards had opened */
	bool bound;		  /* is_bound() */
};

/* Undoing --privileged, the list does not count: by default an engine gives none of it. */
static size_t list_size(const struct og_pass *pass)
{
	return og_undoing(pass) ? 0 : og_opt_list(pass, OG_OPT_devices_allow)->n;
}

static struct og_devices list_entry(const struct og_pass *pass, size_t i)
{
	const struct og_item *item = &og_opt_list(pass, OG_OPT_devices_allow)->items[i];

	return (struct og_devices){
		.type = item->devtype,
		.major = (int64_t)item->major,
		.minor = item->minor > INT64_MAX ? -1 : (int64_t)item->minor,
		.perms = item->perms,
	};
}

static int read_list(struct judge *judge)
{
	for (size_t i = 0; i < list_size(judge->pass); i++) {
		const struct og_devices entry = list_entry(judge->pass, i);

		if (og_device_set_add(&judge->allowed, &entry) < 0)
			return -1;
	}
	og_device_set_sort(&judge->allowed);
	return 0;
}

/* ---- nodes ---- */

/* The numbers of an entry of linux.devices; major and minor absent are 0. */
static struct og_devices read_node(const struct og_node *node)
{
	struct og_devices devices = { .perms = 0 };
	const char *type = og_str(og_member(node, "type"));

	og_i64(og_member(node, "major"), &devices.major);
	og_i64(og_member(node, "minor"), &devices.minor);
	if (type && type[0] && !type[1])
		devices.type = type[0] == 'u' ? 'c' : type[0]; /* "u": unbuffered, also "c" */
	return devices;
}

/*
 * In a user namespace, the container's or ours, no device can be made: runc binds
 * what the host has at the node's path, whatever that is, and looks at no number.
 */
static bool is_bound(const struct og_pass *pass)
{
	return og_namespace(pass, "user") || og_facts(pass)->userns;
}

/* Whether the host has at |node|'s path what its numbers say: by name, below /dev. */
static bool is_named(const struct judge *judge, const struct og_node *node,
		     const struct og_devices *devices)
{
	const char *path = og_str(og_member(node, "path"));
	const char *name = og_device_node_default(devices->type, devices->major, devices->minor);

	if (!path)
		return false;
	if (name && strcmp(path, name) == 0)
		return true;
	for (size_t i = 0; i < list_size(judge->pass); i++) {
		const struct og_devices entry = list_entry(judge->pass, i);

		if (entry.type == devices->type && entry.major == devices->major &&
		    (entry.minor < 0 || entry.minor == devices->minor) &&
		    strcmp(path, og_opt_list(judge->pass, OG_OPT_devices_allow)->items[i].text) ==
			    0)
			return true;
	}
	return false;
}

static bool node_allowed(const struct judge *judge, const struct og_node *node)
{
	const struct og_devices devices = read_node(node);

	if (judge->bound && !is_named(judge, node, &devices))
		return false;
	if (og_device_set_has(&judge->allowed, &devices))
		return true;
	/* an unprivileged container is given none; the runtime makes the default ones */
	return !og_deprivileged(judge->pass) &&
	       (devices.type == 'p' || /* a fifo */
		og_device_node_default(devices.type, devices.major, devices.minor));
}

static void put_node(struct og_buf *out, const struct og_node *node)
{
	const struct og_devices devices = read_node(node);
	const char *path = og_str(og_member(node, "path"));

	og_buf_printf(out, "%s (%c %" PRId64 ":%" PRId64 ")", OG_Q(path ? path : ""),
		      devices.type ? devices.type : '?', devices.major, devices.minor);
}

static void put_element(struct og_buf *list, const struct og_node *node)
{
	size_t len;
	const char *raw = og_raw(node, &len);

	og_buf_puts(list, list->len > 1 ? "," : "");
	og_buf_put(list, raw, len);
}

static int check_nodes(const struct judge *judge)
{
	const size_t shown = 3;
	const struct og_node *nodes = og_at(judge->pass, "/linux/devices");
	og_auto_buf struct og_buf kept = { 0 }, names = { 0 };
	size_t bad = 0;

	og_buf_puts(&kept, "[");
	og_each (node, nodes) {
		if (node_allowed(judge, node)) {
			put_element(&kept, node);
			continue;
		}
		if (++bad <= shown) {
			og_buf_puts(&names, names.len ? ", " : "");
			put_node(&names, node);
		}
	}
	og_buf_puts(&kept, "]");
	if (bad == 0)
		return 0;
	if (bad > shown)
		og_buf_printf(&names, " and %zu more", bad - shown);
	if (kept.failed || names.failed)
		return -1;
	return og_replace(judge->pass, nodes, kept.data,
			  "%s %s not allowed%s: leave out --device or "
			  "--privileged",
			  names.data, bad > 1 ? "are" : "is",
			  judge->bound ? " (in a user namespace only by the name that the host has "
					 "for it)"
				       : "");
}

/* ---- rules of the cgroup ---- */

/*
 * Engines and CDI ask for "rwm" where nothing is said. Making any node is a default
 * already: whoever is allowed to read and write gains nothing by it.
 */
static bool rule_allowed(const struct judge *judge, const struct og_devices *devices)
{
	struct og_devices used = *devices;

	used.perms &= ~(unsigned)OG_DEV_MKNOD;
	return og_devices_default(devices) || og_device_set_has(&judge->allowed, &used);
}

static int judge_rules(struct judge *judge)
{
	const struct og_node *rule;
	struct og_devices devices;

	judge->rules = og_at(judge->pass, "/linux/resources/devices");
	judge->base = og_device_rules_base(judge->rules);
	for (rule = judge->base ? judge->base : og_first(judge->rules); rule;
	     rule = og_next(rule)) {
		if (!og_device_rule_read(rule, &devices) || rule_allowed(judge, &devices))
			continue;
		if (!judge->first_bad)
			judge->first_bad = rule;
		if ((devices.major < 0 || devices.minor < 0) &&
		    og_device_set_add(&judge->bad, &devices) < 0)
			return -1;
	}
	og_device_set_sort(&judge->bad);
	return 0;
}

static void put_number(struct og_buf *out, const char *key, int64_t number)
{
	if (number < 0)
		return;
	og_buf_key(out, key);
	og_buf_printf(out, "%" PRId64, number);
}

static void put_rule(struct og_buf *out, const struct og_devices *devices)
{
	og_buf_printf(out, "%s{\"allow\":true,\"type\":\"%c\"", out->len > 1 ? "," : "",
		      devices->type);
	put_number(out, "major", devices->major);
	put_number(out, "minor", devices->minor);
	og_buf_printf(out, ",\"access\":\"%s%s%s\"}", devices->perms & OG_DEV_READ ? "r" : "",
		      devices->perms & OG_DEV_WRITE ? "w" : "",
		      devices->perms & OG_DEV_MKNOD ? "m" : "");
}

/*
 * A default device that stands in linux.devices needs an entry of its own: runc
 * adds the entries of those only that it makes by itself.
 */
static void put_default_nodes(const struct judge *judge, struct og_buf *out)
{
	og_each (node, og_at(judge->pass, "/linux/devices")) {
		struct og_devices devices = read_node(node);

		if (!og_device_node_default(devices.type, devices.major, devices.minor))
			continue;
		devices.perms = OG_DEV_READ | OG_DEV_WRITE | OG_DEV_MKNOD;
		put_rule(out, &devices);
	}
}

/*
 * Deny all, then the entries that may stay, or as much of them as may, then those
 * of the allowed list and of the default nodes that a wider entry had opened.
 */
static void put_rules(const struct judge *judge, struct og_buf *out)
{
	const struct og_node *rule;
	struct og_devices devices;

	og_buf_puts(out, "[");
	og_buf_puts(out, deny_all);
	for (rule = judge->base ? og_next(judge->base) : og_first(judge->rules); rule;
	     rule = og_next(rule)) {
		if (!og_device_rule_read(rule, &devices) || rule_allowed(judge, &devices)) {
			put_element(out, rule);
			continue;
		}
		devices.perms &= og_device_set_perms(&judge->allowed, &devices);
		if (devices.perms) /* of a rule for all types nothing: no list names all devices */
			put_rule(out, &devices);
	}
	for (size_t i = 0; judge->bad.n && i < list_size(judge->pass); i++) {
		devices = list_entry(judge->pass, i);
		if (og_device_set_has(&judge->bad, &devices))
			put_rule(out, &devices);
	}
	if (judge->bad.n)
		put_default_nodes(judge, out);
	og_buf_puts(out, "]");
}

/* "10:*" */
static void put_numbers(struct og_buf *out, const struct og_devices *devices)
{
	og_buf_puts(out, devices->major < 0 ? "*" : "");
	if (devices->major >= 0)
		og_buf_printf(out, "%" PRId64, devices->major);
	og_buf_puts(out, devices->minor < 0 ? ":*" : ":");
	if (devices->minor >= 0)
		og_buf_printf(out, "%" PRId64, devices->minor);
}

static void put_why(const struct judge *judge, struct og_buf *why)
{
	struct og_devices devices;

	if (!judge->first_bad) {
		og_buf_puts(why, "no device rule denies all devices, and some runtimes then leave "
				 "every device open: put {\"allow\":false,\"access\":\"rwm\"} "
				 "first");
		return;
	}
	og_device_rule_read(judge->first_bad, &devices);
	if (devices.type == 'a') {
		og_buf_puts(why, "a device rule allows every device");
	} else {
		og_buf_printf(why, "the device rule for %c ", devices.type ? devices.type : '?');
		put_numbers(why, &devices);
		og_buf_puts(why, " is not allowed");
	}
	og_buf_puts(why, ": leave out --device, --device-cgroup-rule or --privileged");
}

static int check_rules(const struct judge *judge)
{
	struct og_pass *pass = judge->pass;
	og_auto_buf struct og_buf list = { 0 }, why = { 0 };
	/*
	 * An update without a list changes no device. Without root no runtime can set
	 * rules of the cgroup, and engines write none: no node can be made there, and
	 * those of the host open to whom their modes say.
	 */
	bool needs_base = !og_undoing(pass) && !og_facts(pass)->rootless &&
			  (og_cmd(pass) != OG_CMD_UPDATE || judge->rules);

	if (!judge->first_bad && (judge->base || !needs_base))
		return 0;
	put_rules(judge, &list);
	put_why(judge, &why);
	if (list.failed || why.failed)
		return -1;
	return og_set(pass, "/linux/resources/devices", list.data, "%s", why.data);
}

int og_rule_devices(struct og_pass *pass)
{
	struct judge judge = { .pass = pass };
	int r = read_list(&judge);

	judge.bound = og_first(og_at(pass, "/linux/devices")) && is_bound(pass);
	if (r == 0 && og_has(pass, "/linux/devices"))
		r = check_nodes(&judge);
	if (r == 0)
		r = judge_rules(&judge);
	if (r == 0)
		r = check_rules(&judge);
	og_device_set_release(&judge.allowed);
	og_device_set_release(&judge.bad);
	return r;
}
