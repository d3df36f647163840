#!/bin/sh
# Takes nova-cascading out again; every file becomes what it was: sudo sh ./uninstall.sh [--help]
set -eu
# shellcheck disable=SC1091
. "$(dirname "$0")/common.sh"
hand_over uninstall "$@"
