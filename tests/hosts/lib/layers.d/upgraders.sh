#!/bin/sh
# Layer "upgraders": a controller whose updates come by night or by aptitude, and whose services needrestart restarts.
set -eu
apt-get -qq install -y --no-install-recommends needrestart unattended-upgrades aptitude
