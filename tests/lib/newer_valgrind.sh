#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# newer_valgrind.sh ARGUMENT...: valgrind of Debian's later release, with these arguments.
# Debian 12's knows no openat2(2), by which ocigate looks at sources of mounts: what the
# tests make there could not be judged.

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/newer.sh"
program=$(newer_path valgrind) || newer_absent valgrind
VALGRIND_LIB=${program%/bin/valgrind}/libexec/valgrind exec "$program" "$@"
