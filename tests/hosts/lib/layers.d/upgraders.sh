#!/bin/sh
# Layer "upgraders": a controller whose updates come by night, and whose services needrestart restarts.
set -eu
apt-get -qq install -y --no-install-recommends needrestart unattended-upgrades
