#!/bin/sh
# Installs nova-cascading into a nova that came from a tarball, pip or devstack: sudo sh ./install.sh [--help]
set -eu
# shellcheck disable=SC1091
. "$(dirname "$0")/common.sh"
hand_over install "$@"
