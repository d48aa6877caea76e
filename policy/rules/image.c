/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image: where the image came from, by the engine's record. A repository counts
 * when the engine recorded it with a digest, that is when a registry of that
 * name has handed the image out; what a user typed, or tagged, proves nothing
 * and can only speak against the launch.
 *
 * deny is a sign on the door: one registry has many names, and an image that was
 * loaded from a file has none. What holds is allow.
 *
 * Whether its health is checked is said by the image, or in its place on the
 * engine's command line.
 */
#include "ocigate/rule.h"

#include <ctype.h>
#include <string.h>

#include "ocigate/buf.h"
#include "policy/glob.h"
#include "policy/rules_table.h"

#define SHA256 "sha256:"

/* Docker shows that many digits of an id. Fewer may as well be a name. */
#define ID_MIN 12

/* ---- references: [HOST/]PATH[:TAG][@DIGEST] ---- */

struct reference {
	const char *name, *tag, *digest; /* NULL: it has none */
	size_t name_len;
};

static struct reference split(const char *text)
{
	struct reference ref = { .name = text, .name_len = strcspn(text, "@") };

	if (text[ref.name_len])
		ref.digest = text + ref.name_len + 1;
	for (size_t i = ref.name_len; i > 0 && text[i - 1] != '/'; i--) {
		if (text[i - 1] != ':')
			continue;
		ref.tag = text + i;
		ref.name_len = i - 1;
		break;
	}
	return ref;
}

/* docker.io/library/nginx is nginx, as Docker records it; in lower case, as hosts are. */
static void put_short(struct og_buf *out, const struct reference *ref)
{
	static const char *const prefixes[] = { "index.docker.io/", "docker.io/", "library/" };
	const char *name = ref->name, *end = ref->name + ref->name_len;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncasecmp(name, prefixes[i], strlen(prefixes[i])))
			name += strlen(prefixes[i]);
	for (; name < end; name++)
		og_buf_put(out, (char[]){ (char)tolower((unsigned char)*name) }, 1);
}

/* What stands before the first slash is a host only with a dot or a colon, or as this name. */
static bool has_host(const char *text, size_t len)
{
	static const char local[] = "localhost";

	return memchr(text, '.', len) || memchr(text, ':', len) ||
	       (len == strlen(local) && !memcmp(text, local, len));
}

/* The short name |text| with its host. */
static void put_full(struct og_buf *out, const char *text)
{
	size_t len = strcspn(text, "/");

	if (!text[len])
		og_buf_puts(out, "docker.io/library/");
	else if (!has_host(text, len))
		og_buf_puts(out, "docker.io/");
	og_buf_puts(out, text);
}

/* An entry names a repository, short or in full, alone or with a digest. */
static bool entry_matches(const char *glob, struct og_buf names[2], const char *digest)
{
	for (size_t i = 0; i < 2; i++) {
		size_t len = names[i].len;
		bool found = og_glob_text(glob, names[i].data);

		if (!found && digest) {
			og_buf_puts(&names[i], "@");
			og_buf_puts(&names[i], digest);
			found = !names[i].failed && og_glob_text(glob, names[i].data);
		}
		if (names[i].failed)
			return false;
		names[i].len = len;
		names[i].data[len] = '\0';
		if (found)
			return true;
	}
	return false;
}

/*
 * The entry of the list |option| that matches the reference |text|, in *ret;
 * NULL: none. -1: out of memory.
 */
static int find_entry(const struct og_pass *pass, enum og_option option, const char *text,
		      const struct og_item **ret)
{
	const struct og_list *list = og_opt_list(pass, option);
	const struct reference ref = split(text);
	struct og_buf names[2] = { { 0 }, { 0 } };
	bool failed;

	*ret = NULL;
	put_short(&names[0], &ref);
	og_buf_puts(&names[0], "");
	put_full(&names[1], names[0].data ?: "");
	for (size_t i = 0; !names[0].failed && !names[1].failed && i < list->n && !*ret; i++)
		if (entry_matches(list->items[i].text, names, ref.digest))
			*ret = &list->items[i];
	failed = names[0].failed || names[1].failed;
	og_buf_release(&names[0]);
	og_buf_release(&names[1]);
	return failed ? -1 : 0;
}

/* ---- what the policy asks ---- */

static const char *shown(const struct og_facts *facts)
{
	return facts->image ?: facts->image_id ?: "(none)";
}

/* What cannot be established: |what| is missing. */
static int judge_unknown(struct og_pass *pass, const char *what)
{
	if (og_opt_is(pass, OG_OPT_image_unknown, "audit"))
		return og_note(pass, NULL, "the engine's record of %s cannot be read", what);
	return og_reject_at(pass, "", "the engine's record of %s cannot be read", what);
}

/* The repositories that the engine recorded, and the one that the user named. */
static int check_deny(struct og_pass *pass, const struct og_facts *facts, bool *denied)
{
	const struct og_item *entry = NULL;

	if (facts->image && find_entry(pass, OG_OPT_image_deny, facts->image, &entry) < 0)
		return -1;
	for (size_t i = 0; !entry && i < facts->nimage_digests; i++)
		if (find_entry(pass, OG_OPT_image_deny, facts->image_digests[i], &entry) < 0)
			return -1;
	*denied = entry != NULL;
	if (!entry)
		return 0;
	og_because(pass, entry);
	return og_reject_at(pass, "", "the image %s is from %s, which is denied: use another",
			    OG_Q(shown(facts)), OG_Q(entry->text));
}

/*
 * No registry is on record: built here, loaded from a file, or kept where the
 * record cannot be read (Docker's containerd image store). With a list in allow,
 * "allow" does not mean these: they are on no list.
 */
static int check_local(struct og_pass *pass, const struct og_facts *facts)
{
	const char *local = og_opt_str(pass, OG_OPT_image_local);

	if (!strcmp(local, "audit"))
		return og_note(pass, NULL, "no repository is recorded for the image %s",
			       OG_Q(shown(facts)));
	if (!strcmp(local, "allow") && og_opt_list(pass, OG_OPT_image_allow)->n == 0)
		return 0;
	return og_reject_at(pass, "",
			    "no repository is recorded for the image %s: pull it from a registry",
			    OG_Q(shown(facts)));
}

/* One repository of the list suffices: the others have handed out the same bytes. */
static int check_allow(struct og_pass *pass, const struct og_facts *facts)
{
	const struct og_item *entry = NULL;

	if (facts->nimage_digests == 0)
		return check_local(pass, facts);
	if (og_opt_list(pass, OG_OPT_image_allow)->n == 0)
		return 0;
	for (size_t i = 0; !entry && i < facts->nimage_digests; i++)
		if (find_entry(pass, OG_OPT_image_allow, facts->image_digests[i], &entry) < 0)
			return -1;
	if (entry)
		return 0;
	return og_reject_at(pass, "",
			    "the image %s was pulled from %s, which is not on the list: use one "
			    "from %s",
			    OG_Q(shown(facts)), OG_Q(facts->image_digests[0]),
			    OG_Q(og_opt_list(pass, OG_OPT_image_allow)->items[0].text));
}

/* "docker run 4f5a…": the id itself, or enough of its beginning. */
static bool is_id(const struct og_facts *facts)
{
	const char *text = facts->image, *id = facts->image_id;
	size_t skip = strlen(SHA256), len;

	if (!strncmp(text, SHA256, skip))
		text += skip;
	len = strlen(text);
	if (len < ID_MIN || strspn(text, "0123456789abcdef") != len)
		return false;
	/* engines of Kubernetes put the whole id into the reference, and nowhere else */
	if (!id)
		return text != facts->image && len == 64;
	return !strncmp(id, SHA256, skip) && !strncmp(id + skip, text, len);
}

static bool is_pinned(const struct og_facts *facts)
{
	return strstr(facts->image, "@" SHA256) || is_id(facts);
}

static int check_reference(struct og_pass *pass, const struct og_facts *facts)
{
	const bool pinned = og_opt_bool(pass, OG_OPT_image_pinned);
	struct reference ref;

	if (!pinned && !og_opt_bool(pass, OG_OPT_image_tag))
		return 0;
	if (!facts->image || !*facts->image)
		return judge_unknown(pass, "the image's name");
	if (is_pinned(facts))
		return 0;
	if (pinned)
		return og_reject_at(pass, "",
				    "the image %s is not pinned: write REPOSITORY@sha256:DIGEST",
				    OG_Q(facts->image));
	ref = split(facts->image);
	if (ref.tag && strcmp(ref.tag, "latest"))
		return 0;
	return og_reject_at(pass, "", "the image %s %s: name the version that you mean",
			    OG_Q(facts->image), ref.tag ? "has the tag \"latest\"" : "has no tag");
}

/* Only of a record that says so: the other engines keep theirs elsewhere. */
static int check_health(struct og_pass *pass, const struct og_facts *facts)
{
	if (!og_opt_bool(pass, OG_OPT_image_health) || facts->health_known != OG_KNOWN ||
	    facts->health_checked)
		return 0;
	return og_note(pass, NULL,
		       "nothing checks the container's health: give the image a HEALTHCHECK, or "
		       "the command --health-cmd");
}

/* Whether any option asks for more than that a container has an image. */
static bool asks(const struct og_pass *pass)
{
	const char *local = og_opt_str(pass, OG_OPT_image_local);

	return og_opt_list(pass, OG_OPT_image_allow)->n ||
	       og_opt_list(pass, OG_OPT_image_deny)->n || og_opt_bool(pass, OG_OPT_image_tag) ||
	       og_opt_bool(pass, OG_OPT_image_pinned) || strcmp(local, "allow") != 0;
}

/*
 * What is launched without an image, by who launches it: bundles and plugins are
 * their makers', a step of a build runs what the builder has pulled. Nothing can
 * be said of them here, with a list in allow neither.
 */
static bool has_no_images(enum og_engine engine)
{
	return engine == OG_ENGINE_NONE || engine == OG_ENGINE_DOCKER_BUILD ||
	       engine == OG_ENGINE_DOCKER_PLUGIN || engine == OG_ENGINE_BUILDAH;
}

int og_rule_image(struct og_pass *pass)
{
	const struct og_facts *facts = og_facts(pass);
	bool denied;

	if (check_health(pass, facts) < 0)
		return -1;
	if (!asks(pass) || (facts->image_known == OG_NONE && has_no_images(facts->engine)))
		return 0;
	if (facts->image_known == OG_UNKNOWN)
		return judge_unknown(pass, "the image");
	/* a container of an engine, made without an image: its files came by hand */
	if (facts->image_known == OG_NONE)
		return check_local(pass, facts);
	if (check_deny(pass, facts, &denied) < 0)
		return -1;
	if (denied)
		return 0;
	og_because(pass, NULL);
	if (check_allow(pass, facts) < 0)
		return -1;
	return check_reference(pass, facts);
}
