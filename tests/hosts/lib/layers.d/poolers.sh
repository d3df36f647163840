#!/bin/sh
# Layer "poolers": what stands between nova and its database in many clouds.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends pgbouncer haproxy
