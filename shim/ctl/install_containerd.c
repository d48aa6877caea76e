/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's config.toml, for the runtimes of Kubernetes (CRI). Version 3 of the
 * format merges imported files: there a drop-in of our own is written where the
 * file imports such. Version 2 takes the CRI section of an imported file in place
 * of the whole one: there the file itself is edited.
 *
 * What the site says of runc (systemd's cgroups, annotations) is said of ocigate
 * too, or pods would not start.
 *
 * containerd 1 forgets the "runc" that is built in as soon as the file has another
 * runtime, and does not serve pods whose default it was: there it is written, too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../file.h"
#include "../place.h"
#include "setup.h"
#include "toml.h"

#define S	OG_TOML_SEP
#define CONFIG	"/etc/containerd/config.toml"
#define DROP_IN "ocigate.toml"
#define BEGIN	"# Written by \"ocigatectl install containerd\"; \"uninstall\" takes it out."

/* %s: the table of CRI's runtimes. */
#define RUNC                                                                                       \
	"# containerd 1 has a \"runc\" of its own only where no other is named.\n"                 \
	"[%s.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n"

/* What the file is, as far as it matters here. */
struct shape {
	unsigned version; /* 0: there is nothing in it */
	bool cri_off;
	char conf_d[PATH_MAX]; /* a directory whose *.toml it imports; "": none */
	char prefix[256];      /* of CRI's runtimes, as a path of toml.h */
	const char *table;     /* the same as it is written */
};

/* A statement looked for, and whether it is there. */
struct found {
	bool there;
	struct og_toml_item item;
};

static struct og_toml toml_of(const char *name, const struct og_text *text)
{
	return (struct og_toml){ .name = name,
				 .text = text->buf.data ? text->buf.data : "",
				 .len = text->buf.len };
}

static int look(const char *name, const struct og_text *text, enum og_toml_kind kind,
		const char *path, struct found *ret, struct og_err *reterr)
{
	struct og_toml toml = toml_of(name, text);
	int r;

	ret->there = false;
	while ((r = og_toml_next(&toml, &ret->item, reterr)) > 0)
		if (ret->item.kind == kind && strcmp(ret->item.path, path) == 0) {
			ret->there = true;
			return 0;
		}
	return r;
}

/* Whether a statement is that table, or in it. */
static bool is_below(const struct og_toml_item *item, const char *table)
{
	size_t len = strlen(table);

	return strncmp(item->path, table, len) == 0 &&
	       (item->path[len] == '\0' || item->path[len] == S[0]);
}

/* ---- the shape of the file ---- */

/* Each string of the value of "imports"; relative, it is so to the file. */
static void each_import(const char *name, const char *value, size_t len,
			void (*each)(void *ctx, const char *pattern), void *ctx)
{
	const char *end = value + len;
	char pattern[PATH_MAX];

	for (const char *at = value; at < end; at++) {
		const char quote = *at, *close;

		if (quote == '#')
			at = memchr(at, '\n', (size_t)(end - at)) ?: end - 1;
		if (quote != '"' && quote != '\'')
			continue;
		close = memchr(at + 1, quote, (size_t)(end - at - 1));
		if (!close)
			return;
		if (snprintf(pattern, sizeof(pattern), "%.*s%.*s",
			     at[1] == '/' ? 0 : (int)(og_path_base(name) - name), name,
			     (int)(close - at - 1), at + 1) < (int)sizeof(pattern))
			each(ctx, pattern);
		at = close;
	}
}

void og_containerd_imports(const char *name, const char *text, size_t len,
			   void (*each)(void *ctx, const char *pattern), void *ctx)
{
	struct og_toml toml = { .name = name, .text = text, .len = len };
	struct og_err ignored = { 0 };
	struct og_toml_item item;

	while (og_toml_next(&toml, &item, &ignored) > 0)
		if (item.kind == OG_TOML_VALUE && strcmp(item.path, "imports") == 0)
			each_import(name, text + item.value, item.value_end - item.value, each,
				    ctx);
}

/* A directory all of whose .toml files are imported. */
static void take_conf_d(void *ctx, const char *pattern)
{
	static const char tail[] = "/*.toml";
	struct shape *shape = ctx;
	size_t len = strlen(pattern);

	if (len >= sizeof(tail) && strcmp(pattern + len - strlen(tail), tail) == 0)
		snprintf(shape->conf_d, sizeof(shape->conf_d), "%.*s", (int)(len - strlen(tail)),
			 pattern);
}

static bool holds(const char *value, size_t len, const char *word)
{
	return memmem(value, len, word, strlen(word)) != NULL;
}

static void take_item(const char *name, const struct og_toml *toml, const struct og_toml_item *item,
		      struct shape *ret)
{
	const char *value = toml->text + item->value;
	size_t len = item->value_end - item->value;

	if (ret->version == 0)
		ret->version = 1; /* the format's first, unless it says so */
	if (item->kind != OG_TOML_VALUE)
		return;
	if (strcmp(item->path, "version") == 0)
		ret->version = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(item->path, "imports") == 0)
		each_import(name, value, len, take_conf_d, ret);
	else if (strcmp(item->path, "disabled_plugins") == 0)
		ret->cri_off = holds(value, len, "\"cri\"") || holds(value, len, "'cri'") ||
			       holds(value, len, "io.containerd.grpc.v1.cri") ||
			       holds(value, len, "io.containerd.cri.v1.runtime");
}

/* Where CRI's runtimes are: up to version 2 in one plugin, then in another. */
static void name_tables(struct shape *shape, bool version3)
{
	static const char *const tables[] = {
		"plugins.\"io.containerd.grpc.v1.cri\".containerd",
		"plugins.\"io.containerd.cri.v1.runtime\".containerd",
	};

	shape->table = tables[version3];
	snprintf(shape->prefix, sizeof(shape->prefix), "plugins" S "%s" S "containerd",
		 version3 ? "io.containerd.cri.v1.runtime" : "io.containerd.grpc.v1.cri");
}

/* |path|: the file as the host names it, which imports may be relative to. */
static int read_shape(const char *path, const struct og_text *text, struct shape *ret,
		      struct og_err *reterr)
{
	struct og_toml toml = toml_of(path, text);
	struct og_toml_item item;
	int r;

	*ret = (struct shape){ 0 };
	while ((r = og_toml_next(&toml, &item, reterr)) > 0)
		take_item(path, &toml, &item, ret);
	if (r < 0)
		return -1;
	name_tables(ret, ret->version == 3);
	return 0;
}

/* Whether there is a use in adding to it; to take out of it needs none of this. */
static int check_shape(const char *path, const struct shape *shape, struct og_err *reterr)
{
	if (shape->cri_off)
		return og_fail(reterr, OG_E_HOST,
			       "%s switches CRI off (disabled_plugins): nothing here reads "
			       "runtimes from containerd; for Docker say \"install docker\"",
			       path);
	if (shape->version == 1 || shape->version > 3)
		return og_fail(reterr, OG_E_HOST,
			       "%s is of version %u: only 2 and 3 are known; \"containerd config "
			       "migrate\" makes one of a newer version",
			       path, shape->version);
	return 0;
}

static const char *main_of(const struct og_setup *setup)
{
	return setup->config ? setup->config : CONFIG;
}

/* The main file; for a drop-in it says what to copy. */
static int read_main(const struct og_setup *setup, struct og_text *ret, struct shape *retshape,
		     struct og_err *reterr)
{
	og_auto_free char *data = NULL;
	char path[PATH_MAX];
	size_t len;

	*ret = (struct og_text){ 0 };
	if (og_setup_path(setup, main_of(setup), path, reterr) < 0 ||
	    og_file_read(AT_FDCWD, path, OG_CONF_MAX_BYTES, OG_FILE_MAY_MISS | OG_FILE_FOLLOW,
			 &data, &len, NULL, reterr) < 0)
		return -1;
	ret->there = data != NULL;
	if (len)
		og_buf_put(&ret->buf, data, len);
	if (ret->buf.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return read_shape(main_of(setup), ret, retshape, reterr);
}

/* To be removed is what was put there, whatever version and imports have become since. */
static bool is_drop_in(const struct og_setup *setup, const struct shape *shape)
{
	char path[PATH_MAX + sizeof("/" DROP_IN)];

	snprintf(path, sizeof(path), "%s%s/" DROP_IN, setup->root, shape->conf_d);
	return shape->conf_d[0] &&
	       (setup->removing ? access(path, F_OK) == 0 : shape->version == 3);
}

static int find(const struct og_setup *setup, char path[PATH_MAX], struct og_err *reterr)
{
	og_auto_text struct og_text text = { 0 };
	struct shape shape;
	int len;

	if (read_main(setup, &text, &shape, reterr) < 0)
		return -1;
	len = is_drop_in(setup, &shape) ? snprintf(path, PATH_MAX, "%s/" DROP_IN, shape.conf_d)
					: snprintf(path, PATH_MAX, "%s", main_of(setup));
	return len < PATH_MAX ? 0 : og_fail(reterr, OG_E_USAGE, "--config: too long");
}

/* ---- our tables ---- */

/* The values directly in |table|, as they are written, less the one that is ours. */
static int copy_values(const char *name, const struct og_text *text, const char *table,
		       const char *but, const char *indent, struct og_buf *out,
		       struct og_err *reterr)
{
	struct og_toml toml = toml_of(name, text);
	struct og_toml_item item;
	size_t len = strlen(table);
	int r;

	while ((r = og_toml_next(&toml, &item, reterr)) > 0) {
		const char *key = item.path + len + 1;

		if (item.kind != OG_TOML_VALUE || strncmp(item.path, table, len) != 0 ||
		    item.path[len] != S[0] || strchr(key, S[0]) || strcmp(key, but) == 0)
			continue;
		og_buf_printf(out, "%s%s = ", indent, key);
		og_buf_put(out, toml.text + item.value, item.value_end - item.value);
		og_buf_puts(out, "\n");
	}
	return r;
}

/* [….runtimes.ocigate] and its options, like runc's in |main|. */
static int put_runtime(const char *name, const struct shape *shape, const struct og_text *main,
		       const char *program, struct og_buf *out, struct og_err *reterr)
{
	char runc[512];

	snprintf(runc, sizeof(runc), "%s" S "runtimes" S "runc", shape->prefix);
	og_buf_printf(out, "[%s.runtimes.ocigate]\n  runtime_type = \"io.containerd.runc.v2\"\n",
		      shape->table);
	if (copy_values(name, main, runc, "runtime_type", "  ", out, reterr) < 0)
		return -1;
	og_buf_printf(out, "  [%s.runtimes.ocigate.options]\n    BinaryName = ", shape->table);
	og_buf_json(out, program);
	og_buf_puts(out, "\n");
	strncat(runc, S "options", sizeof(runc) - strlen(runc) - 1);
	return copy_values(name, main, runc, "BinaryName", "    ", out, reterr);
}

/* The key in the table of CRI's runtimes; |block| gets the table where there is none. */
static int put_default(const char *name, const struct shape *shape, struct og_text *text,
		       struct og_buf *block, struct og_err *reterr)
{
	og_auto_buf struct og_buf line = { 0 };
	struct found key, table;
	char path[512];

	snprintf(path, sizeof(path), "%s" S "default_runtime_name", shape->prefix);
	if (look(name, text, OG_TOML_VALUE, path, &key, reterr) < 0 ||
	    look(name, text, OG_TOML_TABLE, shape->prefix, &table, reterr) < 0)
		return -1;
	if (key.there) {
		og_buf_puts(&line, "\"ocigate\"");
		return og_text_splice(text, key.item.value, key.item.value_end - key.item.value,
				      &line, reterr);
	}
	if (!table.there) {
		og_buf_printf(block, "[%s]\n  default_runtime_name = \"ocigate\"\n", shape->table);
		return 0;
	}
	if (text->buf.data[table.item.end - 1] != '\n')
		og_buf_puts(&line, "\n");
	og_buf_puts(&line, "  default_runtime_name = \"ocigate\"\n");
	return og_text_splice(text, table.item.end, 0, &line, reterr);
}

/* Whether |text| says anything of a runtime, less those below |but| (a path, or NULL). */
static int has_runtimes(const char *name, const struct shape *shape, const struct og_text *text,
			const char *but, bool *ret, struct og_err *reterr)
{
	struct og_toml toml = toml_of(name, text);
	struct og_toml_item item;
	char path[512];
	int r;

	*ret = false;
	snprintf(path, sizeof(path), "%s" S "runtimes" S, shape->prefix);
	while ((r = og_toml_next(&toml, &item, reterr)) > 0)
		*ret = *ret || (strncmp(item.path, path, strlen(path)) == 0 &&
				!(but && is_below(&item, but)));
	return r;
}

/* A table cannot be added to where one of those above it is a value, { … }. */
static int check_tables(const char *name, const struct og_text *text, const char *ours,
			struct og_err *reterr)
{
	struct og_toml toml = toml_of(name, text);
	struct og_toml_item item;
	int r;

	while ((r = og_toml_next(&toml, &item, reterr)) > 0) {
		size_t len = strlen(item.path);

		if (item.kind != OG_TOML_TABLE && strncmp(ours, item.path, len) == 0 &&
		    (ours[len] == S[0] || !ours[len])) {
			unsigned line = 1;

			for (size_t i = 0; i < item.start; i++)
				line += toml.text[i] == '\n';
			og_fail(reterr, OG_E_HOST,
				"this is a value where tables are to be added: write it as "
				"[tables]");
			og_err_where(reterr, name, line, 1);
			return -1;
		}
	}
	return r;
}

/* ocigate is there by another hand: the program it names becomes ours. */
static int point_to_us(const char *name, const struct shape *shape, struct og_text *text,
		       const char *program, struct og_err *reterr)
{
	og_auto_buf struct og_buf value = { 0 };
	struct found key;
	char path[512];

	snprintf(path, sizeof(path), "%s" S "runtimes" S "ocigate" S "options" S "BinaryName",
		 shape->prefix);
	if (look(name, text, OG_TOML_VALUE, path, &key, reterr) < 0)
		return -1;
	if (!key.there)
		return og_fail(reterr, OG_E_HOST,
			       "%s has a runtime \"ocigate\" without BinaryName: remove it first",
			       name);
	og_buf_json(&value, program);
	return og_text_splice(text, key.item.value, key.item.value_end - key.item.value, &value,
			      reterr);
}

static int put_version(const struct shape *shape, struct og_text *text, struct og_buf *out)
{
	size_t len = text->buf.len;

	text->there = true;
	if (len && text->buf.data[len - 1] != '\n')
		og_buf_puts(&text->buf, "\n");
	if (shape->version == 0)
		og_buf_puts(&text->buf, "version = 2\n");
	og_buf_puts(out, text->buf.len ? "\n" BEGIN "\n" : BEGIN "\n");
	return 0;
}

/* |text|, the main file, with our tables at its end. */
static int add_to_file(const struct og_setup *setup, const char *name, const struct shape *shape,
		       struct og_text *text, struct og_err *reterr)
{
	og_auto_buf struct og_buf block = { 0 };
	struct found ours;
	char table[512];
	bool others;
	int r;

	snprintf(table, sizeof(table), "%s" S "runtimes" S "ocigate", shape->prefix);
	if (check_tables(name, text, table, reterr) < 0 ||
	    look(name, text, OG_TOML_TABLE, table, &ours, reterr) < 0 ||
	    has_runtimes(name, shape, text, NULL, &others, reterr) < 0)
		return -1;
	put_version(shape, text, &block);
	if (!others && shape->version < 3)
		og_buf_printf(&block, RUNC, shape->table);
	if (ours.there)
		r = point_to_us(name, shape, text, setup->ocigate, reterr);
	else
		r = put_runtime(name, shape, text, setup->ocigate, &block, reterr);
	if (r == 0 && setup->make_default)
		r = put_default(name, shape, text, &block, reterr);
	if (r < 0 || (ours.there && !strstr(block.data, "\n[")))
		return r; /* nothing of the block is needed */
	og_buf_put(&text->buf, block.data ? block.data : "", block.len);
	return text->buf.failed || block.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

static int add(const struct og_setup *setup, const char *name, const struct og_text *from,
	       struct og_text *ret, struct og_err *reterr)
{
	og_auto_text struct og_text main = { 0 };
	struct shape shape;

	*ret = (struct og_text){ 0 };
	if (read_main(setup, &main, &shape, reterr) < 0 ||
	    check_shape(main_of(setup), &shape, reterr) < 0)
		return -1;
	if (!is_drop_in(setup, &shape)) /* of the text without us, which may have less in it */
		return og_text_copy(from, ret, reterr) < 0 ||
				       read_shape(name, from, &shape, reterr) < 0
			       ? -1
			       : add_to_file(setup, name, &shape, ret, reterr);
	ret->there = true;
	og_buf_puts(&ret->buf, BEGIN "\nversion = 3\n");
	if (setup->make_default)
		og_buf_printf(&ret->buf, "[%s]\n  default_runtime_name = \"ocigate\"\n",
			      shape.table);
	if (put_runtime(name, &shape, &main, setup->ocigate, &ret->buf, reterr) < 0)
		return -1;
	return ret->buf.failed ? og_fail(reterr, OG_E_NOMEM, "out of memory") : 0;
}

/* ---- and out again ---- */

static int drop_tables(const char *name, const char *table, struct og_text *text,
		       struct og_err *reterr)
{
	struct og_toml toml = toml_of(name, text);
	og_auto_buf struct og_buf out = { 0 };
	struct og_toml_item item;
	size_t kept = 0;
	int r;

	while ((r = og_toml_next(&toml, &item, reterr)) > 0) {
		if (!is_below(&item, table))
			continue;
		og_buf_put(&out, toml.text + kept, item.start - kept);
		kept = item.end;
	}
	if (r < 0)
		return -1;
	og_buf_put(&out, toml.text + kept, toml.len - kept);
	return og_text_splice(text, 0, text->buf.len, &out, reterr);
}

static int drop_text(const char *ours, struct og_text *text, struct og_err *reterr)
{
	static const struct og_buf nothing = { 0 };
	const char *at = text->buf.len ? strstr(text->buf.data, ours) : NULL;

	return at ? og_text_splice(text, (size_t)(at - text->buf.data), strlen(ours), &nothing,
				   reterr)
		  : 0;
}

/* The runc that we wrote, unless there are others now, for which it is as needed. */
static int drop_runc(const char *name, const struct shape *shape, struct og_text *text,
		     struct og_err *reterr)
{
	char ours[512], runc[512];
	bool others;

	snprintf(ours, sizeof(ours), RUNC, shape->table);
	snprintf(runc, sizeof(runc), "%s" S "runtimes" S "runc", shape->prefix);
	if (has_runtimes(name, shape, text, runc, &others, reterr) < 0)
		return -1;
	return others ? 0 : drop_text(ours, text, reterr);
}

/* The default as it was before us, or none. */
static int earlier_default(const struct og_conf *conf, const struct shape *shape,
			   struct og_text *text, struct og_err *reterr)
{
	og_auto_buf struct og_buf value = { 0 };
	struct found now, before = { 0 };
	char path[512];

	snprintf(path, sizeof(path), "%s" S "default_runtime_name", shape->prefix);
	if (look(conf->path, text, OG_TOML_VALUE, path, &now, reterr) < 0 ||
	    look(conf->path, &conf->before, OG_TOML_VALUE, path, &before, reterr) < 0)
		return -1;
	if (!now.there ||
	    !holds(text->buf.data + now.item.value, now.item.value_end - now.item.value, "ocigate"))
		return 0;
	if (!before.there)
		return og_text_splice(text, now.item.start, now.item.end - now.item.start, &value,
				      reterr);
	og_buf_put(&value, conf->before.buf.data + before.item.value,
		   before.item.value_end - before.item.value);
	return og_text_splice(text, now.item.value, now.item.value_end - now.item.value, &value,
			      reterr);
}

/* What is ours below one version's tables. */
static int strip_tables(const struct og_conf *conf, const struct shape *shape, struct og_text *text,
			struct og_err *reterr)
{
	char table[512];

	snprintf(table, sizeof(table), "%s" S "runtimes" S "ocigate", shape->prefix);
	return drop_tables(conf->path, table, text, reterr) < 0 ||
			       drop_runc(conf->path, shape, text, reterr) < 0 ||
			       earlier_default(conf, shape, text, reterr) < 0
		       ? -1
		       : 0;
}

static int strip(const struct og_setup *setup, const struct og_conf *conf, struct og_text *ret,
		 struct og_err *reterr)
{
	og_auto_text struct og_text main = { 0 };
	struct shape shape;

	*ret = (struct og_text){ 0 };
	if (read_main(setup, &main, &shape, reterr) < 0)
		return -1;
	if (is_drop_in(setup, &shape) || !conf->now.there) /* the whole file is ours */
		return 0;
	if (og_text_copy(&conf->now, ret, reterr) < 0 || drop_text(BEGIN "\n", ret, reterr) < 0)
		return -1;
	for (int version3 = 0; version3 < 2; version3++) {
		name_tables(&shape, version3);
		if (strip_tables(conf, &shape, ret, reterr) < 0)
			return -1;
	}
	return 0;
}

static bool is_default(const struct og_text *text)
{
	struct og_toml toml = toml_of("config.toml", text);
	struct og_err ignored = { 0 };
	struct og_toml_item item;

	while (og_toml_next(&toml, &item, &ignored) > 0) {
		const char *key = strrchr(item.path, S[0]);

		if (item.kind == OG_TOML_VALUE && key &&
		    strcmp(key + 1, "default_runtime_name") == 0)
			return holds(toml.text + item.value, item.value_end - item.value,
				     "ocigate");
	}
	return false;
}

static int apply(const struct og_setup *setup, struct og_conf *conf, const struct og_text *final,
		 struct og_err *reterr)
{
	if (og_conf_put(conf, final, reterr) < 0)
		return -1;
	printf("containerd reads it when it starts: run \"systemctl restart containerd\"; "
	       "containers keep running\n");
	if (!setup->removing && !setup->make_default)
		printf("a RuntimeClass with the handler \"ocigate\" chooses it for pods\n");
	return 0;
}

const struct og_engine_setup og_setup_containerd = {
	.name = "containerd",
	.find = find,
	.add = add,
	.strip = strip,
	.is_default = is_default,
	.apply = apply,
};
