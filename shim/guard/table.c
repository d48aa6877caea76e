/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's table. Base chains sit at mangle priority: after connection tracking,
 * before the engine's NAT, so that the port that was asked for is still to be seen, and
 * beside all tables of others. What a container asked of the world gets its answers,
 * whatever port the NAT gave it; all else is judged, also of a connection that is there
 * already, and what somebody's table has excepted from tracking. Answers are judged as
 * well: who came before the guard may have been heard, and where nothing was tracked
 * until then, an answer looks like the beginning of a connection. Everything is put in
 * and taken out in one transaction, and can be put in twice.
 */
#include <string.h>

#include "guard.h"

static const char *const sets[][2] = {
	/* published on all addresses, on one; what the policy leaves open */
	{ "any", "meta l4proto . th dport" },
	{ "host4", "ip daddr . meta l4proto . th dport" },
	{ "host6", "ip6 daddr . meta l4proto . th dport" },
	{ "ok4", "ip daddr . meta l4proto . th dport" },
	{ "ok6", "ip6 daddr . meta l4proto . th dport" },
	/* the container's side: one port, all of them, what came through an open address */
	{ "end4", "ip daddr . meta l4proto . th dport" },
	{ "end6", "ip6 daddr . meta l4proto . th dport" },
	{ "whole4", "ip daddr" },
	{ "whole6", "ip6 daddr" },
	{ "through4", "ct original ip daddr . ip daddr . meta l4proto . th dport" },
	{ "through6", "ct original ip6 daddr . ip6 daddr . meta l4proto . th dport" },
	/* the same of a "whole" one: its ports at the host were judged in prerouting */
	{ "asked4", "ct original ip daddr . ip daddr" },
	{ "asked6", "ct original ip6 daddr . ip6 daddr" },
	/* the link on which a container's neighbours are */
	{ "bridge4", "iifname . ip daddr" },
	{ "bridge6", "iifname . ip6 daddr" },
};

static const char *const chains[][2] = {
	{ "guarded", "" },
	{ "answers", "" },
	{ "replies", "" },
	{ "prerouting", "type filter hook prerouting priority mangle; policy accept;" },
	{ "output", "type filter hook output priority mangle; policy accept;" },
	{ "forward", "type filter hook forward priority mangle; policy accept;" },
};

static const char *const rules[][2] = {
	{ "prerouting", "iifname \"lo\" return" },
	{ "prerouting", "ct direction reply return" },
	/* what is forwarded; the engine's proxy answers to broadcast and multicast as well */
	{ "prerouting", "fib daddr type unicast return" },
	{ "prerouting", "ip daddr . meta l4proto . th dport @ok4 return" },
	{ "prerouting", "ip6 daddr . meta l4proto . th dport @ok6 return" },
	{ "prerouting", "meta l4proto . th dport @any drop" },
	{ "prerouting", "ip daddr . meta l4proto . th dport @host4 drop" },
	{ "prerouting", "ip6 daddr . meta l4proto . th dport @host6 drop" },
	{ "output", "oifname \"lo\" return" },
	{ "output", "ip saddr . meta l4proto . th sport @ok4 return" },
	{ "output", "ip6 saddr . meta l4proto . th sport @ok6 return" },
	{ "output", "meta l4proto . th sport @any jump answers" },
	{ "output", "ip saddr . meta l4proto . th sport @host4 jump answers" },
	{ "output", "ip6 saddr . meta l4proto . th sport @host6 jump answers" },
	/*
	 * A connection of the host's own goes on, and may begin, with SYN or INIT. How
	 * one begins over UDP cannot be told from an answer.
	 */
	{ "answers", "ct direction original ct state established return" },
	{ "answers", "tcp flags & (syn | ack) == syn return" },
	{ "answers", "sctp vtag 0 return" },
	{ "answers", "drop" },
	{ "forward", "ct direction reply goto replies" },
	{ "forward", "ct original ip daddr . ip daddr . meta l4proto . th dport @through4 return" },
	{ "forward",
	  "ct original ip6 daddr . ip6 daddr . meta l4proto . th dport @through6 return" },
	{ "forward", "ct original ip daddr . ip daddr @asked4 return" },
	{ "forward", "ct original ip6 daddr . ip6 daddr @asked6 return" },
	{ "forward", "ip daddr . meta l4proto . th dport @end4 jump guarded" },
	{ "forward", "ip6 daddr . meta l4proto . th dport @end6 jump guarded" },
	{ "forward", "meta l4proto { tcp, udp, sctp } ip daddr @whole4 jump guarded" },
	{ "forward", "meta l4proto { tcp, udp, sctp } ip6 daddr @whole6 jump guarded" },
	{ "replies", "ct original ip daddr . ip saddr . meta l4proto . th sport @through4 return" },
	{ "replies",
	  "ct original ip6 daddr . ip6 saddr . meta l4proto . th sport @through6 return" },
	{ "replies", "ct original ip daddr . ip saddr @asked4 return" },
	{ "replies", "ct original ip6 daddr . ip6 saddr @asked6 return" },
	{ "replies", "ip saddr . meta l4proto . th sport @end4 jump guarded" },
	{ "replies", "ip6 saddr . meta l4proto . th sport @end6 jump guarded" },
	{ "replies", "meta l4proto { tcp, udp, sctp } ip saddr @whole4 jump guarded" },
	{ "replies", "meta l4proto { tcp, udp, sctp } ip6 saddr @whole6 jump guarded" },
	{ "guarded", "ct status dnat drop" },
	{ "guarded", "iifname . ip daddr @bridge4 return" },
	{ "guarded", "iifname . ip6 daddr @bridge6 return" },
	{ "guarded", "oifname . ip saddr @bridge4 return" },
	{ "guarded", "oifname . ip6 saddr @bridge6 return" },
	{ "guarded", "drop" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void og_table_put(struct og_buf *script)
{
	og_buf_puts(script, "table inet ocigate {\n");
	for (size_t i = 0; i < COUNT(sets); i++)
		og_buf_printf(script, "\tset %s { typeof %s; }\n", sets[i][0], sets[i][1]);
	for (size_t i = 0; i < COUNT(chains); i++)
		og_buf_printf(script, "\tchain %s { %s }\n", chains[i][0], chains[i][1]);
	og_buf_puts(script, "}\n");
	for (size_t i = 0; i < COUNT(chains); i++)
		og_buf_printf(script, "flush chain inet ocigate %s\n", chains[i][0]);
	for (size_t i = 0; i < COUNT(rules); i++)
		og_buf_printf(script, "add rule inet ocigate %s %s\n", rules[i][0], rules[i][1]);
}

void og_table_remove(struct og_buf *script)
{
	og_buf_puts(script, "add table inet ocigate\ndelete table inet ocigate\n");
}

/* Whether nft(8) takes the line for one element, and nothing else. */
static bool is_element(const char *line, size_t len)
{
	size_t quotes = 0;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f ||
		    strchr("*,;{}#$\\'", line[i]))
			return false;
		quotes += line[i] == '"';
	}
	return quotes == 0 || quotes == 2; /* of an interface's name */
}

bool og_table_takes(const char *elements)
{
	for (size_t len; *elements; elements += len + (elements[len] == '\n')) {
		len = strcspn(elements, "\n");
		if (!is_element(elements, len))
			return false;
	}
	return true;
}

/* "SET ELEMENT" as a command's arguments. What is none stands only in a book that somebody
   else wrote, or a version that did not look. */
static void put_line(struct og_buf *script, const char *verb, const char *line, size_t len)
{
	size_t name = strcspn(line, " ");

	if (name < len && is_element(line, len))
		og_buf_printf(script, "%s element inet ocigate %.*s { %.*s }\n", verb, (int)name,
			      line, (int)(len - name - 1), line + name + 1);
}

void og_table_add(struct og_buf *script, const char *elements)
{
	for (size_t len; *elements; elements += len + (elements[len] == '\n')) {
		len = strcspn(elements, "\n");
		put_line(script, "add", elements, len);
	}
}

void og_table_delete(struct og_buf *script, const char *elements)
{
	for (size_t len; *elements; elements += len + (elements[len] == '\n')) {
		len = strcspn(elements, "\n");
		/* to take out what is not there would be an error of the whole transaction */
		put_line(script, "add", elements, len);
		put_line(script, "delete", elements, len);
	}
}
