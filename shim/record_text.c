/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a launch record: one JSON object, written and read again. */
#include "record_text.h"

#include <stdlib.h>

#include "binds.h"
#include "joined.h"
#include "ocigate/facts.h"
#include "state.h"

#define RECORD_VERSION 1

/* ---- writing ---- */

static void put_string(struct og_buf *out, const char *key, const char *value)
{
	if (!value)
		return;
	og_buf_key(out, key);
	og_buf_json(out, value);
}

/* Without the parts of the document: what later commands need is small. */
static int put_facts(struct og_buf *out, const struct og_facts *facts, bool networks,
		     struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	struct og_facts lean = *facts;

	/* a list of no elements is left out, whatever it points to */
	lean.nsources = lean.ndestinations = lean.nmade = lean.nnamespaces = lean.nhooks =
		lean.nflags = 0;
	if (!networks) {
		lean.nnetworks = 0;
		lean.networks_file = NULL;
	}
	lean.networks_known = OG_UNKNOWN;
	lean.record = OG_UNKNOWN;
	lean.record_bounding = lean.record_uid = 0;
	if (og_facts_encode(&lean, &text, reterr) < 0)
		return -1;
	og_buf_key(out, "facts");
	og_buf_puts(out, text);
	return 0;
}

int og_record_encode(const struct og_record *record, struct og_buf *out, struct og_err *reterr)
{
	uint64_t now;
	pid_t self = og_process_self(&now);

	og_buf_puts(out, "{");
	og_buf_key_u64(out, "version", RECORD_VERSION);
	put_string(out, "root", record->root);
	put_string(out, "id", record->id);
	put_string(out, "bundle", record->bundle);
	put_string(out, "runtime", record->runtime);
	put_string(out, "mode", record->mode);
	og_buf_key_bool(out, "kept", record->kept);
	og_buf_key_bool(out, "privileged", record->privileged);
	og_buf_key_u64(out, "bounding", record->bounding);
	og_buf_key_u64(out, "uid", record->uid);
	og_buf_key_bool(out, "guarded", record->guarded);
	og_buf_key_bool(out, "links", record->links);
	og_buf_key_bool(out, "networks", record->networks);
	og_buf_key_strings(out, "addresses", record->addresses, record->naddresses);
	/* The runtime takes this process over: as long as it runs, the launch is under way. */
	og_buf_key_u64(out, "writer", (uint64_t)self);
	og_buf_key_u64(out, "writer-start", now); /* at the latest */
	og_binds_put(out, record->binds, record->nbinds);
	og_joined_put(out, record->joined, record->njoined);
	if (record->facts && put_facts(out, record->facts, record->networks, reterr) < 0)
		return -1;
	og_buf_puts(out, "}\n");
	return out->failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

/* ---- reading ---- */

void og_record_free(struct og_record *record)
{
	struct og_loaded_record *loaded = (struct og_loaded_record *)record;

	if (!loaded)
		return;
	og_facts_free(loaded->facts);
	free(loaded->addresses);
	free(loaded->binds);
	free(loaded->joined);
	og_doc_free(loaded->facts_doc);
	og_doc_free(loaded->doc);
	free(loaded);
}

static int decode_facts(struct og_loaded_record *loaded, const struct og_node *root,
			struct og_err *reterr)
{
	const struct og_node *node = og_member(root, "facts");
	const char *raw;
	size_t len;

	if (!node)
		return 0;
	raw = og_raw(node, &len);
	if (og_doc_parse("record", raw, len, 0, &loaded->facts_doc, reterr) < 0 ||
	    og_facts_parse(loaded->facts_doc, &loaded->facts, reterr) < 0)
		return -1;
	loaded->record.facts = loaded->facts;
	return 0;
}

static int decode_addresses(struct og_loaded_record *loaded, const struct og_node *list,
			    struct og_err *reterr)
{
	size_t n = 0;

	loaded->addresses = calloc(og_count(list) + 1, sizeof(*loaded->addresses));
	if (!loaded->addresses)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	og_each (address, list)
		if (og_str(address))
			loaded->addresses[n++] = og_str(address);
	loaded->record.addresses = loaded->addresses;
	loaded->record.naddresses = n;
	return 0;
}

static int decode(struct og_loaded_record *loaded, struct og_err *reterr)
{
	const struct og_node *root = og_doc_root(loaded->doc);
	struct og_record *record = &loaded->record;
	uint64_t version = 0;

	record->root = og_str(og_member(root, "root"));
	record->id = og_str(og_member(root, "id"));
	record->bundle = og_str(og_member(root, "bundle"));
	record->runtime = og_str(og_member(root, "runtime"));
	record->mode = og_str(og_member(root, "mode"));
	record->kept = og_is_true(og_member(root, "kept"));
	record->privileged = og_is_true(og_member(root, "privileged"));
	if (og_u64(og_member(root, "version"), &version) < 0 || version != RECORD_VERSION ||
	    !record->root || !record->id || !record->mode ||
	    og_u64(og_member(root, "bounding"), &record->bounding) < 0 ||
	    og_u64(og_member(root, "uid"), &record->uid) < 0 ||
	    og_u64(og_member(root, "writer"), &loaded->writer) < 0 ||
	    og_u64(og_member(root, "writer-start"), &loaded->writer_start) < 0)
		return og_fail(reterr, OG_E_HOST, "the launch record cannot be understood");
	record->guarded = og_is_true(og_member(root, "guarded"));
	record->links = og_is_true(og_member(root, "links"));
	record->networks = og_is_true(og_member(root, "networks"));
	if (decode_addresses(loaded, og_member(root, "addresses"), reterr) < 0)
		return -1;
	if (og_binds_read(og_member(root, "binds"), &loaded->binds, &record->nbinds, reterr) < 0)
		return -1;
	record->binds = loaded->binds;
	if (og_joined_read(og_member(root, "joined"), &loaded->joined, &record->njoined, reterr) <
	    0)
		return -1;
	record->joined = loaded->joined;
	return decode_facts(loaded, root, reterr);
}

int og_record_decode(const char *name, const char *text, size_t len, struct og_loaded_record **ret,
		     struct og_err *reterr)
{
	struct og_loaded_record *loaded = calloc(1, sizeof(*loaded));

	if (!loaded)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	if (og_doc_parse(name, text, len, 0, &loaded->doc, reterr) < 0 ||
	    decode(loaded, reterr) < 0) {
		og_err_where(reterr, name, 0, 0);
		og_record_free(&loaded->record);
		return -1;
	}
	*ret = loaded;
	return 0;
}
