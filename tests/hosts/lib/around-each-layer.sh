#!/bin/sh
# Goes before the script of every layer that has this machine's network, and cleans up after it.
set -eux

# A layer may be built weeks after the one below, whose lists name packages that are gone by then.
[ -n "$(find /var/lib/apt/lists/refreshed -mmin -600 2>/dev/null)" ] ||
    { apt-get -qq update && touch /var/lib/apt/lists/refreshed; }

# Compiling all of a layer's Python takes two thirds of the time of its installation, and most is never imported.
if [ -x /usr/bin/py3compile ]; then
    mv /usr/bin/py3compile /usr/bin/py3compile.real
    ln -s /bin/true /usr/bin/py3compile
    trap 'mv /usr/bin/py3compile.real /usr/bin/py3compile' EXIT
fi
