/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the networks that were judged are still in the daemon's database. */
#include "shim/networks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bolt_file.h"

static char path[] = "/tmp/ocigate-networks-XXXXXX";

static void networks_setup(void)
{
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	close(fd);
}

static void networks_teardown(void)
{
	unlink(path);
}

TestSuite(networks, .init = networks_setup, .fini = networks_teardown);

/* The database with these networks, one or two. */
static void database(const char *first, const char *second)
{
	static struct bolt_file file;
	char a[256], b[256];
	const struct bolt_item items[] = { { BOLT_NETWORK "1/", a, 0 },
					   { BOLT_NETWORK "2/", b, 0 } };

	snprintf(a, sizeof(a), BOLT_NUMBER "%s", first);
	snprintf(b, sizeof(b), BOLT_NUMBER "%s", second ? second : "");
	memset(&file, 0, sizeof(file));
	bolt_libnetwork(&file);
	bolt_leaf(&file, 3, 0, items, second ? 2 : 1);
	bolt_write(&file, path);
	cr_assert(chmod(path, 0600) == 0);
}

static void expect(const struct og_facts *facts, const char *why)
{
	struct og_err err = { 0 };

	cr_expect(eq(int, og_networks_same(facts, &err), *why ? -1 : 0), "%s", err.msg);
	cr_expect(strstr(err.msg, why) != NULL, "%s, not: %s", err.msg, why);
}

Test(networks, must_be_the_same)
{
	struct og_netfact judged[] = { { .name = "web", .id = "aa11", .driver = "bridge" },
				       { .name = "own", .id = "bb22", .driver = "bridge" },
				       { .name = "elsewhere" } };
	struct og_facts facts = { .networks = judged, .nnetworks = 3, .networks_file = path };

	database("{\"id\":\"aa11\",\"name\":\"web\"}", "{\"id\":\"bb22\",\"name\":\"own\"}");
	expect(&facts, "");
	/* one is gone; its name, or its id in a label, are another's */
	database("{\"id\":\"aa11\",\"name\":\"web\"}", NULL);
	expect(&facts, "the network \"own\" is no longer the one that was judged");
	database("{\"id\":\"cc33\",\"name\":\"web\"}", "{\"id\":\"bb22\",\"name\":\"own\"}");
	expect(&facts, "the network \"web\" is no longer the one that was judged");
	database("{\"id\":\"cc33\",\"name\":\"web\",\"labels\":{\"aa11\":\"aa11\"}}",
		 "{\"id\":\"bb22\",\"name\":\"own\"}");
	expect(&facts, "the network \"web\" is no longer the one that was judged");
	/* whose label has a NUL beside that id is another still, and says nothing of this one */
	database("{\"id\":\"cc33\",\"name\":\"x\",\"labels\":{\"x\":\"aa11\\u0000\"}}",
		 "{\"id\":\"aa11\",\"name\":\"web\"}");
	facts.nnetworks = 1;
	expect(&facts, "");
	facts.nnetworks = 3;
	/* a record that is none of JSON's, and one that is not about it */
	database("aa11 {", NULL);
	expect(&facts, "cannot be read now");
	database("{\"id\":\"aa11\"}", "{\"id\":\"bb22\"} {");
	expect(&facts, "cannot be read now");
}

Test(networks, database_that_is_none)
{
	struct og_netfact judged[] = { { .name = "web", .id = "aa11", .driver = "bridge" } };
	struct og_facts facts = { .networks = judged, .nnetworks = 1, .networks_file = path };

	expect(&facts, "cannot be read now");
	database("{\"id\":\"aa11\",\"name\":\"web\"}", NULL);
	expect(&facts, "");
	cr_assert(chmod(path, 0606) == 0);
	expect(&facts, "cannot be read now");
	cr_assert(unlink(path) == 0);
	expect(&facts, "cannot be read now");
	/* where nothing was read there is nothing to compare */
	facts.networks_file = NULL;
	expect(&facts, "");
}
