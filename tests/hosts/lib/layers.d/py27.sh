#!/bin/sh
# Layer "py27": Python 2.7 with a virtualenv that makes Python 2.7 environments, and a compiler for what has no wheel.
set -eu
apt-get -qq install -y --no-install-recommends python2.7 python2.7-dev python3-virtualenv python3-pip gcc libc6-dev \
    libffi-dev libssl-dev libxml2-dev libxslt1-dev zlib1g-dev git
