#!/bin/sh
# Installs nova-cascading into a nova that came from a tarball, pip or devstack: sudo sh ./install.sh [--help]
set -eu
# No tool of the caller's PATH is run: that is put right in there.
here=${0%/*}
[ "$here" != "$0" ] || here=.
# shellcheck disable=SC1091
. "$here/common.sh"
hand_over install "$@"
