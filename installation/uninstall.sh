#!/bin/sh
# Takes nova-cascading out again; every file becomes what it was: sudo sh ./uninstall.sh [--help]
set -eu
# No tool of the caller's PATH is run: that is put right in there.
here=${0%/*}
[ "$here" != "$0" ] || here=.
# shellcheck disable=SC1091
. "$here/common.sh"
hand_over uninstall "$@"
