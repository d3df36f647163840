#!/bin/sh
# Layer "piuparts": a machine with piuparts and, in /srv/base.tar.gz, a system for it that lacks nothing but nova.
set -eu
apt-get -qq update
apt-get -qq install -y --no-install-recommends piuparts mmdebstrap
needed=$(apt-get install -s --no-install-recommends python3-nova | sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -vx python3-nova)
# sudo: without it dpkg's own list of files that piuparts compares would change.
mmdebstrap --quiet --variant=minbase --include="sudo,python3,$(echo $needed | tr ' ' ,)" \
    --customize-hook='echo "deb [trusted=yes] http://127.0.0.1:8000 ./" >"$1/etc/apt/sources.list"' \
    --customize-hook='rm -rf "$1"/etc/apt/sources.list.d/* "$1"/var/lib/apt/lists/*' \
    "$SUITE" /srv/base.tar.gz
