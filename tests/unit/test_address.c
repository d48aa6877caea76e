/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses on which ports are published, as their users write them. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "shim/address.h"

Test(address, spellings)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "127.0.0.1", "127.0.0.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "::0", "::" },
		{ "0:0::1", "::1" },
		{ "FE80::00A", "fe80::a" },
		{ "::ffff:10.0.0.1", "10.0.0.1" },
		{ "::ffff:0:0", "0.0.0.0" },
		/* what net.ParseIP of Go takes for none */
		{ "localhost", "" },
		{ "010.0.0.1", "" },
		{ "10.1", "" },
		{ "0x7f.0.0.1", "" },
		{ "1.2.3.4.5", "" },
		{ "1.2.3.256", "" },
		{ " 127.0.0.1", "" },
		{ "127.0.0.1 ", "" },
		{ "127.0.0.1\n", "" },
		{ "[::1]", "" },
		{ "fe80::1%eth0", "" },
		{ "1::2::3", "" },
		{ "::12345", "" },
		{ "::1/128", "" },
		{ "192.0.2.1 . tcp . 1 }; delete table inet fw; #", "" },
	};
	char buf[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(eq(str, (char *)og_address(rows[i].text, buf), (char *)rows[i].want),
			  "%s", rows[i].text);
}
