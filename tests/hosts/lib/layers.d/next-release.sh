#!/bin/sh
# Layer "next-release": a controller whose sources name the next release of Debian already; nothing is upgraded yet.
set -eu
case $SUITE in bullseye) next=bookworm ;; bookworm) next=trixie ;; esac
find /etc/apt \( -name '*.sources' -o -name sources.list \) -exec sed -i "s/\b$SUITE\b/$next/g" {} +
rm -f /etc/apt/preferences.d/archive  # was about the old release
apt-get -qq update
