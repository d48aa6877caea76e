#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the most used images do at their start, imitated (services.c): a web
# server, a database, a cache, a mail server, a language with its package
# manager, network tools. Under "baseline" all run as with plain runc, unchanged;
# under "restricted" those that need more run with the policies of examples/.

# shellcheck source-path=SCRIPTDIR disable=SC2002,SC2012,SC2016,SC2030,SC2031,SC2034,SC2086,SC2154,SC2317
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/e2e_docker.sh"
. "$(dirname "$0")/../lib/e2e_scenarios.sh"
e2e_begin "$@"

R=()

mode_is() {
	R=(--runtime "$1")
}

run() {
	D run --rm "${R[@]}" "$@"
}

images_make() {
	rootfs "$T/rootfs"
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -s -static -o "$T/rootfs/bin/services" "$E2E_TREE/tests/e2e/services.c" ||
		e2e_die "cannot compile services.c"
	mkdir -p "$T/rootfs"/{run/db,srv/cache,usr/share} "$T/rootfs"/var/{cache/web,lib/db,lib/pkg,log/web,spool/mail,www}
	chown 999:999 "$T/rootfs/srv/cache"
	mkdir -m 700 "$T/rootfs/srv/db"
	chown 999:999 "$T/rootfs/srv/db"
	chown 1000:1000 "$T/rootfs/home"
	image web:1 'EXPOSE 80' 'CMD ["services", "web", "80", "101"]'
	image db:1 'VOLUME /var/lib/db' 'CMD ["services", "db", "/var/lib/db", "999"]'
	image cache:1 'USER 999' 'VOLUME /srv/cache' 'CMD ["services", "cache", "/srv/cache"]'
	image mail:1 'VOLUME /var/spool/mail' 'CMD ["services", "mail", "200"]'
	image lang:1 'CMD ["sh"]'
	image tools:1 'USER 1000' 'CMD ["services", "ping"]'
}

# ---- what they do -----------------------------------------------------------

# visit CONTAINER PORT: a page, from the host.
visit() {
	local at
	at=$(D port "$1" 80/tcp | head -n 1)
	wait_for 5 busybox wget -qO- "http://$at/"
	busybox wget -qO- "http://$at/"
}

s_web() {
	D run -d --name "$N" -p 127.0.0.1::80 "${R[@]}" web:1 >/dev/null
	visit "$N"
	D exec "$N" sh -c 'ps -o user,args | grep "[s]ervices web"; stat -c "%n %u" /run/web.pid /var/cache/web/page; cat /var/log/web/error.log'
	D restart -t 0 "$N" >/dev/null
	visit "$N"
	D exec "$N" sh -c 'wc -l </var/log/web/error.log'
	D stop -t 0 "$N" >/dev/null
	D logs "$N"
	D rm "$N" >/dev/null
}

s_db() {
	D volume create "$N" >/dev/null
	status_of run -v "$N:/var/lib/db" db:1
	status_of run -v "$N:/var/lib/db" db:1
	run -v "$N:/var/lib/db" db:1 sh -c 'wc -l </var/lib/db/pages; stat -c "%u %a" /var/lib/db /var/lib/db/pages'
	status_of run -v "$N:/var/lib/db" --user 999 --tmpfs /run/db:uid=999 db:1
	status_of run db:1 # an anonymous volume
	D volume rm "$N" >/dev/null
}

s_cache() {
	status_of run cache:1
	status_of run -v "$N:/srv/cache" --read-only cache:1
	D volume rm "$N" >/dev/null
}

s_mail() {
	status_of run mail:1
	run mail:1 sh -c 'services mail 200; stat -c "%n %u" /var/spool/mail/*'
}

# A new user, chown, setuid, links, file capabilities, dropping to a user for downloads
PACKAGES='echo pkg:x:1234:1234::/:/bin/sh >>/etc/passwd && mkdir -p /usr/share/app && echo 1 >/var/lib/pkg/status && cp /bin/services /usr/share/app/tool &&
	chown -R pkg /usr/share/app && chmod 4755 /usr/share/app/tool && ln -s /usr/share/app/tool /usr/bin/tool &&
	services setcap /usr/share/app/tool && touch -d 2020-01-01 /usr/share/app/tool && chmod 2755 /usr/share/app &&
	services as 1000 /bin/sh -c "touch /tmp/download" && mv /tmp/download /usr/share/app && chown 0:0 /usr/share/app/download &&
	stat -c "%n %U %a" /usr/share/app /usr/share/app/* && rm -r /usr/share/app && echo installed'

s_packages() {
	run lang:1 sh -c "$PACKAGES"
	run lang:1 sh -c 'cp /bin/services /usr/bin/tool; services setcap /usr/bin/tool; services as 1000 /usr/bin/tool bind 80'
	run lang:1 su user -s /bin/sh -c 'id; mkdir ~/x && touch ~/x/f && echo home is writable'
}

s_ping() {
	status_of run tools:1
	status_of run tools:1 services ping raw
	status_of run -u 0 tools:1 services ping raw
	run tools:1 ping -c 1 127.0.0.1 | grep -c '1 packets received'
}

s_low_port() {
	status_of run -u 1000 lang:1 services bind 80
	status_of run lang:1 services bind 80
}

SCENARIOS='
web             ^served by uid 101 gid 101
db              ^database of uid 999, first page
cache           ^cache of uid 999 saved
mail            ^mail of uid 200
packages        ^installed
ping            ^answered to uid 1000
low_port        ^bound by uid 1000
'

# ---- unchanged under baseline -----------------------------------------------

untouched() {
	local id
	rm -f "$T"/recorded/*
	status_of D run --rm --runtime recorded "$@" >"$T/.untouched"
	id=$(cd "$T/recorded" && ls | head -n 1)
	id=${id%%.*}
	same "config.json untouched: $*" "$T/recorded/$id.front.json" "$T/recorded/$id.back.json"
}

documents() {
	N=untouched
	real_is "$T/bin/back"
	untouched web:1 true
	untouched -p 8080:80 web:1 true
	untouched db:1
	untouched cache:1
	untouched mail:1
	untouched tools:1
	real_is "$REAL"
}

# ---- under restricted -------------------------------------------------------

# example NAME IMAGE: the policy of examples/, for that image of ours.
example() {
	local id
	id=$(D image inspect -f '{{.Id}}' "$2")
	is "$1: the policy has one image's id to fill in" "$(grep -Ec '"sha256:[1-9]{64}"' "$E2E_TREE/examples/policies/$1.json")" 1
	policy "$(sed -E "s/sha256:[1-9]{64}/$id/; s|/var/log/ocigate/audit.jsonl|$T/log/audit.jsonl|" \
		"$E2E_TREE/examples/policies/$1.json")"
	check "... and is valid" "$CTL" check "$POLICY"
}

# refused NAME ERE ARGUMENTS...
refused() {
	local name=$1 ere=$2
	shift 2
	capture run "$@"
	has "restricted: $name: refused" "$err" "ocigate: rejected: (.*; )?$ere"
	is "... and nothing ran" "$out" ""
}

# runs NAME ERE ARGUMENTS...
runs() {
	local name=$1 ere=$2
	shift 2
	capture run "$@"
	has "restricted: $name" "$out$err" "$ere"
}

# still CONTAINER-IMAGE CAPABILITIES: what an exception leaves as it is.
still() {
	local text
	text=$(run "$1" cat /proc/self/status)
	has "... no new privileges there" "$text" '^NoNewPrivs:.1'
	has "... a filter" "$text" '^Seccomp:.2'
	is "... no more capabilities than listed" "$(sed -n 's/^CapBnd:.0*//p' <<<"$text")" "$2"
	refused "$1 privileged" 'privileged: ' --privileged "$1" echo it ran
	refused "$1 with a directory of the host" 'mounts: ' -v /etc:/x "$1" echo it ran
	refused "another image as root" 'user: ' lang:2 echo it ran
}

restricted() {
	policy '{ "version": 1, "extends": "restricted" }'
	refused "the web server" 'user: ' web:1
	refused "the database" 'user: ' db:1
	refused "the mail server" 'user: ' mail:1
	refused "a package manager" 'user: ' lang:1
	runs "the cache, whose image has a user" '^cache of uid 999 saved' cache:1
	runs "an echo request" '^answered to uid 1000' tools:1
	runs "a raw socket" '^fd: EPERM' tools:1 services ping raw
	runs "a low port" '^bound by uid 1000' -u 1000 lang:1 services bind 80
	runs "a database whose image gives it a user and a directory" '^database of uid 999' --user 999 \
		--tmpfs /run/db:uid=999 -v own:/srv/db lang:1 services db /srv/db 999
}

restricted_web() {
	example restricted-web web:1
	D run -d --name web -p 8080:80 "${R[@]}" web:1 >/dev/null
	is "restricted-web: served by the worker's user" "$(visit web)" "served by uid 101 gid 101 groups 1"
	D restart -t 0 web >/dev/null
	is "... after a restart" "$(visit web)" "served by uid 101 gid 101 groups 1"
	is "... exec" "$(D exec web id -u)" 0
	D rm -f web >/dev/null
	still web:1 4c1
}

restricted_database() {
	example restricted-database db:1
	runs "restricted-database: first start" '^database of uid 999, first page' -v db:/var/lib/db db:1
	runs "... second start" '^database of uid 999, first page' -v db:/var/lib/db db:1
	still db:1 4cb
}

restricted_mail() {
	example restricted-mail mail:1
	runs "restricted-mail: with a spool in a volume" '^mail of uid 200' -p 127.0.0.1:2525:25 mail:1
	still mail:1 404c3
}

restricted_packages() {
	example restricted-packages lang:1
	runs "restricted-packages: an installation" '^installed' lang:1 sh -c "$PACKAGES"
	still lang:1 800004db
}

restricted_network_tools() {
	example restricted-network-tools tools:1
	runs "restricted-network-tools: a raw socket" '^answered to uid 0' -u 0 tools:1 services ping raw
	still tools:1 2400
}

# ---- running them -----------------------------------------------------------

mkdir -p "$T/work" "$T/log"
policy '{ "version": 1, "extends": "baseline" }'
real_is "$REAL"
dockerd_start runc
images_make
image lang:2 'LABEL another=one'
scenarios runc ocigate
if need_ocigate "images: policies"; then
	documents
	mode_is ocigate
	restricted
	restricted_web
	restricted_database
	restricted_mail
	restricted_packages
	restricted_network_tools
	for f in "$E2E_TREE"/examples/policies/restricted-*.json; do
		f=${f##*/}
		has "examples/policies/$f has its test here" "$(declare -F)" " ${f//-/_}$|$(tr - _ <<<"${f%.json}")$"
	done
fi
dockerd_stop
e2e_end
