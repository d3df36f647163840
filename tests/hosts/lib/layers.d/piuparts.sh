#!/bin/sh
# Layer "piuparts": a machine with piuparts and, in /srv/base, a system for it that lacks nothing but nova.
set -eu
apt-get -qq install -y --no-install-recommends piuparts mmdebstrap libdistro-info-perl
needed=$(apt-get install -s --no-install-recommends python3-nova | sed -n 's/^Inst \([^ ]*\) .*/\1/p' |
    grep -vx python3-nova | paste -sd ,)
# piuparts counts what sudo's package does to the list of files as a change, should it come later.
mmdebstrap --quiet --variant=minbase --include="sudo,python3,$needed" \
    --setup-hook="install -D -t \"\$1/etc/apt/preferences.d\" /etc/apt/preferences.d/archive" "$SUITE" /srv/base
rm -rf /srv/base/etc/apt/sources.list.d/* /srv/base/etc/apt/preferences.d/* /srv/base/var/lib/apt/lists/*
echo 'deb [trusted=yes] http://127.0.0.1:8000 ./' >/srv/base/etc/apt/sources.list
