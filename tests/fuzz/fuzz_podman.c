/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of containers/storage: containers.json, volatile-containers.json and
 * the document of the launch, one per part. What podman's and CRI-O's readers take
 * for known is what jansson finds there.
 */
#include "records.h"

/* The last entry of this container in the list; NULL: none. */
static json_t *entry_of(json_t *list)
{
	json_t *entry, *found = NULL;
	size_t i;

	if (json_is_object(list)) { /* read alike: members without their keys */
		const char *key;

		json_object_foreach(list, key, entry)
			found = same(text_of(entry, "id"), ID) ? entry : found;
	}
	json_array_foreach(list, i, entry) found = same(text_of(entry, "id"), ID) ? entry : found;
	return found;
}

static void must_be_stored(const struct og_facts *facts, json_t *lasting, json_t *passing)
{
	json_t *entry = entry_of(lasting) ? entry_of(lasting) : entry_of(passing);
	const char *image = text_of(entry, "image");
	bool known = image && *image;

	MUST(facts->image_known == (!entry ? OG_UNKNOWN : known ? OG_KNOWN : OG_NONE));
	MUST(!facts->image_id == !known);
	MUST(!known ||
	     (strncmp(facts->image_id, "sha256:", 7) == 0 && same(facts->image_id + 7, image)));
}

/* Either engine's reading; |lists|: what jansson has for a second opinion. */
static void collect(struct og_doc *doc, bool crio, json_t *const lists[2])
{
	struct record_launch l;
	struct og_err err = { 0 };
	struct og_gather *g = record_begin(&l, "overlay-containers/" ID "/userdata",
					   "overlay/l/merged");

	g->doc = doc;
	MUST(og_podman_is(g));
	if (crio && og_crio_is(g))
		MUST_FOR(og_crio_collect(g, &err) == 0, &err);
	else if (!crio)
		MUST_FOR(og_podman_collect(g, &err) == 0, &err);
	if (!crio && lists[0] && lists[1])
		must_be_stored(&l.facts, lists[0], lists[1]);
	record_end(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct part lasting = next_part(&data, &len), passing = next_part(&data, &len);
	struct part document = next_part(&data, &len);
	json_t *lists[2];
	struct og_err err = { 0 };
	struct og_doc *doc = NULL;

	put_record("overlay-containers/containers.json", lasting);
	put_record("overlay-containers/volatile-containers.json", passing);
	record_path("overlay-containers/" ID "/userdata/");
	record_path("overlay/l/merged/");
	if (og_doc_parse("config.json", document.text, document.len, 0, &doc, &err) < 0)
		must_explain(&err, true);
	lists[0] = second_reading(lasting);
	lists[1] = second_reading(passing);
	collect(doc, false, lists);
	collect(doc, true, lists);
	json_decref(lists[0]);
	json_decref(lists[1]);
	og_doc_free(doc);
	return 0;
}
