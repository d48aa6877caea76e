/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error object. One fixed size, owned by the caller and written on
 * failure only, so that reporting "out of memory" needs no memory. "The policy
 * says no" is a verdict (verdict.h), never an error.
 */
#ifndef OG_ERR_H
#define OG_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum og_errc {
	OG_OK = 0,
	OG_E_USAGE,  /* the command line cannot be understood */
	OG_E_POLICY, /* policy unreadable, malformed, unsafe owner or mode */
	OG_E_CONFIG, /* config.json malformed, ambiguous, or over a limit */
	OG_E_HOST,   /* a fact about the host could not be established */
	OG_E_NOMEM,  /* an allocation failed */
	OG_E_SYS,    /* a system call failed; sys_errno says how */
	OG_E_BUG,    /* an invariant of ours does not hold */
};

struct og_err {
	enum og_errc code;
	int sys_errno;
	unsigned line, col; /* 1-based; 0: not about a place in a file */
	char where[256];    /* file path or JSON pointer; cut with "..." */
	char msg[512];
};

/*
 * Fill *reterr unless it is filled already: the first cause wins. |fmt| is
 * printf's. Text that comes from outside goes through og_quote() first.
 * Always returns -1, so that a failing function ends "return og_fail(...)".
 */
int og_fail(struct og_err *reterr, enum og_errc code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull(1, 3)));

/* As og_fail(OG_E_SYS), appending strerror(|sys_errno|). Returns -1. */
int og_fail_sys(struct og_err *reterr, int sys_errno, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull(1, 3)));

/* That these return -1, said so that analysers see it too. */
static inline int og_failed(int minus_one __attribute__((unused)))
{
	return -1;
}
#define og_fail(...)	 og_failed(og_fail(__VA_ARGS__))
#define og_fail_sys(...) og_failed(og_fail_sys(__VA_ARGS__))

/*
 * Say where: only fills what is still empty. |where| is copied, and quoted as by
 * og_quote() if anything in it must be; 0: no line.
 */
void og_err_where(struct og_err *err, const char *where, unsigned line, unsigned col);

/*
 * "WHERE:LINE:COL: " of |err|, with |otherwise| where it says none, into |buf|; "" when
 * that is "" too. Returns |buf|.
 */
#define OG_PLACE_SIZE		 320
#define OG_PLACE(err, otherwise) og_err_place(err, otherwise, (char[OG_PLACE_SIZE]){ 0 })
const char *og_err_place(const struct og_err *err, const char *otherwise, char buf[OG_PLACE_SIZE]);

/* Whether |text| can stand in a message without quotes: none of its bytes would be escaped. */
bool og_is_plain(const char *text);

/*
 * Copy |text| of |len| bytes into |buf| in double quotes, control bytes,
 * backslash, quote and invalid UTF-8 as \xNN, cut with "..." after 128 bytes
 * of output or what |size| holds. Phrases from which engines read an exit
 * status ("permission denied", "no such file or directory", "executable file
 * not found", "not a directory") are broken by an escape. Returns |buf|.
 */
char *og_quote_n(char *buf, size_t size, const char *text, size_t len);
char *og_quote(char *buf, size_t size, const char *text);
#define OG_QUOTED  136 /* a buffer of this size always suffices */
#define OG_Q(text) og_quote((char[OG_QUOTED]){ 0 }, OG_QUOTED, (text))

#endif
