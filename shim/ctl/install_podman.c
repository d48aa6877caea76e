/* SPDX-License-Identifier: Apache-2.0 */
/* podman: a drop-in of our own in containers.conf.d, so nothing of others' is touched. */
#include <stdio.h>
#include <string.h>

#include "setup.h"

static int find(const struct og_setup *setup, char path[PATH_MAX], struct og_err *reterr)
{
	const char *given = setup->config ? setup->config
					  : "/etc/containers/containers.conf.d/ocigate.conf";
	int len = snprintf(path, PATH_MAX, "%s", given);

	return len < PATH_MAX ? 0 : og_fail(reterr, OG_E_USAGE, "--config: too long");
}

static int add(const struct og_setup *setup, const char *name, const struct og_text *from,
	       struct og_text *ret, struct og_err *reterr)
{
	(void)name;
	(void)from;
	*ret = (struct og_text){ .there = true };
	og_buf_puts(&ret->buf, "# Written by \"ocigatectl install podman\".\n");
	if (setup->make_default)
		og_buf_puts(&ret->buf, "[engine]\nruntime = \"ocigate\"\n\n");
	og_buf_puts(&ret->buf, "[engine.runtimes]\nocigate = [");
	og_buf_json(&ret->buf, setup->ocigate);
	og_buf_printf(&ret->buf, "]\nocigate-explain = [\"%s-explain\"]\n", setup->ocigate);
	return ret->buf.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

static bool is_default(const struct og_text *text)
{
	return text->buf.len && strstr(text->buf.data, "\nruntime = \"ocigate\"\n");
}

static int apply(const struct og_setup *setup, struct og_conf *conf, const struct og_text *final,
		 struct og_err *reterr)
{
	if (og_conf_put(conf, final, reterr) < 0)
		return -1;
	if (!setup->removing && setup->make_default)
		printf("new containers go through ocigate, unless somebody says --runtime, or has "
		       "a containers.conf of their own\n");
	return 0;
}

const struct og_engine_setup og_setup_podman = {
	.name = "podman",
	.find = find,
	.add = add,
	.strip = og_conf_strip_whole,
	.is_default = is_default,
	.apply = apply,
};
