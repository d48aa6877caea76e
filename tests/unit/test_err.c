/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors and quoted text: no byte that a terminal obeys and no phrase that an
 * engine derives an exit status from, wherever they come from; and JSON that is
 * valid whatever bytes go in.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocigate/buf.h"
#include "ocigate/err.h"

/* ---- system errors ---- */

static const char *const phrases[] = { "permission denied", "no such file or directory",
				       "executable file not found", "not a directory" };

Test(err, no_system_error_has_a_phrase_of_the_engines)
{
	for (int number = 0; number < 200; number++) {
		struct og_err err = { 0 };

		cr_assert(eq(int, og_fail_sys(&err, number, "open %s", "\"/x\""), -1));
		cr_expect(eq(int, err.code, OG_E_SYS));
		cr_expect(eq(int, err.sys_errno, number));
		cr_expect(strncmp(err.msg, "open \"/x\": ", 11) == 0 && err.msg[11], "%s", err.msg);
		for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
			cr_expect(strcasestr(err.msg, phrases[i]) == NULL, "%s", err.msg);
	}
}

Test(err, the_usual_ones_say_what_they_are)
{
	static const struct {
		int number;
		const char *text;
	} rows[] = {
		{ EPERM, "x: operation not permitted (EPERM)" },
		{ ENOENT, "x: does not exist (ENOENT)" },
		{ EACCES, "x: access denied (EACCES)" },
		{ ENOTDIR, "x: a component is no directory (ENOTDIR)" },
		{ EIO, "x: Input/output error" },
		{ 4000, "x: unknown error" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct og_err err = { 0 };

		og_fail_sys(&err, rows[i].number, "x");
		cr_expect(eq(str, err.msg, (char *)rows[i].text));
	}
}

Test(err, the_first_error_stays)
{
	struct og_err err = { 0 };

	og_fail(&err, OG_E_POLICY, "first");
	og_fail_sys(&err, EIO, "second");
	cr_expect(eq(str, err.msg, "first"));
	cr_expect(eq(int, err.code, OG_E_POLICY));
	cr_expect(eq(int, err.sys_errno, 0));
}

Test(err, a_message_that_fills_its_room_is_cut)
{
	struct og_err err = { 0 };
	char name[2 * sizeof(err.msg)];

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	og_fail_sys(&err, EIO, "open %s", name);
	cr_expect(eq(sz, strlen(err.msg), sizeof(err.msg) - 1));
	cr_expect(strchr(err.msg, ':') == NULL);
}

Test(err, a_long_place_is_cut_and_the_nearest_stays)
{
	struct og_err err = { 0 };
	char where[2 * sizeof(err.where)];

	memset(where, 'w', sizeof(where));
	where[sizeof(where) - 1] = '\0';
	og_fail(&err, OG_E_POLICY, "x");
	og_err_where(&err, where, 3, 4);
	cr_expect(eq(sz, strlen(err.where), sizeof(err.where) - 1));
	cr_expect(eq(str, err.where + sizeof(err.where) - 4, "..."));
	og_err_where(&err, "other", 5, 6);
	cr_expect(eq(chr, err.where[0], 'w'));
	cr_expect(eq(uint, err.line, 3));
}

Test(err, a_place_as_text)
{
	static const struct {
		const char *where;
		unsigned line;
		const char *otherwise, *text;
	} cases[] = { { "f", 3, "g", "f:3:7: " }, { "f", 0, "g", "f: " }, { "", 3, "g", "g:3:7: " },
		      { "", 0, "g", "g: " },	  { "", 3, "", "" },	  { "", 0, "", "" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct og_err err = { .line = cases[i].line, .col = 7 };

		snprintf(err.where, sizeof(err.where), "%s", cases[i].where);
		cr_expect_str_eq(OG_PLACE(&err, cases[i].otherwise), cases[i].text);
	}
}

Test(err, a_place_is_quoted_if_it_must_be)
{
	struct og_err plain = { 0 }, phrase = { 0 }, control = { 0 };

	og_err_where(&plain, "/srv/a b/config.json", 0, 0);
	cr_expect(eq(str, plain.where, "/srv/a b/config.json"));
	og_err_where(&phrase, "/srv/No such file or directory", 0, 0);
	cr_expect(eq(str, phrase.where, "\"/srv/\\x4eo such file or directory\""));
	og_err_where(&control, "/srv/\x1b[31m", 0, 0);
	cr_expect(eq(str, control.where, "\"/srv/\\x1b[31m\""));
}

/* ---- quoting ---- */

Test(err, quoted_text_obeys_nothing)
{
	static const struct {
		const char *text, *quoted;
	} rows[] = {
		{ "", "\"\"" },
		{ "a b/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"a b/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "a\"b\\c", "\"a\\x22b\\x5cc\"" },
		{ "\n\t\x1b[31m\x7f", "\"\\x0a\\x09\\x1b[31m\\x7f\"" },
		/* C1 controls, which some terminals obey; the first that is none */
		{ "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0",
		  "\"\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0\"" },
		/* invalid: cut off, overlong, a surrogate, beyond Unicode, a stray byte */
		{ "\xc3", "\"\\xc3\"" },
		{ "\xe2\x82", "\"\\xe2\\x82\"" },
		{ "\xe0\x80\x80", "\"\\xe0\\x80\\x80\"" },
		{ "\xed\xa0\x80", "\"\\xed\\xa0\\x80\"" },
		{ "\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\"" },
		{ "\xe2\x82z", "\"\\xe2\\x82z\"" },
		{ "\xf0\x9f\x98z", "\"\\xf0\\x9f\\x98z\"" },
		{ "\xff\x80", "\"\\xff\\x80\"" },
		/* what engines look for in an error, in any case */
		{ "/a/Permission Denied", "\"/a/\\x50ermission Denied\"" },
		{ "no such file or directory!", "\"\\x6eo such file or directory!\"" },
		{ "exec: executable file not found", "\"exec: \\x65xecutable file not found\"" },
		{ "not a directory", "\"\\x6eot a directory\"" },
		{ "not a directo", "\"not a directo\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[OG_QUOTED];

		cr_expect(
			eq(str, og_quote(buf, sizeof(buf), rows[i].text), (char *)rows[i].quoted));
	}
}

/* In any room: never more than it, never half an escape or a character. */
Test(err, quoted_text_fits_its_room)
{
	static const char text[] = "\xe2\x82\xac\x01\xc3\xa9 and then some more of it";

	for (size_t size = 0; size < 2 * sizeof(text); size++) {
		char buf[3 * sizeof(text)], all[3 * sizeof(text)];
		size_t len;

		memset(buf, '#', sizeof(buf));
		og_quote(buf, size, text);
		cr_expect(eq(chr, buf[size], '#'), "%zu", size);
		if (size == 0)
			continue;
		len = strlen(buf);
		cr_assert(lt(sz, len, size));
		cr_expect(size < 8 ? len == 0 : buf[0] == '"' && buf[len - 1] == '"', "%s", buf);
		og_quote(all, sizeof(all), text);
		cr_expect(len < 5 || strcmp(buf, all) == 0 ||
				  (strncmp(buf, all, len - 4) == 0 &&
				   strcmp(buf + len - 4, "...\"") == 0),
			  "%s", buf);
	}
}

Test(err, what_is_quoted_is_cut)
{
	char text[4000], buf[OG_QUOTED];

	memset(text, 'x', sizeof(text));
	og_quote_n(buf, sizeof(buf), text, sizeof(text));
	cr_expect(lt(sz, strlen(buf), OG_QUOTED));
	cr_expect(eq(str, buf + strlen(buf) - 4, "...\""));
}

/* ---- JSON ---- */

Test(err, json_is_valid_whatever_goes_in)
{
	og_auto_buf struct og_buf out = { 0 };

	og_buf_json(&out, "a\"b\\c\n\x1f\x7f/\xc3\xa9\xc3(\xff\xed\xa0\x80");
	cr_expect(eq(str, out.data,
		     "\"a\\\"b\\\\c\\u000a\\u001f\\u007f/\xc3\xa9\xef\xbf\xbd(\xef\xbf\xbd"
		     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""));
}

Test(err, what_no_memory_could_hold_is_an_error)
{
	og_auto_buf struct og_buf out = { 0 };
	volatile size_t much = SIZE_MAX / 2;

	og_buf_puts(&out, "x");
	og_buf_put(&out, "y", much);
	cr_expect(out.failed);
	og_buf_puts(&out, "z"); /* and stays one */
	cr_expect(eq(str, out.data, "x"));
}

Test(buf, members)
{
	static const char *const list[] = { "a\"", NULL, "b" };
	og_auto_buf struct og_buf out = { 0 };

	og_buf_puts(&out, "{");
	og_buf_key_u64(&out, "n", UINT64_MAX);
	og_buf_key_bool(&out, "yes", true);
	og_buf_key_bool(&out, "no", false);
	og_buf_key_strings(&out, "none", NULL, 0);
	og_buf_key_strings(&out, "list", list, 3);
	og_buf_puts(&out, "}");
	cr_expect(eq(str, out.data,
		     "{\"n\":18446744073709551615,\"yes\":true,\"no\":false,\"none\":[],"
		     "\"list\":[\"a\\\"\",null,\"b\"]}"));
}
