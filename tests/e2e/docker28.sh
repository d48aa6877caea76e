#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Docker 28 with containerd 2: the scripts of Docker 20.10 with the later daemon, which
# binds ports only between create and start, asks for features, and calls exec's refusal
# by another status. In the long form all of them, else the shortest.

. "$(dirname "$0")/../lib/newer.sh"
usr=$(newer_path docker) || newer_absent "Docker 28"
export E2E_DOCKERD=$usr/sbin/dockerd E2E_DOCKER=$usr/bin/docker
export E2E_DOCKERD_PATH=$usr/bin:$usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin
E2E_DOCKER_MAJOR=$("$E2E_DOCKERD" --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
export E2E_DOCKER_MAJOR
rc=0
for script in docker_limits ${OG_LONG:+docker_lab ports ports_forged docker_baseline mounts}; do
	bash "$(dirname "$0")/$script.sh" || rc=1
done
exit $rc
