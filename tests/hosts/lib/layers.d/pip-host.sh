#!/bin/sh
# Layer "pip-host": what a devstack-like host has below nova besides servers: a compiler and virtualenvs.
set -eu
apt-get -qq install -y --no-install-recommends python3-venv python3-dev gcc libc6-dev
