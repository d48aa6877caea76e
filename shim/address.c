/* SPDX-License-Identifier: Apache-2.0 */
/* See address.h. */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

const char *og_address(const char *text, char buf[INET6_ADDRSTRLEN])
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, text, &four) == 1)
		return inet_ntop(AF_INET, &four, buf, INET6_ADDRSTRLEN) ?: "";
	if (inet_pton(AF_INET6, text, &six) != 1)
		return "";
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET, &six.s6_addr[12], buf, INET6_ADDRSTRLEN) ?: "";
	return inet_ntop(AF_INET6, &six, buf, INET6_ADDRSTRLEN) ?: "";
}
