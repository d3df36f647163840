#!/bin/sh
# Layer "piuparts": a machine with piuparts and, in /srv/base, a system for it that lacks nothing but nova.
set -eu
apt-get -qq install -y --no-install-recommends piuparts mmdebstrap libdistro-info-perl
needed=$(apt-get install -s --no-install-recommends python3-nova | sed -n 's/^Inst \([^ ]*\) .*/\1/p' |
    grep -vx python3-nova | paste -sd ,)
# piuparts counts what sudo's package does to the list of files as a change, should it come later.
# Of that, only what every Python and py3compile import is compiled, or all would take three times as long.
compiled='/usr/share/python3/debpython /usr/lib/python3/dist-packages/_distutils_hack'
divert='dpkg-divert --quiet --local --rename'
mmdebstrap --quiet --variant=minbase --include="sudo,python3,$needed" \
    --setup-hook="install -D -t \"\$1/etc/apt/preferences.d\" /etc/apt/preferences.d/archive" \
    --essential-hook="chroot \"\$1\" $divert --add /usr/bin/py3compile; ln -s true \"\$1/usr/bin/py3compile\"" \
    --customize-hook="rm \"\$1/usr/bin/py3compile\"; chroot \"\$1\" $divert --remove /usr/bin/py3compile" \
    --customize-hook="chroot \"\$1\" python3 -m compileall -q $compiled" "$SUITE" /srv/base
rm -rf /srv/base/etc/apt/sources.list.d/* /srv/base/etc/apt/preferences.d/* /srv/base/var/lib/apt/lists/*
echo 'deb [trusted=yes] http://127.0.0.1:8000 ./' >/srv/base/etc/apt/sources.list
