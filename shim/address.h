/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses on which ports are published, as engines' records have them from their users. */
#ifndef OG_SHIM_ADDRESS_H
#define OG_SHIM_ADDRESS_H

#include <netinet/in.h>

/*
 * The usual spelling of the address |text|, in |buf| and returned, as inet_ntop(3) has it:
 * "::0" is "::", "::ffff:10.0.0.1" is IPv4's. What is no address is "", all of them: dockerd
 * takes whatever Go's net.ParseIP does not, a host's name or "010.0.0.1", for none given, and
 * other engines refuse it. So nothing that a user wrote gets further as it was written.
 */
const char *og_address(const char *text, char buf[INET6_ADDRSTRLEN]);

#endif
