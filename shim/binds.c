/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting, writing and reading what a record says about binds; see binds.h. */
#include "binds.h"

#include <stdlib.h>

#include "sources.h"

static struct og_bind_id *alloc(size_t n, struct og_err *reterr)
{
	struct og_bind_id *ret = calloc(n + 1, sizeof(*ret));

	if (!ret)
		og_fail(reterr, OG_E_NOMEM, "out of memory");
	return ret;
}

int og_binds_collect(const struct og_facts *facts, const struct og_node *config,
		     struct og_bind_id **ret, size_t *retn, struct og_err *reterr)
{
	const struct og_node *mounts = og_member(config, "mounts");

	*retn = 0;
	*ret = alloc(og_count(mounts), reterr);
	if (!*ret)
		return -1;
	og_each (mount, mounts) {
		const char *text = og_str(og_member(mount, "source"));
		const char *destination = og_str(og_member(mount, "destination"));
		const struct og_source *source = text ? og_fact_source(facts, text) : NULL;

		if (!source || !source->movable || !destination || !og_mount_is_bind(mount))
			continue;
		(*ret)[(*retn)++] = (struct og_bind_id){ .source = text,
							 .destination = destination,
							 .dev = source->dev,
							 .ino = source->ino,
							 .birth = source->birth,
							 .readonly = source->readonly };
	}
	return 0;
}

static void put_u64(struct og_buf *out, const char *key, uint64_t value)
{
	og_buf_key(out, key);
	og_buf_u64(out, value);
}

void og_binds_put(struct og_buf *out, const struct og_bind_id *binds, size_t n)
{
	if (n == 0)
		return;
	og_buf_key(out, "binds");
	og_buf_puts(out, "[");
	for (size_t i = 0; i < n; i++) {
		og_buf_puts(out, i ? ",{\"source\":" : "{\"source\":");
		og_buf_json(out, binds[i].source);
		og_buf_key(out, "destination");
		og_buf_json(out, binds[i].destination);
		put_u64(out, "dev", binds[i].dev);
		put_u64(out, "ino", binds[i].ino);
		put_u64(out, "birth", binds[i].birth);
		og_buf_key(out, "readonly");
		og_buf_puts(out, binds[i].readonly ? "true}" : "false}");
	}
	og_buf_puts(out, "]");
}

int og_binds_read(const struct og_node *array, struct og_bind_id **ret, size_t *retn,
		  struct og_err *reterr)
{
	*retn = 0;
	*ret = NULL;
	if (!array)
		return 0;
	*ret = alloc(og_count(array), reterr);
	if (!*ret)
		return -1;
	og_each (item, array) {
		struct og_bind_id *bind = &(*ret)[(*retn)++];

		bind->source = og_str(og_member(item, "source"));
		bind->destination = og_str(og_member(item, "destination"));
		bind->readonly = og_is_true(og_member(item, "readonly"));
		if (!bind->source || !bind->destination ||
		    og_u64(og_member(item, "dev"), &bind->dev) < 0 ||
		    og_u64(og_member(item, "ino"), &bind->ino) < 0 ||
		    og_u64(og_member(item, "birth"), &bind->birth) < 0)
			return og_fail(reterr, OG_E_HOST,
				       "the launch record's binds cannot be understood");
	}
	return 0;
}
