/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command to the verdict: read what the command is about, gather the
 * facts, ask the policy, report. What the verdict says is data; what is done
 * about it stands in launch.c.
 */
#include "shim.h"

#include <string.h>

#include "ocigate/buf.h"
#include "report.h"

/* What a command is judged as, and where its document comes from. */
struct subject {
	enum og_verb verb;
	enum og_cmd cmd;
	int (*read)(struct og_shim *shim, struct og_err *reterr); /* NULL: no document */
};

static int read_config(struct og_shim *shim, struct og_err *reterr)
{
	if (og_bundle_open(&shim->bundle, shim->cmd.bundle, reterr) < 0 ||
	    og_bundle_reset(&shim->bundle, reterr) < 0 || og_bundle_read(&shim->bundle, reterr) < 0)
		return -1;
	shim->text = shim->bundle.text;
	shim->len = shim->bundle.len;
	return 0;
}

static const struct subject subjects[] = {
	{ OG_VERB_CREATE, OG_CMD_CREATE, read_config },
	{ OG_VERB_RUN, OG_CMD_CREATE, read_config },
	{ OG_VERB_EXEC, OG_CMD_EXEC, og_shim_read_process },
	{ OG_VERB_UPDATE, OG_CMD_UPDATE, og_shim_read_resources },
	{ OG_VERB_RESTORE, OG_CMD_RESTORE, NULL },
	{ OG_VERB_START, OG_CMD_START, NULL },
};

static const struct subject *find_subject(const struct og_shim *shim)
{
	/* what ocigate launched was judged then, and its start is bound to that */
	if (shim->cmd.verb == OG_VERB_START && shim->record)
		return NULL;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (subjects[i].verb == shim->cmd.verb)
			return &subjects[i];
	return NULL;
}

/* A mode that was asked for may only be stricter than the policy's. */
static int choose_mode(struct og_shim *shim, struct og_err *reterr)
{
	enum og_mode asked;

	shim->mode = og_policy_mode(shim->policy);
	if (!shim->cmd.mode)
		return 0;
	if (og_mode_parse(shim->cmd.mode, &asked) < 0)
		return og_fail(reterr, OG_E_USAGE,
			       "--ocigate-mode=%s: the modes are audit, enforce, explain",
			       OG_Q(shim->cmd.mode));
	if (asked < shim->mode)
		return og_fail(reterr, OG_E_USAGE,
			       "--ocigate-mode=%s is less strict than the policy's mode, %s",
			       og_mode_name(asked), og_mode_name(shim->mode));
	shim->mode = asked;
	return 0;
}

static int load_policy(struct og_shim *shim, struct og_err *reterr)
{
	og_auto_free char *path = NULL;

	if (og_policyfile_find(shim->cmd.policy, shim->cmd.profile ? shim->cmd.profile : "policy",
			       &path, reterr) < 0 ||
	    og_policyfile_read(path, false, &shim->files, reterr) < 0 ||
	    og_policy_compile(shim->files.sources, shim->files.n, NULL, NULL, &shim->policy,
			      reterr) < 0)
		return -1;
	return choose_mode(shim, reterr);
}

static int collect(struct og_shim *shim, struct og_err *reterr)
{
	if (og_facts_collect(&shim->cmd, &shim->bundle, shim->doc, shim->record, &shim->host,
			     reterr) < 0)
		return -1;
	if (og_hostfacts(shim->host)->engine == OG_ENGINE_NONE &&
	    og_bundle_check(&shim->bundle, reterr) < 0)
		return -1;
	return og_hostfacts_policy(shim->host, shim->policy, reterr);
}

/* Read, parse, and gather the facts; what is wrong with the document goes to |cause|. */
static int read_subject(struct og_shim *shim, const struct subject *subject, struct og_err *cause,
			struct og_err *reterr)
{
	int r = subject->read ? subject->read(shim, cause) : 0;

	if (r == 0 && shim->text)
		r = og_doc_parse("config.json", shim->text, shim->len, OG_DOC_KEPT, &shim->doc,
				 cause);
	if (r < 0 && cause->code != OG_E_CONFIG) {
		*reterr = *cause;
		return -1;
	}
	og_record_process(&shim->asked, og_doc_root(shim->doc));
	/* also for what will be refused: the record says who it was */
	return collect(shim, reterr);
}

/* The verdict; what cannot be understood gets one too, so that it is recorded. */
static int evaluate(struct og_shim *shim, const struct subject *subject, struct og_err *reterr)
{
	struct og_err cause = { 0 };

	if (read_subject(shim, subject, &cause, reterr) < 0)
		return -1;
	if (cause.code == OG_OK && og_evaluate(shim->policy, og_hostfacts(shim->host), subject->cmd,
					       shim->doc, &shim->verdict, &cause) == 0)
		return 0;
	if (cause.code == OG_E_CONFIG)
		return og_verdict_unjudged(&cause, shim->policy, &shim->verdict, reterr);
	*reterr = cause;
	return -1;
}

/* The refusal's text becomes the error, with one that came before; main's last line reports it. */
static int refuse(struct og_shim *shim, struct og_err *reterr)
{
	og_auto_buf struct og_buf text = { 0 };
	const char *message = og_policy_message(shim->policy);

	if (shim->mode == OG_MODE_EXPLAIN)
		og_verdict_explain(shim->verdict, message, &text);
	else
		og_verdict_refusal(shim->verdict, message, &text);
	if (reterr->code != OG_OK)
		og_buf_printf(&text, " (and %s)", reterr->msg);
	if (text.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	shim->refusal = og_buf_steal(&text);
	return og_fail(reterr, OG_E_CONFIG, "refused");
}

/* Record the verdict; a log that cannot be written stops only what had findings. */
static int record_verdict(struct og_shim *shim, struct og_err *reterr)
{
	struct og_audit_record record = { .policy = shim->policy,
					  .sha256 = shim->files.sha256,
					  .facts = og_hostfacts(shim->host),
					  .verdict = shim->verdict,
					  .mode = shim->mode,
					  .started_ns = shim->started_ns };
	struct og_err unwritten = { 0 };

	if (og_report_audit(&record, &unwritten) == 0 || !og_policy_audit(shim->policy)->required ||
	    shim->mode == OG_MODE_AUDIT || og_verdict_worst(shim->verdict) == OG_OFF)
		return 0;
	*reterr = unwritten;
	return -1;
}

static void permit(struct og_shim *shim, enum og_outcome outcome)
{
	unsigned launch = shim->verdict && shim->mode == OG_MODE_ENFORCE
				  ? og_verdict_launch(shim->verdict)
				  : 0;

	shim->verify = launch & OG_LAUNCH_VERIFY;
	shim->rewritten = outcome == OG_OUTCOME_REWRITTEN;
	shim->guarded = launch & OG_LAUNCH_GUARD_PORTS;
	shim->links = launch & OG_LAUNCH_CHECK_LINKS;
	shim->networks = launch & OG_LAUNCH_SAME_NETWORKS;
	shim->permit = (struct og_permit){ .given = true,
					   .close_fds = launch & OG_LAUNCH_CLOSE_FDS,
					   .drop_listen = launch & OG_LAUNCH_DROP_LISTEN,
					   .drop_notify = launch & OG_LAUNCH_DROP_NOTIFY,
					   .keep_fd = -1 };
}

int og_shim_judge(struct og_shim *shim, struct og_err *reterr)
{
	const struct subject *subject = find_subject(shim);
	enum og_outcome outcome;
	int r;

	if (!subject) {
		permit(shim, OG_OUTCOME_AS_IS);
		return 0;
	}
	if (load_policy(shim, reterr) < 0 || evaluate(shim, subject, reterr) < 0)
		return -1;
	r = record_verdict(shim, reterr);
	outcome = og_verdict_outcome(shim->verdict, shim->mode);
	/* the user is told what to change, whatever became of the record */
	if (outcome == OG_OUTCOME_REFUSE)
		return refuse(shim, reterr);
	if (r < 0)
		return -1;
	permit(shim, outcome);
	return 0;
}
