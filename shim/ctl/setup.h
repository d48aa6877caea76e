/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What install and uninstall share: the options, an engine's configuration file
 * with its backup, and one table row per engine. The engines' files say how a
 * text becomes one with ocigate in it, or without; conf.c reads and writes.
 */
#ifndef OG_CTL_SETUP_H
#define OG_CTL_SETUP_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "ocigate/buf.h"
#include "ocigate/err.h"

#define OG_CONF_MAX_BYTES ((size_t)4 << 20)

struct og_setup {
	const char *root;   /* where the host's "/" is; "": here */
	const char *config; /* --config: the engine's file, as the host names it; NULL: usual */
	bool removing, make_default, as_runc, dry_run;
	char ocigate[PATH_MAX]; /* the runtime, as the engine will name it */
};

/* A file's bytes, or that there is no file. */
struct og_text {
	bool there;
	struct og_buf buf;
};

/* One configuration file. |path| is the real file, behind links and below the root. */
struct og_conf {
	char path[PATH_MAX];
	const char *name; /* of its backup */
	struct stat st;
	struct og_text now;    /* as it is */
	struct og_text before; /* as it was before us */
	struct og_text after;  /* as we left it; not there: we never wrote it */
};

struct og_engine_setup {
	const char *name;
	/* Which file to edit. */
	int (*find)(const struct og_setup *setup, char path[PATH_MAX], struct og_err *reterr);
	/* Whether the engine, as it runs, would bear it. NULL: nothing to ask. */
	int (*check)(const struct og_setup *setup, const struct og_conf *conf,
		     struct og_err *reterr);
	/* The text with ocigate in it. |name| is for messages. */
	int (*add)(const struct og_setup *setup, const char *name, const struct og_text *from,
		   struct og_text *ret, struct og_err *reterr);
	/* The text without what is ours. |conf| may tell what stood there before. */
	int (*strip)(const struct og_setup *setup, const struct og_conf *conf, struct og_text *ret,
		     struct og_err *reterr);
	/* Whether ocigate is the default there. */
	bool (*is_default)(const struct og_text *text);
	/* Write |final|, and let the engine know, or say how to. 1: not yet as it was. */
	int (*apply)(const struct og_setup *setup, struct og_conf *conf,
		     const struct og_text *final, struct og_err *reterr);
};
extern const struct og_engine_setup og_setup_docker, og_setup_containerd, og_setup_podman;

/* ---- install_containerd.c ---- */

/*
 * Every path or pattern that containerd's file |name|, as the host names it, imports;
 * with its directory where that is relative.
 */
void og_containerd_imports(const char *name, const char *text, size_t len,
			   void (*each)(void *ctx, const char *pattern), void *ctx);

/* ---- install_systemd.c: the guard of published ports after a flush of nftables ---- */

/* Files of ours like an engine's: drop-ins for the services that flush. */
extern const struct og_engine_setup og_setup_nftables, og_setup_firewalld;
/* The timer, and the running systemd. */
int og_systemd_timer(const struct og_setup *setup, struct og_err *reterr);
bool og_systemd_is_here(const struct og_setup *setup);
/* Whether all of it is in place. */
bool og_systemd_is_set(const struct og_setup *setup);

/* ---- shared ---- */

/* The options of install and uninstall; -1 and a message in *reterr: usage. */
int og_setup_parse(int argc, char *argv[], struct og_setup *ret, const char **retengine,
		   struct og_err *reterr);

/* stat(2) of |path| of the host, whose links lead no higher than setup->root. */
int og_setup_stat(const struct og_setup *setup, const char *path, struct stat *ret);
/* |path| of the host below setup->root. */
int og_setup_path(const struct og_setup *setup, const char *path, char ret[PATH_MAX],
		  struct og_err *reterr);

/* Make every directory above |path| that is missing. */
int og_setup_parents(const char *path, struct og_err *reterr);

/* Read |path| (as the host names it) and the backup |name|. Release in any case. */
int og_conf_read(const struct og_setup *setup, const char *name, const char *path,
		 struct og_conf *ret, struct og_err *reterr);
void og_conf_release(struct og_conf *conf);
/* Put |text| in the file's place, or remove the file when it is not there. */
int og_conf_write(const struct og_conf *conf, const struct og_text *text, struct og_err *reterr);
/* The same, and a word about it. */
int og_conf_put(const struct og_conf *conf, const struct og_text *text, struct og_err *reterr);
/* What |strip| of an engine does where the whole file is ours. */
int og_conf_strip_whole(const struct og_setup *setup, const struct og_conf *conf,
			struct og_text *ret, struct og_err *reterr);
/* Keep |before| and |after|; both not there: forget the backup. */
int og_conf_keep(const struct og_setup *setup, const char *name, const struct og_text *before,
		 const struct og_text *after, struct og_err *reterr);
/* Whether we changed the configuration of |name| and did not yet put it back. */
bool og_conf_kept(const struct og_setup *setup, const char *name);

bool og_text_equal(const struct og_text *a, const struct og_text *b);
int og_text_copy(const struct og_text *from, struct og_text *ret, struct og_err *reterr);
/* Put |insert| in the place of the |drop| bytes from |offset| on. */
int og_text_splice(struct og_text *text, size_t offset, size_t drop, const struct og_buf *insert,
		   struct og_err *reterr);
void og_text_release(struct og_text *text);
#define og_auto_text __attribute__((cleanup(og_text_release)))

/* Whether there is a runc to take the name of. */
int og_divert_check(const struct og_setup *setup, struct og_err *reterr);
/* Give the name "runc" to ocigate, and back; each says what it does. */
int og_divert_runc(const struct og_setup *setup, struct og_err *reterr);
int og_undivert_runc(const struct og_setup *setup, struct og_err *reterr);

#endif
