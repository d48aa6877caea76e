/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of the build, no part of the library: reads the presets as any
 * policy file is read and prints them as constant tables in C, so that a launch
 * need not. What stands there is what og_layer_read() makes of the file.
 *
 *	embed NAME=FILE... >presets.c
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy_internal.h"
#include "policy/presets.h"

/* Presets extend nothing, so none is looked up while they are read. */
const struct og_preset og_presets[] = { { 0 } };
const size_t og_npresets = 0;

static unsigned tables; /* each list of values gets a number */

static void put_text(const char *text)
{
	if (!text) {
		printf("NULL");
		return;
	}
	putchar('"');
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p > 0x7e || strchr("\"\\?", *p))
			printf("\\%03o", *p);
		else
			putchar(*p);
	putchar('"');
}

static void put_field(const char *name, const char *text)
{
	if (!text)
		return;
	printf(" .%s = ", name);
	put_text(text);
	putchar(',');
}

static void put_item(const struct og_item *item)
{
	printf("\t{");
	put_field("text", item->text);
	printf(" .lo = UINT64_C(%" PRIu64 "), .hi = UINT64_C(%" PRIu64 "), .access = %d,", item->lo,
	       item->hi, (int)item->access);
	printf(" .glob = %d, .accept_setuid = %d, .required = %d,", item->glob, item->accept_setuid,
	       item->required);
	printf(" .major = UINT64_C(%" PRIu64 "), .minor = UINT64_C(%" PRIu64 "),", item->major,
	       item->minor);
	printf(" .devtype = %d, .perms = %u,", item->devtype, item->perms);
	put_field("file", item->file);
	printf(" .line = %u },\n", item->line);
}

/* Prints the list and returns its number; 0 for one that is not there. */
static unsigned put_list(const struct og_list *list)
{
	if (!list->items)
		return 0;
	printf("static const struct og_item items_%u[] = {\n", ++tables);
	for (size_t i = 0; i < list->n; i++)
		put_item(&list->items[i]);
	printf("\t{ 0 }\n};\n");
	return tables;
}

static void put_list_field(const char *name, unsigned number, size_t n)
{
	if (number)
		printf(" .%s = { items_%u, %zu },", name, number, n);
}

static unsigned put_places(const struct og_change *change)
{
	if (!change->places || !change->value.raw.n)
		return 0;
	printf("static const unsigned places_%u[] = {", ++tables);
	for (size_t i = 0; i < 2 * change->value.raw.n; i++)
		printf(" %u,", change->places[i]);
	printf(" };\n");
	return tables;
}

struct lists {
	unsigned list, raw, places;
};

static void put_change(const struct og_change *change, const struct lists *lists)
{
	const struct og_value *value = &change->value;

	printf("\t{ .what = %u, .how = %d, .line = %u, .col = %u, .value = { .set = %d, .num = "
	       "UINT64_C(%" PRIu64 "),",
	       change->what, (int)change->how, change->line, change->col, value->set, value->num);
	put_field("str", value->str);
	put_list_field("list", lists->list, value->list.n);
	put_list_field("raw", lists->raw, value->raw.n);
	put_field("file", value->file);
	printf(" .line = %u, .source = %u, .source_line = %u, .source_col = %u },", value->line,
	       value->source, value->source_line, value->source_col);
	if (lists->places)
		printf(" .places = places_%u,", lists->places);
	printf(" },\n");
}

/* Prints the changes and returns the number of their table. */
static unsigned put_changes(const struct og_changes *changes)
{
	struct lists *lists = calloc(changes->n + 1, sizeof(*lists));

	if (!lists)
		exit(1);
	for (size_t i = 0; i < changes->n; i++) {
		const struct og_value *value = &changes->list[i].value;

		lists[i].raw = put_list(&value->raw);
		lists[i].list = value->list.items == value->raw.items ? lists[i].raw
								      : put_list(&value->list);
		lists[i].places = put_places(&changes->list[i]);
	}
	printf("static const struct og_change changes_%u[] = {\n", ++tables);
	for (size_t i = 0; i < changes->n; i++)
		put_change(&changes->list[i], &lists[i]);
	printf("\t{ 0 }\n};\n");
	free(lists);
	return tables;
}

static unsigned put_names(const struct og_names *names)
{
	if (!names->n)
		return 0;
	printf("static const char *const names_%u[] = {", ++tables);
	for (size_t i = 0; i < names->n; i++) {
		put_text(names->list[i]);
		printf(", ");
	}
	printf("};\n");
	return tables;
}

/* The lists of a policy that is built can be written to; these never are. */
static void put_names_field(const char *name, const struct og_names *names, unsigned number)
{
	printf(" .%s = { .n = %zu, .given = %d,", name, names->n, names->given);
	if (number)
		printf(" .list = (const char **)(uintptr_t)names_%u,", number);
	printf(" },");
}

static void put_changes_field(const struct og_changes *changes, unsigned number)
{
	printf(" .changes = { (struct og_change *)(uintptr_t)changes_%u, %zu, %zu },", number,
	       changes->n, changes->n);
}

struct exception_tables {
	unsigned changes, images, namespaces;
};

static void put_exception(const struct og_exception *exception, const struct exception_tables *own)
{
	printf("\t{");
	put_field("name", exception->name);
	put_field("reason", exception->reason);
	put_field("expires", exception->expires);
	printf(" .source = %u, .line = %u, .col = %u, .image_line = %u, .image_col = %u,",
	       exception->source, exception->line, exception->col, exception->image_line,
	       exception->image_col);
	put_names_field("images", &exception->images, own->images);
	put_names_field("cri_namespaces", &exception->cri_namespaces, own->namespaces);
	printf(" .engines_given = %d, .sandbox_given = %d, .sandbox = %d, .engines = %u,",
	       exception->engines_given, exception->sandbox_given, exception->sandbox,
	       exception->engines);
	put_changes_field(&exception->changes, own->changes);
	printf(" },\n");
}

static unsigned put_exceptions(const struct og_layer *layer)
{
	struct exception_tables *own = calloc(layer->nexceptions + 1, sizeof(*own));

	if (!own)
		exit(1);
	for (size_t i = 0; i < layer->nexceptions; i++) {
		own[i].changes = put_changes(&layer->exceptions[i].changes);
		own[i].images = put_names(&layer->exceptions[i].images);
		own[i].namespaces = put_names(&layer->exceptions[i].cri_namespaces);
	}
	printf("static const struct og_exception exceptions_%u[] = {\n", ++tables);
	for (size_t i = 0; i < layer->nexceptions; i++)
		put_exception(&layer->exceptions[i], &own[i]);
	printf("\t{ 0 }\n};\n");
	free(own);
	return tables;
}

static void put_layer(const struct og_layer *layer, unsigned number)
{
	unsigned changes = put_changes(&layer->changes);
	unsigned exceptions = put_exceptions(layer);

	printf("static const struct og_layer layer_%u = {", number);
	put_changes_field(&layer->changes, changes);
	printf(" .has_mode = %d, .has_message = %d, .has_file = %d, .has_syslog = %d, "
	       ".has_complying = %d, .has_required = %d, .mode = %d,",
	       layer->has_mode, layer->has_message, layer->has_file, layer->has_syslog,
	       layer->has_complying, layer->has_required, (int)layer->mode);
	put_field("message", layer->message);
	printf(" .audit = {");
	put_field("file", layer->audit.file);
	printf(" .syslog = %d, .complying = %d, .required = %d },", layer->audit.syslog,
	       layer->audit.complying, layer->audit.required);
	printf(" .exceptions = (struct og_exception *)(uintptr_t)exceptions_%u, .nexceptions = %zu "
	       "};\n",
	       exceptions, layer->nexceptions);
}

static void put_bytes(const char *text, size_t len, unsigned number)
{
	printf("static const char text_%u[] =", number);
	for (size_t i = 0; i < len; i += strcspn(text + i, "\n") + 1) {
		char *line = strndup(text + i, strcspn(text + i, "\n"));

		if (!line)
			exit(1);
		printf("\n\t");
		put_text(line);
		printf("\"\\n\"");
		free(line);
	}
	printf(";\n");
}

static char *read_whole(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, OG_POLICY_MAX_BYTES + 1);

	if (!file || !text) {
		perror(path);
		exit(1);
	}
	*len = fread(text, 1, OG_POLICY_MAX_BYTES, file);
	fclose(file);
	if (*len == 0 || text[*len - 1] != '\n' || strlen(text) != *len) {
		fprintf(stderr, "%s: no text that ends with a newline\n", path);
		exit(1);
	}
	return text;
}

/* One preset: its tables. */
static void put_preset(const char *name, const char *path, unsigned number)
{
	struct og_policy *policy = calloc(1, sizeof(*policy));
	struct og_problems problems = { 0 };
	struct og_layer layer = { 0 };
	struct og_err err = { 0 };
	struct og_doc *doc;
	size_t entries = 0, len;
	char *text = read_whole(path, &len);
	struct og_reader reader = { .policy = policy,
				    .problems = &problems,
				    .file = name,
				    .source = OG_POLICY_PRESET,
				    .preset = true,
				    .entries = &entries };

	if (!policy || og_doc_parse(path, text, len, OG_DOC_COMMENTS, &doc, &err) < 0) {
		fprintf(stderr, "%s:%u:%u: %s\n", path, err.line, err.col, err.msg);
		exit(1);
	}
	og_layer_read(&reader, og_doc_root(doc), &layer);
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "%s:%u:%u: %s\n", path, problems.list[i].line, problems.list[i].col,
			problems.list[i].text);
	if (problems.n || policy->pool.failed || problems.pool.failed)
		exit(1);
	put_bytes(text, len, number);
	put_layer(&layer, number);
	og_doc_free(doc);
	og_pool_release(&problems.pool);
	og_policy_free(policy);
	free(text);
}

int main(int argc, char *argv[])
{
	printf("/* Made from policy/presets/ by policy/presets/embed.c. */\n"
	       "#include \"policy/presets.h\"\n");
	for (int i = 1; i < argc; i++) {
		char *path = strchr(argv[i], '=');

		if (!path)
			return 2;
		*path = '\0';
		put_preset(argv[i], path + 1, (unsigned)i);
	}
	printf("const struct og_preset og_presets[] = {\n");
	for (int i = 1; i < argc; i++)
		printf("\t{ \"%s\", text_%d, sizeof(text_%d) - 1, &layer_%d },\n", argv[i], i, i,
		       i);
	printf("\t{ 0 }\n};\nconst size_t og_npresets = %d;\n", argc - 1);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
