/* SPDX-License-Identifier: Apache-2.0 */
/* One launch by a made-up engine, in a directory of the test's own; for test_engine*.c. */
#ifndef OG_TEST_ENGINE_LAUNCH_H
#define OG_TEST_ENGINE_LAUNCH_H

#include "shim/engine.h"
#include "shim/facts.h"

#define ID     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define IMAGE  "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST "r.example/a@sha256:2222222222222222222222222222222222222222222222222222222222222222"

extern char engine_top[]; /* the directory */
#define top engine_top

/* A file below |top| with all directories above it; a directory when it ends in a slash. */
void put(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Make the directory, and remove it. */
void engine_setup(void);
void engine_teardown(void);

struct launch {
	struct og_cmdline cmd;
	struct og_bundle bundle;
	struct og_doc *doc;
	struct og_hostfacts *host;
	char words[4][512];
	const struct og_facts *facts;
};

/* "create" of the bundle |bundle| below |top|, with --root=|root| below it unless NULL. */
void collect(struct launch *l, const char *root, const char *bundle, const char *id);
void release(struct launch *l);
/* The fact about |path| (below |top| when relative). */
const struct og_source *source(const struct launch *l, const char *path);
void expect_role(const struct launch *l, const char *path, enum og_role role);
char *bind_of(const char *path); /* a mount of the document; for free() */

/* Docker: a data root with one container, which has the mounts |mounts| and the record |host|. */
void docker(const char *config, const char *host, const char *mounts);
#define CONFIG                                                                                     \
	"{\"ID\":\"" ID "\",\"Image\":\"" IMAGE "\",\"Driver\":\"overlay2\",\"Managed\":false,"    \
	"\"Config\":{\"Image\":\"a:1\",\"ExposedPorts\":{\"80/tcp\":{},\"90/udp\":{}}}}"
#define HOST                                                                                       \
	"{\"Privileged\":false,\"NetworkMode\":\"bridge\",\"CgroupParent\":\"\","                  \
	"\"PublishAllPorts\":false,\"PortBindings\":{}}"

#endif
