/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's record: config.v2.json, hostconfig.json, repositories.json, one per part.
 * Whatever they hold, what is taken for known is what jansson finds there, of this
 * container, and stays so when the facts are written and read.
 */
#include "records.h"

/* A record that is about this container, for inputs of one part. */
static const char config[] =
	"{\"ID\":\"" ID "\",\"Image\":\"sha256:11\",\"Driver\":\"overlay2\",\"Config\":{\"Image\":"
	"\"a:1\",\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}}}";

static void must_be_recorded(const struct og_facts *facts, const json_t *own, const json_t *host)
{
	bool ours = same(text_of(own, "ID"), ID) && host;
	const json_t *privileged = json_object_get(host, "Privileged");
	const char *image = text_of(own, "Image");

	MUST(facts->image_known == (!ours || !image ? OG_UNKNOWN : *image ? OG_KNOWN : OG_NONE));
	MUST(facts->image_known != OG_KNOWN || same(facts->image_id, image));
	MUST((facts->privileged_known == OG_KNOWN) == (ours && json_is_boolean(privileged)));
	MUST(facts->privileged_known != OG_KNOWN || facts->privileged == json_is_true(privileged));
	MUST(facts->swarm == (ours && json_is_true(json_object_get(own, "Managed"))));
	MUST(same(facts->network_mode, ours ? text_of(host, "NetworkMode") : NULL));
	MUST(same(facts->cgroup_parent, ours ? text_of(host, "CgroupParent") : NULL));
}

/* Each digest is a registry's word in the record, for the image that is launched. */
static void must_be_pulled(const struct og_facts *facts, const json_t *names)
{
	for (size_t i = 0; i < facts->nimage_digests; i++) {
		const char *key, *digest = facts->image_digests[i];
		json_t *repository;
		bool found = false;

		MUST(strstr(digest, "@sha256:") &&
		     (i == 0 || strcmp(facts->image_digests[i - 1], digest) < 0));
		json_object_foreach(json_object_get(names, "Repositories"), key, repository)
			found = found || same(text_of(repository, digest), facts->image_id);
		MUST(found);
	}
}

/* As many ports as there are bindings, if all of them are understood. */
static void must_be_published(const struct og_facts *facts, const json_t *own, const json_t *host)
{
	json_t *bindings = json_object_get(host, "PortBindings"), *list;
	const char *port;
	size_t n = 0;

	json_object_foreach(bindings, port, list) n += json_array_size(list) ? json_array_size(list)
									     : 1;
	if (facts->publish_all)
		json_object_foreach(json_object_get(json_object_get(own, "Config"), "ExposedPorts"),
				    port, list) n += !json_object_get(bindings, port);
	MUST(facts->nports == n && (facts->ports_known == OG_KNOWN) == (n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct part own = next_part(&data, &len), host = next_part(&data, &len),
		    names = next_part(&data, &len);
	json_t *a, *b, *c;
	struct record_launch l;
	struct og_err err = { 0 };

	if (!host.len && !names.len) {
		host = own;
		own = (struct part){ config, strlen(config) };
	}
	put_record("data/containers/" ID "/config.v2.json", own);
	put_record("data/containers/" ID "/hostconfig.json", host);
	put_record("data/image/overlay2/repositories.json", names);
	record_begin(&l, "bundle/", "data/overlay2/l/merged");
	MUST_FOR(og_docker_collect(&l.gather, &err) == 0, &err);
	a = second_reading(own);
	b = second_reading(host);
	c = second_reading(names);
	/* jansson holds no integer that 64 bits do not: then there is no second opinion */
	if (a && b && c) {
		must_be_recorded(&l.facts, a, b);
		must_be_pulled(&l.facts, c);
		if (l.facts.ports_known != OG_UNKNOWN &&
		    json_object_size(json_object_get(b, "PortBindings")))
			must_be_published(&l.facts, a, b);
	}
	json_decref(a);
	json_decref(b);
	json_decref(c);
	record_end(&l);
	return 0;
}
