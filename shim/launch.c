/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out a verdict: which runtime, the launch record, the rewritten
 * document in place, the command line built anew, and the end of this process,
 * as the runtime or with a message.
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "file.h"
#include "networks.h"
#include "ocigate/buf.h"
#include "ports.h"
#include "report.h"
#include "verify.h"

void og_shim_override(struct og_shim *shim, const char *name, const char *value)
{
	/* sized for all that this program ever replaces */
	if (shim->noverrides < OG_OVERRIDES_MAX)
		shim->overrides[shim->noverrides++] = (struct og_override){ name, value };
}

static bool is_launch(enum og_verb verb)
{
	return verb == OG_VERB_CREATE || verb == OG_VERB_RUN || verb == OG_VERB_RESTORE;
}

/*
 * What is known of the container. Only what adds to it needs that to be true: a
 * container that is there must be stoppable, whatever became of its record.
 */
static int read_record(struct og_shim *shim, struct og_err *reterr)
{
	enum og_verb verb = shim->cmd.verb;
	struct og_err err = { 0 };

	if (!shim->cmd.id || is_launch(verb) ||
	    og_record_read(shim->cmd.root, shim->cmd.id, &shim->record, &err) == 0 ||
	    (verb != OG_VERB_EXEC && verb != OG_VERB_START && verb != OG_VERB_UPDATE))
		return 0;
	*reterr = err;
	return -1;
}

int og_shim_prepare(struct og_shim *shim, struct og_err *reterr)
{
	if (read_record(shim, reterr) < 0)
		return -1;
	return og_runtime_find(shim->cmd.runtime, shim->record ? shim->record->runtime : NULL,
			       &shim->runtime, reterr);
}

/* The bytes to launch: written, parsed again, judged again. */
static int write_document(struct og_shim *shim, enum og_cmd cmd, char **ret, size_t *retlen,
			  struct og_err *reterr)
{
	if (og_doc_write(shim->doc, ret, retlen, reterr) < 0)
		return -1;
	return og_recheck(shim->policy, og_hostfacts(shim->host), cmd, *ret, *retlen, reterr);
}

static bool same_bytes(const struct og_shim *shim, const char *text, size_t len)
{
	return len == shim->len && memcmp(text, shim->text, len) == 0;
}

/* The addresses that the policy leaves open for this launch; *ret owned by the caller. */
static int read_addresses(const struct og_effective *effective, struct og_record *record,
			  const char ***ret, struct og_err *reterr)
{
	const struct og_list *list = og_effective_list(effective, OG_OPT_ports_addresses);

	*ret = calloc(list->n + 1, sizeof(**ret));
	if (!*ret)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	for (size_t i = 0; i < list->n; i++)
		(*ret)[i] = list->items[i].text;
	record->addresses = *ret;
	record->naddresses = list->n;
	return 0;
}

static int write_record(struct og_shim *shim, bool keep, struct og_err *reterr)
{
	struct og_record record = shim->asked;
	struct og_effective *effective = NULL;
	const char **addresses = NULL;
	int r = 0;

	record.runtime = shim->runtime;
	record.mode = og_mode_name(shim->mode);
	record.kept = keep;
	record.guarded = shim->guarded;
	record.links = shim->links;
	record.networks = shim->networks;
	/* in audit mode the document has edits that were asked for and are not made */
	if (shim->rewritten)
		og_record_process(&record, og_doc_root(shim->doc));
	if (shim->guarded &&
	    og_policy_effective(shim->policy, og_hostfacts(shim->host), &effective, reterr) < 0)
		return -1;
	if (effective)
		r = read_addresses(effective, &record, &addresses, reterr);
	if (r == 0)
		r = og_record_write(&record, og_hostfacts(shim->host), og_doc_root(shim->doc),
				    shim->verify, reterr);
	free((void *)addresses);
	og_effective_free(effective);
	return r;
}

/* "run" does not come back to us before the container's process runs. */
static int add_hook(struct og_shim *shim, char **text, size_t *len, struct og_err *reterr)
{
	if (!*text) {
		*text = strndup(shim->text, shim->len);
		*len = shim->len;
	}
	if (!*text)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return og_verify_add_hook(shim->cmd.root, shim->cmd.id, shim->runtime, text, len, reterr);
}

/* create, run: the record first, so that a launch that fails halfway leaves its trace. */
static int commit_config(struct og_shim *shim, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	size_t len = 0;
	bool keep;

	if (shim->guarded && shim->cmd.verb == OG_VERB_RUN)
		return og_fail(
			reterr, OG_E_HOST,
			"published ports can be guarded between \"create\" and \"start\", not "
			"with \"run\"");
	if (shim->rewritten && write_document(shim, OG_CMD_CREATE, &text, &len, reterr) < 0)
		return -1;
	if (text && same_bytes(shim, text, len))
		free(og_steal(text));
	if (shim->verify && shim->cmd.verb == OG_VERB_RUN &&
	    add_hook(shim, &text, &len, reterr) < 0)
		return -1;
	/* engines write the file anew at each launch; a plain bundle is the user's own */
	keep = text && og_hostfacts(shim->host)->engine == OG_ENGINE_NONE;
	if (write_record(shim, keep, reterr) < 0)
		return -1;
	if (!shim->cmd.bundle)
		og_shim_override(shim, "bundle", shim->bundle.path);
	return text ? og_bundle_replace(&shim->bundle, text, len, keep, reterr) : 0;
}

/* exec, update: the runtime reads a memory file; what the engine wrote is never touched. */
static int commit_memfd(struct og_shim *shim, enum og_cmd cmd, const char *flag,
			struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	size_t len = shim->len;

	if (!shim->text)
		return 0;
	if (shim->rewritten && write_document(shim, cmd, &text, &len, reterr) < 0)
		return -1;
	if (!shim->handed_over && (!text || same_bytes(shim, text, len)))
		return 0;
	shim->permit.keep_fd = og_memfd("ocigate", text ? text : shim->text, len, reterr);
	if (shim->permit.keep_fd < 0)
		return -1;
	snprintf(shim->fd_path, sizeof(shim->fd_path), "/proc/self/fd/%d", shim->permit.keep_fd);
	for (const char *const *name = shim->replaced_flags; name && *name; name++)
		og_shim_override(shim, *name, NULL);
	og_shim_override(shim, flag, shim->fd_path);
	return 0;
}

/*
 * start: the engine's ports are open by now, or will be before anything answers on
 * them; what the container's process does comes after the guard.
 */
static int commit_start(const struct og_shim *shim, struct og_err *reterr)
{
	const struct og_record *record = shim->record;
	int r = 0;

	if (!record)
		return 0;
	if (record->networks && record->facts)
		r = og_networks_same(record->facts, reterr);
	if (r == 0 && record->guarded) /* that looks at the interfaces as well */
		r = og_ports_up(record, reterr);
	else if (r == 0 && record->links)
		r = og_ports_check(record, reterr);
	if (r < 0)
		og_verify_end(record);
	return r;
}

/*
 * delete: everything of ours goes before the runtime runs, because nothing of
 * us is left after it. Whatever fails here, the container can be deleted.
 */
static void commit_delete(struct og_shim *shim)
{
	struct og_err ignored = { 0 };

	if (!shim->record ||
	    (!og_cmdline_has(&shim->cmd, "force") && og_record_alive(shim->record)))
		return;
	/* while it still runs its ports stay closed: "ocigatectl ports sync" takes that out */
	if (shim->record->guarded && !og_record_alive(shim->record))
		og_ports_down(shim->record);
	/* what could not be put back is tried again by the next delete: engines call it twice */
	if (shim->record->kept && og_bundle_restore(shim->record->bundle, &ignored) < 0)
		return;
	og_record_remove(shim->cmd.root, shim->cmd.id, &ignored);
}

int og_shim_commit(struct og_shim *shim, struct og_err *reterr)
{
	if (shim->permit.close_fds && og_cmdline_has(&shim->cmd, "preserve-fds"))
		og_shim_override(shim, "preserve-fds", NULL);
	if (shim->cmd.verb == OG_VERB_CREATE || shim->cmd.verb == OG_VERB_RUN)
		return commit_config(shim, reterr);
	if ((shim->cmd.verb == OG_VERB_START || shim->cmd.verb == OG_VERB_EXEC) &&
	    og_verify_start(shim->record, reterr) < 0)
		return -1;
	if (shim->cmd.verb == OG_VERB_EXEC)
		return commit_memfd(shim, OG_CMD_EXEC, "process", reterr);
	if (shim->cmd.verb == OG_VERB_UPDATE)
		return commit_memfd(shim, OG_CMD_UPDATE, "resources", reterr);
	if (shim->cmd.verb == OG_VERB_START)
		return commit_start(shim, reterr);
	if (shim->cmd.verb == OG_VERB_DELETE)
		commit_delete(shim);
	return 0;
}

int og_shim_exec(struct og_shim *shim, struct og_err *reterr)
{
	const char *name = strrchr(shim->runtime, '/') + 1;
	og_auto_free char **argv = NULL;

	if (og_cmdline_build(&shim->cmd, name, shim->overrides, shim->noverrides, &argv, reterr) <
	    0)
		return -1;
	return og_runtime_exec(&shim->permit, shim->runtime, argv, reterr);
}

int og_shim_fail(struct og_shim *shim, const struct og_err *err)
{
	char text[1200];

	og_report_error(shim->refusal ? shim->refusal : og_report_text(err, text, sizeof(text)),
			shim->cmd.log);
	return shim->cmd.verb == OG_VERB_EXEC ? OG_EXIT_EXEC_FAILED : OG_EXIT_FAILED;
}
