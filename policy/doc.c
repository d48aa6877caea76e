/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to span tree, over yajl's callbacks: the only file that knows yajl.
 * yajl checks the grammar and UTF-8 and decodes strings; depth, size, duplicate
 * keys, NUL and surrogates are checked here, because it lets them pass.
 */
#include "ocigate/doc.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "doc_node.h"
#include "ocigate/buf.h"

struct parse {
	struct og_doc *doc;
	struct og_source_text *src;
	yajl_handle yajl;
	struct og_node *root, *open; /* open: the innermost container not yet closed */
	unsigned depth;		     /* of |open| */
	size_t pos;		     /* end of the last token */
	const char *key;	     /* decoded, waiting for its value */
	size_t key_start;
	struct og_chunk *scratch; /* yajl's memory */
	jmp_buf nomem;
	struct og_err *reterr;
};

/*
 * yajl does not look at what malloc returns, so it is never given NULL: the
 * parse is left by longjmp, and everything yajl held dies with |scratch|.
 */
struct block {
	size_t size;
	_Alignas(16) char data[];
};

static void *yajl_get(void *ctx, size_t size)
{
	struct parse *p = ctx;
	struct block *block = og_chunk_get(&p->scratch, sizeof(*block) + size);

	if (!block)
		longjmp(p->nomem, 1);
	block->size = size;
	return block->data;
}

static void *yajl_grow(void *ctx, void *old, size_t size)
{
	void *mem = yajl_get(ctx, size);

	if (old) {
		const struct block *block = (const void *)((const char *)old -
							   offsetof(struct block, data));

		memcpy(mem, old, block->size < size ? block->size : size);
	}
	return mem;
}

static void yajl_put(void *ctx __attribute__((unused)), void *mem __attribute__((unused)))
{
}

/* Fails at |offset|. Returns 0, which makes yajl stop. */
static int stop(struct parse *p, size_t offset, const char *why)
{
	unsigned line = 0, col = 0;

	og_fail(p->reterr, p->doc->flags & OG_DOC_COMMENTS ? OG_E_POLICY : OG_E_CONFIG, "%s", why);
	if (p->src->lines)
		og_text_place(p->src, offset, &line, &col);
	og_err_where(p->reterr, p->doc->name, line, col);
	return 0;
}

static int stop_nomem(struct parse *p)
{
	og_fail(p->reterr, OG_E_NOMEM, "out of memory");
	return 0;
}

static bool is_between(char c)
{
	static const bool set[UCHAR_MAX + 1] = { [' '] = true,	['\t'] = true, ['\n'] = true,
						 ['\r'] = true, [','] = true,  [':'] = true };

	return set[(unsigned char)c];
}

/* Behind the comment that begins with the '/' at |s|; |s|: there is none, or it does not end. */
static const char *skip_comment(const char *s)
{
	const char *end = s[1] == '/' ? strchr(s, '\n') : s[1] == '*' ? strstr(s + 2, "*/") : NULL;

	return !end ? s : s[1] == '/' ? end : end + 2;
}

/*
 * The end of what stands between two tokens: blanks, ',', ':', comments. A call would
 * cost a launch one and a half per cent of its instructions.
 */
static inline size_t skip_between(const struct parse *p, size_t pos)
{
	const char *s = p->src->text + pos, *behind = NULL;

	while (s != behind) {
		while (is_between(*s))
			s++;
		behind = s;
		if (*s == '/' && p->doc->flags & OG_DOC_COMMENTS)
			s = skip_comment(s);
	}
	return (size_t)(s - p->src->text);
}

/* |set| is a bracket, a quote, or what a value of some kind begins or ends with. */
static bool is_one_of(const char *set, char c)
{
	do
		if (*set == c)
			return true;
	while (*++set);
	return false;
}

/* The span of the token that yajl has just delivered; 0 when it cannot be right. */
static int take_span(struct parse *p, const char *starts, const char *ends, size_t *start,
		     size_t *end)
{
	const char *s = p->src->text;

	*start = skip_between(p, p->pos);
	*end = yajl_get_bytes_consumed(p->yajl);
	if (*start >= *end || *end > p->src->len || !is_one_of(starts, s[*start]) ||
	    !is_one_of(ends, s[*end - 1])) {
		og_fail(p->reterr, OG_E_BUG, "a token's span is wrong at byte %zu", p->pos);
		return 0;
	}
	p->pos = *end;
	return 1;
}

/*
 * The decoded |text| of the token, which is looked at. Without an escape in it, that
 * is what stands between the quotes: each escape is longer than what it stands for.
 */
static const char *take_string(struct parse *p, size_t start, size_t end, const unsigned char *text,
			       size_t len)
{
	bool escaped = len != end - start - 2;
	const char *flaw = NULL;
	char *copy;
	size_t at;

	if (escaped || !p->src->ascii)
		flaw = og_text_flaw(p->src, start, end, escaped, &at);
	if (flaw) {
		stop(p, at, flaw);
		return NULL;
	}
	if (!escaped) {
		p->src->strings[end - 1] = '\0';
		return p->src->strings + start + 1;
	}
	copy = og_chunk_get(&p->doc->chunks, len + 1);
	if (!copy) {
		stop_nomem(p);
		return NULL;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* A new node with the waiting key, linked below the open container. */
static struct og_node *new_node(struct parse *p, enum og_type type, size_t start, size_t end)
{
	struct og_node *node, *parent = p->open;

	if (p->doc->nodes >= OG_DOC_MAX_NODES) {
		stop(p, start, "too many values (the limit is 1000000)");
		return NULL;
	}
	node = og_chunk_get(&p->doc->chunks, sizeof(*node));
	if (!node) {
		stop_nomem(p);
		return NULL;
	}
	memset(node, 0, sizeof(*node)); /* a literal would be built elsewhere, and copied */
	node->src = p->src;
	node->parent = parent;
	node->key = og_steal(p->key);
	node->start = (uint32_t)start;
	node->end = (uint32_t)end;
	node->key_start = (uint32_t)p->key_start;
	node->order = p->doc->nodes++;
	node->type = type;
	if (!parent) {
		p->root = node;
		return node;
	}
	if (parent->type == OG_ARRAY)
		node->index = parent->count;
	og_node_append(parent, node);
	return node;
}

static int leaf(struct parse *p, enum og_type type, const char *starts, const char *ends)
{
	size_t start, end;

	return take_span(p, starts, ends, &start, &end) && new_node(p, type, start, end);
}

static int on_null(void *ctx)
{
	return leaf(ctx, OG_NULL, "n", "l");
}

static int on_bool(void *ctx, int value)
{
	return leaf(ctx, OG_BOOL, value ? "t" : "f", "e");
}

static int on_number(void *ctx, const char *text __attribute__((unused)),
		     size_t len __attribute__((unused)))
{
	return leaf(ctx, OG_NUMBER, "-0123456789", "0123456789");
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	struct parse *p = ctx;
	size_t start, end;
	const char *str;
	struct og_node *node;

	if (!take_span(p, "\"", "\"", &start, &end))
		return 0;
	str = take_string(p, start, end, text, len);
	node = str ? new_node(p, OG_STRING, start, end) : NULL;
	if (!node)
		return 0;
	node->str = str;
	return 1;
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct parse *p = ctx;
	size_t end;

	if (!take_span(p, "\"", "\"", &p->key_start, &end))
		return 0;
	p->key = take_string(p, p->key_start, end, text, len);
	return p->key != NULL;
}

static int open_container(struct parse *p, enum og_type type, const char *bracket)
{
	size_t start, end;
	struct og_node *node;

	if (!take_span(p, bracket, bracket, &start, &end))
		return 0;
	if (++p->depth > OG_DOC_MAX_DEPTH)
		return stop(p, start, "nested too deeply (the limit is 64 levels)");
	node = new_node(p, type, start, end);
	if (!node)
		return 0;
	p->open = node;
	return 1;
}

static int close_container(struct parse *p, const char *bracket)
{
	struct og_node *node = p->open;
	size_t start, end;

	if (!take_span(p, bracket, bracket, &start, &end))
		return 0;
	node->end = (uint32_t)end;
	p->open = node->parent;
	p->depth--;
	return 1;
}

static int on_map(void *ctx)
{
	return open_container(ctx, OG_OBJECT, "{");
}

static int on_array(void *ctx)
{
	return open_container(ctx, OG_ARRAY, "[");
}

static int on_array_end(void *ctx)
{
	return close_container(ctx, "]");
}

static int on_map_end(void *ctx)
{
	struct parse *p = ctx;
	bool failed = false;
	const struct og_node *twice = p->doc->flags & OG_DOC_TWICE
					      ? NULL
					      : og_text_twice(p->open, &failed);
	char why[OG_QUOTED + 64];

	if (failed)
		return stop_nomem(p);
	if (twice) {
		snprintf(why, sizeof(why), "the key %s stands twice in one object",
			 OG_Q(twice->key));
		return stop(p, twice->key_start, why);
	}
	return close_container(p, "}");
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_map_key = on_key,
	.yajl_start_map = on_map,
	.yajl_end_map = on_map_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

/* What to do about a syntax error at |at|, of which yajl says |why| in its own words. */
static const char *advice(const struct parse *p, size_t at, const char *why)
{
	static const struct {
		const char *yajl, *ours;
	} words[] = {
		{ "premature EOF", "the text ends here, and something is still open: a bracket, a "
				   "brace or a string" },
		{ "invalid object key", "a key in double quotes is expected" },
		{ "invalid char in json",
		  "this begins no JSON value: text stands in double quotes; "
		  "else only numbers, true, false and null" },
		{ "invalid character inside",
		  "a string ends on its line, with a double quote: write "
		  "\\n or \\t for what stands here" },
		{ "trailing garbage", "the text goes on after its end: take this away" },
		{ "after key and value", "a comma or } is expected" },
		{ "after array element", "a comma or ] is expected" },
		{ "unallowed token", "a value is expected" },
	};
	const char *text = p->src->text + at;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark: save the file as UTF-8 without it";
	if (p->doc->flags & OG_DOC_COMMENTS && strncmp(text, "/*", 2) == 0)
		return "a comment without its end";
	if ((*text == '}' && strncmp(why, "invalid object key", 18) == 0) ||
	    (*text == ']' && strncmp(why, "unallowed token", 15) == 0))
		return "nothing follows the last comma: take that comma away";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(why, words[i].yajl, strlen(words[i].yajl)) == 0)
			return words[i].ours;
	return why;
}

/* A syntax error, as one line. */
static int stop_syntax(struct parse *p)
{
	size_t at = skip_between(p, p->pos); /* the first token that was not taken */
	char *why = (char *)yajl_get_error(p->yajl, 0, (unsigned char *)p->src->text, p->src->len);

	if (at > p->src->len)
		at = p->src->len;
	why[strcspn(why, "\n")] = '\0';
	why = strncmp(why, "lexical error: ", 15) == 0 ? why + 15
	      : strncmp(why, "parse error: ", 13) == 0 ? why + 13
						       : why;
	stop(p, at, advice(p, at, why));
	return -1;
}

static int run_yajl(struct parse *p)
{
	yajl_alloc_funcs funcs = { yajl_get, yajl_grow, yajl_put, p };
	yajl_status status;
	size_t at;

	if (setjmp(p->nomem)) {
		stop_nomem(p);
		return -1;
	}
	p->yajl = yajl_alloc(&callbacks, &funcs, p);
	yajl_config(p->yajl, yajl_allow_comments, (p->doc->flags & OG_DOC_COMMENTS) != 0);
	yajl_config(p->yajl, yajl_dont_validate_strings, p->src->ascii);
	status = yajl_parse(p->yajl, (const unsigned char *)p->src->text,
			    p->src->len + (p->src->text == p->src->ours)); /* its newline too */
	if (status == yajl_status_ok)
		status = yajl_complete_parse(p->yajl);
	if (status == yajl_status_client_canceled)
		return og_fail(p->reterr, OG_E_BUG, "parsing was cancelled without a reason");
	if (status != yajl_status_ok)
		return stop_syntax(p);
	/*
	 * What yajl lets pass behind the value: it takes the end of the text for the end of a
	 * comment, and does not ask for the end of a string that begins there.
	 */
	if (p->root && skip_between(p, p->pos) < p->src->len) {
		at = skip_between(p, p->pos);
		stop(p, at, advice(p, at, "trailing garbage"));
		return -1;
	}
	return p->root ? 0 : og_fail(p->reterr, OG_E_BUG, "parsing gave no value");
}

/* With room for what yajl needs for most documents: the stack's memory is there already. */
static int parse(struct parse *p)
{
	union {
		struct og_chunk chunk;
		char memory[6144];
	} room;

	room.chunk.next = NULL;
	room.chunk.used = 0;
	room.chunk.size = sizeof(room) - offsetof(struct og_chunk, data);
	p->scratch = &room.chunk;
	if (run_yajl(p) < 0)
		p->root = NULL;
	for (struct og_chunk *chunk = p->scratch, *next; chunk; chunk = next) {
		next = chunk->next;
		if (chunk != &room.chunk)
			free(chunk);
	}
	p->scratch = NULL;
	return p->root ? 0 : -1;
}

static int check_input(struct parse *p)
{
	size_t at = og_text_foreign(p->src);

	if (p->src->len == 0)
		stop(p, 0, "the file is empty");
	else if (at < p->src->len)
		stop(p, at, p->src->text[at] ? "a control character" : "a NUL byte");
	return p->src->len == 0 || at < p->src->len ? -1 : 0;
}

int og_doc_parse_into(struct og_doc *doc, const char *json, size_t len, unsigned depth,
		      struct og_node **ret, struct og_err *reterr)
{
	struct parse p = { .doc = doc, .depth = depth, .reterr = reterr };
	bool first = !doc->sources;

	p.src = og_text_add(doc, json, len);
	if (!p.src)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	if (first && og_text_index(p.src, reterr) < 0)
		return -1;
	if (check_input(&p) < 0)
		return -1;
	/* most documents need eight times their size */
	if (first)
		og_chunk_start(&doc->chunks, 8 * len + 1024);
	if (parse(&p) < 0)
		return -1;
	*ret = p.root;
	return 0;
}

struct og_node *og_doc_take(struct og_doc *doc, const char *json, size_t len, struct og_err *reterr)
{
	struct parse p = { .doc = doc, .reterr = reterr };

	p.src = og_text_add(doc, json, len);
	if (!p.src) {
		og_fail(reterr, OG_E_NOMEM, "out of memory");
		return NULL;
	}
	return new_node(&p, json[0] == '{' ? OG_OBJECT : OG_ARRAY, 0, len);
}

int og_doc_parse(const char *name, const char *text, size_t len, unsigned flags,
		 struct og_doc **ret, struct og_err *reterr)
{
	struct og_doc *doc;

	if (len > OG_DOC_MAX_BYTES) {
		og_fail(reterr, OG_E_CONFIG, "larger than %zu MiB", OG_DOC_MAX_BYTES >> 20);
		og_err_where(reterr, name, 0, 0);
		return -1;
	}
	doc = calloc(1, sizeof(*doc));
	if (!doc)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	doc->flags = flags;
	doc->name = strdup(name);
	if (!doc->name) {
		og_doc_free(doc);
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	}
	if (og_doc_parse_into(doc, text, len, 0, &doc->root, reterr) < 0) {
		og_doc_free(doc);
		return -1;
	}
	*ret = doc;
	return 0;
}

void og_doc_free(struct og_doc *doc)
{
	if (!doc)
		return;
	while (doc->sources) {
		struct og_source_text *next = doc->sources->next;

		free(doc->sources->lines);
		free(doc->sources->ours);
		free(doc->sources);
		doc->sources = next;
	}
	og_chunks_free(doc->chunks);
	free(doc->name);
	free(doc);
}
