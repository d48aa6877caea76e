/* SPDX-License-Identifier: Apache-2.0 */
/* ocigatectl: the table of subcommands. */
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const struct og_subcommand subcommands[] = {
	{ "dry-run",
	  "[--policy FILE] [--command create|exec|update] [--format text|diff|json|config] "
	  "[--facts FILE] BUNDLE...",
	  "what would become of these bundles (a directory, a config.json, or -)",
	  "ocigatectl dry-run --policy /etc/ocigate/policy.json examples/bundles/privileged",
	  og_ctl_dry_run },
	{ "check", "[FILE]", "every error and warning of a policy, with its place",
	  "ocigatectl check /etc/ocigate/policy.json", og_ctl_check },
	{ "install",
	  "docker|containerd|podman [--default] [--as-runc] [--dry-run] [--config FILE] [--root "
	  "DIR]",
	  "register ocigate in an engine's configuration, which stays as it is otherwise",
	  "ocigatectl install docker --default --dry-run", og_ctl_install },
	{ "uninstall",
	  "docker|containerd|podman [--as-runc] [--dry-run] [--config FILE] [--root DIR]",
	  "put the configuration back as it was", "ocigatectl uninstall docker", og_ctl_uninstall },
	{ "status", "[--format text|json] [--config FILE] [--root DIR]",
	  "is this host covered, and what are the ways round; 0 yes, 1 no, 3 yes but the API is "
	  "open",
	  "ocigatectl status --format json", og_ctl_status },
	{ "show", "[--preset NAME] [FILE]",
	  "the policy with its layers merged, and where each value comes from",
	  "ocigatectl show --preset lab", og_ctl_show },
	{ "report", "[--since TIME] [--html] [--format text|json|html] [LOG...]",
	  "who was affected by a policy, or would be: by rule, image and day",
	  "ocigatectl report --html >report.html", og_ctl_report },
	{ "suggest", "[--extends PRESET] [LOG...]",
	  "the additions to a policy under which what was seen would have complied",
	  "ocigatectl suggest --extends baseline /var/log/ocigate/audit.jsonl", og_ctl_suggest },
	{ "rule", "[ID]", "the rules; or one, its options and what it stops",
	  "ocigatectl rule mounts", og_ctl_rule },
	{ "schema", "", "JSON Schema of the policy file, for editors", "ocigatectl schema",
	  og_ctl_schema },
	{ "ports", "[list|sync]",
	  "the guard of published ports: as it stands; put back what is missing",
	  "ocigatectl ports list", og_ctl_ports },
};
#define NSUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

static int usage(FILE *out)
{
	fprintf(out, "usage: ocigatectl SUBCOMMAND ...\n\n");
	for (size_t i = 0; i < NSUBCOMMANDS; i++)
		og_ctl_say(out, 13, "  %-10s %s", subcommands[i].name, subcommands[i].summary);
	fprintf(out, "\nocigatectl SUBCOMMAND --help says more.\n");
	return out == stdout ? OG_CTL_OK : OG_CTL_USAGE;
}

/* What this tool inherits is no fact about a launch. */
static int forget_inherited(void)
{
	static const char *const names[] = { "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
					     "NOTIFY_SOCKET" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unsetenv(names[i]) < 0)
			return -1;
	/* not closed: "report <(zcat LOG.2.gz)" has one. Before Linux 5.11 they stay. */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	return 0;
}

/* A full disk is no success of whichever subcommand, and 1 an ordinary result of some. */
static int finish(int status)
{
	return og_ctl_flush() == OG_CTL_OK ? status : OG_CTL_ERROR;
}

int main(int argc, char *argv[])
{
	if (forget_inherited() < 0)
		return OG_CTL_ERROR;
	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return finish(usage(stdout));
	if (strcmp(argv[1], "--version") == 0) {
		puts("ocigatectl " OG_VERSION);
		return finish(OG_CTL_OK);
	}
	for (size_t i = 0; i < NSUBCOMMANDS; i++) {
		if (strcmp(argv[1], subcommands[i].name) != 0)
			continue;
		if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0))
			return finish(og_ctl_help(&subcommands[i]));
		return finish(subcommands[i].run(&subcommands[i], argc - 1, argv + 1));
	}
	fprintf(stderr, "ocigatectl: unknown subcommand %s\n", OG_Q(argv[1]));
	return usage(stderr);
}
